"""Running instances moved to another version: what follows, what is refused, what happens when somebody is faster."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from engine.domain.errors import ChangeRefused, FormInvalid, NotAuthorised, NotFound, NotOpen, StaleVersion
from engine.services import moving, tasks, timers
from engine.services.moving import Outcome, Target
from engine.storage import timers as timer_store
from tests.support.casework import Casework, a_form, a_process, a_task, flow

END = '<bpmn:endEvent id="end" name="終わり"/>'
FORMS = {
    "note": a_form("note", optional=("note",)),
    "long": a_form("long", optional=("note", "answer")),
    "ask": a_form("ask", required=("answer",)),
}
TABLES = ("process_instance", "user_task", "task_candidate", "clock", "timer", "subscription", "draft", "instance_move")


def timer(element_id: str, host: str, duration: str) -> str:
    definition = (
        f"<bpmn:timerEventDefinition><bpmn:timeDuration>{duration}</bpmn:timeDuration></bpmn:timerEventDefinition>"
    )
    attributes = f'id="{element_id}" attachedToRef="{host}" cancelActivity="false"'
    return f"<bpmn:boundaryEvent {attributes}>{definition}</bpmn:boundaryEvent>"


def catching(element_id: str, message: str) -> str:
    definition = f'<bpmn:messageEventDefinition messageRef="m_{message}"/>'
    return f'<bpmn:intermediateCatchEvent id="{element_id}">{definition}</bpmn:intermediateCatchEvent>'


def three_branches(
    visit: str, timed: str, caught: str, message: str, *, form: str = "note", inserted: str = ""
) -> bytes:
    """st -> g -> (visit with a timer, call, a message) -> j -> close -> end; ``inserted`` is a task before the join."""
    after_visit = a_task(inserted) + flow(visit, inserted) + flow(inserted, "j") if inserted else flow(visit, "j")
    return a_process(
        "care",
        '<bpmn:parallelGateway id="g"/><bpmn:parallelGateway id="j"/>'
        + a_task(visit, form=form, attributes='tsunagu:ladder="none"' if inserted else "")
        + timer(timed, visit, '"P3D"') + a_task("remind") + '<bpmn:endEvent id="reminded"/>' + flow(timed, "remind")
        + flow("remind", "reminded") + a_task("call") + catching(caught, message) + a_task("close") + END + after_visit
        + flow("st", "g") + flow("g", visit) + flow("g", "call") + flow("g", caught) + flow("call", "j")
        + flow(caught, "j") + flow("j", "close") + flow("close", "end"),
        variables=("note", "answer"), messages=("m1", "m2"),
    )  # fmt: skip


OLD = three_branches("visit", "late", "heard", "m1")
NEW = three_branches("meet", "slow", "heard", "m2", form="long", inserted="report")
MAPPING = {"visit": "meet", "late": "slow"}


@pytest.fixture
def office(office: Casework) -> Casework:
    """With somebody who deploys processes."""
    office.employ("owner", "DV-01", "process_owner")
    return office


@pytest.fixture
def one_office(sqlite_url: str) -> Iterator[Casework]:
    """The same on SQLite alone, for what no database decides."""
    opened = Casework.open(sqlite_url)
    opened.employ("owner", "DV-01", "process_owner")
    yield opened
    opened.engine.database.dispose()


def everything(office: Casework) -> dict[str, list[Any]]:
    """All rows that a move may touch, and the audit trail."""
    return {
        name: sorted(map(repr, office.rows(f"SELECT * FROM {name}")))
        for name in (*TABLES, "audit_event", "history", "incident", "outbox")
    }


def move(office: Casework, instance_id: str, target: Target, by: str = "supervisor") -> moving.MoveResult:
    return moving.move(office.engine, office.person(by), instance_id, target, reason="新しい様式にする", now=office.now)


def working(office: Casework) -> tuple[Any, str]:
    """An instance on the old version: visit claimed with a draft, call on hold, two days later."""
    office.deploy("care", OLD, FORMS)
    started = office.start("care")
    worker, task = office.person("worker"), office.task("visit")
    tasks.claim(office.engine, worker, task.id, now=office.now)
    tasks.save_draft(office.engine, worker, task.id, {"note": "途中まで"}, now=office.now)
    tasks.hold(
        office.engine, worker, office.task("call").id, until=date(2026, 4, 10), reason="相手の都合", now=office.now
    )
    office.now += timedelta(days=2)
    return started, office.deploy("care", NEW, FORMS)


def test_a_dry_run_reads_only_and_says_what_would_happen(office: Casework) -> None:
    started, new = working(office)
    before = everything(office)
    (result,) = moving.dry_run(
        office.engine, office.person("owner"), [started.instance_id], Target(new, MAPPING), now=office.now
    )
    assert everything(office) == before
    assert result.outcome is Outcome.MOVABLE
    assert result.decided, "the search over markings decides, not the look at the joins"
    assert result.elements["visit"] == "meet"
    texts = [f"{note.element_id}: {note.message_ja}" for note in result.notes]
    assert "meet: 「meet」の様式が変わります。下書きは残ります。" in texts
    assert "heard: 「heard」が待つものは、「m1」から「m2」に変わります。" in texts


def test_a_moved_instance_keeps_what_people_did_and_takes_what_the_version_says(office: Casework) -> None:
    started, new = working(office)
    visit, call = office.task("visit"), office.task("call")
    due = {row.id: (row.due_at, row.due_on, row.warn_at) for row in (visit, call)}
    moments = {row.id: row.fires_at for row in office.rows("SELECT * FROM timer WHERE state = 'pending'")}
    result = move(office, started.instance_id, Target(new, MAPPING))
    assert result.outcome is Outcome.MOVED
    assert office.rows("SELECT version_id, status FROM process_instance") == [(new, "running")]
    meet, held = office.task("meet"), office.task("call")
    assert (meet.id, meet.ref, meet.state, meet.assignee_id) == (visit.id, visit.ref, "claimed", visit.assignee_id)
    assert (meet.name, meet.form_key) == ("meet", "long")
    assert (held.id, held.state, str(held.held_until), held.hold_reason) == (
        call.id,
        "held",
        "2026-04-10",
        "相手の都合",
    )
    assert {row.id: (row.due_at, row.due_on, row.warn_at) for row in (meet, held)} == due
    draft = office.rows("SELECT task_id FROM draft")
    assert [row.task_id for row in draft] == [visit.id]
    pending = office.rows("SELECT * FROM timer WHERE state = 'pending'")
    assert {row.id: row.fires_at for row in pending}.items() <= moments.items()
    assert [row.element_id for row in pending if row.kind == "token"] == ["slow"]
    assert [row for row in pending if row.kind == "level" and row.ref == meet.ref] == [], (
        "the new version raises nobody"
    )
    assert office.rows("SELECT element_id, message FROM subscription") == [("heard", "m2")]
    (event,) = office.rows("SELECT actor, data FROM audit_event WHERE act = 'instance.moved'")
    assert event.actor == office.staff["supervisor"]
    assert "新しい様式にする" in event.data
    office.tick("2026-04-05T09:00")
    assert office.task("remind").state == "open", "the timer fires at the moment for which it was armed"
    office.complete("meet", "worker", note="会えた", answer="はい")
    assert office.task("report").state == "open"


def test_an_undone_move_leaves_every_row_as_it_was(office: Casework) -> None:
    started, new = working(office)
    alike = (
        "SELECT state, version_id, status FROM process_instance",
        "SELECT id, ref, element_id, name, form_key, state, assignee_id, city_staff_only, not_same_as, hold_allowed,"
        " stage, org_id, locals, due_at, due_on, warn_at, held_until, hold_reason, claimed_at FROM user_task"
        " ORDER BY id",
        "SELECT kind, element_id, ref, branch, fires_at FROM timer WHERE state = 'pending' ORDER BY 1, 2, 3, 4",
        *(f"SELECT * FROM {name} ORDER BY 1, 2, 3" for name in ("task_candidate", "clock", "subscription", "draft")),
    )
    before = [office.rows(query) for query in alike]
    result = move(office, started.instance_id, Target(new, MAPPING))
    assert all(office.rows(query) != rows for query, rows in zip(alike[:3], before[:3], strict=True))
    moving.undo(office.engine, office.person("supervisor"), result.move_id, reason="早すぎた", now=office.now)
    assert [office.rows(query) for query in alike] == before
    with pytest.raises(ChangeRefused, match="すでに元に戻しています"):
        moving.undo(office.engine, office.person("supervisor"), result.move_id, reason="もう一度", now=office.now)
    office.complete("visit", "worker", note="会えた")
    assert office.tasks("report") == []


def test_a_move_can_be_undone_only_while_nothing_has_happened_since(one_office: Casework) -> None:
    started, new = working(one_office)
    result = move(one_office, started.instance_id, Target(new, MAPPING))
    one_office.complete("meet", "worker", note="会えた", answer="はい")
    with pytest.raises(ChangeRefused, match="作業が進んでいます"):
        moving.undo(
            one_office.engine, one_office.person("supervisor"), result.move_id, reason="早すぎた", now=one_office.now
        )
    assert one_office.task("report").state == "open"


def test_many_instances_are_each_moved_whole_or_not_at_all(office: Casework) -> None:
    old = office.deploy("two", line("u1", "u2"), FORMS)
    cases = [office.start("two") for _ in range(4)]
    office.complete("u1", "worker", case_id=cases[1].case_id)
    for name in ("u1", "u2"):
        office.complete(name, "worker", case_id=cases[2].case_id)
    new = office.deploy("two", line("u1"), FORMS)
    owner = office.person("owner")
    assert moving.instances_on(office.engine, owner, old) == [
        one.instance_id for index, one in enumerate(cases) if index != 2
    ]
    ids = [one.instance_id for one in cases] + ["nobody's"]
    results = moving.move_many(office.engine, owner, ids, Target(new), reason="短くする", now=office.now)
    assert [result.outcome for result in results] == ["moved", "refused", "ended", "moved", "unknown"]
    assert [reason.element_id for reason in results[1].refusals] == ["u2"]
    versions = {row.id: row.version_id for row in office.rows("SELECT id, version_id FROM process_instance")}
    assert [versions[one.instance_id] for one in cases] == [new, old, old, new]
    assert len(office.rows("SELECT id FROM instance_move")) == 2


def line(*names: str) -> bytes:
    """st -> each task -> end, of process ``two``."""
    ids = ["st", *names, "end"]
    flows = "".join(flow(source, target) for source, target in pairwise(ids))
    return a_process("two", "".join(a_task(name) for name in names) + END + flows)


def test_who_completes_a_task_meanwhile_is_first_and_the_move_is_tried_again(
    office: Casework, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.deploy("two", line("u1", "u2"), FORMS)
    started = office.start("two")
    new = office.deploy("two", line("u1", "w2", "u3"), FORMS)
    planned = moving._candidate
    rushed: list[str] = []

    def slow(*args: Any, **kwargs: Any) -> Any:
        found = planned(*args, **kwargs)
        if not rushed:
            rushed.append("u1")
            office.complete("u1", "worker")
        return found

    monkeypatch.setattr(moving, "_candidate", slow)
    result = move(office, started.instance_id, Target(new, {"u2": "w2"}))
    assert (rushed, result.outcome, result.elements) == (["u1"], Outcome.MOVED, {"u2": "w2"})
    assert (office.task("u1").state, office.task("w2").state) == ("completed", "open")
    assert office.rows("SELECT version_id, status FROM process_instance") == [(new, "running")]


def test_a_move_after_which_a_join_would_wait_for_ever_is_refused_with_the_way(one_office: Casework) -> None:
    def branches(*names: str) -> bytes:
        inner = "".join(a_task(name) + flow("g", name) + flow(name, "j") for name in names)
        gateways = '<bpmn:parallelGateway id="g"/><bpmn:parallelGateway id="j"/>'
        return a_process("both", gateways + inner + END + flow("st", "g") + flow("j", "end"))

    one_office.deploy("both", branches("a", "b"), FORMS)
    started = one_office.start("both")
    new = one_office.deploy("both", branches("a", "b", "c"), FORMS)
    with pytest.raises(ChangeRefused) as refusal:
        move(one_office, started.instance_id, Target(new))
    assert [(reason.element_id, reason.message_ja) for reason in refusal.value.reasons] == [
        ("j", "「j」で待ったまま、進めなくなる道があります（「a」 → 「b」）。")
    ]


def waiting_for(*names: str) -> bytes:
    """st -> event gateway -> a timer of one day or a message -> x -> u -> end; names of the timer and of the task."""
    duration = f"<bpmn:timerEventDefinition><bpmn:timeDuration>{DAY}</bpmn:timeDuration></bpmn:timerEventDefinition>"
    timed = f'<bpmn:intermediateCatchEvent id="{names[0]}">{duration}</bpmn:intermediateCatchEvent>'
    gateways = '<bpmn:eventBasedGateway id="g"/><bpmn:exclusiveGateway id="x"/>'
    return a_process(
        "waiting", gateways + timed + catching("heard", "m1") + a_task(names[1]) + END + flow("st", "g")
        + flow("g", names[0]) + flow("g", "heard") + flow(names[0], "x") + flow("heard", "x") + flow("x", names[1])
        + flow(names[1], "end"), messages=("m1",),
    )  # fmt: skip


DAY = '"P1D"'


def test_a_moment_that_a_scheduler_holds_while_its_element_is_renamed_fires_once_and_is_not_lost(
    office: Casework,
) -> None:
    office.deploy("waiting", waiting_for("t", "u"), FORMS)
    started = office.start("waiting")
    new = office.deploy("waiting", waiting_for("t2", "u"), FORMS)
    office.now += timedelta(days=1)
    with office.engine.database.write() as connection:
        (held,) = timer_store.claim_due(
            connection, now=office.now, node="slow", limit=10, lease=timedelta(seconds=60)
        )  # fmt: skip
    move(office, started.instance_id, Target(new, {"t": "t2"}))
    timers._fire(office.engine, held, office.now)
    assert office.rows("SELECT branch, state FROM timer WHERE kind = 'token'") == [("t2", "pending")]
    assert office.tick().fired == 1
    assert office.task("u").state == "open"
    assert office.tick().fired == 0


def test_a_move_that_is_always_too_late_changes_nothing(office: Casework, monkeypatch: pytest.MonkeyPatch) -> None:
    started, new = working(office)
    before = everything(office)
    monkeypatch.setattr(moving.moves, "switch", lambda *args, **kwargs: False)
    with pytest.raises(StaleVersion):
        move(office, started.instance_id, Target(new, MAPPING))
    (result,) = moving.move_many(
        office.engine,
        office.person("owner"),
        [started.instance_id],
        Target(new, MAPPING),
        reason="急ぐ",
        now=office.now,
    )
    assert result.outcome is Outcome.BUSY
    assert everything(office) == before


def test_a_form_that_was_open_before_the_move_is_told(one_office: Casework) -> None:
    started, new = working(one_office)
    seen = one_office.task("visit")
    move(one_office, started.instance_id, Target(new, MAPPING))
    with pytest.raises(StaleVersion):
        tasks.complete(
            one_office.engine,
            one_office.person("worker"),
            seen.id,
            {"note": "会えた"},
            now=one_office.now,
            seen_version=seen.version,
        )


def test_who_may_move_and_why_must_be_said(one_office: Casework) -> None:
    started, new = working(one_office)
    for name, error in (("worker", NotAuthorised), ("manager", NotAuthorised), ("stranger", NotFound)):
        with pytest.raises(error):
            move(one_office, started.instance_id, Target(new, MAPPING), by=name)
    with pytest.raises(NotAuthorised):
        moving.instances_on(one_office.engine, one_office.person("supervisor"), new)
    with pytest.raises(FormInvalid):
        moving.move(
            one_office.engine,
            one_office.person("owner"),
            started.instance_id,
            Target(new, MAPPING),
            reason=" ",
            now=one_office.now,
        )
    with pytest.raises(ChangeRefused, match="同じ手続きの別の版"):
        move(
            one_office,
            started.instance_id,
            Target(one_office.rows("SELECT version_id FROM process_instance")[0].version_id),
        )
    assert move(one_office, started.instance_id, Target(new, MAPPING), by="owner").outcome is Outcome.MOVED


def asking(setter: str, *, declared: tuple[str, ...], sla: bool = True) -> bytes:
    """st -> u1 -> setter -> x: ok? -> end | u2 -> end."""
    gateway = '<bpmn:exclusiveGateway id="x" default="f_x__u2"/>'
    last = flow("x", "u2") + flow("x", "end", 'answer == "はい"') if "answer" in declared else flow("x", "u2")
    first = a_task("u1") if sla else a_task("u1").replace(' tsunagu:sla="5 business_days"', "")
    middle = a_task("asked", form=setter) + flow("u1", "asked") + flow("asked", "x") if setter else flow("u1", "x")
    return a_process(
        "asking", first + middle + gateway + a_task("u2") + END + flow("st", "u1") + last + flow("u2", "end"),
        variables=declared,
    )  # fmt: skip


def test_a_variable_that_the_new_version_reads_before_anything_sets_it_must_be_given(one_office: Casework) -> None:
    one_office.deploy("asking", asking("", declared=("note",)), FORMS)
    started = one_office.start("asking")
    new = one_office.deploy("asking", asking("", declared=("note", "answer")), FORMS)
    with pytest.raises(ChangeRefused) as refusal:
        move(one_office, started.instance_id, Target(new))
    assert [reason.element_id for reason in refusal.value.reasons] == ["x"]
    assert "「answer」（answer）に、値がありません" in str(refusal.value)
    move(one_office, started.instance_id, Target(new, given={"answer": "はい"}))
    one_office.complete("u1", "worker")
    assert one_office.rows("SELECT status, ended_by FROM process_instance") == [("completed", "end")]


def test_a_variable_that_a_new_step_sets_first_begins_empty_and_one_of_another_type_refuses(
    one_office: Casework,
) -> None:
    one_office.deploy("asking", asking("", declared=("note",)), FORMS)
    started = one_office.start("asking")
    new = one_office.deploy("asking", asking("ask", declared=("note", "answer")), FORMS)
    result = move(one_office, started.instance_id, Target(new))
    assert "変数「answer」（answer）が加わります。空のまま始まります。" in [note.message_ja for note in result.notes]
    one_office.complete("u1", "worker")
    one_office.complete("asked", "worker", answer="いいえ")
    assert one_office.task("u2").state == "open"
    typed = one_office.deploy("asking", asking("ask", declared=("note", "answer:int")), FORMS)
    with pytest.raises(ChangeRefused, match="型（int）に合いません"):
        move(one_office, started.instance_id, Target(typed))


def test_a_promise_that_the_new_version_makes_runs_from_the_move_and_is_taken_back_with_it(office: Casework) -> None:
    office.deploy("asking", asking("", declared=("note",), sla=False), FORMS)
    started = office.start("asking")
    new = office.deploy("asking", asking("ask", declared=("note", "answer")), FORMS)
    assert office.task("u1").due_at is None
    office.now += timedelta(days=7)
    result = move(office, started.instance_id, Target(new))
    assert "「u1」に期限が加わります。移した時から数えます。" in [note.message_ja for note in result.notes]
    assert str(office.task("u1").due_on) == "2026-04-15"
    levels = "SELECT branch FROM timer WHERE kind = 'level' AND state = 'pending'"
    assert office.rows(levels)
    moving.undo(office.engine, office.person("supervisor"), result.move_id, reason="早すぎた", now=office.now)
    assert (office.task("u1").due_at, office.rows(levels), office.rows("SELECT id FROM clock")) == (None, [], [])


def test_a_step_that_another_person_must_confirm_keeps_its_name_once_it_is_done(one_office: Casework) -> None:
    def confirming(first: str) -> bytes:
        second = a_task("check", attributes=f'tsunagu:notSameAs="{first}"')
        return a_process(
            "confirming", a_task(first) + a_task("between") + second + END + flow("st", first) + flow(first, "between")
            + flow("between", "check") + flow("check", "end"),
        )  # fmt: skip

    one_office.deploy("confirming", confirming("propose"), FORMS)
    started = one_office.start("confirming")
    one_office.complete("propose", "worker")
    new = one_office.deploy("confirming", confirming("suggest"), FORMS)
    with pytest.raises(ChangeRefused, match="別の人の確認が要る"):
        move(one_office, started.instance_id, Target(new, {"propose": "suggest"}))


def test_an_instance_that_has_ended_is_not_moved(one_office: Casework) -> None:
    started, new = working(one_office)
    with one_office.engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE process_instance SET status = 'cancelled'")
    with pytest.raises(NotOpen):
        move(one_office, started.instance_id, Target(new, MAPPING))
