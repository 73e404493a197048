"""BPMN text for tests: one function per element, without diagram interchange."""

from __future__ import annotations

from html import escape
from itertools import count, pairwise

_NAMESPACES = (
    'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:tsunagu="urn:tsunagu:bpmn:1" targetNamespace="urn:test"'
)
_ROOTS = (
    "".join(f'<message id="m_{name}" name="{name}"/>' for name in ("m1", "m2", "m3"))
    + '<signal id="s_sg" name="sg"/>'
    + "".join(f'<error id="err_{code}" name="{code}" errorCode="{code}"/>' for code in ("e1", "e2"))
    + "".join(f'<escalation id="esc_{code}" name="{code}" escalationCode="{code}"/>' for code in ("x1", "x2"))
)
_flow_numbers = count(1)

SIGNAL = '<signalEventDefinition signalRef="s_sg"/>'
TERMINATE = "<terminateEventDefinition/>"


def definitions(*processes: str, roots: str = "") -> bytes:
    """roots: messages, signals, errors and escalations beside those that every test has."""
    return f'<definitions id="d" {_NAMESPACES}>{_ROOTS}{roots}{"".join(processes)}</definitions>'.encode()


def process(*parts: str, id: str = "p") -> str:
    return f'<process id="{id}" isExecutable="true">{"".join(parts)}</process>'


def file(*parts: str, id: str = "p") -> bytes:
    return definitions(process(*parts, id=id))


def node(tag: str, id: str, *inner: str, **attributes: str) -> str:
    written = "".join(f' {name.replace("__", ":")}="{escape(value)}"' for name, value in attributes.items())
    return f'<{tag} id="{id}"{written}>{"".join(inner)}</{tag}>'


def flow(source: str, target: str, condition: str | None = None, id: str | None = None) -> str:
    name = id or f"flow_{next(_flow_numbers)}"
    inner = f"<conditionExpression>{escape(condition)}</conditionExpression>" if condition else ""
    return f'<sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'


def path(*ids: str) -> str:
    return "".join(flow(source, target) for source, target in pairwise(ids))


def start(id: str = "s", *inner: str) -> str:
    return node("startEvent", id, *inner)


def end(id: str = "e", *inner: str, **attributes: str) -> str:
    return node("endEvent", id, *inner, **attributes)


def user(id: str, *inner: str) -> str:
    return node("userTask", id, *inner)


def script(id: str, text: str, *inner: str) -> str:
    return node("scriptTask", id, *inner, f"<script>{escape(text)}</script>")


def line(*nodes: tuple[str, str], prefix: str = "") -> str:
    """start, the nodes (id, xml) and end in one line; the ids of start and end get the prefix."""
    ids = [f"{prefix}s", *(id for id, _ in nodes), f"{prefix}e"]
    return start(ids[0]) + "".join(xml for _, xml in nodes) + end(ids[-1]) + path(*ids)


def people(*ids: str, prefix: str = "") -> str:
    """A line of user tasks."""
    return line(*((id, user(id)) for id in ids), prefix=prefix)


def boundary(id: str, host: str, inner: str, interrupting: bool = True) -> str:
    return node("boundaryEvent", id, inner, attachedToRef=host, cancelActivity=str(interrupting).lower())


def message(name: str) -> str:
    return f'<messageEventDefinition messageRef="m_{name}"/>'


def error(code: str) -> str:
    return f'<errorEventDefinition errorRef="err_{code}"/>'


def escalation(code: str) -> str:
    return f'<escalationEventDefinition escalationRef="esc_{code}"/>'


def signal(name: str) -> str:
    return f'<signalEventDefinition signalRef="s_{name}"/>'


def timer(kind: str, expression: str) -> str:
    return f"<timerEventDefinition><{kind}>{escape(expression)}</{kind}></timerEventDefinition>"


def after(duration: str) -> str:
    return timer("timeDuration", duration)


def io(ins: str = "", outs: str = "") -> str:
    """Mappings of a call activity, each side as 'target=source target=source'."""
    mapping = [("in", pair) for pair in ins.split()] + [("out", pair) for pair in outs.split()]
    return "<extensionElements>{}</extensionElements>".format(
        "".join(
            f'<camunda:{way} source="{escape(pair.split("=")[1])}" target="{pair.split("=")[0]}"/>'
            for way, pair in mapping
        )
    )


def operation(id: str, name: str, inputs: dict[str, str], outputs: dict[str, str]) -> str:
    inside = "".join(
        f'<camunda:inputParameter name="{key}">{escape(text)}</camunda:inputParameter>' for key, text in inputs.items()
    ) + "".join(
        f'<camunda:outputParameter name="{key}">{text}</camunda:outputParameter>' for key, text in outputs.items()
    )
    extension = f"<extensionElements><camunda:inputOutput>{inside}</camunda:inputOutput></extensionElements>"
    return node("serviceTask", id, extension, tsunagu__operation=name)


def several(
    items: str = "",
    item: str = "",
    out: str = "",
    out_item: str = "",
    times: int | None = None,
    one_by_one: bool = False,
    until: str = "",
) -> str:
    """Multi-instance characteristics."""
    inside = f"<loopCardinality>{times}</loopCardinality>" if times is not None else ""
    inside += f"<loopDataInputRef>{items}</loopDataInputRef>" if items else ""
    inside += f"<loopDataOutputRef>{out}</loopDataOutputRef>" if out else ""
    inside += f'<inputDataItem id="{item}" name="{item}"/>' if item else ""
    inside += f'<outputDataItem id="{out_item}" name="{out_item}"/>' if out_item else ""
    inside += f"<completionCondition>{escape(until)}</completionCondition>" if until else ""
    sequential = str(one_by_one).lower()
    return f'<multiInstanceLoopCharacteristics isSequential="{sequential}">{inside}</multiInstanceLoopCharacteristics>'


def repeat(maximum: int | None = None, condition: str = "", test_before: bool = False) -> str:
    """Standard loop characteristics."""
    inside = f"<loopCondition>{escape(condition)}</loopCondition>" if condition else ""
    limit = "" if maximum is None else f' loopMaximum="{maximum}"'
    before = str(test_before).lower()
    return f'<standardLoopCharacteristics{limit} testBefore="{before}">{inside}</standardLoopCharacteristics>'
