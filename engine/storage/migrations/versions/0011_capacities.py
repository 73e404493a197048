"""In which order somebody has the inbox, and for which of several organisations they work.

Revision: 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("sort", "capacity"):
        op.add_column("desk_choice", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would delete the records.")
