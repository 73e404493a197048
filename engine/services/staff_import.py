"""Staff and transfers from a CSV file: looked at first, then taken over whole or not at all.

One line is one role of one person in one organisation. Somebody who is not known yet is registered; a role that is
held already gets the last day of the line; everything else is added. Columns are found by their headings.
"""

from __future__ import annotations

import csv
import hashlib
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from types import SimpleNamespace
from typing import Any

from engine.domain.business_days import tokyo_date
from engine.domain.errors import FormInvalid, StaleVersion
from engine.domain.roles import Role
from engine.domain.staff import Actor
from engine.domain.wareki import DateNotUnderstood, parse_date
from engine.services import staff_admin
from engine.services.engine import Engine
from engine.services.staff_accounts import LOGIN, normalised_login
from engine.storage import audit
from engine.storage import staff as store
from engine.storage import staff_admin as rows
from engine.storage.database import Connection

COLUMNS = ("ログインID", "氏名", "ふりがな", "メール", "組織", "役割", "始まりの日", "終わりの日")
LOGIN_COLUMN, NAME, KANA, EMAIL, ORG, ROLE, SINCE, UNTIL = COLUMNS
_FIELDS = {"name": NAME, "kana": KANA, "email": EMAIL, "org_id": ORG, "role": ROLE, "until": UNTIL}
MOST_LINES = 2000
MOST_BYTES = 500_000


class Outcome(Enum):
    """What a line does, or why it cannot."""

    NEW = "new"  #: registers the person and gives the role
    ADDED = "added"  #: gives the role
    CHANGED = "changed"  #: another last day, name, reading or address
    SAME = "same"  #: everything is so already
    REFUSED = "refused"  #: cannot be taken over


