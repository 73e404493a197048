"""One small process per thing that must be refused, and what is said of it.

``python -m tests.models.refused_models`` writes them to refused/ with expected.yaml. Most are what the BPMN library
ignores in silence: the diagram shows something that would never happen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.models import accepted_models as good
from tests.models import refused_parts
from tests.models.drawing import Diagram, Line, Node, catches, chain, end, message, start, variable, work

FOLDER = Path(__file__).with_name("refused")
_TASK = '<bpmn:userTask id="hear" name="話を聴く"'


@dataclass(frozen=True)
class Refused:
    """text of the file; rule and element of the finding that must be among those reported."""

    text: str
    rule: str
    element_id: str


def changed(make: Callable[[], Diagram], *changes: tuple[str, str]) -> str:
    """An accepted model with some of its text replaced; every replaced text must be there."""
    text = make().text()
    for old, new in changes:
        assert old in text, f"not in the model: {old}"
        text = text.replace(old, new, 1)
    return text


def plain(*changes: tuple[str, str]) -> str:
    """Start, task, end, with changes."""
    return changed(good.none_start, *changes)


def on_task(attribute: str) -> str:
    """The task with one more attribute."""
    return plain((_TASK, f"{_TASK} {attribute}"))


def in_task(child: str, attributes: str = "") -> str:
    """The task with one more child element."""
    return plain((_TASK, f"{_TASK} {attributes}"), ("</bpmn:userTask>", f"{child}</bpmn:userTask>"))


def in_process(child: str) -> str:
    """The process with one more element."""
    return plain(("  </bpmn:process>", f"    {child}\n  </bpmn:process>"))


def in_root(child: str) -> str:
    """The file with one more root element."""
    return plain(("  <bpmn:process ", f"  {child}\n  <bpmn:process "))


def instead(node: Node, *more: Node, lines: tuple[Line, ...] = (), extensions: str = "", root: str = "") -> str:
    """Another element in place of the task."""
    nodes = [start(), node, *more, end()]
    return Diagram(nodes, [*chain("begin", node.id, "finish"), *lines], extensions=extensions, root=root).text()


def catch(body: str) -> str:
    """A catch event with that definition in place of the task."""
    return instead(Node("intermediateCatchEvent", "wait", "待つ", body=body))


def throw(body: str) -> str:
    """A throw event with that definition in place of the task."""
    return instead(Node("intermediateThrowEvent", "tell", "知らせる", body=body))


def at_end(body: str) -> str:
    """The end event with that definition."""
    return Diagram([start(), work("hear", "話を聴く"), end(body=body)], chain("begin", "hear", "finish")).text()


def at_start(body: str, attrs: str = "") -> str:
    """The start event with that definition."""
    begin = Node("startEvent", "begin", "始まる", attrs, body)
    return Diagram([begin, work("hear", "話を聴く"), end()], chain("begin", "hear", "finish")).text()


def at_boundary(body: str, attrs: str = 'cancelActivity="false"') -> str:
    """A boundary event on the task with that definition."""
    nodes = [
        start(),
        work("hear", "話を聴く"),
        Node("boundaryEvent", "side", "横", f'attachedToRef="hear" {attrs}', body),
    ]
    nodes += [end(), end("side_end", "横の終わり")]
    return Diagram(nodes, [*chain("begin", "hear", "finish"), *chain("side", "side_end")]).text()


def timer(kind: str = "timeDuration", expression: str = "P3D") -> str:
    """A timer definition."""
    return (
        f'<bpmn:timerEventDefinition id="d_timer"><bpmn:{kind}>{expression}</bpmn:{kind}></bpmn:timerEventDefinition>'
    )


def _definition(name: str) -> str:
    return f'<bpmn:{name}EventDefinition id="d_{name}"/>'


_TIMER_OF_GATEWAY = '<bpmn:timeDuration xsi:type="bpmn:tFormalExpression">P3D</bpmn:timeDuration>'
_CONDITION = '<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">level == "重い"</bpmn:conditionExpression>'


def _conditions() -> dict[str, Refused]:
    """Conditions and defaults where nothing reads them."""
    declared = variable("level", "text")
    flow = ('targetRef="finish">', f'targetRef="finish">{_CONDITION}')
    parallel = ('targetRef="ask">', f'targetRef="ask">{_CONDITION}')
    race = ('targetRef="answered">', f'targetRef="answered">{_CONDITION}')
    both = Diagram(
        [start(), work("hear", "話を聴く"), end(), end("other", "別の終わり")],
        [*chain("begin", "hear"), Line("hear", "finish", "重い", 'level == "重い"'), Line("hear", "other", "軽い")],
        extensions=declared,
    ).text()
    merge = Node("exclusiveGateway", "merge")
    one_way = Diagram(
        [start(), work("hear", "話を聴く"), merge, end()],
        [*chain("begin", "hear", "merge"), Line("merge", "finish", "重い", 'level == "重い"')],
        extensions=declared,
    ).text()
    return {
        "condition_after_task": Refused(plain(flow), "flow.condition_misplaced", "hear"),
        "condition_after_start": Refused(
            plain(('targetRef="hear">', f'targetRef="hear">{_CONDITION}')), "flow.condition_misplaced", "begin"
        ),
        "condition_after_catch_event": Refused(changed(good.message_catch, flow), "flow.condition_misplaced", "wait"),
        "condition_after_parallel_gateway": Refused(
            changed(good.parallel_gateway, parallel), "flow.condition_misplaced", "fork"
        ),
        "condition_after_event_gateway": Refused(
            changed(good.event_based_gateway, race), "flow.condition_misplaced", "race"
        ),
        "condition_after_sub_process": Refused(changed(good.sub_process, flow), "flow.condition_misplaced", "meeting"),
        "condition_on_the_only_way_out": Refused(one_way, "gateway.condition_unused", "merge"),
        "condition_on_the_default": Refused(
            changed(good.exclusive_gateway, ('targetRef="light">', f'targetRef="light">{_CONDITION}')),
            "flow.default_with_condition",
            "f_which__light",
        ),
        "condition_in_another_language": Refused(
            changed(
                good.exclusive_gateway, ("<bpmn:conditionExpression ", '<bpmn:conditionExpression language="juel" ')
            ),
            "profile.attribute",
            "f_which__heavy",
        ),
        "default_on_task": Refused(on_task('default="f_hear__finish"'), "flow.default_misplaced", "hear"),
        "default_on_parallel_gateway": Refused(
            changed(good.parallel_gateway, ('id="fork"', 'default="f_fork__ask" id="fork"')),
            "profile.attribute",
            "fork",
        ),
        "default_of_another_gateway": Refused(
            changed(good.exclusive_gateway, ('default="f_which__light"', 'default="f_begin__screen"')),
            "flow.default_unknown",
            "which",
        ),
        "split_without_gateway": Refused(both, "flow.implicit_split", "hear"),
        "gateway_without_default": Refused(
            changed(
                good.exclusive_gateway,
                ('default="f_which__light"', ""),
                ('targetRef="light">', f'targetRef="light">{_CONDITION.replace("重い", "軽い")}'),
            ),
            "gateway.incomplete",
            "which",
        ),
        "gateway_way_without_condition": Refused(
            changed(good.exclusive_gateway, ('default="f_which__light"', "")),
            "gateway.condition_missing",
            "f_which__light",
        ),
        "gateway_without_question": Refused(
            changed(good.exclusive_gateway, (' name="困りごとは重いか"', "")), "gateway.name_missing", "which"
        ),
        "gateway_way_without_label": Refused(
            changed(good.exclusive_gateway, (' name="軽い"', "")), "gateway.label_missing", "f_which__light"
        ),
        "expression_language_of_the_file": Refused(
            plain(
                ('id="sample_definitions"', 'id="sample_definitions" expressionLanguage="http://www.w3.org/1999/XPath"')
            ),
            "profile.attribute",
            "sample_definitions",
        ),
    }


def _events() -> dict[str, Refused]:
    """Events that the library turns into something else, or into nothing."""
    link = '<bpmn:linkEventDefinition id="d_link" name="続き"/>'
    conditional = (
        '<bpmn:conditionalEventDefinition id="d_c"><bpmn:condition>level</bpmn:condition>'
        "</bpmn:conditionalEventDefinition>"
    )
    event = "profile.event"
    found = {
        "link_throw": Refused(throw(link), event, "tell"),
        "link_catch": Refused(catch(link), event, "wait"),
        "conditional_catch": Refused(catch(conditional), event, "wait"),
        "conditional_start": Refused(at_start(conditional), event, "begin"),
        "conditional_boundary": Refused(at_boundary(conditional), event, "side"),
        "timer_start": Refused(at_start(timer()), event, "begin"),
        "timer_throw": Refused(throw(timer()), event, "tell"),
        "timer_end": Refused(at_end(timer()), event, "finish"),
        "none_catch": Refused(catch(""), event, "wait"),
        "none_throw": Refused(throw(""), event, "tell"),
        "none_boundary": Refused(at_boundary(""), event, "side"),
        "two_definitions": Refused(catch(catches("m_1") + timer()), event, "wait"),
        "definition_by_reference": Refused(
            catch("<bpmn:eventDefinitionRef>d_elsewhere</bpmn:eventDefinitionRef>"), "profile.element", "wait"
        ),
        "parallel_multiple_catch": Refused(
            changed(good.message_catch, ('id="wait"', 'id="wait" parallelMultiple="true"')), "profile.value", "wait"
        ),
        "start_not_interrupting": Refused(
            changed(good.message_start, ('id="begin"', 'id="begin" isInterrupting="false"')), "profile.value", "begin"
        ),
    }
    for name in ("error", "escalation", "compensation", "cancel", "terminate"):
        body = _definition(name)
        found |= {
            f"{name}_start": Refused(at_start(body), event, "begin"),
            f"{name}_catch": Refused(catch(body), event, "wait"),
            f"{name}_throw": Refused(throw(body), event, "tell"),
            f"{name}_boundary": Refused(at_boundary(body), event, "side"),
        }
        if name != "terminate":
            found[f"{name}_end"] = Refused(at_end(body), event, "finish")
    elsewhere = ("error_boundary", "error_end", "escalation_throw", "escalation_boundary", "escalation_end")
    return {name: model for name, model in found.items() if name not in elsewhere}  # see refused_parts.py


def _elements() -> dict[str, Refused]:
    """Elements that are outside the profile."""
    element = "profile.element"
    sub = changed(good.sub_process, ('id="meeting" name', 'id="meeting" triggeredByEvent="true" name'))
    loop = "<bpmn:multiInstanceLoopCharacteristics>"
    tasks = {
        "task_without_type": Node("task", "odd", "何かする"),
        "complex_gateway": Node("complexGateway", "odd", "複合"),
        "transaction": Node("transaction", "odd", "取引"),
        "ad_hoc_sub_process": Node("adHocSubProcess", "odd", "随時"),
    }
    found = {name: Refused(instead(node), element, "odd") for name, node in tasks.items()}
    in_scope = {
        "data_object": '<bpmn:dataObject id="odd"/>',
        "data_object_reference": '<bpmn:dataObjectReference id="odd" dataObjectRef="d"/>',
        "data_store_reference": '<bpmn:dataStoreReference id="odd" name="台帳"/>',
        "process_property": '<bpmn:property id="odd" name="x"/>',
        "process_io_specification": '<bpmn:ioSpecification id="odd"/>',
        "correlation_subscription": '<bpmn:correlationSubscription id="odd" correlationKeyRef="k"/>',
        "process_resource_role": '<bpmn:potentialOwner id="odd"/>',
        "process_auditing": '<bpmn:auditing id="odd"/>',
    }
    found |= {name: Refused(in_process(text), element, "odd") for name, text in in_scope.items()}
    in_work = {
        "task_io_specification": '<bpmn:ioSpecification id="odd"/>',
        "task_property": '<bpmn:property id="odd" name="x"/>',
        "task_performer": '<bpmn:humanPerformer id="odd"/>',
        "task_data_input": '<bpmn:dataInputAssociation id="odd"/>',
        "task_data_output": '<bpmn:dataOutputAssociation id="odd"/>',
        "task_rendering": '<bpmn:rendering id="odd"/>',
    }
    found |= {name: Refused(in_task(text), element, "odd") for name, text in in_work.items()}
    at_root = {
        "data_store": '<bpmn:dataStore id="odd" name="台帳"/>',
        "item_definition": '<bpmn:itemDefinition id="odd"/>',
        "interface": '<bpmn:interface id="odd" name="i"/>',
        "correlation_property": '<bpmn:correlationProperty id="odd"/>',
        "choreography": '<bpmn:choreography id="odd"/>',
    }
    found |= {name: Refused(in_root(text), element, "odd") for name, text in at_root.items()}
    return found | {
        "import_of_another_file": Refused(
            in_root('<bpmn:import importType="x" location="http://example.test/x" namespace="n"/>'),
            element,
            "sample_definitions",
        ),
        "event_sub_process": Refused(sub, "profile.value", "meeting"),
        "two_loops_on_one_task": Refused(
            changed(
                good.multi_instance_parallel,
                ("</bpmn:userTask>", f"{loop}</bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>"),
            ),
            "structure.multi_instance_several",
            "answer_each",
        ),
        "element_of_another_engine": Refused(
            in_task(
                '<bpmn:extensionElements><z:taskDefinition xmlns:z="http://camunda.org/schema/zeebe/1.0" type="x"/>'
                "</bpmn:extensionElements>"
            ),
            element,
            "hear",
        ),
        "text_between_elements": Refused(in_task("急ぐこと"), "profile.text", "hear"),
        "flow_in_the_wrong_place": Refused(
            in_task('<bpmn:sequenceFlow id="odd" sourceRef="hear" targetRef="finish"/>'), "profile.place", "odd"
        ),
    }


def _extensions() -> dict[str, Refused]:
    """Attributes and extension elements that nothing reads."""

    def extension(child: str) -> str:
        return in_task(f"<bpmn:extensionElements>{child}</bpmn:extensionElements>")

    spiff = 'xmlns:s="http://spiffworkflow.org/bpmn/schema/1.0/core"'
    found = {
        "camunda_assignee": 'camunda:assignee="sato"',
        "camunda_candidate_users": 'camunda:candidateUsers="sato"',
        "camunda_due_date": 'camunda:dueDate="P5D"',
        "camunda_async_before": 'camunda:asyncBefore="true"',
        "camunda_exclusive": 'camunda:exclusive="false"',
        "camunda_priority": 'camunda:priority="10"',
        "unknown_own_attribute": 'tsunagu:deadline="5 business_days"',
        "attribute_of_another_engine": f'{spiff} s:unitTests="x"',
        "misspelt_attribute": 'nam="x"',
        "completion_quantity": 'completionQuantity="2"',
        "start_quantity": 'startQuantity="2"',
        "for_compensation": 'isForCompensation="true"',
    }
    values = {"completion_quantity", "start_quantity", "for_compensation"}
    refused = {
        name: Refused(on_task(text), "profile.value" if name in values else "profile.attribute", "hear")
        for name, text in found.items()
    }
    elements = {
        "camunda_execution_listener": '<camunda:executionListener class="x" event="start"/>',
        "camunda_task_listener": '<camunda:taskListener class="x" event="create"/>',
        "camunda_form_data": '<camunda:formData><camunda:formField id="a"/></camunda:formData>',
        "camunda_properties": '<camunda:properties><camunda:property name="a" value="b"/></camunda:properties>',
        "camunda_retries": "<camunda:failedJobRetryTimeCycle>R3/PT10M</camunda:failedJobRetryTimeCycle>",
        "camunda_connector": "<camunda:connector><camunda:connectorId>http</camunda:connectorId></camunda:connector>",
        "unknown_own_element": "<tsunagu:reminder/>",
    }
    refused |= {name: Refused(extension(text), "profile.element", "hear") for name, text in elements.items()}
    service = good.service_task
    return refused | {
        "camunda_java_class": Refused(
            changed(service, ('id="name_lead"', 'id="name_lead" camunda:class="org.example.Delegate"')),
            "profile.attribute",
            "name_lead",
        ),
        "camunda_external_task": Refused(
            changed(service, ('id="name_lead"', 'id="name_lead" camunda:type="external" camunda:topic="x"')),
            "profile.attribute",
            "name_lead",
        ),
        "camunda_script_in_input": Refused(
            changed(
                service,
                (
                    ">owner_org</camunda:inputParameter>",
                    '><camunda:script scriptFormat="js">1</camunda:script></camunda:inputParameter>',
                ),
            ),
            "profile.element",
            "name_lead",
        ),
        "input_output_on_a_user_task": Refused(
            extension(
                '<camunda:inputOutput><camunda:inputParameter name="a">1</camunda:inputParameter></camunda:inputOutput>'
            ),
            "profile.place",
            "hear",
        ),
        "entry_on_the_wrong_element": Refused(
            extension('<tsunagu:entry name="manual" label="始める"/>'), "profile.place", "hear"
        ),
        "unknown_entry": Refused(plain(('name="manual"', 'name="somehow"')), "profile.value", "begin"),
        "unknown_variable_type": Refused(
            changed(good.exclusive_gateway, ('type="text"', 'type="string"')), "profile.value", "sample"
        ),
        "payload_on_a_user_task": Refused(on_task('tsunagu:payload="level"'), "profile.attribute", "hear"),
        "boundary_that_follows_something_else": Refused(
            changed(good.boundary_timer, ('tsunagu:follows="overdue"', 'tsunagu:follows="warn"')),
            "profile.value",
            "late",
        ),
        "receive_task_that_starts": Refused(
            changed(good.receive_task, ('id="wait"', 'id="wait" instantiate="true"')), "profile.value", "wait"
        ),
        "event_gateway_that_waits_for_all": Refused(
            changed(good.event_based_gateway, ('id="race"', 'id="race" eventGatewayType="Parallel"')),
            "profile.value",
            "race",
        ),
    }


def _graph() -> dict[str, Refused]:
    """Shapes that cannot run to the end as drawn."""
    two_starts = Diagram(
        [start(), Node("startEvent", "again", "もう一つ"), work("hear", "話を聴く"), end()],
        [*chain("begin", "hear", "finish"), Line("again", "hear")],
    )
    island = Diagram([start(), work("hear", "話を聴く"), work("alone", "一人"), end()],
                     [*chain("begin", "hear", "finish"), Line("alone", "finish")])  # fmt: skip
    fork = [start(), Node("parallelGateway", "fork", "同時に"), work("a", "甲"), work("b", "乙")]
    forked = [*chain("begin", "fork"), Line("fork", "a", "甲"), Line("fork", "b", "乙")]
    dead = Diagram([*fork, end()], [*forked, *chain("a", "finish")])
    lost = Diagram([start(), work("hear", "話を聴く"), work("a", "甲"), work("b", "乙"), end()],
                   [*chain("begin", "hear", "finish"), *chain("a", "b", "a")])  # fmt: skip
    gateway = Node("exclusiveGateway", "again", "もう一度か", 'default="f_again__finish"')
    service = Node("serviceTask", "count", "数える", 'tsunagu:operation="case.set_lead"')
    spinning = Diagram(
        [start(), service, gateway, end()],
        [
            *chain("begin", "count", "again"),
            Line("again", "count", "もう一度", "level > 1"),
            Line("again", "finish", "終わる"),
        ],
        extensions=variable("level", "int"),
    )
    choose = Node("exclusiveGateway", "which", "どちらか", 'default="f_which__b"')
    stuck = Diagram(
        [start(), choose, work("a", "甲"), work("b", "乙"), Node("parallelGateway", "join"), end()],
        [*chain("begin", "which"), Line("which", "a", "甲", "level > 1"), Line("which", "b", "乙"),
         *chain("a", "join", "finish"), *chain("b", "join")],
        extensions=variable("level", "int"),
    )  # fmt: skip
    doubled = Diagram([*fork, work("c", "丙"), end()], [*forked, *chain("a", "c", "finish"), *chain("b", "c")])
    twice = ("  </bpmn:process>", '<bpmn:sequenceFlow id="odd" sourceRef="hear" targetRef="finish"/>  </bpmn:process>')
    never_waits = Diagram(
        [start(), Node("serviceTask", "count", "数える", 'tsunagu:operation="case.set_lead"'),
         Node("boundaryEvent", "side", "横", 'attachedToRef="count"', catches("m_answer")),
         end(), end("side_end", "横")],
        [*chain("begin", "count", "finish"), *chain("side", "side_end")],
        root=message("m_answer", "case.answered"),
    )  # fmt: skip
    race_task = Diagram(
        [start(), Node("eventBasedGateway", "race", "どれが先か"), work("hear", "話を聴く"),
         Node("intermediateCatchEvent", "late", "期限", body=timer()), end(), end("late_end", "遅れ")],
        [*chain("begin", "race", "hear", "finish"), *chain("race", "late", "late_end")],
    )  # fmt: skip
    same_message = Diagram(
        [start(), Node("eventBasedGateway", "race", "どれが先か"),
         Node("intermediateCatchEvent", "a", "返事", body=catches("m_answer")),
         Node("receiveTask", "b", "返事", 'messageRef="m_answer"'), end(), end("late_end", "遅れ")],
        [*chain("begin", "race", "a", "finish"), *chain("race", "b", "late_end")],
        root=message("m_answer", "case.answered"),
    )  # fmt: skip
    return {
        "two_start_events": Refused(two_starts.text(), "structure.start_count", "sample"),
        "no_end_event": Refused(
            Diagram([start(), work("hear", "話を聴く")], chain("begin", "hear")).text(),
            "structure.end_missing",
            "sample",
        ),
        "no_incoming_flow": Refused(island.text(), "structure.no_incoming", "alone"),
        "dead_end_beside_a_live_branch": Refused(dead.text(), "structure.dead_end", "b"),
        "unreachable_loop": Refused(lost.text(), "structure.unreachable", "a"),
        "loop_without_wait": Refused(spinning.text(), "structure.loop_without_wait", "count"),
        "choice_into_parallel_join": Refused(stuck.text(), "soundness.stuck", "join"),
        "parallel_into_one_task": Refused(doubled.text(), "soundness.several_tokens", "c"),
        "two_flows_between_two_nodes": Refused(plain(twice), "flow.duplicate", "odd"),
        "flow_to_nowhere": Refused(
            plain(('targetRef="finish"', 'targetRef="gone"')), "flow.end_missing", "f_hear__finish"
        ),
        "flow_into_a_sub_process": Refused(
            changed(good.sub_process, ('targetRef="meeting"', 'targetRef="hold"')), "flow.crosses", "f_begin__meeting"
        ),
        "boundary_on_a_service_task": Refused(never_waits.text(), "structure.boundary_never", "count"),
        "boundary_on_nothing": Refused(
            changed(good.boundary_message, ('attachedToRef="hear"', 'attachedToRef="gone"')),
            "structure.boundary_target",
            "stop",
        ),
        "sub_process_with_message_start": Refused(
            changed(
                good.sub_process,
                ('name="準備を始める" >', f'name="準備を始める" >{catches("m_answer")}'),
                ("  <bpmn:process ", message("m_answer", "case.answered") + "  <bpmn:process "),
            ),
            "structure.sub_process_start",
            "meeting_begin",
        ),
        "event_gateway_to_a_user_task": Refused(race_task.text(), "gateway.event_target", "race"),
        "event_gateway_with_one_message_twice": Refused(same_message.text(), "gateway.event_message_twice", "race"),
        "written_flow_that_is_not_there": Refused(
            plain(("<bpmn:outgoing>f_hear__finish", "<bpmn:outgoing>f_other")), "flow.incoming_mismatch", "hear"
        ),
        "two_processes": Refused(in_root('<bpmn:process id="second" isExecutable="true"/>'), "structure.process", ""),
        "not_executable": Refused(
            plain(('isExecutable="true"', 'isExecutable="false"')), "structure.executable", "sample"
        ),
        "executable_left_out": Refused(plain(('isExecutable="true"', "")), "structure.executable", "sample"),
        "process_with_another_id": Refused(
            plain(
                ('bpmn:process id="sample"', 'bpmn:process id="renamed"'),
                ('processRef="sample"', 'processRef="renamed"'),
            ),
            "structure.process_id",
            "renamed",
        ),
        "element_outside_the_lanes": Refused(
            plain(("<bpmn:flowNodeRef>hear</bpmn:flowNodeRef>", "")), "structure.lane_missing", "hear"
        ),
        "lane_with_an_element_that_is_not_there": Refused(
            plain(("<bpmn:flowNodeRef>hear<", "<bpmn:flowNodeRef>gone</bpmn:flowNodeRef><bpmn:flowNodeRef>hear<")),
            "structure.lane_unknown",
            "sample_lane",
        ),
    }


def _names() -> dict[str, Refused]:
    """Ids and names."""

    def renamed(element_id: str) -> str:
        return good.none_start().text().replace("hear", element_id)

    return {
        "id_start": Refused(renamed("Start"), "structure.id_reserved", "Start"),
        "id_end": Refused(renamed("End"), "structure.id_reserved", "End"),
        "id_end_join": Refused(renamed("sample.EndJoin"), "structure.id_reserved", "sample.EndJoin"),
        "id_boundary_split": Refused(renamed("x.BoundaryEventSplit"), "structure.id_reserved", "x.BoundaryEventSplit"),
        "id_with_path": Refused(renamed("../../etc"), "structure.id_form", "../../etc"),
        "id_with_space": Refused(renamed("two words"), "structure.id_form", "two words"),
        "id_twice": Refused(
            changed(good.sub_process, ('<bpmn:userTask id="hold"', '<bpmn:userTask id="begin"')),
            "structure.id_duplicate",
            "begin",
        ),
        "id_missing": Refused(plain(('<bpmn:userTask id="hear"', "<bpmn:userTask")), "structure.id_missing", ""),
        "task_without_name": Refused(plain((' name="話を聴く"', "")), "structure.name_missing", "hear"),
        "name_with_hidden_direction": Refused(
            plain(('name="話を聴く"', 'name="話を\u202e聴く"')), "structure.hidden_characters", "hear"
        ),
    }


def _work() -> dict[str, Refused]:
    """Tasks, timers, loops and expressions that could not work."""
    gate = '>level == "重い"<'
    clock = 'tsunagu:sla="5 business_days"'
    declare = variable("org", "text")
    mi = good.multi_instance_parallel
    return {
        "task_without_role": Refused(
            plain(('camunda:candidateGroups="intake_worker"', "")), "task.role_missing", "hear"
        ),
        "task_with_unknown_role": Refused(plain(("intake_worker", "boss")), "task.role_unknown", "hear"),
        "task_without_clock": Refused(plain((clock, "")), "task.clock_missing", "hear"),
        "task_with_iso_period": Refused(plain((clock, 'tsunagu:sla="P5D"')), "profile.value", "hear"),
        "due_rule_without_period": Refused(
            plain((clock, 'tsunagu:due="started_on" tsunagu:dueRule="earlier"')), "task.due_rule", "hear"
        ),
        "roll_without_date": Refused(on_task('tsunagu:roll="true"'), "task.roll", "hear"),
        "unknown_ladder": Refused(on_task('tsunagu:ladder="steep"'), "task.ladder_unknown", "hear"),
        "unknown_org_scope": Refused(on_task('tsunagu:orgScope="everyone"'), "task.org_scope_unknown", "hear"),
        "four_eyes_with_nobody": Refused(on_task('tsunagu:notSameAs="gone"'), "task.not_same_as_unknown", "hear"),
        "assigned_to_nothing": Refused(on_task('tsunagu:assignTo="worker"'), "task.assign_to_unknown", "hear"),
        "unknown_operation": Refused(on_task('tsunagu:operation="case.explode"'), "task.operation_unknown", "hear"),
        "service_without_operation": Refused(
            changed(good.service_task, (' tsunagu:operation="case.set_lead"', "")),
            "service.operation_missing",
            "name_lead",
        ),
        "service_with_unknown_input": Refused(
            changed(good.service_task, ('inputParameter name="org"', 'inputParameter name="agency"')),
            "service.input_unknown",
            "name_lead",
        ),
        "service_with_unknown_output": Refused(
            changed(good.service_task, (">lead_org<", ">leader<")), "service.output_unknown", "name_lead"
        ),
        "service_into_undeclared_variable": Refused(
            changed(good.service_task, ('outputParameter name="leading"', 'outputParameter name="somebody"')),
            "service.output_variable",
            "name_lead",
        ),
        "timer_without_expression": Refused(
            changed(good.event_based_gateway, (_TIMER_OF_GATEWAY, "")), "timer.expression_missing", "too_late"
        ),
        "timer_with_two_expressions": Refused(
            catch(timer().replace("</bpmn:timerEvent", "<bpmn:timeDate>started_on</bpmn:timeDate></bpmn:timerEvent")),
            "timer.several",
            "wait",
        ),
        "cycle_on_catch_event": Refused(catch(timer("timeCycle", "R3/P7D")), "timer.cycle", "wait"),
        "cycle_on_interrupting_boundary": Refused(
            changed(good.boundary_timer_cycle, ('cancelActivity="false"', 'cancelActivity="true"')),
            "timer.cycle",
            "again",
        ),
        "timer_that_follows_nothing": Refused(
            changed(good.boundary_timer_cycle, ('id="again"', 'id="again" tsunagu:follows="overdue"')),
            "timer.follows",
            "again",
        ),
        "interrupting_timer_on_a_task": Refused(
            changed(good.boundary_timer, ('cancelActivity="false"', 'cancelActivity="true"')),
            "guard.interrupting_timer",
            "late",
        ),
        "statutory_act_for_anybody": Refused(
            good.none_start().text().replace("hear", "em_enter"), "guard.city_staff", "em_enter"
        ),
        "conference_without_consent": Refused(
            on_task('tsunagu:operation="conference.record"'), "guard.consent", "hear"
        ),
        "expression_in_juel": Refused(
            changed(good.exclusive_gateway, (gate, '>${level == "重い"}<')), "expression.refused", "f_which__heavy"
        ),
        "expression_with_one_equals_sign": Refused(
            changed(good.exclusive_gateway, (gate, '>level = "重い"<')), "expression.refused", "f_which__heavy"
        ),
        "expression_with_undeclared_variable": Refused(
            changed(good.exclusive_gateway, (gate, '>heavyness == "重い"<')), "expression.refused", "f_which__heavy"
        ),
        "expression_with_unknown_function": Refused(
            changed(good.exclusive_gateway, (gate, '>open("x") == level<')), "expression.refused", "f_which__heavy"
        ),
        "expression_that_imports": Refused(
            changed(good.exclusive_gateway, (gate, ">__import__('os')<")), "expression.refused", "f_which__heavy"
        ),
        "text_compared_with_a_number": Refused(
            changed(good.exclusive_gateway, (gate, ">level == 3<")), "expression.kind", "f_which__heavy"
        ),
        "unknown_organisation_in_a_condition": Refused(
            changed(good.exclusive_gateway, (gate, '>owner_org == "ZZ-99"<')), "expression.refused", "f_which__heavy"
        ),
        "variable_declared_twice": Refused(
            changed(good.exclusive_gateway, ("<tsunagu:variable", f"{variable('level', 'text')}<tsunagu:variable")),
            "variable.twice",
            "sample",
        ),
        "variable_with_a_reserved_name": Refused(
            changed(good.exclusive_gateway, ("<tsunagu:variable", f"{variable('case_id', 'text')}<tsunagu:variable")),
            "variable.reserved",
            "sample",
        ),
        "multi_instance_over_a_text": Refused(
            changed(mi, ('name="orgs" type="list"', 'name="orgs" type="text"')),
            "multi_instance.collection_type",
            "answer_each",
        ),
        "multi_instance_without_list": Refused(
            changed(mi, ("<bpmn:loopDataInputRef>orgs</bpmn:loopDataInputRef>", "")),
            "multi_instance.collection",
            "answer_each",
        ),
        "multi_instance_without_item": Refused(
            changed(mi, ('<bpmn:inputDataItem id="org" name="org"/>', "")), "multi_instance.item", "answer_each"
        ),
        "multi_instance_item_that_hides_a_variable": Refused(
            changed(mi, ("<tsunagu:variable", f"{declare}<tsunagu:variable")), "multi_instance.item_name", "answer_each"
        ),
        "multi_instance_item_with_two_names": Refused(
            changed(mi, ('inputDataItem id="org" name="org"', 'inputDataItem id="item_1" name="org"')),
            "multi_instance.item_id",
            "answer_each",
        ),
        "multi_instance_item_that_no_expression_can_read": Refused(
            changed(mi, ('inputDataItem id="org" name="org"', 'inputDataItem id="Org-1" name="Org-1"')),
            "multi_instance.item_id",
            "answer_each",
        ),
        "multi_instance_output_without_list": Refused(
            changed(mi, ("<bpmn:loopDataOutputRef>answers</bpmn:loopDataOutputRef>", "")),
            "multi_instance.output",
            "answer_each",
        ),
        "parallel_instances_that_overwrite_each_other": Refused(
            changed(
                mi,
                ("<bpmn:userTask ", '<bpmn:userTask tsunagu:operation="referral.answer" '),
                ("<tsunagu:variable", f"{variable('referral_result', 'text')}<tsunagu:variable"),
            ),
            "multi_instance.writes_outside",
            "answer_each",
        ),
    }


def _messages() -> dict[str, Refused]:
    """Messages without a name, a sender or a receiver."""
    return {
        "receive_without_message": Refused(
            changed(good.receive_task, (' messageRef="m_answer"', "")), "message.ref_missing", "wait"
        ),
        "send_without_message": Refused(
            changed(good.send_task, ('messageRef="m_asked" ', "")), "message.ref_missing", "ask"
        ),
        "catch_without_message": Refused(
            changed(good.message_catch, (' messageRef="m_answer"', "")), "message.ref_missing", "wait"
        ),
        "message_that_is_not_declared": Refused(
            changed(good.message_catch, (' messageRef="m_answer"', ' messageRef="m_gone"')),
            "message.ref_missing",
            "wait",
        ),
        "message_without_name": Refused(
            changed(good.message_catch, (' name="case.answered"', "")), "message.name_missing", "m_answer"
        ),
        "message_named_in_japanese": Refused(
            changed(good.message_catch, ("case.answered", "返事")), "message.name_form", "m_answer"
        ),
        "message_declared_twice": Refused(
            changed(good.message_catch, ("  <bpmn:message ", message("m_more", "case.answered") + "  <bpmn:message ")),
            "message.twice",
            "m_answer",
        ),
        "message_nobody_sends": Refused(
            changed(good.message_catch, ("case.answered", "case.unheard")), "message.never_thrown", "wait"
        ),
        "message_nobody_receives": Refused(
            changed(good.message_throw, ("case.asked", "case.unheard")), "message.never_caught", "ask"
        ),
        "payload_that_is_not_declared": Refused(
            changed(good.message_throw, ('tsunagu:payload="level"', 'tsunagu:payload="weight"')),
            "message.payload_undeclared",
            "ask",
        ),
        "payload_that_is_not_sent": Refused(
            changed(
                good.message_catch,
                ('tsunagu:payload="level"', 'tsunagu:payload="level weight"'),
                ("<tsunagu:variable", f"{variable('weight', 'int')}<tsunagu:variable"),
            ),
            "message.payload_unsent",
            "wait",
        ),
        "payload_of_another_type": Refused(
            changed(good.message_catch, ('name="level" type="text"', 'name="level" type="int"')),
            "message.payload_type",
            "wait",
        ),
        "start_with_payload_of_another_type": Refused(
            changed(
                good.exclusive_gateway,
                ('name="manual" label', 'name="message" message="case.answered" label'),
                ('name="level" type="text"', 'name="level" type="date"'),
            ),
            "message.payload_type",
            "begin",
        ),
        "start_by_message_with_ways_in": Refused(
            changed(
                good.message_start,
                (
                    "<bpmn:messageEventDefinition",
                    '<bpmn:extensionElements><tsunagu:entry name="manual" label="始める"/></bpmn:extensionElements>'
                    "<bpmn:messageEventDefinition",
                ),
            ),
            "entry.with_message_start",
            "begin",
        ),
        "no_way_in": Refused(
            plain(('<tsunagu:entry name="manual" label="職員が始める"/>', "")), "entry.missing", "begin"
        ),
    }


def _rule_tasks() -> dict[str, Refused]:
    """Business rule tasks that do not fit their table (surroundings.TABLES)."""
    good_ref = 'camunda:decisionRef="weight"'
    help_type = '<tsunagu:variable name="help_given" type="text"'
    level_type = '<tsunagu:variable name="level" type="text"'

    def rule(old: str, new: str) -> str:
        return changed(good.business_rule_task, (old, new))

    return {
        "rule_task_without_table": Refused(rule(good_ref, ""), "rule.decision_missing", "weigh"),
        "rule_task_unknown_table": Refused(rule("Ref=\"weight", "Ref=\"height"), "decision.unknown", "weigh"),
        "rule_task_result_mapping": Refused(
            rule(good_ref, f'{good_ref} camunda:mapDecisionResult="singleEntry"'), "profile.attribute", "weigh"
        ),
        "rule_task_table_of_another_version": Refused(
            rule(good_ref, f'{good_ref} camunda:decisionRefBinding="latest"'), "profile.attribute", "weigh"
        ),
        "rule_task_input_undeclared": Refused(
            rule('name="level"', 'name="depth"'), "decision.input_undeclared", "weigh"
        ),
        "rule_task_input_of_another_type": Refused(
            rule(level_type, level_type.replace("text", "int")), "decision.input_type", "weigh"
        ),
        "rule_task_input_not_in_the_table": Refused(
            rule('name="away">', 'name="far">'), "decision.parameter_unknown", "weigh"
        ),
        "rule_task_output_undeclared": Refused(
            rule('Variable="help_given"', 'Variable="help_taken"'), "decision.output_undeclared", "weigh"
        ),
        "rule_task_output_of_another_type": Refused(
            rule(help_type, help_type.replace("text", "object")), "decision.output_type", "weigh"
        ),
        "rule_task_without_result_variable": Refused(
            rule(' camunda:resultVariable="help_given"', ""), "decision.output_undeclared", "weigh"
        ),
        "rule_task_result_unknown": Refused(
            rule("</camunda:inputOutput>", '<camunda:outputParameter name="help_given">aid</camunda:outputParameter>'
                 "</camunda:inputOutput>"), "decision.result_unknown", "weigh",
        ),
        "rule_task_two_results": Refused(
            rule("</camunda:inputOutput>", '<camunda:outputParameter name="help_given">help</camunda:outputParameter>'
                 "</camunda:inputOutput>"), "decision.result_twice", "weigh",
        ),
    }  # fmt: skip


def models() -> dict[str, Refused]:
    """Every refused model by the name of its file."""
    groups = (
        _conditions(),
        _events(),
        _elements(),
        _extensions(),
        _graph(),
        _names(),
        _work(),
        _messages(),
        _rule_tasks(),
    )
    found: dict[str, Refused] = {}
    for group in groups:
        assert not found.keys() & group.keys()
        found |= group
    more = {name: Refused(*neighbour) for name, neighbour in refused_parts.models().items()}
    assert not found.keys() & more.keys()
    return found | more


def expected_yaml() -> str:
    """The sidecar: what must be said of each file."""
    lines = ['# What must be said of each file: the rule, and the element it is about ("" = the file as a whole).']
    for name, model in sorted(models().items()):
        lines.append(f'{name}: {{rule: {model.rule}, element: "{model.element_id}"}}')
    return "\n".join(lines) + "\n"


def texts() -> dict[str, str]:
    """File name -> text of every model, and of the sidecar."""
    return {f"{name}.bpmn": model.text for name, model in models().items()} | {"expected.yaml": expected_yaml()}


def write() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
