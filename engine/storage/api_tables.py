"""What programs come with that act for a person: personal tokens, and the keys of requests that were carried out."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, Text

from engine.storage.columns import Instant, Json
from engine.storage.metadata import metadata

api_token = Table(
    "api_token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("staff_id", Text, ForeignKey("staff.id"), nullable=False),
    Column("form_key", Text, nullable=False, unique=True),  # of the form it was asked with: sent twice, it is made once
    Column("name", Text, nullable=False),  # what its owner calls it
    Column("token_hash", Text, nullable=False, unique=True),  # SHA-256; the token itself is known to its owner alone
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("last_used_at", Instant),  # noted at most once a minute
    Column("revoked_at", Instant),
    Index("ix_api_token_staff_id", "staff_id"),
)
api_request = Table(
    "api_request",  # a request that had its effect, written in the transaction of the effect
    metadata,
    Column("staff_id", Text, ForeignKey("staff.id"), primary_key=True),
    Column("key", Text, primary_key=True),  # Idempotency-Key of the request
    Column("digest", Text, nullable=False),  # SHA-256 over method, address and body
    Column("outcome", Json, nullable=False),  # what is answered again: task, state, version
    Column("at", Instant, nullable=False),
    Index("ix_api_request_at", "at"),
)
