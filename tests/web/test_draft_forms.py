"""The form editor's pages: a form is changed, seen, tried, published, and a worker meets the new field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from engine.config import ROOT
from engine.definitions.package import read_package
from engine.domain.roles import Role
from engine.services import drafting
from engine.storage import definitions
from tests.support.casework import a_form, make_live
from tests.support.drawn import drawn
from tests.web.site import Page, Site, Visitor, first

DRAFT = "/processes/visit/draft"
FORM = f"{DRAFT}/form/look"
LOOK = {
    "key": "look", "title": "様子を見る",
    "schema": {"type": "object", "properties": {
        "outcome": {"title": "結果", "type": "string", "enum": ["会えた", "不在"], "x-variable": True},
        "reason": {"title": "理由", "type": "string", "x-kind": "text"},
    }, "required": ["outcome"]},
    "ui": {"type": "VerticalLayout", "elements": [{"type": "Group", "label": "訪問", "elements": [
        {"type": "Control", "scope": "#/properties/outcome"}, {"type": "Control", "scope": "#/properties/reason"},
    ]}]},
}  # fmt: skip
VARIABLES = b'<tsunagu:variable name="outcome" type="text" label="\xe7\xb5\x90\xe6\x9e\x9c"/></bpmn:extensionElements>'
DIAGRAM = (
    drawn("visit", ["first", "second", "third"])
    .replace(b"</bpmn:extensionElements>", VARIABLES, 1)
    .replace(b'camunda:formKey="note"', b'camunda:formKey="look"', 1)
    .replace(b'camunda:formKey="note"', b'tsunagu:due="days_after(started_on, len(outcome or note))"', 1)
)


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    """A live process with a form, and a draft of it whose second step has none."""
    opened = Site.open(sqlite_url)
    engine, now = opened.office.engine, opened.office.now
    forms = {"note": a_form("note", optional=("note",)), "look": json.dumps(LOOK, ensure_ascii=False).encode()}
    make_live(engine, "visit", DIAGRAM, forms, now)
    for login in ("owner", "second"):
        opened.employ(Role.PROCESS_OWNER, org="DV-07", login=login)
    drafting.begin(engine, opened.office.person("owner"), "visit", now=now)
    yield opened
    engine.database.dispose()


@pytest.fixture
def owner(site: Site) -> Visitor:
    """A process owner with a session."""
    return site.browser("owner")


def revision(site: Site) -> int:
    """The draft's newest revision that counts."""
    return int(site.office.rows("SELECT revision FROM process_draft")[0].revision)


def edit(owner: Visitor, site: Site, act: str, path: str = FORM, **data: Any) -> Page:
    """Press a button of the editor on the newest revision."""
    return owner.post(f"{path}/edit", {"seen": str(revision(site)), "act": act, **data})


def stored(site: Site, key: str = "look") -> dict[str, Any]:
    """A form of the draft as it is kept."""
    files = drafting.files(site.office.engine, site.office.person("owner"), "visit")
    found: dict[str, Any] = json.loads(files[f"visit/forms/{key}.json"])
    return found


def told(page: Page) -> str:
    """All text of the main part, each piece apart from the next."""
    assert page.tree is not None
    return " ".join(" ".join(first(page.tree, "main").itertext()).split())


def test_the_forms_are_reached_from_the_draft_and_from_a_step(owner: Visitor) -> None:
    assert f"{DRAFT}/forms" in owner.get(DRAFT).links()
    assert FORM in owner.get(f"{DRAFT}/step?element=first").links()
    page = owner.get(f"{DRAFT}/forms")
    assert FORM in page.links()
    assert f"{DRAFT}/step?element=first" in page.links()
    shown = told(owner.get(FORM))
    assert "結果 一つ選ぶ、必須、変数 outcome" in shown
    assert "担当者が見る画面" in shown