@dataclass(frozen=True)
class Line:
    """One line of the file as it would be taken over. problems: heading of the column and a sentence."""

    number: int
    login: str
    name: str
    org_id: str
    role: str
    since: date | None
    until: date | None
    outcome: Outcome
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a file would do. ``digest`` names exactly this."""

    file: str
    lines: tuple[Line, ...]

    @property
    def refused(self) -> bool:
        """Whether a line cannot be taken over, so that nothing can."""
        return any(line.outcome is Outcome.REFUSED for line in self.lines)

    @property
    def digest(self) -> str:
        """Changes when the file or what it meets in the database changes."""
        return hashlib.sha256(repr((self.file, self.lines)).encode()).hexdigest()

    def count(self, outcome: Outcome) -> int:
        """How many lines come out so."""
        return sum(1 for line in self.lines if line.outcome is outcome)


@dataclass
class _Known:
    """A person during the look at a file: the account, or what the file said of somebody new."""

    staff_id: str | None
    facts: dict[str, str]
    held: list[Any] = field(default_factory=list)


def preview(engine: Engine, actor: Actor, file: str, content: bytes, *, now: datetime) -> Plan:
    """What the file would do; nothing is written. Raises FormInvalid when the file cannot be read at all."""
    table = _read(file, content)
    with engine.database.read() as connection:
        return _plan(engine, connection, actor, (file, table), now, perform=False)


def take_over(engine: Engine, actor: Actor, file: str, content: bytes, *, digest: str, now: datetime) -> Plan:
    """Do what the preview with this digest said, in one transaction.

    Raises StaleVersion when it would do something else now, FormInvalid when a line is refused.
    """
    table = _read(file, content)
    with engine.database.write() as connection:
        if _plan(engine, connection, actor, (file, table), now, perform=False).digest != digest:
            raise StaleVersion
        plan = _plan(engine, connection, actor, (file, table), now, perform=True)
        if plan.refused:
            raise FormInvalid({"file": "取り込めない行があります。ファイルを直してください。"})
        counts = {outcome.value: plan.count(outcome) for outcome in Outcome}
        data = {"file": file[:200], "sha256": hashlib.sha256(content).hexdigest(), **counts}
        audit.append(
            connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act="staff.imported", data=data
        )
    return plan


# ---------------------------------------------------------------- the file


def _read(file: str, content: bytes) -> list[tuple[int, dict[str, str]]]:
    if not content.strip() or len(content) > MOST_BYTES or b"\x00" in content:
        raise FormInvalid(
            {"file": f"「{file}」は空か、大きすぎるか、CSVではありません。500KBまでのCSVを選んでください。"}
        )
    reader = csv.reader(io.StringIO(_decoded(file, content), newline=""), strict=True)
    try:
        heads = [unicodedata.normalize("NFKC", head).strip() for head in next(reader, [])]
        missing = [column for column in COLUMNS if column not in heads]
        if missing:
            raise FormInvalid({"file": f"「{file}」の1行目に列がありません：{'、'.join(missing)}"})
        table = [(reader.line_num, _cells(heads, cells)) for cells in reader if any(cell.strip() for cell in cells)]
    except csv.Error:
        raise FormInvalid(
            {"file": f"「{file}」の{reader.line_num}行目を読めません。引用符の数を確かめてください。"}
        ) from None
    if not table or len(table) > MOST_LINES:
        raise FormInvalid({"file": f"「{file}」の行は1行から{MOST_LINES}行までにしてください。"})
    return table


def _decoded(file: str, content: bytes) -> str:
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FormInvalid({"file": f"「{file}」の文字を読めません。UTF-8かシフトJIS（CP932）で保存してください。"})


def _cells(heads: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """The cells by heading; a line with too many has them under an empty heading."""
    found = {head: cells[place].strip() if place < len(cells) else "" for place, head in enumerate(heads)}
    if len(cells) > len(heads):
        found[""] = "more"
    return found


# ---------------------------------------------------------------- line by line


def _plan(
    engine: Engine, connection: Connection, actor: Actor, source: tuple[str, list[tuple[int, dict[str, str]]]],
    now: datetime, *, perform: bool,
) -> Plan:  # fmt: skip
    file, table = source
    known: dict[str, _Known] = {}
    lines = []
    for number, cells in table:
        line = _checked(engine, number, cells, now)
        if line.outcome is not Outcome.REFUSED:
            person = known.get(line.login) or _find(connection, line.login)
            known[line.login] = person
            line = _met(connection, actor, line, cells, person, now, perform=perform)
        lines.append(line)
    return Plan(file, tuple(lines))


def _find(connection: Connection, login: str) -> _Known:
    row = store.by_login(connection, login)
    if row is None:
        return _Known(None, {})
    facts = {"name": row.name, "kana": row.name_kana, "email": row.email, "status": row.status}
    return _Known(row.id, facts, rows.memberships(connection, [row.id]))


def _checked(engine: Engine, number: int, cells: Mapping[str, str], now: datetime) -> Line:
    """The line with what is wrong with it by itself."""
    problems: list[tuple[str, str]] = [("", "列の数が1行目より多い行です。")] if "" in cells else []
    login = normalised_login(cells[LOGIN_COLUMN])
    if not LOGIN.fullmatch(login):
        problems.append((LOGIN_COLUMN, "ログインIDは、半角の英小文字・数字と . _ - の2文字から64文字です。"))
    org_id, role = _organisation(engine, cells[ORG]), _role(cells[ROLE])
    since, until = _day(cells, SINCE, problems), _day(cells, UNTIL, problems)
    person = staff_admin.person_problems({"name": cells[NAME] or "－", "kana": cells[KANA], "email": cells[EMAIL]})
    today = tokyo_date(now)
    found = staff_admin.role_problems(engine, org_id, role, min(since or today, until or today), until)
    if "org_id" in found:
        found["org_id"] = f"組織「{cells[ORG]}」がありません。コードか名前を確かめてください。"
    if "role" in found:
        found["role"] = f"役割「{cells[ROLE]}」がありません。役割の名前かコードを確かめてください。"
    problems += [(_FIELDS[name], text) for name, text in (person | found).items()]
    if since and until and until < since:
        problems.append((UNTIL, "終わりの日は、始まりの日以後の日にしてください。"))
    outcome = Outcome.REFUSED if problems else Outcome.SAME
    return Line(number, login, cells[NAME], org_id, role, since, until, outcome, tuple(problems))


def _organisation(engine: Engine, text: str) -> str:
    """The code of an organisation given by code or by its whole name; what was typed when there is none."""
    if text in engine.reference.organisations:
        return text
    found = [code for code, name in engine.reference.names().items() if name == text]
    return found[0] if len(found) == 1 else text


def _role(text: str) -> str:
    return next((role.value for role in Role if text in (role.value, role.name_ja)), text)


def _day(cells: Mapping[str, str], column: str, problems: list[tuple[str, str]]) -> date | None:
    try:
        return parse_date(cells[column]) if cells[column] else None
    except DateNotUnderstood as problem:
        problems.append((column, problem.message_ja))
        return None


# ---------------------------------------------------------------- what the line meets


def _met(
    connection: Connection, actor: Actor, line: Line, cells: Mapping[str, str], person: _Known, now: datetime, *,
    perform: bool,
) -> Line:  # fmt: skip
    """The line with what it does to the person; done at once where ``perform`` says so."""
    outcome, problems = Outcome.SAME, list(_refusals(actor, line, person))
    if problems:
        return _with(line, Outcome.REFUSED, problems)
    if "name" not in person.facts:
        outcome = Outcome.NEW
        person.facts |= {"name": cells[NAME], "kana": cells[KANA], "email": cells[EMAIL], "status": "active"}
        if perform:
            person.staff_id = _register(connection, actor, line.login, person.facts, now)
    elif _edited(connection, actor, cells, person, now, perform=perform):
        outcome = Outcome.CHANGED
    given, late = _give(connection, actor, line, person, now, perform=perform)
    if late:
        return _with(line, Outcome.REFUSED, [late])
    return _with(line, outcome if outcome is not Outcome.SAME else given, [])


def _with(line: Line, outcome: Outcome, problems: Sequence[tuple[str, str]]) -> Line:
    return Line(
        line.number, line.login, line.name, line.org_id, line.role, line.since, line.until, outcome, tuple(problems)
    )


def _refusals(actor: Actor, line: Line, person: _Known) -> Iterator[tuple[str, str]]:
    if person.staff_id == actor.staff_id:
        yield LOGIN_COLUMN, staff_admin.OWN_ROLES
    if person.facts.get("status") == "left":
        yield LOGIN_COLUMN, "利用を終えた職員です。別のログインIDで登録してください。"
    if "name" not in person.facts and not line.name:
        yield NAME, "新しい職員です。氏名を入力してください。"


def _register(connection: Connection, actor: Actor, login: str, facts: Mapping[str, str], now: datetime) -> str:
    values = {
        "login": login, "name": facts["name"], "name_kana": facts["kana"], "email": facts["email"], "status": "active",
        "demo": False,
    }  # fmt: skip
    staff_id = store.add(connection, values, {}, tokyo_date(now))
    _note(connection, actor, "staff.created", {"staff": staff_id}, now)
    return staff_id


def _edited(
    connection: Connection, actor: Actor, cells: Mapping[str, str], person: _Known, now: datetime, *, perform: bool
) -> bool:
    """Name, reading and address from the line where it has them; whether something differs."""
    given = {"name": cells[NAME], "kana": cells[KANA], "email": cells[EMAIL]}
    changed = {name: value for name, value in given.items() if value and value != person.facts[name]}
    if not changed:
        return False
    before = {name: person.facts[name] for name in changed}
    person.facts |= changed
    if perform and person.staff_id is not None:
        columns = {"name_kana" if name == "kana" else name: value for name, value in changed.items()}
        rows.edit(connection, person.staff_id, columns)
        data = {"staff": person.staff_id, "changed": {name: [before[name], value] for name, value in changed.items()}}
        _note(connection, actor, "staff.edited", data, now)
    return True


def _give(
    connection: Connection, actor: Actor, line: Line, person: _Known, now: datetime, *, perform: bool
) -> tuple[Outcome, tuple[str, str] | None]:
    """The role of the line: given, with another last day, or as it is; and why it cannot be."""
    today = tokyo_date(now)
    since = line.since or today
    same = [m for m in person.held if (m.org_id, m.role) == (line.org_id, line.role)]
    held = next((m for m in same if m.valid_until is None or m.valid_until >= since), None)
    if held is not None and held.valid_until == line.until:
        return Outcome.SAME, None
    if line.until is not None and line.until < today - timedelta(days=1):
        return Outcome.REFUSED, (UNTIL, "終わりの日は、昨日以後の日にしてください。")
    if held is None and since < today:
        return Outcome.REFUSED, (SINCE, "新しい役割の始まりの日は、今日以後の日にしてください。")
    if held is None:
        person.held.append(SimpleNamespace(
            id="", staff_id="", org_id=line.org_id, role=line.role, valid_from=since, valid_until=line.until
        ))  # fmt: skip
        if perform and person.staff_id is not None:
            desk = (line.org_id, line.role)
            staff_admin.put_membership(connection, actor, person.staff_id, desk, since, line.until, now)
            person.held = rows.memberships(connection, [person.staff_id])
        return Outcome.ADDED, None
    if perform:
        staff_admin.shorten_membership(connection, actor, held, line.until, now)
    kept = {name: getattr(held, name) for name in ("id", "staff_id", "org_id", "role", "valid_from")}
    changed = SimpleNamespace(**kept, valid_until=line.until)
    person.held = [changed if m is held else m for m in person.held]
    return Outcome.CHANGED, None


def _note(connection: Connection, actor: Actor, act: str, data: Mapping[str, Any], now: datetime) -> None:
    audit.append(connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act=act, data=data)
