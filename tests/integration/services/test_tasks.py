"""What people can do with a task, and what is refused to whom."""

from __future__ import annotations

from datetime import date

import pytest

from engine.domain.errors import (
    AlreadyClaimed,
    AlreadyCompleted,
    CityStaffOnly,
    EngineError,
    FormInvalid,
    FourEyes,
    HoldTooLong,
    NotAuthorised,
    NotFound,
    NotOpen,
    StaleVersion,
)
from engine.services import tasks
from engine.storage import audit
from tests.support.casework import Casework, a_form, a_process, a_task, flow

TWO_STEPS = a_process(
    "two_steps",
    a_task("ask", form="ask") + a_task("decide", roles="agency_manager")
    + flow("st", "ask") + flow("ask", "decide") + flow("decide", "end") + '<bpmn:endEvent id="end" name="終わり"/>',
    variables=("answer", "note"),
)  # fmt: skip
FORMS = {"ask": a_form("ask", required=("answer",)), "note": a_form("note", optional=("note",))}


@pytest.fixture
def at_decide(office: Casework) -> Casework:
    """One case that waits for its manager."""
    office.deploy("two_steps", TWO_STEPS, FORMS)
    office.start("two_steps", data={"answer": "はい"})
    return office


def test_a_start_with_a_valid_form_opens_the_next_task(at_decide: Casework) -> None:
    assert at_decide.task("ask").state == "completed"
    assert (at_decide.task("decide").state, at_decide.task("decide").due_on) == ("open", _day(at_decide, "2026-04-08"))


def test_a_start_with_an_invalid_form_leaves_nothing(office: Casework) -> None:
    office.deploy("two_steps", TWO_STEPS, FORMS)
    with pytest.raises(FormInvalid) as refusal:
        office.start("two_steps", data={})
    assert list(refusal.value.fields) == ["answer"]
    assert office.rows("SELECT count(*) FROM support_case")[0][0] == 0
    assert office.rows("SELECT count(*) FROM case_counter")[0][0] == 0


def test_a_completed_task_keeps_its_record_and_variable(at_decide: Casework) -> None:
    record = at_decide.rows("SELECT form_key, data FROM record")
    assert len(record) == 1
    assert "はい" in record[0].data
    assert "はい" in at_decide.rows("SELECT changes FROM history WHERE changes IS NOT NULL")[-1].changes


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("worker", NotAuthorised), ("stranger", NotFound), ("supervisor", NotAuthorised)],
    ids=["colleague without the role", "other agency", "division that watches"],
)
def test_completing_is_refused_to_others(at_decide: Casework, who: str, refusal: type[EngineError]) -> None:
    with pytest.raises(refusal):
        at_decide.complete("decide", who)
    assert at_decide.task("decide").state == "open"


def test_a_task_that_does_not_exist_answers_as_one_that_may_not_be_known(at_decide: Casework) -> None:
    with pytest.raises(NotFound):
        tasks.claim(at_decide.engine, at_decide.person("manager"), "no-such-task", now=at_decide.now)


def test_claim_is_refused_when_another_holds_the_task(at_decide: Casework) -> None:
    at_decide.employ("second_manager", "AG-04", "agency_manager")
    task = at_decide.task("decide")
    tasks.claim(at_decide.engine, at_decide.person("manager"), task.id, now=at_decide.now)
    with pytest.raises(AlreadyClaimed) as refusal:
        tasks.claim(at_decide.engine, at_decide.person("second_manager"), task.id, now=at_decide.now)
    assert refusal.value.assignee_name == "manager"
    with pytest.raises(AlreadyClaimed):
        at_decide.complete("decide", "second_manager")


def test_a_released_task_can_be_claimed_by_another(at_decide: Casework) -> None:
    at_decide.employ("second_manager", "AG-04", "agency_manager")
    task = at_decide.task("decide")
    tasks.claim(at_decide.engine, at_decide.person("manager"), task.id, now=at_decide.now)
    tasks.release(at_decide.engine, at_decide.person("manager"), task.id, now=at_decide.now)
    tasks.claim(at_decide.engine, at_decide.person("second_manager"), task.id, now=at_decide.now)
    assert at_decide.task("decide").assignee_id == at_decide.staff["second_manager"]


def test_a_second_submission_is_told_who_was_first(at_decide: Casework) -> None:
    at_decide.complete("decide", "manager")
    with pytest.raises(AlreadyCompleted) as refusal:
        at_decide.complete("decide", "manager")
    assert (refusal.value.by_name, refusal.value.at) == ("manager", at_decide.now)
    assert at_decide.rows("SELECT count(*) FROM record")[0][0] == 1  # the second form had no value of its own


def test_a_stale_page_is_refused(at_decide: Casework) -> None:
    task = at_decide.task("decide")
    tasks.claim(at_decide.engine, at_decide.person("manager"), task.id, now=at_decide.now)
    with pytest.raises(StaleVersion):
        tasks.complete(
            at_decide.engine, at_decide.person("manager"), task.id, {}, now=at_decide.now, seen_version=task.version
        )


def test_work_can_only_be_handed_to_somebody_who_may_do_it(at_decide: Casework) -> None:
    task = at_decide.task("decide")
    tasks.claim(at_decide.engine, at_decide.person("manager"), task.id, now=at_decide.now)
    with pytest.raises(NotAuthorised):
        tasks.reassign(
            at_decide.engine, at_decide.person("manager"), task.id, at_decide.staff["worker"], now=at_decide.now
        )
    at_decide.employ("second_manager", "AG-04", "agency_manager")
    tasks.reassign(
        at_decide.engine, at_decide.person("supervisor"), task.id, at_decide.staff["second_manager"], now=at_decide.now
    )
    assert at_decide.task("decide").assignee_id == at_decide.staff["second_manager"]


