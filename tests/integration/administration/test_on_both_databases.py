"""What administrators do, on SQLite and PostgreSQL alike: accounts, a closed day, a file of transfers."""

from __future__ import annotations

from datetime import timedelta

from engine.domain.business_days import tokyo_date
from engine.domain.staff import Actor
from engine.queries import administration
from engine.services import reference_changes, staff_admin, staff_import
from engine.services.staff_import import COLUMNS
from tests.support.casework import Casework

ADMIN = Actor("admin", "管理者（架空）")


def test_accounts_days_and_transfers_are_kept(any_database: str) -> None:
    office = Casework.open(any_database)
    engine, now = office.engine, office.now
    form = {
        "login": "suzuki",
        "name": "鈴木（架空）",
        "kana": "",
        "email": "",
        "org_id": "AG-04",
        "role": "intake_worker",
    }
    staff_id, password = staff_admin.create(engine, ADMIN, form, now=now)
    assert len(password) == 19
    (found,), following = administration.people(engine, words="SUZU", now=now)
    assert (found.staff_id, following) == (staff_id, None)
    day = engine.reference.calendar.add_business_days(tokyo_date(now), 3)
    closed = {"on": day.isoformat(), "state": "closed", "reason": "点検", "source": "決裁"}
    reference_changes.set_day(engine, ADMIN, "AG-01", closed, seen=0, now=now)
    assert not engine.reference.calendar_for("AG-01-2").is_open(day)
    (row,) = office.rows("SELECT calendar FROM organisation WHERE id = 'AG-01-2'")
    assert row.calendar == "AG-01"
    until = (tokyo_date(now) + timedelta(days=9)).isoformat()
    content = (",".join(COLUMNS) + f"\nsuzuki,,,,AG-04,intake_worker,,{until}\n").encode()
    plan = staff_import.preview(engine, ADMIN, "a.csv", content, now=now)
    staff_import.take_over(engine, ADMIN, "a.csv", content, digest=plan.digest, now=now)
    held = administration.person(engine, staff_id, now=now).person.held
    assert [h.until.isoformat() for h in held if h.until] == [until]
    engine.database.dispose()
