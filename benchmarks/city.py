"""A city at work: offices of fifty people with fifty thousand open cases and a million completed tasks, made by SQL.

Each office has fifty workers with some forty claimed tasks each, a few on hold, and a queue that waits for whoever has
time. One person leads one office, one supervises the whole city. One case is ten years old: its steps go through the
services, its contacts, plans and comments are laid beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import text

from benchmarks.filling import Sql, analyse, filling
from benchmarks.models import FORMS, LOOP, loop_process
from benchmarks.running import Walk
from engine.services.engine import Engine
from tests.support.casework import Casework, a_process, a_task, flow, tokyo

NOW = tokyo("2026-04-01T09:00")
#: the offices that a division answers for
OFFICES = (
    "AG-01", "AG-01-1", "AG-01-2", "AG-01-3", "AG-01-4", "AG-01-5", "AG-01-6", "AG-01-7", "AG-02", "AG-12", "AG-03",
    "AG-04", "AG-06", "AG-08", "AG-11", "AG-09", "AG-10",
)  # fmt: skip
DIVISIONS = ("DV-01", "DV-02", "DV-03", "DV-04", "DV-08", "DV-09")
STAFF = 50  #: people of an office
PROCESSES = ("consultation", "assessment", "outreach_visits", "participation")
REVIEW_EVERY = 25  #: one case in so many waits for the evaluation of its plan
YEARS_HOME, APART = "AG-04", 3
KINDS = ("来所", "電話", "訪問", "手紙")


@dataclass(frozen=True)
class City:
    """How many. turns: of the old case, one a month."""

    cases: int
    done: int
    turns: int

    @property
    def each(self) -> int:
        """Completed tasks of a case."""
        return max(1, self.done // self.cases)


@dataclass(frozen=True)
class Settled:
    """The city: its engine, whose clock stands, and the people and the case that are asked for.

    offices: whose work each of these people sees, by the id of the person.
    """

    engine: Engine
    workers: tuple[str, ...]
    offices: Mapping[str, tuple[str, ...]]
    leader: str
    supervisor: str
    years_worker: str
    years_number: str


@dataclass
class _Standing:
    moment: datetime

    def now(self) -> datetime:
        """Always the same moment."""
        return self.moment


def settle(url: str, city: City) -> Settled:
    """Fill a migrated, empty database."""
    office = Casework.open(url)
    office.engine = replace(office.engine, clock=_Standing(NOW))
    versions = tuple(office.deploy(key, _process(key)) for key in PROCESSES)
    number = _ten_years(office, city.turns)
    words = _Words(office.engine.database.is_sqlite, NOW, city, versions)
    with filling(office.engine.database) as connection:
        for statement in (*_people(words), *_cases(words), *_tasks(words), *_around(words), *_beside(words, number)):
            connection.execute(text(statement.replace(":", "\\:")))
    analyse(office.engine.database)
    workers = {worker_id(number): (OFFICES[number // STAFF],) for number in range(0, 4 * STAFF, STAFF + 1)}
    home = office.staff["worker"]
    offices = {**workers, LEADER: (OFFICES[1],), SUPERVISOR: OFFICES, home: (YEARS_HOME,)}
    return Settled(office.engine, tuple(workers), offices, LEADER, SUPERVISOR, home, number)


def worker_id(number: int) -> str:
    """The id of one of the workers; number ``n`` sits in office ``n / STAFF``."""
    return f"{0x5AFF0000 + number:032x}"


LEADER, SUPERVISOR = f"{0x5AFE0001:032x}", f"{0x5AFE0002:032x}"


def _process(key: str) -> bytes:
    ends = (
        '<bpmn:endEvent id="end" name="終わり"/>'
        + flow("st", "work")
        + flow("work", "px_eval")
        + flow("px_eval", "end")
    )
    return a_process(key, a_task("work") + a_task("px_eval") + ends)


def _ten_years(office: Casework, turns: int) -> str:
    """A case that has made as many turns as ten years have months, by the services; returns its number.

    They lie three days apart, since reference data begin in 2025.
    """
    office.deploy(LOOP, loop_process(), FORMS)
    with office.engine.database.write() as connection:
        connection.execute(text("UPDATE membership SET valid_from = '2020-04-01'"))
    office.now = NOW - timedelta(days=APART * turns + 1)
    started = office.start(LOOP)
    walk = Walk(office, office.person("worker"), str(started.task_id))
    for _ in range(turns):
        walk.turn()
        office.now += timedelta(days=APART)
    office.now = NOW
    return str(started.case_number)


@dataclass(frozen=True)
class _Words(Sql):
    """SQL for a city. versions: of its processes."""

    city: City
    versions: tuple[str, ...]

    def chosen(self, number: str, values: tuple[str, ...]) -> str:
        """One of the values, by number."""
        whens = " ".join(f"WHEN {n} THEN '{value}'" for n, value in enumerate(values))
        return f"(CASE ({number}) % {len(values)} {whens} END)"

    def office(self, case: str) -> str:
        """The office of a case."""
        return self.chosen(case, OFFICES)

    def worker(self, case: str) -> str:
        """The worker of a case."""
        return self.identity(f"{0x5AFF0000} + ({case}) % {len(OFFICES)} * {STAFF} + {self.place(case)} % {STAFF}")

    def place(self, case: str) -> str:
        """Which of the office's cases it is."""
        return f"(({case}) / {len(OFFICES)})"

    def truth(self, value: bool) -> str:
        """true or false."""
        return str(int(value)) if self.sqlite else str(value).lower()


