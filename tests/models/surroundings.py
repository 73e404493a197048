"""What the checks know around the model files: a small city with its roles, operations and one other process."""

from __future__ import annotations

from engine.definitions.context import CheckContext, OperationFacts
from engine.definitions.model import read_model
from tests.models.drawing import Diagram, Node, catches, chain, end, message, start, variable


def _operation(name: str, inputs: tuple[str, ...] = (), outputs: tuple[str, ...] = ()) -> OperationFacts:
    return OperationFacts(name, frozenset(inputs), frozenset(outputs))


OPERATIONS = {
    facts.name: facts
    for facts in (
        _operation("case.set_lead", ("org",), ("lead_org",)),
        _operation("contact.record", (), ("relation_stage",)),
        _operation("conference.record", (), ("conference_next_review_on",)),
        _operation("consent.record", (), ("consent_result",)),
        _operation("consent.require", ("plan_version_id",)),
        _operation("plan.submit", ("plan_version_id",), ("submitted_on",)),
        _operation("referral.answer", (), ("referral_result",)),
    )
}


def partner() -> Diagram:
    """The other ends of the messages: it receives case.asked and sends case.answered."""
    nodes = [
        start(),
        Node("intermediateCatchEvent", "partner_asked", "たずねられた", 'tsunagu:payload="level"', catches("m_asked")),
        Node(
            "intermediateThrowEvent",
            "partner_answers",
            "答える",
            'tsunagu:payload="level" tsunagu:correlate="level"',
            catches("m_answer"),
        ),
        end("partner_end"),
    ]
    lines = chain("begin", "partner_asked", "partner_answers", "partner_end")
    root = message("m_asked", "case.asked") + message("m_answer", "case.answered")
    diagram = Diagram(nodes, lines, extensions=variable("level", "text"), root=root, key="partner", name="相手方")
    diagram.nodes[0] = Node("startEvent", "partner_begin", "始まる", body=nodes[0].body)
    diagram.lines = chain("partner_begin", "partner_asked", "partner_answers", "partner_end")
    return diagram


def context() -> CheckContext:
    """The context in which every accepted model is without error and every refused one is refused."""
    return CheckContext(
        roles=frozenset({"intake_worker", "agency_manager"}),
        organisations=frozenset({"AG-01", "AG-04"}),
        ladders=frozenset({"standard", "safety_check"}),
        operations=OPERATIONS,
        others=(read_model(partner().text().encode()),),
    )
