"""Tables of administration: changes of the reference data, first passwords, and electronic mail to staff."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, Table, Text, text

from engine.storage.columns import Instant, Json
from engine.storage.metadata import metadata

_BIG = BigInteger().with_variant(Integer, "sqlite")

reference_change = Table(
    "reference_change",  # only ever added to; laid over the files of workflows/reference in order of id
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),  # organisation, day, hours, parameter, ladder
    Column("subject", Text, nullable=False),  # organisation code, "city", name of the parameter or ladder
    Column("valid_from", Date, nullable=False),
    Column("data", Json, nullable=False),
    Column("source", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Index("ix_reference_change_subject", "kind", "subject"),
)
password_due = Table(
    "password_due",  # people who must choose a password of their own before they go on
    metadata,
    Column("staff_id", Text, ForeignKey("staff.id"), primary_key=True),
    Column("since", Instant, nullable=False),
)
mail_preference = Table(
    "mail_preference",  # without a row: once a day
    metadata,
    Column("staff_id", Text, ForeignKey("staff.id"), primary_key=True),
    Column("rhythm", Text, nullable=False),  # never, at_once, daily
)
mail = Table(
    "mail",
    metadata,
    Column("id", _BIG, primary_key=True, autoincrement=True),
    Column("staff_id", Text, ForeignKey("staff.id"), nullable=False),
    Column("address", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),  # never personal data
    Column("state", Text, nullable=False),  # waiting, sent, failed
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Instant, nullable=False),  # not before; also the end of the lease of who is sending it
    Column("problem", Text, nullable=False, server_default=text("''")),  # class of the last error
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Index(
        "ix_mail_waiting",
        "next_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)
mail_notice = Table(
    "mail_notice",  # which notices a mail told of; each is told once
    metadata,
    Column("notification_id", _BIG, ForeignKey("notification.id"), primary_key=True, autoincrement=False),
    Column("mail_id", _BIG, ForeignKey("mail.id"), nullable=False),
)
