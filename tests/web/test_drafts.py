"""The editor's pages: a draft is opened, checked, saved by whoever saw the newest, put aside and taken back."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest

from engine.domain.roles import Role
from engine.services import deployments, drafting
from tests.web.site import PROCESS, Page, Site, Visitor

KEY = "/processes/visit/draft"
JSON = {"Accept": "application/json"}


@pytest.fixture
def owner(site: Site) -> Visitor:
    """A process owner."""
    return site.browser(site.employ(Role.PROCESS_OWNER))


@pytest.fixture
def second(site: Site) -> Visitor:
    """Another one."""
    return site.browser(site.employ(Role.PROCESS_OWNER, login="second-owner"))


def renamed(name: str) -> str:
    """The diagram with another name of its first task."""
    return PROCESS.decode().replace('name="first"', f'name="{name}"')


def save(browser: Visitor, name: str, seen: int) -> tuple[int, dict[str, Any]]:
    """Save as the editor does."""
    data = {"diagram": renamed(name), "seen": str(seen), "csrf_token": browser.csrf}
    answer = browser.client.post(f"{KEY}/save", data=data, headers=JSON)
    return answer.status_code, json.loads(answer.get_data(as_text=True))


def opened(owner: Visitor) -> Page:
    """The editor's page with a draft of the live version."""
    assert owner.post(f"{KEY}/open").location == KEY
    return owner.get(KEY)


def test_a_draft_is_opened_from_a_version_and_its_page_says_who_saved_it(owner: Visitor, site: Site) -> None:
    assert "下書きを開く" in owner.get(KEY).words
    page = opened(owner)
    assert "role-process-ownerさんが保存しました（1回目）" in page.words
    assert "下書き（第1版から）" in page.words
    assert owner.client.get(f"{KEY}/diagram.bpmn").data == PROCESS


def test_only_the_editor_page_may_have_inline_styles_and_nothing_may_have_inline_scripts(owner: Visitor) -> None:
    begin = owner.get(KEY).response.headers["Content-Security-Policy"]
    editor = opened(owner).response.headers["Content-Security-Policy"]
    assert "unsafe" not in begin
    assert editor.replace("style-src 'self' 'unsafe-inline'", "style-src 'self'") == begin


def test_the_editor_is_told_when_it_was_saved(owner: Visitor) -> None:
    opened(owner)
    status, told = save(owner, "訪問する", 1)
    assert (status, told["revision"], told["at"]) == (200, 2, "09:00")
    assert "訪問する" in owner.get(f"{KEY}/outline").words


def test_a_save_after_somebody_elses_is_put_aside_and_the_difference_is_told(owner: Visitor, second: Visitor) -> None:
    opened(owner)
    save(second, "ふたりめ", 1)
    status, told = save(owner, "ひとりめ", 1)
    assert status == 409
    assert (told["revision"], told["aside"], told["by"]) == (2, 3, "職員 second-owner")
    assert {"kind": "変更", "theme": "名前", "name": "ひとりめ", "before": "ふたりめ", "after": "ひとりめ"} in told[
        "changes"
    ]
    assert save(owner, "ひとりめ", 2)[0] == 200


def test_a_file_from_another_tool_is_saved_and_put_aside_without_any_script(owner: Visitor, second: Visitor) -> None:
    opened(owner)
    save(second, "ふたりめ", 1)
    sent = {"seen": "1", "csrf_token": owner.csrf, "file": (BytesIO(renamed("ひとりめ").encode()), "a.bpmn")}
    answer = owner.client.post(f"{KEY}/save", data=sent, content_type="multipart/form-data")
    page = Page(answer, f"{KEY}/save")
    assert page.status == 409
    assert "second-ownerさんが保存しました" in page.words
    fields = page.fields(f"{KEY}/restore")
    assert owner.post(f"{KEY}/restore", fields).location == KEY
    assert "ひとりめ" in owner.get(f"{KEY}/outline").words


