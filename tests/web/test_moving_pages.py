"""Running cases moved through the pages: mapping, trial, move, stopping, taking back; and who dies on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from engine.domain.roles import Role
from engine.services import moving, moving_together, tasks
from engine.services.moving import Target
from engine.storage import move_batches
from tests.support.drawn import drawn, publish
from tests.web.site import Page, Site, first

MOVES = "/processes/visit/moves"
ONE = f"{MOVES}/1"
OLD, NEW = drawn("visit", ["first", "second"]), drawn("visit", ["meet", "check", "second"])
PEOPLE = ("assignee_id", "state", "due_at", "due_on", "held_until")


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    """Three instances on version 2 (one at ``second``, one claimed with a draft), and version 3 live."""
    opened = Site.open(sqlite_url)
    office = opened.office
    publish(office.engine, "visit", OLD, office.now)
    for login in ("owner", "second"):
        opened.employ(Role.PROCESS_OWNER, login=login)
    for _ in range(3):
        office.start("visit")
    office.complete("first", "worker")
    office.claim("first", "worker")
    task = office.task("first", state="claimed")
    tasks.save_draft(office.engine, office.person("worker"), task.id, {"note": "途中"}, now=office.now)
    publish(office.engine, "visit", NEW, office.now)
    yield opened
    office.engine.database.dispose()


def told(page: Page) -> str:
    """All text of the main part, each cell apart from the next."""
    assert page.tree is not None
    return " ".join(" ".join(first(page.tree, "main").itertext()).split())


def works(site: Site, limit: int = moving_together.CHUNK) -> int:
    """What a scheduler's job does once."""
    return moving_together.work(site.office.engine, now=site.clock.now(), limit=limit)


def tried(site: Site) -> Any:
    """A batch from version 2 to 3 that was tried with ``first`` as ``meet``."""
    owner = site.browser("owner")
    assert owner.post(MOVES, {"from": "2", "to": "3"}).location == ONE
    assert owner.post(f"{ONE}/try", {"to:first": "meet"}).status == 302
    while works(site):
        pass
    return owner


def moved(site: Site) -> Any:
    """The same batch, moved."""
    owner = tried(site)
    assert owner.post(f"{ONE}/start", {"reason": "確認を加えたため"}).status == 302
    while works(site):
        pass
    return owner


def on(site: Site, number: int) -> int:
    """How many instances run on a version."""
    sql = "SELECT count(*) FROM process_instance i JOIN definition_version v ON v.id = i.version_id WHERE v.number = :n"
    return site.count(f"{sql} AND i.process_key = 'visit'", n=number)


def item_states(site: Site) -> list[str]:
    """What became of each, in order."""
    return [row.state for row in site.office.rows("SELECT state FROM move_item ORDER BY position")]


def test_cases_are_tried_moved_and_taken_back_with_everything_people_did(site: Site) -> None:
    columns = ", ".join(PEOPLE)
    ask = f"SELECT id, {columns} FROM user_task WHERE state IN ('open', 'claimed', 'held') ORDER BY id"
    before = site.office.rows(ask)
    owner = tried(site)
    page = owner.get(ONE)
    assert "移せます 3件" in told(page)
    assert "「first」をする → 「meet」をする" in told(page)
    assert not [n for n in (r.number for r in site.office.rows("SELECT number FROM support_case")) if n in page.text]
    assert (on(site, 2), on(site, 3)) == (3, 0), "trying changes nothing"
    assert owner.post(f"{ONE}/start", {"reason": ""}).status == 422
    owner.post(f"{ONE}/start", {"reason": "確認を加えたため"})
    assert "3件のうち0件が済みました。" in told(owner.get(ONE))
    assert (works(site), on(site, 3)) == (3, 3)
    assert (works(site), works(site)) == (0, 0)
    assert site.office.rows(ask) == before
    assert site.count("SELECT count(*) FROM draft") == 1
    assert "終わりました" in told(owner.get(ONE))
    assert owner.post(f"{ONE}/undo", {"undo_reason": ""}).status == 422
    assert owner.post(f"{ONE}/undo", {"undo_reason": "早すぎた"}).status == 302
    assert works(site) == 3
    assert (on(site, 2), item_states(site)) == (3, ["undone"] * 3)
    assert site.office.rows(ask) == before
    found = [row.act for row in site.office.rows("SELECT act FROM audit_event WHERE act LIKE 'move.%' ORDER BY seq")]
    assert found == ["move.proposed", "move.tried", "move.started", "move.undo_started"]
    assert site.count("SELECT count(*) FROM audit_event WHERE act = 'instance.moved'") == 3


def test_what_has_no_place_is_not_moved_and_says_why(site: Site) -> None:
    owner = site.browser("owner")
    owner.post(MOVES, {"from": "2", "to": "3"})
    assert "「first」をする first 2 対応させない" in told(owner.get(ONE))
    owner.post(f"{ONE}/try", {"to:first": ""})
    works(site)
    words = told(owner.get(ONE))
    assert "移せません 2件" in words
    assert "移せる1件だけを移します。" in words
    owner.post(f"{ONE}/start", {"reason": "一件だけ"})
    works(site)
    assert (on(site, 2), on(site, 3)) == (2, 1)
    assert sorted(item_states(site)) == ["moved", "refused", "refused"]


