"""What people do in a scenario: each act goes through the service that the pages use, as the named person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from threading import Barrier
from typing import Any

from engine.domain.errors import EngineError, FormInvalid, NotOpen
from engine.domain.staff import Actor
from engine.scenarios.errors import NotYet, StepFailed
from engine.scenarios.world import World
from engine.services import access, cases, commands, tasks
from engine.storage import situation
from engine.storage.situation import Task
from engine.storage.tasks import OPEN_STATES

Deed = Callable[[], Any]


@dataclass(frozen=True)
class Prepared:
    """An act that is ready to happen: whom it is done by and on what is settled."""

    verb: str
    deed: Deed
    alias: str | None = None


# ---------------------------------------------------------------- which task is meant


def find_task(world: World, actor: Actor, data: Mapping[str, Any]) -> str:
    """The id of the task that is meant: an open one, else the last one that there was.

    Where several are open, ``org`` and ``holder`` choose; without them the one that the person may do.
    Raises NotFound when the person may not know of the case, NotOpen when there never was such a task.
    """
    case_id, now = world.case(data["case"]), world.clock.now()
    with world.engine.database.read() as connection:
        found = situation.tasks(connection, case_id, data["task"])
        if not found:
            access.visible_case(connection, actor, case_id, now=now)
            raise NotOpen(data["task"])
    chosen = [task for task in found if _is_meant(world, task, data)]
    if not chosen:
        raise StepFailed(f"「{data['task']}」のうち、指定の機関・担当者のものはありません。")
    still_open = [task for task in chosen if task.state in OPEN_STATES]
    return _preferred(actor, still_open).id if still_open else _last(chosen).id


def _is_meant(world: World, task: Task, data: Mapping[str, Any]) -> bool:
    if "holder" in data and task.holder != world.staff_id(data["holder"]):
        return False
    return "org" not in data or belongs_to(world, task, data["org"])


def belongs_to(world: World, task: Task, org: str) -> bool:
    """Whether the task is one of that organisation's."""
    reference = world.engine.reference
    if org not in reference.organisations:
        raise StepFailed(f"機関「{org}」は参照データにありません。")
    orgs = {task.org_id, *(candidate for candidate, _ in task.candidates)}
    return bool(orgs & reference.same_organisation(org))


def _preferred(actor: Actor, found: list[Task]) -> Task:
    held = next((task for task in found if task.holder == actor.staff_id), None)
    mine = {(m.org_id, m.role) for m in actor.memberships}
    return held or next((task for task in found if task.candidates & mine), found[0])


def _last(found: list[Task]) -> Task:
    """The last completed one; a cancelled one only when none was completed."""
    return ([task for task in found if task.state == "completed"] or found)[-1]


# ---------------------------------------------------------------- the acts


def prepare(world: World, verb: str, data: Mapping[str, Any]) -> Prepared:
    """Make an act ready. Raises what find_task raises."""
    actor = world.actor(data["by"])
    if verb == "start":
        return Prepared(verb, _start(world, actor, data), data.get("as"))
    if verb == "command":
        return Prepared(verb, _command(world, actor, data), data.get("as"))
    return Prepared(verb, _on_task(world, actor, verb, data, find_task(world, actor, data)))


def _start(world: World, actor: Actor, data: Mapping[str, Any]) -> Deed:
    case_id = world.case(data["case"]) if "case" in data else None
    return lambda: cases.start(
        world.engine, actor, data["process"], entry=data.get("entry", "manual"), org_id=data.get("org"),
        data=data.get("with"), case_id=case_id, now=world.clock.now(),
    )  # fmt: skip


def _command(world: World, actor: Actor, data: Mapping[str, Any]) -> Deed:
    if data["name"] not in commands.COMMANDS:
        raise NotYet(f"command {data['name']}")
    case_id = world.case(data.get("case"))
    return lambda: commands.run(
        world.engine, actor, data["name"], case_id, data.get("with") or {}, now=world.clock.now()
    )


def _on_task(world: World, actor: Actor, verb: str, data: Mapping[str, Any], task_id: str) -> Deed:
    engine, now = world.engine, world.clock.now()
    reason = str(data.get("reason") or "")
    deeds: dict[str, Deed] = {
        "complete": lambda: tasks.complete(engine, actor, task_id, data.get("with") or {}, now=now),
        "claim": lambda: tasks.claim(engine, actor, task_id, now=now),
        "release": lambda: tasks.release(engine, actor, task_id, now=now),
        "resume": lambda: tasks.resume(engine, actor, task_id, reason=reason, now=now),
        "reassign": lambda: tasks.reassign(
            engine, actor, task_id, world.staff_id(data["to"]), note=str(data.get("note") or ""), now=now
        ),
        "hold": lambda: tasks.hold(engine, actor, task_id, until=_day(data, "until"), reason=reason, now=now),
        "extend": lambda: tasks.extend(
            engine, actor, task_id, due_on=_day(data, "due_on"), reason=reason,
            legal_basis=str(data.get("legal_basis") or ""), now=now,
        ),
    }  # fmt: skip
    return deeds[verb]


