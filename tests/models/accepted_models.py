"""One small process per row of the profile; ``python -m tests.models.accepted_models`` writes them to accepted/."""

from __future__ import annotations

from pathlib import Path

from tests.models import accepted_parts
from tests.models.drawing import Diagram, Line, Node, catches, chain, end, message, start, variable, work

FOLDER = Path(__file__).with_name("accepted")
_ANSWER = message("m_answer", "case.answered")
_ASKED = message("m_asked", "case.asked")
_LEVEL = variable("level", "text")


def _timer(kind: str, expression: str) -> str:
    return (
        f'<bpmn:timerEventDefinition id="d_timer"><bpmn:{kind} xsi:type="bpmn:tFormalExpression">{expression}'
        f"</bpmn:{kind}></bpmn:timerEventDefinition>"
    )


def _straight(node: Node, *, root: str = "", extensions: str = "", more: tuple[Node, ...] = ()) -> Diagram:
    nodes = [start(), node, *more, end()]
    return Diagram(nodes, chain("begin", node.id, "finish"), root=root, extensions=extensions)


def user_task() -> Diagram:
    task = work(
        "hear", "話を聴く", 'camunda:formKey="hear"', due="started_on", dueRule="earlier", roll="true",
        warn="1 business_day", ladder="none", orgScope="owner worker_org", calendar="owner", cityStaffOnly="true",
        notSameAs="confirm", operation="contact.record", assignTo="worker", stage="受付", holdAllowed="false",
    )  # fmt: skip
    declared = variable("worker", "text") + variable("worker_org", "text")
    task = Node(task.tag, task.id, task.name, task.attrs, "<bpmn:documentation>本人の話を聴く。</bpmn:documentation>")
    confirm = work("confirm", "確かめる", 'camunda:formKey="hear"')
    nodes = [start(), confirm, task, end()]
    return Diagram(nodes, chain("begin", "confirm", "hear", "finish"), extensions=declared)


def service_task() -> Diagram:
    body = (
        "<bpmn:extensionElements><camunda:inputOutput>"
        '<camunda:inputParameter name="org">owner_org</camunda:inputParameter>'
        '<camunda:outputParameter name="leading">lead_org</camunda:outputParameter>'
        "</camunda:inputOutput></bpmn:extensionElements>"
    )
    node = Node("serviceTask", "name_lead", "主担当機関を決める", 'tsunagu:operation="case.set_lead"', body)
    return _straight(node, extensions=variable("leading", "text"))


def business_rule_task() -> Diagram:
    """Asks surroundings.TABLES; one input as the variable of its name, one worked out."""
    body = (
        "<bpmn:extensionElements><camunda:inputOutput>"
        '<camunda:inputParameter name="away">owner_org != lead_org</camunda:inputParameter>'
        "</camunda:inputOutput></bpmn:extensionElements>"
    )
    attrs = 'camunda:decisionRef="weight" camunda:resultVariable="help_given"'
    declared = variable("level", "text") + variable("help_given", "text")
    return _straight(Node("businessRuleTask", "weigh", "手厚さを判定する", attrs, body), extensions=declared)


def send_task() -> Diagram:
    attrs = 'messageRef="m_asked" tsunagu:payload="level" tsunagu:correlate="level"'
    return _straight(Node("sendTask", "ask", "たずねる", attrs), root=_ASKED, extensions=_LEVEL)


def receive_task() -> Diagram:
    attrs = 'messageRef="m_answer" tsunagu:payload="level"'
    return _straight(Node("receiveTask", "wait", "返事を待つ", attrs), root=_ANSWER, extensions=_LEVEL)


def _choice(tag: str) -> Diagram:
    gateway = Node(tag, "which", "困りごとは重いか", 'default="f_which__light"')
    nodes = [
        start(),
        work("screen", "見立てる"),
        gateway,
        work("heavy", "手厚く支える"),
        work("light", "見守る"),
        end(),
    ]
    lines = [
        *chain("begin", "screen", "which"),
        Line("which", "heavy", "重い", 'level == "重い"'),
        Line("which", "light", "軽い"),
    ]
    if tag == "inclusiveGateway":
        nodes.insert(-1, Node(tag, "merged"))
        return Diagram(nodes, [*lines, *chain("heavy", "merged"), *chain("light", "merged", "finish")], _LEVEL)
    return Diagram(nodes, [*lines, *chain("heavy", "finish"), *chain("light", "finish")], extensions=_LEVEL)


def exclusive_gateway() -> Diagram:
    return _choice("exclusiveGateway")


def inclusive_gateway() -> Diagram:
    return _choice("inclusiveGateway")


def parallel_gateway() -> Diagram:
    nodes = [start(), Node("parallelGateway", "fork", "同時に進める"), work("ask", "たずねる"), work("look", "調べる")]
    nodes += [Node("parallelGateway", "joined"), end()]
    lines = [*chain("begin", "fork"), Line("fork", "ask", "たずねる"), Line("fork", "look", "調べる")]
    return Diagram(nodes, [*lines, *chain("ask", "joined"), *chain("look", "joined", "finish")])


