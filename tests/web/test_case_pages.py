"""The file of a case, seen from its own office and from others; processes, reviews, notices, settings."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote

import pytest
from sqlalchemy import insert, update

from engine.domain.roles import Role
from engine.storage.sealing import seal
from engine.storage.tables import (
    case_organisation,
    case_staff,
    contact,
    household_member,
    person,
    raised,
    support_case,
    timer,
)
from tests.support.casework import a_process, a_task, flow, tokyo
from tests.web.site import Page, Site, Thing, Visitor
from web.app import create_app

PARTS = ("", "/household", "/sharing", "/plans", "/tasks", "/records", "/diagram")


def change_case(site: Site, thing: Thing, **values: object) -> None:
    """Change facts of a case."""
    with site.office.engine.database.write() as connection:
        connection.execute(update(support_case).where(support_case.c.id == thing.case_id).values(**values))


def name_the_person(site: Site, thing: Thing) -> None:
    """Say who the case is about, with address and telephone."""
    (row,) = site.office.rows("SELECT subject_id, household_id FROM support_case WHERE id = :c", c=thing.case_id)
    facts = {"name": "柳 和夫", "name_kana": "やなぎ かずお", "name_folded": "柳和夫やなきかすお", "birth": None}
    sealed = {"address": seal("新那加町1-2-3"), "phone_mobile": seal("090-1234-5678")}
    with site.office.engine.database.write() as connection:
        connection.execute(update(person).where(person.c.id == row.subject_id).values(**facts, **sealed))
        connection.execute(
            insert(household_member).values(
                id="m1", household_id=row.household_id, no=1, name="柳 花", relation="母", since=site.clock.moment
            )
        )


# ---------------------------------------------------------------- the own office


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_the_file_opens_and_is_noted(part: str, site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    page = visitor.get(f"/cases/{case.number}{part}")
    assert page.status == 200
    assert page.title == f"{case.number} - つなぐ"
    noted = "SELECT count(*) FROM access_log WHERE act = 'case_opened' AND case_id = :c"
    assert site.count(noted, c=case.case_id) == 1


def test_the_file_tells_who_what_and_when(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    name_the_person(site, case)
    words = visitor.get(f"/cases/{case.number}").words
    assert "柳 和夫さん" in words
    assert "令和8年度－0001" in words
    assert "「first」を終えました" in words
    assert "「visit」の手続きを始めました" in words
    assert "あと5営業日" in words
    household = visitor.get(f"/cases/{case.number}/household").words
    assert "新那加町1-2-3" in household
    assert "柳 花" in household


def test_a_contact_is_told_in_the_timeline(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    with site.office.engine.database.write() as connection:
        connection.execute(
            insert(contact).values(
                id="c1", case_id=case.case_id, source_key="c1", org_id="AG-04", staff_id=site.office.staff["worker"],
                at=site.clock.moment, means="訪問", target="本人", outcome="会えた", stage=3,
            )
        )  # fmt: skip
    words = visitor.get(f"/cases/{case.number}?kind=contact").words
    assert "訪問 ・本人：会えた".replace(" ", "") in words.replace(" ", "")
    assert "「first」を終えました" not in words


def test_a_record_is_read_with_its_labels_and_noted(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    page = visitor.get(f"/cases/{case.number}/records/{case.record_id}")
    assert "note訪問した。" in page.words
    noted = "SELECT count(*) FROM access_log WHERE act = 'record_opened' AND what = :r"
    assert site.count(noted, r=case.record_id) == 1


def test_the_diagram_page_has_the_picture_and_the_same_in_words(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    page = visitor.get(f"/cases/{case.number}/diagram")
    assert page.tree is not None
    (picture,) = [node for node in page.tree.iter("div") if node.get("data-bpmn-url")]
    assert picture.get("data-bpmn-url") == f"/cases/{case.number}/diagram/{case.instance_id}.bpmn"
    marks = json.loads(picture.get("data-marks", ""))
    assert {"id": "second", "kind": "here", "label": "いまここ"} in marks
    assert {"id": "first", "kind": "done", "label": ""} in marks
    assert "いまここ：3 second" in page.words
    file = visitor.get(picture.get("data-bpmn-url", ""))
    assert file.response.mimetype == "application/xml"
    assert b"bpmn:definitions" in file.response.get_data()


def test_an_instance_of_another_case_is_not_served_under_this_one(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    one, two = site.a_case(), site.a_case()
    assert visitor.get(f"/cases/{one.number}/diagram/{two.instance_id}.bpmn").status == 404
    assert visitor.get(f"/cases/{one.number}/records/{two.record_id}").status == 404


def test_a_case_is_found_by_number_name_and_reading(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case, other = site.a_case(), site.a_case()
    name_the_person(site, case)
    for words in ("R8-0001", "r8-0001", "柳", "やなぎ", "ヤナギ", "ﾔﾅｷﾞ"):
        page = found(visitor, words)
        assert case.number in page.words, words
        assert other.number not in page.words, words
    assert "条件に合うケースはありません" in found(visitor, "いない").words


def test_words_searched_for_stand_in_no_address(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    site.a_case()
    for path, more in (("/cases/filter", {}), ("/inbox/filter", {"view": "claimable"})):
        target = visitor.post(path, {"q": "柳 和夫", **more}).location
        assert "柳" not in unquote(target)
        assert "柳 和夫" in visitor.get(target).text  # still in the field
        other = site.browser(site.employ(Role.AGENCY_MANAGER, login=path.strip("/").replace("/", "-")))
        assert "柳" not in other.get(target).text


def found(visitor: Visitor, words: str) -> Page:
    """The list of cases that a search leads to."""
    return visitor.get(visitor.post("/cases/filter", {"q": words}).location)


# ---------------------------------------------------------------- others


def test_an_office_that_shares_a_part_reads_that_part_and_no_more(site: Site) -> None:
    case = site.a_case()
    name_the_person(site, case)
    site.invite(case.case_id, "AG-02", "consented", ["概要", "評価"])
    visitor = site.browser(site.employ(Role.INTAKE_WORKER, "AG-02"))
    head = visitor.get(f"/cases/{case.number}")
    assert "柳 和夫さん" in head.words
    assert "「first」を終えました" not in head.words
    household = visitor.get(f"/cases/{case.number}/household").words
    assert "新那加町" not in household
    assert "本人の同意による共有" in household
    assert visitor.get(f"/cases/{case.number}/records/{case.record_id}").status == 404
    assert (
        "生活相談センターさぽーと"
        not in visitor.get(f"/cases/{case.number}/sharing").words.split("だれが見られるか")[1]
    )


def test_a_part_that_ends_at_midnight_is_told_by_its_last_day(site: Site) -> None:
    case = site.a_case()
    site.invite(case.case_id, "AG-02", "granted", ["概要"])
    with site.office.engine.database.write() as connection:
        until = tokyo("2026-04-11T00:00")
        connection.execute(update(case_organisation).where(case_organisation.c.org_id == "AG-02").values(until=until))
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    assert "4月10日（金）まで" in visitor.get(f"/cases/{case.number}").words


def test_a_sealed_household_leaves_no_trace_for_others(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    empty = {path: visitor.get(path).text for path in ("/cases", "/inbox?view=claimable", "/inbox?view=mine")}
    case = site.a_case()
    name_the_person(site, case)
    change_case(site, case, seal_level=2)
    for path, text in empty.items():
        assert visitor.get(path).text == text, path
    assert visitor.get(f"/cases/{case.number}").text == visitor.get("/cases/R8-9999").text
    assert "R8-" not in found(visitor, "柳").words


def test_a_named_person_sees_the_sealed_case_with_its_address_withheld(site: Site) -> None:
    login = site.employ(Role.INTAKE_WORKER)
    case = site.a_case()
    name_the_person(site, case)
    change_case(site, case, seal_level=2)
    with site.office.engine.database.write() as connection:
        name = {"case_id": case.case_id, "staff_id": site.office.staff[login], "reason": "担当"}
        connection.execute(insert(case_staff).values(**name, since=site.clock.moment))
    visitor = site.browser(login)
    assert "秘匿" in visitor.get("/cases").words
    household = visitor.get(f"/cases/{case.number}/household")
    assert "（秘匿）" in household.words
    assert "新那加町" not in household.text
    assert "090" not in household.text


def test_a_foreign_deep_link_is_noted_like_an_absent_one(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    other = site.a_case("stranger")
    visitor.get(f"/cases/{other.number}")
    visitor.get("/cases/R8-9999")
    rows = site.office.rows("SELECT what, case_id FROM access_log WHERE act = 'refused' ORDER BY id")
    assert [(row.what, row.case_id) for row in rows] == [(f"/cases/{other.number}", None), ("/cases/R8-9999", None)]


# ---------------------------------------------------------------- processes, reviews, settings


def test_a_process_is_read_as_picture_and_outline(site: Site) -> None:
    visitor = site.browser(site.employ(Role.PROCESS_OWNER))
    assert "visit" in visitor.get("/processes").words
    page = visitor.get("/processes/visit")
    assert "公開中 第1版" in page.words
    assert "5開庁日" in page.words
    assert "→3 second" in page.words
    assert visitor.get("/processes/visit?version=7").status == 404
    assert visitor.get("/").location == "/processes"


def late_review(site: Site) -> Thing:
    """A case whose evaluation is nine business days late, told to level 1, with the supervisor's watch open."""
    body = (
        a_task("px_eval") + a_task("px_overdue", roles="supervisor", attributes='tsunagu:orgScope="field"')
        + '<bpmn:parallelGateway id="g"/><bpmn:endEvent id="e"/><bpmn:endEvent id="f"/>' + flow("st", "g")
        + flow("g", "px_eval") + flow("g", "px_overdue") + flow("px_eval", "e") + flow("px_overdue", "f")
    )  # fmt: skip
    site.office.deploy("plan", a_process("plan", body))
    started = site.office.start("plan")
    task = site.office.task("px_eval")
    site.clock.moment += timedelta(days=20)
    with site.office.engine.database.write() as connection:
        told = {"task_id": task.id, "case_id": task.case_id, "element_id": "px_eval", "level": "1"}
        connection.execute(insert(raised).values(**told, due_at=site.clock.moment, raised_at=site.clock.moment))
        first = update(timer).where(timer.c.branch == "1", timer.c.ref == task.ref)
        connection.execute(first.values(state="fired", fired_at=site.clock.moment))
        for level, days in (("2", 3), ("3", 10)):
            of_level = update(timer).where(timer.c.branch == level, timer.c.ref == task.ref)
            connection.execute(of_level.values(fires_at=site.clock.moment + timedelta(days=days)))
    return Thing(started.case_number, started.case_id, task.id, "", started.instance_id)


