"""What differs between two versions of a process, as a list that a process owner can read.

Every change says where it is, of what kind, and how it was before and is after, in the words of the process (Japanese).
What a theme is called is the page's business. Elements are the same when their ids are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from engine.decisions.model import Table
from engine.definitions.elements import BpmnModel, Element, Flow, Kind, TaskSettings
from engine.definitions.model import read_model
from engine.definitions.package import PROCESS_FILE, called_files
from engine.definitions.tables import tables_of
from engine.forms.library import FormLibrary
from engine.queries.outline import display_name, due_rule_ja, period_ja, role_name
from engine.services.comparing_parts import Part, form_parts, table_parts
from engine.services.deployed import Deployed


class ChangeKind(StrEnum):
    """What became of the thing."""

    ADDED = "added"  #: only in the later version
    REMOVED = "removed"  #: only in the earlier one
    CHANGED = "changed"  #: in both, with another content
    MOVED = "moved"  #: in both, drawn at another place


@dataclass(frozen=True)
class Change:
    """One line of the comparison. theme: what of the thing differs (``name``, ``role``, ``clock`` …).

    element_id: of an element or flow of the diagram, "" for forms, tables and the process as a whole. before, after: in
    the words of the process; empty where there is nothing.
    """

    kind: ChangeKind
    theme: str
    element_id: str
    name: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Contents:
    """What of a version is compared."""

    process_key: str
    model: BpmnModel
    forms: FormLibrary
    decisions: Mapping[str, Table] = field(default_factory=dict)


def contents_of(process_key: str, files: Mapping[str, bytes]) -> Contents:
    """The contents of files that are not a version yet. Raises DefinitionRefused when they cannot be read."""
    called = {key: read_model(content) for key, content in called_files(files).items()}
    forms = {path: content for path, content in files.items() if path.endswith(".json")}
    model = read_model(files[PROCESS_FILE]).with_called(called)
    return Contents(process_key, model, FormLibrary.load(forms), tables_of(files))


def contents_of_version(deployed: Deployed) -> Contents:
    """The contents of a version."""
    return Contents(deployed.process_key, deployed.model, deployed.forms, deployed.decisions)


def compare(before: Contents, after: Contents) -> tuple[Change, ...]:
    """Everything that differs: of the process, its steps in the order of the file, the ways, forms and tables.

    An activity that is only drawn elsewhere comes last, as MOVED.
    """
    found = [
        *_process(before.model, after.model),
        *_elements(before.model, after.model),
        *_flows(before.model, after.model),
        *_variables(before.model, after.model),
        *(_of_part(part) for part in form_parts(_forms(before), _forms(after))),
        *(_of_part(part) for part in table_parts(before.decisions, after.decisions)),
    ]
    return (*found, *_drawn_elsewhere(before.model, after.model))


def _of_part(part: Part) -> Change:
    kind = ChangeKind.CHANGED
    if not part.before:
        kind = ChangeKind.ADDED
    elif not part.after:
        kind = ChangeKind.REMOVED
    return Change(kind, part.theme, "", part.name, part.before, part.after)


def _forms(contents: Contents) -> Iterator[tuple[str, FormLibrary, str]]:
    """Each form that a task names: its key, where to find it, and the process whose form it is."""
    for element_id, settings in contents.model.task_settings.items():
        process = contents.model.process_of(element_id).process_id
        if contents.forms.has(settings.form_key, process) or contents.forms.has(settings.form_key):
            yield settings.form_key, contents.forms, process


# ---------------------------------------------------------------- the process as a whole


def _process(before: BpmnModel, after: BpmnModel) -> Iterator[Change]:
    yield from _differs("name", "", after.name, before.name, after.name)
    yield from _differs("documentation", "", after.name, before.documentation, after.documentation)
    yield from _differs("lanes", "", after.name, _joined(x.name for x in before.lanes),
                        _joined(x.name for x in after.lanes))  # fmt: skip
    yield from _differs("entries", "", after.name, _entries(before), _entries(after))


def _entries(model: BpmnModel) -> str:
    return _joined(f"{e.label or e.name}（{e.message}）" if e.message else e.label or e.name for e in model.entries)


def _variables(before: BpmnModel, after: BpmnModel) -> Iterator[Change]:
    old = {v.name: f"{v.label or v.name}：{v.type}" for v in before.variables}
    new = {v.name: f"{v.label or v.name}：{v.type}" for v in after.variables}
    for name in dict.fromkeys((*old, *new)):
        yield from _appears("variable", "", name, old.get(name, ""), new.get(name, ""))


# ---------------------------------------------------------------- steps


def _elements(before: BpmnModel, after: BpmnModel) -> Iterator[Change]:
    for element_id in dict.fromkeys((*after.elements, *before.elements)):
        old, new = before.elements.get(element_id), after.elements.get(element_id)
        if old is None and new is not None:
            yield Change(ChangeKind.ADDED, "step", element_id, display_name(new), "", _facts(new))
        elif new is None and old is not None:
            yield Change(ChangeKind.REMOVED, "step", element_id, display_name(old), _facts(old), "")
        elif old is not None and new is not None:
            yield from _element(old, new)


def _element(old: Element, new: Element) -> Iterator[Change]:
    name = display_name(new)
    for theme, words in _WORDS.items():
        yield from _differs(theme, new.id, name, words(old), words(new))
    if old.task is not None and new.task is not None:
        for theme, told in _TASK_WORDS.items():
            yield from _differs(theme, new.id, name, told(old.task), told(new.task))


def _facts(element: Element) -> str:
    """What an element is, in one line, for one that is new or gone."""
    settings = element.task
    if settings is None:
        return _joined([_timer(element), element.message or ""])
    return _joined([_roles(settings), _clock(settings)])


def _timer(element: Element) -> str:
    return element.timer.expression if element.timer is not None else ""


def _repeats(element: Element) -> str:
    many, loop = element.multi_instance, element.loop
    if many is not None:
        order = "順に" if many.sequential else "同時に"
        until = f"、{many.completion}まで" if many.completion else ""
        return f"{many.collection or many.cardinality}ごとに{order}{until}"
    return f"{loop.condition}の間、{loop.maximum or ''}回まで" if loop is not None else ""


def _pairs(pairs: Mapping[str, str]) -> str:
    return _joined(f"{name}＝{value}" for name, value in pairs.items())


def _event(element: Element) -> str:
    parts = (element.message, element.signal, element.code, "" if element.interrupting else "中断しない")
    return _joined(part for part in parts if part)


_WORDS: Mapping[str, Callable[[Element], str]] = {
    "name": display_name,
    "kind": lambda e: e.kind.value,
    "documentation": lambda e: e.documentation,
    "lane": lambda e: e.lane_name,
    "timer": _timer,
    "event": _event,
    "attached": lambda e: e.attached_to or "",
    "repeats": _repeats,
    "operation": lambda e: _joined(e.operations),
    "script": lambda e: e.script,
    "inputs": lambda e: _pairs(e.inputs),
    "outputs": lambda e: _pairs(e.outputs),
    "decision": lambda e: e.decision,
    "called": lambda e: e.called,
}

_SCOPES = {
    "owner": "受け持つ機関", "lead": "主担当機関", "accepted": "引き受けた機関", "field": "分野の担当課",
    "lead_field": "主担当機関の担当課", "city": "市のすべての機関",
}  # fmt: skip


def _roles(settings: TaskSettings) -> str:
    return _joined(role_name(role) for role in settings.roles)


def _clock(settings: TaskSettings) -> str:
    rule = due_rule_ja(settings)
    return _joined([period_ja(settings), f"{rule}（{settings.due}）" if rule else ""])


def _flags(settings: TaskSettings) -> str:
    told = {
        "市の職員だけ": settings.city_staff_only,
        f"「{settings.not_same_as}」と別の人": bool(settings.not_same_as),
        "保留できない": not settings.hold_allowed,
        f"「{settings.assign_to}」の人に割り当てる": bool(settings.assign_to),
    }
    return _joined(word for word, holds in told.items() if holds)


_TASK_WORDS: Mapping[str, Callable[[TaskSettings], str]] = {
    "role": _roles,
    "scope": lambda s: _joined(_SCOPES.get(scope, scope) for scope in s.org_scopes),
    "clock": _clock,
    "warn": lambda s: s.warn or "",
    "ladder": lambda s: "段階なし" if s.ladder == "none" else s.ladder,
    "form": lambda s: s.form_key,
    "flags": _flags,
    "stage": lambda s: s.stage or "",
}


# ---------------------------------------------------------------- ways


def _flows(before: BpmnModel, after: BpmnModel) -> Iterator[Change]:
    for flow_id in dict.fromkeys((*after.flows, *before.flows)):
        old, new = before.flows.get(flow_id), after.flows.get(flow_id)
        model, flow = (after, new) if new is not None else (before, old)
        assert flow is not None
        name = _label(model, flow.source)
        if old is None or new is None or (old.name, old.source, old.target) != (new.name, new.source, new.target):
            yield from _appears("way", flow_id, name, _way(before, old), _way(after, new))
        if old is not None and new is not None:
            yield from _differs("condition", flow_id, name, _condition(old), _condition(new))


def _way(model: BpmnModel, flow: Flow | None) -> str:
    if flow is None:
        return ""
    return f"{flow.name}→{_label(model, flow.target)}" if flow.name else f"→{_label(model, flow.target)}"


def _condition(flow: Flow) -> str:
    return "ほかのどれでもないとき" if flow.is_default else flow.condition or ""


def _label(model: BpmnModel, element_id: str) -> str:
    element = model.elements.get(element_id)
    return f"「{display_name(element)}」" if element is not None else element_id


def _drawn_elsewhere(before: BpmnModel, after: BpmnModel) -> Iterator[Change]:
    for element_id, new in after.elements.items():
        old = before.elements.get(element_id)
        if old is not None and old.place != new.place and (new.kind.is_activity or new.kind is Kind.START):
            yield Change(ChangeKind.MOVED, "place", element_id, display_name(new))


# ---------------------------------------------------------------- lines


def _differs(theme: str, element_id: str, name: str, before: str, after: str) -> Iterator[Change]:
    if before != after:
        yield Change(ChangeKind.CHANGED, theme, element_id, name, before, after)


def _appears(theme: str, element_id: str, name: str, before: str, after: str) -> Iterator[Change]:
    if before == after:
        return
    kind = ChangeKind.ADDED if not before else ChangeKind.REMOVED if not after else ChangeKind.CHANGED
    yield Change(kind, theme, element_id, name, before, after)


def _joined(words: Iterable[str]) -> str:
    return "、".join(word for word in words if word)


def marks(changes: Iterable[Change]) -> tuple[dict[str, str], dict[str, str]]:
    """For the two pictures: element id -> kind of its weightiest change, in the earlier and in the later one."""
    order = (ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.CHANGED, ChangeKind.MOVED)
    told = sorted((c for c in changes if c.element_id), key=lambda change: order.index(change.kind))
    earlier: dict[str, str] = {}
    later: dict[str, str] = {}
    for change in told:
        if change.kind is not ChangeKind.ADDED:
            earlier.setdefault(change.element_id, change.kind.value)
        if change.kind is not ChangeKind.REMOVED:
            later.setdefault(change.element_id, change.kind.value)
    return earlier, later
