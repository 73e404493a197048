"""Models of what came into the profile after the first processes: scripts, calls, loops, signals, errors."""

from __future__ import annotations

from collections.abc import Callable

from tests.models.called_models import ERROR, ESCALATION, REFUSED, SETTLED, SIGNAL, WORRIED
from tests.models.drawing import Diagram, Line, Node, chain, end, start, variable, work

_ORGS = variable("orgs", "list")


def _straight(node: Node, *, root: str = "", extensions: str = "") -> Diagram:
    return Diagram([start(), node, end()], chain("begin", node.id, "finish"), root=root, extensions=extensions)


def _timer(kind: str, expression: str, number: int = 1) -> str:
    return (
        f'<bpmn:timerEventDefinition id="d_timer_{number}"><bpmn:{kind} xsi:type="bpmn:tFormalExpression">{expression}'
        f"</bpmn:{kind}></bpmn:timerEventDefinition>"
    )


# ---------------------------------------------------------------- tasks


def manual_task() -> Diagram:
    task = work("visit", "訪ねる", 'camunda:formKey="visited"', stage="訪問")
    return _straight(Node("manualTask", task.id, task.name, task.attrs))


def script_task() -> Diagram:
    lines = 'turns = 2\nwords = "甲" if turns &gt; 1 else "乙"\n# 期限は三日後'
    script = Node("scriptTask", "count", "数える", 'scriptFormat="tsunagu"', f"<bpmn:script>{lines}</bpmn:script>")
    nodes = [start(), script, work("hear", "話を聴く"), end()]
    declared = variable("turns", "int") + variable("words", "text")
    return Diagram(nodes, chain("begin", "count", "hear", "finish"), extensions=declared)


# ---------------------------------------------------------------- several times


def _each(inner: str, *, sequential: bool = False) -> str:
    words = str(sequential).lower()
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{words}">{inner}</bpmn:multiInstanceLoopCharacteristics>'
    )


def _until(condition: str) -> str:
    return f'<bpmn:completionCondition xsi:type="bpmn:tFormalExpression">{condition}</bpmn:completionCondition>'


def cardinality() -> Diagram:
    count = '<bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">1 + 1</bpmn:loopCardinality>'
    return _straight(work("call_by", "電話する", body=_each(count)))


def cardinality_sequential() -> Diagram:
    count = "<bpmn:loopCardinality>2</bpmn:loopCardinality>" + _until("loop_index == 1")
    return _straight(work("call_by", "順に電話する", body=_each(count, sequential=True)))


def completion_condition() -> Diagram:
    lists = (
        "<bpmn:loopDataInputRef>orgs</bpmn:loopDataInputRef><bpmn:loopDataOutputRef>answers</bpmn:loopDataOutputRef>"
        '<bpmn:inputDataItem id="org" name="org"/><bpmn:outputDataItem id="answer" name="answer"/>'
    )
    body = _each(lists + _until("answer is not None"))
    task = work("answer_each", "早い者が答える", body=body, orgScope="org")
    script = "<bpmn:script>orgs = [owner_org, owner_org]</bpmn:script>"
    nodes = [start(), Node("scriptTask", "list_orgs", "機関を並べる", body=script), task, end()]
    declared = _ORGS + variable("answers", "list")
    return Diagram(nodes, chain("begin", "list_orgs", "answer_each", "finish"), extensions=declared)


def script_each() -> Diagram:
    """A parallel multi-instance of scripts, each writing its own result only."""
    lists = (
        "<bpmn:loopDataInputRef>numbers</bpmn:loopDataInputRef><bpmn:loopDataOutputRef>doubled</bpmn:loopDataOutputRef>"
        '<bpmn:inputDataItem id="number" name="number"/><bpmn:outputDataItem id="twice" name="twice"/>'
    )
    first = Node("scriptTask", "list_numbers", "数を並べる", body="<bpmn:script>numbers = [1, 2]</bpmn:script>")
    each = Node("scriptTask", "double", "倍にする", body="<bpmn:script>twice = number * 2</bpmn:script>" + _each(lists))
    nodes = [start(), first, each, work("look", "結果を見る"), end()]
    declared = variable("numbers", "list") + variable("doubled", "list")
    return Diagram(nodes, chain("begin", "list_numbers", "double", "look", "finish"), extensions=declared)


