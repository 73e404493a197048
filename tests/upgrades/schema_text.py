"""A database's schema in words that do not depend on how it came to be, one fact a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import Inspector


def schema_text(url: str) -> str:
    """Tables, columns, keys and indexes of the database at a URL, sorted."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            looking = inspect(connection)
            return "\n".join(line for table in sorted(looking.get_table_names()) for line in _table(looking, table))
    finally:
        engine.dispose()


def _table(looking: Inspector, table: str) -> Iterator[str]:
    for column in looking.get_columns(table):
        zone = " with time zone" if getattr(column["type"], "timezone", False) else ""
        facts = [f"{column['type']}{zone}", "null" if column["nullable"] else "not null"]
        if column.get("default") is not None:
            facts.append(f"default {column['default']}")
        yield f"{table}.{column['name']}: {', '.join(facts)}"
    yield f"{table} primary key: {_names(looking.get_pk_constraint(table)['constrained_columns'])}"
    keys = sorted(looking.get_foreign_keys(table), key=lambda key: key["constrained_columns"])
    for key in keys:
        target = f"{key['referred_table']}({_names(key['referred_columns'])})"
        yield f"{table} foreign key: {_names(key['constrained_columns'])} -> {target}"
    for unique in sorted(looking.get_unique_constraints(table), key=lambda one: one["column_names"]):
        yield f"{table} unique: {_names(unique['column_names'])}"
    for index in sorted(looking.get_indexes(table), key=lambda one: str(one["name"])):
        yield f"{table} index {index['name']}: {_index(index)}"
    for check in sorted(looking.get_check_constraints(table), key=lambda one: one["sqltext"]):
        yield f"{table} check: {check['sqltext']}"


def _index(index: Any) -> str:
    columns = index.get("expressions") or index["column_names"]
    options = index.get("dialect_options", {})
    condition = next((value for name, value in options.items() if name.endswith("_where")), None)
    included = options.get("postgresql_include") or []
    return (
        ("unique " if index["unique"] else "")
        + _names(columns)
        + (f" include {_names(included)}" if included else "")
        + (f" where {condition}" if condition is not None else "")
    )


def _names(names: Any) -> str:
    return ", ".join(map(str, names))
