"""The inbox: the same views, filters and order as the page, and the moments that will open tasks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from flask import Blueprint, Response

from engine.queries import inbox, upcoming
from engine.queries.inbox import DueFilter, InboxFilter, View
from engine.queries.ordering import Order
from web.access_notes import note_list
from web.api import answering, reading
from web.api.describing import Operation, operation
from web.api.schemas import Note
from web.api.shapes import ListedTask, Named, UpcomingTask
from web.policy import policy
from web.runtime import actor, engine, now

blueprint = Blueprint("api_inbox", __name__, url_prefix="/api/v1")

AFTER = Note("The value of `after` of the page before.", longest=400)
WORDS = Note("Part of a case number, name or reading. Never in an address, which logs keep.", longest=60)


ORDER = Note("due: the most urgent first (done today: the latest first); opened: the newest first.")


class ComingOrder(StrEnum):
    """An order of what will open."""

    DUE = "due"
    CASE = "case"
    PROCESS = "process"


class ListedView(StrEnum):
    """A view of the inbox that lists tasks."""

    MINE = "mine"
    CLAIMABLE = "claimable"
    HELD = "held"
    DONE_TODAY = "done-today"


@dataclass(frozen=True)
class InboxQuery:
    """Which tasks to list."""

    view: Annotated[ListedView, Note("mine: claimed by you; claimable: open, and you may claim it.")] = ListedView.MINE
    due: Annotated[DueFilter | None, Note("Tasks whose deadline stands so.")] = None
    process: Annotated[str, Note("Key of a process.", longest=60)] = ""
    organisation: Annotated[str, Note("Code of an organisation.", longest=20)] = ""
    order: Annotated[Order, ORDER] = Order.DUE
    after: Annotated[str, AFTER] = ""


@dataclass(frozen=True)
class InboxSearch:
    """Which tasks to look for."""

    words: Annotated[str, WORDS]
    view: ListedView = ListedView.MINE
    due: DueFilter | None = None
    process: Annotated[str, Note("Key of a process.", longest=60)] = ""
    organisation: Annotated[str, Note("Code of an organisation.", longest=20)] = ""
    order: Annotated[Order, ORDER] = Order.DUE
    after: Annotated[str, AFTER] = ""


@dataclass(frozen=True)
class UpcomingQuery:
    """Which moments to list."""

    process: Annotated[str, Note("Key of a process.", longest=60)] = ""
    organisation: Annotated[str, Note("Code of an organisation.", longest=20)] = ""
    order: Annotated[ComingOrder, Note("due: the nearest first.")] = ComingOrder.DUE
    after: Annotated[str, AFTER] = ""


@dataclass(frozen=True)
class InboxPage:
    """A page of a view in the order asked for."""

    items: tuple[ListedTask, ...]
    total: Annotated[int, Note("Tasks that the filter lets through.")]
    unfiltered: Annotated[int, Note("Tasks of the view.")]
    late: Annotated[int, Note("Of the view, those that are overdue.")]
    today: Annotated[int, Note("Of the view, those whose time ends today.")]
    processes: Annotated[tuple[Named, ...], Note("Processes that occur in the view.")]
    organisations: Annotated[tuple[Named, ...], Note("Organisations that occur in the view.")]
    after: Annotated[str | None, Note("Where the next page begins; null on the last one.")]
    next: Annotated[str | None, Note("Address of the next page; null on the last one and for a search.")]


@dataclass(frozen=True)
class UpcomingPage:
    """A page of what will open in the order asked for."""

    items: tuple[UpcomingTask, ...]
    total: Annotated[int, Note("Moments that the filter lets through.")]
    after: Annotated[str | None, Note("Where the next page begins; null on the last one.")]
    next: Annotated[str | None, Note("Address of the next page; null on the last one.")]


@blueprint.get("/inbox")
@policy("case_work")
@operation(Operation("listInbox", "Tasks of a view of the inbox", InboxPage, query=InboxQuery))
def listing() -> Response:
    """One page of a view."""
    asked = reading.query(InboxQuery)
    after = answering.place(asked.after, "?after")
    return _page(asked.view, InboxFilter(asked.due, asked.process, asked.organisation, "", after, asked.order))


@blueprint.post("/inbox/search")
@policy("case_work")
@operation(Operation("searchInbox", "Tasks of a view by number, name or reading", InboxPage, body=InboxSearch))
def search() -> Response:
    """One page of the tasks whose case the words name. Changes nothing; the search is noted, its words are not kept."""
    asked = reading.body(InboxSearch)
    after = answering.place(asked.after, "/after")
    note_list("inbox")
    return _page(asked.view, InboxFilter(asked.due, asked.process, asked.organisation, asked.words, after, asked.order))


@blueprint.get("/inbox/upcoming")
@policy("case_work")
@operation(Operation("listUpcoming", "Tasks that a moment will open", UpcomingPage, query=UpcomingQuery))
def coming() -> Response:
    """One page of the moments on cases that your office carries."""
    asked = reading.query(UpcomingQuery)
    after = answering.place(asked.after, "?after")
    order = Order(asked.order.value)
    narrow = InboxFilter(process=asked.process, org=asked.organisation, after=after, order=order)
    page = upcoming.upcoming(engine(), actor(), narrow, now=now())
    return answering.answer(
        UpcomingPage(
            tuple(UpcomingTask.of(row) for row in page.rows), page.total,
            answering.token(page.next), answering.next_address(page.next),
        )
    )  # fmt: skip


def _page(view: ListedView, narrow: InboxFilter) -> Response:
    page = inbox.inbox(engine(), actor(), View(view.value), narrow, now=now())
    return answering.answer(
        InboxPage(
            tuple(ListedTask.of(row) for row in page.rows), page.total, page.unfiltered, page.late, page.today,
            tuple(Named(*pair) for pair in page.processes.items()), tuple(Named(*pair) for pair in page.orgs.items()),
            answering.token(page.next), answering.next_address(page.next),
        )
    )  # fmt: skip
