"""Decision tables in a running instance: the version's own table, the trace in the audit, the incident in words."""

from __future__ import annotations

import json

import pytest

from engine.domain.errors import InstanceFailed
from engine.services import audit
from tests.support.casework import Casework
from tests.support.deciding import ROWS, deploy


def traces(office: Casework) -> list[dict[str, object]]:
    data = [json.loads(row.data) for row in office.rows("SELECT data FROM audit_event ORDER BY seq")]
    return [decision for one in data for decision in one.get("decisions", [])]


def courses(office: Casework) -> list[str]:
    rows = office.rows("SELECT changes FROM history WHERE changes IS NOT NULL ORDER BY seq")
    return [course for row in rows if (course := json.loads(row.changes).get("course"))]


def test_the_audit_of_the_step_keeps_which_rule_fired_on_what(office: Casework) -> None:
    deploy(office, ROWS)
    office.start("asked")
    office.complete("ask", "worker", level="重い")
    assert office.task("help").state == "open"
    assert traces(office) == [
        {"table": "weight", "name": "表", "sign": "U", "rules": [1], "inputs": {"level": "重い"},
         "outputs": {"course": "手厚く"}}
    ]  # fmt: skip
    assert courses(office) == ["手厚く"]
    assert audit.verify(office.engine) == []


def test_a_running_instance_keeps_the_table_of_its_version(office: Casework) -> None:
    deploy(office, ROWS)
    office.start("asked")
    deploy(office, [(["-"], ['"新しい"'])])
    office.complete("ask", "worker", level="軽い")
    assert courses(office) == ["見守る"]
    assert traces(office)[0]["rules"] == [2]


def test_two_rules_under_unique_stop_the_instance_with_words(office: Casework) -> None:
    deploy(office, [(["-"], ['"a"']), (['"重い"'], ['"b"'])])
    office.start("asked")
    with pytest.raises(InstanceFailed):
        office.complete("ask", "worker", level="重い")
    (incident,) = office.rows("SELECT element_id, cause FROM incident")
    assert (incident.element_id, incident.cause) == (
        "weigh", "判定表「weight」: 1・2の行が同時に当てはまりました（Uでは一つだけです）",
    )  # fmt: skip
    assert office.task("ask").state != "completed"
    assert traces(office) == []
