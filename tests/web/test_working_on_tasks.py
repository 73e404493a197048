"""A person's day on the pages: the inbox, taking a task, its form, what is refused and what is kept."""

from __future__ import annotations

import re
from datetime import timedelta

from engine.domain.roles import Role
from tests.support.casework import a_form, a_process, a_task, flow
from tests.web.site import Page, Site


def number_beside(page: Page, view: str) -> int:
    """The count that the page shows beside a view of the inbox."""
    found = re.search(rf'view={view}"[^>]*><span>[^<]*</span> <span class="n">(\d+)</span>', page.text)
    assert found is not None
    return int(found[1])


# ---------------------------------------------------------------- the inbox


def test_the_inbox_opens_where_the_work_is(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    assert visitor.get("/inbox").status == 200
    site.a_case()
    assert visitor.get("/inbox").location == "/inbox?view=claimable"


def test_counts_are_the_lengths_of_their_lists(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    cases = [site.a_case() for _ in range(4)]
    site.a_case("stranger")
    visitor.post(f"/tasks/{cases[0].task_id}/claim")
    visitor.post(f"/tasks/{cases[1].task_id}/claim")
    visitor.post(f"/tasks/{cases[1].task_id}/hold", {"until": "2026-04-10", "reason": "本人が入院した"})
    for view, expected in (("mine", 1), ("claimable", 2), ("held", 1), ("done-today", 0), ("upcoming", 0)):
        page = visitor.get(f"/inbox?view={view}")
        assert number_beside(page, view) == page.text.count('<li class="row">') == expected


def test_the_most_urgent_task_stands_first_under_its_heading(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    late = site.a_case()
    site.clock.moment += timedelta(days=12)
    site.office.now = site.clock.moment
    visitor = site.browser(site.logins[Role.INTAKE_WORKER])
    new = site.a_case()
    words = visitor.get("/inbox?view=claimable").words
    assert words.index("3営業日超過") < words.index(late.number) < words.index("あと5営業日") < words.index(new.number)
    assert "2件のうち、1件が期限を過ぎています" in words


def test_a_filter_without_a_match_tells_how_many_there_are(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    site.a_case()
    filtered = visitor.post("/inbox/filter", {"view": "claimable", "q": "いない人"})
    words = visitor.get(filtered.location).words
    assert "条件に合う仕事はありません。条件を外すと1件あります。" in words


def test_a_long_list_goes_on_where_it_stopped(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    numbers = {site.a_case().number for _ in range(53)}
    first = visitor.get("/inbox?view=claimable")
    (more,) = [link for link in first.links() if "after=" in link]
    second = visitor.get(more)
    assert first.text.count('<li class="row">') == 50
    seen = re.findall(r"R8-\d{4}</span>", first.text + second.text)
    assert len(seen) == 53
    assert {number.removesuffix("</span>") for number in seen} == numbers


def test_a_claim_from_the_list_can_be_undone(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    claimed = visitor.post(f"/tasks/{case.task_id}/claim", {"back": "list"})
    assert "引き受けました" in visitor.get(claimed.location).words
    undone = visitor.post(f"/tasks/{case.task_id}/release", {"back": "list"})
    assert "元に戻しました" in visitor.get(undone.location).words
    assert site.office.task("second", case_id=case.case_id).state == "open"


def test_notices_are_new_until_they_were_read(site: Site) -> None:
    worker, manager = site.employ(Role.INTAKE_WORKER), site.browser(site.employ(Role.AGENCY_MANAGER))
    manager.post(f"/tasks/{site.a_case().task_id}/hand-over", {"to": site.office.staff[worker]})
    visitor = site.browser(worker)
    page = visitor.get("/notices")
    assert "お知らせ1件" in page.text
    visitor.post("/notices/read", page.fields("/notices/read"))
    assert "お知らせ1件" not in visitor.get("/notices").text
    assert visitor.post("/notices/read", {"until": "yesterday"}).status == 400


# ---------------------------------------------------------------- one task


def test_a_task_is_taken_done_and_leads_on(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    before = visitor.get(f"/tasks/{case.task_id}")
    assert "まだだれも引き受けていません" in before.words
    assert "/complete" not in before.text
    assert visitor.post(f"/tasks/{case.task_id}/claim").status == 302
    page = visitor.get(f"/tasks/{case.task_id}?done=claimed")
    assert "自分の担当になりました" in page.words
    fields = page.fields(f"/tasks/{case.task_id}/complete")
    done = visitor.post(f"/tasks/{case.task_id}/complete", {**fields, "note": "話を聞いた"})
    assert done.location == f"/tasks/{case.task_id}/completed"
    assert "提出しました" in visitor.get(done.location).words
    assert site.office.task("second", case_id=case.case_id).state == "completed"
    assert number_beside(visitor.get("/inbox?view=done-today"), "done-today") == 1


def test_the_page_explains_the_date_and_what_follows(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    words = visitor.get(f"/tasks/{site.a_case().task_id}").words
    assert "あと5営業日" in words
    assert "4月4日（土）" in words.replace("2026年", "")  # a closed day that did not count
    assert "期限 2026年4月8日（水）の終わり（24時）" in words
    assert "ここで終わります" in words


def test_an_invalid_form_comes_back_filled_in(site: Site) -> None:
    site.office.deploy(
        "strict",
        a_process(
            "strict", a_task("only") + '<bpmn:endEvent id="e"/>' + flow("st", "only") + flow("only", "e"),
            variables=("why", "what"),
        ),
        {"note": a_form("note", required=("why", "what"))},
    )  # fmt: skip
    started = site.office.start("strict")
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    visitor.post(f"/tasks/{started.task_id}/claim")
    fields = visitor.get(f"/tasks/{started.task_id}").fields(f"/tasks/{started.task_id}/complete")
    page = visitor.post(f"/tasks/{started.task_id}/complete", {**fields, "what": "書いた文"})
    assert page.status == 422
    assert page.title.startswith("エラー：")
    assert "入力内容を1か所確認してください" in page.words
    assert page.fields(f"/tasks/{started.task_id}/complete")["what"] == "書いた文"
    assert site.office.task("only").state == "claimed"


def test_the_loser_of_a_race_reads_who_won_and_keeps_the_text(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    visitor.post(f"/tasks/{case.task_id}/claim")
    fields = visitor.get(f"/tasks/{case.task_id}").fields(f"/tasks/{case.task_id}/complete")
    manager = site.browser(site.employ(Role.AGENCY_MANAGER))
    rival = site.browser(site.employ(Role.INTAKE_WORKER, login="rival"))
    manager.post(f"/tasks/{case.task_id}/hand-over", {"to": site.office.staff["rival"], "note": "お願いします"})
    theirs = rival.get(f"/tasks/{case.task_id}").fields(f"/tasks/{case.task_id}/complete")
    rival.post(f"/tasks/{case.task_id}/complete", {**theirs, "note": "先に書いた"})
    page = visitor.post(f"/tasks/{case.task_id}/complete", {**fields, "note": "あとから出した長い記録"})
    assert page.status == 409
    assert "職員 rivalさん" in page.words
    assert "09:00" in page.words
    assert "あとから出した長い記録" in page.text
    assert site.count("SELECT count(*) FROM record WHERE case_id = :c", c=case.case_id) == 2


def test_claiming_what_another_holds_says_who_has_it(site: Site) -> None:
    case = site.a_case()
    site.browser(site.employ(Role.INTAKE_WORKER, login="rival")).post(f"/tasks/{case.task_id}/claim")
    page = site.browser(site.employ(Role.INTAKE_WORKER)).post(f"/tasks/{case.task_id}/claim")
    assert page.status == 409
    assert "先に職員 rivalさんが引き受けました（09:00）。" in page.words


def test_a_page_that_saw_an_older_state_is_refused_with_the_text(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    visitor.post(f"/tasks/{case.task_id}/claim")
    fields = visitor.get(f"/tasks/{case.task_id}").fields(f"/tasks/{case.task_id}/complete")
    visitor.post(f"/tasks/{case.task_id}/release")
    visitor.post(f"/tasks/{case.task_id}/claim")
    page = visitor.post(f"/tasks/{case.task_id}/complete", {**fields, "note": "書きかけ"})
    assert page.status == 409
    assert "表示中に内容が変わりました" in page.words
    assert page.fields(f"/tasks/{case.task_id}/complete")["note"] == "書きかけ"


def test_a_draft_is_kept_and_shown_again(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    visitor.post(f"/tasks/{case.task_id}/claim")
    by_script = visitor.post(
        f"/tasks/{case.task_id}/draft", {"note": "下書き1"}, headers={"Accept": "application/json"}
    )
    assert by_script.status == 204
    by_button = visitor.post(f"/tasks/{case.task_id}/draft", {"note": "下書き2"})
    page = visitor.get(by_button.location)
    assert "下書きを保存しました 09:00" in page.words
    assert page.fields(f"/tasks/{case.task_id}/complete")["note"] == "下書き2"
    visitor.post(f"/tasks/{case.task_id}/draft/discard")
    assert visitor.get(f"/tasks/{case.task_id}").fields(f"/tasks/{case.task_id}/complete")["note"] == ""


def test_a_draft_is_nobody_elses(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    visitor.post(f"/tasks/{case.task_id}/claim")
    visitor.post(f"/tasks/{case.task_id}/draft", {"note": "まだ見せない"})
    manager = site.browser(site.employ(Role.AGENCY_MANAGER))
    assert "まだ見せない" not in manager.get(f"/tasks/{case.task_id}").text


def test_a_hold_says_beside_the_field_what_is_missing(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    visitor.post(f"/tasks/{case.task_id}/claim")
    page = visitor.post(f"/tasks/{case.task_id}/hold", {"until": "令和8年4月99日", "reason": "本人の入院"})
    assert page.status == 422
    assert "その日は暦にありません" in page.words
    assert page.fields(f"/tasks/{case.task_id}/hold")["reason"] == "本人の入院"
    too_long = visitor.post(f"/tasks/{case.task_id}/hold", {"until": "R9.4.1", "reason": "本人の入院"})
    assert too_long.status == 422
    held = visitor.post(f"/tasks/{case.task_id}/hold", {"until": "R8.4.10", "reason": "本人の入院"})
    assert held.status == 302
    assert "保留中（4月10日（金）に再開）" in visitor.get(f"/tasks/{case.task_id}").words
    visitor.post(f"/tasks/{case.task_id}/resume")
    assert site.office.task("second", case_id=case.case_id).state == "claimed"


def test_a_manager_hands_a_task_over_and_extends_it(site: Site) -> None:
    worker, manager = site.employ(Role.INTAKE_WORKER), site.browser(site.employ(Role.AGENCY_MANAGER))
    case = site.a_case()
    page = manager.post(f"/tasks/{case.task_id}/hand-over", {"to": ""})
    assert page.status == 422
    assert "引き継ぐ相手を選んでください。" in page.words
    manager.post(f"/tasks/{case.task_id}/hand-over", {"to": site.office.staff[worker], "note": "頼みます"})
    assert site.office.task("second", case_id=case.case_id).assignee_id == site.office.staff[worker]
    assert "担当になりました" in site.browser(worker).get("/notices").words
    manager.post(
        f"/tasks/{case.task_id}/extend", {"due_on": "R8.4.20", "reason": "本人の希望", "legal_basis": "要綱5条"}
    )
    assert "令和8年4月20日（月）まで" in manager.get(f"/tasks/{case.task_id}").words


def test_a_worker_cannot_extend_the_own_deadline(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    visitor.post(f"/tasks/{case.task_id}/claim")
    assert "期限を延ばす" not in visitor.get(f"/tasks/{case.task_id}").words
    page = visitor.post(f"/tasks/{case.task_id}/extend", {"due_on": "R8.4.20", "reason": "忙しい"})
    assert page.status == 403


# ---------------------------------------------------------------- a new consultation


def test_a_new_consultation_is_started_with_its_first_form(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    page = visitor.get("/intake/new")
    fields = page.fields("/intake/new")
    started = visitor.post("/intake/new", {**fields, "note": "電話を受けた"})
    assert re.fullmatch(r"/tasks/\w+\?started=R8-0001", started.location)
    assert visitor.get(started.location).status == 200
    assert site.count("SELECT count(*) FROM record") == 1


def test_an_invalid_first_form_leaves_no_case(site: Site) -> None:
    site.office.deploy(
        "visit",
        a_process("visit", a_task("only") + '<bpmn:endEvent id="e"/>' + flow("st", "only") + flow("only", "e"),
                  variables=("why",)),
        {"note": a_form("note", required=("why",))},
    )  # fmt: skip
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    fields = visitor.get("/intake/new").fields("/intake/new")
    assert visitor.post("/intake/new", fields).status == 422
    assert site.count("SELECT count(*) FROM support_case") == 0


def test_who_may_start_nothing_reads_why(site: Site) -> None:
    visitor = site.browser(site.employ(Role.CONFERENCE_MEMBER))
    assert "始められる手続きはありません" in visitor.get("/intake/new").words
