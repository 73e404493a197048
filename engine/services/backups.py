"""Backup and restore as acts of an administrator: noted in the trail, refused while somebody works."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from engine.domain.errors import EngineError
from engine.services import scheduler_nodes
from engine.services.casework import store_of
from engine.services.engine import Engine
from engine.storage import audit, backup
from engine.storage.backup import BackupUnusable, DatabaseInUse, Manifest
from engine.storage.schema import is_current

__all__ = ["BackupUnusable", "DatabaseInUse", "Manifest", "StillRunning", "back_up", "restore", "verify"]


class StillRunning(EngineError):
    """A scheduler works on the database that was to be replaced."""

    code = "still_running"


verify = backup.verify


def back_up(engine: Engine, path: Path, *, now: datetime) -> Manifest:
    """Write the whole database and all attached files to a new file. The act is in the trail, and so in the file too.

    Raises BackupUnusable for a database of another version, FileExistsError, OSError.
    """
    if not is_current(engine.database):
        raise BackupUnusable("データベースの版がソフトウェアと合いません。tsunagu migrate の後で行ってください。")
    with engine.database.write() as connection:
        audit.append(connection, chain=audit.SYSTEM_CHAIN, at=now, actor="system", act="installation.backed_up")
    return backup.back_up(engine.database, path, now=now, files=store_of(engine))


def restore(engine: Engine, path: Path, *, replace: bool, now: datetime) -> Manifest:
    """Put a backup into the engine's database: all or nothing. The act is added to the restored trail.

    Raises BackupUnusable, DatabaseInUse (without ``replace``), StillRunning.
    """
    if is_current(engine.database):
        nodes = scheduler_nodes.everyone(engine)
        if any(scheduler_nodes.is_alive(node, now=now) for node in nodes):
            raise StillRunning
    manifest = backup.restore(engine.settings.database_url, path, replace=replace, files=store_of(engine))
    with engine.database.write() as connection:
        data = {"taken_at": manifest.created_at, "rows": manifest.rows}
        audit.append(
            connection, chain=audit.SYSTEM_CHAIN, at=now, actor="system", act="installation.restored", data=data
        )
    return manifest
