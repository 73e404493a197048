"""The processes that are measured, and what is typed into their forms: some two kilobytes a task."""

from __future__ import annotations

import json

from tests.support.casework import HEAD, a_process, flow

NOTES = 20
#: about a hundred bytes a field
TYPED = {f"note_{number:02}": f"{number:06}" + "v" * 80 for number in range(NOTES)}
_SETTINGS = 'camunda:candidateGroups="intake_worker" tsunagu:sla="5 business_days"'


def sheet(key: str, *variables: str) -> bytes:
    """A form of ``NOTES`` texts, and of fields that are process variables."""
    fields = {name: {"type": "string", "title": name} for name in TYPED}
    fields |= {name: {"type": "string", "title": name, "x-variable": name} for name in variables}
    elements = [{"type": "Control", "scope": f"#/properties/{name}"} for name in fields]
    schema = {"type": "object", "properties": fields, "required": list(fields)}
    return json.dumps(
        {"key": key, "title": key, "schema": schema, "ui": {"type": "VerticalLayout", "elements": elements}}
    ).encode()


def _task(name: str, form: str = "sheet", inner: str = "") -> str:
    return f'<bpmn:userTask id="{name}" name="{name}" camunda:formKey="{form}" {_SETTINGS}>{inner}</bpmn:userTask>'


# ---- the loop with a parallel part: what runs through the services

LOOP = "assessment_loop"
ASSESSED = ("assess_life", "assess_health", "assess_money")
#: the completions of one turn, in their order
TURN = ("register", *ASSESSED, "decide")
FORMS = {"sheet": sheet("sheet"), "decision": sheet("decision", "decision")}


def loop_process() -> bytes:
    """register → three assessments side by side → decide → register again, or the end."""
    gateway = '<bpmn:{kind} id="{name}" name="{name}" {more}/>'
    nodes = [
        _task("register"), *(_task(name) for name in ASSESSED), _task("decide", "decision"),
        gateway.format(kind="parallelGateway", name="split", more=""),
        gateway.format(kind="parallelGateway", name="join", more=""),
        gateway.format(kind="exclusiveGateway", name="again", more='default="f_again__register"'),
        '<bpmn:endEvent id="end" name="終わり"/>',
    ]  # fmt: skip
    flows = [flow("st", "register"), flow("register", "split"), flow("join", "decide"), flow("decide", "again")]
    flows += [flow("split", name) + flow(name, "join") for name in ASSESSED]
    flows += [flow("again", "register"), flow("again", "end", 'decision == "終結"')]
    return a_process(LOOP, "".join(nodes + flows), variables=("decision",))


def answers(element: str) -> dict[str, str]:
    """What a person types at an element of the loop."""
    return TYPED | ({"decision": "継続"} if element == "decide" else {})


# ---- the case with everything in it: what also the library as documented can run

CASE = "case_of_years"
#: variables of the case: flags that gateways read, the collection, and about two kilobytes of facts
FACTS: dict[str, object] = {
    "accepted": True, "go_on": True, "period": "PT0S", "agencies": ["health", "school", "police"],
    **{f"fact_{number}": f"{number:06}" + "v" * 80 for number in range(NOTES)},
}  # fmt: skip


def case_forms() -> dict[str, bytes]:
    """The first form says all facts of the case; the others are sheets."""
    kinds = {bool: {"type": "boolean"}, str: {"type": "string"}}
    several = {"type": "array", "items": {"type": "string", "enum": FACTS["agencies"]}}
    fields = {
        name: {**kinds.get(type(value), several), "title": name, "x-variable": name} for name, value in FACTS.items()
    }
    elements = [{"type": "Control", "scope": f"#/properties/{name}"} for name in fields]
    facts = {"key": "facts", "title": "facts", "schema": {"type": "object", "properties": fields},
             "ui": {"type": "VerticalLayout", "elements": elements}}  # fmt: skip
    return {"sheet": sheet("sheet"), "facts": json.dumps(facts).encode()}


