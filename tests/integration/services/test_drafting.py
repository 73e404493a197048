"""Drafts of processes: one for each process, every save kept, nobody's overwritten silently."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.domain.errors import FormInvalid, NotAuthorised, NotFound, StaleVersion
from engine.services import draft_presence, drafting
from engine.services.drafting import DraftTaken
from tests.support.casework import Casework, a_process, a_task, flow

BODY = a_task("first") + '<bpmn:endEvent id="done" name="おわり"/>' + flow("st", "first") + flow("first", "done")


def diagram(name: str = "") -> bytes:
    return a_process("visit", BODY).replace(b'name="first"', f'name="{name or "first"}"'.encode())


@pytest.fixture
def office(office: Casework) -> Casework:
    office.employ("owner", "DV-07", "process_owner")
    office.employ("second", "DV-07", "process_owner")
    office.deploy("visit", diagram())
    return office


def begin(office: Casework) -> drafting.Draft:
    return drafting.begin(office.engine, office.person("owner"), "visit", now=office.now)


def save(office: Casework, name: str, seen: int, by: str = "owner") -> drafting.Draft:
    office.now += timedelta(minutes=1)
    return drafting.save(office.engine, office.person(by), "visit", diagram(name), seen=seen, now=office.now)


def acts(office: Casework) -> list[str]:
    rows = office.rows("SELECT act FROM audit_event WHERE chain = 'system' AND act LIKE 'draft.%' ORDER BY seq")
    return [row.act for row in rows]


def name_in(office: Casework, revision: int | None = None) -> str:
    content = drafting.files(office.engine, office.person("owner"), "visit", revision)["process.bpmn"].decode()
    return content.partition('<bpmn:userTask id="first" name="')[2].partition('"')[0]


def test_a_draft_begins_with_all_files_of_the_live_version_and_is_opened_once(office):
    first = begin(office)
    assert begin(office) == first
    assert (first.revision, first.base_number, first.state) == (1, 1, "open")
    found = drafting.files(office.engine, office.person("owner"), "visit")
    assert set(found) == {"process.bpmn", "visit/forms/note.json"}
    assert found["process.bpmn"] == diagram()
    assert acts(office) == ["draft.opened"]


def test_a_save_is_a_new_revision_and_the_same_content_again_is_none(office):
    begin(office)
    assert save(office, "訪問する", 1).revision == 2
    again = save(office, "訪問する", 1)
    assert again.revision == 2
    assert name_in(office) == "訪問する"
    assert name_in(office, 1) == "first"
    assert acts(office) == ["draft.opened", "draft.saved"]


def test_a_save_on_top_of_somebody_elses_leaves_theirs_and_is_put_aside_once(office):
    begin(office)
    save(office, "ふたりめ", 1, by="second")
    for _ in range(2):
        with pytest.raises(DraftTaken) as taken:
            save(office, "ひとりめ", 1)
    assert taken.value.draft.revision == 2
    assert taken.value.draft.changed_by == office.staff["second"]
    assert name_in(office) == "ふたりめ"
    assert name_in(office, taken.value.aside) == "ひとりめ"
    kinds = [row.kind for row in drafting.revisions(office.engine, office.person("owner"), "visit")]
    assert kinds == ["aside", "saved", "opened"]
    assert save(office, "ひとりめ", 2).revision == 4
    assert acts(office) == ["draft.opened", "draft.saved", "draft.aside", "draft.saved"]


def test_an_earlier_revision_can_be_taken_back_and_what_came_between_stays(office):
    begin(office)
    save(office, "訪問する", 1)
    owner = office.person("owner")
    with pytest.raises(StaleVersion):
        drafting.restore(office.engine, owner, "visit", 1, seen=1, now=office.now)
    assert drafting.restore(office.engine, owner, "visit", 1, seen=2, now=office.now).revision == 3
    assert drafting.restore(office.engine, owner, "visit", 1, seen=3, now=office.now).revision == 3
    assert name_in(office) == "first"
    assert name_in(office, 2) == "訪問する"
    with pytest.raises(NotFound):
        drafting.restore(office.engine, owner, "visit", 9, seen=3, now=office.now)


def test_a_discarded_draft_comes_back_as_it_was(office):
    begin(office)
    save(office, "訪問する", 1)
    owner = office.person("owner")
    with pytest.raises(StaleVersion):
        drafting.discard(office.engine, owner, "visit", seen=1, now=office.now)
    drafting.discard(office.engine, owner, "visit", seen=2, now=office.now)
    assert drafting.current(office.engine, owner, "visit") is None
    with pytest.raises(NotFound):
        save(office, "訪問した", 2)
    assert drafting.can_reopen(office.engine, owner, "visit")
    assert drafting.reopen(office.engine, owner, "visit", now=office.now).revision == 2
    assert name_in(office) == "訪問する"
    assert acts(office)[-2:] == ["draft.discarded", "draft.reopened"]


def test_publishing_closes_the_draft_unless_somebody_saved_since(office):
    draft = begin(office)
    save(office, "訪問する", 1)
    version = office.deploy("visit", diagram("訪問"))
    owner = office.person("owner")
    with office.engine.database.write() as connection:
        assert not drafting.close_published(connection, owner, draft.id, 1, version, office.now)
    found = drafting.current(office.engine, owner, "visit")
    assert found is not None
    assert (found.base_version_id, found.revision) == (version, 2)
    with office.engine.database.write() as connection:
        assert drafting.close_published(connection, owner, draft.id, 2, version, office.now)
        assert not drafting.close_published(connection, owner, draft.id, 2, version, office.now)
    assert drafting.current(office.engine, owner, "visit") is None
    assert acts(office).count("draft.published") == 2


def test_only_process_owners_have_drafts_and_only_of_processes_that_exist(office):
    for attempt in (drafting.begin, drafting.reopen):
        with pytest.raises(NotAuthorised):
            attempt(office.engine, office.person("supervisor"), "visit", now=office.now)
    for look in (drafting.current, drafting.files, drafting.revisions, drafting.can_reopen):
        with pytest.raises(NotAuthorised):
            look(office.engine, office.person("supervisor"), "visit")
    owner = office.person("owner")
    with pytest.raises(NotFound):
        drafting.begin(office.engine, owner, "nothing", now=office.now)
    with pytest.raises(NotFound):
        drafting.begin(office.engine, owner, "visit", 7, now=office.now)


def test_what_is_no_xml_or_brings_entities_is_not_kept(office):
    begin(office)
    owner = office.person("owner")
    for text in (b"<bpmn:definitions", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'):
        with pytest.raises(FormInvalid):
            drafting.save(office.engine, owner, "visit", text, seen=1, now=office.now)
    assert drafting.current(office.engine, owner, "visit").revision == 1


def test_going_back_goes_one_save_further_each_time_and_never_to_what_was_put_aside(office):
    begin(office)
    save(office, "いち", 1)
    save(office, "に", 2)
    with pytest.raises(DraftTaken):
        save(office, "さん", 1, by="second")
    owner, undone = office.person("owner"), []
    for seen in (3, 5):
        undone.append(drafting.undo(office.engine, owner, "visit", seen=seen, now=office.now).revision)
        undone.append(name_in(office))
    assert undone == [5, "いち", 6, "first"]
    assert drafting.before(office.engine, owner, "visit") is None
    with pytest.raises(NotFound):
        drafting.undo(office.engine, owner, "visit", seen=6, now=office.now)
    save(office, "よん", 6)
    assert drafting.before(office.engine, owner, "visit") == 6
    with pytest.raises(StaleVersion):
        drafting.undo(office.engine, owner, "visit", seen=6, now=office.now)


def test_others_who_have_a_draft_open_are_known_for_a_minute_and_a_half(office):
    begin(office)

    def others(who: str) -> tuple[str, ...]:
        return draft_presence.here(office.engine, office.person(who), "visit", now=office.now).others

    assert others("owner") == ()
    assert others("second") == (office.staff["owner"],)
    office.now += timedelta(seconds=60)
    assert others("owner") == (office.staff["second"],)
    office.now += timedelta(seconds=60)
    assert others("owner") == ()
    with pytest.raises(NotAuthorised):
        others("supervisor")
