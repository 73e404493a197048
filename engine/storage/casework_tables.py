"""Tables of what people say and add beside the forms: comments and attached files."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, text

from engine.storage.columns import Instant
from engine.storage.metadata import metadata

case_comment = Table(
    "case_comment",  # never changed; its author may take it back, and then its text is shown to nobody
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # of the form it was sent with: sent twice, it is kept once
    Column("case_id", Text, ForeignKey("support_case.id"), nullable=False),
    Column("task_id", Text, ForeignKey("user_task.id")),  # none: on the case
    Column("org_id", Text, nullable=False),  # for which organisation the author spoke
    Column("staff_id", Text, ForeignKey("staff.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),  # sealed text
    Column("withdrawn_at", Instant),
    Column("withdrawn_reason", Text, nullable=False, server_default=text("''")),
    Index("ix_case_comment_case_at", "case_id", "at"),
    Index("ix_case_comment_task", "task_id"),
)
case_attachment = Table(
    "case_attachment",  # the file itself lies in engine.storage.file_store under its hash
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("case_id", Text, ForeignKey("support_case.id"), nullable=False),
    Column("task_id", Text, ForeignKey("user_task.id")),
    Column("org_id", Text, nullable=False),
    Column("staff_id", Text, ForeignKey("staff.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("name", Text, nullable=False),  # as it is offered for saving
    Column("media_type", Text, nullable=False),
    Column("size", Integer, nullable=False),  # bytes
    Column("sha256", Text, nullable=False),
    Column("withdrawn_at", Instant),
    Column("withdrawn_reason", Text, nullable=False, server_default=text("''")),
    Index("ix_case_attachment_case_at", "case_id", "at"),
    Index("ix_case_attachment_task", "task_id"),
    Index("ix_case_attachment_sha256", "sha256"),
)
