"""The case file tells how a plan changed and how a relation grew, with loops folded."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import insert, update

from engine.domain.roles import Role
from engine.storage.tables import case_staff, contact, plan_item, plan_version, support_case, support_plan
from tests.web.site import Site, Thing


def visits(site: Site, case: Thing, outcomes: tuple[str, ...]) -> None:
    """Contacts of the last days, the stage rising by one with each."""
    with site.office.engine.database.write() as connection:
        for number, outcome in enumerate(outcomes, start=1):
            row = {
                "id": f"c{number}", "case_id": case.case_id, "source_key": f"c{number}", "org_id": "AG-04",
                "staff_id": site.office.staff["worker"], "at": site.clock.moment - timedelta(days=30 - number),
                "means": "訪問", "target": "本人", "outcome": outcome, "stage": number,
            }  # fmt: skip
            connection.execute(insert(contact).values(**row))


def a_plan_in_two_versions(site: Site, case: Thing) -> None:
    with site.office.engine.database.write() as connection:
        connection.execute(insert(support_plan).values(id="p", case_id=case.case_id, created_at=site.clock.moment))
        for number, frequency in ((1, "週1回"), (2, "週2回")):
            connection.execute(
                insert(plan_version).values(
                    id=f"v{number}", plan_id="p", case_id=case.case_id, number=number, kind="新規", status="draft",
                    created_at=site.clock.moment + timedelta(minutes=number), period_from=date(2026, 4, 1),
                    period_until=date(2026, 3 * number + 6, 30), source_key=f"v{number}",
                )
            )  # fmt: skip
            connection.execute(
                insert(plan_item).values(
                    id=f"i{number}",
                    plan_version_id=f"v{number}",
                    no=1,
                    issue="孤立",
                    frequency=frequency,
                    note="見守り",
                )
            )


def test_contacts_are_folded_in_the_timeline_and_shown_on_request(site: Site) -> None:
    case, worker = site.a_case(), site.browser("worker")
    visits(site, case, ("不在", "不在", "インターホン越し", "面会できた"))
    page = worker.get(f"/cases/{case.number}")
    assert "働きかけ4回" in page.words
    assert "関係性の段階 1→4" in page.words
    assert "不在 2回、" in page.words
    assert "4回をすべて表示" in page.words
    assert page.words.count("訪問 ・本人".replace(" ", "")) == 4
    assert "をすべて表示" not in worker.get(f"/cases/{case.number}?kind=contact").words


def test_the_stages_stand_as_a_picture_and_as_a_table(site: Site) -> None:
    case, worker = site.a_case(), site.browser("worker")
    visits(site, case, ("不在", "面会できた"))
    page = worker.get(f"/cases/{case.number}/contacts")
    assert page.tree is not None
    (picture,) = [node for node in page.tree.iter() if node.get("role") == "img"]
    assert "同じ内容が下の表にあります" in picture.get("aria-label", "")
    assert len([row for body in page.tree.iter("tbody") for row in body.iter("tr")]) == 2
    assert "面会できた" in page.words


def test_an_invited_guest_sees_no_contacts_of_others(site: Site) -> None:
    case = site.a_case()
    visits(site, case, ("不在",))
    guest = site.browser(site.employ(Role.CONFERENCE_MEMBER))
    site.invite(case.case_id, "AG-13", "conference_member")
    assert "表示できる接触の記録はまだありません。" in guest.get(f"/cases/{case.number}/contacts").words


def test_a_sealed_case_says_who_is_let_through_by_name_and_why(site: Site) -> None:
    case, worker = site.a_case(), site.browser("worker")
    assert "名前で見ることを認められた人" not in worker.get(f"/cases/{case.number}/sharing").words
    about = {"case_id": case.case_id, "staff_id": site.office.staff["worker"]}
    with site.office.engine.database.write() as connection:
        connection.execute(update(support_case).values(seal_level=2))
        connection.execute(insert(case_staff).values(**about, reason="受付者", since=site.clock.moment))
    words = worker.get(f"/cases/{case.number}/sharing").words
    assert "名前で見ることを認められた人" in words
    assert "worker 受付者・4月1日（水）" in words


def test_a_plan_says_what_its_version_changed(site: Site) -> None:
    case, worker = site.a_case(), site.browser("worker")
    a_plan_in_two_versions(site, case)
    words = worker.get(f"/cases/{case.number}/plans").words
    assert "第1版からの変更 2件" in words
    assert "期間の終わり：9月30日（水） → 12月30日（水）" in words
    assert "頻度：週1回 → 週2回" in words
    assert "第2版からの変更" not in words
