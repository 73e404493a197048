"""What viewflow does not keep by itself: records, deadlines, reminders, queues, drafts, and a hash-chained trail."""

from __future__ import annotations

from django.db import models
from viewflow.workflow.models import Process, Task


class CaseProcess(Process):
    """One case."""

    decision = models.CharField(max_length=50, blank=True)
    organisation = models.CharField(max_length=20)
    stage = models.CharField(max_length=50, blank=True)


class Record(models.Model):
    """A submitted form."""

    process = models.ForeignKey(CaseProcess, models.PROTECT)
    task = models.ForeignKey(Task, models.PROTECT)
    form_key = models.CharField(max_length=50)
    data = models.JSONField()
    author = models.ForeignKey("auth.User", models.PROTECT)
    organisation = models.CharField(max_length=20)
    at = models.DateTimeField()


class Draft(models.Model):
    """What somebody has typed so far."""

    task = models.ForeignKey(Task, models.CASCADE)
    author = models.ForeignKey("auth.User", models.CASCADE)
    data = models.JSONField()


class Deadline(models.Model):
    """When a task is due."""

    task = models.OneToOneField(Task, models.CASCADE)
    due_at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=20)


class Reminder(models.Model):
    """A moment at which somebody hears of a late task."""

    task = models.ForeignKey(Task, models.CASCADE)
    level = models.CharField(max_length=20)
    fires_at = models.DateTimeField(db_index=True)
    state = models.CharField(max_length=20)


class Candidate(models.Model):
    """Who may take a task."""

    task = models.ForeignKey(Task, models.CASCADE)
    organisation = models.CharField(max_length=20, db_index=True)
    role = models.CharField(max_length=50)


class Chain(models.Model):
    """The end of the trail of a case."""

    process = models.OneToOneField(CaseProcess, models.PROTECT)
    seq = models.IntegerField(default=0)
    head = models.CharField(max_length=64, default="0" * 64)


class AuditEvent(models.Model):
    """One entry of the trail."""

    process = models.ForeignKey(CaseProcess, models.PROTECT)
    seq = models.IntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=50)
    act = models.CharField(max_length=50)
    data = models.JSONField()
    hash = models.CharField(max_length=64)
