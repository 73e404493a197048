"""Every number and row of the inbox, in each order, against a recount from the events of an office at random work.

The recount knows the roles of the people and what happened (history and audit rows); it asks no query of the product.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, insert, select

from engine.domain.business_days import TOKYO
from engine.domain.errors import EngineError
from engine.domain.staff import Actor
from engine.queries.board import board
from engine.queries.board_filter import BoardFilter, Bucket, Side
from engine.queries.inbox import DueFilter, InboxFilter, View, inbox, task_counts
from engine.queries.ordering import Order
from engine.queries.upcoming import count_upcoming, upcoming
from engine.services import absences, taking, tasks
from engine.storage.tables import audit_event, history, process_instance, support_case, task_candidate, user_task
from tests.support.casework import PEOPLE, Casework, a_form, a_process, a_task, flow

STEPS = {"first": "intake_worker", "check": "agency_manager"}  #: the tasks of both processes, and whose they are
ACTS = 130
WORKERS = ("worker", "other_worker", "manager", "stranger")


def a_pair(key: str) -> bytes:
    """A process of two tasks, the second one the manager's."""
    drawn = a_task("first") + a_task("check", roles="agency_manager") + '<bpmn:endEvent id="end"/>'
    return a_process(key, drawn + flow("st", "first") + flow("first", "check") + flow("check", "end"))


def a_wait() -> bytes:
    """A process that opens its task after three days."""
    timer = "<bpmn:timerEventDefinition><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition>"
    wait = f'<bpmn:intermediateCatchEvent id="wait">{timer}</bpmn:intermediateCatchEvent>'
    drawn = wait + a_task("first") + '<bpmn:endEvent id="end"/>'
    return a_process("later", drawn + flow("st", "wait") + flow("wait", "first") + flow("first", "end"))


# ---------------------------------------------------------------- an office at work


@dataclass
class Work:
    """An office, and the dice that say what it does next."""

    office: Casework
    chance: random.Random
    done: Counter[str]

    @classmethod
    def of(cls, url: str, seed: int) -> Work:
        """Two processes, and a colleague who is away with a deputy."""
        office = Casework.open(url)
        for key in ("one", "two"):
            office.deploy(key, a_pair(key), {"note": a_form("note", optional=("note",))})
        office.deploy("later", a_wait(), {"note": a_form("note", optional=("note",))})
        today = office.now.astimezone(TOKYO).date()
        absences.register(
            office.engine, office.person("manager"), office.staff["other_worker"], office.staff["worker"],
            today, today + timedelta(days=90), now=office.now,
        )  # fmt: skip
        return cls(office, random.Random(seed), Counter())

    def go_on(self) -> None:
        """One act of somebody, or some time; what is refused happens often and changes nothing."""
        kind = self.chance.choice(("start", "claim", "claim", "claim", "hold", "hold", "resume", "release", "complete",
                                   "complete", "give", "give", "deputy", "together", "time"))  # fmt: skip
        found = self._unfinished()
        task = self.chance.choice(found)
        holder = {staff_id: name for name, staff_id in self.office.staff.items()}.get(task.assignee_id)
        who = holder if holder and self.chance.random() < 0.7 else self.chance.choice(WORKERS)
        try:
            getattr(self, f"_{kind}")(self.office.person(who), str(task.id))
        except EngineError:
            self.done["refused"] += 1
        else:
            self.done[kind] += 1

    def _unfinished(self) -> list[Any]:
        """In an order that is the same in every run."""
        return self.office.rows(
            "SELECT t.id, t.assignee_id FROM user_task t JOIN support_case c ON c.id = t.case_id"
            " WHERE t.state != 'completed' ORDER BY c.number, t.element_id"
        )

    def acts(self) -> int:
        """How many acts changed something."""
        return self.done.total() - self.done["refused"]

    def _start(self, _: Actor, __: str) -> None:
        key, who = self.chance.choice(("one", "two", "later")), self.chance.choice(("worker", "worker", "stranger"))
        self.office.start(key, who)

    def _claim(self, who: Actor, task_id: str) -> None:
        tasks.claim(self.office.engine, who, task_id, now=self.office.now)

    def _until(self) -> date:
        return (self.office.now + timedelta(days=self.chance.randrange(1, 9))).astimezone(TOKYO).date()

    def _hold(self, who: Actor, task_id: str) -> None:
        tasks.hold(self.office.engine, who, task_id, until=self._until(), reason="入院", now=self.office.now)

    def _resume(self, who: Actor, task_id: str) -> None:
        tasks.resume(self.office.engine, who, task_id, now=self.office.now)

    def _release(self, who: Actor, task_id: str) -> None:
        tasks.release(self.office.engine, who, task_id, now=self.office.now)

    def _complete(self, who: Actor, task_id: str) -> None:
        tasks.complete(self.office.engine, who, task_id, {}, now=self.office.now)

    def _give(self, who: Actor, task_id: str) -> None:
        to = self.office.staff[self.chance.choice(("worker", "other_worker", "other_worker", "manager"))]
        tasks.reassign(self.office.engine, who, task_id, to, note="お願いします", now=self.office.now)

    def _deputy(self, _: Actor, task_id: str) -> None:
        absences.take_over(self.office.engine, self.office.person("worker"), task_id, now=self.office.now)

    def _together(self, who: Actor, task_id: str) -> None:
        free = self._unfinished()
        chosen = [task_id, *(str(self.chance.choice(free).id) for _ in range(2))]
        many = self.chance.choice((taking.claim_many, taking.release_many, taking.resume_many))
        many(self.office.engine, who, chosen, now=self.office.now)
        taking.hold_many(
            self.office.engine, who, chosen[:1], until=self._until(), reason="転院", now=self.office.now
        )  # fmt: skip

    def _time(self, _: Actor, __: str) -> None:
        self.office.now += timedelta(hours=self.chance.choice((1, 3, 9, 30)))
        self.office.tick()


