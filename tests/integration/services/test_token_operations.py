"""Repairs by a supervisor: what each writes, what is refused, and who may."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.domain.errors import ChangeRefused, FormInvalid, NotAuthorised, NotFound, NotOpen
from engine.services import token_operations
from tests.support.casework import Casework, a_form, a_process, a_task, flow


@pytest.fixture
def one_office(sqlite_url: str) -> Iterator[Casework]:
    """The office on SQLite alone, for what no database decides."""
    opened = Casework.open(sqlite_url)
    yield opened
    opened.engine.database.dispose()


END = '<bpmn:endEvent id="end" name="終わり"/>'
FORMS = {"note": a_form("note", optional=("note",)), "ask": a_form("ask", optional=("answer",))}
TWO_BRANCHES = a_process(
    "care",
    '<bpmn:parallelGateway id="g"/><bpmn:parallelGateway id="j"/>' + a_task("a") + a_task("b") + a_task("close") + END
    + flow("st", "g") + flow("g", "a") + flow("g", "b") + flow("a", "j") + flow("b", "j") + flow("j", "close")
    + flow("close", "end"),
)  # fmt: skip
DURATION = "<bpmn:timerEventDefinition><bpmn:timeDuration>{}</bpmn:timeDuration></bpmn:timerEventDefinition>"
FRAGILE = a_process(
    "fragile",
    a_task("ask", form="ask") + f'<bpmn:intermediateCatchEvent id="t">{DURATION.format(chr(34) + "P1D" + chr(34))}'
    '</bpmn:intermediateCatchEvent><bpmn:exclusiveGateway id="x" default="f_x__end"/>' + a_task("again") + END
    + flow("st", "ask") + flow("ask", "t") + flow("t", "x") + flow("x", "end") + flow("x", "again", "len(answer) == 2")
    + flow("again", "end"),
    variables=("answer",),
)  # fmt: skip


def ref_of(office: Casework, instance_id: str, element_id: str) -> str:
    found = token_operations.tokens(office.engine, office.person("supervisor"), instance_id, now=office.now)
    return next(place.ref for place in found if place.element_id == element_id)


def started(office: Casework) -> str:
    office.deploy("care", TWO_BRANCHES, FORMS)
    return office.start("care").instance_id


def events(office: Casework, act: str) -> list[tuple[str, str]]:
    rows = office.rows("SELECT actor, element_id, data FROM audit_event WHERE act = :a", a=act)
    assert all("誤って進めた" in row.data for row in rows), "the reason is kept"
    return [(row.actor, row.element_id) for row in rows]


def common(office: Casework) -> dict[str, object]:
    return {"reason": "誤って進めた", "now": office.now}


def test_a_token_is_moved_back_and_its_rows_with_it(office: Casework) -> None:
    instance = started(office)
    office.complete("a", "worker")
    office.complete("b", "worker")
    supervisor = office.person("supervisor")
    token_operations.move_token(
        office.engine, supervisor, instance, ref_of(office, instance, "close"), "g", **common(office)
    )
    assert [office.task(name).state for name in ("a", "b", "close")] == ["open", "open", "cancelled"]
    assert office.rows("SELECT state FROM clock WHERE task_id = :t", t=office.task("close").id)[0].state == "cancelled"
    pending = office.rows("SELECT DISTINCT ref FROM timer WHERE state = 'pending'")
    assert {row.ref for row in pending} == {office.task("a").ref, office.task("b").ref}
    assert events(office, "token.moved") == [(office.staff["supervisor"], "close")]


def test_what_is_skipped_counts_as_cancelled_and_the_instance_goes_on(office: Casework) -> None:
    instance = started(office)
    supervisor = office.person("supervisor")
    for name in ("a", "b"):
        token_operations.skip(office.engine, supervisor, instance, ref_of(office, instance, name), **common(office))
    assert [office.task(name).state for name in ("a", "b", "close")] == ["cancelled", "cancelled", "open"]
    assert office.rows("SELECT completed_by FROM user_task WHERE element_id = 'a'")[0].completed_by is None
    assert events(office, "token.skipped") == [(office.staff["supervisor"], name) for name in ("a", "b")]


def test_a_repair_that_would_hang_a_join_is_refused_in_words_and_keeps_nothing(office: Casework) -> None:
    instance = started(office)
    before = [
        office.rows(f"SELECT * FROM {name}") for name in ("process_instance", "user_task", "timer", "audit_event")
    ]
    with pytest.raises(ChangeRefused) as refusal:
        token_operations.cancel_branch(
            office.engine, office.person("supervisor"), instance, ref_of(office, instance, "a"), **common(office)
        )
    assert [reason.element_id for reason in refusal.value.reasons] == ["j"]
    after = [office.rows(f"SELECT * FROM {name}") for name in ("process_instance", "user_task", "timer", "audit_event")]
    assert after == before, "not even an incident"
    assert office.rows("SELECT id FROM incident") == []


def test_a_cancelled_instance_has_a_status_of_its_own_and_nothing_of_it_waits(office: Casework) -> None:
    instance = started(office)
    supervisor = office.person("supervisor")
    token_operations.cancel_instance(office.engine, supervisor, instance, **common(office))
    assert office.rows("SELECT status, ended_by FROM process_instance") == [("cancelled", "")]
    assert office.rows("SELECT DISTINCT state FROM user_task") == [("cancelled",)]
    assert office.rows("SELECT DISTINCT state FROM clock") == [("cancelled",)]
    assert office.rows("SELECT DISTINCT state FROM timer") == [("cancelled",)]
    assert events(office, "instance.cancelled") == [(office.staff["supervisor"], None)]
    assert office.tick("2026-08-01T09:00").raised == 0
    with pytest.raises(NotOpen):
        token_operations.cancel_instance(office.engine, supervisor, instance, **common(office))
    with pytest.raises(NotOpen):
        token_operations.tokens(office.engine, supervisor, instance, now=office.now)


def test_a_failed_moment_is_tried_again_after_a_variable_was_corrected(office: Casework) -> None:
    office.deploy("fragile", FRAGILE, FORMS)
    instance = office.start("fragile").instance_id
    office.complete("ask", "worker")
    for day in (3, 4, 5, 6):
        office.tick(f"2026-04-0{day}T09:00")
    assert office.rows("SELECT state FROM timer WHERE kind = 'token'") == [("failed",)]
    incidents = office.rows("SELECT id FROM incident WHERE resolved_at IS NULL")
    assert office.rows("SELECT status FROM process_instance") == [("incident",)]
    supervisor = office.person("supervisor")
    with pytest.raises(ChangeRefused, match="「nothing」は、この手続きにありません"):
        token_operations.retry(
            office.engine, supervisor, incidents[0].id, values={"nothing": 1}, **common(office)
        )  # fmt: skip
    token_operations.retry(office.engine, supervisor, incidents[0].id, values={"answer": "はい"}, **common(office))
    assert office.rows("SELECT id FROM incident WHERE resolved_at IS NULL") == []
    assert office.rows("SELECT status FROM process_instance") == [("running",)]
    assert events(office, "incident.retried")[0][0] == office.staff["supervisor"]
    assert office.tick().fired == 1
    assert office.task("again").state == "open"
    with pytest.raises(NotOpen):
        token_operations.retry(office.engine, supervisor, incidents[0].id, **common(office))
    assert office.rows("SELECT id FROM process_instance") == [(instance,)]


def test_only_a_supervisor_of_the_cases_organisations_may_and_must_say_why(one_office: Casework) -> None:
    instance = started(one_office)
    one_office.employ("owner", "DV-04", "process_owner")
    one_office.employ("admin", "DV-04", "sysadmin")
    ref = ref_of(one_office, instance, "a")
    for name, error in (
        ("worker", NotAuthorised), ("manager", NotAuthorised), ("owner", NotFound), ("admin", NotFound),
        ("stranger", NotFound),
    ):  # fmt: skip
        with pytest.raises(error):
            token_operations.skip(one_office.engine, one_office.person(name), instance, ref, **common(one_office))
        with pytest.raises(error):
            token_operations.cancel_instance(one_office.engine, one_office.person(name), instance, **common(one_office))
    with pytest.raises(FormInvalid):
        token_operations.skip(
            one_office.engine, one_office.person("supervisor"), instance, ref, reason=" ", now=one_office.now
        )
    assert one_office.task("a").state == "open"
