"""Names of organisations by their ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from engine.storage.prepared import Prepared
from engine.storage.sql import among
from engine.storage.tables import organisation

_NAMES = Prepared.by_dialect(
    lambda dialect: select(organisation.c.id, organisation.c.name).where(among(dialect, organisation.c.id, "orgs"))
)


def org_names(connection: Connection, ids: Iterable[str | None]) -> dict[str, str]:
    """The names of those of the organisations that there are; no id and an empty one are passed over."""
    found: Any = _NAMES.rows(connection, {"orgs": sorted({org for org in ids if org})})
    return dict(found)
