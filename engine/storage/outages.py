"""When the database cannot be used now: every driver's words for it become one error of the engine.

What the database itself refuses (a broken rule, an unknown table) stays the driver's error: trying again will not help.
"""

from __future__ import annotations

import logging
import sqlite3

from sqlalchemy import event
from sqlalchemy.engine import Engine as SqlEngine
from sqlalchemy.engine.interfaces import ExceptionContext

from engine.domain.errors import StaleVersion, StorageUnavailable

log = logging.getLogger(__name__)
#: SQLite's primary result codes (sqlite.org/rescode.html): another connection writes, memory, the disk, the file
SQLITE_AWAY = frozenset({
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL,
})  # fmt: skip
#: PostgreSQL's classes (Appendix A): connection, resources (disk full, too many connections), operator intervention
POSTGRES_AWAY = ("08", "53", "57", "58")
POSTGRES_CODES = frozenset({"25006", "55P03"})  #: read-only transaction; lock not available in time
POSTGRES_CONFLICT = frozenset({"40001", "40P01"})  #: serialization failure, deadlock: the other side won


def watch(engine: SqlEngine) -> None:
    """Let every connection of this engine say StorageUnavailable, or StaleVersion when another transaction won."""
    event.listen(engine, "handle_error", _translate)


def _translate(context: ExceptionContext) -> None:
    error = context.original_exception
    if getattr(error, "sqlstate", None) in POSTGRES_CONFLICT:
        raise StaleVersion(str(error).strip()) from error
    translate(error, broken=context.is_disconnect)


def translate(error: BaseException, *, broken: bool = False) -> None:
    """Raise StorageUnavailable for a driver's error that says so; ``broken``: the connection is known to be gone."""
    if broken or _says_away(error):
        log.warning("the database cannot be used: %s: %s", type(error).__name__, str(error).strip())
        raise StorageUnavailable(str(error).strip()) from error


def _says_away(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF in SQLITE_AWAY
    code = getattr(error, "sqlstate", None)
    if code is not None:
        return str(code).startswith(POSTGRES_AWAY) or code in POSTGRES_CODES
    return bool({"OperationalError", "InterfaceError"} & {kind.__name__ for kind in type(error).__mro__})
