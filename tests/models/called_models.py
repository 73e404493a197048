"""Processes that the call activities of the other models call."""

from __future__ import annotations

from collections.abc import Callable

from tests.models.drawing import Diagram, Line, Node, chain, end, start, variable, work

ERROR = '  <bpmn:error id="e_refused" name="断られた" errorCode="refused"/>\n'
ESCALATION = '  <bpmn:escalation id="x_worried" name="気がかり" escalationCode="worried"/>\n'
SIGNAL = '  <bpmn:signal id="s_settled" name="settled"/>\n'
REFUSED = '<bpmn:errorEventDefinition id="d_refused" errorRef="e_refused"/>'
WORRIED = '<bpmn:escalationEventDefinition id="d_worried" escalationRef="x_worried"/>'
SETTLED = '<bpmn:signalEventDefinition id="d_settled" signalRef="s_settled"/>'
_INPUT = '<tsunagu:variable name="asked_org" type="text" label="機関" input="true"/>'


def _begin(key: str) -> Node:
    return start(entry="called", element_id=f"{key}_begin")


def asking() -> Diagram:
    """Asks an organisation; its answer goes back to the caller."""
    nodes = [
        _begin("asking"),
        work("asking_answer", "返事をする", orgScope="asked_org"),
        end("asking_done", "返事をした"),
    ]
    declared = _INPUT + variable("asked_answer", "text")
    lines = chain("asking_begin", "asking_answer", "asking_done")
    return Diagram(nodes, lines, extensions=declared, key="asking", name="返事を求める")


def refusing() -> Diagram:
    """Ends with an error unless a person finds it good."""
    nodes = [
        _begin("refusing"),
        work("refusing_look", "調べる"),
        Node("exclusiveGateway", "refusing_which", "よいか", 'default="f_refusing_which__refusing_end"'),
        end("refusing_end", "断る", REFUSED),
        end("refusing_done", "引き受ける"),
    ]
    lines = chain("refusing_begin", "refusing_look", "refusing_which")
    lines += [Line("refusing_which", "refusing_end", "断る")]
    lines += [Line("refusing_which", "refusing_done", "よい", 'looked == "よい"')]
    declared = variable("looked", "text")
    return Diagram(nodes, lines, root=ERROR, extensions=declared, key="refusing", name="断ることがある")


def passing_on() -> Diagram:
    """Calls ``asking``: the second level."""
    body = (
        "<bpmn:extensionElements>"
        '<camunda:in source="middle_org" target="asked_org"/>'
        '<camunda:out source="asked_answer" target="middle_answer"/>'
        "</bpmn:extensionElements>"
    )
    nodes = [
        _begin("passing_on"),
        Node("callActivity", "passing_on_ask", "返事を求める", 'calledElement="asking"', body),
        end("passing_on_done", "取り次いだ"),
    ]
    declared = _INPUT.replace("asked_org", "middle_org") + variable("middle_answer", "text")
    lines = chain("passing_on_begin", "passing_on_ask", "passing_on_done")
    return Diagram(nodes, lines, extensions=declared, key="passing_on", name="取り次ぐ")


CALLED: dict[str, Callable[[], Diagram]] = {"asking": asking, "refusing": refusing, "passing_on": passing_on}


def files_for(text: str) -> dict[str, bytes]:
    """The files of the processes that a diagram calls, directly or not, as they lie in its package."""
    found: dict[str, bytes] = {}
    todo = [text]
    while todo:
        calling = todo.pop()
        for key, make in CALLED.items():
            path = f"{key}/process.bpmn"
            if f'calledElement="{key}"' in calling and path not in found:
                todo.append(make().text())
                found[path] = todo[-1].encode()
    return found
