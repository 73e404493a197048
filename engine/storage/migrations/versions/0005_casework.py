"""Comments and attached files of cases and tasks.

Revision: 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    _create("case_comment", sa.Column("body", sa.Text(), nullable=False))
    _create(
        "case_attachment",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
    )
    op.create_index("ix_case_attachment_sha256", "case_attachment", ["sha256"])


def _create(name: str, *own: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text()),
        sa.Column("org_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        *own,
        sa.Column("withdrawn_at", INSTANT),
        sa.Column("withdrawn_reason", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("key", name=f"uq_{name}_key"),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name=f"fk_{name}_case_id"),
        sa.ForeignKeyConstraint(["task_id"], ["user_task.id"], name=f"fk_{name}_task_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=f"fk_{name}_staff_id"),
    )
    op.create_index(f"ix_{name}_case_at", name, ["case_id", "at"])
    op.create_index(f"ix_{name}_task", name, ["task_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would delete the records.")
