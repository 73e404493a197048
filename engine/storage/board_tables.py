"""Tables of those who distribute work: tasks handed over together, and who is away when."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, Table, Text

from engine.storage.columns import Instant
from engine.storage.metadata import metadata

reassignment = Table(
    "reassignment",  # tasks given to one person together, each in its own transaction
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("form_key", Text, nullable=False, unique=True),  # of the form that was sent: sent twice, it counts once
    Column("to_staff", Text, ForeignKey("staff.id"), nullable=False),
    Column("note", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
)
reassignment_task = Table(
    "reassignment_task",
    metadata,
    Column("batch_id", BigInteger().with_variant(Integer, "sqlite"), ForeignKey("reassignment.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("task_id", Text, ForeignKey("user_task.id"), nullable=False),
    Column("case_id", Text, nullable=False),
    Column("from_staff", Text),  # whose it was when it was chosen; None: nobody's
    Column("note", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting, done, changed, refused, undone
    Column("reason", Text, nullable=False),  # code of what stood against it
    Column("done_at", Instant),
)
absence = Table(
    "absence",
    metadata,
    Column("id", Text, primary_key=True),
    Column("staff_id", Text, ForeignKey("staff.id"), nullable=False),
    Column("deputy_id", Text, ForeignKey("staff.id"), nullable=False),
    Column("from_on", Date, nullable=False),  # first day away
    Column("until_on", Date, nullable=False),  # last day away
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("ended_by", Text),
    Column("ended_at", Instant),  # taken back before its last day
    Index("ix_absence_staff_id", "staff_id", "until_on"),
    Index("ix_absence_deputy_id", "deputy_id", "until_on"),
)
