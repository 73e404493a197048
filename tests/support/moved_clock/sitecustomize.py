"""Lets the real server and the real scheduler live at another time.

Python imports this module at its start when this folder is on the path. Then the product's clock goes as fast as the
machine's, moved by the seconds that the file named by TSUNAGU_TEST_CLOCK holds; the file may change at any moment.
TSUNAGU_TEST_DIE_BEFORE=routing kills the whole process group, like a power cut, at the moment at which a request would
begin to route messages: everything is committed by then, nobody has been told. The scheduler routes nothing either.
"""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path


def _move_clock(file: Path) -> None:
    from engine import ports

    def now(_clock: ports.SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(file.read_text()))

    ports.SystemClock.now = now  # type: ignore[method-assign]


def _die_before_routing() -> None:
    from engine.services import messages

    def die(*_: object, **__: object) -> None:
        os.killpg(0, signal.SIGKILL)

    messages.route_quietly = die
    messages.route = lambda *_, **__: 0


if "TSUNAGU_TEST_CLOCK" in os.environ:
    _move_clock(Path(os.environ["TSUNAGU_TEST_CLOCK"]))
if os.environ.get("TSUNAGU_TEST_DIE_BEFORE") == "routing":
    _die_before_routing()