_CASE, _PERSON, _HOUSEHOLD, _INSTANCE, _TASK, _CLOCK, _TIMER, _SHARE, _DONE = range(1, 10)


def _people(words: _Words) -> Iterator[str]:
    count, day = STAFF * len(OFFICES), "" if words.sqlite else "::date"
    person = words.identity(f"{0x5AFF0000} + n")
    yield words.rows(
        count, "staff (id, login, name, status)",
        f"{person}, 'worker-' || {words.word('n')}, '職員' || {words.word('n')} || '（架空）', 'active'",
    )  # fmt: skip
    yield words.rows(
        count, "membership (id, staff_id, org_id, role, valid_from)",
        f"{person}, {person}, {words.chosen(f'n / {STAFF}', OFFICES)}, 'intake_worker', '2020-04-01'{day}",
    )  # fmt: skip
    yield (
        f"INSERT INTO staff (id, login, name, status) VALUES ('{LEADER}', 'leader', '所長（架空）', 'active'),"
        f" ('{SUPERVISOR}', 'city', '統括（架空）', 'active')"
    )
    places = [(LEADER, OFFICES[1], "agency_manager"), *((SUPERVISOR, org, "supervisor") for org in DIVISIONS)]
    rows = ", ".join(f"('m-{who}-{org}', '{who}', '{org}', '{role}', '2020-04-01')" for who, org, role in places)
    yield f"INSERT INTO membership (id, staff_id, org_id, role, valid_from) VALUES {rows}"


def _cases(words: _Words) -> Iterator[str]:
    cases, org, then = words.city.cases, words.office("n"), words.instant("-2000000 + n * 37 % 1900000")
    case = words.identity("n", _CASE)
    yield words.rows(
        cases, "person (id, name, name_kana, name_folded, created_at)",
        f"{words.identity('n', _PERSON)}, '山田 ' || {words.word('n')}, 'ヤマダ', 'やまだ' || {words.word('n')},"
        f" {then}",
    )  # fmt: skip
    yield words.rows(cases, "household (id, name)", f"{words.identity('n', _HOUSEHOLD)}, '山田'")
    yield words.rows(
        cases,
        "support_case (id, number, fiscal_year, subject_id, household_id, owner_org, status, field_codes, opened_at)",
        f"{case}, 'R8-' || {words.word('n + 1000')}, 2026, {words.identity('n', _PERSON)},"
        f" {words.identity('n', _HOUSEHOLD)}, {org}, 'open', '[]', {then}",
    )
    yield words.rows(
        cases, "case_organisation (id, case_id, org_id, relation, legal_basis, scope_items, since)",
        f"{words.identity('n', _SHARE)}, {case}, {org}, 'owner', 'internal_use', '[]', {then}",
    )  # fmt: skip
    state = "zeroblob(300)" if words.sqlite else "decode(repeat('a7', 300), 'hex')"
    yield words.rows(
        cases,
        "process_instance (id, case_id, process_key, version_id, org_id, entry, status, version, state, history_seq,"
        " started_at)",
        f"{words.identity('n', _INSTANCE)}, {case}, {words.chosen('n', PROCESSES)},"
        f" {words.chosen('n', words.versions)}, {org}, 'manual', 'running', 1, {state}, 3, {then}",
    )
    yield words.rows(
        cases, "audit_chain (chain, seq, head)", f"{case}, {words.city.each}, '{'0' * 64}'"
    )  # fmt: skip


