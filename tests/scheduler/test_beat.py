"""The beat goes on whatever a job does, finishes what it does when told to end, and gives itself up when it is dead."""

from __future__ import annotations

import threading
import time

import pytest
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import select

from engine.bootstrap import build
from engine.config import ROOT, Settings
from engine.services import scheduler_nodes
from engine.storage.tables import metadata
from scheduler.beat import Beat
from scheduler.jobs import JOBS, Job, guarded

OFTEN = IntervalTrigger(seconds=0.05)


@pytest.fixture
def engine(sqlite_url):
    """An engine on an empty database."""
    made = build(Settings(database_url=sqlite_url, workflows=ROOT / "workflows"))
    yield made
    made.database.dispose()


def in_background(beat):
    """Run a beat in a thread; returns what waits for its exit code."""
    codes = []
    thread = threading.Thread(target=lambda: codes.append(beat.run()))
    thread.start()

    def code(seconds=20):
        thread.join(seconds)
        return codes[0] if codes else "still running"

    return code


def test_a_job_that_fails_is_run_again_and_disturbs_no_other(engine):
    runs = {"good": 0, "bad": 0}
    done = threading.Event()

    def good(_node):
        runs["good"] += 1
        if runs["good"] >= 3 and runs["bad"] >= 3:
            done.set()

    def bad(_node):
        runs["bad"] += 1
        raise RuntimeError("as the test wants")

    beat = Beat(engine, [Job("good", OFTEN, good, ""), Job("bad", OFTEN, bad, "")])
    code = in_background(beat)
    assert done.wait(20)
    beat.stop()
    assert code() == 0


def test_told_to_end_it_finishes_the_job_that_runs_and_says_goodbye(engine):
    begun, finished = threading.Event(), []

    def long(_node):
        begun.set()
        time.sleep(0.5)
        finished.append(True)

    beat = Beat(engine, [Job("long", OFTEN, long, "")])
    code = in_background(beat)
    assert begun.wait(20)
    beat.stop()
    assert code() == 0
    assert finished
    (row,) = scheduler_nodes.everyone(engine)
    assert row.stopped_at is not None
    assert not scheduler_nodes.is_alive(row, now=row.stopped_at)


def test_a_beat_whose_thread_is_dead_ends_so_that_it_is_started_anew(engine, monkeypatch):
    beat = Beat(engine, [Job("idle", OFTEN, lambda _node: None, "")])
    monkeypatch.setattr(beat, "thread", threading.Thread(target=lambda: None))
    assert in_background(beat)() == 1


def test_a_beat_in_which_no_job_ends_any_more_gives_itself_up(engine):
    free = threading.Event()
    beat = Beat(engine, [Job("stuck", OFTEN, lambda _node: free.wait(30), "")], silence=0.5)
    assert in_background(beat)() == 1
    free.set()
    beat._scheduler.shutdown(wait=False)


def test_no_job_runs_beside_itself(engine):
    inside, most = 0, 0
    lock, enough = threading.Lock(), threading.Event()
    runs = []

    def slow(_node):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        time.sleep(0.15)
        with lock:
            inside -= 1
        runs.append(1)
        if len(runs) >= 3:
            enough.set()

    beat = Beat(engine, [Job("slow", OFTEN, slow, "")])
    code = in_background(beat)
    assert enough.wait(20)
    beat.stop()
    assert code() == 0
    assert most == 1


def test_the_beat_keeps_no_business_moment_of_its_own(engine):
    beat = Beat(engine)
    stores = {type(store).__name__ for store in beat._scheduler._jobstores.values()}
    assert stores <= {"MemoryJobStore"}
    jobs = {job.id for job in beat._scheduler.get_jobs()}
    assert jobs == {"tick", "outbox", "moves", "rehearsals", "mail", "heartbeat", "housekeeping"}


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.id)
def test_every_job_says_why_it_runs_so_often(job):
    assert job.why.endswith(".")
    assert job.run.__doc__


@pytest.mark.parametrize("job", [job for job in JOBS if job.id != "heartbeat"], ids=lambda job: job.id)
def test_a_second_run_of_a_job_changes_nothing(office, job):
    """Due work is done by the first run; the second finds none. The database refuses the duplicate, not the beat."""
    for _ in range(3):
        office.start("review")
    office.complete("evaluate", "worker")
    beat = Beat(office.engine)
    guarded(job, beat.node)()
    after_one = everything(office)
    guarded(job, beat.node)()
    assert everything(office) == after_one


def everything(office):
    with office.engine.database.read() as connection:
        return {t.name: sorted(map(repr, connection.execute(select(t)))) for t in metadata.sorted_tables}


def test_the_heartbeat_tells_what_was_done_since_and_comes_back_after_a_restore(office):
    beat = Beat(office.engine)
    job = next(job for job in JOBS if job.id == "heartbeat")
    beat.node.count(3)
    guarded(job, beat.node)()  # no row yet: it is made
    guarded(job, beat.node)()
    beat.node.count(4)
    guarded(job, beat.node)()
    (row,) = scheduler_nodes.everyone(office.engine)
    assert row.fired == 4
    assert scheduler_nodes.is_alive(row, now=office.engine.clock.now())
