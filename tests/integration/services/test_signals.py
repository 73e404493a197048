"""A branch that waits for a signal of another branch: seen as waiting, and going on when the signal comes."""

from __future__ import annotations

from engine.queries.case_file import case_head
from engine.queries.diagrams import instances
from tests.models import accepted_parts
from tests.support.casework import Casework, a_form


def test_what_waits_for_a_signal_bears_a_mark_until_it_comes(office: Casework) -> None:
    office.deploy(
        "sample", accepted_parts.signal_catch().text().encode(), {"settle": a_form("settle", optional=("note",))}
    )
    started = office.start("sample")
    worker = office.person("worker")

    def marks() -> dict[str, str]:
        head = case_head(office.engine, worker, started.case_number, now=office.now)
        (view,) = instances(office.engine, worker, head, now=office.now)
        return {mark.element_id: mark.kind for mark in view.marks}

    assert (marks()["told"], marks()["settle"]) == ("waiting", "here")
    office.complete("settle", "worker")
    assert (marks()["told"], marks()["settle"], marks()["finish"]) == ("done", "done", "done")
