"""Statements for deployed definitions: immutable versions, and the act that made one live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select

from engine.storage.sql import new_id
from engine.storage.tables import definition_version, deployment


@dataclass(frozen=True)
class VersionRow:
    """One immutable version of a process definition with its files."""

    id: str
    process_key: str
    number: int
    name: str
    content_hash: str
    files: dict[str, bytes]


def get(connection: Connection, version_id: str) -> VersionRow | None:
    """The version with its files, or None."""
    c = definition_version.c
    query = select(c.id, c.process_key, c.number, c.name, c.content_hash, c.files).where(c.id == version_id)
    row = connection.execute(query).first()
    if row is None:
        return None
    files = msgspec.msgpack.decode(row.files, type=dict[str, bytes])
    return VersionRow(row.id, row.process_key, row.number, row.name, row.content_hash, files)


def live_versions(connection: Connection) -> dict[str, str]:
    """Process key -> id of the version that the newest deployment made live."""
    newest = select(func.max(deployment.c.id)).group_by(deployment.c.process_key)
    query = select(deployment.c.process_key, deployment.c.version_id).where(deployment.c.id.in_(newest))
    return {row.process_key: row.version_id for row in connection.execute(query)}


def published_by_people(connection: Connection) -> frozenset[str]:
    """Keys of the processes whose live version a person published, so that their files lie here and in no folder."""
    newest = select(func.max(deployment.c.id)).group_by(deployment.c.process_key)
    query = select(deployment.c.process_key).where(deployment.c.id.in_(newest), deployment.c.deployed_by.is_not(None))
    return frozenset(row.process_key for row in connection.execute(query))


def versions_of(connection: Connection, process_key: str) -> dict[int, str]:
    """Number -> id of every version of a process."""
    query = select(definition_version.c.number, definition_version.c.id)
    found = connection.execute(query.where(definition_version.c.process_key == process_key))
    return {row.number: row.id for row in found}


def find(connection: Connection, process_key: str, content_hash: str) -> str | None:
    """The version with this content, or None."""
    query = select(definition_version.c.id).where(
        definition_version.c.process_key == process_key, definition_version.c.content_hash == content_hash
    )
    return connection.execute(query).scalar_one_or_none()


def add(
    connection: Connection, *, process_key: str, name: str, content_hash: str, files: Mapping[str, bytes],
    engine_version: str, now: datetime,
) -> str:  # fmt: skip
    """Store a new version with the next number; returns its id."""
    query = select(func.coalesce(func.max(definition_version.c.number), 0)).where(
        definition_version.c.process_key == process_key
    )
    version_id = new_id()
    connection.execute(
        insert(definition_version).values(
            id=version_id, process_key=process_key, number=int(connection.execute(query).scalar_one()) + 1, name=name,
            content_hash=content_hash, files=msgspec.msgpack.encode(dict(files)), engine_version=engine_version,
            created_at=now,
        )
    )  # fmt: skip
    return version_id


def deploy(
    connection: Connection,
    *,
    process_key: str,
    version_id: str,
    by: str | None,
    reason: str,
    checks: Any,
    now: datetime,
) -> None:
    """Make a version the one that new instances start on."""
    connection.execute(
        insert(deployment).values(
            process_key=process_key,
            version_id=version_id,
            deployed_at=now,
            deployed_by=by,
            reason=reason,
            checks=checks,
        )
    )


def number_of(connection: Connection, version_id: str) -> int:
    """The number of a version within its process."""
    query = select(definition_version.c.number).where(definition_version.c.id == version_id)
    return int(connection.execute(query).scalar_one())
