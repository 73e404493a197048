"""What somebody wants to publish, to read: findings, scenarios, whom it hits; and instances moved together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from engine.domain.errors import NotFound
from engine.queries.outline import display_name
from engine.queries.standing import Counts, Standing
from engine.storage import definitions as store
from engine.storage import move_batches, publications
from engine.storage.move_batches import BatchRow, ItemRow
from engine.storage.publications import PublicationRow, ScenarioRow
from engine.storage.publishing_tables import publication
from engine.storage.tables import definition_version, staff

if TYPE_CHECKING:
    from engine.definitions.elements import BpmnModel, Element, Flow
    from engine.services.engine import Engine

ITEMS = 50  #: instances of a batch on one page
_JOINS = ("parallelGateway", "inclusiveGateway")
BATCHES = 20  #: batches of a process on one page


@dataclass(frozen=True)
class PublicationView:
    """The newest wish of a process with the names of the people, its scenarios, and the number it was based on."""

    row: PublicationRow
    scenarios: tuple[ScenarioRow, ...]
    people: Mapping[str, str]
    base_number: int | None
    number: int | None

    @property
    def waiting(self) -> int:
        """How many scenarios are still to be tried."""
        return sum(scenario.state == "waiting" for scenario in self.scenarios)

    @property
    def differing(self) -> int:
        """How many came out otherwise, or could not be tried."""
        return sum(scenario.state in ("differs", "unusable") for scenario in self.scenarios)


@dataclass(frozen=True)
class Hit:
    """One element at which instances stand, seen from a new version. fate: same, gone or unknown."""

    element_id: str
    name: str
    versions: Mapping[int, int]
    counts: Counts
    fate: str


@dataclass(frozen=True)
class BatchView:
    """A batch with its numbers and a page of its instances."""

    row: BatchRow
    old: int
    new: int
    counts: Mapping[str, int]
    items: tuple[ItemRow, ...]
    more: int | None
    people: Mapping[str, str]

    @property
    def total(self) -> int:
        """How many instances it has."""
        return sum(self.counts.values())


def publication_of(engine: Engine, key: str) -> PublicationView | None:
    """The newest wish of a process; None when there was none."""
    with engine.database.read() as connection:
        row = publications.latest(connection, key)
        if row is None:
            return None
        scenarios = publications.scenarios_of(connection, row.id)
        people = names(connection, (row.prepared_by, row.requested_by, row.decided_by))
        numbers = _numbers(connection, (row.base_version_id, row.version_id))
    return PublicationView(
        row, scenarios, people, numbers.get(row.base_version_id or ""), numbers.get(row.version_id or "")
    )


def open_publications(engine: Engine) -> dict[str, str]:
    """The processes for which something is prepared: key -> state."""
    query = select(publication.c.process_key, publication.c.state)
    with engine.database.read() as connection:
        rows = connection.execute(query.where(publication.c.state.in_(publications.OPEN)))
        return {row.process_key: row.state for row in rows}


def approvers(engine: Engine, key: str) -> dict[str, str]:
    """Who agreed to each version of a process: version id -> name."""
    query = (
        select(publication.c.version_id, staff.c.name)
        .join(staff, staff.c.id == publication.c.decided_by)
        .where(publication.c.process_key == key, publication.c.state == "live")
        .where(publication.c.decided_by != publication.c.requested_by)
        .order_by(publication.c.decided_at)
    )
    with engine.database.read() as connection:
        return {row.version_id: row.name for row in connection.execute(query)}


def hits(new: BpmnModel | None, found: Iterable[Standing], names_of: Mapping[str, str]) -> tuple[Hit, ...]:
    """Where instances stand, and whether a new version has that element; what it does not have comes first.

    new: None for one that cannot be read.
    """
    gathered: dict[str, tuple[dict[int, int], Counts]] = {}
    for one in found:
        versions, counts = gathered.setdefault(one.element_id, ({}, Counts()))
        versions[one.version] = versions.get(one.version, 0) + one.counts.here
        gathered[one.element_id] = (versions, counts + one.counts)
    told = [
        Hit(element_id, names_of.get(element_id, element_id), versions, counts,
            "unknown" if new is None else "same" if element_id in new.elements else "gone")
        for element_id, (versions, counts) in gathered.items()
        if counts.here
    ]  # fmt: skip
    return tuple(sorted(told, key=lambda hit: (hit.fate == "same", -hit.counts.here)))


# ---------------------------------------------------------------- moving together


def batches(engine: Engine, key: str, *, before: int) -> tuple[tuple[BatchRow, Mapping[str, int]], ...]:
    """The batches of a process with a number below ``before``, the newest first, each with its numbers."""
    with engine.database.read() as connection:
        rows = move_batches.of_process(connection, key, before=before, limit=BATCHES)
        counts = move_batches.counts_of(connection, [row.id for row in rows])
    return tuple((row, counts.get(row.id, {})) for row in rows)


def batch(engine: Engine, key: str, number: int, *, after: int = 0) -> BatchView:
    """A batch with the instances behind a position. Raises NotFound."""
    with engine.database.read() as connection:
        row = move_batches.get(connection, key, number)
        if row is None:
            raise NotFound("move batch")
        counts = move_batches.counts_of(connection, [row.id]).get(row.id, {})
        items = move_batches.items(connection, row.id, after=after, limit=ITEMS + 1)
        numbers = _numbers(connection, (row.from_version_id, row.to_version_id))
        people = names(connection, (row.created_by, row.acting_by))
    more = items[ITEMS - 1].position if len(items) > ITEMS else None
    return BatchView(row, numbers[row.from_version_id], numbers[row.to_version_id], counts, items[:ITEMS], more, people)


@dataclass(frozen=True)
class MapRow:
    """One element of the old version for which a place in the new one is chosen. choices: id and name."""

    element_id: str
    name: str
    here: int
    chosen: str
    choices: tuple[tuple[str, str], ...]


def map_rows(old: BpmnModel, new: BpmnModel, mapping: Mapping[str, str], here: Mapping[str, int]) -> tuple[MapRow, ...]:
    """The elements that the new version has not, has as another kind, or that are mapped; where something stands first.

    Choices are the elements of the same kind in the new version. Ways into a join come last: a branch that has arrived
    there is known by the way it came.
    """
    rows = [
        _map_row(element, new, mapping, here.get(element.id, 0))
        for element in old.elements.values()
        if element.id in mapping or not _same(element, new)
    ]
    return (*sorted(rows, key=lambda row: (-row.here, row.name)), *_way_rows(old, new, mapping))


def _same(element: Element, new: BpmnModel) -> bool:
    other = new.elements.get(element.id)
    return other is not None and other.kind == element.kind


def _map_row(element: Element, new: BpmnModel, mapping: Mapping[str, str], here: int) -> MapRow:
    choices = tuple((e.id, display_name(e)) for e in new.elements.values() if e.kind == element.kind)
    return MapRow(element.id, display_name(element), here, mapping.get(element.id, ""), choices)


def _way_rows(old: BpmnModel, new: BpmnModel, mapping: Mapping[str, str]) -> Iterator[MapRow]:
    choices = tuple((flow.id, _way(new, flow)) for flow in new.flows.values() if _joins(new, flow))
    for flow in old.flows.values():
        if flow.id in mapping or (flow.id not in new.flows and _joins(old, flow)):
            yield MapRow(flow.id, _way(old, flow), 0, mapping.get(flow.id, ""), choices)


def _joins(model: BpmnModel, flow: Flow) -> bool:
    target = model.elements.get(flow.target)
    return target is not None and target.kind in _JOINS and len(target.incoming) > 1


def _way(model: BpmnModel, flow: Flow) -> str:
    ends = (model.elements.get(flow.source), model.elements.get(flow.target))
    return "→".join(f"「{display_name(end)}」" if end is not None else "" for end in ends)


def version_numbers(engine: Engine, key: str) -> dict[int, str]:
    """The versions of a process: number -> id, the newest first. Raises NotFound where there is none."""
    with engine.database.read() as connection:
        found = store.versions_of(connection, key)
    if not found:
        raise NotFound("process")
    return dict(sorted(found.items(), reverse=True))


def names(connection: Connection, staff_ids: Iterable[str | None]) -> dict[str, str]:
    """The names of people by id."""
    wanted = sorted({staff_id for staff_id in staff_ids if staff_id})
    query = select(staff.c.id, staff.c.name).where(staff.c.id.in_(wanted))
    return {row.id: row.name for row in connection.execute(query)}


def _numbers(connection: Connection, version_ids: Iterable[str | None]) -> dict[str, int]:
    wanted = [version_id for version_id in version_ids if version_id]
    query = select(definition_version.c.id, definition_version.c.number).where(definition_version.c.id.in_(wanted))
    return {row.id: row.number for row in connection.execute(query)}
