"""The other side of the pages: a plain Flask page with one read of so many rows, written into a table.

It has no sign-in, no permissions, no counts, no filters, no menu. It has the same pool of connections to the same
database, and what it reads is what the page is about: the tasks with their case, person, process and office, or the
numbers by person and process, or what happened on a case.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from urllib.parse import urlencode

from flask import Flask, render_template, request
from jinja2 import DictLoader
from sqlalchemy import Select, case, func, select

from benchmarks.city import NOW
from engine.storage.database import Database
from engine.storage.sql import one_of
from engine.storage.tables import (
    audit_event,
    contact,
    organisation,
    person,
    plan_item,
    plan_version,
    process_instance,
    record,
    staff,
    support_case,
    user_task,
)

Asked = Literal["mine", "claimable", "board", "late", "timeline", "contacts", "records", "plans", "tasks"]
PAGE = """<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><title>{{ title }}</title></head>
<body><h1>{{ title }}</h1>
<table>
{% for row in rows %}<tr>{% for cell in row %}<td>{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table></body></html>
"""


def create_app(database: Database) -> Flask:
    """One route that says in its address what it lists."""
    app = Flask("plain")
    app.jinja_loader = DictLoader({"table.html": PAGE})

    @app.get("/<asked>")
    def listed(asked: Asked) -> str:
        query = _query(asked, request.args).limit(int(request.args["rows"]))
        with database.read() as connection:
            rows = connection.execute(query).all()
        return render_template("table.html", title=asked, rows=rows)

    return app


def address(asked: Asked, who: str, offices: Iterable[str], number: str, rows: int) -> str:
    """Where the plain page with so many rows is found."""
    return f"/{asked}?{urlencode({'who': who, 'orgs': ' '.join(offices), 'number': number, 'rows': rows})}"


def _query(asked: Asked, args: Any) -> Select[Any]:
    if asked == "board":
        return _numbers(args["orgs"].split())
    if asked in ("mine", "claimable", "late", "tasks"):
        return _tasks(asked, args)
    return _of_case(asked, args["number"])


def _tasks(asked: Asked, args: Any) -> Select[Any]:
    query = select(
        user_task.c.id, user_task.c.name, user_task.c.state, user_task.c.due_at, support_case.c.number, person.c.name,
        person.c.name_kana, process_instance.c.process_key, organisation.c.name, staff.c.name,
    ).select_from(
        user_task.join(support_case, support_case.c.id == user_task.c.case_id)
        .join(person, person.c.id == support_case.c.subject_id)
        .join(process_instance, process_instance.c.id == user_task.c.instance_id)
        .outerjoin(organisation, organisation.c.id == user_task.c.org_id)
        .outerjoin(staff, staff.c.id == user_task.c.assignee_id)
    )  # fmt: skip
    if asked == "mine":
        query = query.where(user_task.c.assignee_id == args["who"], _OPEN, one_of(user_task.c.state, "claimed"))
    elif asked == "tasks":
        query = query.where(support_case.c.number == args["number"], _OPEN)
    elif asked == "late":
        query = query.where(user_task.c.org_id.in_(args["orgs"].split()), _DUE, user_task.c.due_at <= NOW)
    else:
        query = query.where(user_task.c.org_id.in_(args["orgs"].split()), _DUE, one_of(user_task.c.state, "open"))
    return query.order_by(user_task.c.due_at, user_task.c.id)


#: written out, so that the indexes over what is open serve here too
_OPEN = one_of(user_task.c.state, "open", "claimed", "held")
_DUE = one_of(user_task.c.state, "open", "claimed")


def _numbers(orgs: list[str]) -> Select[Any]:
    """By person and process: in all, late, on hold, later."""
    how_many = func.sum
    return (
        select(
            staff.c.name, user_task.c.process_key, func.count(),
            how_many(case((user_task.c.due_at <= NOW, 1), else_=0)),
            how_many(case((user_task.c.state == "held", 1), else_=0)),
            how_many(case((user_task.c.due_at > NOW, 1), else_=0)),
        )
        .select_from(user_task.outerjoin(staff, staff.c.id == user_task.c.assignee_id))
        .where(user_task.c.org_id.in_(orgs), _OPEN)
        .group_by(user_task.c.assignee_id, staff.c.name, user_task.c.process_key)
        .order_by(staff.c.name)
    )  # fmt: skip


def _of_case(asked: Asked, number: str) -> Select[Any]:
    case_id = select(support_case.c.id).where(support_case.c.number == number).scalar_subquery()
    if asked == "timeline":
        return (
            select(audit_event.c.at, audit_event.c.act, user_task.c.name, staff.c.name, organisation.c.name)
            .outerjoin(user_task, user_task.c.id == audit_event.c.task_id)
            .outerjoin(staff, staff.c.id == audit_event.c.actor)
            .outerjoin(organisation, organisation.c.id == user_task.c.org_id)
            .where(audit_event.c.chain == case_id)
            .order_by(audit_event.c.seq.desc())
        )
    if asked == "contacts":
        columns = (contact.c.at, contact.c.means, contact.c.target, contact.c.outcome, contact.c.stage, staff.c.name)
        query: Select[Any] = select(*columns).outerjoin(staff, staff.c.id == contact.c.staff_id)
        return query.where(contact.c.case_id == case_id).order_by(contact.c.at.desc())
    if asked == "records":
        shown: Any = (record.c.at, record.c.form_key, record.c.number, staff.c.name, organisation.c.name)
        query = select(*shown).outerjoin(staff, staff.c.id == record.c.author_id)
        query = query.outerjoin(organisation, organisation.c.id == record.c.org_id)
        return query.where(record.c.case_id == case_id).order_by(record.c.at.desc())
    return (
        select(
            plan_version.c.number, plan_item.c.no, plan_item.c.issue, plan_item.c.staff_text, plan_item.c.person_does
        )
        .join(plan_item, plan_item.c.plan_version_id == plan_version.c.id)
        .where(plan_version.c.case_id == case_id)
        .order_by(plan_version.c.number.desc(), plan_item.c.no)
    )
