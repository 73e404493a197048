"""Pictures of pages for the README and the guides. Browser tests offer them; they are taken only on request:

TSUNAGU_PICTURES=docs/images .venv/bin/python -m pytest tests/e2e
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Locator, Page, ViewportSize, expect

FOLDER = "TSUNAGU_PICTURES"  #: environment variable: where the pictures go
WIDE = (1280, 800)
TABLET = (820, 1180)
PHONE = (375, 760)


def picture(page: Page, name: str, *, size: tuple[int, int] | None = WIDE, top: Locator | None = None) -> None:
    """Keep ``name.png`` of what a window of that size shows, from ``top`` (else the page's beginning) on.

    size: width and height in CSS pixels; None for the window as it is, scrolled as it is. The window is then put back.
    """
    folder = os.environ.get(FOLDER)
    if not folder:
        return
    before, stood = page.viewport_size, page.evaluate("scrollY")
    if size is not None:
        page.set_viewport_size(ViewportSize(width=size[0], height=size[1]))
        _scroll(page, top)
    _settle(page)
    target = Path(folder) / f"{name}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target, animations="disabled", scale="css")
    if size is not None and before is not None:
        page.set_viewport_size(before)
        page.evaluate("y => scrollTo(0, y)", stood)


def _scroll(page: Page, top: Locator | None) -> None:
    if top is None:
        page.evaluate("scrollTo(0, 0)")
    else:
        top.evaluate("one => scrollTo(0, one.getBoundingClientRect().top + scrollY - 16)")


def _settle(page: Page) -> None:
    """No pointer over anything, letters and diagrams in place."""
    page.mouse.move(0, 0)
    page.evaluate("document.fonts.ready.then(() => true)")
    expect(page.locator("[data-bpmn-url]:not([data-bpmn-state=shown])")).to_have_count(0)
