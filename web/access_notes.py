"""Lines of the access log that pages write: what was opened, and what was refused."""

from __future__ import annotations

from flask import g, request

from engine.services import audit
from web.formatting import printable
from web.runtime import actor, engine, now


def note_case(case_id: str, what: str) -> None:
    """The case file (a part of it, named by ``what``) was opened."""
    audit.log_access(engine(), actor(), act="case_opened", case_id=case_id, what=what, now=now())


def note_record(case_id: str, record_id: str) -> None:
    """One record was opened."""
    audit.log_access(engine(), actor(), act="record_opened", case_id=case_id, what=record_id, now=now())


def note_task(case_id: str, task_id: str) -> None:
    """A task, which shows parts of its case, was opened."""
    audit.log_access(engine(), actor(), act="task_opened", case_id=case_id, what=task_id, now=now())


def note_attachment(case_id: str, attachment_id: str) -> None:
    """An attached file was opened."""
    audit.log_access(engine(), actor(), act="attachment_opened", case_id=case_id, what=attachment_id, now=now())


def note_list(what: str) -> None:
    """A list with people's names was searched; the words typed are not kept."""
    audit.log_access(engine(), actor(), act="list", case_id=None, what=what, now=now())


def note_refusal() -> None:
    """Somebody signed in asked for something absent or foreign; both are noted alike."""
    if getattr(g, "signed_in", None) is None or request.endpoint == "static_files.serve":
        return
    what = str(printable(request.path[:200]))  # a null byte is no text for PostgreSQL
    audit.log_access(engine(), actor(), act="refused", case_id=None, what=what, now=now())
