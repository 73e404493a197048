"""What tests of forms share: a few organisations and people, one moment, and the forms of the product."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from engine.domain.errors import FormInvalid
from engine.forms.api import Choice, FormContext, PrefillSources, RefKind
from engine.forms.form import Form
from engine.forms.library import FormLibrary

WORKFLOWS = Path(__file__).parents[3] / "workflows"
PROCESSES = (
    "intake", "outreach", "multi_agency_assessment", "plan_approval", "plan_execution", "participation_handoff",
    "participation_support",
)  # fmt: skip
ORGS = {"AG-01-3": "地域包括支援センター（3）", "AG-04": "生活相談センターさぽーと", "AG-07": "多機関協働事業者",
        "AG-08": "ひきこもり支援ステーション"}  # fmt: skip
NAMES: Mapping[RefKind, Mapping[str, str]] = {
    RefKind.ORGANISATION: ORGS,
    RefKind.STAFF: {"s1": "佐藤", "s2": "田中"},
    RefKind.PERSON: {"p1": "椿 一郎"},
    RefKind.PROGRAMME: {"PG-07": "ひきこもり支援ステーション設置運営事業", "PG-08": "赤ちゃん訪問事業"},
}


class KnownThings:
    """References to the few things above."""

    def resolve(self, kind: RefKind, text: str) -> str | None:
        names = NAMES.get(kind, {})
        return text if text in names else next((id for id, name in names.items() if name == text), None)

    def label(self, kind: RefKind, id: str) -> str | None:
        return NAMES.get(kind, {}).get(id)

    def choices(self, kind: RefKind) -> list[Choice]:
        return [Choice(id, name) for id, name in NAMES.get(kind, {}).items()]

    def options(self, name: str) -> list[str]:
        return ["孤立の解消", "家計の改善", "その他"] if name == "F13.changes" else []


def sources(**more: Any) -> PrefillSources:
    """1 April 2026, 10:00 in Tokyo, at さぽーと."""
    known: dict[str, Any] = {
        "now": datetime(2026, 4, 1, 1, 0, tzinfo=UTC),
        "today": date(2026, 4, 1),
        "actor": {"org": "AG-04", "staff": "s1"},
        "person": {"id": "p1", "name": "椿 一郎", "name_kana": "つばき いちろう"},
        "parameters": {
            "first_review_interval": "3 months", "first_monitor_interval": "3 months", "review_interval": "6 months",
            "consent_without_plan": "12 months", "handoff_overlap": "3 months", "watch_first": "3 months",
            "multi_agency_coordinator": "AG-07", "default_outreach_org": "AG-08", "default_participation_org": "AG-08",
        },
    }  # fmt: skip
    return PrefillSources(**{**known, **more})


def context(**more: Any) -> FormContext:
    return FormContext(KnownThings(), sources(**more))


@cache
def library() -> FormLibrary:
    return FormLibrary.load({str(f.relative_to(WORKFLOWS)): f.read_bytes() for f in WORKFLOWS.glob("**/forms/*.json")})


def form(key: str) -> Form:
    """A form of the product by its key, wherever it belongs."""
    process = next((process for process in PROCESSES if key in library().keys(process)), "")
    return library().form(key, process)


def all_forms() -> list[Form]:
    owners = ("", *PROCESSES)
    return [library().form(key, process) for process in owners for key in library().keys(process)]


def errors_of(checked: Form, raw: Mapping[str, Any], **more: Any) -> dict[str, str]:
    """The sentences by field path; empty when the form accepts."""
    try:
        checked.submit(raw, context(**more))
    except FormInvalid as refusal:
        return dict(refusal.fields)
    return {}


def one_field_form(schema: Mapping[str, Any], *, required: bool = False, **more: Any) -> Form:
    """A form with the single field ``value``."""
    document = {
        "key": "T01", "title": "試し",
        "schema": {"type": "object", "properties": {"value": {"title": "値", **schema}},
                   **({"required": ["value"]} if required else {}), **more},
    }  # fmt: skip
    return FormLibrary.load({"forms/T01.json": json.dumps(document).encode()}).form("T01")
