"""A person without a mouse: Tab goes on, typing and keys do the rest, and what has the focus is seen."""

from __future__ import annotations

from playwright.sync_api import Page

FARTHEST = 400  #: presses of Tab after which something counts as out of reach

_NAMED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return {name: '', kind: 'body', seen: true};
  const label = one.labels?.length ? one.labels[0].innerText : one.getAttribute('aria-label') || one.innerText || '';
  const box = one.getBoundingClientRect(), style = getComputedStyle(one);
  const ring = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  const inside = box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
  return {name: label.trim(), kind: one.localName, seen: Boolean(ring && inside)};
}"""


class Keyboard:
    """What somebody does with keys alone. unseen: what had the focus without its being seen."""

    def __init__(self, page: Page) -> None:
        self.page, self.unseen = page, list[str]()

    def press(self, key: str) -> None:
        """One key."""
        self.page.keyboard.press(key)

    def goes_to(self, name: str, *kinds: str) -> None:
        """Press Tab until what has the focus is called that."""
        for _ in range(FARTHEST):
            self.press("Tab")
            found = self.page.evaluate(_NAMED)
            if not found["seen"]:
                self.unseen.append(f"{found['kind']} {found['name'][:40]}")
            if found["name"] == name and found["kind"] in kinds:
                return
        raise AssertionError(f"Tab does not lead to {name} on {self.page.url}")

    def follows(self, name: str) -> None:
        """Open a link."""
        self.goes_to(name, "a")
        with self.page.expect_navigation():
            self.press("Enter")

    def presses(self, name: str) -> None:
        """Press a button that sends its form."""
        self.goes_to(name, "button")
        with self.page.expect_navigation():
            self.press("Enter")

    def types(self, name: str, text: str) -> None:
        """Write into a field, instead of what is in it."""
        self.goes_to(name, "input", "textarea")
        self.press("Control+a")
        self.page.keyboard.type(text)

    def ticks(self, name: str, *, on: bool = True) -> None:
        """Tick a box, or take the tick away."""
        self.goes_to(name, "input")
        if self.page.evaluate("document.activeElement.checked") is not on:
            self.press("Space")
        assert self.page.evaluate("document.activeElement.checked") is on

    def chooses(self, name: str, option: str) -> None:
        """Choose from a list with the arrows."""
        self.goes_to(name, "select")
        chosen = "document.activeElement.selectedOptions[0].text.trim()"
        for _ in range(200):
            if self.page.evaluate(chosen) == option:
                return
            self.press("ArrowDown")
        raise AssertionError(f"{name} does not offer {option}")
