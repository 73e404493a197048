"""What administrators change of the reference data, passwords for one sign-in, and electronic mail to staff.

Revision: 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "reference_change",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reference_change"),
    )
    op.create_index("ix_reference_change_subject", "reference_change", ["kind", "subject"])
    op.create_table(
        "password_due",
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("staff_id", name="pk_password_due"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_password_due_staff_id"),
    )
    _mail()


def _mail() -> None:
    op.create_table(
        "mail_preference",
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("rhythm", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", name="pk_mail_preference"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_mail_preference_staff_id"),
    )
    op.create_table(
        "mail",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("problem", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_mail"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_mail_staff_id"),
    )
    op.create_index("ix_mail_waiting", "mail", ["next_at"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_table(
        "mail_notice",
        sa.Column("notification_id", BIG, autoincrement=False, nullable=False),
        sa.Column("mail_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("notification_id", name="pk_mail_notice"),
        sa.ForeignKeyConstraint(["notification_id"], ["notification.id"], name="fk_mail_notice_notification_id"),
        sa.ForeignKeyConstraint(["mail_id"], ["mail.id"], name="fk_mail_notice_mail_id"),
    )


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would delete the records.")
