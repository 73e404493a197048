"""The n-th call to the database fails, for every n: what was asked is done or not, never half; a retry does it once.

Each statement and each commit of an act is failed once before it is done, once after it was done, and once with
everything after it. ``--every-call`` does the third for every n too; without, for every sixth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from engine.definitions.package import read_package
from engine.domain.errors import AlreadyCompleted, StorageUnavailable
from engine.services import deployments, messages, tasks
from tests.faults.calls import CALLS, deploy_calls
from tests.faults.failing_calls import Calls, When, failing
from tests.faults.rows import all_rows, change
from tests.support import soundness
from tests.support.casework import Casework, a_form

pytestmark = [pytest.mark.fault, pytest.mark.timeout(900)]
PERSISTENT_EVERY = 6


@dataclass
class Act:
    """Something to do, again and again: prepare a round, do it, do it again as a person or the scheduler would."""

    prepare: Callable[[], Callable[[], object]]
    again: Callable[[Callable[[], object]], object]


@pytest.fixture
def office(any_database: str) -> Iterator[Casework]:
    """One case with the process of these tests."""
    opened = Casework.open(any_database)
    deploy_calls(opened)
    opened.start("calls", data=None)
    yield opened
    opened.engine.database.dispose()


def claiming(office: Casework) -> Act:
    """Take the task; it is given back before the next round."""
    worker = office.person("worker")
    task = office.task("say").id

    def prepare() -> Callable[[], object]:
        if office.task("say").state == "claimed":
            tasks.release(office.engine, worker, task, now=office.now)
        return lambda: tasks.claim(office.engine, worker, task, now=office.now)

    return Act(prepare, lambda act: act())


def completing(office: Casework) -> Act:
    """Complete the task; the loop opens the next one."""
    worker = office.person("worker")

    def prepare() -> Callable[[], object]:
        task = office.task("work").id
        return lambda: tasks.complete(office.engine, worker, task, {"note": "x"}, now=office.now)

    def again(act: Callable[[], object]) -> None:
        with suppress(AlreadyCompleted):  # it was done, and the person is told so
            act()

    return Act(prepare, again)


def firing(office: Casework) -> Act:
    """The timer of the newest round of ``work``."""

    def prepare() -> Callable[[], object]:
        office.tick()
        office.complete("work", "worker")
        return office.tick

    return Act(prepare, lambda _: later(office, lambda: office.tick()))


def delivering(task: str) -> Callable[[Casework], Act]:
    """The message that completing a task has sent."""

    def made(office: Casework) -> Act:
        def prepare() -> Callable[[], object]:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(messages, "route_quietly", lambda *_, **__: None)
                office.complete(task, "worker")
            return lambda: messages.route(office.engine, now=office.now)

        return Act(prepare, lambda act: later(office, act))

    return made


def later(office: Casework, act: Callable[[], object]) -> None:
    """When leases and pauses are over."""
    office.now += timedelta(minutes=10)
    act()


def publishing(office: Casework) -> Act:
    """A version of the process that differs from the one before it."""
    with TemporaryDirectory() as root:
        package = Path(root, "calls")
        (package / "forms").mkdir(parents=True)
        (package / "forms" / "note.json").write_bytes(a_form("note", optional=("note",)))
        (package / "process.bpmn").write_bytes(CALLS)
        read = read_package(package, None)
    names = (f"calls {number}" for number in count(1))

    def prepare() -> Callable[[], object]:
        bpmn = CALLS.replace(b'name="calls"', f'name="{next(names)}"'.encode())
        files = {**read.files, "process.bpmn": bpmn}
        changed = replace(read, files=files, content_hash=sha256(bpmn).hexdigest())
        return lambda: publish(office, deployments.Checked((changed,), ()))

    return Act(prepare, lambda act: act())


def publish(office: Casework, checked: deployments.Checked) -> None:
    """As ``tsunagu deploy``; the checks, which write nothing, are done before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deployments, "check_folder", lambda *_: checked)
        deployments.deploy_folder(office.engine, Path("definitions"), by=None, reason="test", now=office.now)


ACTS = {
    "claim": claiming, "complete": completing, "fire": firing, "deliver to a token": delivering("say"),
    "deliver by starting": delivering("ring"), "publish": publishing,
}  # fmt: skip


@pytest.mark.parametrize("name", ACTS)
def test_whichever_call_fails_the_act_is_done_whole_or_not_and_then_once(
    office: Casework, name: str, request: pytest.FixtureRequest
) -> None:
    act = ACTS[name](office)
    every = 1 if request.config.getoption("--every-call") else PERSISTENT_EVERY
    with failing(office.engine.database) as calls:
        warm(act)
        wanted, calls_made = reference(office, act, calls)
        trials = [
            (nth, when)
            for nth in range(1, calls_made + 1)
            for when in When
            if when is not When.FROM_THEN_ON or nth % every == 0
        ]
        assert calls_made >= 5
        done = [trial(office, act, calls, wanted, nth, when) for nth, when in trials]
    assert any(done), "a failure after the commit leaves it done"
    assert not all(done)
    assert soundness.problems(office.engine) == []


def warm(act: Act) -> None:
    """Once, so that what is read only the first time (definitions) is read."""
    act.prepare()()


def reference(office: Casework, act: Act, calls: Calls) -> tuple[dict[str, tuple[int, int]], int]:
    """What the undisturbed act changes, and how many calls it takes."""
    do = act.prepare()
    before = all_rows(office.engine)
    calls.fail(0, When.BEFORE)
    do()
    count = calls.count
    wanted = change(before, all_rows(office.engine))
    assert wanted
    return wanted, count


def trial(office: Casework, act: Act, calls: Calls, wanted: dict[str, tuple[int, int]], nth: int, when: When) -> bool:
    """One failing act and its retry; whether the failing act did what it was to do."""
    do = act.prepare()
    before = all_rows(office.engine)
    calls.fail(nth, when)
    with suppress(StorageUnavailable):
        do()
    assert calls.failed, f"call {nth} was never made"
    calls.heal()
    found = change(before, all_rows(office.engine))
    assert found in ({}, wanted), f"half done when call {nth} fails {when}: {found}, not {wanted}"
    act.again(do)
    final = change(before, all_rows(office.engine))
    assert final == wanted, f"not done once after call {nth} failed {when}: {final}, not {wanted}"
    return bool(found)
