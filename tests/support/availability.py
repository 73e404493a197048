"""What to do about something that this machine cannot offer."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def unavailable(what: str, remedy: str) -> NoReturn:
    """End the test: skipped on a developer's machine, failed in CI, where everything must run."""
    text = f"{what}; {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(text, pytrace=False)
    pytest.skip(text)
