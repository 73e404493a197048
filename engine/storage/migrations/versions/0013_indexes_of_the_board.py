"""What the board, the months, the moments just fired and what is to come are counted from, as indexes of their own.

Revision: 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

OPEN = "state in ('open','claimed','held')"
OPENING = "kind = 'token' and state in ('pending','claimed')"
INDEXES = (
    ("ix_user_task_board", "user_task",
     ["assignee_id", "process_key", "org_id", "due_at", "state", "case_id"], OPEN),
    ("ix_user_task_org_completed", "user_task", ["org_id", "completed_at"], "state = 'completed'"),
    ("ix_timer_opening", "timer", ["case_id"], OPENING),
    ("ix_timer_fired_at", "timer", ["fired_at"], "state = 'fired'"),
    ("ix_support_case_sealed", "support_case", ["id"], "seal_level > 0"),
)  # fmt: skip


def upgrade() -> None:
    for name, table, columns, condition in INDEXES:
        where = sa.text(condition)
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would delete the records.")
