"""Processes: which there are, what the live version says, and the files of all versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from flask import Blueprint, Response, url_for

from engine.queries import processes
from engine.queries.outline import Step
from engine.queries.processes import ProcessPage, ProcessRow
from engine.queries.processes import Version as VersionRow
from web.api import answering
from web.api.describing import Operation, operation
from web.api.schemas import Note
from web.api.shapes import Instant
from web.policy import policy
from web.runtime import engine

blueprint = Blueprint("api_definitions", __name__, url_prefix="/api/v1/definitions")
BPMN = "application/xml"


@dataclass(frozen=True)
class Definition:
    """A process of which a version is live."""

    key: str
    name: str
    purpose: Annotated[str, Note("First sentence of its documentation.")]
    version: Annotated[int, Note("Number of the live version.")]
    published_at: Instant
    user_tasks: int
    running: Annotated[int, Note("Instances of all versions that have not ended.")]

    @classmethod
    def of(cls, row: ProcessRow) -> Definition:
        """As the queries have it."""
        return cls(
            row.key, row.name, row.purpose, row.version_number, row.deployed_at, row.user_tasks, row.running
        )  # fmt: skip


@dataclass(frozen=True)
class Definitions:
    """All processes, by key."""

    items: tuple[Definition, ...]


@dataclass(frozen=True)
class Version:
    """One version of a process; `published_at` is null for one that never was live."""

    number: int
    created_at: Instant
    published_at: Instant | None
    published_by: str
    reason: str
    running: int
    live: bool
    file: Annotated[str, Note("Address of its BPMN file.")]

    @classmethod
    def of(cls, key: str, row: VersionRow) -> Version:
        """As the queries have it."""
        file = url_for("api_definitions.file", key=key, version=row.number)
        return cls(
            row.number, row.created_at, row.deployed_at, row.deployed_by, row.reason, row.running, row.live, file
        )  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A way in: how an instance may be started."""

    name: str
    label: str


@dataclass(frozen=True)
class Way:
    """A way on from a step."""

    label: str
    to: Annotated[str, Note("Id of the element it leads to.")]


@dataclass(frozen=True)
class OutlineStep:
    """One step of the diagram, in the order in which a case reaches them."""

    element_id: str
    kind: str
    name: str
    depth: Annotated[int, Note("How many sub-processes it lies in.")]
    lane: str
    roles: tuple[str, ...]
    period: str
    city_staff_only: bool
    repeats: bool
    documentation: str
    ways: tuple[Way, ...]

    @classmethod
    def of(cls, step: Step) -> OutlineStep:
        """As the queries have it."""
        return cls(
            step.element_id, step.kind.value, step.name, step.depth, step.lane, step.roles, step.period,
            step.city_staff_only, step.repeats, step.documentation,
            tuple(Way(way.label, way.target_id) for way in step.ways),
        )  # fmt: skip


@dataclass(frozen=True)
class DefinitionDetail:
    """The live version of a process, and all its versions, the newest first."""

    key: str
    name: str
    documentation: str
    version: int
    entries: tuple[Entry, ...]
    operations: tuple[str, ...]
    steps: tuple[OutlineStep, ...]
    versions: tuple[Version, ...]

    @classmethod
    def of(cls, page: ProcessPage) -> DefinitionDetail:
        """As the queries have it."""
        return cls(
            page.key, page.name, page.documentation, page.version.number, tuple(Entry(*pair) for pair in page.entries),
            page.operations, tuple(OutlineStep.of(step) for step in page.steps),
            tuple(Version.of(page.key, row) for row in page.versions),
        )  # fmt: skip


@blueprint.get("")
@policy("signed_in")
@operation(Operation("listDefinitions", "All processes", Definitions))
def listing() -> Response:
    """The processes of which a version is live."""
    return answering.answer(Definitions(tuple(Definition.of(row) for row in processes.processes(engine()))))


@blueprint.get("/<key>")
@policy("signed_in")
@operation(Operation("getDefinition", "One process", DefinitionDetail))
def show(key: str) -> Response:
    """The live version as an outline, and the list of versions."""
    return answering.answer(DefinitionDetail.of(processes.process_page(engine(), key)))


@blueprint.get("/<key>/versions/<int(max=100000):version>.bpmn")
@policy("signed_in")
@operation(Operation("getDiagram", "The BPMN file of a version", media=BPMN))
def file(key: str, version: int) -> Response:
    """The file as it was published."""
    return Response(processes.process_diagram(engine(), key, version), mimetype=BPMN)