def standard_loop() -> Diagram:
    condition = '<bpmn:loopCondition xsi:type="bpmn:tFormalExpression">turns &lt; 5</bpmn:loopCondition>'
    loop = f'<bpmn:standardLoopCharacteristics loopMaximum="2" testBefore="true">{condition}'
    nodes = [
        start(),
        Node("scriptTask", "reset", "数え始める", body="<bpmn:script>turns = 0</bpmn:script>"),
        Node("subProcess", "again", "くり返す", body=f"{loop}</bpmn:standardLoopCharacteristics>"),
        Node("startEvent", "again_begin", "始める", inside="again"),
        work("try_once", "試す", inside="again"),
        Node("scriptTask", "count", "数える", body="<bpmn:script>turns = turns + 1</bpmn:script>", inside="again"),
        end("again_done", "試した", inside="again"),
        end(),
    ]
    lines = [*chain("begin", "reset", "again", "finish"), *chain("again_begin", "try_once", "count", "again_done")]
    return Diagram(nodes, lines, extensions=variable("turns", "int"))


def standard_loop_of_a_task() -> Diagram:
    return _straight(work("ring", "電話する", body='<bpmn:standardLoopCharacteristics loopMaximum="3"/>'))


def boundary_on_multi_instance() -> Diagram:
    """An interrupting and a non-interrupting boundary timer on a multi-instance sub-process."""
    count = "<bpmn:loopCardinality>2</bpmn:loopCardinality>"
    nodes = [
        start(),
        Node("subProcess", "each", "二回", body=_each(count)),
        Node("startEvent", "each_begin", "始める", inside="each"),
        work("talk", "話す", inside="each"),
        end("each_done", "話した", inside="each"),
        Node("boundaryEvent", "remind_at", "7日ごと", 'attachedToRef="each" cancelActivity="false"',
             _timer("timeCycle", "R2/P7D")),
        Node("boundaryEvent", "stop_at", "30日たった", 'attachedToRef="each" cancelActivity="true"',
             _timer("timeDuration", "P30D", 2)),
        work("remind", "促す"),
        end(), end("stopped", "打ち切り"), end("reminded", "促した"),
    ]  # fmt: skip
    lines = [*chain("begin", "each", "finish"), *chain("each_begin", "talk", "each_done"), *chain("stop_at", "stopped")]
    return Diagram(nodes, [*lines, *chain("remind_at", "remind", "reminded")])


# ---------------------------------------------------------------- events


def two_timers_and_a_signal() -> Diagram:
    """An event gateway with a date, a duration and a signal; the signal comes from a branch beside it."""
    nodes = [
        start(),
        Node("parallelGateway", "fork", "同時に進める"),
        work("settle", "話をまとめる"),
        Node("intermediateThrowEvent", "tell", "まとまったと伝える", body=SETTLED),
        Node("eventBasedGateway", "race", "どれが先か"),
        Node("intermediateCatchEvent", "told", "まとまった", body=SETTLED.replace("d_settled", "d_told")),
        Node("intermediateCatchEvent", "soon", "3日たつ", body=_timer("timeDuration", "P3D")),
        Node("intermediateCatchEvent", "later", "決めた日になる", body=_timer("timeDate", "review_on", 2)),
        Node("exclusiveGateway", "merged"),
        Node("parallelGateway", "joined"),
        end(),
    ]
    lines = [*chain("begin", "fork"), Line("fork", "settle", "まとめる"), Line("fork", "race", "待つ")]
    lines += [*chain("settle", "tell", "joined", "finish"), *chain("race", "told", "merged", "joined")]
    lines += [*chain("race", "soon", "merged"), *chain("race", "later", "merged")]
    return Diagram(nodes, lines, root=SIGNAL, extensions=variable("review_on", "date"))


def signal_catch() -> Diagram:
    """One branch waits until the other says that the matter is settled."""
    nodes = [
        start(),
        Node("parallelGateway", "fork", "同時に進める"),
        work("settle", "話をまとめる"),
        Node("intermediateThrowEvent", "tell", "まとまったと伝える", body=SETTLED),
        Node("intermediateCatchEvent", "told", "まとまった", body=SETTLED.replace("d_settled", "d_told")),
        Node("parallelGateway", "joined"),
        end(),
    ]
    lines = [*chain("begin", "fork"), Line("fork", "settle", "まとめる"), Line("fork", "told", "待つ")]
    return Diagram(nodes, [*lines, *chain("settle", "tell", "joined", "finish"), *chain("told", "joined")], root=SIGNAL)


