"""Each promise of the city notices when it is broken: a sound fortnight, and one planted fault in a copy of it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.storage.database import Database
from tests.simulation import promises_of_sharing
from tests.simulation.checks import INVARIANTS, Evening, violations
from tests.simulation.city import BEGINS_ON, Scale
from tests.simulation.year import begun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
OPEN = "state IN ('open', 'claimed')"
LATE = "2026-04-01T15:00:00.000000Z"

#: promise -> statements that break it
PLANTED: dict[str, tuple[str, ...]] = {
    "no open case is without an owner and a next step or date": (
        "UPDATE user_task SET state = 'cancelled' WHERE case_id = (SELECT id FROM support_case WHERE status = 'open')",
        "UPDATE timer SET state = 'cancelled' WHERE case_id = (SELECT id FROM support_case WHERE status = 'open')",
    ),
    "every open task has somebody who may do it": (
        f"DELETE FROM task_candidate WHERE task_id = (SELECT id FROM user_task WHERE {OPEN})",
    ),
    "no instance is complete without an end event": (
        "UPDATE process_instance SET ended_by = '' WHERE status = 'completed'",
    ),
    "nothing is open in a completed instance": (
        f"UPDATE process_instance SET status = 'completed' WHERE id = (SELECT instance_id FROM user_task WHERE {OPEN})",
    ),
    "a case's status agrees with its instances": (
        "UPDATE support_case SET status = 'closed', closed_at = opened_at WHERE id ="
        " (SELECT case_id FROM process_instance WHERE status = 'running')",
    ),
    "no instance stopped with an incident": (
        "INSERT INTO incident (id, job, element_id, cause, detail, opened_at)"
        f" VALUES ('i', 'timer', 'in_own', 'planted', '{{}}', '{LATE}')",
    ),
    "no deadline is raised twice, nor its task opened twice": tuple(
        "INSERT INTO raised (task_id, case_id, element_id, level, due_at, raised_at)"
        f" SELECT id, case_id, element_id, 'planted', '2026-04-0{day}T15:00:00.000000Z', '{LATE}'"
        " FROM (SELECT * FROM user_task ORDER BY id LIMIT 1)"
        for day in (1, 2)
    ),
    "every deadline is met, held, extended or raised at the right level and time": (
        f"UPDATE clock SET started_at = '2026-02-01T00:00:00.000000Z', period = '1 business_days', due_on = NULL,"
        f" due_instant = NULL WHERE task_id = (SELECT id FROM user_task WHERE {OPEN} AND due_at IS NOT NULL)",
        f"UPDATE user_task SET due_at = '{LATE}' WHERE id ="
        f" (SELECT id FROM user_task WHERE {OPEN} AND due_at IS NOT NULL)",
    ),
    "what was late when it was done had been raised": (
        "UPDATE user_task SET opened_at = '2026-03-31T15:00:00.000000Z', due_at = '2026-03-31T16:00:00.000000Z'"
        " WHERE id = (SELECT id FROM user_task WHERE state = 'completed' AND due_at IS NOT NULL"
        " ORDER BY completed_at DESC LIMIT 1)",
        f"UPDATE timer SET fired_at = '{LATE}' WHERE id = (SELECT id FROM timer WHERE state = 'cancelled')",
    ),
    "moments that are due have fired": (
        f"UPDATE timer SET fires_at = '{LATE}' WHERE id = (SELECT id FROM timer WHERE state = 'pending')",
    ),
    "messages are delivered, or wait for a receiver that may come": (
        "INSERT INTO outbox (kind, name, case_id, delivery_key, payload, keys, created_at, next_at, state)"
        f" SELECT 'message', 'case.escalated', id, 'planted', '{{}}', '{{}}', '{LATE}', '{LATE}', 'pending'"
        " FROM support_case LIMIT 1",
    ),
    "no referral is left without somebody who will answer it": (
        "INSERT INTO referral (id, case_id, source_key, kind, from_org, to_org, reason, sharing_basis, status, sent_at)"
        " SELECT 'r', id, 'planted', 'handoff', 'AG-04', 'AG-08', '', 'consent', 'sent', opened_at FROM support_case"
        " WHERE id NOT IN (SELECT case_id FROM process_instance WHERE process_key = 'participation_handoff')"
        " AND id NOT IN (SELECT case_id FROM outbox WHERE state = 'pending') LIMIT 1",
    ),
    "consents and grants that ended give no access": (
        "INSERT INTO consent (id, case_id, source_key, subject, given_by, method, result, scope_items, scope_orgs,"
        " excluded_orgs, given_on, withdrawn_on, created_at) SELECT 'c', id, 'planted', '本人', '本人', '書面',"
        f" '同意あり', '[]', '[]', '[]', '2026-04-01', '2026-04-02', '{LATE}' FROM support_case"
        " WHERE id NOT IN (SELECT case_id FROM consent) LIMIT 1",
        "INSERT INTO case_organisation (id, case_id, org_id, relation, legal_basis, scope_items, since)"
        f" SELECT 'p', case_id, 'AG-02', 'consented', 'consent', '[]', '{LATE}' FROM consent WHERE id = 'c'",
    ),
    "the audit chain verifies": (
        "UPDATE audit_event SET actor = 'somebody else' WHERE rowid = (SELECT rowid FROM audit_event LIMIT 1)",
    ),
    "the history replays to the same open tasks as the snapshot and the rows": (
        "UPDATE history SET kind = 'thrown' WHERE kind = 'completed' AND ref ="
        " (SELECT ref FROM user_task WHERE state = 'completed' LIMIT 1)",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Fortnight:
    """A database file that nobody writes to any more, and the evening at which it stands."""

    file: Path
    evening: Evening


@pytest.fixture(scope="module")
def fortnight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortnight]:
    """Twelve people, thirty calls in two weeks."""
    file = tmp_path_factory.mktemp("fortnight") / "city.sqlite3"
    with begun(f"sqlite:///{file}", Scale(months=1, cases=45, staff=12, seed=3)) as year:
        year.live(until=BEGINS_ON + timedelta(days=13))
        assert year.found == {}
        city = year.city
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        yield Fortnight(file, Evening(city.engine, city.now, city.last_tick, [one.id for one in city.people]))


@pytest.fixture
def look(fortnight: Fortnight, tmp_path: Path) -> Iterator[Callable[..., dict[str, list[str]]]]:
    """Looks at a copy of the fortnight after the given statements, by one promise or by all."""
    opened: list[Database] = []

    def looking(*statements: str, only: str | None = None) -> dict[str, list[str]]:
        file = shutil.copyfile(fortnight.file, tmp_path / "copy.sqlite3")
        connection = sqlite3.connect(file)
        changed = [connection.execute(statement).rowcount for statement in statements]
        connection.commit()
        connection.close()
        assert all(changed), "the fault could not be planted"
        opened.append(Database(f"sqlite:///{file}"))
        evening = replace(fortnight.evening, engine=replace(fortnight.evening.engine, database=opened[-1]))
        return violations(evening, [only] if only else None)

    yield looking
    for database in opened:
        database.dispose()


def test_a_sound_fortnight_breaks_no_promise(look: Callable[..., dict[str, list[str]]]) -> None:
    assert look() == {}


@pytest.mark.parametrize("promise", PLANTED)
def test_a_planted_fault_is_found(promise: str, look: Callable[..., dict[str, list[str]]]) -> None:
    assert list(look(*PLANTED[promise], only=promise)) == [promise]


def test_somebody_who_sees_too_much_is_found(
    look: Callable[..., dict[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    promise = "consents and grants that ended give no access"
    monkeypatch.setattr(promises_of_sharing, "case_visible", lambda actor, now: actor.name != "")
    assert any("sees it without a part" in text for text in look(only=promise)[promise])


def test_a_wrong_count_of_the_inbox_is_found(
    look: Callable[..., dict[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    promise = "counts of the inbox equal its rows"
    counted = promises_of_sharing.task_counts
    monkeypatch.setattr(
        promises_of_sharing, "task_counts", lambda *given, now: {v: n + 1 for v, n in counted(*given, now=now).items()}
    )
    assert list(look(only=promise)) == [promise]


def test_every_promise_has_its_planted_fault() -> None:
    assert set(INVARIANTS) - set(PLANTED) == {"counts of the inbox equal its rows"}
