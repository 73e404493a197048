"""The trail: hash-chained audit events and the insert-only access log."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Text, bindparam, insert, literal_column, select, update

from engine.storage.columns import as_json, plain
from engine.storage.prepared import Prepared
from engine.storage.sql import among
from engine.storage.tables import access_log, audit_chain, audit_event

SYSTEM_CHAIN = "system"
GENESIS = "0" * 64

_OPEN = Prepared.by_dialect(
    lambda dialect: dialect.insert(audit_chain).on_conflict_do_nothing(index_elements=["chain"])
)
_TAKE = Prepared(
    update(audit_chain)
    .where(audit_chain.c.chain == bindparam("of_chain"))
    .values(seq=audit_chain.c.seq + literal_column("1"))
    .returning(audit_chain.c.seq, audit_chain.c.head)
)
_SET_HEAD = Prepared(update(audit_chain).where(audit_chain.c.chain == bindparam("of_chain")))
_HEADS = Prepared.by_dialect(
    lambda dialect: (
        select(audit_chain.c.chain, audit_chain.c.seq, audit_chain.c.head)
        .where(among(dialect, audit_chain.c.chain, "chains"))
        .order_by(audit_chain.c.chain)
        .with_for_update()
    )
)
#: the data as text: it was written already, for its hash
_ADD_WRITTEN = Prepared(insert(audit_event).inline().values(data=bindparam("written", type_=Text)))
_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=plain).encode
_quoted = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class Event:
    """What happened in a case, for ``append_all``."""

    chain: str
    act: str
    task_id: str | None
    element_id: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True)
class BrokenLink:
    """The first entry of a chain that does not follow from the one before it."""

    chain: str
    seq: int
    reason: str


def open_chain(connection: Connection, chain: str) -> None:
    """Make the chain if it does not exist yet."""
    _OPEN.run(connection, {"chain": chain, "seq": 0, "head": GENESIS})


def append(
    connection: Connection,
    *,
    chain: str,
    at: datetime,
    actor: str,
    act: str,
    task_id: str | None = None,
    element_id: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Add one event at the end of a chain. Call it last in the transaction: it locks the chain's head until commit."""
    event = Event(chain, act, task_id, element_id, dict(data or {}))
    taken = _TAKE.first(connection, {"of_chain": chain})
    if taken is None:
        open_chain(connection, chain)
        (taken,) = _TAKE.rows(connection, {"of_chain": chain})
    seq, head = taken
    row = _writer(at, actor)(event, seq, head)
    row["written"] = as_json(event.data)  # in the order in which it was given
    _ADD_WRITTEN.run(connection, row)
    _SET_HEAD.run(connection, {"of_chain": chain, "head": row["hash"]})


def append_all(connection: Connection, events: Sequence[Event], *, at: datetime, actor: str) -> None:
    """As ``append``, for many events of many chains, those of one chain in the order given.

    The chains are locked in the order of their names, so that two batches never wait for each other.
    """
    chains = sorted({event.chain for event in events})
    heads = _heads(connection, chains)
    row_of, rows = _writer(at, actor), []
    for event in events:
        seq, head = heads[event.chain]
        row = row_of(event, seq + 1, head)
        rows.append(row)
        heads[event.chain] = (seq + 1, row["hash"])
    _ADD_WRITTEN.run_all(connection, rows)
    moved = [{"of_chain": chain, "seq": heads[chain][0], "head": heads[chain][1]} for chain in chains]
    _SET_HEAD.run_all(connection, moved)


def _writer(at: datetime, actor: str) -> Callable[[Event, int, str], dict[str, Any]]:
    """Makes the row of an event, given its position and the hash before it; as ``_digest``, which verifies it.

    What ``_digest`` hashes is put together from its parts, of which those that many events share are written once.
    """
    instant, who = _quoted(_instant(at)), _quoted(actor)
    quoted = cache(_quoted)

    def row(event: Event, seq: int, head: str) -> dict[str, Any]:
        data = _written(event.data)
        body = (
            f'{{"act":{quoted(event.act)},"actor":{who},"data":{data},"element_id":{quoted(event.element_id)},'
            f'"task_id":{_quoted(event.task_id)}}}'
        )
        text = f'["{head}",{_quoted(event.chain)},{seq},{instant},{body}]'
        return {
            "chain": event.chain, "seq": seq, "at": at, "actor": actor, "act": event.act, "task_id": event.task_id,
            "element_id": event.element_id, "written": data, "hash": hashlib.sha256(text.encode()).hexdigest(),
        }  # fmt: skip

    return row


def _written(data: Mapping[str, Any]) -> str:
    """The data in the form that is hashed: that of what is read again. Keys that are no texts are sorted as such."""
    if all(type(value) is str for value in data.values()):
        return _canonical(data)
    return _canonical(data if _by_texts(data) else json.loads(json.dumps(dict(data), default=plain)))


def _by_texts(data: Mapping[Any, Any]) -> bool:
    """Whether there are texts alone in it, and mappings of such, by names that are texts."""
    return all(
        type(name) is str and (type(value) is str or (type(value) is dict and _by_texts(value)))
        for name, value in data.items()
    )


def _heads(connection: Connection, chains: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Position and last hash of each chain, locked; one that does not exist yet is made."""
    found = {chain: (seq, head) for chain, seq, head in _HEADS.rows(connection, {"chains": chains})}
    for chain in chains:
        if chain not in found:
            open_chain(connection, chain)
            ((_, seq, head),) = _HEADS.rows(connection, {"chains": [chain]})
            found[chain] = (seq, head)
    return found


def _digest(previous: str, chain: str, seq: int, at: datetime, body: Mapping[str, Any]) -> str:
    text = json.dumps(
        [previous, chain, seq, _instant(at), body],
        ensure_ascii=False, sort_keys=True, separators=(",", ":"),
    )  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def verify(connection: Connection) -> list[BrokenLink]:
    """The first broken entry of each chain; empty when the whole trail is sound."""
    broken: list[BrokenLink] = []
    for chain, seq, head in connection.execute(select(audit_chain.c.chain, audit_chain.c.seq, audit_chain.c.head)):
        found = _verify_chain(connection, chain, seq, head)
        if found is not None:
            broken.append(found)
    return broken


def _verify_chain(connection: Connection, chain: str, seq: int, head: str) -> BrokenLink | None:
    previous, expected = GENESIS, 1
    rows = connection.execute(select(audit_event).where(audit_event.c.chain == chain).order_by(audit_event.c.seq))
    for row in rows:
        if row.seq != expected:
            return BrokenLink(chain, expected, "missing")
        body = {k: getattr(row, k) for k in ("actor", "act", "task_id", "element_id", "data")}
        if _digest(previous, chain, row.seq, row.at, body) != row.hash:
            return BrokenLink(chain, row.seq, "changed")
        previous, expected = row.hash, expected + 1
    if expected - 1 != seq or previous != head:
        return BrokenLink(chain, expected, "cut off")
    return None


def log_access(
    connection: Connection,
    *,
    at: datetime,
    staff_id: str,
    act: str,
    case_id: str | None = None,
    what: str = "",
    reason: str = "",
) -> None:
    """Note a read that matters."""
    values = {"at": at, "staff_id": staff_id, "act": act, "case_id": case_id, "what": what, "reason": reason}
    connection.execute(insert(access_log).values(**values))
