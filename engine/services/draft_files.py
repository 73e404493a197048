"""The files of a draft around its diagram: a process that is called comes along, one that no longer is goes."""

from __future__ import annotations

from collections.abc import Mapping

from engine.definitions.model import read_model
from engine.definitions.package import PROCESS_FILE
from engine.domain.errors import DefinitionRefused
from engine.storage import definitions as store
from engine.storage.database import Connection


def fitting(connection: Connection, process_key: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files that belong to a diagram: those given, and of processes that it begins to call those live now.

    A call of something that was never live, and a diagram that cannot be read, are left to the checks.
    """
    found, live = dict(files), store.live_versions(connection)
    reached: set[str] = set()
    todo = _called(found.get(PROCESS_FILE, b""))
    if todo is None:
        return found
    while todo:
        key = todo.pop()
        if key in reached or key == process_key:
            continue
        reached.add(key)
        if _diagram(key) not in found:
            version = store.get(connection, live.get(key, ""))
            found = {**_as_called(key, version.files if version else {}), **found}
        todo += _called(found.get(_diagram(key), b"")) or ()
    own = ("forms/", f"{process_key}/", *(f"{key}/" for key in reached))
    return {path: content for path, content in found.items() if path == PROCESS_FILE or path.startswith(own)}


def _called(diagram: bytes) -> list[str] | None:
    try:
        return [call.called for call in read_model(diagram).calls]
    except DefinitionRefused:
        return None


def _as_called(key: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {_diagram(key) if path == PROCESS_FILE else path: content for path, content in files.items()}


def _diagram(key: str) -> str:
    return f"{key}/{PROCESS_FILE}"
