"""Cases: the list with its search, and the file of one case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.case_number import CaseNumber
from engine.domain.errors import NotFound
from engine.queries import case_file, case_plans, cases, diagrams, inbox, records, timeline, upcoming
from engine.queries.case_file import CaseHead
from engine.queries.cases import STATUSES, CaseFilter
from engine.queries.folding import Loop, folded
from engine.queries.paging import After
from engine.queries.plan_changes import changes_by_version
from engine.queries.timeline import Entry, EntryKind
from web.access_notes import note_case, note_list, note_record
from web.arguments import choice, hidden_words, line, words
from web.policy import policy
from web.runtime import actor, engine, now, signed_in
from web.stage_chart import mark_kind, stage_chart
from web.words import MARKS, word

blueprint = Blueprint("cases", __name__, url_prefix="/cases")


@blueprint.get("")
@policy("case_work")
def listing() -> str:
    """The cases that the person may know of, the newest first."""
    status = line("status", 20)
    narrow = CaseFilter(
        words=words(),
        status=status if status in STATUSES else "",
        org=line("org", 20),
        after=After.read(request.args.get("after")),
    )
    if narrow.words:
        note_list("cases")
    page = cases.list_cases(engine(), actor(), narrow, now=now())
    kept = {"w": request.args.get("w", "") if narrow.words else "", "status": narrow.status, "org": narrow.org}
    kept = {name: value for name, value in kept.items() if value}
    return render_template("cases.html", page=page, narrow=narrow, kept=kept)


@blueprint.post("/filter")
@policy("case_work")
def narrow_down() -> BaseResponse:
    """Lead to the filtered list; the words typed are hidden in its address."""
    chosen = {name: request.form.get(name, "")[:60] for name in ("status", "org")}
    arguments = {name: value for name, value in {**chosen, "w": hidden_words()}.items() if value}
    return redirect(url_for("cases.listing", **arguments))  # type: ignore[arg-type]


@blueprint.get("/<number>")
@policy("case_work")
def show(number: str) -> str:
    """経過: what happened and what will, with the open work beside it."""
    head = _opened(number, "timeline")
    kind = choice(EntryKind, "kind", None)
    return _page(
        "case_timeline.html",
        head,
        "timeline",
        entries=_entries(head, kind),
        mark_kind=mark_kind,
        kind=kind.value if kind else "",
        coming=upcoming.upcoming_of_case(engine(), actor(), head.id, now=now()),
        tasks=_tasks(head),
        parts=case_file.parts(engine(), actor(), head, now=now()),
        related=case_file.related_cases(engine(), actor(), head, now=now()),
    )


@blueprint.get("/<number>/household")
@policy("case_work")
def household(number: str) -> str:
    """Person and household."""
    head = _opened(number, "household")
    people = case_file.people(engine(), head)
    may_open = bool(people and people.contact.masked) and case_file.may_open_sealed(engine(), actor(), head, now=now())
    return _page("case_household.html", head, "household", people=people, may_open=may_open, opened=None)


@blueprint.get("/<number>/sharing")
@policy("case_work")
def sharing(number: str) -> str:
    """Consents, who may see what, and referrals."""
    head = _opened(number, "sharing")
    return _page(
        "case_sharing.html",
        head,
        "sharing",
        consents=case_plans.consents(engine(), actor(), head, now=now()),
        parts=case_file.parts(engine(), actor(), head, now=now()),
        named=case_file.named_people(engine(), head),
        referrals=case_plans.referrals(engine(), actor(), head),
    )


@blueprint.get("/<number>/plans")
@policy("case_work")
def plans(number: str) -> str:
    """Support plans with all versions."""
    head = _opened(number, "plans")
    found = case_plans.plans(engine(), head)
    return _page("case_plans.html", head, "plans", plans=found, changes=changes_by_version(found))


@blueprint.get("/<number>/contacts")
@policy("case_work")
def contacts(number: str) -> str:
    """Every contact, with 関係性の段階 over time as a picture and as a table."""
    head = _opened(number, "contacts")
    after = After.read(request.args.get("after"))
    page = timeline.contact_page(engine(), actor(), head, after)
    chart = None if after else stage_chart(timeline.contacts(engine(), actor(), head))
    return _page("case_contacts.html", head, "contacts", page=page, chart=chart, mark_kind=mark_kind)


@blueprint.get("/<number>/tasks")
@policy("case_work")
def tasks(number: str) -> str:
    """Open work of all processes."""
    head = _opened(number, "tasks")
    coming = upcoming.upcoming_of_case(engine(), actor(), head.id, now=now())
    return _page("case_tasks.html", head, "tasks", tasks=_tasks(head), coming=coming)


@blueprint.get("/<number>/records")
@policy("case_work")
def record_list(number: str) -> str:
    """Everything that was written, the newest version of each."""
    head = _opened(number, "records")
    return _page("case_records.html", head, "records", records=records.records(engine(), actor(), head, now=now()))


@blueprint.get("/<number>/records/<record_id>")
@policy("case_work")
def record(number: str, record_id: str) -> str:
    """One record as it was written, with its other versions."""
    head = head_of_number(number)
    view = records.record_view(engine(), actor(), head, record_id, wareki=signed_in().era_dates, now=now())
    note_record(head.id, record_id)
    may_open = view.has_sealed and case_file.may_open_sealed(engine(), actor(), head, now=now())
    return _page("case_record.html", head, "records", record=view, may_open=may_open, opened=None)


@blueprint.get("/<number>/diagram")
@policy("case_work")
def diagram(number: str) -> str:
    """Where each process of the case stands: the picture and the same in words."""
    head = _opened(number, "diagram")
    instances = diagrams.instances(engine(), actor(), head, now=now())
    marked = [(instance, _marks(instance)) for instance in instances]
    return _page("case_diagram.html", head, "diagram", instances=marked)


@blueprint.get("/<number>/diagram/<instance_id>.bpmn")
@policy("case_work")
def diagram_file(number: str, instance_id: str) -> Response:
    """The BPMN file on which an instance of the case runs."""
    head = head_of_number(number)
    file = diagrams.instance_diagram(engine(), actor(), instance_id, case_id=head.id, now=now())
    return Response(file, mimetype="application/xml")


def _entries(head: CaseHead, kind: EntryKind | None) -> tuple[Entry | Loop, ...]:
    """The timeline, with loops folded where all kinds of lines are shown."""
    entries = timeline.timeline(engine(), actor(), head, kind, now=now())
    return folded(entries) if kind is None else entries


def head_of_number(number: str) -> CaseHead:
    """The head of the case behind a number in an address. Raises NotFound."""
    try:
        canonical = CaseNumber.parse(number).url
    except ValueError:
        raise NotFound("case") from None
    if canonical != number:
        raise NotFound("case")
    return case_file.case_head(engine(), actor(), canonical, now=now())


def _opened(number: str, part: str) -> CaseHead:
    head = head_of_number(number)
    note_case(head.id, part)
    return head


def _tasks(head: CaseHead) -> tuple[inbox.InboxRow, ...]:
    found = inbox.open_tasks_of_case(engine(), actor(), head.id, now=now())
    return tuple(replace(row, subject_name="", subject_kana="") for row in found)


def _marks(instance: diagrams.InstanceView) -> list[dict[str, str]]:
    """The marks as the picture wants them: id, kind and the badge's words (none for what is done)."""
    return [
        {"id": mark.element_id, "kind": mark.kind, "label": "" if mark.kind == "done" else word(MARKS, mark.kind)}
        for mark in instance.marks
    ]


def _page(template: str, head: CaseHead, part: str, **values: Any) -> str:
    return render_template(template, case=head, part=part, **values)
