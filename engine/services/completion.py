"""The completion of a user task: its form checked, its operations run, its records kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from engine.bpmn.api import Advance, Marking
from engine.bpmn.runner import Runner
from engine.definitions.model import TaskSettings
from engine.domain.errors import NotOpen
from engine.domain.staff import Actor
from engine.forms.api import Submission
from engine.services.access import TaskAccess
from engine.services.deployed import Deployed
from engine.services.engine import Engine
from engine.services.form_context import Lazily, form_context
from engine.services.operations import checks
from engine.services.operations.registry import OperationContext, call
from engine.services.outcomes import Beside, Outcome
from engine.services.steps import Standing, Step, StepHost
from engine.storage import instances, records, tasks
from engine.storage.database import Connection
from engine.storage.rows import CaseRow, InstanceRow, TaskRow
from engine.storage.sealing import seal, split
from engine.storage.sql import new_id


@dataclass
class CompleteTask:
    """Act of a step: complete one user task with a checked form."""

    task: TaskRow
    settings: TaskSettings
    submission: Submission
    org_id: str
    record_ids: dict[str, str] = field(default_factory=dict)
    job: str = "complete"
    beside: Beside | None = None  #: writes in the same transaction

    def run(self, step: Step, runner: Runner) -> Advance:
        """Operations first, so that their results are there when the token goes on."""
        assert step.instance is not None
        locals_ = frozenset(self.task.locals)
        outputs = self._operations(step, runner)
        declared = step.deployed.model.variables_at(self.task.element_id)
        values = {**self.submission.variables, **outputs}
        known = {name: value for name, value in values.items() if name in declared or name in locals_}
        step.notes["completed_ref"] = self.task.ref
        return runner.complete(step.instance.state, self.task.ref, known)

    def _operations(self, step: Step, runner: Runner) -> dict[str, Any]:
        outputs: dict[str, Any] = {}
        if not self.settings.operations:
            return outputs
        assert step.instance is not None
        step.keep_others_out()
        variables = {**_variables_of(runner.inspect(step.instance.state), self.task), **self.task.locals}
        for name in self.settings.operations:
            context = OperationContext(
                step, name, self.task.element_id, self.task.ref, self.submission.data,
                {**variables, **self.submission.variables, **outputs}, self.record_ids,
            )  # fmt: skip
            outputs.update(call(context))
        return outputs

    def write(self, step: Step, result: Advance) -> None:
        """Close the task as it was when the person was let in, keep the records, forget the draft."""
        connection = step.tx.connection
        closing = {"state": "completed", "completed_at": step.now, "completed_by": step.actor.staff_id}
        if not tasks.change(connection, self.task, closing):
            raise NotOpen(self.task.element_id)
        tasks.finish_clocks(connection, step.instance_id, [self.task.ref], "done")
        records.add(connection, [self._record(step, key, data) for key, data in self.submission.records.items()])
        tasks.drop_drafts(connection, self.task.id, step.actor.staff_id)
        if self.beside is not None:
            self.beside(connection, Outcome(self.task.id, "completed", self.task.version + 1, self.task.assignee_id))
        step.notes["audit"] = {
            "act": "task.completed", "task_id": self.task.id, "element_id": self.task.element_id,
            "data": {"records": self.record_ids, "org": self.org_id, **step.actor.origin},
        }  # fmt: skip

    def _record(self, step: Step, form_key: str, data: Mapping[str, Any]) -> dict[str, Any]:
        hidden = self.submission.sealed | self.submission.sealed_with_case | self.submission.restricted
        open_part, sealed = split(data, [path for path in hidden if path.split("/")[0] in data])
        record_id = self.record_ids[form_key]
        return {
            "id": record_id,
            "case_id": self.task.case_id,
            "form_key": form_key,
            "task_form": self.task.form_key,
            "version_id": step.deployed.version_id,
            "number": 1,
            "series": record_id,
            "data": open_part,
            "sealed": seal(sealed),
            "author_id": step.actor.staff_id,
            "org_id": self.org_id,
            "at": step.now,
            "task_id": self.task.id,
            "element_id": self.task.element_id,
            "instance_id": step.instance_id,
        }


def acting_org(engine: Engine, actor: Actor, case: CaseRow, instance_org: str, task_orgs: list[str]) -> str:
    """The organisation for which the person does a task: one of its candidate organisations, else one of the case."""
    mine = actor.org_ids
    for org in (*task_orgs, instance_org, case.lead_org, case.owner_org):
        if org in engine.reference.organisations:
            held = sorted(mine & engine.reference.same_organisation(str(org)))
            if held:
                return held[0]
    return min(mine, default=instance_org)


def prepare(
    engine: Engine, connection: Connection, actor: Actor, found: TaskAccess, raw: Mapping[str, Any], *, now: datetime
) -> tuple[CompleteTask, Standing]:  # fmt: skip
    """Check the form against the case as it stands; nothing is written. Raises ConsentMissing and FormInvalid."""
    standing = instances.with_case(connection, found.task.instance_id)
    if standing is None or standing[0].status not in ("running", "incident"):
        raise NotOpen(found.task.id)
    return prepare_in(engine, connection, actor, found, *standing, raw, now=now), standing


def prepare_in(
    engine: Engine, connection: Connection, actor: Actor, found: TaskAccess, instance: InstanceRow, case: CaseRow,
    raw: Mapping[str, Any], *, now: datetime,
) -> CompleteTask:  # fmt: skip
    """As ``prepare``, on a connection that may be inside a transaction.

    Refusals of the task's operations that need no input (consent) come before those of the form.
    """
    task = found.task
    deployed = engine.definitions.get(instance.version_id)
    settings = deployed.model.settings(task.element_id)
    variables = Lazily(lambda: {**current_variables(engine, deployed, case, actor, instance, now, task), **task.locals})
    checks.before_form(connection, settings.operations, case, variables, now)
    org_id = acting_org(engine, actor, case, instance.org_id, [org for org, _ in sorted(found.candidates)])
    context = form_context(engine, connection, actor, case=case, org_id=org_id, variables=variables, now=now)
    submission = deployed.forms.form(task.form_key, task.process_key).submit(raw, context)
    return CompleteTask(task, settings, submission, org_id, {key: new_id() for key in submission.records})


def current_variables(
    engine: Engine, deployed: Deployed, case: CaseRow, actor: Actor, instance: InstanceRow, now: datetime,
    task: TaskRow | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The variables in a snapshot, without running anything: those of a task's process, else the instance's own."""
    step = Step(engine, None, actor, now, deployed, case, instance.id, instance.org_id)  # type: ignore[arg-type]
    return _variables_of(Runner(deployed.specs, StepHost(step, _no_operation)).inspect(instance.state), task)


def _variables_of(marking: Marking, task: TaskRow | None) -> dict[str, Any]:
    """Those of the process that the task is drawn in; the instance's own without a task or when its token is gone."""
    token = next((token for token in marking.open_tasks if task is not None and token.ref == task.ref), None)
    return dict(marking.variables if token is None else token.variables)


def _no_operation(step: Step, call: object) -> Mapping[str, object]:
    raise NotOpen("inspection runs nothing")
