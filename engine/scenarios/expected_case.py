"""Expectations about the case itself: its state, its records, who sees what, consents, plans and shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.domain.business_days import tokyo_date
from engine.domain.errors import NotFound, ReferenceMissing
from engine.queries import inbox as inbox_query
from engine.queries import records as record_query
from engine.queries.case_file import case_head
from engine.queries.cases import CaseFilter, list_cases
from engine.queries.inbox import InboxFilter, View
from engine.queries.visibility import sees_case
from engine.scenarios.errors import NotYet, StepFailed
from engine.scenarios.moments import agrees, shown
from engine.scenarios.world import World
from engine.services import completion
from engine.services.form_context import SUBJECT
from engine.storage import cases, instances, situation

Item = Mapping[str, Any]
_INBOX = (View.MINE, View.CLAIMABLE, View.HELD)


def expect_status(world: World, case_id: str, wanted: str) -> list[str]:
    """The state of the case: open, suspended or closed."""
    with world.engine.database.read() as connection:
        status = situation.case(connection, case_id).status
    return [] if status == wanted else [f"ケースの状態は {wanted} のはずですが、{status} です。"]


def expect_instances(world: World, case_id: str, wanted: Mapping[str, Any]) -> list[str]:
    """The states of the instances of each process; a list where there are several, whatever their order."""
    with world.engine.database.read() as connection:
        found = situation.instances(connection, case_id)
    problems = []
    for process, states in wanted.items():
        expected = sorted([] if states == "none" else states if isinstance(states, list) else [states])
        actual = sorted(instance.status for instance in found if instance.process_key == process)
        if expected != actual:
            problems.append(f"{process} は {_texts(expected)} のはずですが、{_texts(actual)} です。")
    return problems


def _texts(values: Sequence[Any]) -> str:
    return "、".join(str(value) for value in values) or "なし"


# ---------------------------------------------------------------- values


def expect_variables(world: World, case_id: str, wanted: Mapping[str, Any]) -> list[str]:
    """Values of process variables, of the newest instance that declares them; else of the newest record's field."""
    problems = []
    for name, expected in wanted.items():
        known, actual = _value_of(world, case_id, name)
        if not known:
            problems.append(f"「{name}」という変数も記入項目もありません。")
        elif _plain(actual) != _plain(expected):
            problems.append(f"「{name}」は {_plain(expected)} のはずですが、{_plain(actual)} です。")
    return problems


def _value_of(world: World, case_id: str, name: str) -> tuple[bool, Any]:
    with world.engine.database.read() as connection:
        case = cases.get(connection, case_id)
        rows = [instances.get(connection, found.id) for found in situation.instances(connection, case_id)]
        records = situation.records(connection, case_id)
    assert case is not None
    for row in reversed([row for row in rows if row is not None]):
        deployed = world.engine.definitions.get(row.version_id)
        if name in deployed.model.all_variables:
            values = completion.current_variables(
                world.engine, deployed, case, world.actor(next(iter(world.people))), row, world.clock.now()
            )
            if values.get(name) is not None:
                return True, values[name]
    found = next((record.data[name] for record in reversed(records) if name in record.data), None)
    declared = any(
        name in world.engine.definitions.get(r.version_id).model.all_variables for r in rows if r is not None
    )
    return found is not None or declared, found