def test_a_batch_can_be_stopped_and_taken_up_again(site: Site) -> None:
    owner = tried(site)
    owner.post(f"{ONE}/start", {"reason": "確認を加えたため"})
    assert works(site, limit=1) == 1
    assert owner.post(f"{ONE}/stop").status == 302
    assert (works(site), on(site, 3)) == (0, 1)
    assert "続きを移す" in told(owner.get(ONE))
    assert owner.post(f"{ONE}/stop").status == 409, "it is stopped already"
    owner.post(f"{ONE}/go-on")
    assert (works(site), on(site, 3)) == (2, 3)


def test_one_move_is_taken_back_unless_its_case_has_gone_on(site: Site) -> None:
    owner = moved(site)
    site.office.complete("second", "worker")
    page = owner.post(f"{ONE}/undo", {"undo_reason": "早すぎた"})
    works(site)
    assert page.status == 302
    assert sorted(item_states(site)) in (["ended", "undone", "undone"], ["kept", "undone", "undone"])
    assert "元に戻せません" in told(owner.get(ONE))


def test_a_single_one_is_taken_back_by_its_button(site: Site) -> None:
    owner = moved(site)
    assert owner.post(f"{ONE}/undo", {"undo_reason": "この一件だけ", "position": "2"}).status == 302
    assert item_states(site) == ["moved", "undone", "moved"]
    assert owner.post(f"{ONE}/undo", {"undo_reason": "もう一度", "position": "2"}).status == 404
    assert on(site, 2) == 1


def test_who_dies_after_the_move_and_before_noting_it_moves_nothing_twice(site: Site) -> None:
    owner = tried(site)
    owner.post(f"{ONE}/start", {"reason": "確認を加えたため"})
    office, now = site.office, site.clock.now()
    batch = office.rows("SELECT * FROM move_batch")[0]
    with office.engine.database.write() as connection:
        assert move_batches.lease(connection, batch.id, now, now + moving_together.LEASE)
    first_one = office.rows("SELECT instance_id FROM move_item ORDER BY position")[0].instance_id
    target = Target(batch.to_version_id, {"first": "meet"})
    moving.move(office.engine, office.person("owner"), first_one, target, reason="確認を加えたため", now=now)
    assert works(site) == 0, "the lease of the dead one still counts"
    site.clock.moment += moving_together.LEASE + timedelta(seconds=1)
    assert works(site) == 3
    assert item_states(site) == ["moved"] * 3
    assert site.count("SELECT count(*) FROM instance_move") == 3


def test_who_may_no_longer_act_moves_nothing(site: Site) -> None:
    owner = tried(site)
    owner.post(f"{ONE}/start", {"reason": "確認を加えたため"})
    with site.office.engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE staff SET status = 'left' WHERE login = 'owner'")
    works(site)
    assert (item_states(site), on(site, 3)) == (["unknown"] * 3, 0)


@pytest.mark.parametrize(
    ("way", "data", "told_ja"),
    [
        ("", {"from": "2", "to": "2"}, "別の版を選んでください。"),
        ("", {"from": "1", "to": "3"}, "この版で動いている手続きはありません。"),
        ("/1/try", {"to:first": "nowhere"}, "移す先の版にありません。"),
    ],
    ids=["same version", "nothing runs", "no such element"],
)
def test_a_wrong_choice_is_told_at_its_field(site: Site, way: str, data: dict[str, str], told_ja: str) -> None:
    owner = site.browser("owner")
    owner.post(MOVES, {"from": "2", "to": "3"})
    page = owner.post(f"{MOVES}{way}", data)
    assert page.status == 422
    assert told_ja in told(page)


def test_only_process_owners_move_and_an_absent_batch_is_not_found(site: Site) -> None:
    owner, supervisor = site.browser("owner"), site.browser("supervisor")
    assert owner.get(f"{MOVES}/7").status == 404
    assert owner.post(f"{MOVES}/7/start", {"reason": "x"}).status == 404
    assert supervisor.get(MOVES).status == 403
    assert supervisor.post(MOVES, {"from": "2", "to": "3"}).status == 403
    assert owner.post(MOVES, {"from": "2", "to": "99"}).status == 404


WITH_DAY = NEW.replace(
    b'<tsunagu:variable name="note"',
    '<tsunagu:variable name="visit_on" type="date" label="訪問の日"/><tsunagu:variable name="note"'.encode(),
).replace(b'<bpmn:userTask id="check"', b'<bpmn:userTask id="check" tsunagu:due="visit_on"')


def test_a_value_that_the_new_version_needs_is_given_with_the_trial(site: Site) -> None:
    office, owner = site.office, site.browser("owner")
    publish(office.engine, "visit", WITH_DAY, office.now)
    owner.post(MOVES, {"from": "2", "to": "4"})
    assert "訪問の日" in told(owner.get(ONE))
    owner.post(f"{ONE}/try", {"to:first": "meet"})
    works(site)
    assert "値を指定してください。" in told(owner.get(ONE))
    assert "移せません 2件" in told(owner.get(ONE))
    wrong = owner.post(f"{ONE}/try", {"to:first": "meet", "value:visit_on": "そのうち"})
    assert (wrong.status, "「訪問の日」は、次の形で" in told(wrong)) == (422, True)
    assert 'value="そのうち"' in wrong.text
    owner.post(f"{ONE}/try", {"to:first": "meet", "value:visit_on": "令和8年4月10日"})
    works(site)
    page = owner.get(ONE)
    assert "移せます 3件" in told(page)
    assert 'value="2026-04-10"' in page.text
    owner.post(f"{ONE}/start", {"reason": "訪問の日を加えた"})
    works(site)
    assert on(site, 4) == 3
    office.complete("meet", "worker")
    assert str(office.task("check").due_on) == "2026-04-10"
    assert owner.post(f"{MOVES}/1/try", {"to:first": "meet"}).status == 409
