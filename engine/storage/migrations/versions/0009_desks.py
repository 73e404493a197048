"""What people set up for themselves: the filter of their inbox, and whether single keys act.

Revision: 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "desk_choice",
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("due", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("process_key", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("org_id", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("shortcuts", sa.Boolean(), nullable=False, server_default=sa.text("true")),
        sa.PrimaryKeyConstraint("staff_id", name="pk_desk_choice"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_desk_choice_staff_id"),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would delete the records.")
