"""Expectations about the trail: who did what, and who was told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.scenarios.moments import agrees, shown
from engine.scenarios.world import World
from engine.storage import situation

Item = Mapping[str, Any]
#: the words of the steps for what the trail calls otherwise
_ACTS = {
    "start": "instance.started", "complete": "task.completed", "claim": "task.claimed", "hold": "task.hold",
    "resume": "task.resume", "extend": "task.extend", "release": "task.released", "reassign": "task.reassigned",
    "raise": "task.raised",
}  # fmt: skip


def expect_audit(world: World, case_id: str, wanted: Sequence[Item]) -> list[str]:
    """Acts on the case and reads of it that matter; at least one without a number."""
    with world.engine.database.read() as connection:
        found = situation.trail(connection, case_id)
    problems = []
    for item in wanted:
        act = _ACTS.get(item["act"], item["act"])
        by = world.staff_id(item["by"]) if "by" in item else None
        count = sum(
            entry.act == act and item.get("task") in (None, entry.element_id) and by in (None, entry.actor)
            for entry in found
        )
        if count != item["times"] if "times" in item else count == 0:
            told = "、".join(f"{e.act}（{e.element_id or '－'}、{world.name_of(e.actor)}）" for e in found)
            problems.append(f"記録簿に {_said(item)} のはずですが、合うものは{count}件です。あるのは {told}。")
    return problems


def expect_notified(world: World, case_id: str, wanted: Sequence[Item]) -> list[str]:
    """Notices to people; ``about`` is the kind of notice, the level, or the task."""
    with world.engine.database.read() as connection:
        found = situation.notices(connection, case_id)
    problems = []
    for item in wanted:
        to, about = world.staff_id(item["to"]), str(item["about"]) if "about" in item else None
        count = sum(
            notice.staff_id == to
            and about in (None, notice.about, notice.about.removeprefix("level:"), notice.element_id)
            and ("on" not in item or agrees(item["on"], notice.at))
            for notice in found
        )
        if count != item["times"] if "times" in item else count == 0:
            told = "、".join(f"{world.name_of(n.staff_id)}（{n.about}、{n.element_id}、{shown(n.at)}）" for n in found)
            problems.append(
                f"知らせ {_said(item)} のはずですが、合うものは{count}件です。あるのは {told or 'ありません'}。"
            )
    return problems


def _said(item: Item) -> str:
    return "、".join(f"{key} {value}" for key, value in item.items())
