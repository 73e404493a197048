"""Edits of a form's file, as the form editor makes them: from one document to the next, nothing else touched.

Every function takes a document and gives a new one; the given one stays as it was. What cannot be done is refused with
a sentence by the name of the field on the editor's page (FormInvalid), what does not exist raises NotFound. Whether the
outcome may be kept is for ``judged`` to say: the form library reads it together with the other forms.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from engine.domain.errors import DefinitionRefused, FormInvalid, NotFound
from engine.forms.api import Finding
from engine.forms.library import FormLibrary
from engine.forms.reading import read_document

Document = dict[str, Any]
SCOPE = "#/properties/"
LONGEST_LABEL = 400  #: characters of a heading or a hint, as the form library allows
_TOLD = 3  #: findings of the library that are repeated to the person


@dataclass(frozen=True)
class SectionPlan:
    """One section as the file has it, empty ones too. rule: as in the layout, None: always shown."""

    label: str
    hint: str
    keys: tuple[str, ...]
    rule: Mapping[str, Any] | None = field(default=None)


def read(content: bytes) -> Document:
    """The document of a form's file, its layout in the one shape that is edited. Raises FormInvalid."""
    document, findings = read_document("", content)
    if document is None:
        raise FormInvalid({"form": "".join(f"{one.message_ja}{one.remedy_ja}" for one in findings)})
    return tidied(document)


