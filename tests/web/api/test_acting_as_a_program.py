"""What a program does to tasks: each act once, refused in words, in the trail with its token."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from engine.domain.errors import EngineError, InstanceFailed, StorageUnavailable, TooManyAttempts
from engine.services import housekeeping
from tests.support.casework import a_form, a_process, a_task, flow
from tests.web.api.client import Program
from tests.web.site import Site, Thing


@pytest.fixture
def program(site: Site) -> Program:
    """The program of a consultation worker."""
    return Program.of(site, "worker")


@pytest.fixture
def thing(site: Site) -> Thing:
    """A case whose second task waits."""
    return site.a_case("worker")


@pytest.fixture
def here(office: Site) -> Thing:
    """As ``thing``, in the office that these tests share."""
    return office.a_case("worker")


def events(site: Site, act: str) -> list[dict[str, object]]:
    """Data of the audit events of an act."""
    return [json.loads(row.data) for row in site.office.rows("SELECT data FROM audit_event WHERE act = :a", a=act)]


def test_a_task_is_claimed_filled_in_and_completed(site: Site, program: Program, thing: Thing) -> None:
    claimed = program.post(f"/tasks/{thing.task_id}/claim")
    assert (claimed.body["state"], claimed.body["assignee_id"]) == ("claimed", site.office.staff["worker"])
    task = program.get(f"/tasks/{thing.task_id}").body
    assert task["version"] == claimed.body["version"]
    body = {"version": task["version"], "data": {"note": "電話で話した。"}}
    done = program.post(f"/tasks/{thing.task_id}/complete", body)
    assert (done.status, done.body["state"]) == (200, "completed")
    records = site.office.rows("SELECT data FROM record WHERE task_id = :t", t=thing.task_id)
    assert [json.loads(row.data) for row in records] == [{"note": "電話で話した。"}]
    (token,) = site.office.rows("SELECT id FROM api_token")
    assert (
        "worker（生活相談センターさぽーと）・プログラムから"
        in site.browser("worker").get(f"/cases/{thing.number}").words
    )
    assert [event["token"] for event in events(site, "task.claimed")] == [token.id]
    assert [event.get("token") for event in events(site, "task.completed")] == [None, token.id]


@pytest.mark.parametrize("act", ["claim", "complete"])
def test_the_same_request_sent_again_gets_the_same_answer_and_acts_once(
    act: str, site: Site, program: Program, thing: Thing
) -> None:
    body = {"version": 1, "data": {"note": "訪問した。"}} if act == "complete" else None
    first = program.post(f"/tasks/{thing.task_id}/{act}", body, key="one")
    again = program.post(f"/tasks/{thing.task_id}/{act}", body, key="one")
    assert first.status == again.status == 200
    assert first.response.get_data() == again.response.get_data()
    assert len(events(site, f"task.{act}ed" if act == "claim" else "task.completed")) == (1 if act == "claim" else 2)
    assert site.count("SELECT count(*) FROM record WHERE task_id = :t", t=thing.task_id) == (act == "complete")


def test_a_key_never_acts_later(office: Site, worker: Program, here: Thing) -> None:
    """Sent again after the task was given back, the claim is answered as before and not made anew."""
    first = worker.post(f"/tasks/{here.task_id}/claim", key="claiming")
    held_already = worker.post(f"/tasks/{here.task_id}/claim", key="nothing-to-do")
    assert (first.status, held_already.status) == (200, 200)
    assert worker.post(f"/tasks/{here.task_id}/release").body["state"] == "open"
    for key, before in (("claiming", first), ("nothing-to-do", held_already)):
        assert worker.post(f"/tasks/{here.task_id}/claim", key=key).body == before.body
    assert office.office.task("second", case_id=here.case_id).state == "open"


def test_a_key_is_good_for_one_request(office: Site, worker: Program, here: Thing) -> None:
    worker.post(f"/tasks/{here.task_id}/claim", key="taken")
    other = worker.post(f"/tasks/{here.task_id}/release", key="taken")
    assert (other.status, other.code) == (422, "key_reused")
    assert office.office.task("second", case_id=here.case_id).state == "claimed"
    theirs = Program.of(office, "other_worker").post(f"/tasks/{here.task_id}/claim", key="taken")
    assert theirs.code == "already_claimed"  # keys are each person's own


@pytest.mark.parametrize("key", [None, "with space", "x" * 101, "キー"], ids=["none", "space", "long", "not ascii"])
def test_nothing_is_done_without_a_usable_key(key: str | None, office: Site, worker: Program, here: Thing) -> None:
    sent = key.encode().decode("latin-1") if key else key
    answer = worker.post(f"/tasks/{here.task_id}/claim", key=sent)
    assert (answer.status, answer.code) == (400, "key_missing")
    assert office.office.task("second", case_id=here.case_id).state == "open"


def test_keys_are_forgotten_after_a_day(site: Site, program: Program, thing: Thing) -> None:
    program.post(f"/tasks/{thing.task_id}/claim", key="one")
    engine, now = site.office.engine, site.clock.moment
    assert housekeeping.tidy(engine, now=now + timedelta(hours=23)).requests == 0
    assert housekeeping.tidy(engine, now=now + timedelta(hours=25)).requests == 1


def test_what_was_refused_may_be_sent_again_with_its_key(office: Site, worker: Program, here: Thing) -> None:
    office.office.claim("second", "other_worker", case_id=here.case_id)
    refused = worker.post(f"/tasks/{here.task_id}/claim", key="refused")
    assert (refused.status, refused.code) == (409, "already_claimed")
    assert "other_worker" in refused.body["detail"]
    Program.of(office, "other_worker").post(f"/tasks/{here.task_id}/release")
    assert worker.post(f"/tasks/{here.task_id}/claim", key="refused").status == 200


def test_a_stale_completion_says_what_differs_and_changes_nothing(office: Site, worker: Program, here: Thing) -> None:
    worker.post(f"/tasks/{here.task_id}/claim")
    answer = worker.post(f"/tasks/{here.task_id}/complete", {"version": 1, "data": {"note": "古い"}})
    assert (answer.status, answer.code) == (409, "stale")
    assert (answer.body["version"], answer.body["state"]) == (2, "claimed")
    assert answer.body["differences"] == [{"field": "note", "label": "note", "sent": "古い", "now": ""}]
    assert office.office.task("second", case_id=here.case_id).state == "claimed"


def test_a_completed_task_says_who_was_first(office: Site, worker: Program, here: Thing) -> None:
    body = {"version": 1, "data": {}}
    Program.of(office, "other_worker").post(f"/tasks/{here.task_id}/complete", body)
    answer = worker.post(f"/tasks/{here.task_id}/complete", body)
    assert (answer.status, answer.code) == (409, "already_completed")
    assert "other_worker" in answer.body["detail"]


def test_a_form_with_faults_names_each_field(site: Site, program: Program) -> None:
    body = a_task("ask") + '<bpmn:endEvent id="done"/>' + flow("st", "ask") + flow("ask", "done")
    site.office.deploy("asking", a_process("asking", body), {"note": a_form("note", required=("name", "place"))})
    site.office.start("asking", "worker")
    task_id = site.office.task("ask").id
    answer = program.post(f"/tasks/{task_id}/complete", {"version": 1, "data": {"place": "駅前", "nothing": "1"}})
    assert (answer.status, answer.code) == (422, "form_invalid")
    assert {fault["pointer"] for fault in answer.body["errors"]} == {"/data/name", "/data/nothing"}
    assert all(fault["detail"].endswith("。") for fault in answer.body["errors"])
    assert site.count("SELECT count(*) FROM record") == 0
    assert site.count("SELECT count(*) FROM api_request") == 0


@pytest.mark.parametrize(
    ("raw", "kind", "status", "code"),
    [
        (b"version=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"{", "application/json", 400, "body_unreadable"),
        (b"[1]", "application/json", 400, "body_unreadable"),
        (b"\xff", "application/json", 400, "body_unreadable"),
        (b'{"version": 1, "version": 2, "data": {}}', "application/json", 400, "body_unreadable"),
        (b'{"version": NaN, "data": {}}', "application/json", 400, "body_unreadable"),
        (b'{"version": 1, "data": {"note": "\\u0000"}}', "application/json", 400, "body_unreadable"),
        (b'{"version": 1, "data": {"note": "\\ud800"}}', "application/json", 400, "body_unreadable"),
        (b'{"version": 1, "data": ' + b'{"a":' * 5000 + b"1" + b"}" * 5001, "application/json", 400, "body_unreadable"),
        (b'{"version": "1", "data": {}}', "application/json", 422, "not_as_described"),
        (b'{"version": true, "data": {}}', "application/json", 422, "not_as_described"),
        (b'{"data": {}}', "application/json", 422, "not_as_described"),
        (b'{"version": 1, "data": [], "more": 1}', "application/json", 422, "not_as_described"),
        (b'{"version": 1, "data": {"note": "' + b"x" * 2_200_000 + b'"}}', "application/json", 413, "too_large"),
    ],
)  # fmt: skip
def test_a_body_that_is_not_as_described_is_refused(
    raw: bytes, kind: str, status: int, code: str, office: Site, worker: Program, here: Thing
) -> None:
    answer = worker.post(f"/tasks/{here.task_id}/complete", raw=raw, kind=kind)
    assert (answer.status, answer.code) == (status, code)
    assert office.office.task("second", case_id=here.case_id).state == "open"


def test_what_only_city_staff_may_do_is_refused_to_a_contractor(site: Site) -> None:
    body = a_task("decide", roles="intake_worker", attributes='tsunagu:cityStaffOnly="true"')
    body += '<bpmn:endEvent id="done"/>' + flow("st", "decide") + flow("decide", "done")
    site.office.deploy("deciding", a_process("deciding", body))
    site.office.start("deciding", "worker")
    task_id = site.office.task("decide").id
    program = Program.of(site, "worker")
    for act, sent in (("claim", None), ("complete", {"version": 1, "data": {}})):
        answer = program.post(f"/tasks/{task_id}/{act}", sent)
        assert (answer.status, answer.code) == (403, "city_staff_only")
    assert site.office.task("decide").state == "open"


@pytest.mark.parametrize("act", ["claim", "release", "complete"])
def test_acting_on_foreign_and_absent_tasks_reads_the_same(act: str, office: Site, worker: Program) -> None:
    other = office.a_case("stranger")
    body = {"version": 1, "data": {}} if act == "complete" else None
    foreign = worker.post(f"/tasks/{other.task_id}/{act}", body)
    absent = worker.post(f"/tasks/{'0' * 32}/{act}", body)
    assert foreign.status == absent.status == 404
    assert foreign.body == absent.body


def test_refusals_are_told_in_the_language_asked_for(worker: Program, here: Thing) -> None:
    japanese = worker.get("/cases/R8-9999")
    worker.language = "en"
    english = worker.get("/cases/R8-9999")
    assert japanese.body["title"] == "見つかりません"
    assert english.body["title"] == "Not found"
    assert english.response.headers["Content-Language"] == "en"


def test_addresses_and_methods_that_there_are_not_are_problems_too(worker: Program) -> None:
    nowhere = worker.get("/nowhere")
    assert (nowhere.status, nowhere.code) == (404, "not_found")
    wrong = worker.post("/inbox", {})
    assert (wrong.status, wrong.code) == (405, "method_not_allowed")
    assert "GET" in wrong.response.headers["Allow"]


@pytest.mark.parametrize(
    ("error", "status", "code", "retry"),
    [
        (StorageUnavailable("locked"), 503, "storage_unavailable", "10"),
        (TooManyAttempts(), 429, "too_many_attempts", None),
        (InstanceFailed("second", "secret of the house"), 500, "incident", None),
    ],
    ids=["no database", "too often", "stopped"],
)
def test_every_error_of_the_table_is_a_problem(
    error: EngineError, status: int, code: str, retry: str | None, worker: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("engine.queries.processes.processes", refused)
    answer = worker.get("/definitions")
    assert (answer.status, answer.code) == (status, code)
    assert answer.response.headers.get("Retry-After") == retry
    assert "secret" not in answer.response.get_data(as_text=True)


def test_a_fault_of_ours_is_a_problem_with_a_reference(
    office: Site, worker: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("engine.queries.processes.processes", broken)
    answer = worker.get("/definitions")
    assert (answer.status, answer.code) == (500, "failed")
    assert len(answer.body["reference"]) == 6
    assert "secret" not in answer.response.get_data(as_text=True)
