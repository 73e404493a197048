"""What an administrator changes of the reference data: each change dated, with its source, in the trail.

A change counts for what opens afterwards. Nothing is ever altered backwards: a row is added, and a clock that runs
goes on being reckoned with what was known when it began.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from engine.domain.business_days import add_months, tokyo_date
from engine.domain.deadline import Unit
from engine.domain.errors import FormInvalid, NotFound, StaleVersion
from engine.domain.reference_change import ChangeKind
from engine.domain.staff import Actor
from engine.domain.wareki import DateNotUnderstood, parse_date
from engine.reference.book import overlaid
from engine.reference.model import CITY_CALENDAR
from engine.services import reference_data
from engine.services.engine import Engine
from engine.storage import audit, reference_changes
from engine.storage.database import Connection

DAY_STATES = ("closed", "open", "as_before")
DELIVERY_MODES = ("", "直営", "委託")
LONGEST = 200
FIRST_ADDED = 101  #: number in the code of the first organisation that is added; the plan's files stay below
HIGHEST = {"hours": 24 * 366, "fiscal_years": 100}
HIGHEST_OTHER = 3660
_NUMBERS = {unit.value for unit in Unit} | {"fiscal_years"}


def look(engine: Engine, connection: Connection) -> None:
    """Take over what another process changed since; asked at each request and each beat of the scheduler."""
    if reference_changes.newest(connection) != engine.book.revision:
        engine.book.put(reference_changes.everything(connection))


def refresh(engine: Engine) -> None:
    """As ``look``, with a connection of its own."""
    with engine.database.read() as connection:
        look(engine, connection)


def seen_of(engine: Engine, kind: ChangeKind, subject: str) -> int:
    """What a form must bring back so that another's change in between is noticed; 0 for what never changed."""
    return max((c.id for c in engine.book.changes if c.kind is kind and c.subject == subject), default=0)


def change_organisation(
    engine: Engine, actor: Actor, org_id: str, form: Mapping[str, str], *, seen: int, now: datetime
) -> None:
    """Name, kind, parent, answering division and way of running of one organisation.

    form: name, kind, parent_id, division_id, delivery_mode. Raises NotFound, FormInvalid, StaleVersion.
    """
    if org_id not in engine.reference.organisations:
        raise NotFound("organisation")
    data = _organisation_data(engine, org_id, form)
    _write(
        engine, actor, ChangeKind.ORGANISATION, org_id, data, seen=seen, now=now, valid_from=tokyo_date(now), source=""
    )


def add_organisation(engine: Engine, actor: Actor, form: Mapping[str, str], *, now: datetime) -> str:
    """One more organisation, with the city's calendar or its parent's; returns its code.

    form: as ``change_organisation``. Raises FormInvalid, and StaleVersion when another was added at the same moment.
    """
    numbers = itertools.count(FIRST_ADDED)
    org_id = next(code for code in map("AG-{}".format, numbers) if code not in engine.reference.organisations)
    data = {**_organisation_data(engine, org_id, form), "added": True}
    _write(engine, actor, ChangeKind.ORGANISATION, org_id, data, seen=0, now=now, valid_from=tokyo_date(now), source="")
    return org_id


def _organisation_data(engine: Engine, org_id: str, form: Mapping[str, str]) -> dict[str, Any]:
    data = {name: form.get(name, "").strip() for name in ("name", "kind", "parent_id", "division_id", "delivery_mode")}
    problems = _organisation_problems(engine, org_id, data)
    if problems:
        raise FormInvalid(problems)
    return {**data, "placeholder": False}


