"""Statements for personal tokens and for the keys of requests that were carried out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, func, select, update

from engine.storage.api_tables import api_request, api_token
from engine.storage.columns import Instant
from engine.storage.prepared import Prepared

_LIVE = (api_token.c.revoked_at.is_(None), api_token.c.expires_at > bindparam("moment", type_=Instant()))
_BY_HASH = select(api_token).where(api_token.c.token_hash == bindparam("hashed"), *_LIVE)
_OF_PERSON = select(api_token).where(api_token.c.staff_id == bindparam("person"))
_ADD_TOKEN = Prepared.by_dialect(
    lambda dialect: dialect.insert(api_token).on_conflict_do_nothing(index_elements=["form_key"])
)
_KEPT = Prepared(
    select(api_request.c.digest, api_request.c.outcome).where(
        api_request.c.staff_id == bindparam("person"), api_request.c.key == bindparam("called")
    )
)
_KEEP = Prepared.by_dialect(
    lambda dialect: dialect.insert(api_request).on_conflict_do_nothing(index_elements=["staff_id", "key"])
)


def add(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Insert a token; False when one was made from the same form before."""
    return _ADD_TOKEN.run(connection, values) == 1


def live(connection: Connection, token_hash: str, now: datetime) -> Row[Any] | None:
    """The token with this hash, if it is neither revoked nor expired."""
    return connection.execute(_BY_HASH, {"hashed": token_hash, "moment": now}).first()


def of_person(connection: Connection, staff_id: str) -> list[Row[Any]]:
    """All tokens of a person, the newest first."""
    query = _OF_PERSON.order_by(api_token.c.created_at.desc(), api_token.c.id.desc())
    return list(connection.execute(query, {"person": staff_id}))


def count_live(connection: Connection, staff_id: str, now: datetime) -> int:
    """How many tokens of a person count now."""
    query = select(func.count()).select_from(api_token).where(api_token.c.staff_id == staff_id, *_LIVE)
    return int(connection.execute(query, {"moment": now}).scalar_one())


def touch(connection: Connection, token_id: str, at: datetime) -> None:
    """Note that the token was used."""
    connection.execute(update(api_token).where(api_token.c.id == token_id).values(last_used_at=at))


def revoke(connection: Connection, staff_id: str, at: datetime, *, token_id: str | None = None) -> int:
    """End one token of a person, or all of them; returns how many there were that were not revoked yet."""
    statement = update(api_token).where(api_token.c.staff_id == staff_id, api_token.c.revoked_at.is_(None))
    if token_id is not None:
        statement = statement.where(api_token.c.id == token_id)
    return int(connection.execute(statement.values(revoked_at=at)).rowcount)


def kept(connection: Connection, staff_id: str, key: str) -> tuple[str, dict[str, Any]] | None:
    """Digest and outcome of the request that a person's key was used for, or None."""
    row = _KEPT.first(connection, {"person": staff_id, "called": key})
    return None if row is None else (row[0], row[1])


def keep(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Keep the outcome of a request under its key; False when the key was used before.

    Of two at the same moment the second waits for the first to commit.
    """
    return _KEEP.run(connection, values) == 1


def forget_requests(connection: Connection, *, before: datetime) -> int:
    """Delete the keys of requests that are older; returns how many."""
    return int(connection.execute(delete(api_request).where(api_request.c.at < before)).rowcount)
