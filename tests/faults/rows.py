"""What an act changed in the whole database: for each table, how many rows came and how many went."""

from __future__ import annotations

from collections import Counter
from typing import Any

from engine.services.engine import Engine
from engine.storage.tables import metadata

#: how often and when something is tried again is not what the act was for; who looked at what is noted by itself
RETRIES = {
    "timer": {"state", "lease_owner", "lease_until", "fence", "attempts", "next_at"},
    "outbox": {"attempts", "next_at"},
}
LEFT_OUT = {"access_log", "scheduler_node"}
Rows = dict[str, Counter[Any]]
Change = dict[str, tuple[int, int]]


def all_rows(engine: Engine) -> Rows:
    """Every row of every table, as the driver gives it; of a timer only whether it still waits."""
    found: Rows = {}
    with engine.database.read() as connection:
        for table in metadata.sorted_tables:
            if table.name in LEFT_OUT:
                continue
            names = [f'"{c.name}"' for c in table.c if c.name not in RETRIES.get(table.name, ())]
            rows = connection.exec_driver_sql(f'SELECT {", ".join(names)} FROM "{table.name}"')
            found[table.name] = Counter(map(repr, rows))
        states = connection.exec_driver_sql("SELECT id, state FROM timer")
        found["timer state"] = Counter((i, state.replace("claimed", "pending")) for i, state in states)
    return found


def change(before: Rows, after: Rows) -> Change:
    """Rows that came and went, by table; tables without any are left out."""
    moved = {name: ((after[name] - before[name]).total(), (before[name] - after[name]).total()) for name in after}
    return {name: counts for name, counts in moved.items() if counts != (0, 0)}
