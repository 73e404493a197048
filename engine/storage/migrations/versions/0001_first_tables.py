"""The first tables.

Revision: 0001, after nothing.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")  # on SQLite as sortable UTC text
JSON = sa.Text()  # text on both, so that nothing re-interprets it
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_reference()
    _create_staff()
    _create_cases()
    _create_support()
    _create_definitions()
    _create_running()
    _create_records()
    _create_trail()


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would delete the records.")


def _create_reference() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text()),
        sa.Column("field_code", sa.Text(), nullable=False),
        sa.Column("field_name", sa.Text(), nullable=False),
        sa.Column("division_id", sa.Text()),
        sa.Column("delivery_mode", sa.Text(), nullable=False),
        sa.Column("city_staff", sa.Boolean(), nullable=False),
        sa.Column("placeholder", sa.Boolean(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
    )
    op.create_table(
        "organisation_cover",
        sa.Column("org_id", sa.Text(), nullable=False),
        sa.Column("covers_org_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "covers_org_id", name="pk_organisation_cover"),
    )
    op.create_table(
        "programme",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pillar", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("field_name", sa.Text(), nullable=False),
        sa.Column("delivery_mode", sa.Text(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_programme"),
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_setting"),
    )


def _create_staff() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_kana", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("email", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'ja'"), nullable=False),
        sa.Column("era_dates", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
        sa.UniqueConstraint("login", name="uq_staff_login"),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date()),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name="fk_membership_org_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_membership_staff_id"),
        sa.PrimaryKeyConstraint("id", name="pk_membership"),
        sa.UniqueConstraint(
            "staff_id", "org_id", "role", "valid_from", name="uq_membership_staff_id_org_id_role_valid_from"
        ),
    )
    op.create_index("ix_membership_org_role", "membership", ["org_id", "role"])
    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("membership_org", sa.Text()),
        sa.Column("membership_role", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_seen_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_web_session_staff_id"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_web_session"),
    )
    op.create_index("ix_web_session_staff_id", "web_session", ["staff_id"])
    op.create_table(
        "sign_in_attempt",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("locked_until", INSTANT),
        sa.PrimaryKeyConstraint("login", name="pk_sign_in_attempt"),
    )


def _create_cases() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("name_kana", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("name_folded", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("sex", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("birth", sa.Date()),
        sa.Column("address", sa.Text()),
        sa.Column("residence", sa.Text()),
        sa.Column("phone_home", sa.Text()),
        sa.Column("phone_mobile", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("provisional", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
    )
    op.create_index("ix_person_name_folded", "person", ["name_folded"])
    op.create_table(
        "household",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_household"),
    )
    op.create_table(
        "household_member",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("household_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text()),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_kana", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("relation", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("age", sa.Integer()),
        sa.Column("lives_with", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("job", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name="fk_household_member_household_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_household_member_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_household_member"),
    )
    op.create_index("ix_household_member_household_id", "household_member", ["household_id"])
    op.create_table(
        "support_case",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("household_id", sa.Text(), nullable=False),
        sa.Column("owner_org", sa.Text(), nullable=False),
        sa.Column("lead_org", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("seal_level", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("field_codes", JSON, nullable=False),
        sa.Column("urgency", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("stage", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("relation_stage", sa.SmallInteger()),
        sa.Column("entry_programme", sa.Text()),
        sa.Column("merged_into", sa.Text()),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("closed_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name="fk_support_case_household_id"),
        sa.ForeignKeyConstraint(["lead_org"], ["organisation.id"], name="fk_support_case_lead_org"),
        sa.ForeignKeyConstraint(["merged_into"], ["support_case.id"], name="fk_support_case_merged_into"),
        sa.ForeignKeyConstraint(["owner_org"], ["organisation.id"], name="fk_support_case_owner_org"),
        sa.ForeignKeyConstraint(["subject_id"], ["person.id"], name="fk_support_case_subject_id"),
        sa.PrimaryKeyConstraint("id", name="pk_support_case"),
        sa.UniqueConstraint("number", name="uq_support_case_number"),
    )
    op.create_index("ix_support_case_owner_org", "support_case", ["owner_org", "status"])
    op.create_table(
        "case_counter",
        sa.Column("fiscal_year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("fiscal_year", name="pk_case_counter"),
    )
    op.create_table(
        "case_organisation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.Column("scope_items", JSON, nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("granted_by", sa.Text()),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name="fk_case_organisation_case_id"),
        sa.ForeignKeyConstraint(["org_id"], ["organisation.id"], name="fk_case_organisation_org_id"),
        sa.PrimaryKeyConstraint("id", name="pk_case_organisation"),
    )
    op.create_index("ix_case_organisation_case", "case_organisation", ["case_id"])
    op.create_index("ix_case_organisation_org", "case_organisation", ["org_id", "case_id"])
    op.create_table(
        "case_staff",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name="fk_case_staff_case_id"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_case_staff_staff_id"),
        sa.PrimaryKeyConstraint("case_id", "staff_id", name="pk_case_staff"),
    )
    op.create_table(
        "case_relation",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("other_case_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name="fk_case_relation_case_id"),
        sa.ForeignKeyConstraint(["other_case_id"], ["support_case.id"], name="fk_case_relation_other_case_id"),
        sa.PrimaryKeyConstraint("case_id", "other_case_id", name="pk_case_relation"),
    )


def _create_support() -> None:
    op.create_table(
        "consent",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text()),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_person_id", sa.Text()),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("scope_items", JSON, nullable=False),
        sa.Column("scope_orgs", JSON, nullable=False),
        sa.Column("excluded_orgs", JSON, nullable=False),
        sa.Column("person_will", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("plan_version_id", sa.Text()),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date()),
        sa.Column("withdrawn_on", sa.Date()),
        sa.Column("withdrawn_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name="fk_consent_case_id"),
        sa.ForeignKeyConstraint(["subject_person_id"], ["person.id"], name="fk_consent_subject_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.UniqueConstraint("source_key", name="uq_consent_source_key"),
    )
    op.create_index("ix_consent_case_id", "consent", ["case_id"])
    op.create_table(
        "support_plan",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name="fk_support_plan_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_support_plan"),
    )
    op.create_index("ix_support_plan_case_id", "support_plan", ["case_id"])
    op.create_table(
        "plan_version",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text()),
        sa.Column("lead_org", sa.Text()),
        sa.Column("period_from", sa.Date()),
        sa.Column("period_until", sa.Date()),
        sa.Column("first_monitor", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("review_interval", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("first_monitor_on", sa.Date()),
        sa.Column("next_review_on", sa.Date()),
        sa.Column("review_no", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("early_start_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("use_participation", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("use_outreach", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("conclusion", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("conference_next_review_on", sa.Date()),
        sa.Column("evaluation_result", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("evaluation_next_on", sa.Date()),
        sa.Column("decided_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name="fk_plan_version_case_id"),
        sa.ForeignKeyConstraint(["lead_org"], ["organisation.id"], name="fk_plan_version_lead_org"),
        sa.ForeignKeyConstraint(["plan_id"], ["support_plan.id"], name="fk_plan_version_plan_id"),
        sa.PrimaryKeyConstraint("id", name="pk_plan_version"),
        sa.UniqueConstraint("plan_id", "number", name="uq_plan_version_plan_id_number"),
        sa.UniqueConstraint("source_key", name="uq_plan_version_source_key"),
    )
    op.create_index("ix_plan_version_case_id", "plan_version", ["case_id"])
    op.create_table(
        "plan_item",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("plan_version_id", sa.Text(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("issue", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("programme_id", sa.Text()),
        sa.Column("org_id", sa.Text()),
        sa.Column("staff_text", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("person_does", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("frequency", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("starts_on", sa.Date()),
        sa.Column("ends_on", sa.Date()),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("started_on", sa.Date()),
        sa.ForeignKeyConstraint(["plan_version_id"], ["plan_version.id"], name="fk_plan_item_plan_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_plan_item"),
        sa.UniqueConstraint("plan_version_id", "no", name="uq_plan_item_plan_version_id_no"),
    )
    op.create_table(
        "referral",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_org", sa.Text(), nullable=False),
        sa.Column("to_org", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sharing_basis", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text()),
        sa.Column("answer_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("overlap_until", sa.Date()),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("answered_at", INSTANT),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name="fk_referral_case_id"),
        sa.ForeignKeyConstraint(["from_org"], ["organisation.id"], name="fk_referral_from_org"),
        sa.ForeignKeyConstraint(["to_org"], ["organisation.id"], name="fk_referral_to_org"),
        sa.PrimaryKeyConstraint("id", name="pk_referral"),
        sa.UniqueConstraint("source_key", name="uq_referral_source_key"),
    )
    op.create_index("ix_referral_case_id", "referral", ["case_id"])
    op.create_table(
        "contact",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("outcome", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("stage", sa.SmallInteger()),
        sa.Column("safety", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("next_on", sa.Date()),
        sa.Column("record_id", sa.Text()),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name="fk_contact_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contact"),
        sa.UniqueConstraint("source_key", name="uq_contact_source_key"),
    )
    op.create_index("ix_contact_case_at", "contact", ["case_id", "at"])
    op.create_table(
        "placement",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("judgement", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("record_id", sa.Text()),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name="fk_placement_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_placement"),
        sa.UniqueConstraint("source_key", name="uq_placement_source_key"),
    )
    op.create_index("ix_placement_case_id", "placement", ["case_id"])


def _create_definitions() -> None:
    op.create_table(
        "definition_version",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("process_key", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_definition_version"),
        sa.UniqueConstraint("process_key", "content_hash", name="uq_definition_version_process_key_content_hash"),
        sa.UniqueConstraint("process_key", "number", name="uq_definition_version_process_key_number"),
    )
    op.create_table(
        "deployment",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("process_key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("deployed_at", INSTANT, nullable=False),
        sa.Column("deployed_by", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("checks", JSON, nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["definition_version.id"], name="fk_deployment_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_deployment"),
    )
    op.create_index("ix_deployment_process_key", "deployment", ["process_key", "id"])


def _create_running() -> None:
    op.create_table(
        "process_instance",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("process_key", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Text(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("ended_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("history_seq", sa.Integer(), nullable=False),
        sa.Column("start_key", sa.Text()),
        sa.Column("started_by", sa.Text()),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name="fk_process_instance_case_id"),
        sa.ForeignKeyConstraint(["version_id"], ["definition_version.id"], name="fk_process_instance_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_process_instance"),
        sa.UniqueConstraint("start_key", name="uq_process_instance_start_key"),
    )
    op.create_index("ix_process_instance_case_id", "process_instance", ["case_id"])
    op.create_index("ix_process_instance_version_id", "process_instance", ["version_id"])
    op.create_table(
        "user_task",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("process_key", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("assignee_id", sa.Text()),
        sa.Column("claimed_at", INSTANT),
        sa.Column("city_staff_only", sa.Boolean(), nullable=False),
        sa.Column("not_same_as", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("hold_allowed", sa.Boolean(), nullable=False),
        sa.Column("stage", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("org_id", sa.Text()),
        sa.Column("locals", JSON, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("by_timer", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("timer_due_at", INSTANT),
        sa.Column("due_at", INSTANT),
        sa.Column("due_on", sa.Date()),
        sa.Column("warn_at", INSTANT),
        sa.Column("held_until", sa.Date()),
        sa.Column("hold_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("completed_at", INSTANT),
        sa.Column("completed_by", sa.Text()),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(["assignee_id"], ["staff.id"], name="fk_user_task_assignee_id"),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name="fk_user_task_case_id"),
        sa.ForeignKeyConstraint(["completed_by"], ["staff.id"], name="fk_user_task_completed_by"),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name="fk_user_task_instance_id"),
        sa.PrimaryKeyConstraint("id", name="pk_user_task"),
        sa.UniqueConstraint("instance_id", "ref", name="uq_user_task_instance_id_ref"),
    )
    op.create_index(
        "ix_user_task_assignee_open",
        "user_task",
        ["assignee_id", "due_at"],
        sqlite_where=sa.text("state in ('open','claimed','held')"),
        postgresql_where=sa.text("state in ('open','claimed','held')"),
    )
    op.create_index("ix_user_task_case_id", "user_task", ["case_id", "state"])
    op.create_index("ix_user_task_completed_by", "user_task", ["completed_by", "completed_at"])
    op.create_index(
        "ix_user_task_due_open",
        "user_task",
        ["due_at"],
        sqlite_where=sa.text("state in ('open','claimed')"),
        postgresql_where=sa.text("state in ('open','claimed')"),
    )
    op.create_index("ix_user_task_element_open", "user_task", ["element_id", "state"])
    op.create_table(
        "task_candidate",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["user_task.id"], name="fk_task_candidate_task_id"),
        sa.PrimaryKeyConstraint("task_id", "org_id", "role", name="pk_task_candidate"),
    )
    op.create_index("ix_task_candidate_org_role", "task_candidate", ["org_id", "role"])
    op.create_table(
        "clock",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("period", sa.Text()),
        sa.Column("due_on", sa.Date()),
        sa.Column("due_instant", INSTANT),
        sa.Column("roll", sa.Boolean(), nullable=False),
        sa.Column("warn", sa.Text()),
        sa.Column("ladder", sa.Text(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["user_task.id"], name="fk_clock_task_id"),
        sa.PrimaryKeyConstraint("id", name="pk_clock"),
        sa.UniqueConstraint("task_id", name="uq_clock_task_id"),
    )
    op.create_table(
        "clock_change",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("clock_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("due_on", sa.Date()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("by_staff", sa.Text()),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name="fk_clock_change_clock_id"),
        sa.PrimaryKeyConstraint("id", name="pk_clock_change"),
    )
    op.create_index("ix_clock_change_clock_id", "clock_change", ["clock_id"])
    op.create_table(
        "timer",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("occurrence", sa.Text(), nullable=False),
        sa.Column("fires_at", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("lease_owner", sa.Text()),
        sa.Column("lease_until", INSTANT),
        sa.Column("fence", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("fired_at", INSTANT),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name="fk_timer_instance_id"),
        sa.PrimaryKeyConstraint("id", name="pk_timer"),
        sa.UniqueConstraint("occurrence", name="uq_timer_occurrence"),
    )
    op.create_index("ix_timer_instance_id", "timer", ["instance_id", "state"])
    op.create_index(
        "ix_timer_next_at",
        "timer",
        ["next_at"],
        sqlite_where=sa.text("state in ('pending','claimed')"),
        postgresql_where=sa.text("state in ('pending','claimed')"),
    )
    op.create_table(
        "raised",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("raised_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["user_task.id"], name="fk_raised_task_id"),
        sa.PrimaryKeyConstraint("id", name="pk_raised"),
        sa.UniqueConstraint("task_id", "level", "due_at", name="uq_raised_task_id_level_due_at"),
    )
    op.create_index("ix_raised_case_id", "raised", ["case_id"])
    op.create_table(
        "subscription",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("keys", JSON, nullable=False),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name="fk_subscription_instance_id"),
        sa.PrimaryKeyConstraint("id", name="pk_subscription"),
        sa.UniqueConstraint("instance_id", "ref", "branch", name="uq_subscription_instance_id_ref_branch"),
    )
    op.create_index("ix_subscription_message", "subscription", ["message", "case_id"])
    op.create_table(
        "outbox",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("from_instance", sa.Text()),
        sa.Column("delivery_key", sa.Text(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("keys", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("next_at", INSTANT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("delivered_at", INSTANT),
        sa.Column("delivered_to", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("delivery_key", name="uq_outbox_delivery_key"),
    )
    op.create_index("ix_outbox_case_id", "outbox", ["case_id"])
    op.create_index(
        "ix_outbox_next_at",
        "outbox",
        ["next_at"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "history",
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("actor", sa.Text()),
        sa.Column("changes", JSON),
        sa.ForeignKeyConstraint(["instance_id"], ["process_instance.id"], name="fk_history_instance_id"),
        sa.PrimaryKeyConstraint("instance_id", "seq", name="pk_history"),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text()),
        sa.Column("case_id", sa.Text()),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("resolved_at", INSTANT),
        sa.Column("resolved_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index("ix_incident_open", "incident", ["resolved_at"])


def _create_records() -> None:
    op.create_table(
        "record",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("form_key", sa.Text(), nullable=False),
        sa.Column("task_form", sa.Text(), nullable=False),
        sa.Column("version_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("sealed", sa.Text()),
        sa.Column("author_id", sa.Text(), nullable=False),
        sa.Column("org_id", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("task_id", sa.Text()),
        sa.Column("element_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("instance_id", sa.Text()),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["support_case.id"], name="fk_record_case_id"),
        sa.PrimaryKeyConstraint("id", name="pk_record"),
    )
    op.create_index("ix_record_case", "record", ["case_id", "form_key", "at"])
    op.create_table(
        "draft",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("saved_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_draft_staff_id"),
        sa.ForeignKeyConstraint(["task_id"], ["user_task.id"], name="fk_draft_task_id"),
        sa.PrimaryKeyConstraint("task_id", "staff_id", name="pk_draft"),
    )
    op.create_table(
        "notification",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text()),
        sa.Column("task_id", sa.Text()),
        sa.Column("unique_key", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
        sa.UniqueConstraint("unique_key", name="uq_notification_unique_key"),
    )
    op.create_index("ix_notification_staff_id", "notification", ["staff_id", "read_at"])


def _create_trail() -> None:
    op.create_table(
        "audit_chain",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chain", name="pk_audit_chain"),
    )
    op.create_table(
        "audit_event",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("task_id", sa.Text()),
        sa.Column("element_id", sa.Text()),
        sa.Column("data", JSON, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "seq", name="pk_audit_event"),
    )
    op.create_index("ix_audit_event_act", "audit_event", ["act", "at"])
    op.create_table(
        "access_log",
        sa.Column("id", SERIAL, autoincrement=True, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Text()),
        sa.Column("what", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_log"),
    )
    op.create_index("ix_access_log_case_id", "access_log", ["case_id", "at"])
    op.create_table(
        "scheduler_node",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("heartbeat_at", INSTANT, nullable=False),
        sa.Column("stopped_at", INSTANT),
        sa.Column("fired", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_scheduler_node"),
    )
