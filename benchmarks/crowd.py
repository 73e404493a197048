"""A database with very many tasks, made by SQL in the true tables.

An office has five people and two hundred open tasks, however large the whole: what grows is the number of offices, as
from a town to a prefecture. Each open task has a case of its own with the tasks that were done in it before. The rows
of one office lie scattered over the tables, as they do where all offices write into them at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from benchmarks.filling import Sql, analyse, filling
from engine.services.engine import Engine
from tests.support.casework import Casework, a_form, a_process, a_task, flow

OPEN_OF_OFFICE = 200  #: of which 90 can be claimed, 100 are claimed (20 by each of five people), 10 are held
STAFF_OF_OFFICE = 5
KEY = "crowded"
PROCESS = a_process(
    KEY, a_task("work") + '<bpmn:endEvent id="end" name="終わり"/>' + flow("st", "work") + flow("work", "end")
)
LEVELS = ("warn", "overdue", "1", "2", "3")


@dataclass(frozen=True)
class Crowd:
    """How many. late: every pending moment lies in the past and no task is held (else all are in the future).

    Of done tasks only the rows that lists might meet are made: the task and who could have claimed it.
    """

    open_tasks: int
    done_of_each: int = 0
    late: bool = False
    levels: tuple[str, ...] = LEVELS

    @property
    def offices(self) -> int:
        """How many offices share the open tasks."""
        return max(1, self.open_tasks // OPEN_OF_OFFICE)

    def moment(self, case: str) -> str:
        """When the task of a case is due, in minutes from now: in the coming weeks, or every 18 seconds before now."""
        return f"-0.3 * {case} - 1" if self.late else f"{case} * 7919 % 28800 + 1500"

    @property
    def tasks(self) -> int:
        """All tasks, open and done."""
        return self.open_tasks * (1 + self.done_of_each)


def settle(url: str, crowd: Crowd, now: datetime) -> Engine:
    """Fill a migrated, empty database; returns the product's engine on it."""
    office = Casework.open(url)
    version = office.deploy(KEY, PROCESS, {"note": a_form("note", optional=("note",))})
    with filling(office.engine.database) as connection:
        for statement in _statements(_Words(office.engine.database.is_sqlite, now, crowd, version)):
            connection.execute(text(statement.replace(":", "\\:")))
    analyse(office.engine.database)
    return office.engine


def staff_of(office: int, person: int) -> str:
    """The id of one of an office's people."""
    return f"{0x5AFF0000 + office * STAFF_OF_OFFICE + person:032x}"


@dataclass(frozen=True)
class _Words(Sql):
    """SQL for a crowd. version: of its process."""

    crowd: Crowd
    version: str


CASE, PERSON, HOUSEHOLD, INSTANCE, TASK, CLOCK, TIMER, SHARE = range(1, 9)


def _statements(words: _Words) -> Iterator[str]:
    yield from _offices(words)
    yield from _cases(words)
    yield from _tasks(words)
    yield from _moments(words)


def _org(number: str, words: _Words) -> str:
    return f"'BO-' || {words.word(number)}"


def _offices(words: _Words) -> Iterator[str]:
    offices = words.crowd.offices
    yield words.rows(
        offices,
        "organisation (id, kind, name, field_code, field_name, delivery_mode, city_staff, placeholder, calendar)",
        f"{_org('n', words)}, '実施機関', '相談支援センター' || {words.word('n')}, '', '', '', "
        f"{'1' if words.sqlite else 'true'}, {'0' if words.sqlite else 'false'}, 'city'",
    )
    person = words.identity(f"{0x5AFF0000} + n")
    yield words.rows(
        offices * STAFF_OF_OFFICE, "staff (id, login, name, status)",
        f"{person}, 'worker-' || {words.word('n')}, '職員' || {words.word('n')}, 'active'",
    )  # fmt: skip
    yield words.rows(
        offices * STAFF_OF_OFFICE, "membership (id, staff_id, org_id, role, valid_from)",
        f"{person}, {person}, {_org(f'n / {STAFF_OF_OFFICE}', words)}, 'intake_worker', '2020-04-01'"
        + ("" if words.sqlite else "::date"),
    )  # fmt: skip


