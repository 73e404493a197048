"""The JSON Schema of scenario files; ``docs/scenario.schema.json`` is its published copy."""

from __future__ import annotations

import json
from typing import Any

Schema = dict[str, Any]

ENTRIES = (
    "manual", "referral", "programme", "returned", "childcare_base", "conference", "household_member", "message",
)  # fmt: skip
CODES = (
    "form_invalid", "not_found", "not_authorised", "city_staff_only", "four_eyes", "already_claimed",
    "already_completed", "not_open", "consent_missing", "secrecy_missing", "open_work", "personal_data",
    "hold_too_long",
)  # fmt: skip
COMMANDS = (
    "consent.withdraw", "emergency.raise", "person.died", "person.moved", "review.request", "grant.give", "grant.end",
    "resource.report_shortage",
)  # fmt: skip
ROLES = (
    "intake_worker", "agency_manager", "mac_coordinator", "outreach_worker", "participation_coordinator",
    "community_developer", "division_officer", "emergency_officer", "supervisor", "programme_lead", "process_owner",
    "auditor", "sysadmin", "conference_member",
)  # fmt: skip
TASK_STATES = ("open", "claimed", "held", "overdue", "due_soon", "due_today", "on_time", "none")
INSTANCE_STATES = ("running", "completed", "cancelled", "incident")

_UNIT = "(business_days?|business_hours?|calendar_days?|days?|weeks?|months?|years?|hours?|minutes?)"
TEXT: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
AMOUNT: Schema = {"type": "string", "pattern": rf"^\s*[0-9]{{1,5}}\s+{_UNIT}\s*$"}
DATE: Schema = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
MOMENT: Schema = {
    "type": "string",
    "pattern": r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:?\d{2})?)?$",
}
MAYBE_MOMENT: Schema = {"anyOf": [MOMENT, {"type": "null"}]}
DATE_OR_FLAG: Schema = {"anyOf": [FLAG, MOMENT]}
WITH: Schema = {"type": "object"}


def _object(properties: Schema, required: tuple[str, ...] = (), **more: Any) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False, **more}
    if required:
        schema["required"] = list(required)
    return schema


def _list(items: Schema, minimum: int = 1) -> Schema:
    return {"type": "array", "items": items, "minItems": minimum}


def _one_or_list(schema: Schema) -> Schema:
    return {"anyOf": [schema, _list(schema, 0)]}


REFUSED: Schema = {
    "anyOf": [
        {"enum": list(CODES)},
        _object({"code": {"enum": list(CODES)}, "fields": _list(TEXT)}, ("code",)),
    ]
}
PERSON = _object({"org": TEXT, "roles": _list({"enum": list(ROLES)})}, ("org", "roles"))


def _act(properties: Schema, required: tuple[str, ...]) -> Schema:
    return _object({**properties, "by": TEXT, "refused": REFUSED}, (*required, "by"))


def _task_act(more: Schema | None = None, required: tuple[str, ...] = ()) -> Schema:
    picked: Schema = {"task": TEXT, "case": TEXT, "org": TEXT, "holder": TEXT}
    return _act({**picked, **(more or {})}, ("task", "case", *required))


ACTS: Schema = {
    "start": _act(
        {"process": TEXT, "as": TEXT, "case": TEXT, "entry": {"enum": list(ENTRIES)}, "org": TEXT, "with": WITH},
        ("process",),
    ),
    "complete": _task_act({"with": WITH}),
    "claim": _task_act(),
    "hold": _task_act({"until": DATE, "reason": {"type": "string"}}),
    "resume": _task_act({"reason": {"type": "string"}}),
    "extend": _task_act({"due_on": DATE, "reason": {"type": "string"}, "legal_basis": {"type": "string"}}),
    "release": _task_act(),
    "reassign": _task_act({"to": TEXT, "note": {"type": "string"}}, ("to",)),
    "command": _act({"name": {"enum": list(COMMANDS)}, "case": TEXT, "as": TEXT, "with": WITH}, ("name",)),
}