def event_based_gateway() -> Diagram:
    nodes = [
        start(),
        Node("eventBasedGateway", "race", "返事が先か期限が先か"),
        Node("intermediateCatchEvent", "answered", "返事が届く", body=catches("m_answer")),
        Node("intermediateCatchEvent", "too_late", "期限が来る", body=_timer("timeDuration", "P3D")),
        end(),
        end("given_up", "あきらめる"),
    ]
    lines = [*chain("begin", "race", "answered", "finish"), *chain("race", "too_late", "given_up")]
    return Diagram(nodes, lines, root=_ANSWER)


def sub_process() -> Diagram:
    nodes = [
        start(),
        Node("subProcess", "meeting", "会議一回分"),
        Node("startEvent", "meeting_begin", "準備を始める", inside="meeting"),
        work("hold", "会議を開く", inside="meeting"),
        end("meeting_done", "記録した", inside="meeting"),
        end(),
    ]
    lines = [*chain("begin", "meeting", "finish"), *chain("meeting_begin", "hold", "meeting_done")]
    return Diagram(nodes, lines)


def none_start() -> Diagram:
    return _straight(work("hear", "話を聴く"))


def message_start() -> Diagram:
    begin = Node("startEvent", "begin", "依頼が届く", 'tsunagu:payload="level"', catches("m_answer"))
    nodes = [begin, work("hear", "話を聴く"), end()]
    return Diagram(nodes, chain("begin", "hear", "finish"), root=_ANSWER, extensions=_LEVEL)


def none_end() -> Diagram:
    return _straight(work("hear", "話を聴く", sla="48 hours", ladder="safety_check"))


def message_end() -> Diagram:
    last = Node("endEvent", "finish", "たずねて終わる", 'tsunagu:payload="level"', catches("m_asked"))
    nodes = [start(), work("hear", "話を聴く"), last]
    return Diagram(nodes, chain("begin", "hear", "finish"), root=_ASKED, extensions=_LEVEL)


def terminate_end() -> Diagram:
    last = end("finish", "すべて終える", '<bpmn:terminateEventDefinition id="d_all"/>')
    nodes = [start(), Node("parallelGateway", "fork", "同時に進める"), work("ask", "たずねる"), work("look", "調べる")]
    nodes += [last, end("answered", "たずねた")]
    lines = [*chain("begin", "fork"), Line("fork", "ask", "たずねる"), Line("fork", "look", "調べる")]
    return Diagram(nodes, [*lines, *chain("ask", "answered"), *chain("look", "finish")])


def message_catch() -> Diagram:
    node = Node("intermediateCatchEvent", "wait", "返事が届く", 'tsunagu:payload="level"', catches("m_answer"))
    return _straight(node, root=_ANSWER, extensions=_LEVEL)


def timer_catch() -> Diagram:
    moment = _timer("timeDate", "start_of(business_days_before(review_on, 10))")
    return _straight(Node("intermediateCatchEvent", "until", "評価の10開庁日前", body=moment),
                     extensions=variable("review_on", "date"))  # fmt: skip


def message_throw() -> Diagram:
    node = Node("intermediateThrowEvent", "ask", "たずねる", 'tsunagu:payload="level"', catches("m_asked"))
    return _straight(node, root=_ASKED, extensions=_LEVEL)


def boundary_timer() -> Diagram:
    attrs = 'attachedToRef="hear" cancelActivity="false" tsunagu:follows="overdue"'
    late = Node("boundaryEvent", "late", "期限を過ぎた", attrs, _timer("timeDate", "overdue_at(review_on)"))
    nodes = [start(), work("hear", "話を聴く", sla="", due="review_on"), late, work("check", "遅れを確かめる"), end()]
    nodes.append(end("checked", "遅れを確かめた"))
    lines = [*chain("begin", "hear", "finish"), *chain("late", "check", "checked")]
    return Diagram(nodes, lines, extensions=variable("review_on", "date"))


def boundary_timer_cycle() -> Diagram:
    attrs = 'attachedToRef="wait" cancelActivity="false"'
    again = Node("boundaryEvent", "again", "7日ごと", attrs, _timer("timeCycle", "R/P7D"))
    nodes = [start(), Node("receiveTask", "wait", "返事を待つ", 'messageRef="m_answer"'), again]
    nodes += [work("remind", "催促する"), end(), end("reminded", "催促した")]
    lines = [*chain("begin", "wait", "finish"), *chain("again", "remind", "reminded")]
    return Diagram(nodes, lines, root=_ANSWER)


