"""What a person of the simulated city writes into a form: made from the form itself, so that any form can be filled.

Nothing here knows a form by name. Where a field decides the way of a case, ``outcomes`` says how likely each answer
is. A submission that is refused is mended as a person would: each named field is filled in or taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from engine.domain.business_days import TOKYO, Calendar, add_months, tokyo_date
from engine.forms.api import NOTHING, Field, Kind, RefKind
from engine.forms.form import Form
from tests.simulation import outcomes, people

SUBJECT = "本人"
#: days that lie ahead; every other day is today
AHEAD = frozenset({"next_contact_on", "on", "next_recheck_on", "recheck_on", "by", "ends_on"})
_TEXTS = (
    "本人の話を聞き、様子を確かめた。",
    "家族と電話で相談した。",
    "関係機関と役割を確認した。",
    "次の予定を決めた。",
)


@dataclass(frozen=True)
class Desk:
    """Where somebody writes: the moment, the calendar, and what can be named there.

    orgs: organisations that are usually chosen; places: those without staff; colleagues: staff ids of the own office.
    """

    now: datetime
    calendar: Calendar
    me: str
    orgs: Sequence[str]
    places: Sequence[str]
    outreach: Sequence[str]
    participation: Sequence[str]
    coordinator: str
    programmes: Sequence[str]
    options: Mapping[str, Sequence[str]]

    @property
    def today(self) -> date:
        """The Tokyo date."""
        return tokyo_date(self.now)

    def open_day(self, days: int) -> str:
        """An open day so many days from now, ISO."""
        return self.calendar.next_open(self.today + timedelta(days=days)).isoformat()


class Writer:
    """Fills one form after the other with one stream of chance."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance

    def fill(self, form: Form, element_id: str, desk: Desk) -> dict[str, Any]:
        """A first submission: what is always asked, what decides the way, and some of the rest."""
        raw: dict[str, Any] = {}
        for field in form.fields:
            if field.text_of is not None:
                continue
            value = self._first(field, element_id, desk)
            if value is not None:
                raw[field.key] = value
        return raw

    def mend(
        self, raw: Mapping[str, Any], form: Form, element_id: str, desk: Desk, refused: Mapping[str, str]
    ) -> dict[str, Any]:
        """The submission with every refused field filled in anew, or taken back when it was not asked for."""
        mended = dict(raw)
        by_key = {field.key: field for field in form.fields}
        for key in dict.fromkeys(path.split("/")[0] for path in refused):
            field = by_key.get(key)
            if field is None:  # a rule over several fields: give one that is still empty
                mended |= self._anything(form, mended, element_id, desk)
                continue
            if key == "scope_orgs":  # whoever is to be shared with is not left out at the same time
                mended.pop("excluded_orgs", None)
            value = self.value(field, element_id, desk)
            if value is None or (key in raw and not field.required and not field.conditional):
                mended.pop(key, None)
            else:
                mended[key] = value
        return mended

    def _anything(self, form: Form, raw: Mapping[str, Any], element_id: str, desk: Desk) -> dict[str, Any]:
        field = next((f for f in form.fields if f.conditional and f.key not in raw and f.text_of is None), None)
        return {} if field is None else {field.key: self.value(field, element_id, desk)}

    def _first(self, field: Field, element_id: str, desk: Desk) -> Any:
        if _weights(element_id, field.key) is not None:
            return self.value(field, element_id, desk)
        decides = field.variable is not None and field.kind is Kind.ENUM and field.default is None
        share = 1.0 if field.required else outcomes.OFTEN.get(field.key, 0.9 if decides else 0.07)
        if field.required and field.default is not None and field.kind is not Kind.ENUM and self.chance.random() < 0.5:
            return None
        return self.value(field, element_id, desk) if share >= 1 or self.chance.random() < share else None

    # ------------------------------------------------------------ values

    def value(self, field: Field, element_id: str, desk: Desk) -> Any:
        """A value for a field, or None to leave it empty."""
        match field.kind:
            case Kind.ENUM:
                return self._option(field, element_id)
            case Kind.MULTI:
                return self._several(field, element_id, desk)
            case Kind.BOOL_TEXT:
                return self._bool_text(field, element_id)
            case Kind.MATRIX | Kind.SUBTABLE:
                return self._rows(field, element_id, desk)
            case Kind.GROUP | Kind.TEXT_DATE:
                return self._parts(field.columns, element_id, desk)
            case Kind.DATERANGE:
                return self._range(desk)
            case _:
                return self._simple(field, element_id, desk)

    def _simple(self, field: Field, element_id: str, desk: Desk) -> Any:
        match field.kind:
            case Kind.DATE | Kind.DATE_WAREKI:
                return self._day(field, desk)
            case Kind.DATETIME:
                return self._moment(field, desk)
            case Kind.INTERVAL:
                return self.chance.choice(("3か月", "2か月", "4か月"))
            case Kind.INT:
                return self.chance.randint(max(field.minimum or 1, 1), min(field.maximum or 90, 90))
            case Kind.BOOL:
                return self._yes_or_no(field, element_id)
            case Kind.PERSON:
                return SUBJECT
            case Kind.ORG:
                return self._org(field, element_id, desk)
            case Kind.USER:
                return desk.me
            case Kind.REF:
                return self.chance.choice(desk.programmes) if field.ref is RefKind.PROGRAMME else None
            case _:
                return self._text(field)

    def _text(self, field: Field) -> str | None:
        match field.kind:
            case Kind.KANA:
                return people.invented_name(self.chance)[1]
            case Kind.TEL:
                return f"058-000-{self.chance.randint(0, 9999):04d}"
            case Kind.EMAIL:
                return f"person{self.chance.randint(1, 9999)}@example.jp"
            case _ if field.key in ("name", "person_provisional"):
                return people.invented_name(self.chance)[0] + people.MARK
            case _:
                return self.chance.choice(_TEXTS)

    def _option(self, field: Field, element_id: str) -> str | None:
        weights = _weights(element_id, field.key) or {}
        options = [*(option.value for option in field.options), *([""] if "" in weights else [])]
        chosen = self.chance.choices(options, [weights.get(option, 1) for option in options])[0]
        return chosen or None

    def _yes_or_no(self, field: Field, element_id: str) -> bool | None:
        weights = _weights(element_id, field.key)
        if weights is None:
            return self.chance.random() < 0.7
        said = self.chance.choices(list(weights), list(weights.values()))[0]
        return {"": None, "はい": True, "いいえ": False}[said]

    def _bool_text(self, field: Field, element_id: str) -> Any:
        weights = _weights(element_id, field.key) or {NOTHING: 1, "あり": 1}
        said = self.chance.choices(list(weights), list(weights.values()))[0]
        return NOTHING if said == NOTHING else {"text": self.chance.choice(_TEXTS)}

    def _several(self, field: Field, element_id: str, desk: Desk) -> list[str] | None:
        if field.ref is RefKind.ORGANISATION:
            count = self.chance.choice((1, 1, 2, 3))
            return list(dict.fromkeys(self._org(field, element_id, desk) for _ in range(count)))
        if field.ref is RefKind.PROGRAMME:
            return [self.chance.choice(desk.programmes)]
        values = [option.value for option in field.options] or list(desk.options.get(field.options_from or "", ()))
        if not values:
            return [self.chance.choice(_TEXTS)]
        weights = _weights(element_id, field.key) or {}
        count = min(len(values), self.chance.choice((1, 1, 2)))
        picked = self.chance.choices(values, [weights.get(value, 1) for value in values], k=count)
        return list(dict.fromkeys(picked))

    def _org(self, field: Field, element_id: str, desk: Desk) -> str:
        if field.choices:
            return self.chance.choice(field.choices)
        if field.key.startswith("outreach"):
            return self.chance.choice(desk.outreach)
        if field.key.startswith("participation"):
            return self.chance.choice(desk.participation)
        if element_id == "in_escalate" and field.key == "to_org":
            return desk.coordinator
        return self.chance.choice(desk.places if self.chance.random() < 0.06 else desk.orgs)

    # ------------------------------------------------------------ days

    def _day(self, field: Field, desk: Desk) -> str:
        if field.key == "birth":
            return date(self.chance.randint(1936, 2015), self.chance.randint(1, 12), 15).isoformat()
        if field.key == "valid_until":
            return add_months(desk.today, self.chance.choice((1, 3, 6, 6, 12, 12, 12))).isoformat()
        if field.key == "next_review_on":
            return desk.open_day(self.chance.choice((45, 60, 90, 120, 180)))
        if field.key in AHEAD and field.not_after is None:
            return desk.open_day(self.chance.choice((3, 7, 14, 21, 30, 60, 90)))
        return desk.today.isoformat()

    def _moment(self, field: Field, desk: Desk) -> str:
        if field.key != "meeting_at":
            return desk.now.astimezone(TOKYO).isoformat(timespec="minutes")
        return f"{desk.open_day(self.chance.choice((5, 9, 14, 21)))}T14:00+09:00"

    def _range(self, desk: Desk) -> dict[str, str]:
        begin = desk.calendar.next_open(desk.today + timedelta(days=self.chance.choice((0, 7, 14))))
        return {"from": begin.isoformat(), "to": add_months(begin, self.chance.choice((6, 9, 12))).isoformat()}

    # ------------------------------------------------------------ tables

    def _rows(self, field: Field, element_id: str, desk: Desk) -> Any:
        if field.kind is Kind.MATRIX and not field.columns:
            names = [row.value for row in field.rows] or [self._org(field, element_id, desk)]
            return {name: self.chance.choice(field.options).value for name in names}
        rows = [self._parts(field.columns, element_id, desk) for _ in range(self.chance.choice((1, 1, 2)))]
        for number, row in enumerate(rows):
            if "relation" in row:
                row["relation"] = SUBJECT if number == 0 else "家族"
        return rows

    def _parts(self, columns: Sequence[Field], element_id: str, desk: Desk) -> dict[str, Any]:
        """The parts that are asked, and those without which a row says nothing: an organisation, a name, a text."""
        told = ("org", "name", "relation", "issue", "role", "opinion", "roles", "wish", "frequency", "text", "resource")
        chosen = [c for c in columns if c.required or c.key in told or self.chance.random() < 0.15]
        values = {c.key: self._cell(c, element_id, desk) for c in chosen or columns[:1]}
        return {key: value for key, value in values.items() if value is not None}

    def _cell(self, column: Field, element_id: str, desk: Desk) -> Any:
        if column.key == "name":
            return people.invented_name(self.chance)[0] + people.MARK
        return self.value(column, element_id, desk)


def _weights(element_id: str, key: str) -> outcomes.Weights | None:
    return outcomes.CHOICES.get((element_id, key)) or outcomes.CHOICES.get(("*", key))