def case_process() -> bytes:
    """Intake, screening, a parallel part with a reminder beside it, agencies asked one beside another, an approval
    in two steps, and the loop of reviews, each after a timer: four lanes' work, fifteen user tasks.

    Nothing in it is ours alone, so that the library's own parser and runner take it as it is.
    """
    timer = (
        '<bpmn:timerEventDefinition id="{id}"><bpmn:timeDuration>{length}</bpmn:timeDuration>'
        "</bpmn:timerEventDefinition>"
    )
    agencies = (
        '<bpmn:subProcess id="agencies_asked" name="agencies_asked"><bpmn:multiInstanceLoopCharacteristics>'
        '<bpmn:loopDataInputRef>agencies</bpmn:loopDataInputRef><bpmn:inputDataItem id="agency" name="agency"/>'
        '</bpmn:multiInstanceLoopCharacteristics><bpmn:startEvent id="ag_start"/>'
        + _task("agency_assess") + _task("agency_confirm") + '<bpmn:endEvent id="ag_end" name="ag_end"/>'
        + flow("ag_start", "agency_assess") + flow("agency_assess", "agency_confirm")
        + flow("agency_confirm", "ag_end") + "</bpmn:subProcess>"
    )  # fmt: skip
    approval = (
        '<bpmn:subProcess id="approval" name="approval"><bpmn:startEvent id="ap_start"/>' + _task("approve_1")
        + _task("approve_2") + '<bpmn:endEvent id="ap_end" name="ap_end"/>' + flow("ap_start", "approve_1")
        + flow("approve_1", "approve_2") + flow("approve_2", "ap_end") + "</bpmn:subProcess>"
    )  # fmt: skip
    nodes = [
        '<bpmn:startEvent id="start"><bpmn:extensionElements><tsunagu:entry name="manual"/></bpmn:extensionElements>'
        "</bpmn:startEvent>",
        *(_task(name, "facts" if name == "intake" else "sheet") for name in _CASE_TASKS), agencies,
        '<bpmn:exclusiveGateway id="accept" default="f_accept__split"/><bpmn:parallelGateway id="split"/>'
        '<bpmn:parallelGateway id="join"/><bpmn:exclusiveGateway id="again" default="f_again__closure"/>'
        '<bpmn:exclusiveGateway id="loop"/>',
        '<bpmn:boundaryEvent id="overdue" cancelActivity="false" attachedToRef="risk">'
        + timer.format(id="td1", length='"P14D"') + "</bpmn:boundaryEvent>",
        '<bpmn:intermediateCatchEvent id="wait">' + timer.format(id="td2", length="period")
        + "</bpmn:intermediateCatchEvent>",
        approval,
        *(f'<bpmn:endEvent id="{name}" name="{name}"/>' for name in ("refused", "noted", "closed")),
    ]  # fmt: skip
    flows = [flow(*pair) for pair in _CASE_FLOWS]
    flows += [flow("accept", "notify", "not accepted"), flow("again", "loop", "go_on")]
    kinds = {bool: "bool", str: "text", list: "list"}
    declared = "".join(f'<tsunagu:variable name="{name}" type="{kinds[type(v)]}"/>' for name, v in FACTS.items())
    body = f"<bpmn:extensionElements>{declared}</bpmn:extensionElements>" + "".join(nodes + flows)
    return f'{HEAD}<bpmn:process id="{CASE}" isExecutable="true">{body}</bpmn:process></bpmn:definitions>'.encode()


_CASE_TASKS = ("intake", "screen", "notify", "risk", "remind", "documents", "visit", "supervise", "draft", "evaluate",
               "confirm", "closure", "report")  # fmt: skip
_CASE_FLOWS = [
    ("start", "intake"), ("intake", "screen"), ("screen", "accept"), ("accept", "split"), ("notify", "refused"),
    ("split", "risk"), ("split", "documents"), ("split", "visit"), ("risk", "join"), ("documents", "join"),
    ("visit", "join"), ("overdue", "remind"), ("remind", "noted"), ("join", "supervise"),
    ("supervise", "agencies_asked"), ("agencies_asked", "draft"), ("draft", "approval"), ("approval", "loop"),
    ("loop", "wait"), ("wait", "evaluate"), ("evaluate", "confirm"), ("confirm", "again"), ("again", "closure"),
    ("closure", "report"), ("report", "closed"),
]  # fmt: skip
