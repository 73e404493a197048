"""Several tasks at once from the inbox: a result for each, a way back, and a word instead of an error page."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from engine.domain.roles import Role
from engine.services import tasks
from engine.storage.tables import support_case
from tests.web.site import Site


def test_each_chosen_task_gets_its_own_result_and_its_own_event(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    free, taken = site.a_case(), site.a_case()
    foreign = site.a_case("stranger")
    tasks.claim(site.office.engine, site.office.person("worker"), taken.task_id, now=site.clock.moment)
    chosen = [free.task_id, taken.task_id, foreign.task_id, "0" * 32, free.task_id]
    page = visitor.post("/inbox/claim", {"task": chosen})
    assert page.status == 200
    assert "4件のうち1件ができました。できなかった仕事は、そのままです。" in page.words
    assert free.number in page.words
    assert f"{taken.number} 氏名は未確認先にworkerさんが引き受けました" in page.words
    assert foreign.number not in page.text
    assert page.words.count("表示できない仕事") == 2
    claims = "SELECT count(*) FROM audit_event WHERE act = 'task.claimed' AND task_id = :t"
    assert site.count(claims, t=free.task_id) == site.count(claims, t=taken.task_id) == 1


def test_claims_made_together_are_undone_together(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    cases = [site.a_case() for _ in range(2)]
    ids = [case.task_id for case in cases]
    visitor.post("/inbox/claim", {"task": ids})
    undone = visitor.post("/inbox/release", {"task": ids})
    assert "2件のうち2件ができました。" in undone.words
    assert site.count("SELECT count(*) FROM user_task WHERE state = 'open' AND assignee_id IS NULL") == 2
    again = visitor.post("/inbox/release", {"task": ids})
    assert "2件のうち0件ができました。" in again.words
    assert site.count("SELECT count(*) FROM audit_event WHERE act = 'task.released'") == 2


def test_nothing_chosen_is_explained(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    assert "仕事が選ばれていません。" in visitor.post("/inbox/claim").words


def test_the_list_says_who_was_faster(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    colleague = site.office.person("worker")
    tasks.claim(site.office.engine, colleague, case.task_id, now=site.clock.moment)
    refused = visitor.post(f"/tasks/{case.task_id}/claim", {"back": "list"})
    assert refused.status == 302
    words = visitor.get(refused.location).words
    assert f"先に{colleague.name}さんが引き受けました（" in words


def test_a_notice_about_a_foreign_task_tells_nothing(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    foreign = site.a_case("stranger")
    absent = visitor.get("/inbox?view=claimable&taken=" + "0" * 32).words
    assert visitor.get(f"/inbox?view=claimable&taken={foreign.task_id}").words == absent


def test_a_filter_is_there_on_return_until_it_is_cleared(site: Site) -> None:
    login = site.employ(Role.INTAKE_WORKER)
    site.a_case()
    visitor = site.browser(login)
    chosen = {"view": "claimable", "due": "late", "process": "", "org": "", "q": "だれか"}
    visitor.post("/inbox/filter", chosen)
    again = site.browser(login)
    page = again.get("/inbox?view=claimable")
    assert "条件に合う仕事はありません。条件を外すと1件あります。" in page.words
    assert 'value="late" selected' in page.text
    assert "だれか" not in page.text
    cleared = again.post("/inbox/filter", {**chosen, "clear": "1"})
    assert again.get(cleared.location).text.count('<li class="row">') == 1
    assert site.browser(login).get("/inbox?view=claimable").text.count('<li class="row">') == 1


def test_a_view_without_deadlines_leaves_that_choice_alone(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    site.a_case()
    visitor.post("/inbox/filter", {"view": "claimable", "due": "late"})
    visitor.post("/inbox/filter", {"view": "done-today", "q": "R8"})
    assert 'value="late" selected' in visitor.get("/inbox?view=claimable").text


def test_single_keys_can_be_switched_off(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    assert 'data-shortcuts="off"' not in visitor.get("/inbox?view=mine").text
    visitor.post("/settings", {"language": "ja", "dates": "era", "keys": "off"})
    assert 'data-shortcuts="off"' in visitor.get("/inbox?view=mine").text
    visitor.post("/settings", {"language": "ja", "dates": "era"})
    assert 'data-shortcuts="off"' in visitor.get("/inbox?view=mine").text


def test_who_distributes_work_takes_the_chosen_tasks_to_where_it_is_assigned(site: Site) -> None:
    manager = site.browser(site.employ(Role.AGENCY_MANAGER))
    worker = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    assert "選んだ仕事の担当を決める" in manager.get("/inbox?view=claimable").words
    assert "選んだ仕事の担当を決める" not in worker.get("/inbox?view=claimable").words
    led = manager.post("/inbox/assign", {"task": [case.task_id]})
    assert led.location == f"/reassign?task={case.task_id}"
    assert case.number in manager.get(led.location).words
    assert worker.post("/inbox/assign", {"task": [case.task_id]}).status == 403


UNTIL = {"until": "2026-04-10", "day": "2026-04-10", "reason": "入院"}
TOGETHER = {
    "/inbox/claim": {}, "/inbox/release": {}, "/inbox/hold": UNTIL, "/inbox/resume": {},
    "/reassign": {"key": "one form", "note": ""}, "/board/act": {"kind": "hold", **UNTIL},
}  # fmt: skip


@pytest.mark.parametrize("path", TOGETHER)
def test_a_sealed_task_and_an_absent_one_get_the_same_answer(site: Site, path: str) -> None:
    colleague = site.employ(Role.INTAKE_WORKER)
    manager = site.employ(Role.AGENCY_MANAGER, "AG-02")
    sealed = site.a_case()
    with site.office.engine.database.write() as connection:
        connection.execute(update(support_case).values(seal_level=2))
    before = site.count("SELECT count(*) FROM audit_event")
    visitor = site.browser(colleague if path.startswith("/inbox") else manager)
    more = {**TOGETHER[path], "to": site.office.staff["stranger"]}
    hidden, absent = (visitor.post(path, {**more, "task": [one]}) for one in (sealed.task_id, "0" * 32))
    assert hidden.status == absent.status
    assert hidden.words == absent.words
    assert sealed.number not in hidden.text
    assert site.count("SELECT count(*) FROM audit_event") == before
