"""How a person has set up their own desk: filter and order of the inbox, single keys, for whom they work now."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Table, Text, text

from engine.storage.metadata import metadata

desk_choice = Table(
    "desk_choice",  # without a row: nothing is filtered, and the keys act
    metadata,
    Column("staff_id", Text, ForeignKey("staff.id"), primary_key=True),
    Column("due", Text, nullable=False, server_default=text("''")),  # late, today, soon, later, none; empty: all
    Column("process_key", Text, nullable=False, server_default=text("''")),
    Column("org_id", Text, nullable=False, server_default=text("''")),
    Column("shortcuts", Boolean, nullable=False, server_default=text("true")),
    Column("sort", Text, nullable=False, server_default=text("''")),  # queries.ordering.Order; empty: by deadline
    Column("capacity", Text, nullable=False, server_default=text("''")),  # an organisation of one's own; empty: all
)
