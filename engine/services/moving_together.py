"""Moving the running instances of a version together: mapping, trial, move, stopping, taking back.

The work is done a few instances at a time by whoever takes the batch's lease: the scheduler's job, or the person's own
page where no scheduler runs. Each instance is moved whole or not at all (``moving``), and its result is kept at once:
the page may be left, a process may die, and nothing is done twice. An instance that was moved before its result could
be kept is recognised by its move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from engine.bpmn.api import Problem
from engine.definitions.elements import BpmnModel
from engine.domain.errors import ChangeRefused, EngineError, FormInvalid, NotAuthorised, NotFound, StaleVersion
from engine.domain.staff import Actor
from engine.services import access, moving, repairers
from engine.services.engine import Engine
from engine.services.move_variables import fresh
from engine.services.moving import MoveResult, Outcome, Target
from engine.storage import audit, move_batches, moves
from engine.storage import definitions as store
from engine.storage.database import Connection
from engine.storage.move_batches import BatchRow, ItemRow
from engine.storage.sql import new_id

LEASE = timedelta(seconds=60)
CHUNK = 20  #: instances between two looks at whether the batch was stopped
#: state of a batch -> (items that wait in it, state when none is left)
_STAGES = {"trying": ("waiting", "tried"), "moving": ("movable", "done"), "undoing": ("moved", "undone")}


def propose(engine: Engine, actor: Actor, process_key: str, old: int, new: int, *, now: datetime) -> int:
    """Begin a batch for everything that runs on version ``old``; returns its number.

    The mapping proposed has the elements of equal name and kind for those that the new version does not have.
    Raises NotAuthorised, NotFound, FormInvalid when it is the same version or nothing runs on it.
    """
    _require_owner(actor)
    with engine.database.read() as connection:
        versions = store.versions_of(connection, process_key)
    if old not in versions or new not in versions:
        raise NotFound("process")
    if old == new:
        raise FormInvalid({"to": "移す先には、別の版を選んでください。"})
    ids = moving.instances_on(engine, actor, versions[old])
    if not ids:
        raise FormInvalid({"from": "この版で動いている手続きはありません。"})
    models = (engine.definitions.get(versions[old]).model, engine.definitions.get(versions[new]).model)
    batch_id = new_id()
    values = {
        "id": batch_id, "process_key": process_key, "from_version_id": versions[old], "to_version_id": versions[new],
        "mapping": proposal(*models), "state": "mapping", "created_by": actor.staff_id, "created_at": now,
    }  # fmt: skip
    with engine.database.write() as connection:
        number = move_batches.add(connection, values)
        move_batches.replace_items(connection, batch_id, ids)
        _note(connection, actor, "move.proposed", process_key, number, now, instances=len(ids), old=old, new=new)
    return number


def proposal(old: BpmnModel, new: BpmnModel) -> dict[str, str]:
    """For elements that the new version does not have: the only new one of the same kind and name."""
    fresh = [e for e in new.elements.values() if e.id not in old.elements]
    found = {}
    for element in old.elements.values():
        if element.id not in new.elements and element.name:
            same = [e.id for e in fresh if (e.kind, e.name) == (element.kind, element.name)]
            if len(same) == 1:
                found[element.id] = same[0]
    return found


# ---------------------------------------------------------------- what a person decides


def try_out(
    engine: Engine, actor: Actor, process_key: str, number: int, mapping: Mapping[str, str],
    given: Mapping[str, object] | None = None, *, now: datetime,
) -> None:  # fmt: skip
    """Keep the mapping and begin the dry run over everything that runs on the old version now.

    given: values of variables that only the new version declares, as JSON has them (dates and instants as ISO texts).
    Raises NotAuthorised, NotFound, FormInvalid for an element or variable that is not there, StaleVersion once it is
    being moved.
    """
    batch = _batch(engine, actor, process_key, number)
    if batch.state not in ("mapping", "trying", "tried"):
        raise StaleVersion(batch.id)
    old, new = (engine.definitions.get(v).model for v in (batch.from_version_id, batch.to_version_id))
    strange = set(given or ()) - {variable.name for variable in fresh(old, new)}
    if strange:
        raise FormInvalid({"given": f"「{min(strange)[:60]}」は、移す先の版に加わった変数ではありません。"})
    wrong = [target for target in mapping.values() if target not in new.elements and target not in new.flows]
    if wrong:
        raise FormInvalid({"mapping": f"「{wrong[0][:60]}」は、移す先の版にありません。"})
    ids = moving.instances_on(engine, actor, batch.from_version_id)
    kept = {source: target for source, target in mapping.items() if source != target}
    with engine.database.write() as connection:
        values = {"mapping": kept, "given": dict(given or {})}
        _advance(connection, batch, {"state": "trying", **values, "lease_until": None})
        move_batches.replace_items(connection, batch.id, ids)
        _note(connection, actor, "move.tried", process_key, number, now, instances=len(ids), **values)


def start(engine: Engine, actor: Actor, process_key: str, number: int, *, reason: str, now: datetime) -> None:
    """Begin to move what the dry run found movable. Raises FormInvalid without a reason or when nothing can move."""
    batch = _batch(engine, actor, process_key, number)
    repairers.require_reason(reason)
    with engine.database.write() as connection:
        movable = move_batches.counts(connection, batch.id).get("movable", 0)
        if batch.state != "tried":
            raise StaleVersion(batch.id)
        if not movable:
            raise FormInvalid({"reason": "移せる手続きがありません。対応を直して、もう一度試してください。"})
        _advance(connection, batch, {"state": "moving", "reason": reason.strip(), "acting_by": actor.staff_id})
        _note(connection, actor, "move.started", process_key, number, now, reason=reason.strip(), instances=movable)


def stop(engine: Engine, actor: Actor, process_key: str, number: int, *, now: datetime) -> None:
    """Stop after the instance that is being moved now; what was moved stays moved."""
    _turn(engine, actor, process_key, number, "moving", "stopped", "move.stopped", now)


def go_on(engine: Engine, actor: Actor, process_key: str, number: int, *, now: datetime) -> None:
    """Go on with a stopped batch."""
    _turn(engine, actor, process_key, number, "stopped", "moving", "move.resumed", now)


def undo_all(engine: Engine, actor: Actor, process_key: str, number: int, *, reason: str, now: datetime) -> None:
    """Begin to take back what was moved, as far as nothing has happened since."""
    batch = _batch(engine, actor, process_key, number)
    repairers.require_reason(reason)
    if batch.state not in ("stopped", "done", "undone"):
        raise StaleVersion(batch.id)
    with engine.database.write() as connection:
        if not move_batches.counts(connection, batch.id).get("moved", 0):
            raise FormInvalid({"undo_reason": "元に戻せる手続きはありません。"})
        _advance(connection, batch, {"state": "undoing", "reason": reason.strip(), "acting_by": actor.staff_id})
        _note(connection, actor, "move.undo_started", process_key, number, now, reason=reason.strip())


def undo_one(
    engine: Engine, actor: Actor, process_key: str, number: int, position: int, *, reason: str, now: datetime
) -> None:
    """Take one move back at once. Raises NotFound, FormInvalid without a reason, ChangeRefused in words."""
    batch = _batch(engine, actor, process_key, number)
    with engine.database.read() as connection:
        item = move_batches.item_at(connection, batch.id, position)
    if item is None or item.state != "moved" or batch.is_working:
        raise NotFound("move")
    moving.undo(engine, actor, item.move_id, reason=reason, now=now)
    with engine.database.write() as connection:
        move_batches.set_item(connection, item, {"state": "undone"})


def _turn(
    engine: Engine, actor: Actor, process_key: str, number: int, seen: str, state: str, act: str, now: datetime
) -> None:
    batch = _batch(engine, actor, process_key, number)
    if batch.state != seen:
        raise StaleVersion(batch.id)
    with engine.database.write() as connection:
        _advance(connection, batch, {"state": state, "acting_by": actor.staff_id})
        _note(connection, actor, act, process_key, number, now)


def _batch(engine: Engine, actor: Actor, process_key: str, number: int) -> BatchRow:
    _require_owner(actor)
    with engine.database.read() as connection:
        batch = move_batches.get(connection, process_key, number)
    if batch is None:
        raise NotFound("move batch")
    return batch


def _advance(connection: Connection, batch: BatchRow, values: Mapping[str, Any]) -> None:
    if not move_batches.advance(connection, batch.id, batch.state, values):
        raise StaleVersion(batch.id)


def _require_owner(actor: Actor) -> None:
    if not repairers.is_process_owner(actor):
        raise NotAuthorised("instance.move")


def _note(connection: Connection, actor: Actor, act: str, key: str, number: int, now: datetime, **facts: Any) -> None:
    data = {"process": key, "batch": number, **facts}
    audit.append(connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act=act, data=data)


# ---------------------------------------------------------------- the work


def work(engine: Engine, *, now: datetime, limit: int = CHUNK) -> int:
    """Do up to ``limit`` instances of one batch that nobody else works on; how many were done."""
    batch = _leased(engine, now)
    if batch is None:
        return 0
    waiting, _ = _STAGES[batch.state]
    with engine.database.read() as connection:
        todo = move_batches.items(connection, batch.id, states=(waiting,), limit=limit)
    actor = _authority(engine, batch, now)
    done = 0
    for item in todo:
        if not _still(engine, batch):
            break
        result = _worked(engine, actor, batch, item, now)
        with engine.database.write() as connection:
            move_batches.set_item(connection, item, result)
            move_batches.set_lease(connection, batch.id, engine.clock.now() + LEASE)
        done += 1
    _leave(engine, batch, finished=len(todo) < limit and done == len(todo))
    return done


def _leased(engine: Engine, now: datetime) -> BatchRow | None:
    with engine.database.read() as connection:  # looking on takes no lock: most looks find nothing
        batch_id = move_batches.next_waiting(connection, now)
    if batch_id is None:
        return None
    with engine.database.write() as connection:
        taken = move_batches.lease(connection, batch_id, now, now + LEASE)
        batch = move_batches.by_id(connection, batch_id) if taken else None
    return batch if batch is not None and batch.is_working else None


def _authority(engine: Engine, batch: BatchRow, now: datetime) -> Actor | None:
    """Who decided it, with the memberships of today; None for somebody who may no longer act."""
    try:
        return access.actor_by_id(engine, batch.acting_by or batch.created_by, now=now)
    except NotFound:
        return None


def _still(engine: Engine, batch: BatchRow) -> bool:
    with engine.database.read() as connection:
        found = move_batches.by_id(connection, batch.id)
    return found is not None and (
        (found.state, found.mapping, found.given) == (batch.state, batch.mapping, batch.given)
    )


def _leave(engine: Engine, batch: BatchRow, *, finished: bool) -> None:
    waiting, after = _STAGES[batch.state]
    with engine.database.write() as connection:
        if finished and not move_batches.counts(connection, batch.id).get(waiting, 0):
            move_batches.advance(connection, batch.id, batch.state, {"state": after})
        move_batches.set_lease(connection, batch.id, None)


def _worked(engine: Engine, actor: Actor | None, batch: BatchRow, item: ItemRow, now: datetime) -> dict[str, Any]:
    if actor is None:
        return _kept("unknown", [Problem("", "始めた人が、いまは移す権限を持っていません。")])
    if batch.state == "undoing":
        return _taken_back(engine, actor, batch, item, now)
    target = Target(batch.to_version_id, batch.mapping, batch.given)
    if batch.state == "trying":
        (result,) = moving.dry_run(engine, actor, [item.instance_id], target, now=now)
        return _told(result)
    with engine.database.read() as connection:
        made = move_batches.move_made(connection, item.instance_id, batch.to_version_id, batch.created_at)
    if made is not None:  # moved by somebody who died before the result was kept
        return {"state": Outcome.MOVED.value, "move_id": made}
    (result,) = moving.move_many(engine, actor, [item.instance_id], target, reason=batch.reason, now=now)
    return _told(result)


def _taken_back(engine: Engine, actor: Actor, batch: BatchRow, item: ItemRow, now: datetime) -> dict[str, Any]:
    with engine.database.read() as connection:
        made = moves.get(connection, item.move_id)
    if made is not None and made.undone_at is not None:
        return {"state": "undone"}
    try:
        moving.undo(engine, actor, item.move_id, reason=batch.reason, now=now)
    except ChangeRefused as refusal:
        return _kept("kept", [reason for reason in refusal.reasons if isinstance(reason, Problem)])
    except EngineError as error:
        return _kept("kept", [Problem("", f"元に戻せません（{error.code}）。")])
    return {"state": "undone"}


def _told(result: MoveResult) -> dict[str, Any]:
    return {
        "state": result.outcome.value, "refusals": _plain(result.refusals), "notes": _plain(result.notes),
        "elements": dict(result.elements), "move_id": result.move_id,
    }  # fmt: skip


def _kept(state: str, problems: Sequence[Problem]) -> dict[str, Any]:
    return {"state": state, "refusals": _plain(problems)}


def _plain(problems: Sequence[Problem]) -> list[list[str]]:
    return [[problem.element_id, problem.message_ja] for problem in problems]
