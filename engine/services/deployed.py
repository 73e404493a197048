"""Deployed versions, parsed once per process and shared by all threads; nothing here is written at run time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.bpmn.parser import ProcessSpecs, parse_process
from engine.decisions.model import Table
from engine.definitions.elements import CALLED_ENTRY
from engine.definitions.model import BpmnModel, read_model
from engine.definitions.package import PROCESS_FILE, called_files
from engine.definitions.tables import tables_of
from engine.domain.errors import DefinitionRefused, NotFound, ReferenceMissing
from engine.forms.library import FormLibrary
from engine.storage import definitions as store
from engine.storage.database import Connection, Database

log = logging.getLogger(__name__)

#: what every called process knows of its caller: variable there -> expression here
GIVEN: Mapping[str, str] = {
    "entry": f'"{CALLED_ENTRY}"',
    "case_id": "case_id",
    "owner_org": "owner_org",
    "lead_org": "lead_org",
    "started_on": "started_on",
}


@dataclass(frozen=True)
class Deployed:
    """One version of one process with everything it calls: what to run, what it says, and the forms.

    bpmn: its own diagram. model: also answers for the elements of called processes.
    """

    version_id: str
    process_key: str
    number: int
    name: str
    bpmn: bytes
    specs: ProcessSpecs
    model: BpmnModel
    forms: FormLibrary
    decisions: Mapping[str, Table] = field(default_factory=dict)  #: by the name that business rule tasks use
    called: Mapping[str, bytes] = field(default_factory=dict)  #: diagrams of called processes by process key


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
        """The live version of every process, by key; one that this software cannot read is left out and logged."""
        with self._database.read() as connection:
            live = store.live_versions(connection)
        return [found for found in (self._readable(key, live[key]) for key in sorted(live)) if found is not None]

    def _readable(self, process_key: str, version_id: str) -> Deployed | None:
        try:
            return self.get(version_id)
        except DefinitionRefused:
            log.exception("the live version of %s cannot be read", process_key)
            return None


def _parse(row: store.VersionRow) -> Deployed:
    bpmn, called = row.files[PROCESS_FILE], called_files(row.files)
    forms = {path: content for path, content in row.files.items() if path.endswith(".json")}
    return Deployed(
        version_id=row.id,
        process_key=row.process_key,
        number=row.number,
        name=row.name,
        bpmn=bpmn,
        specs=parse_process(bpmn, row.process_key, called, GIVEN),
        model=read_model(bpmn).with_called({key: read_model(content) for key, content in called.items()}),
        forms=FormLibrary.load(forms),
        decisions=tables_of(row.files),
        called=called,
    )
