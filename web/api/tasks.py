"""One task: read it with its form, claim it, give it back, complete it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, Any

from flask import Blueprint, Response, g

from engine.domain.errors import StaleVersion
from engine.forms.form import Form
from engine.queries import task_page
from engine.queries.task_page import TaskPage
from engine.services import task_forms, task_requests
from engine.services.outcomes import Outcome
from web import form_pages
from web.access_notes import note_task
from web.api import answering, reading
from web.api.describing import Operation, operation
from web.api.schemas import Note
from web.api.shapes import Data, Difference, Due, Instant, Person, Process, Staff
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("api_tasks", __name__, url_prefix="/api/v1/tasks")


@dataclass(frozen=True)
class TaskForm:
    """What the task asks. A JSON Schema 2020-12 of the values; x- members are explained in docs/forms.md."""

    key: str
    title: str
    schema: Mapping[str, Any]
    values: Annotated[Mapping[str, Any], Note("What is known already. Sealed and restricted fields begin empty.")]


@dataclass(frozen=True)
class TaskCase:
    """The case of a task."""

    number: str
    subject: Person
    status: str
    stage: str
    sealed: bool
    open_to_you: Annotated[bool, Note("You may read the case itself.")]


@dataclass(frozen=True)
class Candidate:
    """Who may do the task: a role in an organisation (empty: any organisation of the city)."""

    organisation: str
    role: str


@dataclass(frozen=True)
class Following:
    """What may happen next: the answers on the way there, and what then opens, waits or ends."""

    answers: tuple[str, ...]
    kind: str
    name: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class Task:
    """A task as you meet it."""

    id: str
    version: Annotated[int, Note("What a completion has to name as the version it was filled in for.")]
    name: str
    element_id: str
    state: Annotated[str, Note("open, claimed, held, completed or cancelled")]
    stage: str
    process: Process
    process_version: int
    case: TaskCase
    assignee: Staff | None
    claimed_at: Instant | None
    opened_at: Instant
    opened_by_timer: bool
    completed_at: Instant | None
    completed_by: str
    due: Due
    due_explained: Annotated[tuple[str, ...], Note("Why this date: the arithmetic, line by line, in Japanese.")]
    held_until: date | None
    hold_reason: str
    instructions: str
    following: tuple[Following, ...]
    candidates: tuple[Candidate, ...]
    city_staff_only: bool
    mine: bool
    may_do: Annotated[bool, Note("One of your roles is a candidate.")]
    form: Annotated[TaskForm | None, Note("Only while you may fill it in: yours, or open and yours to claim.")]


@dataclass(frozen=True)
class Completion:
    """A filled-in form. What is empty counts as left out."""

    version: Annotated[int, Note("The task's `version` when it was read.", least=1)]
    data: Data


@dataclass(frozen=True)
class TaskState:
    """The task as the act left it."""

    id: str
    state: str
    version: int
    assignee_id: str | None

    @classmethod
    def of(cls, outcome: Outcome) -> TaskState:
        """As the service kept it: the same however often it is asked for again."""
        return cls(outcome.task_id, outcome.state, outcome.version, outcome.assignee_id)


@blueprint.get("/<task_id>")
@policy("case_work")
@operation(Operation("getTask", "One task with its form", Task))
def show(task_id: str) -> Response:
    """The task, its deadline with its arithmetic, what comes next, and the form while it is yours to fill in."""
    page = task_page.task_page(engine(), actor(), task_id, now=now())
    note_task(page.case.id, page.id)
    return answering.answer(_task(page))


@blueprint.post("/<task_id>/claim")
@policy("case_work")
@operation(Operation("claimTask", "Claim a task", TaskState, acts=True))
def claim(task_id: str) -> Response:
    """Take the task. 409 when somebody was faster."""
    done = task_requests.claim(engine(), actor(), task_id, reading.keyed(), now=now())
    return answering.answer(TaskState.of(done))


@blueprint.post("/<task_id>/release")
@policy("case_work")
@operation(Operation("releaseTask", "Give a task back to its group", TaskState, acts=True))
def release(task_id: str) -> Response:
    """Give the task back."""
    done = task_requests.release(engine(), actor(), task_id, reading.keyed(), now=now())
    return answering.answer(TaskState.of(done))


@blueprint.post("/<task_id>/complete")
@policy("case_work")
@operation(Operation("completeTask", "Submit the form of a task", TaskState, body=Completion, acts=True))
def complete(task_id: str) -> Response:
    """Submit the form; the process goes on. 422 names what is wrong field by field; 409 when the task changed since it
    was read, with its version now and the fields that differ from what it begins with now."""
    request, sent = reading.keyed(), reading.body(Completion)
    try:
        done = task_requests.complete(
            engine(), actor(), task_id, sent.data, request, seen_version=sent.version, now=now()
        )  # fmt: skip
    except StaleVersion:
        g.problem_more = _changed(task_id, sent.data)
        raise
    return answering.answer(TaskState.of(done))


# ---------------------------------------------------------------- pieces


def _task(page: TaskPage) -> Task:
    clock = page.clock
    return Task(
        id=page.id, version=page.version, name=page.name, element_id=page.element_id, state=page.state,
        stage=page.stage, process=Process(page.process_key, page.process_name), process_version=page.version_number,
        case=_case(page), assignee=Staff(page.assignee_id, page.assignee_name) if page.assignee_id else None,
        claimed_at=page.claimed_at, opened_at=page.opened_at, opened_by_timer=page.by_timer,
        completed_at=page.completed_at, completed_by=page.completed_by_name, due=Due.of(page.due),
        due_explained=tuple(line.text_ja for line in clock.deadline.explanation) if clock else (),
        held_until=page.held_until, hold_reason=page.hold_reason, instructions=page.instructions,
        following=tuple(Following(s.conditions, s.kind.value, s.name, s.roles) for s in page.following),
        candidates=tuple(Candidate(c.org_name, c.role) for c in page.candidates),
        city_staff_only=page.city_staff_only, mine=page.mine, may_do=page.may_do, form=_form(page),
    )  # fmt: skip


def _case(page: TaskPage) -> TaskCase:
    case = page.case
    subject = Person(case.subject.name, case.subject.kana)
    return TaskCase(case.number, subject, case.status, case.stage, case.seal_level > 0, page.case_open)


def _form(page: TaskPage) -> TaskForm | None:
    """The form for whom the page shows it, too."""
    if not page.is_open or not (page.mine or (page.may_do and page.state == "open")):
        return None
    with task_forms.of_task(engine(), actor(), page.id, now=now()) as opened:
        form = opened.form
        return TaskForm(form.key, form.title, form.schema, _open_values(form, opened.prefilled.values))


def _open_values(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values without those of which any part is sealed or restricted."""
    seen = form.mask(values, may_see_sealed=False, may_see_restricted=False, case_sealed=True)
    return {key: value for key, value in values.items() if seen[key] == value}


def _changed(task_id: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    """What the task is now, and in which fields what was sent differs from what it begins with now."""
    page = task_page.task_page(engine(), actor(), task_id, now=now())
    with task_forms.of_task(engine(), actor(), task_id, now=now()) as opened:
        begun = _open_values(opened.form, opened.prefilled.values)
        found = form_pages.differences(opened, sent, begun)
    differences = [asdict(Difference(one.key, one.label, one.mine, one.now)) for one in found]
    return {"version": page.version, "state": page.state, "differences": differences}
