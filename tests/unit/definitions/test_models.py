"""The model files: each refused one is refused for its reason, each accepted one without a word."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from engine.bpmn.parser import parse_process
from engine.definitions.checks import check_package
from engine.definitions.findings import Finding, as_text, errors_in
from engine.definitions.package import called_files, package_of
from engine.definitions.profile.row import Group
from engine.definitions.profile.table import PROFILE
from tests.models import accepted_models, called_models, refused_models, surroundings

MODELS = Path(__file__).parents[2] / "models"
EXPECTED: dict[str, dict[str, str]] = YAML(typ="safe").load(MODELS / "refused" / "expected.yaml")
ACCEPTED = sorted((MODELS / "accepted").glob("*.bpmn"))


@cache
def checked(path: Path) -> tuple[Finding, ...]:
    package = package_of("sample", surroundings.files(path.read_bytes()))
    return check_package(package, surroundings.context())


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_refused_model_is_refused_for_its_reason(name):
    findings = errors_in(checked(MODELS / "refused" / f"{name}.bpmn"))
    wanted = (EXPECTED[name]["rule"], EXPECTED[name]["element"])
    assert wanted in [(finding.rule, finding.element_id) for finding in findings], as_text(findings)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_every_finding_says_what_is_wrong_and_what_to_do(name):
    for finding in checked(MODELS / "refused" / f"{name}.bpmn"):
        assert finding.message_ja.endswith(("。", "）")), finding
        assert finding.remedy_ja, finding
        assert not re.search(r"\{[a-z_]+\}", finding.message_ja + finding.remedy_ja), finding


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_an_accepted_model_has_no_findings(path):
    assert as_text(checked(path)) == ""


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_the_engine_reads_an_accepted_model(path):
    files = called_models.files_for(path.read_text("utf-8"))
    assert parse_process(path.read_bytes(), "sample", called_files(files)).process_id == "sample"


def test_every_accepted_element_and_event_has_a_model():
    rows = {row.key for row in PROFILE if row.accepted and row.group in (Group.NODE, Group.EVENT)}
    bare_events = {key for key in rows if key.endswith("Event")}
    assert rows - bare_events <= accepted_models.MODELS.keys()


def test_every_accepted_attribute_of_ours_stands_in_a_model():
    text = "".join(path.read_text(encoding="utf-8") for path in ACCEPTED)
    ours = {row.key[1:] for row in PROFILE if row.key.startswith(("@tsunagu:", "@camunda:c", "@camunda:f"))}
    assert [name for name in sorted(ours) if f"{name}=" not in text] == []


@pytest.mark.parametrize("models", [accepted_models, refused_models], ids=["accepted", "refused"])
def test_the_model_files_are_those_that_the_module_writes(models):
    written = {path.name: path.read_text(encoding="utf-8") for path in models.FOLDER.iterdir()}
    assert written == models.texts()


def test_every_refused_row_of_the_profile_has_a_model():
    refused = {row.key for row in PROFILE if not row.accepted}
    text = "".join(path.read_text(encoding="utf-8") for path in (MODELS / "refused").glob("*.bpmn"))
    without = {key for key in refused if "+" not in key and f"<{key}" not in text}
    assert without <= RARE, without - RARE


#: parts that can only stand inside other refused elements
RARE = {
    "bpmn:complexBehaviorDefinition", "bpmn:correlationKey", "bpmn:resource", "bpmn:performer", "bpmn:resourceRole",
    "bpmn:extension", "bpmn:monitoring", "bpmn:conversation", "bpmn:dataStore",
}  # fmt: skip
