"""What is prepared for publication with its scenarios, and instances that are moved together.

Revision: 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
OPEN = sa.text("state IN ('prepared', 'requested')")


def upgrade() -> None:
    _publications()
    _moves()


def _publications() -> None:
    op.create_table(
        "publication",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("process_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.Text()),
        sa.Column("draft_revision", sa.Integer()),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("base_version_id", sa.Text()),
        sa.Column("version_id", sa.Text()),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("prepared_by", sa.Text(), nullable=False),
        sa.Column("prepared_at", INSTANT, nullable=False),
        sa.Column("requested_by", sa.Text()),
        sa.Column("requested_at", INSTANT),
        sa.Column("decided_by", sa.Text()),
        sa.Column("decided_at", INSTANT),
        sa.Column("decision_note", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("lease_until", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_publication"),
        sa.ForeignKeyConstraint(["base_version_id"], ["definition_version.id"], name="fk_publication_base_version_id"),
        sa.ForeignKeyConstraint(["version_id"], ["definition_version.id"], name="fk_publication_version_id"),
    )
    op.create_index("ix_publication_process_key", "publication", ["process_key", "prepared_at"])
    op.create_index(
        "uq_publication_open", "publication", ["process_key"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_table(
        "publication_scenario",
        sa.Column("publication_id", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("publication_id", "file", name="pk_publication_scenario"),
        sa.ForeignKeyConstraint(["publication_id"], ["publication.id"], name="fk_publication_scenario_publication_id"),
    )


def _moves() -> None:
    op.create_table(
        "move_batch",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("process_key", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_version_id", sa.Text(), nullable=False),
        sa.Column("to_version_id", sa.Text(), nullable=False),
        sa.Column("mapping", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("acting_by", sa.Text()),
        sa.Column("lease_until", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_move_batch"),
        sa.UniqueConstraint("process_key", "number", name="uq_move_batch_process_key_number"),
        sa.ForeignKeyConstraint(["from_version_id"], ["definition_version.id"], name="fk_move_batch_from_version_id"),
        sa.ForeignKeyConstraint(["to_version_id"], ["definition_version.id"], name="fk_move_batch_to_version_id"),
    )
    op.create_index("ix_move_batch_state", "move_batch", ["state"])
    op.create_table(
        "move_item",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("refusals", sa.Text(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("elements", sa.Text(), nullable=False),
        sa.Column("move_id", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.PrimaryKeyConstraint("batch_id", "instance_id", name="pk_move_item"),
        sa.ForeignKeyConstraint(["batch_id"], ["move_batch.id"], name="fk_move_item_batch_id"),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name="fk_move_item_instance_id"),
    )
    op.create_index("ix_move_item_batch_state", "move_item", ["batch_id", "state", "position"])


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would delete the records.")