def _organisation_problems(engine: Engine, org_id: str, data: Mapping[str, str]) -> dict[str, str]:
    organisations, problems = engine.reference.organisations, {}
    if not data["name"] or len(data["name"]) > LONGEST or not data["name"].isprintable():
        problems["name"] = "組織の名前を入力してください（200文字まで）。"
    elif any(other.name == data["name"] and code != org_id for code, other in organisations.items()):
        problems["name"] = "同じ名前の組織があります。区別できる名前にしてください。"
    if data["kind"] not in {organisation.kind for organisation in organisations.values()}:
        problems["kind"] = "種類を選んでください。"
    if data["delivery_mode"] not in DELIVERY_MODES:
        problems["delivery_mode"] = "運営の形を選んでください。"
    if data["division_id"] and data["division_id"] not in organisations:
        problems["division_id"] = "担当課を選んでください。"
    if data["parent_id"] and not _may_be_parent(engine, org_id, data["parent_id"]):
        problems["parent_id"] = "上の組織には、この組織自身とその下にある組織は選べません。"
    return problems


def _may_be_parent(engine: Engine, org_id: str, parent_id: str) -> bool:
    seen: set[str] = set()
    code: str | None = parent_id
    while code and code not in seen:
        if code == org_id or code not in engine.reference.organisations:
            return False
        seen.add(code)
        code = engine.reference.organisations[code].parent_id
    return True


def set_day(engine: Engine, actor: Actor, subject: str, form: Mapping[str, str], *, seen: int, now: datetime) -> None:
    """Close or open one day of the city's calendar or of one organisation's.

    subject: ``city`` or an organisation code. form: on, state (closed, open, as_before), reason, source.
    Raises NotFound, FormInvalid, StaleVersion.
    """
    _require_calendar(engine, subject)
    problems: dict[str, str] = {}
    day = _future_day(form.get("on", ""), "on", now, problems)
    state, reason = form.get("state", ""), form.get("reason", "").strip()
    if state not in DAY_STATES:
        problems["state"] = "閉庁日にするか、開庁日にするかを選んでください。"
    if not reason or len(reason) > LONGEST:
        problems["reason"] = "理由を入力してください（例 大掃除のため）。"
    calendar = _calendar(engine, subject)
    if day is not None and not calendar.valid_from <= day <= calendar.valid_until:
        problems["on"] = "暦の期間の外の日です。暦の期間の中の日を入力してください。"
    source = _source(form, problems)
    if problems or day is None:
        raise FormInvalid(problems)
    data = {"state": state, "reason": reason}
    _write(engine, actor, ChangeKind.DAY, subject, data, seen=seen, now=now, valid_from=day, source=source)


def set_hours(engine: Engine, actor: Actor, subject: str, form: Mapping[str, str], *, seen: int, now: datetime) -> None:
    """Opening hours from a day on. form: from, opening, closing (``HH:MM``), source. Raises as ``set_day``."""
    _require_calendar(engine, subject)
    problems: dict[str, str] = {}
    day = _future_day(form.get("from", ""), "from", now, problems)
    opening, closing = _time(form, "opening", problems), _time(form, "closing", problems)
    if opening and closing and not opening < closing:
        problems["closing"] = "閉まる時刻は、開く時刻より後にしてください。"
    source = _source(form, problems)
    if problems or day is None or opening is None or closing is None:
        raise FormInvalid(problems)
    data = {"opening": f"{opening:%H:%M}", "closing": f"{closing:%H:%M}"}
    _write(engine, actor, ChangeKind.HOURS, subject, data, seen=seen, now=now, valid_from=day, source=source)


def _require_calendar(engine: Engine, subject: str) -> None:
    if subject != CITY_CALENDAR and subject not in engine.reference.organisations:
        raise NotFound("calendar")


def _calendar(engine: Engine, subject: str) -> Any:
    return engine.reference.calendar if subject == CITY_CALENDAR else engine.reference.calendar_for(subject)


