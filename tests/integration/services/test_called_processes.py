"""A process that calls one that calls another: tasks, timers, messages and operations there work as at the top."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.definitions.package import PROCESS_FILE
from engine.domain.errors import DefinitionRefused, NotAuthorised
from engine.queries.case_file import case_head
from engine.queries.diagrams import instances
from engine.queries.processes import process_page
from engine.queries.task_page import task_page
from engine.services import cases, messages, task_forms, tasks
from engine.services.deployed import DefinitionCache
from tests.models.drawing import chain, variable
from tests.support.calling import bottom, install, middle, publish, teller, top, write
from tests.support.casework import Casework, a_form, a_process, a_task, flow, tokyo


def _json(stored: Any) -> dict[str, Any]:
    """A JSON column: text on SQLite, an object on PostgreSQL."""
    return (json.loads(stored) if isinstance(stored, str) else stored) or {}


@pytest.fixture
def workflows(tmp_path: Path) -> Path:
    return write(tmp_path / "workflows", top(), middle(), bottom(), teller())


def reopened(office: Casework) -> None:
    """As another process sees it: nothing parsed is kept."""
    office.engine = replace(office.engine, definitions=DefinitionCache(office.engine.database))


def test_a_case_goes_two_calls_deep_and_back(office: Casework, workflows: Path) -> None:
    install(office, workflows)
    started = office.start("top", data={"subject": "住まい"})
    reopened(office)
    look = office.task("look")
    assert (look.process_key, look.form_key, look.state) == ("bottom", "look", "open")
    assert str(look.due_on) == "2026-04-01"  # started_on of the caller, and no period
    with task_forms.of_task(office.engine, office.person("worker"), look.id, now=office.now) as opened:
        assert [field.key for field in opened.form.fields] == ["bottom_answer"]
    page = task_page(office.engine, office.person("worker"), look.id, now=office.now)
    assert (page.name, page.following[0].name) == ("調べる", "知らせが届く")

    assert office.tick("2026-04-04T09:00").fired == 1
    assert office.task("press").process_key == "bottom"
    reopened(office)
    office.complete("press", "worker")
    office.complete("look", "worker")
    assert (
        office.rows("SELECT lead_org FROM support_case")[0].lead_org == "AG-04"
    )  # the operation ran in the called one
    assert [(s.element_id, s.message) for s in office.rows("SELECT element_id, message FROM subscription")] == [
        ("told", "case.told")
    ]

    for subject in ("食べ物", "住まい"):  # only the one about the subject that was handed down arrives
        worker = office.person("worker")
        cases.start(office.engine, worker, "teller", entry="manual", case_id=started.case_id, now=office.now)
        office.complete("word", "worker", bottom_subject=subject, bottom_answer=f"{subject}の答え")
        messages.route(office.engine, now=office.now)
    reopened(office)
    office.complete("close", "worker")
    instance = office.rows("SELECT status, ended_by FROM process_instance WHERE process_key = 'top'")[0]
    assert instance == ("completed", "finish")
    written = office.rows("SELECT changes FROM history WHERE instance_id = :i", i=started.instance_id)
    told = [_json(row.changes) for row in written]
    assert [change["answer"] for change in told if change.get("answer")] == ["住まいの答え"]


def test_the_case_page_shows_the_called_step_under_its_caller(office: Casework, workflows: Path) -> None:
    install(office, workflows)
    started = office.start("top", data={"subject": "住まい"})
    worker = office.person("worker")
    head = case_head(office.engine, worker, started.case_number, now=office.now)
    view = instances(office.engine, worker, head, now=office.now)[0]
    depths = {step.element_id: (step.no, step.depth) for step in view.steps}
    assert [depths[e][1] for e in ("pass_on", "middle_call", "look", "close")] == [0, 1, 2, 0]
    assert depths["pass_on"][0] < depths["middle_call"][0] < depths["look"][0] < depths["close"][0]
    marks = {mark.element_id: mark.kind for mark in view.marks}
    assert (marks["look"], marks["pass_on"], marks["middle_call"]) == ("here", "here", "here")
    page = process_page(office.engine, "top")
    assert "調べる" in [step.name for step in page.steps]


def test_a_version_holds_what_it_calls_and_stays_as_it_was(office: Casework, workflows: Path) -> None:
    first = {result.process_key: result for result in publish(office, workflows)}
    office.start("top", data={"subject": "住まい"})
    assert [result.published for result in publish(office, workflows)] == [False] * 4
    changed = bottom()
    changed.nodes[1] = replace(changed.nodes[1], name="よく調べる")
    write(workflows, changed)
    second = {result.process_key: result for result in publish(office, workflows)}
    assert {key for key, result in second.items() if result.published} == {"top", "middle", "bottom"}
    reopened(office)
    old = office.engine.definitions.get(first["top"].version_id)
    new = office.engine.definitions.get(second["top"].version_id)
    assert (old.model.elements["look"].name, new.model.elements["look"].name) == ("調べる", "よく調べる")
    assert office.task("look").name == "調べる"
    office.complete("look", "worker")  # the old version still runs


def test_a_form_of_a_called_process_makes_a_new_version_of_its_caller(office: Casework, workflows: Path) -> None:
    publish(office, workflows)
    (workflows / "bottom" / "forms" / "press.json").write_bytes(a_form("press", required=("bottom_answer",)))
    published = {result.process_key for result in publish(office, workflows) if result.published}
    assert published == {"top", "middle", "bottom"}


def test_a_caller_published_alone_is_checked_with_what_it_calls(office: Casework, workflows: Path) -> None:
    text = bottom().text().replace('camunda:candidateGroups="intake_worker"', "", 1)
    (workflows / "bottom" / PROCESS_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionRefused) as refusal:
        publish(office, workflows / "top")
    found = [(finding.file, finding.rule, finding.element_id) for finding in refusal.value.findings if finding.is_error]
    assert ("bottom/process.bpmn", "task.role_missing", "look") in found
    assert office.rows("SELECT id FROM definition_version") == []


def test_a_version_published_before_there_were_calls_is_read_as_it_was(office: Casework) -> None:
    office.deploy("plain", a_process("plain", a_task("only") + '<bpmn:endEvent id="end" name="終わり"/>'
                                     + flow("st", "only") + flow("only", "end")))  # fmt: skip
    office.start("plain")
    reopened(office)
    office.complete("only", "worker")
    assert office.rows("SELECT status FROM process_instance")[0].status == "completed"


def test_a_held_task_of_a_called_process_comes_back(office: Casework, workflows: Path) -> None:
    install(office, workflows)
    office.start("top", data={"subject": "住まい"})
    worker = office.person("worker")
    tasks.claim(office.engine, worker, office.task("look").id, now=office.now)
    until = tokyo("2026-04-02T00:00").date()
    tasks.hold(office.engine, worker, office.task("look").id, until=until.replace(day=3), reason="休み", now=office.now)
    reopened(office)
    assert office.tick("2026-04-03T08:00").resumed == 1
    assert office.task("look").state == "claimed"


def test_a_process_that_is_only_called_is_started_by_nobody(office: Casework, workflows: Path) -> None:
    install(office, workflows)
    worker = office.person("worker")
    assert [one.process_key for one in cases.startable(office.engine, worker)] == ["teller", "top"]
    with pytest.raises(NotAuthorised):
        cases.start(office.engine, worker, "bottom", entry="called", now=office.now)


def test_a_process_that_begins_with_a_call_opens_with_the_form_of_the_called_one(
    office: Casework, tmp_path: Path
) -> None:
    first = top()
    call = first.nodes[2]
    first.nodes[1:3] = [replace(call, body=call.body.replace('source="subject"', 'source="owner_org"'))]
    first.extensions = variable("answer", "text")
    first.lines = chain("begin", "pass_on", "close", "finish")
    install(office, write(tmp_path / "workflows", first, middle(), bottom(), teller()))
    worker = office.person("worker")
    choice = next(one for one in cases.startable(office.engine, worker) if one.process_key == "top")
    with task_forms.of_start(office.engine, worker, choice, "manual", now=office.now) as opened:
        assert opened.form.key == "look"
    started = office.start("top", data={"bottom_answer": "もう分かった"})
    assert office.task("look").state == "completed"
    assert started.task_id is None  # it waits for the message now
