"""Moves of running instances between versions, with the image from before.

Revision: 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "instance_move",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("from_version_id", sa.Text(), nullable=False),
        sa.Column("to_version_id", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("before_state", sa.LargeBinary(), nullable=False),
        sa.Column("before_rows", sa.Text(), nullable=False),
        sa.Column("after_version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("moved_by", sa.Text(), nullable=False),
        sa.Column("moved_at", INSTANT, nullable=False),
        sa.Column("undone_by", sa.Text()),
        sa.Column("undone_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_instance_move"),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name="fk_instance_move_instance_id"),
        sa.ForeignKeyConstraint(
            ["from_version_id"], ["definition_version.id"], name="fk_instance_move_from_version_id"
        ),
        sa.ForeignKeyConstraint(["to_version_id"], ["definition_version.id"], name="fk_instance_move_to_version_id"),
    )
    op.create_index("ix_instance_move_instance_id", "instance_move", ["instance_id"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would delete the records.")
