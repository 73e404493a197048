"""The reference data of the city, copied into the tables that queries join with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.reference.book import overlaid
from engine.reference.model import Organisation, Programme, Reference
from engine.storage import reference_changes, reference_rows
from engine.storage.database import Connection, Database


def load(database: Database, reference: Reference) -> int:
    """Make the tables agree with the files and with what administrators changed; returns how many rows changed.

    Several processes may do so at once. What is no longer in the files stays, because cases refer to it.
    """
    with database.write() as connection:
        return copy(connection, overlaid(reference, reference_changes.everything(connection)))


def copy(connection: Connection, reference: Reference) -> int:
    """Put the reference data into the tables that queries join with; returns how many rows changed."""
    organisations = [_organisation(organisation) for organisation in reference.organisations.values()]
    programmes = [_programme(programme) for programme in reference.programmes.values()]
    changed = reference_rows.put_organisations(connection, organisations)
    changed += reference_rows.put_programmes(connection, programmes)
    return changed + reference_rows.put_covers(connection, _covers(reference))


def _organisation(organisation: Organisation) -> dict[str, Any]:
    return {
        "id": organisation.id, "kind": organisation.kind, "name": organisation.name,
        "parent_id": organisation.parent_id, "field_code": organisation.field_code,
        "field_name": organisation.field_ja, "division_id": organisation.division_org_id,
        "delivery_mode": organisation.delivery_mode, "city_staff": organisation.is_city_staff,
        "placeholder": organisation.placeholder, "calendar": organisation.calendar,
    }  # fmt: skip


def _programme(programme: Programme) -> dict[str, Any]:
    return {
        "id": programme.id, "pillar": programme.pillar_code, "name": programme.name, "field_name": programme.field_ja,
        "delivery_mode": programme.delivery_mode,
        "data": {
            "section": programme.section_ja, "law_item": programme.law_item, "is_new": programme.is_new,
            "summary": programme.summary_ja, "body": programme.body_ja, "division": programme.division_ja,
            "division_orgs": list(programme.division_org_ids), "processes": list(programme.process_ids),
            "plan_table": programme.plan_table, "note": programme.note,
        },
    }  # fmt: skip


def _covers(reference: Reference) -> Iterator[tuple[str, str]]:
    """(organisation, organisation whose cases its division-wide roles see): itself, and a division's agencies."""
    for org_id in reference.organisations:
        for covered in reference.covers(org_id):
            yield org_id, covered
