"""期限ボード and what is done from it: every number is what a plain reading of the rows says."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, update

from engine.domain.business_days import TOKYO
from engine.domain.roles import Role
from engine.domain.staff import Actor
from engine.queries import board, oversight
from engine.queries.board_filter import BoardFilter, Bucket, Side
from engine.services import tasks, timers
from engine.storage.tables import incident, support_case, timer, user_task
from tests.web.site import Page, Site, Thing, Visitor
from web.pages.oversight import safe_cell

OPEN = ("open", "claimed", "held")


def some_work(site: Site, seed: int) -> list[Thing]:
    """Cases of two offices, the second tasks in all states, due around now."""
    chance = random.Random(seed)
    things = [site.a_case(chance.choice(["worker", "other_worker", "stranger"])) for _ in range(12)]
    with site.office.engine.database.write() as connection:
        for thing in things:
            due = chance.choice([None, site.clock.moment + timedelta(hours=chance.randint(-200, 400))])
            state = chance.choice([*OPEN, "completed", "cancelled"])
            owner = site.office.staff[chance.choice(["worker", "other_worker"])] if state != "open" else None
            values = {"state": state, "assignee_id": owner, "due_at": due, "held_until": None}
            connection.execute(update(user_task).where(user_task.c.id == thing.task_id).values(**values))
        sealed = chance.choice(things).case_id
        connection.execute(update(support_case).where(support_case.c.id == sealed).values(seal_level=2))
    return things


def recount(site: Site, orgs: set[str], sees: set[str]) -> Counter[str]:
    """The buckets reckoned row by row, in Tokyo time, from what the tables hold."""
    found: Counter[str] = Counter()
    now = site.clock.moment
    today = now.astimezone(TOKYO).date()
    rows = site.office.rows(
        "SELECT t.state, t.due_at, t.org_id, t.assignee_id, c.id AS case_id, c.seal_level, c.owner_org"
        " FROM user_task t JOIN support_case c ON c.id = t.case_id"
    )
    for row in rows:
        if row.state not in OPEN or not {row.org_id, row.owner_org} & orgs:
            continue
        if row.seal_level and row.case_id not in sees:
            continue
        if row.assignee_id is None:
            found["unowned"] += 1
        found[_bucket(row.state, row.due_at, now, today)] += 1
    return found


def _bucket(state: str, due_text: str | None, now: datetime, today: object) -> str:
    if state == "held":
        return "held"
    if due_text is None:
        return "none"
    due = datetime.fromisoformat(due_text)
    due = due if due.tzinfo else due.replace(tzinfo=UTC)
    last = (due - timedelta(microseconds=1)).astimezone(TOKYO).date()
    if due <= now:
        return "late"
    if last == today:
        return "today"
    return "week" if last.isocalendar()[:2] == now.astimezone(TOKYO).date().isocalendar()[:2] else "later"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_figure_of_the_board_is_what_a_recount_says(site: Site, seed: int) -> None:
    some_work(site, seed)
    engine, person, now = site.office.engine, site.office.person("manager"), site.clock.moment
    found = board.board(engine, person, BoardFilter(), Side.PERSON, now=now)
    sees = {row.id for row in site.office.rows("SELECT id FROM support_case WHERE seal_level = 0")}
    expected = recount(site, {"AG-04"}, sees)
    assert found.unowned == expected.pop("unowned", 0)
    assert {bucket.value: n for bucket, n in found.counts.items()} == dict(expected)
    for bucket in Bucket:
        assert board.tasks_on_board(engine, person, BoardFilter(bucket=bucket), now=now).total == expected[bucket]
    agree_among_themselves(site, person, found)


def agree_among_themselves(site: Site, person: Actor, found: board.Board) -> None:
    """Each side of the table and the matrix add up to the same, and each cell opens as many rows."""
    engine, now = site.office.engine, site.clock.moment
    for side in (Side.ORG, Side.PROCESS):
        other = board.board(engine, person, BoardFilter(), side, now=now)
        assert sum(line.total for line in other.lines) == found.total
    assert sum(found.matrix.cells.values()) == found.total
    for (who, process), n in found.matrix.cells.items():
        narrow = BoardFilter(person=who, process=process)
        assert board.tasks_on_board(engine, person, narrow, now=now).total == n
    roles = board.board(engine, person, BoardFilter(), Side.ROLE, now=now)
    for line in roles.lines:
        assert board.tasks_on_board(engine, person, BoardFilter(role=line.key), now=now).total == line.total


def test_the_board_asks_as_often_for_one_task_as_for_many_and_reads_no_done_rows(site: Site) -> None:
    browser = site.browser("manager")
    asked: list[str] = []
    engine = site.office.engine.database.engine
    event.listen(engine, "before_cursor_execute", lambda c, cur, sql, *rest: asked.append(sql))
    numbers = []
    for _ in range(2):
        site.a_case()
        asked.clear()
        assert browser.get("/board").status == browser.get("/board/list").status == 200
        numbers.append(len(asked))
    assert numbers[0] == numbers[1] < 60
    for sql in [one for one in asked if "user_task" in one and "work" in one]:
        assert "user_task.state IN ('open', 'claimed', 'held')" in sql


def test_a_supervisor_without_access_sees_numbers_and_no_names(site: Site) -> None:
    thing = site.a_case()
    site.employ(Role.PROGRAMME_LEAD, "AG-02", "lead-elsewhere")
    assert thing.number not in site.browser("lead-elsewhere").get("/board/list").words
    page = site.browser("manager").get("/board/list")
    assert thing.number in page.words
    assert f"/tasks/{thing.task_id}" in page.links()


def test_a_change_is_told_and_nothing_else(site: Site) -> None:
    thing = site.a_case()
    browser, since = site.browser("manager"), site.clock.moment.isoformat().replace("+", "%2B")
    assert told(browser, since) == ""
    later = site.clock.moment + timedelta(minutes=5)
    tasks.claim(site.office.engine, site.office.person("worker"), thing.task_id, now=later)
    assert told(browser, since) == "1件の変更があります。"
    assert told(browser, "nonsense") == ""


def told(browser: Visitor, since: str) -> str:
    """What the line of the board says about changes since a moment."""
    answer = browser.client.get(f"/board/changes?since={since}").get_json()
    return str(answer["text"])


# ---------------------------------------------------------------- acts


def test_tasks_go_to_another_person_once_and_come_back(site: Site) -> None:
    things = [site.a_case() for _ in range(3)]
    for thing in things[:2]:
        tasks.claim(site.office.engine, site.office.person("worker"), thing.task_id, now=site.clock.moment)
    browser, other = site.browser("manager"), site.office.staff["other_worker"]
    page = browser.get(f"/reassign?person={site.office.staff['worker']}")
    fields = fields_of(page)
    assert "0 → 2" in page.words
    form = {"form_key": fields["form_key"], "to": other, "note": "異動のため", "task": [t.task_id for t in things[:2]]}
    first, second = browser.post("/reassign", form), browser.post("/reassign", form)
    assert first.location == second.location
    assert {held_by(site, t) for t in things[:2]} == {other}
    told = site.office.rows("SELECT staff_id, about FROM notification WHERE about IN ('assigned', 'handed_over')")
    assert Counter((row.staff_id, row.about) for row in told) == {
        (other, "assigned"): 2, (site.office.staff["worker"], "handed_over"): 2,
    }  # fmt: skip
    assert site.count("SELECT count(*) FROM audit_event WHERE act = 'task.reassigned'") == 2
    assert site.browser("supervisor").get(first.location).status == 404
    browser.post(f"{first.location}/undo")
    assert {held_by(site, t) for t in things[:2]} == {site.office.staff["worker"]}


def fields_of(page: Page) -> dict[str, str]:
    """The hidden fields of the form that hands over (another form on the page has the same address)."""
    assert page.tree is not None
    nodes = page.tree.iter("input")
    return {node.get("name", ""): node.get("value", "") for node in nodes if node.get("type") == "hidden"}


def held_by(site: Site, thing: Thing) -> str | None:
    """Who holds the second task of a case."""
    found: str | None = site.office.task("second", case_id=thing.case_id).assignee_id
    return found


def test_each_task_of_a_hand_over_has_its_own_result(site: Site) -> None:
    free, taken = site.a_case(), site.a_case()
    browser, stranger = site.browser("manager"), site.office.staff["stranger"]
    form = {"form_key": "k", "to": stranger, "task": [free.task_id, taken.task_id]}
    page = browser.get(browser.post("/reassign", form).location)
    assert "2件のうち0件" in page.words
    assert page.words.count("できません") == 2
    assert browser.post("/reassign", {"form_key": "k2", "to": "", "task": [free.task_id]}).status == 422
    assert held_by(site, free) is None


def test_hold_extend_resume_and_one_reminder_a_day(site: Site) -> None:
    thing = site.a_case()
    tasks.claim(site.office.engine, site.office.person("worker"), thing.task_id, now=site.clock.moment)
    browser = site.browser("manager")
    acted(browser, "remind", thing)
    assert "今日はもう催促しました。" in acted(browser, "remind", thing)
    assert site.count("SELECT count(*) FROM audit_event WHERE act = 'task.reminded'") == 1
    assert browser.post("/board/act", {"kind": "extend", "task": thing.task_id, "day": "2026-05-29"}).status == 422
    acted(browser, "extend", thing, day="2026-05-29", reason="資料待ち", legal_basis="要綱8条")
    assert str(site.office.task("second", case_id=thing.case_id).due_on) == "2026-05-29"
    acted(browser, "hold", thing, day="2026-04-10", reason="入院")
    assert site.office.task("second", case_id=thing.case_id).state == "held"
    acted(browser, "resume", thing)
    assert site.office.task("second", case_id=thing.case_id).state == "claimed"
    (change,) = site.office.rows("SELECT reason, legal_basis FROM clock_change WHERE kind = 'extend'")
    assert tuple(change) == ("資料待ち", "要綱8条")


def acted(browser: Visitor, kind: str, thing: Thing, **fields: str) -> str:
    """Do it to one task; the words of the page that tells the result."""
    assert browser.get(f"/board/act?kind={kind}&task={thing.task_id}").status == 200
    page = browser.post("/board/act", {"kind": kind, "task": thing.task_id, **fields})
    assert page.status == 200
    return page.words


def test_a_deputy_takes_over_within_the_dates_and_the_trail_says_for_whom(site: Site) -> None:
    thing, staff = site.a_case(), site.office.staff
    tasks.claim(site.office.engine, site.office.person("worker"), thing.task_id, now=site.clock.moment)
    manager, deputy = site.browser("manager"), site.browser("other_worker")
    assert deputy.post("/deputy", {"task": thing.task_id}).status == 404
    form = {"staff": staff["worker"], "deputy": staff["other_worker"], "from": "2026-04-01", "until": "2026-04-03"}
    assert manager.post("/absences", {**form, "deputy": staff["worker"]}).status == 422
    assert manager.post("/absences", form).status == manager.post("/absences", form).status == 302
    assert site.count("SELECT count(*) FROM absence") == 1
    assert thing.number in deputy.get("/deputy").words
    assert site.count("SELECT count(*) FROM notification WHERE about = 'deputy'") == 1
    assert deputy.post("/deputy", {"task": thing.task_id}).status == 302
    assert held_by(site, thing) == staff["other_worker"]
    (trail,) = site.office.rows("SELECT data FROM audit_event WHERE act = 'task.reassigned'")
    assert f'"on_behalf_of":"{staff["worker"]}"' in trail.data.replace(" ", "")
    (row,) = site.office.rows("SELECT id FROM absence")
    assert manager.get("/absences").status == 200
    assert manager.post("/absences/end", {"absence": row.id}).status == 302
    assert thing.number not in deputy.get("/deputy").words


def test_a_deputy_hears_of_what_becomes_late_while_somebody_is_away(site: Site) -> None:
    thing, staff, now = site.a_case(), site.office.staff, site.clock.moment
    tasks.claim(site.office.engine, site.office.person("worker"), thing.task_id, now=now)
    form = {"staff": staff["worker"], "deputy": staff["other_worker"], "from": "2026-04-01", "until": "2026-04-30"}
    site.browser("manager").post("/absences", form)
    for days in range(1, 9):
        timers.tick(site.office.engine, now=now + timedelta(days=days), node="test")
    told = site.office.rows("SELECT staff_id FROM notification WHERE about = 'level:overdue'")
    assert {row.staff_id for row in told} == {staff["worker"], staff["other_worker"]}


def test_the_april_transfer_leaves_nothing_behind_and_moves_no_deadline(site: Site) -> None:
    things, staff = [site.a_case() for _ in range(30)], site.office.staff
    worker, now = site.office.person("worker"), site.clock.moment
    for thing in things:
        tasks.claim(site.office.engine, worker, thing.task_id, now=now)
    tasks.hold(site.office.engine, worker, things[0].task_id, until=date(2026, 4, 6), reason="入院", now=now)
    tasks.save_draft(site.office.engine, worker, things[1].task_id, {"note": "途中"}, now=now)
    due = "SELECT id, due_at, due_on, held_until FROM user_task ORDER BY id"
    moments = "SELECT id, state, fires_at, next_at FROM timer ORDER BY id"
    before = site.office.rows(due), site.office.rows(moments)
    browser = site.browser("supervisor")
    page = browser.get(f"/reassign?person={staff['worker']}")
    assert "0 → 30" in page.words
    assert "書きかけの下書き" in page.words
    form = {
        "form_key": "april",
        "to": staff["other_worker"],
        "note": "4月の異動",
        f"note:{things[2].task_id}": "訪問は午後",
    }
    shown = browser.get(browser.post("/reassign", {**form, "task": [t.task_id for t in things]}).location)
    assert "30件のうち30件" in shown.words
    assert (site.office.rows(due), site.office.rows(moments)) == before
    assert site.count("SELECT count(*) FROM user_task WHERE assignee_id = :s", s=staff["worker"]) == 0
    trail = [row.data for row in site.office.rows("SELECT data FROM audit_event WHERE act = 'task.reassigned'")]
    assert (len(trail), sum("訪問は午後" in data for data in trail)) == (30, 1)


# ---------------------------------------------------------------- moments, incidents, months


def test_a_given_up_moment_is_shown_and_tried_again_once(site: Site) -> None:
    thing = site.a_case()
    now = site.clock.moment
    moment = {
        "id": "m", "kind": "token", "instance_id": thing.instance_id, "case_id": thing.case_id, "element_id": "second",
        "ref": "x", "occurrence": "m", "fires_at": now - timedelta(minutes=7), "next_at": now, "state": "failed",
        "attempts": 3,
    }  # fmt: skip
    with site.office.engine.database.write() as connection:
        connection.execute(timer.insert().values(**moment))
        connection.execute(
            incident.insert().values(
                id="i", instance_id=thing.instance_id, case_id=thing.case_id, job="timer", element_id="second",
                cause="ValueError", detail={}, opened_at=now,
            )
        )  # fmt: skip
    browser = site.browser("manager")
    assert oversight.moment_counts(site.office.engine, site.office.person("manager"), now=now)[
        oversight.Moments.FAILED
    ] == site.count("SELECT count(*) FROM timer WHERE state = 'failed'")
    page = browser.get("/timers?show=failed")
    assert thing.number in page.words
    assert page.words.endswith("試した回数 37")
    assert "/incidents/i" in page.links()
    assert browser.get("/incidents/i").status == 200
    for _ in range(2):
        assert browser.post("/incidents/i/retry").status == 302
    (again,) = site.office.rows("SELECT state, attempts FROM timer WHERE id = 'm'")
    assert tuple(again) == ("pending", 0)
    assert site.count("SELECT count(*) FROM audit_event WHERE act = 'incident.retried'") == 1
    site.employ(Role.AGENCY_MANAGER, "AG-02", "elsewhere")
    assert site.browser("elsewhere").get("/incidents/i").status == 404


def test_the_months_are_what_a_recount_says_and_the_table_of_them_is_safe(site: Site) -> None:
    for _ in range(3):
        site.a_case()
    page = site.browser("manager").get("/reports/months")
    found = oversight.months(site.office.engine, site.office.person("manager"), now=site.clock.moment)
    assert len(found) == 12
    assert found[-1].new_cases == site.count("SELECT count(*) FROM support_case")
    done = site.count("SELECT count(*) FROM user_task WHERE state = 'completed'")
    assert found[-1].completed == found[-1].met + found[-1].late == done == 3
    assert "2026-04" in page.words
    answer = site.browser("manager").client.get("/reports/months.csv")
    assert answer.data.startswith("\ufeff月,".encode())
    assert b"2026-04,3,3,3,0,0" in answer.data
    assert [safe_cell(text) for text in ("=1+1", "+1", "-1", "@x", "月")] == ["'=1+1", "'+1", "'-1", "'@x", "月"]