def _cases(words: _Words) -> Iterator[str]:
    cases, org = words.crowd.open_tasks, _org(f"n % {words.crowd.offices}", words)
    then = words.instant("-500000 + n % 400000")
    yield words.rows(
        cases, "person (id, name, name_kana, name_folded, created_at)",
        f"{words.identity('n', PERSON)}, '山田 ' || {words.word('n')}, 'ヤマダ', 'やまだ' || {words.word('n')}, {then}",
    )  # fmt: skip
    yield words.rows(cases, "household (id, name)", f"{words.identity('n', HOUSEHOLD)}, '山田'")
    yield words.rows(
        cases,
        "support_case (id, number, fiscal_year, subject_id, household_id, owner_org, status, field_codes, opened_at)",
        f"{words.identity('n', CASE)}, 'R8-' || {words.word('n')}, 2026, {words.identity('n', PERSON)},"
        f" {words.identity('n', HOUSEHOLD)}, {org}, 'open', '[]', {then}",
    )
    yield words.rows(
        cases, "case_organisation (id, case_id, org_id, relation, legal_basis, scope_items, since)",
        f"{words.identity('n', SHARE)}, {words.identity('n', CASE)}, {org}, 'owner', 'internal_use', '[]', {then}",
    )  # fmt: skip
    state = "zeroblob(300)" if words.sqlite else "decode(repeat('a7', 300), 'hex')"
    yield words.rows(
        cases,
        "process_instance (id, case_id, process_key, version_id, org_id, entry, status, version, state, history_seq,"
        " started_at)",
        f"{words.identity('n', INSTANCE)}, {words.identity('n', CASE)}, '{KEY}', '{words.version}', {org}, 'manual',"
        f" 'running', 1, {state}, 3, {then}",
    )
    yield words.rows(
        cases, "audit_chain (chain, seq, head)", f"{words.identity('n', CASE)}, 0, '{'0' * 64}'"
    )  # fmt: skip


def _tasks(words: _Words) -> Iterator[str]:
    """Task ``n`` is number ``n % each`` of case ``n / each``; number 0 is the open one."""
    crowd = words.crowd
    each = 1 + crowd.done_of_each
    case, is_open = f"(n / {each})", f"n % {each} = 0"
    org = _org(f"{case} % {crowd.offices}", words)
    place = f"({case} / {crowd.offices} % {OPEN_OF_OFFICE})"  # which of the office's open tasks
    person = words.identity(f"{0x5AFF0000} + {case} % {crowd.offices} * {STAFF_OF_OFFICE} + {place} % 5")
    due = words.instant(crowd.moment(case))
    done = words.instant("-200000 + n % 190000")
    false, true = ("0", "1") if words.sqlite else ("false", "true")
    yield words.rows(
        crowd.tasks,
        "user_task (id, instance_id, ref, case_id, process_key, element_id, name, form_key, state, assignee_id,"
        " city_staff_only, hold_allowed, org_id, locals, opened_at, due_at, completed_at, completed_by, version)",
        f"{words.identity('n', TASK)}, {words.identity(case, INSTANCE)}, {words.word(f'n % {each}')},"
        f" {words.identity(case, CASE)}, '{KEY}', 'work', '支援の記録を書く', 'note',"
        f" CASE WHEN NOT ({is_open}) THEN 'completed' WHEN {place} < 90 THEN 'open'"
        f" WHEN {place} < {190 + 10 * crowd.late} THEN 'claimed' ELSE 'held' END,"
        f" CASE WHEN NOT ({is_open}) OR {place} >= 90 THEN {person} END, {false}, {true}, {org}, '{{}}',"
        f" {words.instant('-210000 + n % 190000')}, {due},"
        f" CASE WHEN NOT ({is_open}) THEN {done} END, CASE WHEN NOT ({is_open}) THEN {person} END, 1",
    )
    yield words.rows(
        crowd.tasks, "task_candidate (task_id, org_id, role, open)",
        f"{words.identity('n', TASK)}, {org}, 'intake_worker', {is_open}",
    )  # fmt: skip
    yield words.rows(
        crowd.open_tasks, "clock (id, task_id, case_id, calendar, period, roll, ladder, started_at, state)",
        f"{words.identity('n', CLOCK)}, {words.identity(f'n * {each}', TASK)}, {words.identity('n', CASE)}, 'AG-04',"
        f" '5 business_days', {false}, 'standard', {words.instant('-210000 + n % 190000')}, 'running'",
    )  # fmt: skip


def _moments(words: _Words) -> Iterator[str]:
    """The ladder of each open task, as opening it writes them."""
    crowd, count = words.crowd, len(words.crowd.levels)
    case = f"(n / {count})"
    levels = " ".join(f"WHEN {number} THEN '{level}'" for number, level in enumerate(crowd.levels))
    level = f"(CASE n % {count} {levels} END)"
    fires = words.instant(f"{crowd.moment(case)} + n % {count} * 60")
    task = words.identity(f"{case} * {1 + crowd.done_of_each}", TASK)
    yield words.rows(
        crowd.open_tasks * count,
        "timer (id, kind, instance_id, case_id, element_id, ref, branch, occurrence, fires_at, state, next_at)",
        f"{words.identity('n', TIMER)}, 'level', {words.identity(case, INSTANCE)}, {words.identity(case, CASE)},"
        f" 'work', '0', {level}, {task} || ':' || {level}, {fires}, 'pending', {fires}",
    )
