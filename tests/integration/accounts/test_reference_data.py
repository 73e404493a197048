"""The city's reference data in the tables that queries join with."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace

import pytest
from sqlalchemy import insert, select

from engine.bootstrap import build
from engine.config import ROOT, Settings
from engine.services import reference_data
from engine.storage.tables import organisation, organisation_cover, programme


def rows(database, table):
    with database.read() as connection:
        return connection.execute(select(table)).all()


def test_all_organisations_and_programmes_are_there_and_loading_again_changes_nothing(any_database, engine):
    assert len(rows(engine.database, organisation)) == 36
    assert len(rows(engine.database, programme)) == 19
    assert reference_data.load(engine.database, engine.reference) == 0


def test_a_division_answers_for_the_agencies_the_plan_puts_under_it_and_an_agency_for_itself(engine):
    covers = {}
    for row in rows(engine.database, organisation_cover):
        covers.setdefault(row.org_id, set()).add(row.covers_org_id)
    assert covers["DV-02"] == {"AG-02", "AG-12", "DV-02", "SC-02"}
    assert covers["AG-02"] == {"AG-02"}
    assert covers == {org: set(engine.reference.covers(org)) for org in engine.reference.organisations}


def test_what_the_city_changes_in_the_files_is_taken_over(any_database, engine):
    known = engine.reference.organisations
    renamed = replace(known["AG-01-1"], name="つつじが丘地域包括支援センター", placeholder=False)
    reference = replace(engine.reference, organisations={**known, "AG-01-1": renamed})
    assert reference_data.load(engine.database, reference) == 1
    found = {row.id: (row.name, row.placeholder) for row in rows(engine.database, organisation)}
    assert found["AG-01-1"] == ("つつじが丘地域包括支援センター", False)
    assert len(found) == 36


def test_an_organisation_that_left_the_files_stays_because_cases_refer_to_it(engine):
    fewer = {key: value for key, value in engine.reference.organisations.items() if key != "AG-15"}
    reference_data.load(engine.database, replace(engine.reference, organisations=fewer))
    assert "AG-15" in {row.id for row in rows(engine.database, organisation)}


def test_an_answer_that_is_no_longer_given_is_taken_away(engine):
    with engine.database.write() as connection:
        connection.execute(insert(organisation_cover).values(org_id="AG-02", covers_org_id="AG-01"))
    assert reference_data.load(engine.database, engine.reference) == 1
    assert ("AG-02", "AG-01") not in {tuple(row) for row in rows(engine.database, organisation_cover)}


def _load(url, barrier, results):
    engine = build(Settings(database_url=url, workflows=ROOT / "workflows"))
    barrier.wait(60)
    try:
        results.put(reference_data.load(engine.database, engine.reference))
    except Exception as error:  # noqa: BLE001 - the parent tells
        results.put(repr(error))


@pytest.mark.fault
def test_processes_that_load_at_once_on_an_empty_database_all_succeed(any_database):
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(3), context.Queue()
    workers = [context.Process(target=_load, args=(any_database, barrier, results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    changed = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(20)
    assert all(isinstance(number, int) for number in changed), changed
    assert max(changed) > 0
