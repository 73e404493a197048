"""Promises about what passes between people: messages, referrals, shares, the trail, and what the inbox counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, exists, or_, select

from engine.domain.business_days import tokyo_date
from engine.queries.inbox import After, InboxFilter, View, inbox, task_counts
from engine.queries.visibility import case_visible, taking_part
from engine.services.engine import Engine
from engine.storage import audit, cases, consents, staff
from engine.storage.tables import (
    audit_chain,
    case_organisation,
    consent,
    history,
    outbox,
    process_instance,
    referral,
    subscription,
    support_case,
    user_task,
)
from tests.simulation.evening import OPEN, RUNNING, Evening, invariant, rows
from tests.support.soundness import inspected

# ---------------------------------------------------------------- messages and referrals


@invariant("messages are delivered, or wait for a receiver that may come")
def messages_arrive(connection: Connection, evening: Evening) -> Iterator[str]:
    """None was given up, none could have been delivered, none waits on a closed case."""
    started = {
        name
        for deployed in evening.engine.definitions.all_live()
        for name in (deployed.model.start.message if deployed.model.start else None,
                     *(entry.message for entry in deployed.model.entries))
        if name
    }  # fmt: skip
    caught = exists().where(subscription.c.message == outbox.c.name, subscription.c.case_id == outbox.c.case_id)
    query = (
        select(outbox.c.name, outbox.c.state, outbox.c["keys"], caught.label("caught"), support_case.c.number,
               support_case.c.status)
        .join(support_case, support_case.c.id == outbox.c.case_id)
        .where(outbox.c.kind == "message", outbox.c.state.in_(("pending", "failed")),
               outbox.c.created_at <= evening.ticked)
    )  # fmt: skip
    for row in connection.execute(query.order_by(outbox.c.id)):
        if row.state == "failed":
            yield f"{row.number}: {row.name} was given up"
        elif row.name in started or (row.caught and not row._mapping["keys"]):
            yield f"{row.number}: {row.name} has a receiver and was not delivered"
        elif row.status == "closed":
            yield f"{row.number}: {row.name} waits on a closed case"


@invariant("no referral is left without somebody who will answer it")
def referrals_are_answered(connection: Connection, evening: Evening) -> Iterator[str]:
    """One that was sent has a running process of its kind, or the message that starts it, on its case."""
    answering = {
        "referral": ("intake", "outreach", "participation_handoff"),
        "escalation": ("multi_agency_assessment", "intake"),
        "handoff": ("participation_handoff",),
    }
    under_way = exists().where(outbox.c.case_id == referral.c.case_id, outbox.c.state == "pending")
    for kind, keys in answering.items():
        runs = exists().where(
            process_instance.c.case_id == referral.c.case_id, process_instance.c.process_key.in_(keys),
            process_instance.c.status.in_(RUNNING),
        )  # fmt: skip
        query = (
            select(support_case.c.number, referral.c.to_org)
            .join(support_case, support_case.c.id == referral.c.case_id)
            .where(referral.c.kind == kind, referral.c.status == "sent", ~runs, ~under_way)
        )
        yield from (f"{row.number}: {kind} to {row.to_org}" for row in connection.execute(query))


# ---------------------------------------------------------------- who may see what


@invariant("consents and grants that ended give no access")
def ended_consents_share_nothing(connection: Connection, evening: Evening) -> Iterator[str]:
    """A share rests on a consent that is neither withdrawn nor run out; whoever sees a case has an active part."""
    today = tokyo_date(evening.now)
    shared = select(case_organisation.c.case_id, case_organisation.c.org_id).where(
        case_organisation.c.relation == "consented", taking_part(evening.now),
        evening.of_touched(case_organisation.c.case_id),
    )  # fmt: skip
    for part in rows(connection, shared.order_by(case_organisation.c.case_id, case_organisation.c.org_id)):
        given = select(consent.c.scope_orgs).where(
            consent.c.case_id == part.case_id, consent.c.result.in_(consents.GIVEN),
            or_(consent.c.withdrawn_on.is_(None), consent.c.withdrawn_on > today),
            or_(consent.c.valid_until.is_(None), consent.c.valid_until >= today),
        )  # fmt: skip
        if not any(part.org_id in orgs for orgs in connection.execute(given).scalars()):
            yield f"{_number(connection, part.case_id)}: no consent shares with {part.org_id}"
    yield from _seen_without_part(connection, evening)


def _seen_without_part(connection: Connection, evening: Evening) -> Iterator[str]:
    """Compares the visibility of the lists with a plain reading of the parts, person by person."""
    touched = _touched_ids(connection, evening)
    reference, now = evening.engine.reference, evening.now
    active: dict[str, set[str]] = {}
    for case_id in touched:
        parts = (p for p in cases.participations(connection, case_id) if cases.is_active(p, now))
        active[case_id] = {org for p in parts for org in (p.org_id, *reference.same_organisation(p.org_id))}
    for staff_id in evening.people:
        actor = staff.actor(connection, staff_id, tokyo_date(now))
        if actor is None:
            continue
        own = {org for m in actor.memberships for org in (m.org_id, *reference.covers(m.org_id))}
        office = any(org in ("SC-04", "AG-06") for org in own)
        query = select(support_case.c.id, support_case.c.seal_level, support_case.c.number).where(
            support_case.c.id.in_(touched), case_visible(actor, now)
        )
        for row in connection.execute(query):
            if not own & active[row.id] and not (office and row.seal_level == 2):
                yield f"{row.number}: {actor.name} sees it without a part in it"


def _touched_ids(connection: Connection, evening: Evening) -> list[str]:
    query = select(support_case.c.id).where(evening.of_touched(support_case.c.id))
    return sorted(connection.execute(query).scalars())


def _number(connection: Connection, case_id: str) -> str:
    return str(connection.execute(select(support_case.c.number).where(support_case.c.id == case_id)).scalar_one())


# ---------------------------------------------------------------- the trail and the history


@invariant("the audit chain verifies")
def trail_is_whole(connection: Connection, evening: Evening) -> Iterator[str]:
    """Every link of the chains of the touched cases."""
    query = select(audit_chain).where(evening.of_touched(audit_chain.c.chain))
    for row in rows(connection, query):
        broken = audit._verify_chain(connection, row.chain, row.seq, row.head)
        if broken is not None:
            yield f"chain {row.chain} breaks at {broken.seq}: {broken.reason}"


@invariant("the history replays to the same open tasks as the snapshot and the rows")
def history_replays(connection: Connection, evening: Evening) -> Iterator[str]:
    """What was started and neither completed nor taken away, what the tokens say, and what the inbox lists: one set."""
    query = select(process_instance.c.id, process_instance.c.process_key, process_instance.c.version_id,
                   process_instance.c.history_seq, process_instance.c.status).where(
        evening.of_touched(process_instance.c.case_id)
    )  # fmt: skip
    for instance in rows(connection, query.order_by(process_instance.c.id)):
        lines = rows(connection, select(history).where(history.c.instance_id == instance.id).order_by(history.c.seq))
        if [line.seq for line in lines] != list(range(1, instance.history_seq + 1)):
            yield f"{instance.process_key} {instance.id}: {len(lines)} lines of {instance.history_seq}"
        replayed = _replayed(evening.engine, instance.version_id, lines)
        listed = {row.ref: row.element_id for row in rows(connection, _open_rows(instance.id))}
        told = {}
        if instance.status in RUNNING:
            told = {t.ref: t.element_id for t in inspected(evening.engine, connection, instance.id).open_tasks}
        if not replayed == told == listed:
            yield (f"{instance.process_key} {instance.id}: history {sorted(replayed.values())}, "
                   f"snapshot {sorted(told.values())}, rows {sorted(listed.values())}")  # fmt: skip


def _replayed(engine: Engine, version_id: str, lines: Sequence[Any]) -> Mapping[str, str]:
    elements = engine.definitions.get(version_id).model.elements
    open_: dict[str, str] = {}
    for line in lines:
        if line.kind == "started" and elements[line.element_id].task is not None:
            open_[line.ref] = line.element_id
        elif line.kind in ("completed", "cancelled"):
            open_.pop(line.ref, None)
    return open_


def _open_rows(instance_id: str) -> Any:
    return select(user_task.c.ref, user_task.c.element_id).where(
        user_task.c.instance_id == instance_id, user_task.c.state.in_(OPEN)
    )


# ---------------------------------------------------------------- counts


@invariant("counts of the inbox equal its rows")
def counts_equal_rows(connection: Connection, evening: Evening) -> Iterator[str]:
    """For people in turn, a few each evening: the figure on the tab, the figure of the page, and all pages' rows."""
    turn = tokyo_date(evening.now).toordinal()
    chosen = evening.people if evening.touched is None else [evening.people[(turn + n * 7) % len(evening.people)]
                                                             for n in range(3)]  # fmt: skip
    for staff_id in dict.fromkeys(chosen):
        actor = staff.actor(connection, staff_id, tokyo_date(evening.now))
        if actor is None:
            continue
        counts = task_counts(evening.engine, actor, now=evening.now)
        for view, count in counts.items():
            ids, total = _all_rows(evening, actor, view)
            if not count == total == len(ids) == len(set(ids)):
                yield f"{actor.name} {view}: tab {count}, page {total}, rows {len(ids)}"


def _all_rows(evening: Evening, actor: Any, view: View) -> tuple[list[str], int]:
    """Task ids of every page of a view, and what its first page says there are."""
    ids: list[str] = []
    total, after = -1, None
    while True:
        page = inbox(evening.engine, actor, view, InboxFilter(after=after), now=evening.now)
        total = page.unfiltered if total < 0 else total
        ids += [row.task_id for row in page.rows]
        if page.next is None:
            return ids, total
        after = After(page.next.value, page.next.id)
