"""What the checks know around the model files: a small city with its roles, operations and one other process."""

from __future__ import annotations

from engine.definitions.context import CheckContext, OperationFacts
from engine.definitions.model import read_model
from tests.models import called_models
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

#: decision tables that lie beside a model with a business rule task
TABLES = {
    "sample/decisions/weight.dmn": """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="weight_file" name="手厚さ"
    namespace="urn:tsunagu:decision">
  <decision id="weight" name="手厚さ">
    <decisionTable id="weight_table" hitPolicy="UNIQUE">
      <input id="weight_level" label="重さ">
        <inputExpression id="weight_level_value" typeRef="string"><text>level</text></inputExpression>
      </input>
      <input id="weight_away" label="ほかの機関が主担当か">
        <inputExpression id="weight_away_value" typeRef="boolean"><text>away</text></inputExpression>
      </input>
      <output id="weight_help" label="支え方" name="help" typeRef="string">
        <defaultOutputEntry id="weight_usual"><text>"見守る"</text></defaultOutputEntry>
      </output>
      <rule id="weight_heavy">
        <inputEntry id="weight_heavy_level"><text>"重い"</text></inputEntry>
        <inputEntry id="weight_heavy_away"><text>-</text></inputEntry>
        <outputEntry id="weight_heavy_help"><text>"手厚く支える"</text></outputEntry>
      </rule>
    </decisionTable>
  </decision>
</definitions>
""".encode(),
}


def files(bpmn: bytes) -> dict[str, bytes]:
    """The files of the package of a model."""
    tables = TABLES if b"businessRuleTask" in bpmn else {}
    return {"process.bpmn": bpmn, **tables, **called_models.files_for(bpmn.decode("utf-8", "replace"))}


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
