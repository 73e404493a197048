"""The document for people is what the tables say, and the tables are in order."""

from __future__ import annotations

import re

import pytest

from engine.definitions.profile.row import Group
from engine.definitions.profile.table import PROFILE, attribute_row, value_fits
from engine.definitions.profile_doc import FILE, document
from engine.definitions.rulebook import RULES, Report


def test_the_document_is_current():
    assert FILE.read_text(encoding="utf-8") == document(), "run: python -m engine.definitions.profile_doc"


def test_every_row_and_rule_stands_in_the_document():
    text = FILE.read_text(encoding="utf-8")
    assert all(f"`{row.key.removeprefix('@')}`" in text for row in PROFILE)
    assert all(f"`{key}`" in text for key in RULES)


def test_no_row_is_said_twice():
    keys = [row.key for row in PROFILE if row.group is not Group.ATTRIBUTE]
    assert len(keys) == len(set(keys))


def test_a_refused_row_says_what_to_do_and_why():
    assert [row.key for row in PROFILE if not row.accepted and not (row.condition and row.reason)] == []


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_says_what_is_wrong_and_what_to_do(rule):
    assert rule.message.endswith(("。", "}"))
    assert rule.remedy
    blanks = dict.fromkeys(re.findall(r"\{(\w+)\}", rule.message + rule.remedy), "あ")
    assert "{" not in Report("f").finding(rule.key, "", "", **blanks).message_ja


VALUES = {
    ("bpmn:userTask", "tsunagu:sla"): (["5 business_days", "1 month", "48 hours"], ["P5D", "5", "-1 months", "5 days"]),
    ("bpmn:userTask", "tsunagu:orgScope"): (["owner", "owner org", "owner,org"], ["", "Owner", "a-b", "a;b"]),
    ("bpmn:userTask", "camunda:candidateGroups"): (["a b", "a,b", "a, b"], ["", "A", "${x}"]),
    ("bpmn:serviceTask", "tsunagu:operation"): (["case.close"], ["close", "a.b;c", "__import__"]),
    ("bpmn:process", "isExecutable"): (["true"], ["false", "yes", ""]),
    ("bpmn:startEvent", "isInterrupting"): (["true"], ["false"]),
    ("dc:Bounds", "x"): (["1", "-20.5"], ["NaN", "1e9", "calc(1)"]),
}


@pytest.mark.parametrize(("place", "values"), VALUES.items(), ids=[" ".join(place) for place in VALUES])
def test_an_attribute_takes_only_its_values(place, values):
    row = attribute_row(*place)
    fitting, others = values
    assert [value for value in fitting if not value_fits(row, value)] == []
    assert [value for value in others if value_fits(row, value)] == []
