"""The bar on top: words only, in the order of daily use, and what of it one person needs."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.errors import StorageUnavailable
from engine.domain.staff import Actor
from engine.queries import notices, staff_list
from engine.queries.staff_list import Desk, Office
from web.i18n import mark
from web.policy import Policy, allows
from web.runtime import engine


@dataclass(frozen=True)
class Item:
    """One entry of the bar: endpoint, word, and the blueprint that makes it current."""

    endpoint: str
    text: str
    section: str


@dataclass(frozen=True)
class Navigation:
    """What the bar shows to one person."""

    items: tuple[Item, ...]
    desks: tuple[Desk, ...]
    unread: int
    offices: tuple[Office, ...] = ()


_INBOX = Item("inbox.show", mark("受信箱"), "inbox")
_CASES = Item("cases.listing", mark("ケース"), "cases")
_INTAKE = Item("intake.new", mark("新しい相談"), "intake")
_REVIEWS = Item("reviews.show", mark("定期評価の遅れ"), "reviews")
_BOARD = Item("board.show", mark("期限ボード"), "board")
_PROCESSES = Item("processes.listing", mark("プロセス"), "processes")
_ADMIN = (
    Item("admin_staff.listing", mark("職員"), "admin_staff"),
    Item("admin_reference.organisations", mark("組織・暦・期限"), "admin_reference"),
    Item("admin_mail.show", mark("メール"), "admin_mail"),
    Item("admin_import.show", mark("取込み"), "admin_import"),
)

#: roles that take new consultations or find people; the page itself lists what may really be started
_STARTING = frozenset({"intake_worker", "outreach_worker", "emergency_officer", "participation_coordinator"})


def navigation(actor: Actor) -> Navigation:
    """The entries for the actor's roles, the own memberships and the number of unread notices."""
    items: list[Item] = []
    if allows(Policy.CASE_WORK, actor):
        items += [_INBOX, _CASES]
        if any(m.role in _STARTING for m in actor.memberships):
            items.append(_INTAKE)
    if allows(Policy.REVIEWS, actor):
        items += [_BOARD, _REVIEWS]
    items.append(_PROCESSES)
    if allows(Policy.ADMIN, actor):
        items += _ADMIN
    try:
        desks, offices = staff_list.desks(engine(), actor), staff_list.offices(engine(), actor)
        return Navigation(tuple(items), desks, notices.unread_count(engine(), actor), offices)
    except StorageUnavailable:  # the page that says so has a bar too
        return Navigation(tuple(items), (), 0)


def landing(actor: Actor) -> str:
    """The endpoint on which the person lands after sign-in."""
    if allows(Policy.CASE_WORK, actor):
        return "inbox.show"
    return "admin_staff.listing" if allows(Policy.ADMIN, actor) else "processes.listing"
