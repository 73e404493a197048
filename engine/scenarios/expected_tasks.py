"""Expectations about tasks: what is open, for whom, until when, and what was raised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.queries.deadlines import due_status
from engine.scenarios.acts import belongs_to
from engine.scenarios.moments import agrees, shown
from engine.scenarios.world import World
from engine.storage import situation
from engine.storage.situation import Raise, Task
from engine.storage.tasks import OPEN_STATES

Item = Mapping[str, Any]
#: a state of the deadline is asked for with these words, every other word is the state of the task itself
_DEADLINE_WORDS = frozenset({"overdue", "due_soon", "due_today", "on_time", "none"})


def open_tasks(world: World, case_id: str) -> list[Task]:
    """Open, claimed and held tasks of a case."""
    with world.engine.database.read() as connection:
        return [task for task in situation.tasks(connection, case_id) if task.state in OPEN_STATES]


def expect_open(world: World, case_id: str, wanted: Sequence[Any]) -> list[str]:
    """Each item is met by a task of its own; others may be open too."""
    found = open_tasks(world, case_id)
    unmet = _unmet(world, _items(wanted), found)
    return [f"開いているはず: {said(item)}　いま開いているのは {_listed(world, found)}" for item in unmet]


def expect_open_exactly(world: World, case_id: str, wanted: Sequence[Any]) -> list[str]:
    """The items and the open tasks correspond one to one."""
    problems = expect_open(world, case_id, wanted)
    found = open_tasks(world, case_id)
    if not problems and len(found) != len(wanted):
        problems.append(f"開いているはず: {len(wanted)}件だけ　いま開いているのは {_listed(world, found)}")
    return problems


def expect_not_open(world: World, case_id: str, unwanted: Sequence[Any]) -> list[str]:
    """No open task meets one of the items."""
    found = open_tasks(world, case_id)
    return [
        f"開いていないはず: {said(item)}　いま開いているのは {_listed(world, found)}"
        for item in _items(unwanted)
        if any(_meets(world, item, task) for task in found)
    ]


def expect_one_of(world: World, case_id: str, wanted: Sequence[Any]) -> list[str]:
    """At least one of the items is met by an open task."""
    found = open_tasks(world, case_id)
    if any(_meets(world, item, task) for item in _items(wanted) for task in found):
        return []
    names = "、".join(said(item) for item in _items(wanted))
    return [f"どれかが開いているはず: {names}　いま開いているのは {_listed(world, found)}"]


def _items(items: Sequence[Any]) -> list[Item]:
    return [{"task": item} if isinstance(item, str) else item for item in items]


def _unmet(world: World, items: list[Item], found: list[Task]) -> list[Item]:
    """Items left without a task of their own, by augmenting paths (items may be met by several tasks)."""
    fits = [[n for n, task in enumerate(found) if _meets(world, item, task)] for item in items]
    owner: dict[int, int] = {}

    def settle(item: int, tried: set[int]) -> bool:
        for task in fits[item]:
            if task not in tried:
                tried.add(task)
                if task not in owner or settle(owner[task], tried):
                    owner[task] = item
                    return True
        return False

    return [items[n] for n in range(len(items)) if not settle(n, set())]


def _meets(world: World, item: Item, task: Task) -> bool:
    if task.element_id != item["task"]:
        return False
    if "role" in item and item["role"] not in {role for _, role in task.candidates}:
        return False
    if "org" in item and not belongs_to(world, task, item["org"]):
        return False
    if "holder" in item and task.holder != (world.staff_id(item["holder"]) if item["holder"] else None):
        return False
    if "due" in item and not _due_agrees(item["due"], task):
        return False
    return "state" not in item or _state_agrees(world, item["state"], task)


def _due_agrees(expected: str | None, task: Task) -> bool:
    if expected is None:
        return task.due_at is None
    minute = "T" in expected or " " in expected
    return task.due_at is not None and not (minute and task.due_on) and agrees(expected, task.due_at, task.due_on)


def _state_agrees(world: World, word: str, task: Task) -> bool:
    if word not in _DEADLINE_WORDS:
        return task.state == word
    state = deadline_word(world, task)
    return state == word or (word == "due_soon" and state == "due_today")


def deadline_word(world: World, task: Task) -> str:
    """How the deadline of a task stands now, as the badge of the inbox has it."""
    status = due_status(
        due_at=task.due_at, due_on=task.due_on, warn_at=task.warn_at, held=task.state == "held",
        held_until=task.held_until, started_at=task.opened_at, calendar=world.engine.reference.calendar,
        now=world.clock.now(),
    )  # fmt: skip
    return status.state.value


def said(item: Item) -> str:
    """An item as the scenario wrote it."""
    more = "、".join(f"{key} {value if value is not None else 'なし'}" for key, value in item.items() if key != "task")
    return f"{item['task']}（{more}）" if more else str(item["task"])


def _listed(world: World, found: Iterable[Task]) -> str:
    texts = [
        f"{task.element_id}（{task.state}・{deadline_word(world, task)}、期限 {shown(task.due_at, task.due_on)}、"
        f"担当 {world.name_of(task.holder)}、{_for_whom(task)}）"
        for task in found
    ]
    return "、".join(texts) or "ありません"


def _for_whom(task: Task) -> str:
    return " ".join(f"{org}:{role}" for org, role in sorted(task.candidates))


# ---------------------------------------------------------------- what was raised


def expect_raised(world: World, case_id: str, wanted: Sequence[Item]) -> list[str]:
    """Notices of the ladder (with ``level``), or openings by a timer (without); counted since the case began."""
    with world.engine.database.read() as connection:
        tasks = situation.tasks(connection, case_id)
        raises = situation.raises(connection, case_id)
    found = [*(_opening(task) for task in tasks if task.by_timer and task.timer_due_at is not None), *raises]
    by_id = {task.id: task for task in tasks}
    problems = []
    for item in wanted:
        count = sum(_is_raise(world, item, raise_, by_id[raise_.task_id]) for raise_ in found)
        if count != item["times"] if "times" in item else count == 0:
            problems.append(_raise_problem(item, count, found))
    return problems


def _opening(task: Task) -> Raise:
    assert task.timer_due_at is not None
    return Raise(task.id, task.element_id, "", task.timer_due_at, task.opened_at)


def _is_raise(world: World, item: Item, raise_: Raise, task: Task) -> bool:
    if raise_.element_id != item["task"] or raise_.level != str(item.get("level", "")):
        return False
    if "org" in item and not belongs_to(world, task, item["org"]):
        return False
    if "holder" in item and task.holder != world.staff_id(item["holder"]):
        return False
    if "on" in item and not agrees(item["on"], raise_.due_at):
        return False
    return "raised_at" not in item or agrees(item["raised_at"], raise_.raised_at)


def _raise_problem(item: Item, count: int, found: list[Raise]) -> str:
    level = str(item.get("level", ""))
    alike = [r for r in found if r.element_id == item["task"] and r.level == level]
    told = "、".join(f"{shown(r.due_at)}（実際に上がったのは {shown(r.raised_at)}）" for r in alike) or "ありません"
    times = f"{item['times']}回" if "times" in item else "1回以上"
    return f"上がったはず: {said(item)} が{times}　条件に合うのは{count}回、同じ種類のものは {told}"