def _plain(value: Any) -> Any:
    """A value for comparing: dates and moments as texts (Tokyo minutes are not compared), decimals as numbers."""
    if isinstance(value, datetime):
        return shown(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value


def expect_records(world: World, case_id: str, wanted: Sequence[Item]) -> list[str]:
    """Records by form, and by author, organisation and task where these are named; at least one without a count."""
    with world.engine.database.read() as connection:
        found = situation.records(connection, case_id)
    problems = []
    for item in wanted:
        count = sum(
            record.form_key == item["form"]
            and item.get("by") in (None, record.author)
            and ("org" not in item or record.org_id in world.engine.reference.same_organisation(item["org"]))
            and item.get("task") in (None, record.element_id)
            for record in found
        )
        if count != item["count"] if "count" in item else count == 0:
            forms = _texts([f"{record.form_key}（{record.author}、{record.element_id}）" for record in found])
            problems.append(f"記録 {_said(item)} のはずですが、合うものは{count}件です。あるのは {forms}。")
    return problems


def _said(item: Item) -> str:
    return "、".join(f"{key} {value}" for key, value in item.items())


# ---------------------------------------------------------------- who sees what


def expect_visible_to(world: World, case_id: str, wanted: Mapping[str, bool]) -> list[str]:
    """Whether each person may open the case file."""
    problems = []
    with world.engine.database.read() as connection:
        for name, expected in wanted.items():
            if sees_case(connection, world.actor(name), case_id, world.clock.now()) != expected:
                problems.append(f"{name}さんには見え{'る' if expected else 'ない'}はずですが、そうではありません。")
    return problems


def expect_search(world: World, _case_id: str, wanted: Any) -> list[str]:
    """How many hits a person's search has, in the list of cases or in the inbox."""
    problems = []
    for item in wanted if isinstance(wanted, list) else [wanted]:
        hits = _hits(world, item)
        if hits != item["hits"]:
            problems.append(f"{item['by']}さんの「{item['text']}」の検索は{item['hits']}件のはずですが、{hits}件です。")
    return problems


def _hits(world: World, item: Item) -> int:
    actor, now, place = world.actor(item["by"]), world.clock.now(), item.get("in", "cases")
    if place == "cases":
        return list_cases(world.engine, actor, CaseFilter(words=item["text"]), now=now).total
    if place == "inbox":
        narrow = InboxFilter(words=item["text"])
        return sum(inbox_query.inbox(world.engine, actor, view, narrow, now=now).total for view in _INBOX)
    raise NotYet(f"search in {place}")


def expect_sees(world: World, case_id: str, wanted: Sequence[Item]) -> list[str]:
    """What a person reads in a field of the newest record of a form: true, false, or the value itself."""
    problems = []
    for item in wanted:
        readable, value, kept = _reads(world, case_id, item)
        wanted_value = item["sees"]
        if isinstance(wanted_value, bool):
            agreed = readable == wanted_value
        else:
            agreed = readable and _comparable(wanted_value) in (_comparable(value), _comparable(kept))
        if not agreed:
            told = f"「{value}」と読めます" if readable else "読めません"
            problems.append(
                f"{item['by']}さんは {item['form']}.{item['field']} について {item['sees']} のはずですが、{told}。"
            )
    return problems


def _comparable(value: Any) -> Any:
    """A value so that a written one can be compared with one that is shown or kept."""
    if isinstance(value, Mapping):
        return {str(key): _comparable(one) for key, one in value.items()}
    return [_comparable(one) for one in value] if isinstance(value, list) else str(value)


def _reads(world: World, case_id: str, item: Item) -> tuple[bool, Any, Any]:
    """Whether the person can read the field; its value as shown, and as kept."""
    engine, actor, now = world.engine, world.actor(item["by"]), world.clock.now()
    with engine.database.read() as connection:
        number = situation.case(connection, case_id).number
        written = [r for r in situation.records(connection, case_id) if r.form_key == item["form"]]
    holding = [record for record in written if _has_value(record.data, item["field"])]
    if not holding:
        raise StepFailed(f"{item['form']}.{item['field']} に値のある記録がありません。")
    try:
        head = case_head(engine, actor, number, now=now)
        view = record_query.record_view(engine, actor, head, holding[-1].id, wareki=False, now=now)
    except NotFound:
        return False, None, None
    fields = [field for section in view.sections for field in section.fields if field.key == item["field"]]
    if not fields or fields[0].masked:
        return False, None, None
    return True, fields[0].text, holding[-1].data.get(item["field"])


def _has_value(data: Mapping[str, Any], name: str) -> bool:
    return data.get(name) not in (None, "", [], {})


# ---------------------------------------------------------------- shares, consents, plans


def expect_grants(world: World, case_id: str, wanted: Sequence[Item]) -> list[str]:
    """Each item is met by a part that an organisation has or had in the case."""
    with world.engine.database.read() as connection:
        found = situation.participations(connection, case_id)
    shown_parts = _texts([_part_text(row) for row in found])
    return [
        f"共有 {_said(item)} のはずですが、ありません。あるのは {shown_parts}。"
        for item in wanted
        if not any(_is_part(world, item, row) for row in found)
    ]


def _is_part(world: World, item: Item, row: Any) -> bool:
    if row.org_id not in world.engine.reference.same_organisation(item["org"]):
        return False
    if "basis" in item and row.legal_basis != _basis(world, item["basis"]):
        return False
    if "relation" in item and row.relation != item["relation"]:
        return False
    if "reason" in item and item["reason"] not in (row.reason, row.ended_reason):
        return False
    if "until" in item and not _until_agrees(item["until"], row.until):
        return False
    return "ended" not in item or _flag_or_day(item["ended"], _end_of(row, world.clock.now()))


def _basis(world: World, text: str) -> str:
    try:
        return str(world.engine.reference.sharing_basis(text).code)
    except ReferenceMissing:
        return text


def _until_agrees(expected: str | None, until: datetime | None) -> bool:
    """The last day on which it holds (a part runs until the 24:00 of it)."""
    if expected is None or until is None:
        return expected is None and until is None
    return agrees(expected, until - timedelta(microseconds=1))


def _end_of(row: Any, now: datetime) -> datetime | None:
    if row.ended_at is not None:
        return row.ended_at  # type: ignore[no-any-return]
    return row.until if row.until is not None and row.until <= now else None


def _flag_or_day(expected: Any, at: datetime | date | None) -> bool:
    if isinstance(expected, bool):
        return expected == (at is not None)
    if isinstance(at, datetime):
        return agrees(expected, at)
    return at is not None and agrees(expected, None, at)


def _part_text(row: Any) -> str:
    ended = f"、{tokyo_date(row.ended_at).isoformat()}に終了（{row.ended_reason}）" if row.ended_at else ""
    until = f"、{shown(row.until)}まで" if row.until else ""
    return f"{row.org_id}（{row.relation}、{row.legal_basis}{until}{ended}）"


def expect_consents(world: World, case_id: str, wanted: Sequence[Item]) -> list[str]:
    """Each item is met by a consent that was recorded; an empty list says that there is none."""
    with world.engine.database.read() as connection:
        found = situation.consents(connection, case_id)
    if not wanted and found:
        return [f"同意の記録はないはずですが、{len(found)}件あります。"]
    told = _texts([f"{r.subject}（{r.given_by}、{r.result}、撤回 {r.withdrawn_on or 'なし'}）" for r in found])
    return [
        f"同意 {_said(item)} のはずですが、ありません。あるのは {told}。"
        for item in wanted
        if not any(_is_consent(item, row) for row in found)
    ]


def _is_consent(item: Item, row: Any) -> bool:
    if any(item[key] != getattr(row, key) for key in ("given_by", "result", "person_will") if key in item):
        return False
    about_subject = row.subject_person_id is not None and item.get("subject") == SUBJECT
    if "subject" in item and item["subject"] != row.subject and not about_subject:
        return False
    return "withdrawn" not in item or _flag_or_day(item["withdrawn"], row.withdrawn_on)


def expect_plan(world: World, case_id: str, wanted: Item) -> list[str]:
    """The version in force; while none is in force, the newest one."""
    with world.engine.database.read() as connection:
        versions = situation.plan_versions(connection, case_id)
    if not versions:
        return ["支援プランがあるはずですが、ありません。"]
    row = next((version for version in reversed(versions) if version.status == "active"), versions[-1])
    actual = {
        "version": row.number, "next_review_on": row.next_review_on and row.next_review_on.isoformat(),
        "early_start": row.early_start_count, "status": row.status, "kind": row.kind, "lead_org": row.lead_org,
        "review_no": row.review_no,
    }  # fmt: skip
    if isinstance(wanted.get("early_start"), bool):
        actual["early_start"] = row.early_start_count > 0
    return [
        f"プランの {key} は {value} のはずですが、{actual[key]} です。"
        for key, value in wanted.items()
        if actual[key] != value
    ]


def expect_related(world: World, case_id: str, wanted: Sequence[str]) -> list[str]:
    """The named cases belong together with this one."""
    with world.engine.database.read() as connection:
        found = situation.related(connection, case_id)
    return [
        f"ケース「{alias}」と関連づいているはずですが、そうではありません。"
        for alias in wanted
        if world.case(alias) not in found
    ]


def expect_not_contains(world: World, case_id: str, wanted: Sequence[str]) -> list[str]:
    """The texts stand nowhere in what is stored."""
    with world.engine.database.read() as connection:
        stored = situation.stored_texts(connection, case_id)
    return [
        f"「{text}」はどこにも残らないはずですが、残っています。" for text in wanted if any(text in s for s in stored)
    ]


def not_yet(what: str) -> Any:
    """An expectation that comes with a later process or screen: a named failure, never a silent pass."""

    def refuse(world: World, case_id: str, wanted: Any) -> list[str]:
        raise NotYet(f"expect {what}")

    return refuse
