"""Scenarios tried on processes that are not published: a program of its own, so that it takes nobody's time.

Reads ``order.msgpack`` of a folder (``workflows``: folder of the reference data; ``packages``: files by process key;
``scenarios``: paths) and writes a JSON line for each scenario: ``{"file", "state", "lines"}`` with the states passed,
differs and unusable. The database is thrown away.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from engine import bootstrap
from engine.config import Settings
from engine.definitions.model import read_model
from engine.definitions.package import PROCESS_FILE, content_hash
from engine.scenarios import report
from engine.scenarios.errors import ScenarioInvalid
from engine.scenarios.loader import load
from engine.scenarios.moments import VirtualClock
from engine.scenarios.runner import run
from engine.scenarios.world import clear
from engine.services import reference_data
from engine.services.engine import Engine
from engine.storage import definitions as store
from engine.storage.database import migrate

ORDER = "order.msgpack"


class Order(msgspec.Struct):
    """What is to be tried."""

    workflows: str
    packages: dict[str, dict[str, bytes]]
    scenarios: list[str]


def rehearse(folder: Path) -> Iterator[dict[str, Any]]:
    """Run the scenarios of the order in a folder, each on an empty database with these processes live."""
    order = msgspec.msgpack.decode((folder / ORDER).read_bytes(), type=Order)
    url, engine = f"sqlite:///{folder}/rehearsal.sqlite3", None
    for path in map(Path, order.scenarios):
        try:
            scenario = load(path)
        except (ScenarioInvalid, OSError) as error:
            yield {"file": path.name, "state": "unusable", "lines": _problems(error, path)}
            continue
        if engine is None:
            engine = _stage(url, order, VirtualClock(scenario.now))
        else:
            clear(engine)
        result = run(engine, scenario)
        lines = [f"{report.where(failure)}{failure.text_ja}" for failure in result.failures]
        yield {"file": path.name, "state": "passed" if result.passed else "differs", "lines": lines}
    if engine is not None:
        engine.database.dispose()


def _problems(error: Exception, path: Path) -> list[str]:
    """What is wrong with a file, without the folder in which it lies."""
    return [str(problem).replace(f"{path.parent}/", "") for problem in getattr(error, "problems", (error,))]


def _stage(url: str, order: Order, clock: VirtualClock) -> Engine:
    """All packages live as they are: those of the installation ran already, the other one was checked."""
    migrate(url)
    engine = bootstrap.build(Settings(database_url=url, workflows=Path(order.workflows)), clock=clock)
    reference_data.load(engine.database, engine.reference)
    with engine.database.write() as connection:
        for key, files in order.packages.items():
            _publish(connection, key, files, clock)
    return engine


def _publish(connection: Any, key: str, files: Mapping[str, bytes], clock: VirtualClock) -> None:
    version_id = store.add(
        connection, process_key=key, name=read_model(files[PROCESS_FILE]).name or key,
        content_hash=content_hash(files), files=files, engine_version="rehearsal", now=clock.now(),
    )  # fmt: skip
    store.deploy(
        connection, process_key=key, version_id=version_id, by=None, reason="rehearsal", checks={}, now=clock.now()
    )  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """The program: ``python -m engine.scenarios.rehearsal FOLDER``."""
    for told in rehearse(Path(arguments[0])):
        print(json.dumps(told, ensure_ascii=False), flush=True)  # noqa: T201 - this is its answer
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