def test_a_changed_form_is_compared_published_and_met_by_a_worker(site: Site, owner: Visitor) -> None:
    seen = {"kind": "enum", "label": "次の約束", "key": "promise", "lines": "した\r\nしなかった", "section": "0"}
    assert edit(owner, site, "add", **seen).location == f"{FORM}?done=added#field-promise"
    settings = {"field": "promise", "label": "次の約束", "hint": "口約束も含む", "required": "yes", "variable": ""}
    assert edit(owner, site, "settings", **settings).location == f"{FORM}?done=changed#field-promise"
    assert edit(owner, site, "field-up:promise").location.endswith("#up-promise")
    fields = owner.get(f"{DRAFT}/forms")
    new = {"form": "second", "title": "二度目", "label": "記録", "kind": "text", "key": "field1", "lines": ""}
    assert "様式のない手順 1件" in told(fields)
    made = owner.post(f"{DRAFT}/forms/new", {"seen": str(revision(site)), **new})
    assert made.location == f"{DRAFT}/form/second?done=created"
    publish = "/processes/visit/publish"
    assert owner.post(f"{publish}/prepare", {"source": "draft"}).status == 302
    page = told(owner.get(publish))
    assert "様子を見る 様式の欄 － 次の約束（一つ選ぶ、必須）" in page
    assert "二度目 様式 － 記録" in page
    assert "直すまで公開できません。" not in page, page
    assert owner.post(f"{publish}/request", {"reason": "約束を残す"}).status == 302
    assert site.browser("second").post(f"{publish}/approve").status == 302
    case = site.office.start("visit")
    task = site.office.task("first", case_id=case.case_id)
    worker = site.browser("worker")
    worker.get(f"/tasks/{task.id}")
    worker.post(f"/tasks/{task.id}/claim")
    assert "次の約束 ※必須 口約束も含む" in told(worker.get(f"/tasks/{task.id}"))
    refused = worker.post(f"/tasks/{task.id}/complete", {"outcome": "会えた"})
    assert refused.status == 422
    assert worker.post(f"/tasks/{task.id}/complete", {"outcome": "会えた", "promise": "した"}).status == 302
    (record,) = site.office.rows("SELECT data FROM record WHERE case_id = :c", c=case.case_id)
    assert "した" in str(record.data)


def test_each_edit_is_a_revision_with_its_event_and_pressing_twice_changes_nothing(site: Site, owner: Visitor) -> None:
    seen = str(revision(site))
    for _ in range(2):
        owner.post(f"{FORM}/edit", {"seen": seen, "act": "section-add", "new-section": "次回"})
    assert revision(site) == 2
    assert site.count("SELECT count(*) FROM audit_event WHERE act = 'draft.saved'") == 1
    edit(owner, site, "title", title="様子を見る")
    assert revision(site) == 2, "an edit that changes nothing keeps nothing"
    for act, more in (
        ("section-change:1", {"section-1-label": "次に会う日", "section-1-hint": "分かれば"}),
        ("section-up:1", {}), ("section-down:0", {}), ("field-down:reason", {}), ("section-delete:1", {}),
        ("title", {"title": "訪問の様子"}),
    ):  # fmt: skip
        assert edit(owner, site, act, **more).status == 302, act
    assert (revision(site), stored(site)["title"]) == (8, "訪問の様子")
    assert [group["label"] for group in stored(site)["ui"]["elements"]] == ["訪問"]
    assert "訪問の様子" in told(owner.get(FORM))


def test_somebody_elses_save_is_never_overwritten(site: Site, owner: Visitor) -> None:
    seen = str(revision(site))
    edit(site.browser("second"), site, "title", title="ふたりめ")
    page = owner.post(f"{FORM}/edit", {"seen": seen, "act": "title", "title": "ひとりめ"})
    assert page.status == 409
    assert "職員 secondさんが保存しました" in told(page)
    assert "様式の名前 ふたりめ ひとりめ" in told(page)
    assert stored(site)["title"] == "ふたりめ"
    owner.post(f"{DRAFT}/restore", page.fields(f"{DRAFT}/restore"))
    assert stored(site)["title"] == "ひとりめ"


OUTCOME = {"field": "outcome"}
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("add", {"kind": "enum", "label": "選ぶ", "key": "pick", "section": "0"}, "一行に一つずつ", "pick"),
    ("add", {"kind": "x", "label": "選ぶ", "key": "pick", "section": "0"}, "種類を選んでください。", "pick"),
    ("take", {"from": "F99/none", "section": "0"}, "取り込む欄を選んでください。", ""),
    ("settings", {"field": "reason", "label": "", "hint": "短く"}, "見出しを入力してください。", "短く"),
    ("settings", {"field": "reason", "label": "x", "variable": "started_on"}, "種類の合うもの", ""),
    ("option-add", {**OUTCOME, "option": ["会えた", "留守"], "new-option": "留守"}, "もうあります", "留守"),
    ("delete", OUTCOME, "「理由」の表示する条件に使われています。", ""),
    ("section-change:0", {"section-0-hint": "分かれば"}, "名前を入力してください。", "分かれば"),
    ("rule", {"field": "reason", "by": "outcome"}, "一つ以上選んでください。", ""),
]