OPEN_TASK = _object(
    {
        "task": TEXT, "role": {"enum": list(ROLES)}, "due": MAYBE_MOMENT, "state": {"enum": list(TASK_STATES)},
        "holder": {"anyOf": [TEXT, {"type": "null"}]}, "org": TEXT,
    },
    ("task",),
)  # fmt: skip
TASKS = _list({"anyOf": [TEXT, OPEN_TASK]}, 0)
RAISED = _object(
    {
        "task": TEXT, "level": {"enum": ["warn", "overdue", 1, 2, 3, "1", "2", "3"]}, "on": MOMENT,
        "raised_at": MOMENT, "times": COUNT, "org": TEXT, "holder": TEXT,
    },
    ("task",),
)  # fmt: skip
PLAN = _object(
    {
        "version": COUNT, "next_review_on": {"anyOf": [DATE, {"type": "null"}]},
        "early_start": {"anyOf": [FLAG, COUNT]}, "status": TEXT, "kind": TEXT, "lead_org": TEXT, "review_no": COUNT,
    }
)  # fmt: skip
EXPECTATIONS: Schema = {
    "case": TEXT,
    "status": {"enum": ["open", "suspended", "closed"]},
    "instances": {
        "type": "object",
        "additionalProperties": {"anyOf": [*_one_or_list({"enum": list(INSTANCE_STATES)})["anyOf"], {"const": "none"}]},
    },
    "open": TASKS,
    "open_exactly": TASKS,
    "not_open": TASKS,
    "one_of": TASKS,
    "raised": _list(RAISED),
    "variables": {"type": "object", "minProperties": 1},
    "records": _list(_object({"form": TEXT, "by": TEXT, "org": TEXT, "task": TEXT, "count": COUNT}, ("form",))),
    "visible_to": {"type": "object", "additionalProperties": FLAG, "minProperties": 1},
    "search": _one_or_list(
        _object({"by": TEXT, "text": TEXT, "in": TEXT, "hits": COUNT}, ("by", "text", "hits")),
    ),
    "sees": _list(_object({"by": TEXT, "form": TEXT, "field": TEXT, "sees": {}}, ("by", "form", "field", "sees"))),
    "grants": _list(
        _object(
            {
                "org": TEXT,
                "basis": TEXT,
                "until": MAYBE_MOMENT,
                "ended": DATE_OR_FLAG,
                "reason": TEXT,
                "relation": TEXT,
            },
            ("org",),
        )
    ),
    "consents": _list(
        _object(
            {"subject": TEXT, "given_by": TEXT, "result": TEXT, "person_will": TEXT, "withdrawn": DATE_OR_FLAG},
        ),
        0,
    ),
    "plan": PLAN,
    "retention": _object({"class": TEXT, "until": MAYBE_MOMENT}),
    "related": _list(TEXT),
    "reports": _list({"type": "object"}),
    "prints": _list({"type": "object"}),
    "audit": _list(_object({"act": TEXT, "task": TEXT, "by": TEXT, "times": COUNT}, ("act",))),
    "notified": _list(_object({"to": TEXT, "about": {"anyOf": [TEXT, COUNT]}, "on": MOMENT, "times": COUNT}, ("to",))),
    "not_contains": _list(TEXT),
}


def _step(verbs: Schema) -> Schema:
    return {
        "type": "object",
        "properties": verbs,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }


STEPS: Schema = {
    **ACTS,
    "at_once": _object(
        {"accepted": COUNT, "others": _one_or_list({"enum": list(CODES)}), "steps": _list(_step(ACTS), 2)},
        ("accepted", "steps"),
    ),
    "advance": _object({"by": AMOUNT, "to": MOMENT}, minProperties=1, maxProperties=1),
    "down": _object({"for": AMOUNT, "to": MOMENT}, minProperties=1, maxProperties=1),
    "expect": _object(EXPECTATIONS, minProperties=1),
}
SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Tsunagu scenario",
    **_object(
        {
            "scenario": TEXT,
            "given": _object(
                {
                    "now": MOMENT,
                    "staff": {
                        "type": "object",
                        "additionalProperties": {"anyOf": [PERSON, _list(PERSON)]},
                        "minProperties": 1,
                    },
                    "schedulers": {"type": "integer", "minimum": 1, "maximum": 8},
                },
                ("now", "staff"),
            ),
            "steps": _list(_step(STEPS)),
        },
        ("scenario", "given", "steps"),
    ),
}


def published() -> str:
    """The text of ``docs/scenario.schema.json``."""
    return json.dumps(SCHEMA, ensure_ascii=False, indent=2) + "\n"
