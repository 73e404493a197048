"""Cases that walk through the loop of benchmarks/models.py by the product's services."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.models import FORMS, LOOP, TURN, answers, loop_process
from engine.domain.staff import Actor
from engine.services import tasks
from tests.support.casework import Casework


@dataclass
class Walk:
    """One case at the beginning of a turn. turns: how many it has made."""

    office: Casework
    worker: Actor
    task_id: str
    turns: int = 0

    def turn(self) -> None:
        """The five completions of one turn, each from what the database says: a cold restore and a durable commit."""
        waiting = {"register": self.task_id}
        for element in TURN:
            done = tasks.complete(
                self.office.engine, self.worker, waiting.pop(element), answers(element), now=self.office.now
            )
            waiting |= {name: task_id for task_id, name in done.next_tasks}
        self.task_id = waiting["register"]
        self.turns += 1


def office(url: str) -> Casework:
    """An office where the loop is deployed."""
    opened = Casework.open(url)
    opened.deploy(LOOP, loop_process(), FORMS)
    return opened


def walk(opened: Casework) -> Walk:
    """A new case."""
    started = opened.start(LOOP)
    return Walk(opened, opened.person("worker"), str(started.task_id))
