"""What a program may read: the same as its person on the pages, page by page, and nothing that is sealed."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import event, text, update

from engine.domain.roles import Role
from engine.storage.tables import support_case
from tests.support.casework import a_form, a_process, a_task, flow
from tests.web.api.client import Program
from tests.web.site import Site, Thing
from web.policy import ROLES, Policy, policy_of

ABSENT = Thing("R8-9999", "absent", "0" * 32, "0" * 32, "0" * 32)
SECRET = "一年前に聞いたこと（架空）"


@pytest.fixture
def program(site: Site) -> Program:
    """The program of a consultation worker."""
    return Program.of(site, "worker")


def addresses(site: Site, thing: Thing) -> dict[str, str]:
    """Every address that is read, by endpoint, for one case."""
    values = {"number": thing.number, "task_id": thing.task_id, "key": "visit", "version": "1"}
    found = {}
    for rule in site.app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1/") and "GET" in (rule.methods or ()):
            path = rule.rule.removeprefix("/api/v1").replace("int(max=100000):", "")
            for name, value in values.items():
                path = path.replace(f"<{name}>", value)
            found[rule.endpoint] = path
    return found


@pytest.mark.parametrize("role", [Role.INTAKE_WORKER, Role.PROCESS_OWNER, Role.SYSADMIN], ids=lambda role: role.value)
def test_every_address_is_for_the_roles_of_its_policy(role: Role, office: Site) -> None:
    own, other = office.a_case("worker"), office.a_case("stranger")
    program = Program.of(office, office.employ(role))
    for endpoint, path in addresses(office, own).items():
        policy = policy_of(office.app.view_functions[endpoint]) or Policy.PUBLIC
        allowed = role.value in ROLES.get(policy, {role.value})
        assert program.get(path).status == (200 if allowed else 403), path
        if own.number in path or own.task_id in path:
            foreign = program.get(addresses(office, other)[endpoint])
            absent = program.get(addresses(office, ABSENT)[endpoint])
            assert foreign.status == absent.status == (404 if allowed else 403)
            assert foreign.body == absent.body


def test_the_inbox_lists_what_the_page_lists(site: Site, program: Program) -> None:
    things = [site.a_case("worker") for _ in range(2)]
    site.office.claim("second", "worker", case_id=things[0].case_id)
    mine, claimable = program.get("/inbox").body, program.get("/inbox?view=claimable").body
    assert [item["id"] for item in mine["items"]] == [things[0].task_id]
    assert [item["id"] for item in claimable["items"]] == [things[1].task_id]
    assert mine["items"][0]["assignee"]["name"] == "worker"
    assert claimable["items"][0]["claimable"]
    done = program.get("/inbox?view=done-today&process=visit").body
    assert done["total"] == done["unfiltered"] == 2
    assert program.get("/inbox?view=claimable&due=late").body["items"] == []
    by_case = [item["case_number"] for item in program.get("/inbox?view=done-today&order=case").body["items"]]
    assert by_case == sorted(thing.number for thing in things)


def test_lists_are_read_page_by_page_without_a_gap(
    site: Site, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("engine.queries.inbox", "engine.queries.cases", "web.api.cases"):
        monkeypatch.setattr(f"{module}.PAGE_SIZE", 2)
    numbers = {site.a_case("worker").number for _ in range(5)}
    for path in ("/inbox?view=claimable", "/cases?status=open"):
        found = walked(program, path)
        assert {item.get("case_number") or item["number"] for item in found} == numbers
        assert len(found) == 5
    case = min(numbers)
    whole = program.get(f"/cases/{case}/timeline").body
    monkeypatch.setattr("web.api.cases.PAGE_SIZE", 1)
    assert walked(program, f"/cases/{case}/timeline") == whole["items"]
    assert whole["total"] == len(whole["items"]) == 2


def walked(program: Program, path: str) -> list[dict[str, object]]:
    """All items of a list, by following ``next``."""
    found: list[dict[str, object]] = []
    page = program.get(path).body
    while True:
        found += page["items"]
        if page["next"] is None:
            assert page["after"] is None
            return found
        page = program.get(page["next"].removeprefix("/api/v1")).body


def test_words_are_searched_for_by_body_and_noted_without_them(site: Site, program: Program) -> None:
    thing = site.a_case("worker")
    site.a_case("worker")
    for path in ("/cases/search", "/inbox/search"):
        answer = program.post(path, {"words": thing.number, **({"view": "claimable"} if "inbox" in path else {})})
        assert answer.body["total"] == 1
        assert answer.body["next"] is None
    rows = site.office.rows("SELECT what, reason FROM access_log WHERE act = 'list'")
    assert sorted(row.what for row in rows) == ["cases", "inbox"]
    assert all(row.reason.startswith("token:") and thing.number not in row.reason for row in rows)


def test_a_case_tells_who_takes_part_and_what_waits(office: Site, worker: Program) -> None:
    thing = office.a_case("worker")
    case = worker.get(f"/cases/{thing.number}").body
    assert case["carried_by_you"]
    assert [task["id"] for task in case["open_tasks"]] == [thing.task_id]
    assert case["owner"]["id"] == "AG-04"
    entries = worker.get(f"/cases/{thing.number}/timeline?kind=record").body["items"]
    assert [entry["act"] for entry in entries] == ["task.completed"]
    assert [record["id"] for record in entries[0]["records"]] == [thing.record_id]


def test_a_partner_reads_of_the_timeline_what_the_page_tells(office: Site) -> None:
    thing = office.a_case("worker")
    office.invite(thing.case_id, "AG-02", "granted", ["概要"])
    whole = Program.of(office, "worker").get(f"/cases/{thing.number}/timeline").body["total"]
    partner = Program.of(office, "stranger")
    assert partner.get(f"/cases/{thing.number}/timeline").body["total"] < whole
    case = partner.get(f"/cases/{thing.number}").body
    assert not case["carried_by_you"]
    assert [part["organisation"]["id"] for part in case["organisations"]] == ["AG-02"]


def test_a_sealed_case_is_not_there_for_who_is_not_named(site: Site, program: Program) -> None:
    thing = site.a_case("worker")
    with site.office.engine.database.write() as connection:
        connection.execute(update(support_case).where(support_case.c.id == thing.case_id).values(seal_level=2))
    assert program.get(f"/cases/{thing.number}").code == "not_found"
    assert program.get(f"/tasks/{thing.task_id}").code == "not_found"
    assert program.get("/inbox?view=claimable").body["total"] == 0


def test_a_form_begins_without_what_is_sealed(office: Site, worker: Program) -> None:
    form = json.loads(a_form("note", optional=("note", "informant")))
    for field in form["schema"]["properties"].values():
        field["x-default"] = "record.note.note"
    form["schema"]["properties"]["informant"] |= {"x-sealed": True, "x-default": SECRET}
    body = a_task("ask") + '<bpmn:endEvent id="done"/>' + flow("st", "ask") + flow("ask", "done")
    office.office.deploy("asking", a_process("asking", body), {"note": json.dumps(form).encode()})
    office.office.start("asking", "worker")
    task = worker.get(f"/tasks/{office.office.task('ask').id}")
    assert set(task.body["form"]["schema"]["properties"]) == {"note", "informant"}
    assert "informant" not in task.body["form"]["values"]


def test_a_task_of_somebody_else_is_shown_without_its_form(office: Site, worker: Program) -> None:
    thing = office.a_case("worker")
    assert worker.get(f"/tasks/{thing.task_id}").body["form"]["key"] == "note"
    office.office.claim("second", "other_worker", case_id=thing.case_id)
    task = worker.get(f"/tasks/{thing.task_id}").body
    assert task["form"] is None
    assert (task["assignee"]["name"], task["mine"], task["may_do"]) == ("other_worker", False, True)
    assert task["due"]["state"] == "on_time"
    assert task["due_explained"]


def test_reading_is_noted_with_the_token(site: Site, program: Program) -> None:
    thing = site.a_case("worker")
    program.get(f"/cases/{thing.number}")
    program.get(f"/tasks/{thing.task_id}")
    program.get("/cases/R8-9999")
    rows = site.office.rows("SELECT act, reason FROM access_log ORDER BY id")
    assert [row.act for row in rows] == ["case_opened", "task_opened", "refused"]
    (token,) = site.office.rows("SELECT id FROM api_token")
    assert {row.reason for row in rows} == {f"token:{token.id}"}


def test_processes_are_described_as_on_their_pages(office: Site, worker: Program) -> None:
    listed = next(item for item in worker.get("/definitions").body["items"] if item["key"] == "visit")
    assert (listed["key"], listed["version"], listed["user_tasks"]) == ("visit", 1, 2)
    detail = worker.get("/definitions/visit").body
    assert [step["element_id"] for step in detail["steps"]][:2] == ["st", "first"]
    file = worker.get(detail["versions"][0]["file"].removeprefix("/api/v1"))
    assert file.response.mimetype == "application/xml"
    assert b"bpmn:definitions" in file.response.get_data()
    assert worker.get("/definitions/nothing").code == "not_found"
    assert worker.get("/definitions/visit/versions/9.bpmn").code == "not_found"


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("view=everything", "view"), ("colour=red", "colour"), ("due=soon&due=late", "due"), ("after=%00", ""),
        ("after=xyz", "after"), ("process=" + "x" * 61, "process"),
    ],
    ids=["unknown value", "unknown name", "twice", "null byte", "foreign place", "too long"],
)  # fmt: skip
def test_parameters_that_are_not_as_described_are_named(query: str, place: str, worker: Program) -> None:
    answer = worker.get(f"/inbox?{query}")
    if not place:
        assert (answer.status, answer.code) == (400, "bad_request")
        return
    assert (answer.status, answer.code) == (422, "not_as_described")
    assert [fault["parameter"] for fault in answer.body["errors"]] == [place]


def queries(office: Site, program: Program, path: str) -> int:
    """How many statements reading an address sends to the database."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    engine = office.office.engine.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert program.get(path).status == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len([statement for statement in sent if statement.startswith("SELECT")])


@pytest.mark.parametrize("path", ["/inbox?view=claimable", "/inbox/upcoming", "/cases"])
def test_lists_ask_as_often_however_long_they_are(path: str, office: Site, worker: Program) -> None:
    office.a_case("worker")
    worker.get(path)
    few = queries(office, worker, path)
    for _ in range(4):
        office.a_case("worker")
    assert queries(office, worker, path) == few


def test_no_engine_state_is_read_for_a_list(site: Site, program: Program) -> None:
    site.a_case("worker")
    with site.office.engine.database.write() as connection:
        connection.execute(text("UPDATE process_instance SET state = x'00'"))
    for path in ("/inbox?view=claimable", "/inbox/upcoming", "/cases", "/definitions"):
        assert program.get(path).status == 200
