"""Giving every parsed spec our class. The two tables are an allow-list: what is not in them is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs import control, defaults
from SpiffWorkflow.bpmn.specs.event_definitions import item_aware_event, message, multiple, simple, timer

from engine.bpmn import events, joins, loops, specs, subprocesses, timers
from engine.bpmn.api import Problem
from engine.bpmn.context import element_id
from engine.domain.errors import ExpressionError
from engine.expressions.language import parse
from engine.expressions.scripts import assignments, timer_expression

SPECS: Mapping[type, type] = {
    control.BpmnStartTask: specs.Start,
    control.SimpleBpmnTask: specs.End,
    control._EndJoin: joins.EndJoin,
    control.BoundaryEventSplit: specs.BoundarySplit,
    control.BoundaryEventJoin: joins.BoundaryJoin,
    defaults.UserTask: specs.UserTask,
    defaults.ManualTask: specs.ManualTask,
    defaults.ScriptTask: specs.ScriptTask,
    defaults.ServiceTask: specs.ServiceTask,
    specs.DecisionTask: specs.DecisionTask,
    defaults.ExclusiveGateway: specs.ExclusiveGateway,
    defaults.ParallelGateway: joins.ParallelGateway,
    defaults.InclusiveGateway: joins.InclusiveGateway,
    defaults.EventBasedGateway: events.EventGateway,
    defaults.StandardLoopTask: loops.StandardLoop,
    defaults.ParallelMultiInstanceTask: loops.ParallelMultiInstance,
    defaults.SequentialMultiInstanceTask: loops.SequentialMultiInstance,
    defaults.SubWorkflowTask: subprocesses.SubProcess,
    defaults.CallActivity: subprocesses.CallActivity,
    defaults.StartEvent: events.StartEvent,
    defaults.EndEvent: events.EndEvent,
    defaults.IntermediateCatchEvent: events.CatchEvent,
    defaults.IntermediateThrowEvent: events.ThrowEvent,
    defaults.SendTask: events.SendTask,
    defaults.ReceiveTask: events.ReceiveTask,
    defaults.BoundaryEvent: events.Boundary,
}
DEFINITIONS: Mapping[type, type] = {
    simple.NoneEventDefinition: simple.NoneEventDefinition,
    simple.TerminateEventDefinition: simple.TerminateEventDefinition,
    message.MessageEventDefinition: message.MessageEventDefinition,
    item_aware_event.SignalEventDefinition: item_aware_event.SignalEventDefinition,
    item_aware_event.ErrorEventDefinition: item_aware_event.ErrorEventDefinition,
    item_aware_event.EscalationEventDefinition: item_aware_event.EscalationEventDefinition,
    timer.TimeDateEventDefinition: timers.DateTimer,
    timer.DurationTimerEventDefinition: timers.DurationTimer,
    timer.CycleTimerEventDefinition: timers.CycleTimer,
    multiple.MultipleEventDefinition: events.AnyOf,
}


def adopt(process: Any, nested: Mapping[str, Any]) -> list[Problem]:
    """Change every spec of a freshly parsed process to ours and connect loops to their instances.

    Returns what cannot run here; the specs are usable only when nothing is returned.
    """
    processes = [process, *nested.values()]
    found = [problem for one in processes for problem in _adopt_process(one)]
    return found or [problem for one in processes for problem in _check_process(one)]


def _adopt_process(process: Any) -> Iterator[Problem]:
    if process.data_objects or process.io_specification:
        yield Problem(process.name, "データオブジェクトと入出力仕様は使えません。変数を使ってください。")
    if process.start.trigger_specs or not _has_one_start(process):
        yield Problem(process.name, "開始イベントは1つだけにしてください。イベントサブプロセスは使えません。")
    for spec in process.task_specs.values():
        if type(spec) not in SPECS:
            yield Problem(element_id(spec), f"この種類の要素は使えません（{type(spec).__name__}）。")
            continue
        spec.__class__ = SPECS[type(spec)]
        spec.extensions = getattr(spec, "extensions", {})
        if spec.data_input_associations or spec.data_output_associations or spec.io_specification:
            yield Problem(element_id(spec), "データの入出力の関連付けは使えません。変数を使ってください。")
        yield from _adopt_definitions(spec)
    for spec in process.task_specs.values():
        if isinstance(spec, loops.Loop):
            process.task_specs[spec.task_spec].completed_event.connect(spec.instance_ended)


def _has_one_start(process: Any) -> bool:
    names = process.start._outputs
    return len(names) == 1 and isinstance(process.task_specs[names[0]], defaults.StartEvent)


def _definitions(spec: Any) -> list[Any]:
    definition = getattr(spec, "event_definition", None)
    return [] if definition is None else [definition, *getattr(definition, "event_definitions", [])]


def _adopt_definitions(spec: Any) -> Iterator[Problem]:
    for definition in _definitions(spec):
        if type(definition) not in DEFINITIONS or (
            isinstance(definition, multiple.MultipleEventDefinition)
            and not isinstance(spec, defaults.EventBasedGateway)
        ):
            yield Problem(element_id(spec), f"この種類のイベントは使えません（{type(definition).__name__}）。")
            continue
        definition.__class__ = DEFINITIONS[type(definition)]
        if isinstance(definition, timers.HostTimer):
            definition.expression = timer_expression(definition.expression or "")


# ---------------------------------------------------------------- checks on the adopted specs


def _check_process(process: Any) -> Iterator[Problem]:
    for spec in process.task_specs.values():
        for text in _messages(spec, process.task_specs):
            yield Problem(element_id(spec), text)
        for expression, is_script in _expressions(spec):
            try:
                assignments(expression) if is_script else parse(expression)
            except ExpressionError as error:
                yield Problem(element_id(spec), f"式「{error.expression}」: {error.reason}")


def _messages(spec: Any, known: Mapping[str, Any]) -> Iterator[str]:
    if len(set(spec._outputs)) != len(spec._outputs):
        yield "同じ2つの要素の間に流れが2本あります。1本にしてください。"
    if isinstance(spec, specs.ServiceTask) and not spec.extensions.get("operation"):
        yield "処理の名前（operation）がありません。"
    if isinstance(spec, specs.DecisionTask) and not spec.extensions.get("decisionRef"):
        yield "判定表の名前（decisionRef）がありません。"
    for definition in _definitions(spec):
        if isinstance(definition, (events.Message, events.Signal)) and not definition.name:
            yield "メッセージまたはシグナルの名前がありません。"
        if isinstance(definition, timers.CycleTimer) and _must_not_repeat(spec):
            yield "繰り返しのタイマーは、割り込まない境界イベントだけに使えます。"
    if isinstance(spec, (events.ReceiveTask, events.SendTask)) and not _has_message(spec, known):
        yield "メッセージが選ばれていません。"
    if isinstance(spec, events.EventGateway):
        yield from _gateway_messages(spec, known)


def _must_not_repeat(spec: Any) -> bool:
    return not isinstance(spec, events.Boundary) or bool(spec.cancel_activity)


def _has_message(spec: Any, known: Mapping[str, Any]) -> bool:
    behind_gateway = any(isinstance(known[name], events.EventGateway) for name in spec._inputs)
    return behind_gateway or isinstance(spec.event_definition, events.Message)


def _gateway_messages(spec: Any, known: Mapping[str, Any]) -> Iterator[str]:
    targets = [known[name] for name in spec._outputs]
    if not all(isinstance(target, (events.CatchEvent, events.ReceiveTask)) for target in targets):
        yield "イベントゲートウェイの先には、受信イベントか受信タスクだけを置けます。"
    if any(len(target._inputs) != 1 for target in targets):
        yield "イベントゲートウェイの先のイベントには、ほかの流れをつなげません。"
    definitions = spec.event_definition.event_definitions
    if any(isinstance(one, simple.NoneEventDefinition) for one in definitions):
        yield "イベントゲートウェイの先に、待つもののないイベントがあります。"
    names = [(type(one), one.name) for one in definitions if isinstance(one, (events.Message, events.Signal))]
    if len(set(names)) != len(names):
        yield "イベントゲートウェイの先に、同じメッセージが2つあります。"


def _expressions(spec: Any) -> Iterable[tuple[str, bool]]:
    """Every expression of a spec, with True for the lines of a script."""
    for condition, _ in getattr(spec, "cond_task_specs", ()):
        if condition is not None:
            yield condition.args[0] or "", False
    for name in ("condition", "cardinality"):
        if isinstance(spec, loops.Loop) and getattr(spec, name, None) is not None:
            yield getattr(spec, name), False
    if isinstance(spec, loops.MultiInstance) and spec.data_input is not None:
        yield spec.data_input.bpmn_id or "", False
    if isinstance(spec, specs.ScriptTask):
        yield spec.script or "", True
    for definition in _definitions(spec):
        if isinstance(definition, timers.HostTimer):
            yield definition.expression, False
    for key in ("inputs", "in", "out"):
        for _, text in spec.extensions.get(key, ()):
            yield text, False
