"""The summary of a kill run: what was struck and where, what clients were told, what became of unknown outcomes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from engine.services.engine import Engine
from engine.storage.tables import audit_event, history, notification, outbox, process_instance, raised, timer
from tests.faults.checker import Judgement, read
from tests.faults.history import Blow, History, Outcome


def of(engine: Engine, told: History, judgement: Judgement, *, seed: int, seconds: float) -> dict[str, Any]:
    """Everything a reader of the verdict wants to count."""
    return {
        "database": "sqlite" if engine.database.is_sqlite else "postgresql",
        "seed": seed,
        "seconds": round(seconds),
        "kills": sum(blow.kills for blow in told.blows),
        "blows": _blows(told.blows),
        "requests_cut_off": sum(len(told.cut_off(blow)) for blow in told.blows if blow.kills),
        "attempts": _attempts(told),
        "unknown_turned_out": _unknown(engine, told),
        "database_holds": _holds(engine),
        "verdict": str(judgement.verdict),
        "reasons": list(judgement.reasons[:20]),
    }


def keep(summary: dict[str, Any], folder: str | None) -> None:
    """Print it, and write it where the caller of the run wants it."""
    text = json.dumps(summary, ensure_ascii=False, indent=1)
    print(f"\n{text}")  # noqa: T201 - for whoever reads the log of a run
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder, f"kills-{summary['database']}.json").write_text(text + "\n")


def _blows(blows: list[Blow]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for blow in blows:
        row = found.setdefault(
            f"{blow.target}: {blow.how}", {"blows": 0, "in_transaction": 0, "committing": 0, "deepest_statement": 0}
        )
        row["blows"] += 1
        row["in_transaction"] += blow.inside
        row["committing"] += blow.committing
        if not blow.committing:
            row["deepest_statement"] = max(row["deepest_statement"], blow.statement)
    return dict(sorted(found.items()))


def _attempts(told: History) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for attempt in told.attempts:
        counts.setdefault(attempt.kind, Counter())[str(attempt.outcome)] += 1
    return {kind: dict(sorted(found.items())) for kind, found in sorted(counts.items())}


def _unknown(engine: Engine, told: History) -> dict[str, int]:
    """Attempts without an answer: how many are there, how many are not. Neither counts as a success."""
    kept = read(engine)
    unknown = [attempt.token in kept for attempt in told.attempts if attempt.outcome is Outcome.UNKNOWN]
    return {"done": sum(unknown), "not_done": len(unknown) - sum(unknown)}


def _holds(engine: Engine) -> dict[str, int]:
    with engine.database.read() as connection:

        def rows(query: Any) -> int:
            return int(connection.execute(select(func.count()).select_from(query.subquery())).scalar_one())

        return {
            "instances": rows(select(process_instance.c.id)),
            "completions": rows(select(audit_event.c.seq).where(audit_event.c.act == "task.completed")),
            "timers_fired": rows(select(timer.c.id).where(timer.c.kind == "token", timer.c.state == "fired")),
            "timers_taken_over": rows(select(timer.c.id).where(timer.c.fence > 1)),
            "levels_raised": rows(select(raised.c.id)),
            "notices": rows(select(notification.c.id)),
            "messages_delivered": rows(select(outbox.c.id).where(outbox.c.state == "delivered")),
            "history_lines": rows(select(history.c.seq)),
            "audit_events": rows(select(audit_event.c.seq)),
        }
