"""Moves and repairs as functions that another process can be sent."""

from __future__ import annotations

from datetime import datetime

from engine.services import access, moving, token_operations
from engine.services.engine import Engine
from engine.services.moving import Target


def move(
    engine: Engine, staff_id: str, instance_id: str, version_id: str, mapping: dict[str, str], now: datetime
) -> str:
    """Move an instance; returns the id of the move."""
    actor = access.actor_by_id(engine, staff_id, now=now)
    target = Target(version_id, mapping)
    return moving.move(engine, actor, instance_id, target, reason="新しい版", now=now).move_id


def cancel(engine: Engine, staff_id: str, instance_id: str, now: datetime) -> None:
    """Cancel an instance."""
    actor = access.actor_by_id(engine, staff_id, now=now)
    token_operations.cancel_instance(engine, actor, instance_id, reason="誤って始めた", now=now)
