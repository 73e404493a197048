"""Whether a page fits a phone of 320 CSS pixels, which is also a wide screen at a zoom of 400 %."""

from __future__ import annotations

from playwright.sync_api import Page, ViewportSize

NARROW = 320


def too_wide(page: Page) -> list[str]:
    """A line that names the page when it must be scrolled sideways; the window is then put back."""
    before = page.viewport_size
    page.set_viewport_size(ViewportSize(width=NARROW, height=700))
    width = page.evaluate("document.documentElement.scrollWidth")
    if before is not None:
        page.set_viewport_size(before)
    return [f"{page.url}: {width} px wide on a phone of {NARROW} px"] if width > NARROW else []