def _day(data: Mapping[str, Any], key: str) -> date:
    """A date that a page would have refused to send without."""
    if key not in data:
        raise FormInvalid({key: "日付を入力してください。"})
    return date.fromisoformat(data[key])


def perform(world: World, verb: str, data: Mapping[str, Any]) -> None:
    """Do one act and check its refusal, if one is expected. Raises StepFailed."""
    expected = data.get("refused")
    before = _everything(world) if expected else None
    try:
        prepared = prepare(world, verb, data)
        result = prepared.deed()
    except EngineError as error:
        if expected is None:
            raise StepFailed(f"受け付けられるはずでしたが、{said(error)}。") from error
        _compare_refusal(expected, error)
        _require_unchanged(before, _everything(world))
        return
    if expected is not None:
        raise StepFailed(f"{_code(expected)} で断られるはずでしたが、受け付けられました。")
    if prepared.alias and result is not None:
        world.cases[prepared.alias] = result.case_id


def said(error: EngineError) -> str:
    """A refusal in words: its code and what it says."""
    detail = "、".join(f"{key}: {text}" for key, text in error.fields.items()) if isinstance(error, FormInvalid) else ""
    return f"{error.code} で断られました（{detail or error or type(error).__name__}）"


def _code(expected: Any) -> str:
    return str(expected["code"] if isinstance(expected, Mapping) else expected)


def _compare_refusal(expected: Any, error: EngineError) -> None:
    if error.code != _code(expected):
        raise StepFailed(f"{_code(expected)} で断られるはずでしたが、{said(error)}。")
    wanted = expected.get("fields", []) if isinstance(expected, Mapping) else []
    named = set(error.fields) if isinstance(error, FormInvalid) else set()
    named |= {path.split("/")[0] for path in named}
    missing = [name for name in wanted if name not in named]
    if missing:
        raise StepFailed(f"項目「{'」「'.join(missing)}」が断られるはずでしたが、{said(error)}。")


def _everything(world: World) -> dict[str, tuple[int, str]]:
    with world.engine.database.read() as connection:
        return situation.fingerprint(connection)


def _require_unchanged(before: dict[str, tuple[int, str]] | None, after: dict[str, tuple[int, str]]) -> None:
    changed = [name for name, facts in (before or {}).items() if after[name] != facts]
    if changed:
        raise StepFailed(f"断られたのに、書き込みがありました（{'、'.join(changed)}）。")


# ---------------------------------------------------------------- at the same moment


def at_once(world: World, data: Mapping[str, Any]) -> None:
    """Several acts at the same moment, each from its own thread and connection. Raises StepFailed."""
    steps = [next(iter(step.items())) for step in data["steps"]]
    prepared = [_ready(world, verb, inner) for verb, inner in steps]
    barrier = Barrier(len(prepared))

    def act(one: Prepared) -> Any:
        barrier.wait(timeout=30)
        try:
            return one.deed()
        except EngineError as error:
            return error

    with ThreadPoolExecutor(len(prepared)) as pool:
        results = list(pool.map(act, prepared))
    for one, result in zip(prepared, results, strict=True):
        if one.alias and not isinstance(result, EngineError):
            world.cases[one.alias] = result.case_id
    _compare_at_once(data, results)


def _ready(world: World, verb: str, data: Mapping[str, Any]) -> Prepared:
    """As ``prepare``; what is refused before the moment comes is refused all the same."""
    try:
        return prepare(world, verb, data)
    except EngineError as error:
        refusal = error

    def refuse() -> Any:
        raise refusal

    return Prepared(verb, refuse)


def _compare_at_once(data: Mapping[str, Any], results: list[Any]) -> None:
    refused = [result for result in results if isinstance(result, EngineError)]
    accepted = len(results) - len(refused)
    told = "、".join(said(error) for error in refused) or "断られたものはありません"
    if accepted != data["accepted"]:
        raise StepFailed(f"{data['accepted']}件が受け付けられるはずでしたが、{accepted}件でした（{told}）。")
    others = data.get("others")
    allowed = {others} if isinstance(others, str) else set(others or ())
    if others is not None and any(error.code not in allowed for error in refused):
        raise StepFailed(f"残りは {'、'.join(sorted(allowed))} で断られるはずでしたが、{told}。")
