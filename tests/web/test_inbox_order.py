"""The order of the inbox, several tasks held at once, and the way back to the row where one was."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from engine.domain.roles import Role
from engine.queries import inbox, timeline
from engine.services import tasks
from engine.storage.tables import contact
from tests.web.site import Page, Site, Thing, Visitor

HELD = "SELECT count(*) FROM audit_event WHERE act = 'task.hold'"


@pytest.fixture
def worker(site: Site) -> Visitor:
    """Somebody of the office with three cases waiting."""
    for _ in range(3):
        site.a_case()
    return site.browser(site.employ(Role.INTAKE_WORKER))


def numbers(page: Page) -> list[str]:
    """The numbers of the cases, in the order of the rows."""
    return re.findall(r'<span class="number" id="row-\w+">([^<]+)</span>', page.text)


def waiting(site: Site) -> list[str]:
    """The ids of the waiting tasks, the oldest case first."""
    return [row.id for row in site.office.rows("SELECT id FROM user_task WHERE state = 'open' ORDER BY case_id, id")]


# ---------------------------------------------------------------- order


def test_the_order_is_kept_with_the_filter_and_stays_when_filters_are_cleared(site: Site, worker: Visitor) -> None:
    led = worker.post("/inbox/filter", {"view": "claimable", "sort": "case"})
    assert numbers(worker.get(led.location)) == ["R8-0001", "R8-0002", "R8-0003"]
    again = worker.get("/inbox?view=claimable")
    assert 'value="case" selected' in again.text
    assert "今日まで" not in again.text.split('<ul class="rows">')[0].split("</form>")[-1]
    cleared = worker.post("/inbox/filter", {"view": "claimable", "sort": "case", "clear": "1"})
    assert 'value="case" selected' in worker.get(cleared.location).text


def test_an_order_that_there_is_not_changes_nothing(worker: Visitor) -> None:
    worker.post("/inbox/filter", {"view": "claimable", "sort": "case"})
    worker.post("/inbox/filter", {"view": "claimable", "sort": "colour"})
    assert 'value="case" selected' in worker.get("/inbox?view=claimable").text
    assert len(numbers(worker.get("/inbox?view=claimable&sort=colour"))) == 3


def test_pages_go_on_by_their_key_and_a_key_of_another_order_begins_anew(
    worker: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "PAGE_SIZE", 2)
    first = worker.get("/inbox?view=claimable&sort=case")
    (more,) = [link for link in first.links() if "after=" in link and "/inbox" in link]
    assert numbers(worker.get(more)) == ["R8-0003"]
    elsewhere = more.replace("sort=case", "sort=opened")
    assert len(numbers(worker.get(elsewhere))) == 2


# ---------------------------------------------------------------- hold together


def test_tasks_are_held_together_with_a_result_for_each_and_undone(site: Site, worker: Visitor) -> None:
    mine, others = waiting(site)[:2], waiting(site)[2]
    foreign = site.a_case("stranger")
    worker.post("/inbox/claim", {"task": mine})
    tasks.claim(site.office.engine, site.office.person("worker"), others, now=site.clock.moment)
    chosen = [*mine, others, foreign.task_id, "0" * 32]
    asked = worker.post("/inbox/hold", {"task": chosen})
    assert asked.status == 200
    assert foreign.number not in asked.words
    assert site.count(HELD) == 0
    answer = worker.post("/inbox/hold", {"task": chosen, "until": "2026-04-10", "reason": "入院のため"})
    assert "5件のうち2件ができました。" in answer.words
    assert answer.words.count("表示できない仕事") == 2
    assert foreign.number not in answer.text
    rows = site.office.rows("SELECT held_until, hold_reason FROM user_task WHERE state = 'held'")
    assert [tuple(row) for row in rows] == [("2026-04-10", "入院のため")] * 2
    again = worker.post("/inbox/hold", {"task": mine, "until": "2026-04-10", "reason": "入院のため"})
    assert "2件のうち0件ができました。" in again.words
    assert site.count(HELD) == 2
    assert "2件のうち2件ができました。" in worker.post("/inbox/resume", {"task": mine}).words
    assert site.count("SELECT count(*) FROM user_task WHERE state = 'claimed' AND held_until IS NULL") == 3


@pytest.mark.parametrize(
    ("until", "reason", "said"),
    [
        ("", "入院", "再開する日を入力してください。"),
        ("2026-04-10", "", "保留の理由を入力してください。"),
        ("2026-03-01", "入院", "再開する日は明日以降の日を入力してください。"),
        ("2030-04-10", "入院", "再開する日を早めて"),
    ],
)
def test_what_is_wrong_with_a_hold_is_said_with_the_text_kept(
    site: Site, worker: Visitor, until: str, reason: str, said: str
) -> None:
    mine = waiting(site)[:1]
    worker.post("/inbox/claim", {"task": mine})
    page = worker.post("/inbox/hold", {"task": mine, "until": until, "reason": reason})
    assert page.status == 422
    assert said in page.words
    assert page.fields("/inbox/hold")["until"] == until
    assert page.fields("/inbox/hold")["reason"] == reason
    assert site.count(HELD) == 0


# ---------------------------------------------------------------- the way back


def test_claiming_leads_back_to_the_next_row_of_the_same_page(worker: Visitor) -> None:
    page = worker.get("/inbox?view=claimable&sort=case")
    forms = re.findall(r'action="/tasks/(\w+)/claim".*?name="at" value="([^"]+)"', page.text, re.S)
    (first, place), (second, _), _ = forms
    led = worker.post(f"/tasks/{first}/claim", {"back": "list", "at": place.replace("&amp;", "&")})
    assert led.location.startswith("/inbox?")
    assert {"view=claimable", "sort=case", f"claimed={first}"} <= set(
        led.location.split("?")[1].split("#")[0].split("&")
    )
    assert led.location.endswith(f"#at-{second}")
    there = worker.get(led.location)
    assert f'id="at-{second}"' in there.text
    assert "引き受けました。" in there.words


def test_the_place_goes_along_through_the_task_to_what_comes_after_it(site: Site, worker: Visitor) -> None:
    task_id = waiting(site)[0]
    worker.post("/inbox/claim", {"task": [task_id]})
    links = [one for one in worker.get("/inbox?view=mine&sort=case").links() if one.startswith(f"/tasks/{task_id}")]
    link = next(one for one in links if "#" not in one)
    page = worker.get(link)
    (back,) = [one for one in page.links() if one.startswith("/inbox?") and "#at-" in one]
    assert back.endswith(f"#at-{task_id}")
    assert "sort=case" in back
    assert f'id="at-{task_id}"' in worker.get(back).text
    held = worker.post(link.replace("?", "/hold?"), {"until": "2026-04-10", "reason": "入院"})
    assert "at=" in held.location
    worker.post(f"/tasks/{task_id}/resume")
    done = worker.post(link.replace("?", "/complete?"), {})
    assert any("sort=case" in one for one in worker.get(done.location).links())


@pytest.mark.parametrize(
    "place", ["https://elsewhere.example/", "//elsewhere.example", "view=mine\r\nx: y", "q" * 2000]
)
def test_a_forged_place_leads_nowhere_but_to_the_inbox(site: Site, worker: Visitor, place: str) -> None:
    task_id = waiting(site)[0]
    led = worker.post(f"/tasks/{task_id}/claim", {"back": "list", "at": place})
    assert led.location == f"/inbox?view=mine&claimed={task_id}"
    page = worker.get(f"/tasks/{task_id}?at={quote(place)}")
    assert not [link for link in page.links() if "elsewhere" in link or "#at-" in link]


def test_contacts_go_on_by_their_key(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "PAGE_SIZE", 2)
    case, worker = site.a_case(), site.browser("worker")
    contacts_of(site, case, 5)
    page, seen = worker.get(f"/cases/{case.number}/contacts"), []
    while True:
        seen += re.findall(r"回目(\d)", page.text)
        more = [link for link in page.links() if "after=" in link]
        if not more:
            break
        page = worker.get(more[0])
    assert seen == ["4", "3", "2", "1", "0"]


def contacts_of(site: Site, case: Thing, many: int) -> None:
    """Attempts to reach the person, all in one minute."""
    with site.office.engine.database.write() as connection:
        for n in range(many):
            connection.execute(
                contact.insert().values(
                    id=f"c{n}", case_id=case.case_id, source_key=f"c{n}", org_id="AG-04",
                    staff_id=site.office.staff["worker"], at=site.clock.moment, means=f"回目{n}", target="本人",
                    outcome="不在", stage=None,
                )
            )  # fmt: skip
