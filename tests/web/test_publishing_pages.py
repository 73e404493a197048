"""Publishing through the pages, by two people: checks, scenarios, impact, approval, refusal, going back."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.config import ROOT
from engine.domain.roles import Role
from engine.services import deployments, drafting, incidents, mailing, rehearsals
from tests.support.casework import Casework
from tests.support.drawn import drawn, publish
from tests.web.site import Page, Site, Visitor, first
from web.app import create_app

OLD, NEW = drawn("visit", ["first", "second"]), drawn("visit", ["first", "check", "second"], sla="3 business_days")
PUBLISH = "/processes/visit/publish"
BROKEN = {
    "no xml": (b"<bpmn:definitions", "XML"),
    "a role that nobody knows": (drawn("visit", ["first", "second"], role="nobody"), "first"),
    "an element that is refused": (NEW.replace(b"bpmn:userTask", b"bpmn:adHocSubProcess"), "check"),
    "a task without a role": (NEW.replace(b' camunda:candidateGroups="intake_worker"', b"", 1), "first"),
    "entities": (b'<!DOCTYPE x [<!ENTITY e "e">]>' + NEW, "ENTITY"),
}


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    """With two process owners, the head of the programme, and one running instance."""
    opened = Site.open(sqlite_url)
    publish(opened.office.engine, "visit", OLD, opened.office.now)
    for login, role in (("owner", Role.PROCESS_OWNER), ("second", Role.PROCESS_OWNER), ("lead", Role.PROGRAMME_LEAD)):
        opened.employ(role, org="DV-07", login=login)
    opened.office.start("visit")
    yield opened
    opened.office.engine.database.dispose()


def upload(visitor: Visitor, diagram: bytes) -> Page:
    """Prepare a diagram for publication."""
    data: dict[str, Any] = {"source": "upload", "diagram": (io.BytesIO(diagram), "visit.bpmn")}
    return visitor.post(f"{PUBLISH}/prepare", data, content_type="multipart/form-data")


def told(page: Page) -> str:
    """All text of the main part, each cell apart from the next."""
    assert page.tree is not None
    return " ".join(" ".join(first(page.tree, "main").itertext()).split())


def marks(page: Page) -> list[dict[str, tuple[str, str]]]:
    """What is marked on each picture of a page: element id -> kind and words."""
    assert page.tree is not None
    found = [json.loads(node.get("data-marks", "")) for node in page.tree.iter("div") if node.get("data-bpmn-url")]
    return [{mark["id"]: (mark["kind"], mark["label"]) for mark in one} for one in found]


def live(site: Site) -> int:
    """The number of the live version."""
    with site.office.engine.database.read() as connection:
        return site.office.engine.definitions.live(connection, "visit").number


def state(site: Site) -> str:
    """The state of the newest wish."""
    rows = site.office.rows("SELECT state FROM publication ORDER BY prepared_at DESC, id DESC")
    return str(rows[0].state) if rows else ""


def acts(site: Site) -> list[str]:
    """What the chain of the installation tells of publishing."""
    rows = site.office.rows("SELECT act FROM audit_event WHERE chain = 'system' ORDER BY seq")
    return [row.act for row in rows if row.act.startswith(("publication.", "definition."))]


def test_a_change_is_live_once_a_second_person_agrees(site: Site) -> None:
    owner, second = site.browser("owner"), site.browser("second")
    assert upload(owner, NEW).location == PUBLISH
    page = owner.get(PUBLISH)
    assert "問題はありません。" in told(page)
    assert "「check」をする check 手順" in told(page), "the list of changes tells the new step"
    assert "期限 5開庁日 3開庁日" in told(page)
    assert "「first」をする first 1 新しい版にもあります" in told(page), "whom it hits"
    assert owner.post(f"{PUBLISH}/request", {"reason": " "}).status == 422
    assert owner.post(f"{PUBLISH}/request", {"reason": "確認を加える"}).status == 302
    assert live(site) == 2
    assert owner.post(f"{PUBLISH}/approve").status == 403, "who asks cannot agree"
    assert "承認する" not in told(owner.get(PUBLISH))
    assert "確認を加える" in told(second.get(PUBLISH))
    assert second.post(f"{PUBLISH}/approve", {"note": "よい"}).status == 302
    assert (live(site), state(site)) == (3, "live")
    assert acts(site) == ["publication.prepared", "publication.requested", "publication.live", "definition.deployed"]
    words = told(second.get("/processes/visit/versions"))
    assert "第3版 公開中" in words
    assert "職員 owner ・承認 職員 second 確認を加える" in words


@pytest.mark.parametrize("name", BROKEN)
def test_what_the_checks_refuse_is_told_by_element_and_cannot_be_asked_for(site: Site, name: str) -> None:
    owner, (diagram, place) = site.browser("owner"), BROKEN[name]
    versions = site.count("SELECT count(*) FROM definition_version")
    assert upload(owner, diagram).status == 302
    page = owner.get(PUBLISH)
    assert place in told(page)
    assert "直すまで公開できません。" in told(page)
    assert "承認を依頼する" not in told(page)
    assert owner.post(f"{PUBLISH}/request", {"reason": "それでも"}).status == 422
    assert site.count("SELECT count(*) FROM definition_version") == versions
    assert (live(site), state(site)) == (2, "prepared")


def test_agreeing_twice_publishes_once(site: Site) -> None:
    owner, second, lead = (site.browser(login) for login in ("owner", "second", "lead"))
    upload(owner, NEW)
    owner.post(f"{PUBLISH}/request", {"reason": "確認を加える"})
    assert [second.post(f"{PUBLISH}/approve").status, lead.post(f"{PUBLISH}/approve").status] == [302, 409]
    assert site.count("SELECT count(*) FROM deployment WHERE process_key = 'visit'") == 3


def test_whoever_published_meanwhile_wins(site: Site) -> None:
    owner, second = site.browser("owner"), site.browser("second")
    upload(owner, NEW)
    owner.post(f"{PUBLISH}/request", {"reason": "確認を加える"})
    publish(site.office.engine, "visit", drawn("visit", ["first"]), site.office.now)
    assert second.post(f"{PUBLISH}/approve").status == 409
    assert (live(site), state(site)) == (3, "requested")


def test_a_failure_on_the_way_leaves_nothing_half_published(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, second = site.browser("owner"), site.browser("second")
    upload(owner, NEW)
    owner.post(f"{PUBLISH}/request", {"reason": "確認を加える"})
    before = [site.count(f"SELECT count(*) FROM {table}") for table in ("definition_version", "deployment")]

    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("the power went off")

    monkeypatch.setattr(deployments, "note", break_down)
    assert second.post(f"{PUBLISH}/approve").status == 500
    assert [site.count(f"SELECT count(*) FROM {table}") for table in ("definition_version", "deployment")] == before
    assert (live(site), state(site)) == (2, "requested")
    monkeypatch.undo()
    assert second.post(f"{PUBLISH}/approve").status == 302
    assert live(site) == 3


def test_going_back_makes_the_earlier_version_live_again(site: Site) -> None:
    owner, lead = site.browser("owner"), site.browser("lead")
    publish(site.office.engine, "visit", NEW, site.office.now)
    assert owner.post(f"{PUBLISH}/prepare", {"source": "version", "version": "2"}).status == 302
    assert "第2版に戻す準備です。" in told(owner.get(PUBLISH))
    owner.post(f"{PUBLISH}/request", {"reason": "急いで戻す"})
    assert lead.post(f"{PUBLISH}/approve").status == 302
    assert (live(site), site.count("SELECT count(*) FROM definition_version")) == (2, 3)
    assert "第2版を公開しました。" in told(owner.get(PUBLISH))


def test_sending_back_needs_a_reason_and_leaves_room_for_the_next(site: Site) -> None:
    owner, second = site.browser("owner"), site.browser("second")
    upload(owner, NEW)
    assert "決まっていない公開の準備があります" in told(upload(second, NEW)), "one at a time"
    owner.post(f"{PUBLISH}/request", {"reason": "確認を加える"})
    assert second.post(f"{PUBLISH}/refuse", {"note": ""}).status == 422
    assert second.post(f"{PUBLISH}/refuse", {"note": "期限が短すぎる"}).status == 302
    assert "期限が短すぎる" in told(owner.get(PUBLISH))
    upload(owner, NEW)
    assert owner.post(f"{PUBLISH}/withdraw").status == 302
    assert (live(site), state(site)) == (2, "withdrawn")
    assert "取りやめました。" in told(owner.get(PUBLISH))


def test_where_no_second_person_is_asked_for_it_is_live_at_once(site: Site) -> None:
    engine = site.office.engine
    site.app = create_app(replace(engine, settings=replace(engine.settings, publish_approval=False)))
    owner = site.browser("owner")
    upload(owner, NEW)
    assert "公開する" in told(owner.get(PUBLISH))
    assert owner.post(f"{PUBLISH}/request", {"reason": "確認を加える"}).status == 302
    assert (live(site), acts(site)[-1]) == (3, "definition.deployed")


def test_a_draft_is_refused_mended_prepared_again_and_closed_by_publishing(site: Site) -> None:
    engine, now = site.office.engine, site.office.now
    owner, second, person = site.browser("owner"), site.browser("second"), site.office.person("owner")
    drafting.begin(engine, person, "visit", now=now)
    drafting.save(engine, person, "visit", BROKEN["a task without a role"][0], seen=1, now=now)
    assert owner.post(f"{PUBLISH}/prepare", {"source": "draft"}).status == 302
    assert "直すまで公開できません。" in told(owner.get(PUBLISH))
    drafting.save(engine, person, "visit", NEW, seen=2, now=now)
    assert "準備したあとに、下書きが保存されています。" in told(owner.get(PUBLISH))
    assert owner.post(f"{PUBLISH}/prepare", {"source": "draft", "again": "1"}).status == 302
    assert owner.post(f"{PUBLISH}/request", {"reason": "確認を加える"}).status == 302
    assert "決まっていない公開の準備" in told(owner.post(f"{PUBLISH}/prepare", {"source": "draft", "again": "1"}))
    assert second.post(f"{PUBLISH}/approve").status == 302
    assert drafting.current(engine, person, "visit") is None
    assert [row.state for row in site.office.rows("SELECT state FROM publication ORDER BY id")] == ["withdrawn", "live"]


def test_what_is_live_already_or_no_file_is_told_at_the_field(site: Site) -> None:
    owner = site.browser("owner")
    assert "図のファイルを選んでください。" in told(upload(owner, b""))
    assert owner.post(f"{PUBLISH}/prepare", {"source": "version", "version": "x"}).status == 422
    assert "公開中の版と同じ内容です。" in told(owner.post(f"{PUBLISH}/prepare", {"source": "version", "version": "2"}))
    assert owner.post(f"{PUBLISH}/prepare", {"source": "version", "version": "77"}).status == 404
    assert site.browser("lead").post(f"{PUBLISH}/prepare", {"source": "version", "version": "1"}).status == 403


# ---------------------------------------------------------------- scenarios

SCENARIO = """scenario: 訪問が終わる（架空）
given: {now: "2026-04-06T09:00", staff: {あかり: {org: AG-04, roles: [intake_worker]}}}
steps:
  - start: {process: visit, by: あかり, org: AG-04, as: 家}
  - expect: {open: [{task: %s}]}