def test_what_is_refused_comes_back_filled_with_a_sentence(site: Site, owner: Visitor) -> None:
    edit(owner, site, "rule", field="reason", by="outcome", values=["不在"])
    for act, typed, sentence, kept in REFUSED:
        page = edit(owner, site, act, **typed)
        assert (page.status, revision(site)) == (422, 2), act
        assert sentence in told(page), act
        assert kept in page.text, act


def test_options_conditions_and_columns_are_changed_by_buttons_alone(site: Site, owner: Visitor) -> None:
    edit(owner, site, "rule", field="reason", by="outcome", values=["不在"])
    names: dict[str, Any] = {"field": "outcome", "option": ["会えた", "留守"], "new-option": "断られた"}
    assert edit(owner, site, "option-add", **names).location.endswith("field=outcome&done=options#new-option")
    edit(owner, site, "option-up:2", field="outcome", option=["会えた", "留守", "断られた"])
    assert stored(site)["schema"]["properties"]["outcome"]["enum"] == ["会えた", "断られた", "留守"]
    assert "「結果」が「留守」のとき" in told(owner.get(FORM))
    assert "いまの条件： 「結果」が「留守」のとき" in told(owner.get(f"{FORM}/rule?field=reason&by=outcome"))
    edit(owner, site, "rule-none", field="reason")
    edit(owner, site, "rule", section="0", by="outcome", values=["留守"])
    assert "自分の値で" not in told(owner.get(FORM))
    rows = {"kind": "subtable", "label": "いた人", "key": "people", "lines": "氏名\n続柄", "section": "0"}
    edit(owner, site, "add", **rows)
    column = {"field": "people", "label": "年齢", "kind": "int", "key": "age", "lines": ""}
    edit(owner, site, "column-add", **column)
    edit(owner, site, "column-up:age", field="people")
    edit(owner, site, "settings", field="people", column="column2", label="間柄", hint="", required="yes")
    edit(owner, site, "delete", field="people", column="column1")
    columns = stored(site)["schema"]["properties"]["people"]["items"]
    assert (list(columns["properties"]), columns["required"]) == (["age", "column2"], ["column2"])
    assert "年齢 数" in told(owner.get(f"{FORM}/field?field=people"))
    assert "間柄" in told(owner.get(f"{FORM}/field?field=people&column=column2"))
    edit(owner, site, "delete", field="reason")
    assert "reason" not in stored(site)["schema"]["properties"]


def test_what_uses_a_field_is_told_before_it_is_deleted(site: Site, owner: Visitor) -> None:
    page = told(owner.get(f"{FORM}/field?field=outcome"))
    assert "この欄を使うところが1件あります。" in page
    assert "図の式や設定： 「second」をする 期限の式「days_after(started_on, len(outcome or note))」" in page
    assert "想定ケースにも使われていません" in told(owner.get(f"{FORM}/field?field=reason"))


def test_a_field_of_a_sheet_is_taken_and_the_sheet_comes_along(site: Site, owner: Visitor) -> None:
    assert '<option value="F04/to_org"' in owner.get(f"{FORM}/field?section=0").text
    assert edit(owner, site, "take", section="0", **{"from": "F04/to_org"}).status == 302
    assert stored(site)["schema"]["properties"]["to_org"]["$ref"] == "F04#/schema/properties/to_org"
    page = owner.get(f"{DRAFT}/forms")
    assert "様子を見る" in told(page).partition("この版が使う帳票")[2]
    sheet = told(owner.get(f"{DRAFT}/form/F04"))
    assert "ほかの手続きの帳票は変わりません。" in sheet
    refused = edit(owner, site, "delete", path=f"{DRAFT}/form/F04", field="to_org")
    assert "様式「様子を見る」がこの欄を取り込んでいます。" in told(refused)
    assert "帳票から取り込んだ欄です。" in told(owner.get(f"{FORM}/field?field=to_org"))


