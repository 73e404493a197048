"""Statements that go straight to the driver: the same rows, errors and events as through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    bindparam,
    event,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from engine.domain.errors import StorageUnavailable
from engine.storage.columns import Instant, Json
from engine.storage.database import Database
from engine.storage.prepared import Prepared
from engine.storage.sql import next_version
from engine.storage.tables import metadata
from tests.faults.failing_calls import When, failing

PROBE = Table(
    "probe", MetaData(),
    Column("id", Integer, primary_key=True, autoincrement=False), Column("words", Text, unique=True),
    Column("yes", Boolean), Column("day", Date), Column("bytes", LargeBinary), Column("at", Instant),
    Column("json", Json), Column("small", SmallInteger), Column("big", BigInteger),
    Column("version", Integer, nullable=False, server_default="1"),
)  # fmt: skip
AT = datetime(2026, 4, 1, 9, 30, 0, 250, tzinfo=UTC)
FULL = {"id": 1, "words": "「引用」\n🏠 100% ?", "yes": True, "day": date(2026, 4, 1), "bytes": bytes(range(256)),
        "at": AT, "json": {"b": [1, None, 0.5], "a": "名"}, "small": -3, "big": 2**40}  # fmt: skip
BARE = {**dict.fromkeys(FULL), "id": 2}
ADD = Prepared(insert(PROBE).inline())
EVERY = select(PROBE).order_by(PROBE.c.id)
ALL = Prepared(EVERY)
CHANGE = Prepared(
    update(PROBE)
    .where(PROBE.c.id == bindparam("which"), PROBE.c.version == bindparam("seen"))
    .values(version=next_version(PROBE))
)
TAKE = Prepared.by_dialect(
    lambda dialect: (
        update(PROBE)
        .where(PROBE.c.id == bindparam("which"))
        .values(version=PROBE.c.version + 1)
        .returning(PROBE.c.version, PROBE.c.at, literal(dialect.__name__))
    )
)


@pytest.fixture
def connection(database: Database, any_database: str) -> Iterator[Connection]:
    """A transaction in which there is a table with every type of column that ours have."""
    with database.write() as opened:
        PROBE.create(opened)
        yield opened


def test_the_table_of_these_tests_has_every_type_of_column_that_ours_have() -> None:
    used = {type(column.type) for table in metadata.sorted_tables for column in table.columns}
    assert used == {type(column.type) for column in PROBE.columns}


def test_rows_go_and_come_back_as_through_sqlalchemy(connection: Connection) -> None:
    ADD.run_all(connection, [FULL, BARE])
    connection.execute(insert(PROBE), {**FULL, "id": 3, "words": "other"})
    ours, theirs = ALL.rows(connection, {}), connection.execute(EVERY).all()
    assert [tuple(row) for row in ours] == [tuple(row) for row in theirs]
    assert [dict(zip(PROBE.columns.keys(), row, strict=True)) for row in ours] == [
        {**FULL, "version": 1}, {**BARE, "version": 1}, {**FULL, "id": 3, "words": "other", "version": 1},
    ]  # fmt: skip


def test_a_change_tells_how_many_rows_it_met(connection: Connection) -> None:
    ADD.run(connection, FULL)
    change = {"which": 1, "seen": 1, "at": AT, "yes": False}
    assert CHANGE.run(connection, change) == 1
    assert CHANGE.run(connection, change) == 0
    assert CHANGE.run(connection, {"which": 1, "seen": 2, "words": "other columns"}) == 1
    found = ALL.first(connection, {})
    assert found is not None
    assert (found[1], found[2], found[-1]) == ("other columns", False, 3)


def test_a_change_can_give_back_what_it_made(connection: Connection) -> None:
    ADD.run(connection, FULL)
    kind = "sqlite" if connection.dialect.name == "sqlite" else "postgresql"
    assert list(TAKE.first(connection, {"which": 1}) or ()) == [2, AT, f"sqlalchemy.dialects.{kind}"]
    assert TAKE.first(connection, {"which": 9}) is None
    assert TAKE.scalar(connection, {"which": 1}) == 3
    assert TAKE.scalar(connection, {"which": 9}) is None


def test_a_refused_statement_raises_what_sqlalchemy_raises(connection: Connection) -> None:
    ADD.run(connection, FULL)
    with pytest.raises(IntegrityError) as ours, connection.begin_nested():
        ADD.run_all(connection, [{**FULL, "id": 8}, {**FULL, "id": 9}])
    with pytest.raises(IntegrityError) as theirs, connection.begin_nested():
        connection.execute(insert(PROBE), {**FULL, "id": 8})
    assert type(ours.value.orig) is type(theirs.value.orig)
    assert len(ALL.rows(connection, {})) == 1


def test_a_value_that_the_driver_cannot_write_raises_the_same_both_ways(connection: Connection) -> None:
    raised = []
    for act in (lambda row: ADD.run(connection, row), lambda row: connection.execute(insert(PROBE), row)):
        with pytest.raises(Exception) as caught, connection.begin_nested():  # noqa: PT011 - which, is the question
            act({**FULL, "words": "\ud800"})
        raised.append(type(caught.value))
    assert raised[0] is raised[1]


def test_a_database_that_goes_away_is_said_to_be_away(database: Database, any_database: str) -> None:
    with failing(database) as calls:
        calls.fail(2 if database.is_sqlite else 1, When.BEFORE)
        with pytest.raises(StorageUnavailable), database.write() as opened:
            Prepared(select(literal(1))).first(opened, {})
        assert calls.failed == 1
    with database.read() as opened:
        assert Prepared(select(literal(1))).scalar(opened, {}) == 1


def test_whoever_listens_hears_the_statement_and_the_parameters(connection: Connection) -> None:
    heard: list[tuple[str, Any, bool]] = []

    def note(_connection: object, _cursor: object, text: str, parameters: Any, _context: object, many: bool) -> None:
        heard.append((text.split()[0], len(parameters), many))

    for name in ("before_cursor_execute", "after_cursor_execute"):
        event.listen(connection, name, note)
    ADD.run_all(connection, [FULL, BARE])
    ADD.run_all(connection, [{**BARE, "id": 3}])
    ADD.run_all(connection, [])
    ALL.rows(connection, {})
    assert heard == [("INSERT", 2, True)] * 2 + [("INSERT", len(FULL), False)] * 2 + [("SELECT", 0, False)] * 2


def test_what_is_sent_outside_a_transaction_begins_one(database: Database) -> None:
    with database.engine.connect() as opened:
        assert Prepared(select(literal(1))).scalar(opened, {}) == 1
        assert opened.in_transaction()


def test_a_statement_that_lacks_a_value_or_needs_a_list_is_refused(connection: Connection) -> None:
    with pytest.raises(ValueError, match="no value for seen"):
        CHANGE.run(connection, {"which": 1, "at": AT})
    with pytest.raises(KeyError):
        ADD.run_all(connection, [FULL, {"id": 2}])
    listed = Prepared(select(PROBE.c.id).where(PROBE.c.id.in_(bindparam("ids", expanding=True))))
    with pytest.raises(ValueError, match="list"):
        listed.rows(connection, {"ids": [1]})