@pytest.fixture
def work(any_database: str, database_url: str) -> Iterator[Work]:
    """An office after some weeks."""
    made = Work.of(database_url, seed=11)
    for _ in range(8):
        made._start(made.office.person("worker"), "")
    while made.acts() < ACTS:
        made.go_on()
    yield made
    made.office.engine.database.dispose()


# ---------------------------------------------------------------- the recount


@dataclass
class Told:
    """A task as the events tell it."""

    id: str
    element: str
    process: str
    org: str
    number: str
    opened_at: datetime
    due_at: datetime | None
    state: str = "open"
    who: str | None = None
    done_by: str | None = None
    done_at: datetime | None = None


def recount(office: Casework) -> list[Told]:
    """Every task: that it began is in the history, what became of it in the trail."""
    with office.engine.database.read() as connection:
        began = {
            (row.instance_id, row.ref): row.at
            for row in connection.execute(select(history).where(history.c.kind == "started"))
            if row.element_id in STEPS
        }
        known = connection.execute(
            select(user_task, support_case.c.number, support_case.c.owner_org)
            .join(support_case, support_case.c.id == user_task.c.case_id)
        ).all()  # fmt: skip
        events = connection.execute(select(audit_event).order_by(audit_event.c.chain, audit_event.c.seq)).all()
    assert {(row.instance_id, row.ref) for row in known} == set(began)
    told = {
        row.id: Told(row.id, row.element_id, row.process_key, row.owner_org, row.number,
                     began[row.instance_id, row.ref], row.due_at)
        for row in known
    }  # fmt: skip
    for one in events:
        if one.task_id in told:
            follow(told[one.task_id], one.act, one.actor, one.at, one.data or {})
    return list(told.values())


def follow(task: Told, act: str, actor: str, at: datetime, data: dict[str, object]) -> None:
    """What one event makes of a task."""
    if act in ("task.claimed", "task.reassigned", "task.released"):
        task.who = str(data["to"]) if data["to"] else None
        if task.state != "held":
            task.state = "claimed" if task.who else "open"
    elif act == "task.hold":
        task.state, task.who = "held", task.who or actor
    elif act == "task.resume":
        task.state = "claimed" if task.who else "open"
    elif act == "task.completed":
        task.state, task.done_by, task.done_at = "completed", actor, at


