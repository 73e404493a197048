"""Tasks handed over together, and who is away and who stands in.

Revision: 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "reassignment",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("to_staff", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reassignment"),
        sa.UniqueConstraint("form_key", name="uq_reassignment_form_key"),
        sa.ForeignKeyConstraint(["to_staff"], ["staff.id"], name="fk_reassignment_to_staff"),
    )
    op.create_table(
        "reassignment_task",
        sa.Column("batch_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("from_staff", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("batch_id", "position", name="pk_reassignment_task"),
        sa.ForeignKeyConstraint(["batch_id"], ["reassignment.id"], name="fk_reassignment_task_batch_id"),
        sa.ForeignKeyConstraint(["task_id"], ["user_task.id"], name="fk_reassignment_task_task_id"),
    )
    op.create_table(
        "absence",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("deputy_id", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_absence"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_absence_staff_id"),
        sa.ForeignKeyConstraint(["deputy_id"], ["staff.id"], name="fk_absence_deputy_id"),
    )
    op.create_index("ix_absence_staff_id", "absence", ["staff_id", "until_on"])
    op.create_index("ix_absence_deputy_id", "absence", ["deputy_id", "until_on"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would delete the records.")
