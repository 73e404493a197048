"""Wires the parts of one process together, once: settings in, engine out."""

from __future__ import annotations

import importlib
import logging
import pkgutil

from engine.config import Settings
from engine.ports import Clock, SystemClock
from engine.reference.book import ReferenceBook
from engine.reference.loader import load
from engine.services import operations
from engine.services.deployed import DefinitionCache
from engine.services.engine import Engine
from engine.storage.database import Database

#: Libraries that report each of their steps at INFO, a line per state of a task. Their warnings stay.
CHATTY = ("spiff",)


def build(settings: Settings, *, clock: Clock | None = None) -> Engine:
    """The engine of this process. The database is opened on first use and is expected to be migrated.

    Raises ReferenceFileInvalid when the reference data contradict each other.
    """
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    register_operations()
    database = Database(settings.database_url, patience_s=settings.busy_timeout_s)
    return Engine(
        database=database,
        book=ReferenceBook(load(settings.workflows)),
        definitions=DefinitionCache(database),
        settings=settings,
        clock=clock or SystemClock(),
    )


def register_operations() -> None:
    """Import every module of service operations: each enters its functions into the registry when it is imported."""
    for module in pkgutil.iter_modules(operations.__path__):
        importlib.import_module(f"{operations.__name__}.{module.name}")