def test_the_preview_says_what_a_submission_would_be_told_and_keeps_nothing(site: Site, owner: Visitor) -> None:
    counts = [site.count(f"SELECT count(*) FROM {table}") for table in ("record", "audit_event", "draft_revision")]
    page = owner.post(f"{FORM}/preview", {"reason": "留守だった"})
    assert "結果を選んでください" in told(page)
    assert "留守だった" in page.text
    assert "この内容なら、このまま提出できます。" in told(owner.post(f"{FORM}/preview", {"outcome": "会えた"}))
    worker = site.office.start("visit", data=None)
    task = site.office.task("first", case_id=worker.case_id)
    drawn_there = site.browser("worker").get(f"/tasks/{task.id}").text
    body = owner.get(FORM).text.partition('<div class="form-body"')[2].partition("</form>")[0]
    legend = body.partition("<legend>結果")[2].partition("</fieldset>")[0]
    assert legend
    assert legend.replace(" ", "") in drawn_there.replace(" disabled", "").replace(" ", "")
    now = [site.count(f"SELECT count(*) FROM {table}") for table in ("record", "draft_revision")]
    assert now == [counts[0], counts[2]]


def test_a_form_that_nothing_uses_can_be_deleted_and_no_other(site: Site, owner: Visitor) -> None:
    refused = owner.post(f"{FORM}/delete", {"seen": str(revision(site))})
    assert "使われている様式は消せません。" in told(refused)
    person, engine = site.office.person("owner"), site.office.engine
    unused = DIAGRAM.replace(b'camunda:formKey="look"', b'camunda:formKey="note"')
    drafting.save(engine, person, "visit", unused, seen=revision(site), now=site.office.now)
    assert "使われていません" in told(owner.get(f"{DRAFT}/forms"))
    assert owner.post(f"{FORM}/delete", {"seen": str(revision(site))}).location == f"{DRAFT}/forms?done=removed"
    assert owner.get(FORM).status == 404


def test_a_form_that_the_library_refuses_is_shown_as_such_and_not_edited(site: Site, owner: Visitor) -> None:
    person, engine = site.office.person("owner"), site.office.engine
    broken = {**LOOK, "schema": {**LOOK["schema"], "required": ["gone"]}}  # type: ignore[dict-item]
    path = "visit/forms/look.json"
    drafting.save_files(engine, person, "visit", {path: json.dumps(broken).encode()}, seen=1, now=site.office.now)
    assert "様式に誤りがあるため、見本を作れません。" in told(owner.get(FORM))
    page = edit(owner, site, "title", title="直らない")
    assert (page.status, revision(site)) == (422, 2)
    assert "必須とされた欄がありません（gone）" in told(page)


def test_the_forms_of_a_shipped_process_are_shown_with_what_uses_them(site: Site) -> None:
    engine, key, owner = site.office.engine, "plan_approval", site.browser("owner")
    package = read_package(ROOT / "workflows" / key, ROOT / "workflows" / "forms")
    with engine.database.write() as connection:
        version = definitions.add(connection, process_key=key, name=key, content_hash=package.content_hash,
                                  files=package.files, engine_version="test", now=site.office.now)  # fmt: skip
        definitions.deploy(connection, process_key=key, version_id=version, by=None, reason="test", checks=[],
                           now=site.office.now)  # fmt: skip
    owner.post(f"/processes/{key}/draft/open")
    forms = [link for link in owner.get(f"/processes/{key}/draft/forms").links() if "/draft/form/" in link]
    assert len(forms) > 10
    for link in (forms[0], forms[-1]):
        assert owner.get(link).status == 200, link
    field = told(owner.get(f"/processes/{key}/draft/form/pa_decide/field?field=decision"))
    assert "想定ケース：" in field
    assert "手順の処理（この欄を読むことがあります）：" in field


def test_only_process_owners_open_the_editor(site: Site) -> None:
    other = site.browser(site.employ(Role.PROGRAMME_LEAD))
    for path in (f"{DRAFT}/forms", FORM, f"{FORM}/field?field=outcome", f"{FORM}/rule?field=outcome"):
        assert other.get(path).status == 403
    for path in (f"{DRAFT}/forms/new", f"{FORM}/edit", f"{FORM}/delete", f"{FORM}/preview"):
        assert other.post(path, {"seen": "1"}).status == 403
    assert revision(site) == 1
