"""What the people of the simulated city do: take calls, work off their inbox, hand over, hold, extend, withdraw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from engine.domain.deadline import DeadlineState
from engine.domain.errors import ConsentMissing, EngineError, FormInvalid, FourEyes, InstanceFailed, NotAuthorised
from engine.domain.staff import Actor
from engine.forms.form import Form
from engine.queries.inbox import InboxRow, View
from engine.queries.notices import notices
from engine.queries.task_page import task_page
from engine.services import cases, commands, task_forms, tasks
from engine.storage.tables import process_instance, user_task
from tests.simulation import outcomes, people
from tests.simulation.city import City
from tests.simulation.people import Employee

STARTS = {"intake": 80, "outreach": 12, "multi_agency_assessment": 5, "participation_handoff": 3}
TRIES = 5  #: how often somebody mends one form in one sitting
REASON = "市の運用（架空の理由）"
CARRYING_ROLES = frozenset({"intake_worker", "agency_manager", "mac_coordinator", "outreach_worker"})


@dataclass(frozen=True)
class Sheet:
    """A task that somebody sits down to: which form of which version it asks."""

    task_id: str
    element_id: str
    case_id: str
    form: Form


# ---------------------------------------------------------------- calls


def take_call(city: City) -> None:
    """Somebody calls or comes by: one of those who may start a process for it does so."""
    city.spend(900)
    person, actor, choice = _who_may_start(city)
    entries = [name for name, _ in choice.entries]
    entry = city.chance.choice(entries)
    with task_forms.of_start(city.engine, actor, choice, entry, now=city.now) as opened:
        form = opened.form
    element_id = form.key
    first_form_at_once = city.chance.random() < 0.75
    raw = city.writer.fill(form, element_id, city.desk_of(person)) if first_form_at_once else None
    for _ in range(TRIES):
        try:
            started = cases.start(
                city.engine, actor, choice.process_key, entry=entry, org_id=choice.org_id, data=raw, now=city.now
            )
        except FormInvalid as refusal:
            raw = city.writer.mend(raw or {}, form, element_id, city.desk_of(person), refusal.fields)
            continue
        city.cases.append((started.case_id, person))
        city.seen.acts["cases"] += 1
        return
    city.seen.unfilled[(element_id, "start")] += 1


def _who_may_start(city: City) -> tuple[Employee, Actor, cases.Startable]:
    """A present person, and a process that person may start; which process is drawn first."""
    wanted = city.chance.choices(list(STARTS), list(STARTS.values()))[0]
    for person in [*city.present(), *city.people]:
        actor = city.actor(person)
        choices = [one for one in cases.startable(city.engine, actor) if one.process_key == wanted]
        if choices:
            return person, actor, city.chance.choice(choices)
    raise AssertionError(f"nobody may start {wanted}")


# ---------------------------------------------------------------- the inbox


def work(city: City, person: Employee, capacity: int) -> None:
    """One sitting: what the person holds first, then what may be claimed, until the time is used up."""
    actor = city.actor(person)
    done = 0
    for view in (View.MINE, View.CLAIMABLE):
        for row in city.inbox(actor, view):
            if done >= capacity:
                return
            if (person.id, row.task_id) not in city.beyond and _takes_up(city, row):
                city.spend()
                _act(city, person, actor, row)
                done += 1
    if city.chance.random() < 0.2:
        _resume_early(city, actor)


def _takes_up(city: City, row: InboxRow) -> bool:
    """Late and urgent work is taken up; work with a rhythm waits until its day comes near."""
    eager = 0.85 if row.due.state in (DeadlineState.OVERDUE, DeadlineState.DUE_TODAY) else 0.6
    if row.due.state is DeadlineState.ON_TIME:
        rhythm = city.element_of.get((row.process_key, row.name)) in outcomes.RHYTHM
        near = row.due.days is not None and row.due.days <= 6
        eager = (0.12 if near else 0.02) if rhythm else 0.45
    if row.due.state is DeadlineState.NONE:
        eager = 0.4
    return city.chance.random() < eager


def _act(city: City, person: Employee, actor: Actor, row: InboxRow) -> None:
    """What comes of turning to one task: mostly it is done."""
    drawn = city.chance.random()
    try:
        if drawn < 0.025:
            _hold(city, actor, row)
        elif drawn < 0.04:
            _pass_on(city, actor, row)
        elif drawn < 0.06:
            _extend(city, actor, row)
        elif drawn < 0.08:
            _claim_and_release(city, actor, row)
        elif drawn < 0.15:
            _only_claim(city, actor, row)
        else:
            _claim_and_complete(city, person, actor, row)
    except InstanceFailed as failure:
        city.seen.errors.append(f"instance failed at {row.name}: {failure}")
    except EngineError as refusal:
        city.refuse(row.process_key, refusal)
        _leave_it(city, person, actor, row, refusal)


def _leave_it(city: City, person: Employee, actor: Actor, row: InboxRow, refusal: EngineError) -> None:
    """Who is told that a task is for somebody else remembers it, and gives it back when it was taken already."""
    if not isinstance(refusal, NotAuthorised | FourEyes):
        return
    city.beyond.add((person.id, row.task_id))
    try:
        tasks.release(city.engine, actor, row.task_id, now=city.now)
    except EngineError as nothing_taken:
        city.refuse("give back", nothing_taken)


def _claim(city: City, actor: Actor, row: InboxRow) -> None:
    if row.assignee_id is None:
        tasks.claim(city.engine, actor, row.task_id, now=city.now)
        city.seen.acts["claimed"] += 1


def _only_claim(city: City, actor: Actor, row: InboxRow) -> None:
    _claim(city, actor, row)
    if city.chance.random() < 0.5:
        tasks.save_draft(city.engine, actor, row.task_id, {"body": "下書き"}, now=city.now)
        city.seen.acts["drafts"] += 1


def _claim_and_release(city: City, actor: Actor, row: InboxRow) -> None:
    _claim(city, actor, row)
    city.spend()
    tasks.release(city.engine, actor, row.task_id, now=city.now)
    city.seen.acts["released"] += 1


def _hold(city: City, actor: Actor, row: InboxRow) -> None:
    until = city.today + timedelta(days=city.chance.choice((1, 3, 7, 14, 30)))
    tasks.hold(city.engine, actor, row.task_id, until=until, reason=REASON, now=city.now)
    city.seen.acts["held"] += 1


def _resume_early(city: City, actor: Actor) -> None:
    held = city.inbox(actor, View.HELD)
    if held:
        tasks.resume(city.engine, actor, city.chance.choice(held).task_id, reason=REASON, now=city.now)
        city.seen.acts["resumed early"] += 1


def _extend(city: City, actor: Actor, row: InboxRow) -> None:
    page = task_page(city.engine, actor, row.task_id, now=city.now)
    if not page.manages or page.due.due_on is None:
        return
    later = city.engine.reference.calendar.next_open(
        max(page.due.due_on, city.today) + timedelta(days=city.chance.choice((2, 5, 10)))
    )
    tasks.extend(city.engine, actor, row.task_id, due_on=later, reason=REASON, now=city.now)
    city.seen.acts["extended"] += 1


# ---------------------------------------------------------------- handing over


def _pass_on(city: City, actor: Actor, row: InboxRow) -> None:
    """Give a task of one's own, or of one's office, to a colleague who is there."""
    if _to_a_colleague(city, actor, row.task_id):
        city.seen.acts["reassigned"] += 1


def _to_a_colleague(city: City, actor: Actor, task_id: str) -> bool:
    page = task_page(city.engine, actor, task_id, now=city.now)
    there = [
        one for one, _ in page.colleagues if one not in city.away and one not in (actor.staff_id, page.assignee_id)
    ]
    if not there:
        return False
    tasks.reassign(city.engine, actor, task_id, city.chance.choice(sorted(there)), note=REASON, now=city.now)
    return True


def hand_over(city: City, person: Employee) -> None:
    """Before an absence: what can be given to somebody is given; the rest waits."""
    actor = city.actor(person)
    for row in city.inbox(actor, View.MINE):
        city.spend(60)
        try:
            city.seen.acts["handed over"] += _to_a_colleague(city, actor, row.task_id)
        except EngineError as refusal:
            city.refuse("hand over", refusal)


def look_after_late_work(city: City, person: Employee) -> None:
    """Who distributes work hears of level 1: what lies with somebody who is away is given to somebody who is there."""
    if not any(role in names for role in ("agency_manager", "supervisor") for names in _roles(person)):
        return
    actor = city.actor(person)
    since = city.now - timedelta(days=1)
    for notice in notices(city.engine, actor, now=city.now):
        if notice.at < since or notice.about not in ("level:1", "level:2") or not notice.task_id:
            continue
        page = task_page(city.engine, actor, notice.task_id, now=city.now)
        if page.is_open and page.manages and page.assignee_id in city.away:
            try:
                city.seen.acts["given to somebody present"] += _to_a_colleague(city, actor, notice.task_id)
            except EngineError as refusal:
                city.refuse("give to somebody present", refusal)


def _roles(person: Employee) -> list[list[str]]:
    return list(dict(people.POSTS)[person.post].values())


# ---------------------------------------------------------------- completing


def _claim_and_complete(city: City, person: Employee, actor: Actor, row: InboxRow) -> None:
    if city.chance.random() < 0.5:
        _claim(city, actor, row)
        city.spend()
    sheet = _sheet(city, row.task_id)
    desk = city.desk_of(person)
    raw = city.writer.fill(sheet.form, sheet.element_id, desk)
    if city.chance.random() < 0.1:
        raw = {**_prefilled(city, actor, row.task_id), **raw}
    refused: Mapping[str, str] = {}
    for _ in range(TRIES):
        try:
            tasks.complete(city.engine, actor, row.task_id, raw, now=city.now)
        except FormInvalid as refusal:
            refused = refusal.fields
            raw = city.writer.mend(raw, sheet.form, sheet.element_id, desk, refused)
            continue
        except ConsentMissing as refusal:
            city.refuse(sheet.element_id, refusal)
            if "sharing_basis" not in raw:
                return
            raw |= {"sharing_basis": "69条2項2号", "reason": REASON}
            continue
        city.seen.acts["completed"] += 1
        return
    for field in refused:
        city.seen.unfilled[(sheet.element_id, f"{field}: {refused[field]}")] += 1


def _sheet(city: City, task_id: str) -> Sheet:
    """The form behind a line of the inbox."""
    joined = user_task.join(process_instance, process_instance.c.id == user_task.c.instance_id)
    query = select(
        user_task.c.element_id, user_task.c.case_id, user_task.c.form_key, user_task.c.process_key,
        process_instance.c.version_id,
    ).select_from(joined)  # fmt: skip
    with city.engine.database.read() as connection:
        row = connection.execute(query.where(user_task.c.id == task_id)).one()
    form = city.engine.definitions.get(row.version_id).forms.form(row.form_key, row.process_key)
    return Sheet(task_id, row.element_id, row.case_id, form)


def _prefilled(city: City, actor: Actor, task_id: str) -> dict[str, Any]:
    """What the page offers before anything is typed."""
    with task_forms.of_task(city.engine, actor, task_id, now=city.now) as opened:
        city.seen.acts["forms opened"] += 1
        return dict(opened.prefilled.values)


# ---------------------------------------------------------------- events of cases


def events_of_cases(city: City) -> None:
    """Consents are withdrawn, grants given and ended, evaluations asked for out of turn; more in a larger city."""
    for name, share in (
        ("consent.withdraw", 0.06),
        ("review.request", 0.05),
        ("grant.give", 0.08),
        ("grant.end", 0.06),
    ):
        if city.cases and city.chance.random() < min(1.0, share * max(1.0, city.calls_a_day)):
            _command(city, name)
    if city.cases and city.chance.random() < 0.06 * max(1.0, city.calls_a_day):
        _start_beside(city)


def _command(city: City, name: str) -> None:
    """Somebody of the office that took the case carries out a command on it; several cases may be tried."""
    for _ in range(6):
        case_id, person = city.chance.choice(city.cases)
        if name == "review.request":
            person = next(one for one in city.people if one.post.startswith("mac"))
        city.spend()
        try:
            data = _data_of(city, name, case_id)
            commands.run(city.engine, city.actor(person), name, case_id, data, now=city.now)
        except EngineError as refusal:
            city.refuse(name, refusal)
            continue
        city.seen.acts[name] += 1
        return


def _data_of(city: City, name: str, case_id: str) -> dict[str, Any]:
    orgs = people.staffed(city.scale.staff, "intake_worker")
    until = city.today + timedelta(days=city.chance.choice((5, 20, 60)))
    return {
        "consent.withdraw": {"subject": city.chance.choice(("", "本人")), "reason": REASON},
        "review.request": {"reason": REASON},
        "grant.give": {
            "org": city.chance.choice(orgs), "scope_items": ["概要"], "until": until.isoformat(), "reason": REASON,
            "sharing_basis": city.chance.choice(("69条2項2号", "本人の同意")),
        },
        "grant.end": {"org": city.chance.choice(orgs), "reason": REASON},
    }[name]  # fmt: skip


def _start_beside(city: City) -> None:
    """On a case that there is already, a second process begins."""
    wanted = city.chance.choice(("outreach", "participation_handoff", "multi_agency_assessment"))
    case_id, _ = city.chance.choice(city.cases)
    for person in city.present():
        actor = city.actor(person)
        for choice in cases.startable(city.engine, actor):
            if choice.process_key != wanted:
                continue
            try:
                entry = city.chance.choice([name for name, _ in choice.entries])
                cases.start(
                    city.engine, actor, wanted, entry=entry, org_id=choice.org_id, case_id=case_id, now=city.now
                )
            except EngineError as refusal:
                city.refuse(f"start {wanted}", refusal)
                return
            city.seen.acts["started beside"] += 1
            return
