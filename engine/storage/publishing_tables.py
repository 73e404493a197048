"""Tables of publishing: what somebody wants to make live, and running instances that are moved together."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from engine.storage.columns import Instant, Json
from engine.storage.metadata import metadata

publication = Table(
    "publication",  # one wish to make files live: checked, tried with scenarios, approved or refused
    metadata,
    Column("id", Text, primary_key=True),
    Column("process_key", Text, nullable=False),
    Column("kind", Text, nullable=False),  # change, roll_back
    Column("source", Text, nullable=False),  # draft, upload, version: where the files came from
    Column("draft_id", Text),
    Column("draft_revision", Integer),
    Column("files", LargeBinary, nullable=False),  # MessagePack: path in the package -> bytes
    Column("content_hash", Text, nullable=False),
    Column("base_version_id", Text, ForeignKey("definition_version.id")),  # live when it was prepared
    Column("version_id", Text, ForeignKey("definition_version.id")),  # what it became, or goes back to
    Column("findings", Json, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),  # prepared, requested, live, refused, withdrawn
    Column("prepared_by", Text, nullable=False),
    Column("prepared_at", Instant, nullable=False),
    Column("requested_by", Text),
    Column("requested_at", Instant),
    Column("decided_by", Text),
    Column("decided_at", Instant),
    Column("decision_note", Text, nullable=False, server_default=text("''")),
    Column("lease_until", Instant),  # somebody runs its scenarios until then
    Index("ix_publication_process_key", "process_key", "prepared_at"),
    Index(
        "uq_publication_open",  # one at a time for each process
        "process_key",
        unique=True,
        sqlite_where=text("state IN ('prepared', 'requested')"),
        postgresql_where=text("state IN ('prepared', 'requested')"),
    ),
)
publication_scenario = Table(
    "publication_scenario",
    metadata,
    Column("publication_id", Text, ForeignKey("publication.id"), primary_key=True),
    Column("file", Text, primary_key=True),  # name of the scenario's file
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting, passed, differs, unusable
    Column("lines", Json, nullable=False),  # what came out otherwise, in Japanese
)
move_batch = Table(
    "move_batch",  # running instances of one version that are moved to another together
    metadata,
    Column("id", Text, primary_key=True),
    Column("process_key", Text, nullable=False),
    Column("number", Integer, nullable=False),  # 1, 2, 3 … for each process
    Column("from_version_id", Text, ForeignKey("definition_version.id"), nullable=False),
    Column("to_version_id", Text, ForeignKey("definition_version.id"), nullable=False),
    Column("mapping", Json, nullable=False),  # old element id -> new one, where they differ
    Column("given", Json, nullable=False, server_default=text("'{}'")),  # values of variables that are new
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("state", Text, nullable=False),  # mapping, trying, tried, moving, stopped, done, undoing, undone
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("acting_by", Text),  # on whose authority it is moved or taken back
    Column("lease_until", Instant),  # somebody works on it until then
    UniqueConstraint("process_key", "number"),
    Index("ix_move_batch_state", "state"),
)
move_item = Table(
    "move_item",
    metadata,
    Column("batch_id", Text, ForeignKey("move_batch.id"), primary_key=True),
    Column("instance_id", Text, ForeignKey("process_instance.id"), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("state", Text, nullable=False),  # waiting, then an outcome; undone, kept (could not be taken back)
    Column("refusals", Json, nullable=False),  # [element id, Japanese text]
    Column("notes", Json, nullable=False),  # the same
    Column("elements", Json, nullable=False),  # where it stands: old element id -> new one
    Column("move_id", Text, nullable=False, server_default=text("''")),
    Index("ix_move_item_batch_state", "batch_id", "state", "position"),
)
