"""Reading the files that people maintain: CSV and YAML 1.2, with errors that name file and place.

YAML 1.2 has no sexagesimal numbers and no ``yes``/``no``/``on`` as truth values; a key given twice is an error.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError


class ReferenceFileInvalid(ValueError):
    """A reference file cannot be read or says something impossible."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path.name}: {problem}")
        self.path, self.problem = path, problem


def read_yaml(path: Path) -> Any:
    """The content of a YAML file as dicts, lists, texts, numbers and dates."""
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ReferenceFileInvalid(path, str(error)) from error


def read_mapping(path: Path) -> dict[str, Any]:
    """The content of a YAML file that is a mapping."""
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise ReferenceFileInvalid(path, "a mapping is expected")
    return content


def read_csv(path: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """The rows of a UTF-8 CSV file; every named column must be there and every row complete."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ReferenceFileInvalid(path, str(error)) from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = set(columns) - set(reader.fieldnames or ())
    if missing:
        raise ReferenceFileInvalid(path, f"columns missing: {', '.join(sorted(missing))}")
    rows = []
    for row in reader:
        if None in row or None in row.values():
            raise ReferenceFileInvalid(path, f"line {reader.line_num}: wrong number of columns")
        rows.append({key: value.strip() for key, value in row.items()})
    return rows


def only(path: Path, where: str, entry: Any, known: Iterable[str]) -> dict[str, Any]:
    """The entry itself when it is a mapping with known keys only; a typing error must not pass in silence."""
    if not isinstance(entry, Mapping):
        raise ReferenceFileInvalid(path, f"{where}: a mapping is expected")
    unknown = set(entry) - set(known)
    if unknown:
        raise ReferenceFileInvalid(path, f"{where}: unknown keys: {', '.join(sorted(map(str, unknown)))}")
    return dict(entry)


def as_date(path: Path, where: str, value: Any) -> date:
    """A value that must be a plain date."""
    if type(value) is not date:
        raise ReferenceFileInvalid(path, f"{where}: a date like 2026-04-01 is expected, not {value!r}")
    return value


def as_time(path: Path, where: str, value: Any) -> time:
    """A value that must be a time of day, written in quotes: ``"08:30"``."""
    try:
        return time.fromisoformat(value)
    except (TypeError, ValueError):
        raise ReferenceFileInvalid(path, f'{where}: a time like "08:30" is expected, not {value!r}') from None
