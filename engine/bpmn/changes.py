"""What a token needs when its element is another one in the new version: what is carried over, what cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions import simple
from SpiffWorkflow.task import Task

from engine.bpmn import events, joins, loops, specs, subprocesses
from engine.bpmn.api import Problem
from engine.bpmn.context import element_id
from engine.bpmn.events import AnyOf, Coded, Message, Signal
from engine.bpmn.hanging import label
from engine.bpmn.timers import DUES, CycleTimer, HostTimer

__all__ = ["Change", "element_change", "kind_ja", "label", "renamed_locals"]

_KINDS: Mapping[type, str] = {
    specs.UserTask: "ユーザータスク",
    specs.ManualTask: "手作業タスク",
    specs.ScriptTask: "スクリプトタスク",
    specs.ServiceTask: "サービスタスク",
    specs.DecisionTask: "判定表タスク",
    specs.ExclusiveGateway: "排他ゲートウェイ",
    joins.ParallelGateway: "並列ゲートウェイ",
    joins.InclusiveGateway: "包含ゲートウェイ",
    events.EventGateway: "イベントゲートウェイ",
    loops.StandardLoop: "繰り返し",
    loops.ParallelMultiInstance: "並行する複数の実施",
    loops.SequentialMultiInstance: "順番の複数の実施",
    subprocesses.SubProcess: "サブプロセス",
    subprocesses.CallActivity: "呼び出し",
    events.StartEvent: "開始イベント",
    events.EndEvent: "終了イベント",
    events.CatchEvent: "受信イベント",
    events.ThrowEvent: "送信イベント",
    events.SendTask: "送信タスク",
    events.ReceiveTask: "受信タスク",
    events.Boundary: "境界イベント",
}


def kind_ja(spec: Any) -> str:
    """The kind of an element in words."""
    return _KINDS.get(type(spec), type(spec).__name__)


@dataclass(frozen=True)
class Change:
    """internal: what the token remembers otherwise than before."""

    internal: Mapping[str, Any]
    refusals: tuple[Problem, ...]
    notes: tuple[Problem, ...]


def element_change(old: Any, new: Any, task: Task, to: Callable[[str], str]) -> Change:
    """Compare two specs of one class for a token that stands there; ``to`` gives the new name of an old spec."""
    refusals = [Problem(element_id(old), text) for text in _refusals(old, new, task, to)]
    notes = [] if refusals else [Problem(element_id(new), text) for text in _notes(old, new)]
    internal = {}
    if isinstance(_definition(old), AnyOf) and DUES in task.internal_data:
        internal[DUES] = {to(branch): due for branch, due in task.internal_data[DUES].items()}
    return Change(internal, tuple(refusals), tuple(notes))


# ---------------------------------------------------------------- refusals


def _refusals(old: Any, new: Any, task: Task, to: Callable[[str], str]) -> Iterator[str]:
    before, after = _definition(old), _definition(new)
    if _event_kind(before) != _event_kind(after):
        yield f"{label(old)}のイベントの種類が変わっています。"
    elif isinstance(before, AnyOf):
        yield from _gateway_refusals(old, new, task, to)
    if isinstance(old, loops.MultiInstance):
        yield from _loop_refusals(old, new)


def _definition(spec: Any) -> Any:
    return getattr(spec, "event_definition", None)


def _event_kind(definition: Any) -> str:
    """A date and a duration are one kind: both are one due instant by now. A cycle remembers more."""
    if definition is None or isinstance(definition, simple.NoneEventDefinition):
        return ""
    if isinstance(definition, CycleTimer):
        return "cycle"
    return "timer" if isinstance(definition, HostTimer) else type(definition).__name__


def _gateway_refusals(old: Any, new: Any, task: Task, to: Callable[[str], str]) -> Iterator[str]:
    kept = {to(branch) for branch in task.internal_data.get(DUES, ())}
    wanted = {
        branch
        for branch, definition in zip(new._outputs, _definition(new).event_definitions, strict=True)
        if isinstance(definition, HostTimer)
    }
    if kept != wanted:
        yield f"{label(old)}の先のタイマーが変わっています。待っているタイマーと同じ数と対応にしてください。"


def _loop_refusals(old: Any, new: Any) -> Iterator[str]:
    for name, words in (
        ("input_item", "対象の変数"),
        ("output_item", "結果の変数"),
        ("data_output", "結果の一覧"),
    ):
        if (getattr(old, name) is None) != (getattr(new, name) is None):
            yield f"{label(old)}の実施中に、{words}が加わったり、なくなったりしています。"


# ---------------------------------------------------------------- notes and locals


def _notes(old: Any, new: Any) -> Iterator[str]:
    before, after = _definition(old), _definition(new)
    if isinstance(before, HostTimer) and before.expression != after.expression:
        yield f"{label(new)}の期間が新しい版で変わりましたが、いまの期日のまま待ちます。"
    if isinstance(before, (Message, Signal, Coded)) and _awaited(before) != _awaited(after):
        yield f"{label(new)}が待つものは、「{_awaited(before)}」から「{_awaited(after)}」に変わります。"
    if isinstance(before, AnyOf):
        gone = _names(before) - _names(after)
        if gone:
            yield f"{label(new)}は、{'、'.join(f'「{name}」' for name in sorted(gone))}を待たなくなります。"


def _awaited(definition: Any) -> str:
    return str(definition.code or "すべて") if isinstance(definition, Coded) else str(definition.name)


def _names(definition: Any) -> set[str]:
    return {one.name for one in definition.event_definitions if isinstance(one, (Message, Signal))}


def renamed_locals(old: Any, new: Any, local: Mapping[str, object]) -> dict[str, object]:
    """The locals of one instance: item and output item take the names that the new activity gives them."""
    names = {
        getattr(old, name).bpmn_id: getattr(new, name).bpmn_id
        for name in ("input_item", "output_item")
        if getattr(old, name, None) is not None and getattr(new, name, None) is not None
    }
    return {names.get(name, name): value for name, value in local.items()}