def signal_boundary() -> Diagram:
    """A signal takes one task away and sets another beside a second one."""
    nodes = [
        start(),
        Node("parallelGateway", "fork", "同時に進める"),
        work("settle", "話をまとめる"),
        Node("intermediateThrowEvent", "tell", "まとまったと伝える", body=SETTLED),
        work("search", "探す"),
        Node("boundaryEvent", "stop", "まとまった", 'attachedToRef="search"', SETTLED.replace("d_settled", "d_stop")),
        work("watch", "見守る"),
        Node("boundaryEvent", "note", "まとまった", 'attachedToRef="watch" cancelActivity="false"',
             SETTLED.replace("d_settled", "d_note")),
        work("write", "書きとめる"),
        end(), end("found", "見つけた"), end("stopped", "探すのをやめた"), end("watched", "見守った"),
        end("written", "書いた"),
    ]  # fmt: skip
    lines = [*chain("begin", "fork"), Line("fork", "settle", "まとめる"), Line("fork", "search", "探す")]
    lines += [Line("fork", "watch", "見守る"), *chain("settle", "tell", "finish"), *chain("search", "found")]
    lines += [*chain("watch", "watched"), *chain("stop", "stopped"), *chain("note", "write", "written")]
    return Diagram(nodes, lines, root=SIGNAL)


def _meeting(*inner: Node, lines: list[Line], boundary: Node, root: str, after: str) -> Diagram:
    """A sub-process with what is thrown inside, and a task behind its boundary event."""
    nodes = [
        start(),
        Node("subProcess", "meeting", "会議一回分"),
        Node("startEvent", "meeting_begin", "始める", inside="meeting"),
        work("hold", "会議を開く", inside="meeting"),
        *inner,
        boundary,
        work("follow", "手当てする"),
        end(),
        end("followed", "手当てした"),
    ]
    ways = [*chain("begin", "meeting", "finish"), *chain("meeting_begin", "hold"), *chain(boundary.id, "follow", after)]
    return Diagram(nodes, [*ways, *lines], root=root)


def escalation_throw() -> Diagram:
    inner = [
        Node("intermediateThrowEvent", "worry", "気がかりを知らせる", body=WORRIED, inside="meeting"),
        work("close", "まとめる", inside="meeting"),
        end("meeting_done", "終えた", inside="meeting"),
    ]
    attrs = 'attachedToRef="meeting" cancelActivity="false"'
    boundary = Node("boundaryEvent", "heard", "気がかり", attrs, WORRIED.replace("d_worried", "d_heard"))
    lines = chain("hold", "worry", "close", "meeting_done")
    return _meeting(*inner, lines=lines, boundary=boundary, root=ESCALATION, after="followed")


def escalation_end() -> Diagram:
    """An interrupting escalation boundary that takes any code."""
    inner = [
        Node("parallelGateway", "apart", "二つに分かれる", inside="meeting"),
        work("side", "横の仕事", inside="meeting"),
        end("side_done", "横を終えた", inside="meeting"),
        work("think", "考える", inside="meeting"),
        Node("exclusiveGateway", "which", "よいか", 'default="f_which__meeting_worried"', inside="meeting"),
        end("meeting_worried", "気がかり", WORRIED, inside="meeting"),
        end("meeting_fine", "よい", inside="meeting"),
    ]
    catch_all = '<bpmn:escalationEventDefinition id="d_any"/>'
    boundary = Node("boundaryEvent", "heard", "気がかり", 'attachedToRef="meeting"', catch_all)
    lines = [*chain("hold", "apart"), Line("apart", "side", "横"), Line("apart", "think", "考える")]
    lines += [*chain("side", "side_done"), *chain("think", "which"), Line("which", "meeting_worried", "気がかり")]
    lines.append(Line("which", "meeting_fine", "よい", 'looked == "よい"'))
    diagram = _meeting(*inner, lines=lines, boundary=boundary, root=ESCALATION, after="followed")
    diagram.extensions = variable("looked", "text")
    return diagram