"""


@pytest.fixture
def with_scenarios(site: Site, tmp_path: Path) -> Site:
    """An installation whose process has two scenarios; the second expects what the new version does not do."""
    workflows = tmp_path / "workflows"
    (workflows / "visit" / "scenarios").mkdir(parents=True)
    for name, element in (("a", "first"), ("b", "second")):
        (workflows / "visit" / "scenarios" / f"{name}.yaml").write_text(SCENARIO % element, encoding="utf-8")
    for folder in ("reference", "calendars", "forms"):
        os.symlink(ROOT / "workflows" / folder, workflows / folder)
    engine = site.office.engine
    site.office.engine = replace(engine, settings=replace(engine.settings, workflows=workflows))
    site.app = create_app(site.office.engine)
    return site


def test_scenarios_run_on_the_new_version_before_anybody_is_asked(with_scenarios: Site) -> None:
    site, owner = with_scenarios, with_scenarios.browser("owner")
    upload(owner, NEW)
    assert "2件のうち0件を試しました。" in told(owner.get(PUBLISH))
    assert "まだ試しています" in told(owner.post(f"{PUBLISH}/request", {"reason": "確認を加える"}))
    assert rehearsals.work(site.office.engine, now=site.clock.now()) == 2
    page = owner.get(PUBLISH)
    assert "2件のうち1件が想定と違います。" in told(page)
    assert "手順2（5行目）" in told(page)
    assert owner.post(f"{PUBLISH}/request", {"reason": "確認を加える"}).status == 422
    assert owner.post(f"{PUBLISH}/request", {"reason": "確認を加える", "accepts": "1"}).status == 302
    assert site.count("SELECT count(*) FROM support_case") == 1, "the scenarios left nothing in this database"


def test_a_program_that_dies_leaves_the_rest_as_not_tried(with_scenarios: Site) -> None:
    site, engine = with_scenarios, with_scenarios.office.engine
    upload(site.browser("owner"), NEW)

    def dies(folder: Path) -> Iterator[dict[str, Any]]:
        assert (folder / rehearsals.ORDER).is_file()
        yield {"file": "a.yaml", "state": "passed", "lines": []}

    assert rehearsals.work(engine, now=site.clock.now(), launch=dies) == 2
    assert rehearsals.work(engine, now=site.clock.now(), launch=dies) == 0
    assert "試せませんでした。" in told(site.browser("owner").get(PUBLISH))


def test_a_program_that_was_asked_to_end_leaves_the_rest_for_later(with_scenarios: Site) -> None:
    site, engine = with_scenarios, with_scenarios.office.engine
    upload(site.browser("owner"), NEW)

    def stops(folder: Path) -> Iterator[dict[str, Any]]:
        yield {"file": "a.yaml", "state": "passed", "lines": []}
        raise rehearsals.Interrupted

    rehearsals.work(engine, now=site.clock.now(), launch=stops)
    assert "2件のうち1件を試しました。" in told(site.browser("owner").get(PUBLISH))
    assert site.count("SELECT count(*) FROM publication WHERE lease_until IS NOT NULL") == 0


# ---------------------------------------------------------------- comparing, and where things stand


def test_versions_are_compared_in_words_and_on_both_pictures(site: Site) -> None:
    publish(site.office.engine, "visit", NEW, site.office.now)
    page = site.browser("owner").get("/processes/visit/compare?a=2&b=3")
    assert "追加 「check」をする check 手順" in told(page)
    before, after = marks(page)
    assert after["check"] == ("added", "追加")
    assert "check" not in before
    assert before["f_first__second"] == ("removed", "削除")
    assert "違いはありません。" in told(site.browser("owner").get("/processes/visit/compare?a=3&b=3"))
    assert site.browser("owner").get("/processes/visit/compare?a=9&b=3").status == 404


def test_the_process_page_counts_places_and_names_no_case(site: Site) -> None:
    office = site.office
    number = [office.start("visit").case_number for _ in range(5)].pop()
    office.complete("first", "worker")
    site.clock.moment = office.now.replace(month=5)
    page = site.browser("owner").get("/processes/visit")
    late = site.count("SELECT count(*) FROM user_task WHERE state = 'open' AND due_at <= :n", n=_text(site))
    assert "6か所のうち、次の場所に5か所います。 「「first」をする」" in told(page)
    assert late == 6
    assert "2 「first」をする 5 5 － － 第2版5" in told(page)
    assert marks(page)[0]["first"] == ("heat2", "5か所 超過5")
    assert "第2版 4月1日（水） 2 6 6 －" in told(site.browser("owner").get("/processes")), (
        "the list: steps, running, late"
    )
    assert number not in page.text


def _text(site: Site) -> str:
    return site.clock.moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def test_the_process_page_asks_as_often_for_many_cases_as_for_one(site: Site) -> None:
    owner = site.browser("owner")
    few = _asked(site.office, lambda: owner.get("/processes/visit"))
    for _ in range(6):
        site.office.start("visit")
    assert _asked(site.office, lambda: owner.get("/processes/visit")) == few


def _asked(office: Casework, act: Any) -> int:
    from sqlalchemy import event

    seen: list[str] = []
    engine = office.engine.database.engine

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    act()
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_what_people_published_is_not_called_older_than_the_files_of_the_folder(site: Site) -> None:
    engine = site.office.engine
    publish(engine, "outreach", drawn("outreach", ["first"]), site.office.now)
    assert deployments.changed(engine) == ["outreach"]
    with engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE deployment SET deployed_by = 'somebody'")
    assert deployments.changed(engine) == []


def notices_of(site: Site, login: str) -> list[str]:
    """What somebody was told, in order."""
    asked = "SELECT about FROM notification WHERE staff_id = :s ORDER BY id"
    return [row.about for row in site.office.rows(asked, s=site.office.staff[login])]


def test_who_may_agree_is_told_and_who_asked_hears_how_it_was_decided(site: Site) -> None:
    owner, second, lead = (site.browser(login) for login in ("owner", "second", "lead"))
    office, told_of = site.office, "publication.requested/visit"
    with office.engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE staff SET email = login || '@example.jp'")
    upload(owner, NEW)
    assert notices_of(site, "second") == []
    owner.post(f"{PUBLISH}/request", {"reason": "確認を加える"})
    assert [notices_of(site, who) for who in ("owner", "second", "lead", "worker")] == [[], [told_of], [told_of], []]
    page = lead.get("/notices")
    assert "公開の承認を待っています：訪問の手続き" in page.words
    assert f'href="{PUBLISH}"' in page.text
    assert mailing.make(office.engine, now=office.now) == 2
    (body,) = {row.body for row in office.rows("SELECT body FROM mail")}
    assert "1件" in body
    assert "訪問" not in body
    second.post(f"{PUBLISH}/refuse", {"note": "理由が足りない"})
    assert notices_of(site, "owner") == ["publication.refused/visit"]
    assert notices_of(site, "lead") == [told_of]
    upload(owner, NEW)
    owner.post(f"{PUBLISH}/request", {"reason": "確認を加える"})
    lead.post(f"{PUBLISH}/approve")
    assert notices_of(site, "owner") == ["publication.refused/visit", "publication.live/visit"]
    assert "準備した版が公開されました" in owner.get("/notices").words


def test_what_stopped_on_an_element_is_reached_from_the_process_and_opens_for_those_who_watch(site: Site) -> None:
    office = site.office
    task = office.task("first")
    incidents.give_up(
        office.engine, job="timer", instance_id=task.instance_id, case_id=task.case_id, element_id="first",
        error=RuntimeError("秘密の内容"), now=office.now,
    )  # fmt: skip
    (found,) = office.rows("SELECT id FROM incident")
    owner, supervisor = site.browser("owner"), site.browser("supervisor")
    address = "/processes/visit/stopped?element=first"
    assert address in owner.get("/processes/visit").text
    for visitor, opens in ((owner, False), (supervisor, True)):
        page = visitor.get(address)
        assert "予定の時刻の処理が止まりました。" in told(page)
        assert (f"/incidents/{found.id}" in page.text) is opens
        assert "秘密の内容" not in page.text
        assert office.rows("SELECT number FROM support_case")[0].number not in page.text
    assert "いま止まっている手続きはありません。" in told(owner.get("/processes/visit/stopped?element=second"))
    assert owner.get("/processes/nothing/stopped").status == 404