def test_a_late_review_is_listed_with_its_levels_and_the_watch(site: Site) -> None:
    case = late_review(site)
    name_the_person(site, case)
    page = site.browser(site.employ(Role.SUPERVISOR)).get("/board/reviews")
    assert "期限を過ぎた定期評価が1件あります" in page.words
    for words in (
        "9営業日超過",
        case.number,
        "柳 和夫さん",
        "段階1まで",
        "段階2 4月24日（金）",
        "確認する",
        "担当者なし",
    ):
        assert words in page.words, words


def test_another_division_sees_no_late_review(site: Site) -> None:
    late_review(site)
    login = site.employ(Role.SUPERVISOR, "DV-02")
    assert "期限を過ぎた定期評価はありません" in site.browser(login).get("/board/reviews").words


def test_settings_change_language_and_calendar(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    assert "令和8年4月8日" in visitor.get(f"/tasks/{case.task_id}").words
    visitor.post("/settings", {"language": "ja", "dates": "gregorian"})
    assert "2026年4月8日" in visitor.get(f"/tasks/{case.task_id}").words
    visitor.post("/settings", {"language": "en", "dates": "era"})
    page = visitor.get(f"/tasks/{case.task_id}")
    assert page.tree is not None
    assert page.tree.get("lang") == "en"
    assert "5 business days left" in page.words
    assert "Wed 8 Apr" in page.words


def test_a_demo_lists_its_people_and_a_real_installation_nobody(site: Site) -> None:
    site.employ(Role.INTAKE_WORKER)
    assert "デモの職員" not in site.visitor().get("/sign-in").words
    engine = replace(site.office.engine, settings=replace(site.office.engine.settings, demo=True))
    demo = Site(site.office, create_app(engine), site.clock)
    words = demo.visitor().get("/sign-in").words
    assert "職員 role-intake-worker" not in words  # a real account in a demo is not offered either
