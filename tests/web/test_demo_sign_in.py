"""What the sign-in page of the demo promises is what the demo's accounts accept."""

from __future__ import annotations

from engine import demo
from web.pages import sign_in


def test_the_page_shows_the_password_with_which_the_demo_was_made() -> None:
    assert sign_in.DEMO_PASSWORD == demo.PASSWORD