def still_to_come(office: Casework) -> Counter[str]:
    """How many waiting moments the history knows, by the organisation that carries the case."""
    with office.engine.database.read() as connection:
        rows = connection.execute(
            select(history.c.instance_id, history.c.ref, support_case.c.owner_org)
            .join(process_instance, process_instance.c.id == history.c.instance_id)
            .join(support_case, support_case.c.id == process_instance.c.case_id)
            .where(history.c.element_id == "wait")
        ).all()  # fmt: skip
    passed = Counter((row.instance_id, row.ref) for row in rows)
    return Counter(row.owner_org for row in rows if passed[row.instance_id, row.ref] == 1)


def expected(told: list[Told], office: Casework, name: str) -> dict[View, set[str]]:
    """What stands in each view of somebody."""
    (org, role), me = PEOPLE[name], office.staff[name]
    today = office.now.astimezone(TOKYO).date()
    return {
        View.MINE: {t.id for t in told if t.state == "claimed" and t.who == me},
        View.HELD: {t.id for t in told if t.state == "held" and t.who == me},
        View.CLAIMABLE: {t.id for t in told if t.state == "open" and t.org == org and STEPS[t.element] == role},
        View.DONE_TODAY: {
            t.id for t in told if t.done_by == me and t.done_at and t.done_at.astimezone(TOKYO).date() == today
        },
    }


def due_part(task: Told, now: datetime) -> DueFilter:
    """In which part of the deadline filter a task stands; a deadline in days ends at the midnight after its day."""
    if task.due_at is None:
        return DueFilter.NONE
    left = (task.due_at - timedelta(microseconds=1)).astimezone(TOKYO).date() - now.astimezone(TOKYO).date()
    if task.due_at <= now:
        return DueFilter.LATE
    if left.days == 0:
        return DueFilter.TODAY
    return DueFilter.SOON if left.days < 14 else DueFilter.LATER


# ---------------------------------------------------------------- what agrees


def walked(work: Work, who: Actor, view: View, narrow: Callable[..., InboxFilter], order: Order) -> list[str]:
    """The ids of all pages of a view, one page after the other; its total is how many they are."""
    found: list[str] = []
    after = None
    while True:
        page = inbox(work.office.engine, who, view, narrow(after=after, order=order), now=work.office.now)
        found += [row.task_id for row in page.rows]
        if page.next is None:
            assert page.total == len(found) == len(set(found))
            return found
        after = page.next


def coming_walked(work: Work, who: Actor, order: Order) -> int:
    """How many rows all pages of 予定 have."""
    found, after = 0, None
    while True:
        page = upcoming(work.office.engine, who, InboxFilter(after=after, order=order), now=work.office.now)
        found += len(page.rows)
        if page.next is None:
            return found
        after = page.next


def in_order(told: dict[str, Told], ids: list[str], view: View, order: Order) -> list[str]:
    """The same tasks as a person would lay them out."""
    far = datetime.max.replace(tzinfo=UTC)
    due = {one: told[one].due_at or far for one in ids}
    if view is View.DONE_TODAY:
        ended = {one: told[one].done_at or far for one in ids}
        due = {one: datetime.fromtimestamp(-ended[one].timestamp(), UTC) for one in ids}
    keys: dict[Order, Callable[[str], tuple[object, ...]]] = {
        Order.DUE: lambda one: (due[one],),
        Order.OPENED: lambda one: (-told[one].opened_at.timestamp(),),
        Order.CASE: lambda one: (len(told[one].number), told[one].number, due[one]),
        Order.PROCESS: lambda one: (told[one].process, due[one]),
    }
    return [str(keys[order](one)) for one in sorted(ids, key=keys[order])]


def as_found(told: dict[str, Told], ids: list[str], view: View, order: Order) -> list[str]:
    """The keys of the rows in the order in which they were found."""
    return [in_order(told, [one], view, order)[0] for one in ids]


