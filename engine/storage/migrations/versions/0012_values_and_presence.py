"""Values of new variables that are given when instances are moved together, and who has a draft open.

Revision: 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    op.add_column("move_batch", sa.Column("given", sa.Text(), nullable=False, server_default=sa.text("'{}'")))
    op.create_table(
        "draft_presence",
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("draft_id", "staff_id", name="pk_draft_presence"),
        sa.ForeignKeyConstraint(["draft_id"], ["process_draft.id"], name="fk_draft_presence_draft_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_draft_presence_staff_id"),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would delete the records.")
