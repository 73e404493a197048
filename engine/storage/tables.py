"""The schema. Column comments say what a reader cannot guess; docs/data-model.md tells the story.

Instants are UTC (`Instant`), dates are Tokyo dates. Texts that are sealed go through `storage.sealing`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from engine.storage import (
    admin_tables,
    api_tables,
    board_tables,
    casework_tables,
    desk_tables,
    draft_tables,
    publishing_tables,
)
from engine.storage.columns import Instant, Json
from engine.storage.metadata import metadata as metadata  # whoever takes it from here has every table

#: modules that hold the tables of one area; imported here, so that whoever knows this module knows every table
AREAS = (admin_tables, api_tables, board_tables, casework_tables, desk_tables, draft_tables, publishing_tables)


def _id() -> Column[str]:
    return Column("id", Text, primary_key=True)


def _serial() -> Column[int]:
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def _version() -> Column[int]:
    return Column("version", Integer, nullable=False, server_default=text("1"))


# ---------------------------------------------------------------- reference data (loaded from workflows/reference)

organisation = Table(
    "organisation",
    metadata,
    _id(),  # AG-01, DV-03, SC-02 ...
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent_id", Text),
    Column("field_code", Text, nullable=False),
    Column("field_name", Text, nullable=False),
    Column("division_id", Text),  # the city division in charge
    Column("delivery_mode", Text, nullable=False),  # 直営, 委託 or empty
    Column("city_staff", Boolean, nullable=False),
    Column("placeholder", Boolean, nullable=False),
    Column("calendar", Text, nullable=False),
)
organisation_cover = Table(  # division org -> organisations whose cases its division-wide roles see
    "organisation_cover",
    metadata,
    Column("org_id", Text, primary_key=True),
    Column("covers_org_id", Text, primary_key=True),
)
programme = Table(
    "programme",
    metadata,
    _id(),  # PG-01 ...
    Column("pillar", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("field_name", Text, nullable=False),
    Column("delivery_mode", Text, nullable=False),
    Column("data", Json, nullable=False),
)
setting = Table("setting", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

# ---------------------------------------------------------------- people who work here

staff = Table(
    "staff",
    metadata,
    _id(),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("name_kana", Text, nullable=False, server_default=text("''")),
    Column("email", Text, nullable=False, server_default=text("''")),
    Column("password_hash", Text),
    Column("status", Text, nullable=False),  # active, suspended, left
    Column("demo", Boolean, nullable=False, server_default=text("false")),
    Column("language", Text, nullable=False, server_default=text("'ja'")),
    Column("era_dates", Boolean, nullable=False, server_default=text("true")),
    _version(),
)
membership = Table(
    "membership",
    metadata,
    _id(),
    Column("staff_id", Text, ForeignKey("staff.id"), nullable=False),
    Column("org_id", Text, ForeignKey("organisation.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    UniqueConstraint("staff_id", "org_id", "role", "valid_from"),
    Index("ix_membership_org_role", "org_id", "role"),
)
web_session = Table(
    "web_session",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("staff_id", Text, ForeignKey("staff.id"), nullable=False),
    Column("csrf", Text, nullable=False),
    Column("membership_org", Text),
    Column("membership_role", Text),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Index("ix_web_session_staff_id", "staff_id"),
)
sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("login", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("locked_until", Instant),
)

# ---------------------------------------------------------------- persons, households, cases

person = Table(
    "person",
    metadata,
    _id(),
    Column("name", Text, nullable=False, server_default=text("''")),  # empty: not known
    Column("name_kana", Text, nullable=False, server_default=text("''")),
    Column("name_folded", Text, nullable=False, server_default=text("''")),  # domain.kana.fold of name and kana
    Column("sex", Text, nullable=False, server_default=text("''")),
    Column("birth", Date),
    Column("address", Text),  # sealed text
    Column("residence", Text),  # sealed text
    Column("phone_home", Text),  # sealed text
    Column("phone_mobile", Text),  # sealed text
    Column("email", Text),  # sealed text
    Column("provisional", Boolean, nullable=False, server_default=text("false")),
    Column("created_at", Instant, nullable=False),
    _version(),
    Index("ix_person_name_folded", "name_folded"),
)
household = Table("household", metadata, _id(), Column("name", Text, nullable=False), _version())
household_member = Table(
    "household_member",
    metadata,
    _id(),
    Column("household_id", Text, ForeignKey("household.id"), nullable=False),
    Column("person_id", Text, ForeignKey("person.id")),
    Column("no", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("name_kana", Text, nullable=False, server_default=text("''")),
    Column("relation", Text, nullable=False, server_default=text("''")),
    Column("age", Integer),
    Column("lives_with", Text, nullable=False, server_default=text("''")),
    Column("job", Text, nullable=False, server_default=text("''")),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Index("ix_household_member_household_id", "household_id"),
)
support_case = Table(
    "support_case",
    metadata,
    _id(),
    Column("number", Text, nullable=False, unique=True),  # R7-0123, shown as 令和7年度－0123
    Column("fiscal_year", Integer, nullable=False),
    Column("subject_id", Text, ForeignKey("person.id"), nullable=False),
    Column("household_id", Text, ForeignKey("household.id"), nullable=False),
    Column("owner_org", Text, ForeignKey("organisation.id"), nullable=False),
    Column("lead_org", Text, ForeignKey("organisation.id")),
    Column("status", Text, nullable=False),  # open, suspended, closed
    Column("seal_level", SmallInteger, nullable=False, server_default=text("0")),
    Column("field_codes", Json, nullable=False),
    Column("urgency", Text, nullable=False, server_default=text("''")),
    Column("stage", Text, nullable=False, server_default=text("''")),
    Column("relation_stage", SmallInteger),
    Column("entry_programme", Text),
    Column("merged_into", Text, ForeignKey("support_case.id")),
    Column("opened_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_reason", Text, nullable=False, server_default=text("''")),
    Column("demo", Boolean, nullable=False, server_default=text("false")),
    _version(),
    Index("ix_support_case_owner_org", "owner_org", "status"),
    Index(  # few of many
        "ix_support_case_sealed", "id", sqlite_where=text("seal_level > 0"), postgresql_where=text("seal_level > 0")
    ),
)
case_counter = Table(
    "case_counter",
    metadata,
    Column("fiscal_year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)
case_organisation = Table(  # which organisation takes part in a case, why and until when
    "case_organisation",
    metadata,
    _id(),
    Column("case_id", Text, ForeignKey("support_case.id"), nullable=False),
    Column("org_id", Text, ForeignKey("organisation.id"), nullable=False),
    Column(
        "relation", Text, nullable=False
    ),  # owner, lead, carries, accepted, asked, consented, granted, plan_member, conference_member
    Column("legal_basis", Text, nullable=False),
    Column("scope_items", Json, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("granted_by", Text),
    Column("since", Instant, nullable=False),
    Column("until", Instant),  # ends by itself
    Column("ended_at", Instant),
    Column("ended_reason", Text, nullable=False, server_default=text("''")),
    Index("ix_case_organisation_case", "case_id"),
    Index("ix_case_organisation_org", "org_id", "case_id"),
)
case_staff = Table(  # named people who may see a case with a seal
    "case_staff",
    metadata,
    Column("case_id", Text, ForeignKey("support_case.id"), primary_key=True),
    Column("staff_id", Text, ForeignKey("staff.id"), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("since", Instant, nullable=False),
)
case_relation = Table(
    "case_relation",
    metadata,
    Column("case_id", Text, ForeignKey("support_case.id"), primary_key=True),
    Column("other_case_id", Text, ForeignKey("support_case.id"), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# ---------------------------------------------------------------- what was agreed, planned, sent, done

consent = Table(
    "consent",
    metadata,
    _id(),
    Column("case_id", Text, ForeignKey("support_case.id"), nullable=False),
    Column("record_id", Text),
    Column("source_key", Text, nullable=False, unique=True),  # instance:ref, so that a step cannot record it twice
    Column("subject", Text, nullable=False),
    Column("subject_person_id", Text, ForeignKey("person.id")),
    Column("given_by", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("result", Text, nullable=False),  # 同意あり, 一部同意, 同意なし, 保留
    Column("scope_items", Json, nullable=False),
    Column("scope_orgs", Json, nullable=False),
    Column("excluded_orgs", Json, nullable=False),
    Column("person_will", Text, nullable=False, server_default=text("''")),
    Column("plan_version_id", Text),
    Column("given_on", Date, nullable=False),
    Column("valid_until", Date),
    Column("withdrawn_on", Date),
    Column("withdrawn_reason", Text, nullable=False, server_default=text("''")),
    Column("created_at", Instant, nullable=False),
    Index("ix_consent_case_id", "case_id"),
)
support_plan = Table(
    "support_plan",
    metadata,
    _id(),
    Column("case_id", Text, ForeignKey("support_case.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_reason", Text, nullable=False, server_default=text("''")),
    Index("ix_support_plan_case_id", "case_id"),
)
plan_version = Table(
    "plan_version",
    metadata,
    _id(),
    Column("plan_id", Text, ForeignKey("support_plan.id"), nullable=False),
    Column("case_id", Text, ForeignKey("support_case.id"), nullable=False),
    Column("source_key", Text, nullable=False, unique=True),
    Column("number", Integer, nullable=False),
    Column("kind", Text, nullable=False),  # 初回, 再プラン
    Column("status", Text, nullable=False),  # draft, submitted, active, superseded, rejected, ended
    Column("record_id", Text),
    Column("lead_org", Text, ForeignKey("organisation.id")),
    Column("period_from", Date),
    Column("period_until", Date),
    Column("first_monitor", Text, nullable=False, server_default=text("''")),  # Period text, e.g. 3 months
    Column("review_interval", Text, nullable=False, server_default=text("''")),
    Column("first_monitor_on", Date),
    Column("next_review_on", Date),
    Column("review_no", Integer, nullable=False, server_default=text("0")),
    Column("early_start_count", Integer, nullable=False, server_default=text("0")),
    Column("use_participation", Boolean, nullable=False, server_default=text("false")),
    Column("use_outreach", Boolean, nullable=False, server_default=text("false")),
    Column("conclusion", Text, nullable=False, server_default=text("''")),
    Column("conference_next_review_on", Date),
    Column("evaluation_result", Text, nullable=False, server_default=text("''")),
    Column("evaluation_next_on", Date),
    Column("decided_at", Instant),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("plan_id", "number"),
    Index("ix_plan_version_case_id", "case_id"),
)
plan_item = Table(
    "plan_item",
    metadata,
    _id(),
    Column("plan_version_id", Text, ForeignKey("plan_version.id"), nullable=False),
    Column("no", Integer, nullable=False),
    Column("issue", Text, nullable=False, server_default=text("''")),
    Column("programme_id", Text),
    Column("org_id", Text),
    Column("staff_text", Text, nullable=False, server_default=text("''")),
    Column("person_does", Text, nullable=False, server_default=text("''")),
    Column("frequency", Text, nullable=False, server_default=text("''")),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("note", Text, nullable=False, server_default=text("''")),
    Column("started_on", Date),
    UniqueConstraint("plan_version_id", "no"),
)
referral = Table(
    "referral",
    metadata,
    _id(),
    Column("case_id", Text, ForeignKey("support_case.id"), nullable=False),
    Column("source_key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # referral (つなぎ), escalation (多機関協働), handoff (参加支援)
    Column("from_org", Text, ForeignKey("organisation.id"), nullable=False),
    Column("to_org", Text, ForeignKey("organisation.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("sharing_basis", Text, nullable=False),
    Column("status", Text, nullable=False),  # sent, accepted, conditional, declined, finished
    Column("record_id", Text),
    Column("answer_reason", Text, nullable=False, server_default=text("''")),
    Column("overlap_until", Date),
    Column("sent_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Index("ix_referral_case_id", "case_id"),
)
contact = Table(
    "contact",
    metadata,
    _id(),
    Column("case_id", Text, ForeignKey("support_case.id"), nullable=False),
    Column("source_key", Text, nullable=False, unique=True),
    Column("org_id", Text, nullable=False),
    Column("staff_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("means", Text, nullable=False),
    Column("target", Text, nullable=False, server_default=text("''")),
    Column("outcome", Text, nullable=False, server_default=text("''")),
    Column("stage", SmallInteger),
    Column("safety", Text, nullable=False, server_default=text("''")),
    Column("next_on", Date),
    Column("record_id", Text),
    Index("ix_contact_case_at", "case_id", "at"),
)
placement = Table(
    "placement",
    metadata,
    _id(),
    Column("case_id", Text, ForeignKey("support_case.id"), nullable=False),
    Column("source_key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # id of the element: ps_trial, ps_start ...
    Column("host", Text, nullable=False, server_default=text("''")),
    Column("judgement", Text, nullable=False, server_default=text("''")),
    Column("record_id", Text),
    Column("at", Instant, nullable=False),
    Index("ix_placement_case_id", "case_id"),
)

# ---------------------------------------------------------------- definitions

definition_version = Table(
    "definition_version",
    metadata,
    _id(),
    Column("process_key", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("files", LargeBinary, nullable=False),  # MessagePack: relative path -> bytes
    Column("engine_version", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("process_key", "number"),
    UniqueConstraint("process_key", "content_hash"),
)
deployment = Table(
    "deployment",
    metadata,
    _serial(),
    Column("process_key", Text, nullable=False),
    Column("version_id", Text, ForeignKey("definition_version.id"), nullable=False),
    Column("deployed_at", Instant, nullable=False),
    Column("deployed_by", Text),
    Column("reason", Text, nullable=False),
    Column("checks", Json, nullable=False),
    Index("ix_deployment_process_key", "process_key", "id"),
)

# ---------------------------------------------------------------- running instances

process_instance = Table(
    "process_instance",
    metadata,
    _id(),
    Column("case_id", Text, ForeignKey("support_case.id"), nullable=False),
    Column("process_key", Text, nullable=False),
    Column("version_id", Text, ForeignKey("definition_version.id"), nullable=False),
    Column("org_id", Text, nullable=False),  # the organisation that carries it
    Column("entry", Text, nullable=False),
    Column("status", Text, nullable=False),  # running, completed, cancelled, incident
    Column("version", Integer, nullable=False),
    Column("state", LargeBinary, nullable=False),  # snapshot of what is open; never JSONB
    Column("ended_by", Text, nullable=False, server_default=text("''")),  # ids of the end events that fired
    Column("history_seq", Integer, nullable=False),
    Column("start_key", Text, unique=True),  # a message or request starts an instance once
    Column("started_by", Text),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index("ix_process_instance_case_id", "case_id"),
    Index("ix_process_instance_version_id", "version_id"),
)
user_task = Table(
    "user_task",
    metadata,
    _id(),
    Column("instance_id", Text, ForeignKey("process_instance.id"), nullable=False),
    Column("ref", Text, nullable=False),  # the token in the snapshot
    Column("case_id", Text, ForeignKey("support_case.id"), nullable=False),
    Column("process_key", Text, nullable=False),
    Column("element_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("form_key", Text, nullable=False),
    Column("state", Text, nullable=False),  # open, claimed, held, completed, cancelled
    Column("assignee_id", Text, ForeignKey("staff.id")),
    Column("claimed_at", Instant),
    Column("city_staff_only", Boolean, nullable=False),
    Column("not_same_as", Text, nullable=False, server_default=text("''")),
    Column("hold_allowed", Boolean, nullable=False),
    Column("stage", Text, nullable=False, server_default=text("''")),
    Column("org_id", Text),  # first organisation of the scope, for display
    Column("locals", Json, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("by_timer", Boolean, nullable=False, server_default=text("false")),
    Column("timer_due_at", Instant),  # when the moment that opened it was due
    Column("due_at", Instant),  # overdue from this instant; copy of the clock, for search
    Column("due_on", Date),
    Column("warn_at", Instant),
    Column("held_until", Date),
    Column("hold_reason", Text, nullable=False, server_default=text("''")),
    Column("completed_at", Instant),
    Column("completed_by", Text, ForeignKey("staff.id")),
    _version(),
    UniqueConstraint("instance_id", "ref"),
    Index("ix_user_task_case_id", "case_id", "state"),
    Index(
        "ix_user_task_assignee_open",
        "assignee_id",
        "due_at",
        sqlite_where=text("state in ('open','claimed','held')"),
        postgresql_where=text("state in ('open','claimed','held')"),
    ),
    Index(
        "ix_user_task_due_open",
        "due_at",
        sqlite_where=text("state in ('open','claimed')"),
        postgresql_where=text("state in ('open','claimed')"),
    ),
    Index(  # the board: all that it counts, in the order in which it is grouped
        "ix_user_task_board",
        "assignee_id",
        "process_key",
        "org_id",
        "due_at",
        "state",
        "case_id",
        sqlite_where=text("state in ('open','claimed','held')"),
        postgresql_where=text("state in ('open','claimed','held')"),
    ),
    Index(  # month by month
        "ix_user_task_org_completed",
        "org_id",
        "completed_at",
        sqlite_where=text("state = 'completed'"),
        postgresql_where=text("state = 'completed'"),
    ),
    Index("ix_user_task_element_open", "element_id", "state"),
    Index("ix_user_task_completed_by", "completed_by", "completed_at"),
)
task_candidate = Table(  # who may claim: role in an organisation; org '*city' = any city organisation
    "task_candidate",
    metadata,
    Column("task_id", Text, ForeignKey("user_task.id"), primary_key=True),
    Column("org_id", Text, primary_key=True),
    Column("role", Text, primary_key=True),
    Column("open", Boolean, nullable=False, server_default=text("true")),  # false once the task is closed
    Index(  # the queues of the inbox: only what is open, however much was done
        "ix_task_candidate_open", "org_id", "role", "task_id",
        sqlite_where=text("open = 1"), postgresql_where=text("open"),
    ),
)  # fmt: skip
clock = Table(
    "clock",
    metadata,
    _id(),
    Column("task_id", Text, ForeignKey("user_task.id"), nullable=False, unique=True),
    Column("case_id", Text, nullable=False),
    Column("calendar", Text, nullable=False),
    Column("period", Text),  # e.g. 5 business_days
    Column("due_on", Date),  # a date given by the process
    Column("due_instant", Instant),  # or an instant
    Column("roll", Boolean, nullable=False),
    Column("warn", Text),
    Column("ladder", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("state", Text, nullable=False),  # running, held, done, cancelled
)
clock_change = Table(
    "clock_change",
    metadata,
    _serial(),
    Column("clock_id", Text, ForeignKey("clock.id"), nullable=False),
    Column("kind", Text, nullable=False),  # hold, resume, extend, cancel
    Column("at", Instant, nullable=False),
    Column("until", Date),
    Column("due_on", Date),
    Column("reason", Text, nullable=False),
    Column("legal_basis", Text, nullable=False, server_default=text("''")),
    Column("by_staff", Text),
    Index("ix_clock_change_clock_id", "clock_id"),
)
timer = Table(
    "timer",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),  # token, level, hold_end
    Column("instance_id", Text, ForeignKey("process_instance.id"), nullable=False),
    Column("case_id", Text, nullable=False),
    Column("element_id", Text, nullable=False),
    Column("ref", Text, nullable=False),  # token ref, or task id
    Column("branch", Text, nullable=False, server_default=text("''")),  # event gateway branch, or level
    Column("occurrence", Text, nullable=False, unique=True),
    Column("fires_at", Instant, nullable=False),
    Column("state", Text, nullable=False),  # pending, claimed, fired, cancelled, failed
    Column("lease_owner", Text),
    Column("lease_until", Instant),
    Column("fence", Integer, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Instant, nullable=False),  # when the scheduler looks again
    Column("fired_at", Instant),
    Index(
        "ix_timer_next_at",
        "next_at",
        sqlite_where=text("state in ('pending','claimed')"),
        postgresql_where=text("state in ('pending','claimed')"),
    ),
    Index(  # what is to come
        "ix_timer_opening",
        "case_id",
        sqlite_where=text("kind = 'token' and state in ('pending','claimed')"),
        postgresql_where=text("kind = 'token' and state in ('pending','claimed')"),
    ),
    Index(  # what happened just now
        "ix_timer_fired_at",
        "fired_at",
        sqlite_where=text("state = 'fired'"),
        postgresql_where=text("state = 'fired'"),
    ),
    Index("ix_timer_instance_id", "instance_id", "state"),
)
raised = Table(  # each raise of the ladder, once
    "raised",
    metadata,
    _serial(),
    Column("task_id", Text, ForeignKey("user_task.id"), nullable=False),
    Column("case_id", Text, nullable=False),
    Column("element_id", Text, nullable=False),
    Column("level", Text, nullable=False),  # warn, overdue, 1, 2, 3
    Column("due_at", Instant, nullable=False),  # when it was to be raised
    Column("raised_at", Instant, nullable=False),
    UniqueConstraint("task_id", "level", "due_at"),
    Index("ix_raised_case_id", "case_id"),
)
subscription = Table(
    "subscription",
    metadata,
    _id(),
    Column("instance_id", Text, ForeignKey("process_instance.id"), nullable=False),
    Column("case_id", Text, nullable=False),
    Column("element_id", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("branch", Text, nullable=False, server_default=text("''")),
    Column("message", Text, nullable=False),
    Column("keys", Json, nullable=False),
    UniqueConstraint("instance_id", "ref", "branch"),
    Index("ix_subscription_message", "message", "case_id"),
)
outbox = Table(
    "outbox",
    metadata,
    _serial(),
    Column("kind", Text, nullable=False),  # message, mail
    Column("name", Text, nullable=False),
    Column("case_id", Text, nullable=False),
    Column("from_instance", Text),
    Column("delivery_key", Text, nullable=False, unique=True),
    Column("payload", Json, nullable=False),
    Column("keys", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("state", Text, nullable=False),  # pending, delivered, failed, lapsed (its case was closed)
    Column("delivered_at", Instant),
    Column("delivered_to", Text),  # instance id
    Index(
        "ix_outbox_next_at",
        "next_at",
        sqlite_where=text("state = 'pending'"),
        postgresql_where=text("state = 'pending'"),
    ),
    Index("ix_outbox_case_id", "case_id"),
)
history = Table(
    "history",
    metadata,
    Column("instance_id", Text, ForeignKey("process_instance.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),  # started, completed, cancelled, fired, thrown
    Column("element_id", Text, nullable=False),
    Column("ref", Text, nullable=False, server_default=text("''")),
    Column("actor", Text),
    Column("changes", Json),
)
instance_move = Table(
    "instance_move",  # an instance moved to another version, with the image from before for undoing it
    metadata,
    _id(),
    Column("instance_id", Text, ForeignKey("process_instance.id"), nullable=False),
    Column("case_id", Text, nullable=False),
    Column("from_version_id", Text, ForeignKey("definition_version.id"), nullable=False),
    Column("to_version_id", Text, ForeignKey("definition_version.id"), nullable=False),
    Column("mapping", Json, nullable=False),  # old element id -> new element id, as given
    Column("before_state", LargeBinary, nullable=False),  # the snapshot
    Column("before_rows", Json, nullable=False),  # tasks, moments and subscriptions as they were
    Column("after_version", Integer, nullable=False),  # of the instance; another one: something has happened since
    Column("reason", Text, nullable=False),
    Column("moved_by", Text, nullable=False),
    Column("moved_at", Instant, nullable=False),
    Column("undone_by", Text),
    Column("undone_at", Instant),
    Index("ix_instance_move_instance_id", "instance_id"),
)
incident = Table(
    "incident",
    metadata,
    _id(),
    Column("instance_id", Text),
    Column("case_id", Text),
    Column("job", Text, nullable=False),  # complete, timer, message, start
    Column("element_id", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("detail", Json, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("resolved_by", Text),
    Index("ix_incident_open", "resolved_at"),
)

# ---------------------------------------------------------------- what people wrote

record = Table(
    "record",
    metadata,
    _id(),
    Column("case_id", Text, ForeignKey("support_case.id"), nullable=False),
    Column("form_key", Text, nullable=False),  # F01, F12 ...
    Column("task_form", Text, nullable=False),  # form shown, to present it later
    Column("version_id", Text, nullable=False),  # definition version that holds the form
    Column("number", Integer, nullable=False),  # 1, corrections add one
    Column("series", Text, nullable=False),  # id of the first version
    Column("data", Json, nullable=False),
    Column("sealed", Text),  # sealed values, through storage.sealing
    Column("author_id", Text, nullable=False),
    Column("org_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("task_id", Text),
    Column("element_id", Text, nullable=False, server_default=text("''")),
    Column("instance_id", Text),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Index("ix_record_case", "case_id", "form_key", "at"),
)
draft = Table(
    "draft",
    metadata,
    Column("task_id", Text, ForeignKey("user_task.id"), primary_key=True),
    Column("staff_id", Text, ForeignKey("staff.id"), primary_key=True),
    Column("data", Text, nullable=False),  # sealed text: a draft may hold sealed fields
    Column("saved_at", Instant, nullable=False),
)
notification = Table(
    "notification",
    metadata,
    _serial(),
    Column("staff_id", Text, nullable=False),
    Column("about", Text, nullable=False),  # overdue, level, assigned ...; of a process: publication.live/its_key
    Column("case_id", Text),
    Column("task_id", Text),
    Column("unique_key", Text, nullable=False, unique=True),
    Column("at", Instant, nullable=False),
    Column("read_at", Instant),
    Index("ix_notification_staff_id", "staff_id", "read_at"),
)

# ---------------------------------------------------------------- trail

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("chain", Text, primary_key=True),  # case id, or 'system'
    Column("seq", Integer, nullable=False),
    Column("head", Text, nullable=False),
)
audit_event = Table(
    "audit_event",
    metadata,
    Column("chain", Text, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),  # staff id, or 'system'
    Column("act", Text, nullable=False),
    Column("task_id", Text),
    Column("element_id", Text),
    Column("data", Json, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_audit_event_act", "act", "at"),
)
access_log = Table(
    "access_log",
    metadata,
    _serial(),
    Column("at", Instant, nullable=False),
    Column("staff_id", Text, nullable=False),
    Column("act", Text, nullable=False),  # case_opened, record_opened, list, refused ...
    Column("case_id", Text),
    Column("what", Text, nullable=False, server_default=text("''")),
    Column("reason", Text, nullable=False, server_default=text("''")),
    Index("ix_access_log_case_id", "case_id", "at"),
)
scheduler_node = Table(
    "scheduler_node",
    metadata,
    _id(),
    Column("started_at", Instant, nullable=False),
    Column("heartbeat_at", Instant, nullable=False),
    Column("stopped_at", Instant),
    Column("fired", Integer, nullable=False, server_default=text("0")),
)
