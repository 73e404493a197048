"""Values of process variables as somebody types them: read by type, and shown again in a form."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from engine.definitions.elements import Variable
from engine.domain.business_days import TOKYO
from engine.domain.errors import FormInvalid
from engine.domain.wareki import DateNotUnderstood, parse_date
from web.i18n import gettext, mark

LONGEST = 2000
#: types of which a person can type a value, with what the form says of each
KINDS = {
    "text": mark("文"),
    "bool": mark("はい・いいえ"),
    "int": mark("整数"),
    "decimal": mark("数（小数も使えます）"),
    "date": mark("日付（例：令和8年4月1日、2026-04-01）"),
    "instant": mark("日時（例：2026-04-01T10:00）"),
    "list": mark("一行に一つ"),
}
_INTEGER = re.compile(r"-?\d{1,15}")


def value_of(variable: Variable, text: str, *, today: date) -> object | None:
    """What was typed, as JSON has it: dates and instants (UTC) as ISO texts; None for nothing.

    Raises FormInvalid under ``value-`` and the variable's name.
    """
    text = text[:LONGEST].replace("\r\n", "\n").strip()
    if not text:
        return None
    try:
        return _read(variable.type, text, today)
    except (ValueError, InvalidOperation, DateNotUnderstood):
        told = gettext("「%(name)s」は、次の形で入力してください：%(kind)s") % {
            "name": variable.label or variable.name, "kind": gettext(KINDS[variable.type]),
        }  # fmt: skip
        raise FormInvalid({f"value-{variable.name}": told}) from None


def _read(kind: str, text: str, today: date) -> object:
    plain = unicodedata.normalize("NFKC", text)
    if kind == "bool":
        return {"true": True, "false": False}[text] if text in ("true", "false") else _refuse()
    if kind == "int":
        return int(plain) if _INTEGER.fullmatch(plain) else _refuse()
    if kind == "decimal":
        number = Decimal(plain.replace(",", ""))
        return str(number) if number.is_finite() else _refuse()
    if kind == "date":
        return parse_date(text, today=today).isoformat()
    if kind == "instant":
        found = datetime.fromisoformat(plain)
        return (found if found.tzinfo else found.replace(tzinfo=TOKYO)).astimezone(UTC).isoformat()
    return [line.strip() for line in text.split("\n") if line.strip()] if kind == "list" else text


def _refuse() -> object:
    raise ValueError


def text_of(kind: str, value: object) -> str:
    """A value as its field shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "\n".join(str(item) for item in value)
    if kind == "instant":
        return f"{datetime.fromisoformat(str(value)).astimezone(TOKYO):%Y-%m-%dT%H:%M}"
    return str(value)
