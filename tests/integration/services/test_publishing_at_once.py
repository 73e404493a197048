"""Two people or two schedulers at the same moment: one version goes live once, each instance is moved once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from engine.domain.errors import EngineError
from engine.services import moving_together, publications
from engine.services.publications import Material, Source
from tests.support.casework import Casework, a_form
from tests.support.drawn import drawn, publish

OLD, NEW = drawn("visit", ["first", "second"]), drawn("visit", ["first", "check", "second"])


def at_once(*acts: Callable[[], object]) -> list[str]:
    """What each came to: its result, or the name of the refusal."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        barrier.wait(30)
        try:
            return str(act())
        except EngineError as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def prepared(office: Casework) -> None:
    """Version 1 live with four running instances; two process owners, and the head of the programme."""
    publish(office.engine, "visit", OLD, office.now)
    for name, role in (("owner", "process_owner"), ("second", "process_owner"), ("lead", "programme_lead")):
        office.employ(name, "DV-07", role)
    for _ in range(4):
        office.start("visit")


def test_of_two_who_agree_at_once_one_publishes(office: Casework) -> None:
    prepared(office)
    engine, now = office.engine, office.now
    files = {"process.bpmn": NEW, "visit/forms/note.json": a_form("note", optional=("note",))}
    begun = at_once(
        *(
            lambda name=name: publications.prepare(  # type: ignore[misc]
                engine, office.person(name), "visit", Material(Source.UPLOAD, files), now=now
            )
            for name in ("owner", "second")
        )
    )
    assert begun.count("FormInvalid") == 1, "one wish is open at a time"
    by = "owner" if begun[1] == "FormInvalid" else "second"
    other = "second" if by == "owner" else "owner"
    publications.request(engine, office.person(by), "visit", reason="確認を加える", now=now)
    done = at_once(
        *(
            lambda name=name: publications.approve(engine, office.person(name), "visit", now=now)  # type: ignore[misc]
            for name in (other, "lead")
        )
    )
    assert sorted(done) == ["None", "StaleVersion"]
    assert [row.number for row in office.rows("SELECT number FROM definition_version ORDER BY number")] == [1, 2]
    assert office.rows("SELECT count(*) FROM deployment")[0][0] == 2


def test_of_two_schedulers_each_instance_is_moved_by_one(office: Casework) -> None:
    prepared(office)
    engine, now, owner = office.engine, office.now, office.person("owner")
    publish(engine, "visit", NEW, now)
    number = moving_together.propose(engine, owner, "visit", 1, 2, now=now)
    moving_together.try_out(engine, owner, "visit", number, {}, now=now)
    while moving_together.work(engine, now=now):
        pass
    moving_together.start(engine, owner, "visit", number, reason="確認を加えたため", now=now)
    done = at_once(*[lambda: moving_together.work(engine, now=now)] * 2)
    assert sorted(done) == ["0", "4"], "one has the lease, the other leaves it alone"
    assert office.rows("SELECT count(*) FROM instance_move")[0][0] == 4
    assert office.rows("SELECT count(*) FROM audit_event WHERE act = 'instance.moved'")[0][0] == 4
