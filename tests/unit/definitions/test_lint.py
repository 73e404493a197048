"""bpmn.io's checks: our levels, and the Python port against npm's bpmnlint."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from bpmn_io.lint.config.all import CONFIG

from engine.definitions.findings import Severity
from engine.definitions.lint import RULES, levels, lint
from tests.models import accepted_models

ROOT = Path(__file__).parents[3]
FRONTEND = ROOT / "web" / "frontend"
MODELS = ROOT / "tests" / "models"


def test_every_rule_of_bpmnlint_has_a_level():
    assert set(RULES) == set(CONFIG["rules"])
    assert {rule.level for rule in RULES.values()} <= {"error", "warn", "off"}


def test_every_rule_that_speaks_does_so_in_japanese():
    speaking = [rule for rule in RULES.values() if rule.level != "off"]
    assert all(rule.message_ja.endswith("。") and rule.remedy_ja.endswith("。") for rule in speaking)


def test_a_reference_to_nothing_is_an_error():
    text = accepted_models.none_start().text().replace('bpmnElement="hear"', 'bpmnElement="gone"')
    found = [finding for finding in lint(text.encode(), "f") if finding.rule == "lint.unresolved"]
    assert [(finding.severity, "gone" in finding.message_ja) for finding in found] == [(Severity.ERROR, True)]


def test_the_list_of_a_multi_instance_is_a_variable_and_no_reference():
    text = accepted_models.multi_instance_parallel().text()
    assert [finding for finding in lint(text.encode(), "f") if finding.rule == "lint.unresolved"] == []


def test_an_element_that_is_not_drawn_is_an_error():
    text = accepted_models.none_start().text().replace('bpmnElement="hear"', 'bpmnElement="begin"')
    assert ("lint.no-bpmndi", "hear") in [(finding.rule, finding.element_id) for finding in lint(text.encode(), "f")]


@pytest.mark.parametrize("content", [b"", b"<a", b"<a/>", b"\xff", b"<a><b></a>"])
def test_what_is_no_bpmn_is_a_finding(content):
    assert [finding.rule for finding in lint(content, "f")] == ["lint.warning"]


# ---------------------------------------------------------------- the port against the original


def node() -> str:
    """The node that runs npm's packages; the test is left out where they are not installed, but not in CI."""
    if not (FRONTEND / "node_modules" / "bpmnlint").is_dir():
        reason = "npm's bpmnlint is not installed; run script/setup --test"
        if os.environ.get("CI") == "true":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    own = ROOT / ".venv" / "bin" / "node"
    found = str(own) if own.exists() else shutil.which("node")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no node", pytrace=False)
        pytest.skip("no node; run script/setup")
    return found


def files() -> list[Path]:
    models = [*MODELS.glob("accepted/*.bpmn"), *MODELS.glob("refused/*.bpmn")]
    return sorted([*models, *(ROOT / "workflows").glob("*/process.bpmn")])


def original(paths: list[Path]) -> dict[str, set[tuple[str, str]]]:
    """Rule and element of each finding of npm's bpmnlint, by file."""
    rules = json.dumps({name: level for name, level in levels().items() if level != "off"})
    command = [node(), "lint.mjs", "--rules", rules, *map(str, paths)]
    done = subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, timeout=110, check=True)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    return {item["file"]: {(f["rule"], f.get("id", "")) for f in item.get("findings", ())} for item in results}


def ported(path: Path) -> set[tuple[str, str]]:
    found = [(finding.rule, finding.element_id) for finding in lint(path.read_bytes(), path.name)]
    return {(r.removeprefix("lint."), e) for r, e in found if r not in ("lint.warning", "lint.unresolved")}


#: files that are no BPMN, on which the port says more than the original: an attribute that the gateway does not have is
#: read as a default flow; an element without an id is looked for in the drawing
KNOWN = {"default_on_parallel_gateway.bpmn": "conditional-flows", "id_missing.bpmn": "no-bpmndi"}


@pytest.mark.slow
def test_the_port_finds_what_the_original_finds():
    paths = files()
    theirs = original(paths)
    assert len(theirs) == len(paths) > 200
    different = {path.name: ported(path) ^ theirs[str(path)] for path in paths if ported(path) != theirs[str(path)]}
    assert {name: {rule for rule, _ in found} for name, found in different.items()} == {
        name: {rule} for name, rule in KNOWN.items()
    }
