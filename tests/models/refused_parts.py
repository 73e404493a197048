"""The refused neighbours of what accepted_parts.py shows: text, rule and element of the finding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.models import accepted_parts as good
from tests.models.called_models import ERROR, ESCALATION, REFUSED, SETTLED, SIGNAL, WORRIED
from tests.models.drawing import Diagram, Line, Node, chain, end, start, variable, work

#: a throw event made into a task
_NO_THROW = (
    ("<bpmn:intermediateThrowEvent", "<bpmn:userTask"),
    ("</bpmn:intermediateThrowEvent", "</bpmn:userTask"),
)
Neighbour = tuple[str, str, str]


def _changed(make: Callable[[], Diagram], *changes: tuple[str, str]) -> str:
    text = make().text()
    for old, new in changes:
        assert old in text, f"not in the model: {old}"
        text = text.replace(old, new, 1)
    return text


def _alone(node: Node, *more: Node, lines: tuple[Line, ...] = (), extensions: str = "", root: str = "") -> str:
    nodes = [start(), node, *more, end()]
    return Diagram(nodes, [*chain("begin", node.id, "finish"), *lines], extensions=extensions, root=root).text()


def _beside(definition: str, attrs: str = "", root: str = "", host: Node | None = None) -> str:
    host = host or work("hear", "話を聴く")
    side = Node("boundaryEvent", "side", "横", f'attachedToRef="{host.id}" {attrs}', definition)
    return _alone(host, side, end("side_end", "横の終わり"), lines=tuple(chain("side", "side_end")), root=root)


def scripts() -> dict[str, Neighbour]:
    script, each = good.script_task, good.script_each
    return {
        "script_task_in_groovy": (
            _changed(script, ('scriptFormat="tsunagu"', 'scriptFormat="groovy"')), "profile.value", "count"),
        "script_without_lines": (_alone(Node("scriptTask", "count", "数える")), "script.empty", "count"),
        "script_that_imports": (_changed(script, ("turns = 2", "import os")), "script.line", "count"),
        "script_with_a_call_for_its_own_sake": (_changed(script, ("turns = 2", "len(words)")), "script.line", "count"),
        "script_that_reads_what_is_not_declared": (
            _changed(script, ("turns = 2", "turns = visits")), "expression.refused", "count"),
        "script_into_what_is_not_declared": (_changed(script, ("turns = 2", "visits = 2")), "script.variable", "count"),
        "script_that_changes_the_case": (_changed(script, ("turns = 2", 'case_id = "x"')), "script.built_in", "count"),
        "script_on_a_user_task": (
            _changed(script, ("</bpmn:userTask>", "<bpmn:script>turns = 1</bpmn:script></bpmn:userTask>")),
            "profile.place", "hear"),
        "parallel_scripts_that_overwrite_each_other": (
            _changed(each, ("twice = number * 2", "numbers = [number]")), "multi_instance.writes_outside", "double"),
        "manual_task_without_clock": (
            _changed(good.manual_task, ('tsunagu:sla="5 business_days"', "")), "task.clock_missing", "visit"),
    }  # fmt: skip


def repeats() -> dict[str, Neighbour]:
    both = ("<bpmn:loopDataInputRef>", "<bpmn:loopCardinality>3</bpmn:loopCardinality><bpmn:loopDataInputRef>")
    loop = '<bpmn:standardLoopCharacteristics loopMaximum="3"/>'
    inner = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopDataInputRef>orgs</bpmn:loopDataInputRef>"
        "<bpmn:loopDataOutputRef>answers</bpmn:loopDataOutputRef>"
        '<bpmn:inputDataItem id="org" name="org"/><bpmn:outputDataItem id="answer" name="answer"/>'
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    nested = Diagram(
        [start(),
         Node("subProcess", "each", "二回", body="<bpmn:multiInstanceLoopCharacteristics>"
              "<bpmn:loopCardinality>2</bpmn:loopCardinality></bpmn:multiInstanceLoopCharacteristics>"),
         Node("startEvent", "each_begin", "始める", inside="each"), work("talk", "話す", body=inner, inside="each"),
         end("each_done", "話した", inside="each"), end()],
        [*chain("begin", "each", "finish"), *chain("each_begin", "talk", "each_done")],
        extensions=variable("orgs", "list") + variable("answers", "list"),
    )  # fmt: skip
    task = good.standard_loop_of_a_task
    return {
        "multi_instance_with_list_and_count": (
            _changed(good.completion_condition, both), "multi_instance.both", "answer_each"),
        "multi_instance_count_of_an_unknown_variable": (
            _changed(good.cardinality, (">1 + 1<", ">turns<")), "expression.refused", "call_by"),
        "completion_condition_over_a_variable": (
            _changed(good.completion_condition, (">answer is not None<", ">len(orgs) == 1<")),
            "multi_instance.completion", "answer_each"),
        "results_of_an_inner_multi_instance_outside": (nested.text(), "multi_instance.writes_outside", "talk"),
        "loop_without_maximum": (_changed(task, (' loopMaximum="3"', "")), "loop.maximum", "ring"),
        "loop_of_a_thousand_turns": (
            _changed(task, ('loopMaximum="3"', 'loopMaximum="1000"')), "profile.value", "ring"),
        "loop_condition_over_the_turn": (
            _changed(good.standard_loop, ("turns &lt; 5", "loop_index &lt; 5")), "expression.refused", "again"),
        "loop_and_multi_instance": (
            _changed(good.cardinality, ("</bpmn:userTask>", f"{loop}</bpmn:userTask>")), "loop.two_kinds", "call_by"),
        "loop_of_a_receive_task": (
            _alone(Node("receiveTask", "wait", "待つ", 'messageRef="m_answer"', loop),
                   root='  <bpmn:message id="m_answer" name="case.answered"/>\n'), "profile.place", "wait"),
    }  # fmt: skip


def signals() -> dict[str, Neighbour]:
    race, both = good.two_timers_and_a_signal, good.signal_boundary
    catch = SETTLED.replace("d_settled", "d_again")
    return {
        "signal_that_nobody_sends": (
            _changed(race, *_NO_THROW, (SETTLED, "")), "event.signal_never_thrown", "told"),
        "signal_that_nobody_receives": (
            _alone(Node("intermediateThrowEvent", "tell", "伝える", body=SETTLED), root=SIGNAL),
            "event.signal_never_caught", "tell"),
        "signal_that_is_not_declared": (_changed(both, (SIGNAL, "")), "event.ref_missing", "tell"),
        "signal_without_name": (_changed(both, (' name="settled"', "")), "event.code_missing", "s_settled"),
        "signal_declared_twice": (
            _changed(both, (SIGNAL, SIGNAL + SIGNAL.replace("s_settled", "s_more"))), "event.twice", "s_more"),
        "signal_in_one_gateway_twice": (
            _changed(race, ('<bpmn:timerEventDefinition id="d_timer_1"><bpmn:timeDuration '
                            'xsi:type="bpmn:tFormalExpression">P3D</bpmn:timeDuration></bpmn:timerEventDefinition>',
                            catch)), "gateway.event_message_twice", "race"),
        "signal_end": (
            Diagram([start(), work("hear", "話を聴く"), end(body=SETTLED)], chain("begin", "hear", "finish"),
                    root=SIGNAL).text(), "profile.event", "finish"),
        "signal_start": (
            Diagram([Node("startEvent", "begin", "始まる", body=SETTLED), work("hear", "話を聴く"), end()],
                    chain("begin", "hear", "finish"), root=SIGNAL).text(), "profile.event", "begin"),
    }  # fmt: skip


def errors_and_escalations() -> dict[str, Neighbour]:
    top = [start(), work("hear", "話を聴く")]
    called, thrown = good.error_from_a_called_process, good.escalation_throw
    uncaught = Diagram(
        [start(), Node("callActivity", "try_it", "頼む", 'calledElement="refusing"'), end()],
        chain("begin", "try_it", "finish"),
    )
    other = ' errorCode="refused"/>\n  <bpmn:error id="e_other" name="ほか" errorCode="other"/>'
    return {
        "error_end": (
            Diagram([*top, end(body=REFUSED)], chain("begin", "hear", "finish"), root=ERROR).text(),
            "event.uncaught", "finish"),
        "escalation_end": (
            Diagram([*top, end(body=WORRIED)], chain("begin", "hear", "finish"), root=ESCALATION).text(),
            "event.uncaught", "finish"),
        "escalation_throw": (
            _alone(Node("intermediateThrowEvent", "tell", "知らせる", body=WORRIED), root=ESCALATION),
            "event.uncaught", "tell"),
        "error_of_a_called_process_that_nobody_catches": (uncaught.text(), "event.uncaught_call", "try_it"),
        "error_caught_under_another_code": (
            _changed(good.error_end, (' errorCode="refused"/>', other),
                     ('id="d_caught" errorRef="e_refused"', 'id="d_caught" errorRef="e_other"')),
            "event.uncaught", "meeting_refused"),
        "error_boundary": (_beside(REFUSED, root=ERROR), "event.host", "side"),
        "escalation_boundary": (_beside(WORRIED, 'cancelActivity="false"', ESCALATION), "event.host", "side"),
        "error_that_does_not_interrupt": (
            _changed(called, ('attachedToRef="try_it"', 'attachedToRef="try_it" cancelActivity="false"')),
            "event.error_continues", "caught"),
        "error_boundary_where_nothing_is_thrown": (
            _changed(called, ('calledElement="refusing"', 'calledElement="asking"')), "event.never_thrown", "caught"),
        "escalation_boundary_where_nothing_is_thrown": (
            _changed(thrown, *_NO_THROW, (WORRIED, "")), "event.never_thrown", "heard"),
        "error_declared_without_code": (
            _changed(good.error_end, (' errorCode="refused"', "")), "event.code_missing", "e_refused"),
        "error_that_is_not_declared": (_changed(good.error_end, (ERROR, "")), "event.ref_missing", "meeting_refused"),
        "error_code_in_japanese": (
            _changed(good.error_end, ('errorCode="refused"', 'errorCode="断り"')), "profile.value", "e_refused"),
    }  # fmt: skip


def calls() -> dict[str, Neighbour]:
    call = good.call_activity
    given = '<camunda:in sourceExpression="owner_org" target="middle_org"/>'
    taken = '<camunda:out source="middle_answer" target="answer"/>'
    return {
        "call_of_nothing": (_changed(call, (' calledElement="passing_on"', "")), "call.missing", "pass_on"),
        "call_of_an_unknown_process": (
            _changed(call, ('calledElement="passing_on"', 'calledElement="nowhere"')), "call.unknown", "pass_on"),
        "call_of_itself": (
            _changed(call, ('calledElement="passing_on"', 'calledElement="sample"')), "call.cycle", "pass_on"),
        "call_without_its_input": (_changed(call, (given, "")), "call.input_missing", "pass_on"),
        "call_with_an_unknown_input": (
            _changed(call, (given, given + given.replace("middle_org", "colour"))), "call.input_unknown", "pass_on"),
        "call_with_one_input_twice": (_changed(call, (given, given + given)), "call.mapping_twice", "pass_on"),
        "call_with_an_input_from_nowhere": (
            _changed(call, (' sourceExpression="owner_org"', "")), "call.mapping", "pass_on"),
        "call_with_all_variables": (
            _changed(call, (given, given + '<camunda:in variables="all"/>')), "profile.attribute", "pass_on"),
        "call_that_reads_what_is_not_declared": (
            _changed(call, ('sourceExpression="owner_org"', 'sourceExpression="colour"')),
            "expression.refused", "pass_on"),
        "call_that_takes_what_is_not_there": (
            _changed(call, (taken, taken.replace('"middle_answer"', '"colour"'))), "call.output_refused", "pass_on"),
        "call_into_what_is_not_declared": (
            _changed(call, (taken, taken.replace('"answer"', '"colour"'))), "call.output_variable", "pass_on"),
        "call_into_another_type": (
            _changed(call, ('name="answer" type="text"', 'name="answer" type="int"')), "call.type", "pass_on"),
        "call_with_an_id_of_the_called_process": (
            call().text().replace('"press"', '"asking_answer"').replace(">press<", ">asking_answer<")
            .replace("late__press", "late__asking_answer").replace("press__pressed", "asking_answer__pressed"),
            "call.id_shared", "asking_answer"),
        "parallel_calls_that_overwrite_each_other": (
            _changed(good.call_activity_each, ('isSequential="true"', 'isSequential="false"'),
                     ('target="answer"/>', 'target="kept"/>'),
                     ("<tsunagu:variable", variable("kept", "text") + "<tsunagu:variable")),
            "multi_instance.writes_outside", "ask_each"),
        "call_with_another_meaning_of_an_id": (
            _changed(called_with_error, ('errorCode="refused"', 'errorCode="late"')), "call.declaration", "e_refused"),
    }  # fmt: skip


def called_with_error() -> Diagram:
    """A caller that declares the error which the called process throws."""
    diagram = good.error_from_a_called_process()
    refer = ('id="d_caught"', 'id="d_caught" errorRef="e_refused"')
    nodes = [replace(node, body=node.body.replace(*refer)) for node in diagram.nodes]
    return Diagram(nodes, diagram.lines, root=ERROR)


def models() -> dict[str, Neighbour]:
    """Every neighbour by the name of its file."""
    return {**scripts(), **repeats(), **signals(), **errors_and_escalations(), **calls()}
