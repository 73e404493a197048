"""Process definitions as people read them: which exist, which version is live, and what a version says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, select

from engine.domain.errors import NotFound
from engine.queries.decision_tables import DecisionView, decision_views
from engine.queries.outline import Step, outline
from engine.storage.tables import definition_version, deployment, process_instance, staff

if TYPE_CHECKING:
    from engine.services.engine import Engine


@dataclass(frozen=True)
class ProcessRow:
    """One process of the list. ``purpose``: first sentence of its text; ``running``: instances of all versions."""

    key: str
    name: str
    purpose: str
    version_number: int
    deployed_at: datetime
    user_tasks: int
    running: int


@dataclass(frozen=True)
class Version:
    """One version with the act that made it live last (None: never). ``live``: new instances start on it."""

    id: str
    number: int
    created_at: datetime
    deployed_at: datetime | None
    deployed_by: str
    reason: str
    running: int
    live: bool


@dataclass(frozen=True)
class ProcessPage:
    """One version of one process, to read."""

    key: str
    name: str
    documentation: str
    version: Version
    versions: tuple[Version, ...]
    steps: tuple[Step, ...]
    entries: tuple[tuple[str, str], ...]
    operations: tuple[str, ...]
    decisions: tuple[DecisionView, ...] = ()

    @property
    def published(self) -> bool:
        """Whether any version of it was ever live."""
        return any(version.deployed_at is not None for version in self.versions)


def processes(engine: Engine) -> tuple[ProcessRow, ...]:
    """The deployed processes by key. Numbers of instances name no case, so every staff member may read them."""
    with engine.database.read() as connection:
        running = _running(connection)
        deployed = {row.process_key: row.deployed_at for row in connection.execute(_live())}
    rows = []
    for live in engine.definitions.all_live():
        rows.append(
            ProcessRow(
                key=live.process_key,
                name=live.name,
                purpose=_first_sentence(live.model.documentation),
                version_number=live.number,
                deployed_at=deployed[live.process_key],
                user_tasks=len(live.model.user_tasks),
                running=sum(count for (key, _), count in running.items() if key == live.process_key),
            )
        )
    return tuple(rows)


def process_page(engine: Engine, key: str, number: int | None = None, *, begun: bool = False) -> ProcessPage:
    """The live version of a process, or the one with that number. begun: what it began with, where none is live.

    Raises NotFound.
    """
    with engine.database.read() as connection:
        versions = _versions(connection, key)
    chosen = next((v for v in versions if (v.live if number is None else v.number == number)), None)
    if begun and chosen is None and not any(v.deployed_at for v in versions):
        chosen = next(iter(versions), None)
    if chosen is None:
        raise NotFound("process")
    deployed = engine.definitions.get(chosen.id)
    model = deployed.model
    return ProcessPage(
        key=key,
        name=deployed.name,
        documentation=model.documentation,
        version=chosen,
        versions=versions,
        steps=outline(model),
        entries=tuple((entry.name, entry.label) for entry in model.entries),
        operations=tuple(sorted(model.operations)),
        decisions=decision_views(deployed, engine.reference.names()),
    )


def process_diagram(engine: Engine, key: str, number: int) -> bytes:
    """The BPMN file of a version. Raises NotFound."""
    query = select(definition_version.c.id).where(
        definition_version.c.process_key == key, definition_version.c.number == number
    )
    with engine.database.read() as connection:
        version_id = connection.execute(query).scalar()
    if version_id is None:
        raise NotFound("process")
    return engine.definitions.get(version_id).bpmn


def _live() -> Any:
    newest = select(func.max(deployment.c.id)).group_by(deployment.c.process_key)
    return select(deployment).where(deployment.c.id.in_(newest))


def _versions(connection: Connection, key: str) -> tuple[Version, ...]:
    """All versions of a process, the newest first."""
    live = connection.execute(_live().where(deployment.c.process_key == key)).first()
    acts = {
        row.version_id: row
        for row in connection.execute(
            select(deployment.c.version_id, deployment.c.deployed_at, deployment.c.reason, staff.c.name)
            .outerjoin(staff, staff.c.id == deployment.c.deployed_by)
            .where(deployment.c.process_key == key)
            .order_by(deployment.c.id)
        )
    }
    running = _running(connection)
    columns = (definition_version.c.id, definition_version.c.number, definition_version.c.created_at)
    query = select(*columns).where(definition_version.c.process_key == key).order_by(definition_version.c.number.desc())
    return tuple(
        _version(row, acts.get(row.id), running.get((key, row.id), 0), live is not None and live.version_id == row.id)
        for row in connection.execute(query)
    )


def _version(row: Any, act: Any, running: int, live: bool) -> Version:
    return Version(
        id=row.id,
        number=row.number,
        created_at=row.created_at,
        deployed_at=act.deployed_at if act else None,
        deployed_by=(act.name or "") if act else "",
        reason=act.reason if act else "",
        running=running,
        live=live,
    )


def _running(connection: Connection) -> dict[tuple[str, str], int]:
    """Instances that are not ended, by process key and version."""
    pair = (process_instance.c.process_key, process_instance.c.version_id)
    query = select(*pair, func.count()).where(process_instance.c.status.in_(("running", "incident"))).group_by(*pair)
    return {(key, version): count for key, version, count in connection.execute(query)}


def _first_sentence(text: str) -> str:
    return text.strip().split("\n")[0].split("。")[0].strip()