def _due(case: str) -> str:
    """Minutes from now: the coming weeks, one case in twenty late."""
    return f"(({case}) * 7919 % 30000 - 1500)"


def _tasks(words: _Words) -> Iterator[str]:
    """Each case has one open task; 2,000 of an office are claimed, 150 on hold, the others wait in its queue."""
    columns = (
        "user_task (id, instance_id, ref, case_id, process_key, element_id, name, form_key, state, assignee_id,"
        " city_staff_only, hold_allowed, org_id, locals, opened_at, due_at, completed_at, completed_by, version)"
    )
    place, worker = words.place("n"), words.worker("n")
    review = f"n % {REVIEW_EVERY} = 3"
    opened = words.instant("-9000 - n * 31 % 20000")
    yield words.rows(
        words.city.cases, columns,
        f"{words.identity('n', _TASK)}, {words.identity('n', _INSTANCE)}, 'open', {words.identity('n', _CASE)},"
        f" {words.chosen('n', PROCESSES)}, CASE WHEN {review} THEN 'px_eval' ELSE 'work' END,"
        f" CASE WHEN {review} THEN '評価シートを作成する' ELSE '支援の記録を書く' END, 'note',"
        f" CASE WHEN {place} < 2000 THEN 'claimed' WHEN {place} < 2150 THEN 'held' ELSE 'open' END,"
        f" CASE WHEN {place} < 2150 THEN {worker} END, {words.truth(False)}, {words.truth(True)}, {words.office('n')},"
        f" '{{}}', {opened}, {words.instant(_due('n'))}, NULL, NULL, 1",
    )  # fmt: skip
    each = words.city.each
    case = f"(n / {each})"
    done = words.instant(f"-1000 - ({case} * 7919 + n % {each} * 104729) % 2000000")
    yield words.rows(
        words.city.cases * each, columns,
        f"{words.identity('n', _DONE)}, {words.identity(case, _INSTANCE)}, {words.word(f'n % {each}')},"
        f" {words.identity(case, _CASE)}, {words.chosen(case, PROCESSES)}, 'work', '支援の記録を書く', 'note',"
        f" 'completed', {words.worker(case)}, {words.truth(False)}, {words.truth(True)}, {words.office(case)}, '{{}}',"
        f" {done}, {done}, {done}, {words.worker(case)}, 1",
    )  # fmt: skip
    for kind, count, of, is_open in (
        (_TASK, words.city.cases, "n", True),
        (_DONE, words.city.cases * each, case, False),
    ):
        yield words.rows(
            count, "task_candidate (task_id, org_id, role, open)",
            f"{words.identity('n', kind)}, {words.office(of)}, 'intake_worker', {words.truth(is_open)}",
        )  # fmt: skip


