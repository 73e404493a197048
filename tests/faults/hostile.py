"""What somebody who means harm, or a broken program, sends to a form: names and texts as they go over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from engine.forms.api import Field, Kind
from engine.forms.form import Form

Sent = list[tuple[str, str]]
MARK = "hostile-text"  #: in every text that is sent, so that it can be searched for
LINE_KINDS = frozenset({Kind.STRING, Kind.KANA, Kind.TEXT, Kind.ADDRESS, Kind.TEL, Kind.EMAIL})
CHOICE_KINDS = frozenset({Kind.ENUM, Kind.BOOL})
DATE_KINDS = frozenset({Kind.DATE, Kind.DATE_WAREKI, Kind.DATETIME, Kind.INTERVAL})
ODD_DATES = ("0000-00-00", "R99999.1.1", "2026-02-30", "9" * 60, "昭和0年", "2026-09-25T25:61", "-1", "٢٠٢٦-٠٩-٢٥")
ODD_NUMBERS = ("1e400", "NaN", "-0", "9" * 400, "１２３兆", "0x10", "1_000", "٣", "--1")


def named(form: Form, kinds: frozenset[Kind]) -> list[str]:
    """Control names of the fields of some kinds that are always shown, those in groups and first rows too."""
    shown = tuple(field for field in form.fields if not field.rules)
    return [name for field, name in _walk(shown, "") if field.kind in kinds]


def _walk(fields: tuple[Field, ...], prefix: str) -> Iterator[tuple[Field, str]]:
    for field in fields:
        name = f"{prefix}{field.key}"
        yield field, name
        if field.kind in (Kind.SUBTABLE, Kind.MATRIX) and field.columns:
            yield from _walk(field.columns, f"{name}-0-")
        elif field.columns:
            yield from _walk(field.columns, f"{name}-")


def tables(form: Form) -> list[Field]:
    """The fields that hold rows and are always shown."""
    kinds = (Kind.SUBTABLE, Kind.MATRIX)
    return [field for field in form.fields if field.columns and field.kind in kinds and not field.rules]


def refused(form: Form) -> Iterator[tuple[str, Sent]]:
    """Submissions that the form must refuse, whatever else it asks."""
    lines = named(form, LINE_KINDS)
    choices, dates = named(form, CHOICE_KINDS), named(form, DATE_KINDS)
    numbers = named(form, frozenset({Kind.INT}))
    if lines:
        yield "null bytes", [(name, f"{MARK}\x00and more") for name in lines]
        yield "a megabyte in one field", [(lines[0], MARK + "x" * 1_000_000)]
    if choices:
        yield "options that are not offered", [(name, MARK) for name in choices]
        yield "an option's text with a null byte", [(name, "はい\x00") for name in choices]
    if dates:
        yield "dates that are none", [(name, ODD_DATES[n % len(ODD_DATES)]) for n, name in enumerate(dates)]
    if numbers:
        yield "numbers that are none", [(name, ODD_NUMBERS[n % len(ODD_NUMBERS)]) for n, name in enumerate(numbers)]
    for table in tables(form)[:1]:
        column = table.columns[0].key
        yield "ten thousand rows", [(f"{table.key}-{n}-{column}", MARK) for n in range(10_000)]
        yield (
            "a row in a row in a row",
            [
                (f"{table.key}-0-{column}-0-{column}-0-c", MARK),
                (f"{table.key}-0-{column}", "\x00"),
            ],
        )
        yield "a thousand rows under odd numbers", [(f"{table.key}-{n:03}-{column}", f"{MARK}\x00") for n in range(999)]


def odd(form: Form) -> Iterator[tuple[str, Sent]]:
    """Submissions that may be refused or understood as something harmless, but must break nothing."""
    names = [name for _, name in _walk(form.fields, "")]
    yield (
        "unknown fields",
        [(f"{name}{end}", MARK) for name in ("__proto__", "id", "case_id") for end in ("", "[]", ".x")],
    )
    yield "deep names", [(f"{name}-0-b-0-c-1-d", MARK) for name in names[:60]]
    yield "names of hyphens", [("-" * n, MARK) for n in range(1, 200)]
    yield "lists where texts belong", [(name, f"{MARK}{n}") for name in names[:80] for n in range(3)]
    yield "names as lists", [(f"{name}[]", MARK) for name in names] + [(f"{name}-0", MARK) for name in names]
    yield "texts where parts belong", [(field.key, '{"a": ["b"]}') for field in form.fields]
    yield (
        "parts where texts belong",
        [(f"{field.key}-{part}", MARK) for field in form.fields for part in ("text", "by")],
    )
    yield "rows under huge numbers", [(f"{table.key}-{'9' * 30}-x", MARK) for table in tables(form)]
    yield "control characters", [(name, f"{MARK}\x01\x08\x1b\x7f\x85") for name in names]
    yield "markup", [(name, "<script>alert(1)</script>{{7*7}}{% raw %}") for name in names]
    yield "formulas and paths", [(name, "=cmd|'/c calc'!A1 ../../etc/passwd '; DROP TABLE record;--") for name in names]
    yield "mixed scripts", [(name, "\u202e\u200b\ufeffＡ𠮷👩‍👩‍👧‍👦e\u0301") for name in names]
    yield "buttons that add and remove", [("_add", names[0]), ("_remove", f"{names[0]}-99999999999999999999")]
    yield "a button for a row that is none", [("_remove", "-"), ("_add", "\x00")]


def body(sent: Sent) -> bytes:
    """As a browser would send it."""
    return urlencode(sent, encoding="utf-8", errors="surrogatepass").encode()