def test_four_eyes_refuses_the_person_of_the_step_before(office: Casework) -> None:
    office.deploy(
        "four_eyes",
        a_process(
            "four_eyes",
            a_task("ask") + a_task("check", attributes='tsunagu:notSameAs="ask"') + flow("st", "ask")
            + flow("ask", "check") + flow("check", "end") + '<bpmn:endEvent id="end" name="終わり"/>',
            variables=("note",),
        ),
    )  # fmt: skip
    office.start("four_eyes", data={})
    with pytest.raises(FourEyes):
        office.complete("check", "worker")
    office.complete("check", "other_worker")
    assert office.rows("SELECT status FROM process_instance")[0].status == "completed"


def test_a_contractor_is_refused_what_only_city_staff_may_do(office: Casework) -> None:
    office.deploy(
        "statutory",
        a_process(
            "statutory",
            a_task("enter", attributes='tsunagu:cityStaffOnly="true"')
            + flow("st", "enter") + flow("enter", "end") + '<bpmn:endEvent id="end" name="終わり"/>',
            variables=("note",),
        ),
    )  # fmt: skip
    office.start("statutory")
    with pytest.raises(CityStaffOnly):
        office.complete("enter", "worker")


# ---------------------------------------------------------------- hold, resume, extend


def _hold(office: Casework, until: date, reason: str = "本人の意向待ち") -> None:
    task = office.task("decide")
    tasks.hold(office.engine, office.person("manager"), task.id, until=until, reason=reason, now=office.now)


def test_a_hold_moves_the_due_date_by_the_business_days_it_takes(at_decide: Casework) -> None:
    _hold(at_decide, date(2026, 4, 6))
    held = at_decide.task("decide")
    assert (held.state, held.due_on) == ("held", _day(at_decide, "2026-04-13"))
    with pytest.raises(NotOpen):
        at_decide.complete("decide", "manager")


def test_a_hold_ends_by_itself_on_its_day(at_decide: Casework) -> None:
    _hold(at_decide, date(2026, 4, 6))
    at_decide.tick("2026-04-05T23:59")
    assert at_decide.task("decide").state == "held"
    assert at_decide.tick("2026-04-06T00:00").resumed == 1
    assert at_decide.task("decide").state == "claimed"


def test_resuming_early_brings_the_due_date_back(at_decide: Casework) -> None:
    _hold(at_decide, date(2026, 4, 20))
    tasks.resume(
        at_decide.engine, at_decide.person("manager"), at_decide.task("decide").id, reason="連絡あり", now=at_decide.now
    )
    assert at_decide.task("decide").due_on == _day(at_decide, "2026-04-08")


@pytest.mark.parametrize(
    ("until", "reason", "fields"),
    [(date(2026, 4, 1), "x", ["until"]), (date(2026, 4, 2), " ", ["reason"])],
    ids=["not in the future", "no reason"],
)
def test_a_hold_needs_a_reason_and_a_later_day(
    at_decide: Casework, until: date, reason: str, fields: list[str]
) -> None:
    with pytest.raises(FormInvalid) as refusal:
        _hold(at_decide, until, reason)
    assert list(refusal.value.fields) == fields


def test_a_hold_is_not_longer_than_sixty_business_days(at_decide: Casework) -> None:
    with pytest.raises(HoldTooLong):
        _hold(at_decide, date(2026, 8, 1))
    assert at_decide.task("decide").state == "open"


def test_only_who_distributes_the_work_may_extend(at_decide: Casework) -> None:
    task = at_decide.task("decide")
    later = {"due_on": date(2026, 4, 15), "reason": "入院中", "now": at_decide.now}
    with pytest.raises(NotAuthorised):
        tasks.extend(at_decide.engine, at_decide.person("worker"), task.id, **later)
    tasks.extend(at_decide.engine, at_decide.person("supervisor"), task.id, **later)
    assert at_decide.task("decide").due_on == _day(at_decide, "2026-04-15")


def test_reminders_after_a_hold_come_for_the_new_date_only(at_decide: Casework) -> None:
    _hold(at_decide, date(2026, 4, 6))
    at_decide.tick("2026-04-30T09:00")
    levels = at_decide.rows("SELECT level, due_at FROM raised WHERE element_id = 'decide' ORDER BY due_at")
    assert [row.level for row in levels] == ["warn", "overdue", "1", "2", "3"]
    assert str(levels[1].due_at)[:10] == "2026-04-13"  # 00:00 Tokyo of the 14th


# ---------------------------------------------------------------- trail


def test_every_act_is_in_the_chain_and_the_chain_is_sound(at_decide: Casework) -> None:
    _hold(at_decide, date(2026, 4, 6))
    at_decide.tick("2026-04-06T09:00")
    at_decide.complete("decide", "manager")
    acts = [row.act for row in at_decide.rows("SELECT act FROM audit_event ORDER BY seq")]
    assert acts == ["instance.started", "task.completed", "task.hold", "task.resume", "task.completed"]
    with at_decide.engine.database.read() as connection:
        assert audit.verify(connection) == []


def test_a_changed_entry_of_the_trail_is_named(at_decide: Casework) -> None:
    with at_decide.engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE audit_event SET actor = 'somebody' WHERE seq = 1")
    with at_decide.engine.database.read() as connection:
        assert [(b.seq, b.reason) for b in audit.verify(connection)] == [(1, "changed")]


def _day(office: Casework, text: str) -> object:
    return text if office.engine.database.is_sqlite else date.fromisoformat(text)