def _around(words: _Words) -> Iterator[str]:
    """Clocks and their ladders, moments that are to come, what was done long ago, and the trail."""
    each, cases = words.city.each, words.city.cases
    case, task = words.identity("n", _CASE), words.identity("n", _TASK)
    yield words.rows(
        cases, "clock (id, task_id, case_id, calendar, period, roll, ladder, started_at, state)",
        f"{words.identity('n', _CLOCK)}, {task}, {case}, 'AG-04', '5 business_days', {words.truth(False)}, 'standard',"
        f" {words.instant('-9000 - n * 31 % 20000')}, 'running'",
    )  # fmt: skip
    columns = (
        "timer (id, kind, instance_id, case_id, element_id, ref, branch, occurrence, fires_at, state, next_at,"
        " fired_at)"
    )
    levels = ("warn", "overdue", "1", "2", "3")
    of, level = f"(n / {len(levels)})", words.chosen("n", levels)
    moment = f"({_due(of)} + n % {len(levels)} * 1440 - 1440)"
    fires = words.instant(moment)
    yield words.rows(
        cases * len(levels), columns,
        f"{words.identity('n', _TIMER)}, 'level', {words.identity(of, _INSTANCE)}, {words.identity(of, _CASE)}, 'work',"
        f" 'open', {level}, {words.identity(of, _TASK)} || ':' || {level}, {fires},"
        f" CASE WHEN {moment} < 0 THEN 'fired' ELSE 'pending' END, {fires}, CASE WHEN {moment} < 0 THEN {fires} END",
    )  # fmt: skip
    late = words.instant("n * 613 % 400000 + 2000")
    yield words.rows(
        cases, columns,
        f"{words.identity('n', _SHARE)}, 'token', {words.identity('n', _INSTANCE)}, {case}, 'work', 'later', '',"
        f" 'token:' || {words.word('n')}, {late}, 'pending', {late}, NULL",
    )  # fmt: skip
    past = words.instant("-1000 - n * 104729 % 2000000")
    of = f"(n / {each})"
    yield words.rows(
        cases * each, columns,
        f"{words.identity('n', _DONE)}, 'level', {words.identity(of, _INSTANCE)}, {words.identity(of, _CASE)}, 'work',"
        f" {words.word(f'n % {each}')}, 'warn', {words.identity('n', _DONE)}, {past},"
        f" CASE WHEN n % 10 = 0 THEN 'fired' ELSE 'cancelled' END, {past}, CASE WHEN n % 10 = 0 THEN {past} END",
    )  # fmt: skip
    yield words.rows(
        cases * each, "audit_event (chain, seq, at, actor, act, task_id, element_id, data, hash)",
        f"{words.identity(of, _CASE)}, n % {each} + 1, {past}, {words.worker(of)}, 'task.completed',"
        f" {words.identity('n', _DONE)}, 'work', '{{}}', '{'0' * 64}'",
    )  # fmt: skip


def _beside(words: _Words, number: str) -> Iterator[str]:
    """Contacts twice a month, two plan versions a year and comments of the old case."""
    turns = words.city.turns
    case = f"(SELECT id FROM support_case WHERE number = '{number}')"
    worker = "(SELECT id FROM staff WHERE login = 'worker')"
    at = words.instant(f"-21000 * (n + 1) % {43200 * turns}")
    yield words.rows(
        2 * turns, "contact (id, case_id, source_key, org_id, staff_id, at, means, target, outcome, stage, safety)",
        f"'ten-years-' || {words.word('n')}, {case}, 'ten-years-' || {words.word('n')}, '{YEARS_HOME}', {worker}, {at},"
        f" {words.chosen('n', KINDS)}, '本人', '話せた', n % 6 + 1, '安全'",
    )  # fmt: skip
    yield f"INSERT INTO support_plan (id, case_id, created_at) SELECT 'ten-years', {case}, {words.instant('-5000000')}"
    plans = max(1, turns // 6)
    yield words.rows(
        plans, "plan_version (id, plan_id, case_id, source_key, number, kind, status, decided_at, created_at)",
        f"'plan-' || {words.word('n')}, 'ten-years', {case}, 'plan-' || {words.word('n')}, n + 1, '再プラン',"
        f" CASE WHEN n = {plans - 1} THEN 'active' ELSE 'superseded' END, {words.instant('-5000000 + n * 240000')},"
        f" {words.instant('-5000000 + n * 240000')}",
    )  # fmt: skip
    yield words.rows(
        plans * 5, "plan_item (id, plan_version_id, no, issue, staff_text, person_does, frequency)",
        f"'item-' || {words.word('n')}, 'plan-' || {words.word('n / 5')}, n % 5 + 1,"
        f" '住まいの片付けを続ける' || {words.word('n / 10')}, '週に一度訪問する', '週に一度片付ける', '週1回'",
    )  # fmt: skip