def error_end() -> Diagram:
    which = Node("exclusiveGateway", "which", "開けたか", 'default="f_which__meeting_refused"', inside="meeting")
    inner = [which, end("meeting_refused", "断られた", REFUSED, inside="meeting")]
    inner.append(end("meeting_done", "開けた", inside="meeting"))
    attrs = 'attachedToRef="meeting" cancelActivity="true"'
    boundary = Node("boundaryEvent", "caught", "断られた", attrs, REFUSED.replace("d_refused", "d_caught"))
    lines = [*chain("hold", "which"), Line("which", "meeting_done", "開けた", 'looked == "よい"')]
    lines.append(Line("which", "meeting_refused", "断られた"))
    diagram = _meeting(*inner, lines=lines, boundary=boundary, root=ERROR, after="followed")
    diagram.extensions = variable("looked", "text")
    return diagram


def error_from_a_called_process() -> Diagram:
    call = Node("callActivity", "try_it", "頼む", 'calledElement="refusing"')
    catch_all = Node("boundaryEvent", "caught", "断られた", 'attachedToRef="try_it"',
                     '<bpmn:errorEventDefinition id="d_caught"/>')  # fmt: skip
    nodes = [start(), call, catch_all, work("follow", "手当てする"), end("followed", "手当てした"), end()]
    return Diagram(nodes, [*chain("begin", "try_it", "finish"), *chain("caught", "follow", "followed")])


# ---------------------------------------------------------------- calls


def call_activity() -> Diagram:
    """Calls a process that calls another one; the answer comes back through both."""
    body = (
        '<bpmn:extensionElements><camunda:in sourceExpression="owner_org" target="middle_org"/>'
        '<camunda:out source="middle_answer" target="answer"/></bpmn:extensionElements>'
    )
    call = Node("callActivity", "pass_on", "取り次いでもらう", 'calledElement="passing_on"', body)
    late = Node("boundaryEvent", "late", "10日たった", 'attachedToRef="pass_on" cancelActivity="false"',
                _timer("timeDuration", "P10D"))  # fmt: skip
    nodes = [start(), call, late, work("press", "催促する"), end(), end("pressed", "催促した")]
    lines = [*chain("begin", "pass_on", "finish"), *chain("late", "press", "pressed")]
    return Diagram(nodes, lines, extensions=variable("answer", "text"))


def call_activity_each() -> Diagram:
    """One call per organisation, one after the other."""
    lists = (
        "<bpmn:loopDataInputRef>orgs</bpmn:loopDataInputRef><bpmn:loopDataOutputRef>answers</bpmn:loopDataOutputRef>"
        '<bpmn:inputDataItem id="org" name="org"/><bpmn:outputDataItem id="answer" name="answer"/>'
    )
    body = (
        '<bpmn:extensionElements><camunda:in source="org" target="asked_org"/>'
        f'<camunda:out source="asked_answer" target="answer"/></bpmn:extensionElements>{_each(lists, sequential=True)}'
    )
    script = "<bpmn:script>orgs = [owner_org, owner_org]</bpmn:script>"
    nodes = [
        start(),
        Node("scriptTask", "list_orgs", "機関を並べる", body=script),
        Node("callActivity", "ask_each", "順に返事を求める", 'calledElement="asking"', body),
        end(),
    ]
    declared = _ORGS + variable("answers", "list")
    return Diagram(nodes, chain("begin", "list_orgs", "ask_each", "finish"), extensions=declared)


#: row of the profile -> a process that needs it
MODELS: dict[str, Callable[[], Diagram]] = {
    "bpmn:manualTask": manual_task,
    "bpmn:scriptTask": script_task,
    "bpmn:callActivity": call_activity,
    "bpmn:callActivity+each": call_activity_each,
    "bpmn:loopCardinality": cardinality,
    "bpmn:loopCardinality+sequential": cardinality_sequential,
    "bpmn:completionCondition": completion_condition,
    "bpmn:scriptTask+each": script_each,
    "bpmn:standardLoopCharacteristics": standard_loop_of_a_task,
    "bpmn:loopCondition": standard_loop,
    "bpmn:boundaryEvent+on_multi_instance": boundary_on_multi_instance,
    "bpmn:intermediateCatchEvent+signal": signal_catch,
    "bpmn:eventBasedGateway+timers_and_signal": two_timers_and_a_signal,
    "bpmn:intermediateThrowEvent+signal": signal_boundary,
    "bpmn:boundaryEvent+signal": signal_boundary,
    "bpmn:intermediateThrowEvent+escalation": escalation_throw,
    "bpmn:boundaryEvent+escalation": escalation_throw,
    "bpmn:endEvent+escalation": escalation_end,
    "bpmn:endEvent+error": error_end,
    "bpmn:boundaryEvent+error": error_from_a_called_process,
}