def test_the_check_says_what_the_publish_check_says_and_keeps_nothing(owner: Visitor, site: Site) -> None:
    opened(owner)
    wrong = PROCESS.decode().replace('sourceRef="second"', 'sourceRef="first"')
    answer = owner.client.post(f"{KEY}/check", data={"diagram": wrong, "csrf_token": owner.csrf})
    found = json.loads(answer.data)["findings"]
    assert any(f["element"] == "second" and f["error"] and f["remedy"] for f in found)
    assert site.count("SELECT count(*) FROM draft_revision") == 1


def test_what_cannot_be_read_is_refused_with_its_reason(owner: Visitor) -> None:
    opened(owner)
    data = {"diagram": "<a", "seen": "1", "csrf_token": owner.csrf}
    answer = owner.client.post(f"{KEY}/save", data=data, headers=JSON)
    assert answer.status_code == 422
    assert json.loads(answer.data)["message"]


def test_revisions_are_listed_and_taken_back_and_a_draft_is_discarded_and_brought_back(owner: Visitor) -> None:
    opened(owner)
    save(owner, "訪問する", 1)
    page = owner.get(f"{KEY}/revisions")
    assert "版から開いた" in page.words
    owner.post(f"{KEY}/restore", {"seen": "2", "revision": "1"})
    assert "訪問する" not in owner.get(f"{KEY}/outline").words
    assert owner.post(f"{KEY}/restore", {"seen": "2", "revision": "2"}).status == 409
    owner.post(f"{KEY}/discard", {"seen": "3"})
    assert "捨てた下書きを元に戻す" in owner.get(KEY).words
    assert owner.post(f"{KEY}/reopen").location == KEY
    assert "（3回目）" in owner.get(KEY).words


def test_nobody_else_opens_reads_or_saves_a_draft(owner: Visitor, site: Site) -> None:
    opened(owner)
    other = site.browser(site.employ(Role.PROGRAMME_LEAD))
    for path in ("", "/diagram.bpmn", "/facts", "/revisions"):
        assert other.get(KEY + path).status == 403
    for path in ("/open", "/save", "/check", "/restore", "/discard", "/reopen", "/undo", "/here"):
        assert other.post(KEY + path, {"seen": "1"}).status == 403
    assert site.count("SELECT count(*) FROM draft_revision") == 1


def test_the_editor_is_given_what_the_installation_has_and_a_call_brings_the_called_process(
    owner: Visitor, site: Site
) -> None:
    engine, key = site.office.engine, "plan_approval"
    workflows = engine.settings.workflows
    deployments.deploy_folder(engine, workflows, by=None, reason="test", now=site.clock.moment)
    owner.post(f"/processes/{key}/draft/open")
    facts = json.loads(owner.client.get(f"/processes/{key}/draft/facts").data)
    assert {"code": "mac_coordinator", "name": "多機関協働事業者"} in facts["roles"]
    assert {form["key"] for form in facts["forms"]} >= {"pa_hold", "F11"}
    assert {o["name"] for o in facts["operations"]} >= {"plan.submit", "consent.require"}
    assert "plan.approved" in facts["messages"]
    assert facts["ladders"][-1] == "none"
    actor = site.office.person(site.logins[Role.PROCESS_OWNER])
    diagram = drafting.files(engine, actor, key)["process.bpmn"]
    checked = owner.client.post(
        f"/processes/{key}/draft/check", data={"diagram": diagram.decode(), "csrf_token": owner.csrf}
    )
    assert [f for f in json.loads(checked.data)["findings"] if f["error"]] == []


OUTLINE = f"{KEY}/outline"


def test_a_step_is_changed_added_and_taken_out_by_forms_alone(owner: Visitor, site: Site) -> None:
    opened(owner)
    page = owner.get(f"{KEY}/step?element=first")
    fields = page.fields(f"{KEY}/step") | {
        "name": "訪問する",
        "amount": "3",
        "unit": "business_days",
        "roles": "supervisor",
    }
    assert owner.post(f"{KEY}/step", fields).location == f"{OUTLINE}?done=changed"
    page = owner.get(f"{KEY}/step?element=first")
    fresh = page.fields(f"{KEY}/step/add") | {"name": "確かめる", "roles": "supervisor", "amount": "2", "unit": "hours"}
    assert owner.post(f"{KEY}/step/add", fresh).location == f"{OUTLINE}?done=added"
    shown = owner.get(f"{OUTLINE}?done=added").words
    assert shown.index("手順を加えました") < shown.index("訪問する") < shown.index("確かめる") < shown.index("second")
    assert "3開庁日" in shown
    gone = {"element": "first_step1", "seen": "3"}
    assert owner.post(f"{KEY}/step/delete", gone).location == f"{OUTLINE}?done=deleted"
    assert "確かめる" not in owner.get(OUTLINE).words
    assert site.count("SELECT count(*) FROM audit_event WHERE act = 'draft.saved'") == 3


