"""Every accepted row of the profile runs through the services: started, saved, read by a fresh engine, completed.

Each model runs in several ways: people first, events first, another moment first. Before every act everything that was
parsed is dropped, as if another process went on. Together the ways must reach every element of the model.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.definitions.model import read_model
from engine.definitions.package import PROCESS_FILE, called_files, content_hash
from engine.services import cases, tasks
from engine.services.deployed import DefinitionCache
from engine.services.starting import start_instance
from engine.services.steps import transaction
from engine.storage import definitions as definition_store
from engine.storage import messages
from tests.models import accepted_models, surroundings
from tests.support.casework import Casework, a_form, tokyo
from tests.support.databases import copied_sqlite

MAX_ACTS = 30
MOMENTS = 3  #: after so many moments the events-first way lets messages arrive: a cycle never ends by itself
#: row -> where it runs; what its model shows beside the row itself needs two people and city staff
ELSEWHERE = {"bpmn:userTask": "tests/integration/services/test_tasks.py"}
ROWS = [row for row in accepted_models.MODELS if row not in ELSEWHERE]
ORGS = ["AG-04", "AG-04"]


@dataclass(frozen=True)
class Way:
    """values: what the process starts with. data: what people fill in. newest: the task that is done first."""

    name: str
    events_first: bool = False
    newest: bool = False
    values: dict[str, object] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)


WAYS = (
    Way("people first", newest=True, values={"level": "重い", "orgs": ORGS, "review_on": date(2026, 6, 1)},
        data={"answer": "はい", "looked": "よい"}),
    Way("events first", events_first=True, values={"level": "軽い", "orgs": ORGS, "review_on": date(2026, 6, 1)}),
    Way("another moment first", events_first=True, values={"review_on": date(2026, 4, 2)}),
)  # fmt: skip


@pytest.fixture(scope="module")
def office(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Casework]:
    """One office for all rows."""
    opened = Casework.open(copied_sqlite(sqlite_template, tmp_path_factory.mktemp("rows") / "rows.sqlite3"))
    yield opened
    opened.engine.database.dispose()


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_profile_runs_from_start_to_end(office: Casework, row: str) -> None:
    files = package_files(row)
    model = read_model(files[PROCESS_FILE]).with_called(
        {key: read_model(content) for key, content in called_files(files).items()}
    )
    publish(office, files)
    reached: set[str] = set()
    for way in WAYS[: 3 if "review_on" in model.all_variables else 2]:
        run = Run(office, way)
        run.to_the_end()
        assert run.status == "completed"
        assert model.elements[run.ended_by.split()[0]].scope == "sample"
        reached |= run.reached()
    assert set(model.elements) - reached == set()


def package_files(row: str) -> dict[str, bytes]:
    """The files of a model's version, with a form for every task; the operation is the one that is registered."""
    text = accepted_models.MODELS[row]().text().replace('inputParameter name="org"', 'inputParameter name="lead_org"')
    files = surroundings.files(text.encode())
    diagrams = {"sample": files[PROCESS_FILE], **called_files(files)}
    for key, content in diagrams.items():
        for settings in read_model(content).task_settings.values():
            form = a_form(settings.form_key, optional=("note", "answer", "looked"))
            files[f"{key}/forms/{settings.form_key}.json"] = form
    return files


def publish(office: Casework, files: dict[str, bytes]) -> None:
    """Make the version live without the checks of publishing: tests/unit/definitions makes them."""
    sign = content_hash(files)
    with office.engine.database.write() as connection:
        version = definition_store.find(connection, "sample", sign) or definition_store.add(
            connection, process_key="sample", name="見本", content_hash=sign, files=files, engine_version="test",
            now=office.now,
        )  # fmt: skip
        definition_store.deploy(
            connection, process_key="sample", version_id=version, by=None, reason="test", checks=[], now=office.now
        )


class Run:
    """One instance on its way."""

    def __init__(self, office: Casework, way: Way) -> None:
        self.office, self.way, self.moments = office, way, 0
        office.now = tokyo("2026-04-01T09:00")
        engine, worker = office.engine, office.person("worker")
        with engine.database.read() as connection:
            deployed = engine.definitions.live(connection, "sample")
        with transaction(engine) as tx:
            case = cases.open_case(engine, tx, worker, "AG-04", now=office.now)
            step, _ = start_instance(
                engine, tx, worker, deployed, case, entry="manual", payload=way.values, now=office.now
            )
        self.case_id, self.instance_id = case.id, step.instance_id

    def _rows(self, sql: str) -> list[Any]:
        return self.office.rows(sql, i=self.instance_id)

    @property
    def status(self) -> str:
        return str(self._rows("SELECT status FROM process_instance WHERE id = :i")[0].status)

    @property
    def ended_by(self) -> str:
        return str(self._rows("SELECT ended_by FROM process_instance WHERE id = :i")[0].ended_by)

    def to_the_end(self) -> None:
        """Act until the instance runs no more."""
        acts = [self.happen, self.work] if self.way.events_first else [self.work, self.happen]
        for _ in range(MAX_ACTS):
            if self.status != "running":
                return
            engine = self.office.engine
            self.office.engine = replace(engine, definitions=DefinitionCache(engine.database))
            assert any(act() for act in acts), f"nothing can go on after {sorted(self.reached())}"
        raise AssertionError(f"no end after {MAX_ACTS} acts: {sorted(self.reached())}")

    def work(self) -> bool:
        """Complete an open task."""
        found = self._rows("SELECT id FROM user_task WHERE instance_id = :i AND state = 'open' ORDER BY opened_at, id")
        if found:
            task_id = found[-1 if self.way.newest else 0].id
            office = self.office
            tasks.complete(office.engine, office.person("worker"), task_id, self.way.data, now=office.now)
        return bool(found)

    def happen(self) -> bool:
        """Let the next moment come, or a message arrive."""
        waiting = self._rows("SELECT message FROM subscription WHERE instance_id = :i ORDER BY id")
        of_tokens = "instance_id = :i AND kind = 'token' AND state = 'pending'"
        moments = self._rows(f"SELECT fires_at FROM timer WHERE {of_tokens} ORDER BY fires_at")
        if moments and (not waiting or (self.way.events_first and self.moments < MOMENTS)):
            self.moments += 1
            self.office.now = max(self.office.now, _instant(moments[0].fires_at))
            assert self.office.tick().fired >= 1
        elif waiting:
            self.tell(waiting[0].message)
        return bool(moments or waiting)

    def tell(self, name: str) -> None:
        """A message that another instance of the case has sent."""
        now, key = self.office.now, f"{self.instance_id}:{name}:{len(self.reached())}"
        row = {
            "kind": "message", "name": name, "case_id": self.case_id, "from_instance": None,
            "delivery_key": key, "payload": {"level": "重い"}, "keys": {},
            "created_at": now, "next_at": now, "state": "pending",
        }  # fmt: skip
        with self.office.engine.database.write() as connection:
            messages.send(connection, [row])
        assert self.office.tick().delivered >= 1

    def reached(self) -> set[str]:
        """Elements that left a line in the history."""
        return {row.element_id for row in self._rows("SELECT DISTINCT element_id FROM history WHERE instance_id = :i")}


def _instant(stored: str) -> datetime:
    return datetime.fromisoformat(stored.removesuffix("Z")).replace(tzinfo=UTC)
