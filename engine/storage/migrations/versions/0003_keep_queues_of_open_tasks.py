"""Keep the queues of open tasks apart, so that an inbox costs what waits and not what was ever done.

Revision: 0003, after 0002. The index over all candidates that it replaces was read by the inbox only.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task_candidate", sa.Column("open", sa.Boolean(), nullable=False, server_default=sa.text("true")))
    op.execute(
        "UPDATE task_candidate SET open = false WHERE task_id IN"
        " (SELECT id FROM user_task WHERE state NOT IN ('open', 'claimed', 'held'))"
    )
    op.drop_index("ix_task_candidate_org_role", "task_candidate")
    op.create_index(
        "ix_task_candidate_open",
        "task_candidate",
        ["org_id", "role", "task_id"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would delete the records.")