def test_a_step_without_a_name_is_refused_and_what_was_typed_stays(owner: Visitor) -> None:
    opened(owner)
    page = owner.get(f"{KEY}/step?element=first")
    fresh = page.fields(f"{KEY}/step/add") | {"name": "", "new_id": "look_again", "stage": "確認中"}
    page = owner.post(f"{KEY}/step/add", fresh)
    assert page.status == 422
    assert "手順の名前を入力してください" in page.words
    assert page.fields(f"{KEY}/step/add")["new_id"] == "look_again"
    assert page.fields(f"{KEY}/step/add")["stage"] == "確認中"


def test_a_step_changed_on_an_older_draft_is_put_aside(owner: Visitor, second: Visitor) -> None:
    opened(owner)
    fields = owner.get(f"{KEY}/step?element=first").fields(f"{KEY}/step") | {
        "name": "ひとりめ",
        "unit": "business_days",
    }
    save(second, "ふたりめ", 1)
    page = owner.post(f"{KEY}/step", fields)
    assert page.status == 409
    assert "先にほかの人が保存しました" in page.words
    assert "ふたりめ" in owner.get(OUTLINE).words


def test_whose_people_do_a_step_what_it_runs_and_who_not_are_set_in_the_outline_and_taken_back(owner: Visitor) -> None:
    opened(owner)
    page = owner.get(f"{KEY}/step?element=second")
    fields = page.fields(f"{KEY}/step") | {
        "scopes": ["city", "field"], "scope_other": "carrier_org", "not_same_as": "first", "unit": "business_days",
        "operations": ["plan.submit", "consent.require"],
    }  # fmt: skip
    assert owner.post(f"{KEY}/step", fields).location == f"{OUTLINE}?done=changed"
    diagram = owner.client.get(f"{KEY}/diagram.bpmn").get_data(as_text=True)
    assert 'tsunagu:orgScope="field city carrier_org"' in diagram
    assert 'tsunagu:notSameAs="first"' in diagram
    assert sorted(diagram.partition('tsunagu:operation="')[2].partition('"')[0].split()) == [
        "consent.require", "plan.submit",
    ]  # fmt: skip
    page = owner.get(f"{KEY}/step?element=second")
    assert page.fields(f"{KEY}/step")["scope_other"] == "carrier_org"
    assert '<option value="first" selected>' in page.text
    refused = owner.post(f"{KEY}/step", fields | {"seen": "2", "scope_other": "誰か"})
    assert (refused.status, "変数の名前を、空白で区切って" in refused.words) == (422, True)
    undo = owner.get(OUTLINE).fields(f"{KEY}/undo")
    assert owner.post(f"{KEY}/undo", undo).location == f"{OUTLINE}?done=undone"
    assert owner.client.get(f"{KEY}/diagram.bpmn").data == PROCESS
    assert owner.post(f"{KEY}/undo", undo).status == 409
    assert "一つ前の保存" not in owner.get(OUTLINE).words


def test_who_else_has_the_draft_open_is_told_and_kept_fresh(owner: Visitor, second: Visitor) -> None:
    opened(owner)
    assert "role-process-ownerさんもこの下書きを開いています" in second.get(OUTLINE).words
    assert "second-ownerさんもこの下書きを開いています" in owner.get(KEY).words
    save(second, "ふたりめ", 1)
    answer = owner.client.post(f"{KEY}/here", data={"csrf_token": owner.csrf})
    assert "second-ownerさんです（2回目）。" in json.loads(answer.data)["text"]
