"""Walks one case, a turn for each line read; prints the seconds that the turn took (or how many rows there are)."""

from __future__ import annotations

import gc
import hashlib
import json
import os
import sys
import time

import django

sys.path.insert(0, os.path.dirname(__file__))
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()

from casework.flows import CaseFlow  # noqa: E402
from casework.models import (  # noqa: E402
    AuditEvent,
    Candidate,
    CaseProcess,
    Chain,
    Deadline,
    Draft,
    Record,
    Reminder,
)
from django import forms  # noqa: E402
from django.apps import apps  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from viewflow.workflow.models import Task  # noqa: E402

TURN = ("register", "assess_life", "assess_health", "assess_money", "decide")
GIVEN = json.loads(os.environ["BENCH_ANSWERS"])
Sheet = type("Sheet", (forms.Form,), {name: forms.CharField() for name in GIVEN["register"]})
Decision = type("Decision", (forms.Form,), {name: forms.CharField() for name in GIVEN["decide"]})


class Request:
    """As much of a request as an activation asks for."""

    def __init__(self, user: User) -> None:
        self.user = user


def complete(task_id: int, user_id: int) -> None:
    """One task, as the update view of viewflow completes it: under the lock, in one transaction."""
    user = User.objects.get(pk=user_id)
    process_id = Task.objects.values_list("process_id", flat=True).get(pk=task_id)
    with transaction.atomic(), CaseFlow.lock(process_id):
        task = Task.objects.select_related("process").get(pk=task_id)
        if not Candidate.objects.filter(task=task, organisation="AG-04", role="intake_worker").exists():
            raise PermissionError(task_id)
        name = task.flow_task.name
        form = (Decision if name == "decide" else Sheet)(GIVEN[name])
        if not form.is_valid():
            raise ValueError(form.errors)
        activation = task.flow_task.activation_class(task)
        activation.assign(user)
        activation.start(Request(user))
        now = timezone.now()
        process = activation.process
        record = Record.objects.create(
            process=process, task=task, form_key=name, data=form.cleaned_data, author=user, organisation="AG-04", at=now
        )
        if "decision" in form.cleaned_data:
            process.decision = form.cleaned_data["decision"]
            process.save()
        Draft.objects.filter(task=task, author=user).delete()
        Deadline.objects.filter(task=task).update(state="done")
        Reminder.objects.filter(task=task, state="pending").update(state="cancelled")
        activation.execute()
        trail(process, user, "task.completed", {"task": task.pk, "record": record.pk}, now)


def trail(process: CaseProcess, user: User, act: str, data: dict[str, object], now: object) -> None:
    """Append to the hash chain of the case."""
    chain = Chain.objects.select_for_update().get(process=process)
    chain.seq += 1
    body = json.dumps([chain.head, chain.seq, str(now), act, data], ensure_ascii=False, sort_keys=True)
    chain.head = hashlib.sha256(body.encode()).hexdigest()
    AuditEvent.objects.create(
        process=process, seq=chain.seq, at=now, actor=user.username, act=act, data=data, hash=chain.head
    )
    chain.save()


def turn(process_id: int, user_id: int) -> float:
    """Seconds for the five completions of a turn; finding the tasks is not counted."""
    spent = 0.0
    for name in TURN:
        flow_task = getattr(CaseFlow, name)
        task_id = Task.objects.filter(process_id=process_id, flow_task=flow_task, status="NEW").get().pk
        gc.disable()
        begun = time.perf_counter()
        complete(task_id, user_id)
        spent += time.perf_counter() - begun
        gc.enable()
    return spent


def main() -> None:
    """Serve the parent until its end."""
    call_command("migrate", verbosity=0, run_syncdb=True)
    user = User.objects.create_user("worker")
    CaseFlow.start.run()
    process_id = CaseProcess.objects.get().pk
    Chain.objects.create(process_id=process_id)
    print("ready", flush=True)
    for line in sys.stdin:
        if line.strip() == "rows":
            print(sum(model.objects.count() for model in apps.get_models()), flush=True)
        else:
            print(turn(process_id, user.pk), flush=True)


main()
