"""Tables of drafts: what process owners are changing before it is published."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, text

from engine.storage.columns import Instant
from engine.storage.metadata import metadata

process_draft = Table(
    "process_draft",  # one open draft for each process, shared by its owners
    metadata,
    Column("id", Text, primary_key=True),
    Column("process_key", Text, nullable=False),
    Column("base_version_id", Text, ForeignKey("definition_version.id"), nullable=False),  # it was opened from
    Column("revision", Integer, nullable=False),  # the one that counts now
    Column("state", Text, nullable=False),  # open, published, discarded
    Column("opened_by", Text, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index("ix_process_draft_process_key", "process_key", "opened_at"),
    Index(
        "uq_process_draft_open",
        "process_key",
        unique=True,
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)
draft_revision = Table(
    "draft_revision",  # what was saved, kept as it was; numbers rise by one for each draft
    metadata,
    Column("draft_id", Text, ForeignKey("process_draft.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),  # opened, saved, restored, aside (saved on top of another's, never counted)
    Column("files", LargeBinary, nullable=False),  # compressed MessagePack: path in the package -> bytes
    Column("content_hash", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
draft_presence = Table(
    "draft_presence",  # who has a draft open; forgotten after a day
    metadata,
    Column("draft_id", Text, ForeignKey("process_draft.id"), primary_key=True),
    Column("staff_id", Text, ForeignKey("staff.id"), primary_key=True),
    Column("seen_at", Instant, nullable=False),
)