def boundary_timer_interrupting() -> Diagram:
    attrs = 'attachedToRef="wait" cancelActivity="true"'
    late = Node("boundaryEvent", "late", "30日たった", attrs, _timer("timeDuration", "P30D"))
    nodes = [start(), Node("receiveTask", "wait", "返事を待つ", 'messageRef="m_answer"'), late]
    nodes += [end(), end("given_up", "あきらめる")]
    return Diagram(nodes, [*chain("begin", "wait", "finish"), *chain("late", "given_up")], root=_ANSWER)


def boundary_message() -> Diagram:
    stop = Node("boundaryEvent", "stop", "取り下げが届く", 'attachedToRef="hear"', catches("m_answer"))
    nodes = [start(), work("hear", "話を聴く"), stop, end(), end("stopped", "取り下げ")]
    return Diagram(nodes, [*chain("begin", "hear", "finish"), *chain("stop", "stopped")], root=_ANSWER)


def _each(sequential: str, output: str = "") -> str:
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}"><bpmn:loopDataInputRef>orgs'
        f"</bpmn:loopDataInputRef>{'<bpmn:loopDataOutputRef>answers</bpmn:loopDataOutputRef>' if output else ''}"
        f'<bpmn:inputDataItem id="org" name="org"/>{output}</bpmn:multiInstanceLoopCharacteristics>'
    )


def multi_instance_parallel() -> Diagram:
    output = '<bpmn:outputDataItem id="answer" name="answer"/>'
    task = work("answer_each", "それぞれ答える", body=_each("false", output), orgScope="org")
    return _straight(task, extensions=variable("orgs", "list") + variable("answers", "list"))


def multi_instance_sequential() -> Diagram:
    return _straight(
        work("visit", "順に訪ねる", body=_each("true"), orgScope="org"), extensions=variable("orgs", "list")
    )


def multi_instance_sub_process() -> Diagram:
    nodes = [
        start(),
        Node("subProcess", "each", "機関ごと", body=_each("false")),
        Node("startEvent", "each_begin", "始める", inside="each"),
        work("agree", "調整する", inside="each", orgScope="org"),
        end("each_done", "調整した", inside="each"),
        end(),
    ]
    lines = [*chain("begin", "each", "finish"), *chain("each_begin", "agree", "each_done")]
    return Diagram(nodes, lines, extensions=variable("orgs", "list"))


def notes_on_the_drawing() -> Diagram:
    diagram = _straight(work("hear", "話を聴く"))
    diagram.notes = (
        '<bpmn:textAnnotation id="note"><bpmn:text>初回は30分を目安に</bpmn:text></bpmn:textAnnotation>'
        '<bpmn:association id="note_line" associationDirection="None" sourceRef="hear" targetRef="note"/>\n'
    )
    diagram.places["note"] = (420, 120, 140, 40)
    diagram.edges = (
        '    <bpmndi:BPMNEdge id="note_line_di" bpmnElement="note_line"><di:waypoint x="360" y="220"/>'
        '<di:waypoint x="420" y="150"/></bpmndi:BPMNEdge>\n'
    )
    return diagram


#: row of the profile -> a process that needs it
MODELS = {
    "bpmn:userTask": user_task,
    "bpmn:serviceTask": service_task,
    "bpmn:businessRuleTask": business_rule_task,
    "bpmn:sendTask": send_task,
    "bpmn:receiveTask": receive_task,
    "bpmn:exclusiveGateway": exclusive_gateway,
    "bpmn:parallelGateway": parallel_gateway,
    "bpmn:inclusiveGateway": inclusive_gateway,
    "bpmn:eventBasedGateway": event_based_gateway,
    "bpmn:subProcess": sub_process,
    "bpmn:startEvent+none": none_start,
    "bpmn:startEvent+message": message_start,
    "bpmn:endEvent+none": none_end,
    "bpmn:endEvent+message": message_end,
    "bpmn:endEvent+terminate": terminate_end,
    "bpmn:intermediateCatchEvent+message": message_catch,
    "bpmn:intermediateCatchEvent+timer": timer_catch,
    "bpmn:intermediateThrowEvent+message": message_throw,
    "bpmn:boundaryEvent+timer": boundary_timer,
    "bpmn:boundaryEvent+message": boundary_message,
    "bpmn:timeCycle": boundary_timer_cycle,
    "bpmn:timeDuration": boundary_timer_interrupting,
    "bpmn:multiInstanceLoopCharacteristics": multi_instance_parallel,
    "bpmn:loopDataInputRef": multi_instance_sequential,
    "bpmn:inputDataItem": multi_instance_sub_process,
    "bpmn:textAnnotation": notes_on_the_drawing,
    **accepted_parts.MODELS,
}


def file_name(row: str) -> str:
    """``bpmn:startEvent+none`` -> ``startEvent_none.bpmn``."""
    return row.removeprefix("bpmn:").replace("+", "_") + ".bpmn"


def texts() -> dict[str, str]:
    """File name -> text of every model."""
    return {file_name(row): make().text() for row, make in MODELS.items()}


def write() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in texts().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
