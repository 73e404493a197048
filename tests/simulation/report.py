"""What a run of the simulated city did, as tables: by month, by way out, by promise."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from engine.domain.business_days import tokyo_date
from engine.storage.tables import outbox, process_instance, raised, support_case, user_task
from tests.simulation.checks import INVARIANTS
from tests.simulation.year import Year

PROCESSES = (
    "intake", "outreach", "multi_agency_assessment", "plan_approval", "plan_execution", "participation_handoff",
    "participation_support",
)  # fmt: skip
LEVELS = ("warn", "overdue", "1", "2", "3")


def write(year: Year, folder: Path) -> str:
    """Write simulation.md and simulation.json into a folder, and return the text of the first."""
    folder.mkdir(exist_ok=True)
    text = "\n".join(_lines(year)) + "\n"
    (folder / "simulation.md").write_text(text, encoding="utf-8")
    facts = {
        "scale": vars(year.city.scale), "acts": year.city.seen.acts, "found": year.found, "checks": year.checks,
        "fingerprint": year.fingerprint(), "errors": year.city.seen.errors,
        "refused": {f"{what}: {code}": n for (what, code), n in year.city.seen.refused.items()},
        "unfilled": {f"{what}: {why}": n for (what, why), n in year.city.seen.unfilled.items()},
    }  # fmt: skip
    (folder / "simulation.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1, default=str))
    return text


def _lines(year: Year) -> Iterator[str]:
    yield f"{year.city.scale}, lived until {year.city.today}, fingerprint `{year.fingerprint()[:16]}`"
    with year.city.engine.database.read() as connection:
        yield from _by_month(connection)
        yield from _ways_out(connection)
        yield from _left_over(connection, year)
    yield from _promises(year)
    yield from _acts(year)


def _month(moment: datetime) -> str:
    return tokyo_date(moment).strftime("%Y-%m")


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    yield ""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    yield from ("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)


def _by_month(connection: Connection) -> Iterator[str]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for (at,) in connection.execute(select(support_case.c.opened_at)):
        counts[_month(at)]["cases"] += 1
    done = select(user_task.c.completed_at, user_task.c.process_key).where(user_task.c.state == "completed")
    for at, key in connection.execute(done):
        counts[_month(at)][key] += 1
    for at, level in connection.execute(select(raised.c.raised_at, raised.c.level)):
        counts[_month(at)][f"level {level}"] += 1
    opened = select(user_task.c.opened_at).where(user_task.c.element_id == "px_overdue")
    for (at,) in connection.execute(opened):
        counts[_month(at)]["px_overdue"] += 1
    columns = ["cases", *PROCESSES, *(f"level {level}" for level in LEVELS), "px_overdue"]
    rows = [(month, *(row[name] for name in columns)) for month, row in sorted(counts.items())]
    total = ("all", *(sum(row[name] for row in counts.values()) for name in columns))
    yield from _table(("month", *columns), [*rows, total])


def _ways_out(connection: Connection) -> Iterator[str]:
    ended: dict[str, Counter[str]] = defaultdict(Counter)
    running: Counter[str] = Counter()
    query = select(process_instance.c.process_key, process_instance.c.status, process_instance.c.ended_by)
    for key, status, ended_by in connection.execute(query):
        if status == "completed":
            ended[key].update(ended_by.split())
        else:
            running[key] += 1
    rows = [
        (key, sum(ended[key].values()), running[key], ", ".join(f"{e} {n}" for e, n in sorted(ended[key].items())))
        for key in PROCESSES
    ]
    yield from _table(("process", "ends reached", "still running", "by end event"), rows)


def _left_over(connection: Connection, year: Year) -> Iterator[str]:
    status = Counter(connection.execute(select(support_case.c.status)).scalars())
    waiting = Counter(connection.execute(select(outbox.c.name).where(outbox.c.state == "pending")).scalars())
    rows = [*((f"cases {name}", n) for name, n in sorted(status.items())),
            *((f"messages waiting: {name}", n) for name, n in sorted(waiting.items()))]  # fmt: skip
    yield from _table(("at the end", "count"), rows)


def _promises(year: Year) -> Iterator[str]:
    rows = [(sentence, year.checks[sentence], len(year.found.get(sentence, {}))) for sentence in INVARIANTS]
    yield from _table(("promise", "evenings", "violations"), rows)


def _acts(year: Year) -> Iterator[str]:
    acts: Mapping[str, int] = year.city.seen.acts
    yield from _table(("act", "count"), sorted(acts.items()))
    refused = sorted(year.city.seen.refused.items(), key=lambda pair: -pair[1])
    yield from _table(("refused", "code", "count"), [(what, code, n) for (what, code), n in refused])