def set_parameter(
    engine: Engine, actor: Actor, name: str, form: Mapping[str, str], *, seen: int, now: datetime
) -> None:
    """A new value of a parameter from a day on. form: from, value, source. Raises as ``set_day``."""
    parameter = engine.reference.parameters.get(name)
    if parameter is None:
        raise NotFound("parameter")
    problems: dict[str, str] = {}
    day = _future_day(form.get("from", ""), "from", now, problems)
    value = _value(engine, parameter.unit, form.get("value", "").strip(), problems)
    source = _source(form, problems)
    if problems or day is None:
        raise FormInvalid(problems)
    _write(
        engine, actor, ChangeKind.PARAMETER, name, {"value": value}, seen=seen, now=now, valid_from=day, source=source
    )


def _value(engine: Engine, unit: str, text: str, problems: dict[str, str]) -> int | str:
    if unit == "organisation":
        if text not in engine.reference.organisations:
            problems["value"] = "組織を選んでください。"
        return text
    if unit not in _NUMBERS:
        problems["value"] = "この項目は、画面では変えられません。参照データのファイルで変えます。"
        return text
    highest = HIGHEST.get(unit, HIGHEST_OTHER)
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= highest):
        problems["value"] = f"1から{highest}までの数を入力してください。"
        return 0
    return int(text)


def set_ladder(engine: Engine, actor: Actor, name: str, form: Mapping[str, str], *, seen: int, now: datetime) -> None:
    """The distances of a ladder's levels from a day on, each in the unit that it has.

    form: from, source, and ``after-<level>`` for each level with a distance. Raises as ``set_day``.
    """
    if name not in engine.reference.ladders:
        raise NotFound("ladder")
    problems: dict[str, str] = {}
    day = _future_day(form.get("from", ""), "from", now, problems)
    source, after = _source(form, problems), {}
    for step in engine.reference.ladder(name, day or tokyo_date(now)):
        if step.after is not None:
            text = form.get(f"after-{step.level}", "").strip()
            if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= HIGHEST_OTHER):
                problems[f"after-{step.level}"] = f"段階{step.level}までの長さを、1以上の数で入力してください。"
                continue
            after[step.level] = f"{int(text)} {step.after.unit.value}"
    if problems or day is None:
        raise FormInvalid(problems)
    _write(engine, actor, ChangeKind.LADDER, name, {"after": after}, seen=seen, now=now, valid_from=day, source=source)


# ---------------------------------------------------------------- shared


def _future_day(text: str, field: str, now: datetime, problems: dict[str, str]) -> date | None:
    """The day typed, today or later: what is past has been reckoned with and stays."""
    today = tokyo_date(now)
    try:
        day = parse_date(text)
    except DateNotUnderstood as problem:
        problems[field] = problem.message_ja
        return None
    if not today <= day <= add_months(today, 120):
        problems[field] = "今日から10年以内の日を入力してください。過ぎた日の設定は変えられません。"
    return day


def _time(form: Mapping[str, str], name: str, problems: dict[str, str]) -> time | None:
    try:
        return time.fromisoformat(form.get(name, "").strip()).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        problems[name] = "時刻を08:30のように入力してください。"
        return None


def _source(form: Mapping[str, str], problems: dict[str, str]) -> str:
    source = form.get("source", "").strip()
    if not source or len(source) > LONGEST:
        problems["source"] = "根拠（規則、要綱、決裁など）を入力してください。"
    return source


def _write(
    engine: Engine, actor: Actor, kind: ChangeKind, subject: str, data: Mapping[str, Any], *, seen: int,
    valid_from: date, source: str, now: datetime,
) -> None:  # fmt: skip
    """The change with its event. The trail is taken first: it lets one administrator at a time through."""
    with engine.database.write() as connection:
        audit.append(
            connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act=f"reference.{kind.value}",
            data={"subject": subject, "from": valid_from, "source": source, **data},
        )  # fmt: skip
        if reference_changes.newest_of(connection, kind, subject) != seen:
            raise StaleVersion
        reference_changes.add(
            connection, kind, subject, valid_from=valid_from, data=data, source=source, by=actor.staff_id, at=now
        )
        reference_data.copy(connection, overlaid(engine.book.files, reference_changes.everything(connection)))
    refresh(engine)