def written(document: Document) -> bytes:
    """The file of a document."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def judged(files: Mapping[str, bytes], path: str, document: Document) -> dict[str, bytes]:
    """The files with this form at ``path``, where the form library takes them all.

    files: the form files of a version by path. Raises FormInvalid with the library's first findings.
    """
    made = {**files, path: written(document)}
    require_loadable(made, path)
    return made


def require_loadable(files: Mapping[str, bytes], path: str = "") -> None:
    """Raise FormInvalid unless the form library takes these files together. path: the file that was changed."""
    try:
        FormLibrary.load(files)
    except DefinitionRefused as refusal:
        raise FormInvalid({"form": "".join(_sentences(refusal, path))}) from refusal


def _sentences(refusal: DefinitionRefused, path: str) -> Iterator[str]:
    for finding in [one for one in refusal.findings if isinstance(one, Finding)][:_TOLD]:
        where = "" if finding.file == path else f"様式「{key_of(finding.file)}」："
        yield f"{where}{finding.message_ja}{finding.remedy_ja}"


def key_of(path: str) -> str:
    """The key of the form at a path of a package."""
    return path.rpartition("/")[2].removesuffix(".json")


def new_form(key: str, title: str) -> Document:
    """A form without any field yet: one has to be added before it can be kept."""
    schema = {"type": "object", "properties": {}}
    layout = {"type": "VerticalLayout", "elements": [{"type": "Group", "label": _line(title, "title"), "elements": []}]}
    return {"key": key, "title": _line(title, "title"), "schema": schema, "ui": layout}


# ---------------------------------------------------------------- the layout in one shape


def tidied(document: Document) -> Document:
    """A copy whose layout is a list of groups of controls: the same sections, as the form is drawn.

    Raises FormInvalid for a schema or layout that is no such thing.
    """
    copy = deepcopy(document)
    schema = copy.get("schema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not all(isinstance(one, dict) for one in properties.values()):
        raise _complex()
    layout = copy.get("ui")
    if layout is None:
        shown = [key for key, one in properties.items() if one.get("x-widget") != "hidden"]
        groups = [{"type": "Group", "elements": [_control(key) for key in shown]}]
        copy["ui"] = {"type": "VerticalLayout", "elements": groups}
        return copy
    flat = _Flat()
    flat.add(layout)
    kept = {name: value for name, value in layout.items() if name != "elements" and layout["type"] != "Group"}
    copy["ui"] = {**kept, "type": "VerticalLayout", "elements": flat.groups}
    return copy


def _complex() -> FormInvalid:
    return FormInvalid({"form": "この様式の書き方は、この画面では扱えません。ファイルで直してください。"})


def _control(key: str) -> dict[str, Any]:
    return {"type": "Control", "scope": f"{SCOPE}{key}"}


class _Flat:
    """Collects the groups of a layout in the order of their headings, as the layout reader does."""

    def __init__(self) -> None:
        self.groups: list[dict[str, Any]] = []
        self._loose: dict[str, Any] | None = None  #: takes the controls that stand outside any group

    def add(self, element: Any, inside: dict[str, Any] | None = None) -> None:
        """One element with what is in it; inside: the group around it."""
        kind = element.get("type") if isinstance(element, dict) else None
        if kind == "Control" and isinstance(element.get("scope"), str):
            self._home(inside)["elements"].append(element)
            return
        children = element.get("elements") if isinstance(element, dict) else None
        arranging = kind in ("VerticalLayout", "HorizontalLayout") and "rule" not in element
        ruled = inside is not None and "rule" in inside
        if not isinstance(children, list) or not (kind == "Group" or arranging) or ruled:
            raise _complex()
        if kind == "Group":
            inside, self._loose = self._open({k: v for k, v in element.items() if k != "elements"}), None
        for child in children:
            self.add(child, inside)

    def _home(self, inside: dict[str, Any] | None) -> dict[str, Any]:
        if inside is not None:
            return inside
        self._loose = self._loose or self._open({"type": "Group"})
        return self._loose

    def _open(self, node: dict[str, Any]) -> dict[str, Any]:
        node["elements"] = []
        self.groups.append(node)
        return node


def plan(document: Document) -> tuple[SectionPlan, ...]:
    """The sections of a document that was read."""
    return tuple(
        SectionPlan(str(node.get("label", "")), str(node.get("x-hint", "")),
                    tuple(scope_key(control) for control in node["elements"]), node.get("rule"))
        for node in groups_of(document)
    )  # fmt: skip


def hidden_keys(document: Document) -> tuple[str, ...]:
    """Keys of the fields that nobody is asked: they only have a default."""
    shown = {key for section in plan(document) for key in section.keys}
    return tuple(key for key in document["schema"]["properties"] if key not in shown)


def groups_of(document: Document) -> list[dict[str, Any]]:
    """The groups of a document that was read, as they may be changed in a copy."""
    found: list[dict[str, Any]] = document["ui"]["elements"]
    return found


def scope_key(control: Mapping[str, Any]) -> str:
    """The key of the field that a control draws."""
    return str(control.get("scope", "")).removeprefix(SCOPE)


def control_of(document: Document, key: str) -> dict[str, Any] | None:
    """The control of a field; None for one that is not drawn."""
    return next((one for group in groups_of(document) for one in group["elements"] if scope_key(one) == key), None)


# ---------------------------------------------------------------- the form and its sections


def retitled(document: Document, title: str) -> Document:
    """The form under another title."""
    return {**document, "title": _line(title, "title")}


def section_added(document: Document, label: str) -> Document:
    """One more section at the end."""
    copy = deepcopy(document)
    groups_of(copy).append({"type": "Group", "label": _line(label, "new-section"), "elements": []})
    return copy


def section_changed(document: Document, number: int, label: str, hint: str) -> Document:
    """Another heading and sentence for a section; number from 0."""
    copy = deepcopy(document)
    node = _group(copy, number)
    node["label"] = _line(label, f"section-{number}-label")
    set_text(node, "x-hint", optional_line(hint, f"section-{number}-hint"))
    return copy


def section_moved(document: Document, number: int, by: int) -> Document:
    """A section one place up (-1) or down (1); at the end it stays."""
    copy = deepcopy(document)
    _group(copy, number)
    swap(groups_of(copy), number, by)
    return copy


def section_removed(document: Document, number: int) -> Document:
    """Without a section; its fields go to the one before (of the first: to the next), none is lost."""
    copy = deepcopy(document)
    node, groups = _group(copy, number), groups_of(copy)
    if len(groups) == 1:
        raise FormInvalid({f"section-{number}": "区切りは一つ以上必要です。"})
    if "rule" in node and node["elements"]:
        raise FormInvalid({f"section-{number}": "この区切りには表示する条件があります。先に条件を外してください。"})
    del groups[number]
    heir = groups[max(number - 1, 0)]["elements"]
    heir[:] = [*heir, *node["elements"]] if number else [*node["elements"], *heir]
    return copy


def field_moved(document: Document, key: str, by: int) -> Document:
    """A field one place up (-1) or down (1), over the edge of its section into the next one."""
    copy = deepcopy(document)
    groups = groups_of(copy)
    for number, group in enumerate(groups):
        keys = [scope_key(one) for one in group["elements"]]
        if key not in keys:
            continue
        at, other = keys.index(key), number + by
        if 0 <= at + by < len(keys):
            swap(group["elements"], at, by)
        elif 0 <= other < len(groups):
            groups[other]["elements"].insert(0 if by > 0 else len(groups[other]["elements"]), group["elements"].pop(at))
        return copy
    raise NotFound("field")


def _group(document: Document, number: int) -> dict[str, Any]:
    groups = groups_of(document)
    if not 0 <= number < len(groups):
        raise NotFound("section")
    return groups[number]


# ---------------------------------------------------------------- small things that all edits use


def swap(items: list[Any], at: int, by: int) -> None:
    """Change places with the neighbour, where there is one."""
    if 0 <= at < len(items) and 0 <= at + by < len(items):
        items[at], items[at + by] = items[at + by], items[at]


def set_text(node: dict[str, Any], name: str, text: str) -> None:
    """Set a keyword, or take it away where the text is empty."""
    if text:
        node[name] = text
    else:
        node.pop(name, None)


def _line(text: str, place: str) -> str:
    return required_line(text, place, "名前を入力してください。")


def required_line(text: str, place: str, sentence: str) -> str:
    """One line of text; FormInvalid with the sentence where there is none."""
    found = optional_line(text, place)
    if not found:
        raise FormInvalid({place: sentence})
    return found


def optional_line(text: str, place: str) -> str:
    """One line of text, spaces folded; FormInvalid for one that is too long."""
    found = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    if len(found) > LONGEST_LABEL:
        raise FormInvalid({place: f"{LONGEST_LABEL}文字までにしてください。"})
    return found
