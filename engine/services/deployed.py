"""Deployed versions, parsed once per process and shared by all threads; nothing here is written at run time."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from engine.bpmn.parser import ProcessSpecs, parse_process
from engine.definitions.model import BpmnModel, read_model
from engine.domain.errors import NotFound, ReferenceMissing
from engine.forms.library import FormLibrary
from engine.storage import definitions as store
from engine.storage.database import Connection, Database

PROCESS_FILE = "process.bpmn"


@dataclass(frozen=True)
class Deployed:
    """One version of one process: what to run, what it says, and its forms."""

    version_id: str
    process_key: str
    number: int
    name: str
    bpmn: bytes
    specs: ProcessSpecs
    model: BpmnModel
    forms: FormLibrary


class DefinitionCache:
    """Versions by id; a version never changes, so an entry is never stale."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_id: dict[str, Deployed] = {}
        self._lock = threading.Lock()

    def get(self, version_id: str) -> Deployed:
        """The version; NotFound for an id that does not exist."""
        known = self._by_id.get(version_id)
        if known is not None:
            return known
        with self._database.read() as connection:
            row = store.get(connection, version_id)
        if row is None:
            raise NotFound("definition version")
        with self._lock:
            if version_id not in self._by_id:
                self._by_id[version_id] = _parse(row)
            return self._by_id[version_id]

    def live(self, connection: Connection, process_key: str) -> Deployed:
        """The version on which new instances start. Raises ReferenceMissing when none was deployed."""
        version_id = store.live_versions(connection).get(process_key)
        if version_id is None:
            raise ReferenceMissing(f"no deployed version of {process_key}")
        return self.get(version_id)

    def all_live(self) -> list[Deployed]:
        """The live version of every process, by key."""
        with self._database.read() as connection:
            live = store.live_versions(connection)
        return [self.get(live[key]) for key in sorted(live)]


def _parse(row: store.VersionRow) -> Deployed:
    bpmn = row.files[PROCESS_FILE]
    forms = {path: content for path, content in row.files.items() if path.endswith(".json")}
    return Deployed(
        version_id=row.id,
        process_key=row.process_key,
        number=row.number,
        name=row.name,
        bpmn=bpmn,
        specs=parse_process(bpmn, row.process_key),
        model=read_model(bpmn),
        forms=FormLibrary.load(forms),
    )