def test_every_number_and_row_agrees_with_a_recount_of_the_events(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    for module in ("inbox", "upcoming"):
        monkeypatch.setattr(f"engine.queries.{module}.PAGE_SIZE", 3)
    office, told = work.office, recount(work.office)
    assert {"claim", "hold", "resume", "complete", "give", "deputy", "together"} <= set(work.done)
    by_id, waiting = {task.id: task for task in told}, still_to_come(office)
    assert waiting["AG-04"] > 3
    for name in WORKERS:
        me, views = office.person(name), expected(told, office, name)
        assert task_counts(office.engine, me, now=office.now) == {view: len(ids) for view, ids in views.items()}
        coming = upcoming(office.engine, me, InboxFilter(), now=office.now)
        assert waiting[PEOPLE[name][0]] == count_upcoming(office.engine, me, now=office.now) == coming.total
        for order in Order:
            assert coming_walked(work, me, order) == coming.total
        for view, ids in views.items():
            for order in Order:
                found = walked(work, me, view, InboxFilter, order)
                assert set(found) == ids, (name, view)
                assert as_found(by_id, found, view, order) == in_order(by_id, found, view, order), (view, order)
            filters_agree(work, me, view, [by_id[one] for one in ids])
    board_agrees(work, told)


def board_agrees(work: Work, told: list[Told]) -> None:
    """What the board of the office counts, by how late it is and by person."""
    office = work.office
    there = [task for task in told if task.state != "completed" and task.org == "AG-04"]
    found = board(office.engine, office.person("manager"), BoardFilter(), Side.PERSON, now=office.now)
    assert found.total == len(there)
    assert found.counts[Bucket.HELD] == sum(task.state == "held" for task in there)
    running = [due_part(task, office.now) for task in there if task.state != "held"]
    assert found.counts[Bucket.LATE] == running.count(DueFilter.LATE)
    assert found.counts[Bucket.TODAY] == running.count(DueFilter.TODAY)
    assert found.unowned == sum(task.who is None for task in there)
    by_person = Counter(task.who or "-" for task in there)
    assert {line.key: line.total for line in found.lines} == by_person


def filters_agree(work: Work, me: Actor, view: View, there: list[Told]) -> None:
    """Each filter shows exactly its part, and the page says how many there are without it."""
    office = work.office

    def shown(**chosen: object) -> int:
        page = inbox(office.engine, me, view, InboxFilter(**chosen), now=office.now)  # type: ignore[arg-type]
        assert page.unfiltered == len(there)
        return page.total

    if view in (View.MINE, View.CLAIMABLE):
        parts = Counter(due_part(task, office.now) for task in there)
        assert {due: shown(due=due) for due in DueFilter} == {due: parts[due] for due in DueFilter}
        page = inbox(office.engine, me, view, InboxFilter(), now=office.now)
        assert (page.late, page.today) == (parts[DueFilter.LATE], parts[DueFilter.TODAY])
    for process in ("one", "two", "later"):
        assert shown(process=process) == sum(task.process == process for task in there)
    for org in ("AG-04", "AG-02"):
        assert shown(org=org) == sum(task.org == org for task in there)
    number = there[0].number if there else "R8-0001"
    assert shown(words=number) == sum(task.number == number for task in there)


def test_a_page_of_the_inbox_asks_as_often_for_twenty_tasks_as_for_two_hundred(sqlite_url: str) -> None:
    office = Casework.open(sqlite_url)
    office.deploy("one", a_pair("one"), {"note": a_form("note", optional=("note",))})
    first, me = str(office.start("one").task_id), office.person("worker")
    asked: list[str] = []
    event.listen(office.engine.database.engine, "before_cursor_execute", lambda c, cur, sql, *rest: asked.append(sql))
    numbers = set()
    for many in (19, 180):
        more_tasks(office, first, many)
        for order in Order:
            asked.clear()
            page = inbox(office.engine, me, View.CLAIMABLE, InboxFilter(order=order), now=office.now)
            task_counts(office.engine, me, now=office.now)
            numbers.add(len(asked))
    assert page.total == 200
    assert len(numbers) == 1
    office.engine.database.dispose()


def more_tasks(office: Casework, like: str, many: int) -> None:
    """Copies of a waiting task, in the same queue."""
    with office.engine.database.write() as connection:
        row = connection.execute(select(user_task).where(user_task.c.id == like)).mappings().one()
        queue = connection.execute(select(task_candidate).where(task_candidate.c.task_id == like)).mappings().all()
        ids = [f"{many:016d}{n:016d}" for n in range(many)]
        connection.execute(insert(user_task), [{**row, "id": one, "ref": one} for one in ids])
        connection.execute(insert(task_candidate), [{**pair, "task_id": one} for one in ids for pair in queue])
