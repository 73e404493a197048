"""Save what this version leaves behind: ``python -m tests.upgrades.make`` before a release that changes either format.

Nothing that is already there is replaced: what an older version wrote stays as it was written.
"""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from engine import bootstrap
from engine.bpmn.snapshot import FORMAT
from engine.config import ROOT, Settings
from engine.demo import ensure_demo
from engine.services import backups
from engine.storage import database
from engine.storage.schema import newest
from tests.support.postgres import running_server
from tests.unit.bpmn.driving import Instance
from tests.unit.bpmn.rows import ROWS, Row
from tests.upgrades.saved import ARCHIVE, CORPUS, SCHEMA, SavedRow
from tests.upgrades.schema_text import schema_text


def main() -> None:
    CORPUS.mkdir(exist_ok=True)
    snapshots = CORPUS / f"snapshots-{FORMAT}.json"
    if not snapshots.exists():
        rows = [_saved(row).written() for row in ROWS]
        snapshots.write_text(json.dumps(rows, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    folder = CORPUS / newest()
    if not folder.exists():
        folder.mkdir()
        _save_archive(folder / ARCHIVE)
        _save_schemas(folder)


def _saved(row: Row) -> SavedRow:
    instance = Instance(row.xml, **row.variables)
    for act in row.acts:
        instance.act(act)
    return SavedRow(
        row.name, row.xml, [list(act) for act in row.acts], row.expected, [step.snapshot for step in instance.steps]
    )


def _save_archive(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database_url=f"sqlite:///{folder}/demo.sqlite3", workflows=ROOT / "workflows")
        database.migrate(settings.database_url)
        ensure_demo(settings)
        engine = bootstrap.build(settings)
        try:
            backups.back_up(engine, path, now=datetime.now(UTC))
        finally:
            engine.database.dispose()


def _save_schemas(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch, running_server() as server:
        for kind, url in {"sqlite": f"sqlite:///{scratch}/empty.sqlite3", "postgresql": server.create("empty")}.items():
            database.migrate(url)
            (folder / f"{kind}-{SCHEMA}").write_text(schema_text(url) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
