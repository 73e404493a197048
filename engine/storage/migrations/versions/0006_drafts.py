"""Drafts of processes and what was saved of them.

Revision: 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    op.create_table(
        "process_draft",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("process_key", sa.Text(), nullable=False),
        sa.Column("base_version_id", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_process_draft"),
        sa.ForeignKeyConstraint(
            ["base_version_id"], ["definition_version.id"], name="fk_process_draft_base_version_id"
        ),
    )
    op.create_index("ix_process_draft_process_key", "process_draft", ["process_key", "opened_at"])
    op.create_index(
        "uq_process_draft_open", "process_draft", ["process_key"], unique=True, sqlite_where=OPEN,
        postgresql_where=OPEN,
    )  # fmt: skip
    op.create_table(
        "draft_revision",
        sa.Column("draft_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("draft_id", "number", name="pk_draft_revision"),
        sa.ForeignKeyConstraint(["draft_id"], ["process_draft.id"], name="fk_draft_revision_draft_id"),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would delete what people drew.")
