"""Fills any form of the product in a browser from a mapping of field keys, by the names that web.form_rendering gives.

A value is what a person would enter: a text, the label or value of an option, a list of options, a mapping for groups
and matrices, a list of mappings for tables, ``なし`` or ``{"text": …}`` where something may be absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from playwright.sync_api import Locator, Page

FORM = "form.sheet"
NONE = "なし"


class NoSuchField(AssertionError):
    """The page has no control, or no option, for what the test wants to enter."""


def fill(page: Page, data: Mapping[str, Any]) -> None:
    """Enter every value, in the order given (a value may show or hide the fields after it)."""
    for key, value in data.items():
        _enter(page, key, value)


def _named(page: Page, name: str) -> Locator:
    return page.locator(f'{FORM} [name="{name}"]')


def _enter(page: Page, name: str, value: Any) -> None:
    if isinstance(value, Mapping):
        _enter_parts(page, name, value)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        if value and isinstance(value[0], Mapping):
            _enter_rows(page, name, value)
        else:
            _tick(page, name, [str(one) for one in value])
    elif value == NONE and _named(page, f"{name}-choice").count():
        _choose(page, f"{name}-choice", "no")
    else:
        _enter_one(page, name, value)


def _enter_one(page: Page, name: str, value: Any) -> None:
    controls = _named(page, name)
    if not controls.count():
        raise NoSuchField(f"{name} is not on {page.url}")
    kind = controls.first.evaluate("one => one.type")
    text = {True: "true", False: "false"}.get(value, value) if isinstance(value, bool) else str(value)
    if kind == "radio":
        _choose(page, name, text)
    elif kind == "select-one":
        _select(controls.first, text)
    elif kind == "checkbox":
        _tick(page, name, [text])
    else:
        controls.first.fill(text)


def _choose(page: Page, name: str, wanted: str) -> None:
    """Take one of several radio buttons, by its value or its words."""
    for button in _named(page, name).all():
        words = button.evaluate("one => one.closest('label').innerText.split('\\n')[0].trim()")
        if wanted in (button.get_attribute("value"), words):
            button.check()
            return
    raise NoSuchField(f"{name} offers no {wanted!r} on {page.url}")


def _select(control: Locator, wanted: str) -> None:
    options = control.evaluate("one => [...one.options].map(o => [o.value, o.textContent.trim()])")
    for value, words in options:
        if wanted in (value, words):
            control.select_option(value=value)
            return
    raise NoSuchField(f"no option {wanted!r} among {[words for _, words in options][:40]}")


def _tick(page: Page, name: str, wanted: Sequence[str]) -> None:
    """Exactly these boxes; what has no box goes into the field beside them."""
    boxes = {}
    for box in _named(page, name).all():
        if box.get_attribute("type") == "checkbox":
            boxes[box.get_attribute("value")] = box
    if not boxes and _named(page, name).count():
        _named(page, name).first.fill("、".join(wanted))
        return
    for value, box in boxes.items():
        box.set_checked(value in wanted)
    others = [one for one in wanted if one not in boxes]
    if others:
        other = _named(page, f"{name}_other")
        if not other.count():
            raise NoSuchField(f"{name} offers {sorted(map(str, boxes))}, not {others}")
        other.fill("、".join(others))


def _enter_parts(page: Page, name: str, parts: Mapping[str, Any]) -> None:
    if set(parts) == {"text"} and _named(page, f"{name}-choice").count():
        _choose(page, f"{name}-choice", "yes")
    for key, value in parts.items():
        if not _named(page, f"{name}-{key}").count() and _named(page, f"{name}-_row").count():
            _add_matrix_row(page, name, key, str(value))
        else:
            _enter(page, f"{name}-{key}", value)


def _add_matrix_row(page: Page, name: str, row: str, answer: str) -> None:
    _select(_named(page, f"{name}-_row").first, row)
    _choose(page, f"{name}-_answer", answer)
    _press_add(page, name)


def _enter_rows(page: Page, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    for number, row in enumerate(rows):
        if not page.locator(f'{FORM} [name^="{name}-{number}-"]').count():
            _press_add(page, name)
        for key, value in row.items():
            _enter(page, f"{name}-{number}-{key}", value)


def _press_add(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.locator(f'{FORM} button[name="_add"][value="{name}"]').click()
