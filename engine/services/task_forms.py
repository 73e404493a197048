"""The form of a task, ready to be filled in: what it asks, what is known already, what it may refer to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from engine.domain.errors import NotOpen
from engine.domain.staff import Actor
from engine.forms.api import FormContext, Prefilled
from engine.forms.form import Form
from engine.services import access, completion
from engine.services.cases import Startable
from engine.services.engine import Engine
from engine.services.first_task import first_task
from engine.services.form_context import form_context
from engine.storage import cases, instances, tasks


@dataclass(frozen=True)
class OpenForm:
    """A form with its prefilled values. The context reads from the database: use it inside the ``with`` only."""

    form: Form
    context: FormContext
    prefilled: Prefilled


@contextmanager
def of_task(engine: Engine, actor: Actor, task_id: str, *, now: datetime) -> Iterator[OpenForm]:
    """The form of a task that the actor may know of. Raises NotFound, and NotOpen when its instance is gone."""
    with engine.database.read() as connection:
        task = access.visible_task(connection, actor, task_id, now=now).task
        instance = instances.get(connection, task.instance_id)
        case = cases.get(connection, task.case_id)
        if instance is None or case is None:
            raise NotOpen(task_id)
        deployed = engine.definitions.get(instance.version_id)
        variables = completion.current_variables(engine, deployed, case, actor, instance, now, task)
        orgs = [org for org, _ in sorted(tasks.candidates(connection, task.id))]
        org_id = completion.acting_org(engine, actor, case, instance.org_id, orgs)
        context = form_context(
            engine, connection, actor, case=case, org_id=org_id, variables={**variables, **task.locals}, now=now
        )
        form = deployed.forms.form(task.form_key, task.process_key)
        yield OpenForm(form, context, form.prefilled(context.sources))


@contextmanager
def of_start(engine: Engine, actor: Actor, choice: Startable, entry: str, *, now: datetime) -> Iterator[OpenForm]:
    """The first form of a process that is about to be started for a new case. Raises NotOpen when it has none."""
    deployed = engine.definitions.get(choice.version_id)
    settings = first_task(deployed.model, entry)
    if settings is None:
        raise NotOpen(choice.process_key)
    with engine.database.read() as connection:
        variables = {"entry": entry, "owner_org": choice.org_id}
        context = form_context(engine, connection, actor, case=None, org_id=choice.org_id, variables=variables, now=now)
        form = deployed.forms.form(settings.form_key, deployed.model.process_of(settings.element_id).process_id)
        yield OpenForm(form, context, form.prefilled(context.sources))
