"""This installation as a whole: is its database ready, whose is it, and how does it fare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from engine.config import ROOT
from engine.domain.business_days import TOKYO, add_months, tokyo_date
from engine.domain.errors import EngineError
from engine.domain.roles import Role
from engine.domain.wareki import format_wareki
from engine.services import deployments, scheduler_nodes, staff_accounts
from engine.services.engine import Engine
from engine.storage import reference_rows, schema
from engine.storage.database import Database, migrate

__all__ = ["Check", "Purpose", "State", "WrongPurpose", "checks", "migrate", "schema_is_current"]

PURPOSE = "purpose"
LATE = timedelta(minutes=5)
CALENDAR_MONTHS = 12  #: plans run up to a year, so their dates must lie inside the calendar


class Purpose(Enum):
    """What the data in a database are; the two never mix."""

    REAL = "real"  #: real people's matters
    DEMO = "demo"  #: invented ones


class WrongPurpose(EngineError):
    """The database belongs to the other kind of installation."""

    code = "wrong_purpose"


def schema_is_current(url: str) -> bool:
    """Whether the database at ``url`` has the schema of this software."""
    database = Database(url, pool=False)
    try:
        return schema.is_current(database)
    finally:
        database.dispose()


def unreachable(engine: Engine) -> str:
    """Why the database cannot be reached, or "" when it can."""
    return schema.unreachable(engine.database)


def holds_work(engine: Engine) -> bool:
    """Whether accounts or cases exist already."""
    with engine.database.read() as connection:
        return schema.holds_work(connection)


def purpose(engine: Engine) -> Purpose | None:
    """What this database is for; None while nobody has said so."""
    with engine.database.read() as connection:
        stored = reference_rows.get_setting(connection, PURPOSE)
    return None if stored is None else Purpose(stored)


def dedicate(engine: Engine, wanted: Purpose) -> None:
    """Say what the database is for, once and for all. Raises WrongPurpose when it is for the other."""
    with engine.database.write() as connection:
        stored = reference_rows.get_setting(connection, PURPOSE)
        if stored is not None and stored != wanted.value:
            raise WrongPurpose(stored)
        if stored is None:
            if wanted is Purpose.DEMO and schema.holds_work(connection):
                raise WrongPurpose(Purpose.REAL.value)
            reference_rows.put_setting(connection, PURPOSE, wanted.value)


# ---------------------------------------------------------------- how it fares


class State(Enum):
    """How a check came out."""

    GOOD = "良"
    CARE = "注意"  #: works, but somebody should look
    BAD = "異常"  #: does not work


@dataclass(frozen=True)
class Check:
    """One line of ``tsunagu doctor``: what was looked at, how it is, and what to do about it."""

    name: str
    state: State
    text: str


def checks(engine: Engine, *, now: datetime) -> Iterator[Check]:
    """Everything worth looking at; stops after the database when that cannot be used."""
    database = database_check(engine)
    yield database
    if database.state is State.BAD:
        return
    for check in (_accounts, _processes, _scheduler, _backlog, _calendar, _bundles):
        yield check(engine, now)


def database_check(engine: Engine) -> Check:
    """Whether the database can be reached and has the schema of this software."""
    reason = schema.unreachable(engine.database)
    if reason:
        return Check(
            "データベース", State.BAD, f"つながりません（{reason}）。TSUNAGU_DATABASE_URL を確かめてください。"
        )
    if not schema.is_current(engine.database):
        return Check("データベース", State.BAD, "版がソフトウェアと合いません。tsunagu migrate を行ってください。")
    return Check("データベース", State.GOOD, f"つながり、版は最新（{schema.newest()}）です。")


def _accounts(engine: Engine, now: datetime) -> Check:
    people = [person for person in staff_accounts.everybody(engine) if person.status == "active"]
    usable = [p for p in people if p.has_password and any(h.role == Role.SYSADMIN.value for h in p.held)]
    if not usable:
        return Check("利用者", State.CARE, "システム管理者がいません。tsunagu user add で登録してください。")
    return Check("利用者", State.GOOD, f"{len(people)}人。うちシステム管理者は{len(usable)}人です。")


def _processes(engine: Engine, now: datetime) -> Check:
    live = list(deployments.live_keys(engine))
    stored = deployments.keys_in(engine.settings.workflows)
    missing, changed = sorted(set(stored) - set(live)), deployments.changed(engine)
    if not live:
        return Check("プロセス", State.BAD, "公開された定義がありません。tsunagu deploy workflows を行ってください。")
    if missing or changed:
        names = "、".join([*missing, *changed])
        return Check(
            "プロセス", State.CARE, f"ファイルと公開中の定義が違います（{names}）。tsunagu deploy で公開できます。"
        )
    return Check("プロセス", State.GOOD, f"{len(live)}つを公開中です。")


def _scheduler(engine: Engine, now: datetime) -> Check:
    nodes = scheduler_nodes.everyone(engine)
    alive = [node for node in nodes if scheduler_nodes.is_alive(node, now=now)]
    if alive:
        return Check("スケジューラー", State.GOOD, f"{len(alive)}つが動いています。")
    last = f"（最後の応答は{_moment(max(n.heartbeat_at for n in nodes))}）" if nodes else ""
    return Check(
        "スケジューラー", State.BAD, f"動いていません{last}。tsunagu serve か tsunagu scheduler を始めてください。"
    )


def _backlog(engine: Engine, now: datetime) -> Check:
    with engine.database.read() as connection:
        found = schema.backlog(connection, late_since=now - LATE)
    parts = {
        "止まった手続き": found.incidents, "実行できなかった時刻": found.failed_timers,
        "5分以上遅れている時刻": found.late_timers, "届かなかった連絡": found.failed_messages,
    }  # fmt: skip
    late = "、".join(f"{name}{number}件" for name, number in parts.items() if number)
    if late:
        return Check("処理の滞り", State.CARE, f"{late}。記録を見て原因を取り除いてください。")
    return Check("処理の滞り", State.GOOD, "ありません。")


def _calendar(engine: Engine, now: datetime) -> Check:
    calendar, today = engine.reference.calendar, tokyo_date(now)
    needed = add_months(today, CALENDAR_MONTHS)
    if calendar.valid_until < needed:
        return Check(
            "閉庁日カレンダー", State.BAD if calendar.valid_until < today else State.CARE,
            f"{format_wareki(calendar.valid_until)}までしかありません。workflows/calendars を更新してください。",
        )  # fmt: skip
    if calendar.confirmed_until is not None and calendar.confirmed_until < today:
        return Check(
            "閉庁日カレンダー", State.CARE, "告示された祝日が今日まで入っていません。祝日のファイルを更新してください。"
        )
    return Check("閉庁日カレンダー", State.GOOD, f"{format_wareki(calendar.valid_until)}まであります。")


def _bundles(engine: Engine, now: datetime) -> Check:
    if (ROOT / "web" / "static" / "dist" / "manifest.json").is_file():
        return Check("画面の部品", State.GOOD, "そろっています。")
    return Check(
        "画面の部品",
        State.CARE,
        "図の表示に使う部品がありません。script/setup を行ってください。ほかの画面は使えます。",
    )


def _moment(instant: datetime) -> str:
    return f"{format_wareki(tokyo_date(instant))} {instant.astimezone(TOKYO):%H:%M}"
