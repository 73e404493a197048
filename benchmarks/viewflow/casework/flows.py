"""register → three assessments side by side → decide → register again, or the end."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from viewflow import this
from viewflow.workflow import flow, lock
from viewflow.workflow.flow.views import UpdateProcessView

from .models import Candidate, CaseProcess, Deadline, Reminder

LEVELS = ("warn", "overdue", "1", "2", "3")


def _task() -> flow.View:
    return flow.View(UpdateProcessView.as_view(fields=["decision"])).onCreate(this.task_created)


class CaseFlow(flow.Flow):
    """The flow; the row of the process is locked while it moves."""

    process_class = CaseProcess
    lock_impl = lock.SelectForUpdateLock(nowait=False)

    start = flow.StartHandle(this.begin).Next(this.register)
    register = _task().Next(this.split)
    split = flow.Split().Next(this.assess_life).Next(this.assess_health).Next(this.assess_money)
    assess_life = _task().Next(this.join)
    assess_health = _task().Next(this.join)
    assess_money = _task().Next(this.join)
    join = flow.Join().Next(this.decide)
    decide = _task().Next(this.again)
    again = flow.If(lambda activation: activation.process.decision == "終結").Then(this.end).Else(this.register)
    end = flow.End()

    def begin(self, activation: object) -> object:
        """A new case."""
        process = activation.process  # type: ignore[attr-defined]
        process.organisation = "AG-04"
        return process

    def task_created(self, activation: object) -> None:
        """The deadline of a new task, its reminders, and the queue in which it stands."""
        task, now = activation.task, timezone.now()  # type: ignore[attr-defined]
        Candidate.objects.create(task=task, organisation="AG-04", role="intake_worker")
        Deadline.objects.create(task=task, due_at=now + timedelta(days=7), state="running")
        Reminder.objects.bulk_create(
            Reminder(task=task, level=level, fires_at=now + timedelta(days=5 + number), state="pending")
            for number, level in enumerate(LEVELS)
        )
