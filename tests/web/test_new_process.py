"""A process from nothing: begun with a few words, seen by its owners alone, published, and started by a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.domain.roles import Role
from tests.web.site import Page, Site, Visitor, first

TYPED = {"key": "watch_visit", "name": "見守り訪問の手続き", "purpose": "見守りが要る家を訪ねる。", "task": "訪問する",
         "role": "intake_worker"}  # fmt: skip


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    """With two process owners."""
    opened = Site.open(sqlite_url)
    for login in ("owner", "second"):
        opened.employ(Role.PROCESS_OWNER, org="DV-07", login=login)
    yield opened
    opened.office.engine.database.dispose()


def told(page: Page) -> str:
    """All text of the main part, each piece apart from the next."""
    assert page.tree is not None
    return " ".join(" ".join(first(page.tree, "main").itertext()).split())


def test_a_process_is_begun_drawn_published_and_started(site: Site) -> None:
    owner = site.browser("owner")
    assert "/processes/new" in owner.get("/processes").links()
    assert owner.post("/processes/new", TYPED).location == "/processes/watch_visit/draft/outline"
    assert "見守り訪問の手続き" in told(owner.get("/processes"))
    page = told(owner.get("/processes/watch_visit/draft/outline"))
    assert "訪問する" in page
    assert "直すところ" not in page, "what it begins with is sound"
    for part in ("draft", "draft/forms", "draft/form/watch_visit_first", "draft/revisions", "publish"):
        answer = owner.get(f"/processes/watch_visit/{part}")
        assert answer.status == 200, part
        assert "いまの状況" not in told(answer), "there is nothing to see of it yet"
    publish = "/processes/watch_visit/publish"
    assert owner.post(f"{publish}/prepare", {"source": "draft"}).status == 302
    assert "問題はありません。" in told(owner.get(publish))
    assert owner.post(f"{publish}/request", {"reason": "始める"}).status == 302
    assert site.browser("second").post(f"{publish}/approve").status == 302
    assert "いまの状況" in told(owner.get("/processes/watch_visit"))
    started = site.office.start("watch_visit", data={"record_note": "訪問した。"})
    assert site.count("SELECT count(*) FROM record WHERE case_id = :c", c=started.case_id) == 1
    acts = [row.act for row in site.office.rows("SELECT act FROM audit_event WHERE chain = 'system' ORDER BY seq")]
    assert acts.index("process.begun") < acts.index("draft.opened") < acts.index("publication.live")


REFUSED = [
    ({"key": "visit"}, "この識別子の手続きはもうあります。"),
    ({"key": "forms"}, "識別子は、英小文字で始まる"),
    ({"key": "A b"}, "識別子は、英小文字で始まる"),
    ({"name": " "}, "入力してください。"),
    ({"purpose": "長い" * 300}, "400文字までの一行"),
    ({"role": "nobody"}, "役割を選んでください。"),
]


def test_what_cannot_be_a_process_comes_back_with_a_sentence(site: Site) -> None:
    owner = site.browser("owner")
    for typed, sentence in REFUSED:
        page = owner.post("/processes/new", {**TYPED, **typed})
        assert page.status == 422, typed
        assert sentence in told(page), typed
        assert page.fields("/processes/new")["task"] == "訪問する"
    assert site.count("SELECT count(*) FROM process_draft") == 0


def test_only_process_owners_begin_one_or_know_of_it(site: Site) -> None:
    site.browser("owner").post("/processes/new", TYPED)
    other: Visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    assert other.get("/processes/new").status == 403
    assert other.post("/processes/new", TYPED).status == 403
    assert "見守り訪問" not in told(other.get("/processes"))
    assert other.get("/processes/watch_visit").status == 404
    assert site.browser("second").get("/processes/watch_visit/draft").status == 200
