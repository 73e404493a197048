"""A case whose last process has ended without closing it: somebody must say how it goes on.

The last instance may end with 「安定」 or 「断られた」 while the case stays open. Then nothing would ever bring it up
again, so the owner gets it back as if another agency had returned it.
"""

from __future__ import annotations

from datetime import datetime

from engine.domain.staff import SYSTEM_ID
from engine.services.engine import Engine
from engine.storage import audit, cases, messages
from engine.storage.database import Connection
from engine.storage.rows import CaseRow

RETURNED = "case.returned"
REASON = "進行中の手続きがすべて終わりました。次の進め方を決めてください。"


def give_back(engine: Engine, connection: Connection, case: CaseRow, instance_id: str, now: datetime) -> bool:
    """Return the case to its owner if its last instance has just ended and left it open; whether it was.

    Nothing happens where no live process takes returned cases. Call it after everything else the step sends.
    """
    starting = _starting(engine)
    if RETURNED not in starting or not cases.is_left_over(connection, case.id, starting):
        return False
    message = {
        "kind": "message", "name": RETURNED, "case_id": case.id, "from_instance": instance_id,
        "delivery_key": f"{instance_id}:left_over", "payload": {"return_reason": REASON, "return_org": case.owner_org},
        "keys": {}, "created_at": now, "next_at": now, "state": "pending",
    }  # fmt: skip
    messages.send(connection, [message])
    audit.append(connection, chain=case.id, at=now, actor=SYSTEM_ID, act="case.given_back", data={"reason": REASON})
    return True


def _starting(engine: Engine) -> frozenset[str]:
    """The messages by which live processes start."""
    models = [live.model for live in engine.definitions.all_live()]
    entries = {entry.message for model in models for entry in model.entries}
    return frozenset(name for name in entries | {model.start.message for model in models if model.start} if name)
