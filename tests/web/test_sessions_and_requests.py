"""Sign-in, sessions, tokens, headers, and requests that mean harm."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from engine.domain import errors
from engine.domain.errors import EngineError
from engine.domain.roles import Role
from tests.web.site import PASSWORD, Site
from web import assets, runtime
from web.app import create_app
from web.errors import ERROR_PAGES, page_for

# ---------------------------------------------------------------- sign-in


def test_sign_in_leads_to_the_page_asked_for(site: Site) -> None:
    login = site.employ(Role.INTAKE_WORKER, password=PASSWORD)
    visitor = site.visitor()
    assert visitor.get("/cases?status=open").location == "/sign-in?next=/cases?status%3Dopen"
    visitor.get("/sign-in?next=/cases?status%3Dopen")
    page = visitor.post("/sign-in", {"login": login, "password": PASSWORD, "next": "/cases?status=open"})
    assert page.location == "/cases?status=open"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/a\nb", ""]
)
def test_sign_in_leads_to_no_other_site(target: str, site: Site) -> None:
    login = site.employ(Role.INTAKE_WORKER, password=PASSWORD)
    visitor = site.visitor()
    visitor.get("/sign-in")
    page = visitor.post("/sign-in", {"login": login, "password": PASSWORD, "next": target})
    assert page.location == "/"


def test_a_wrong_password_and_an_unknown_login_read_the_same(site: Site) -> None:
    login = site.employ(Role.INTAKE_WORKER, password=PASSWORD)
    visitor = site.visitor()
    visitor.get("/sign-in")
    wrong = visitor.post("/sign-in", {"login": login, "password": "not the password"})
    unknown = visitor.post("/sign-in", {"login": "nobody-there", "password": "not the password"})
    assert wrong.status == unknown.status == 401
    assert "ログインIDまたはパスワードが違います" in wrong.words
    assert wrong.text.replace(login, "X") == unknown.text.replace("nobody-there", "X")


def test_sign_in_without_the_token_of_its_form_is_refused(site: Site) -> None:
    login = site.employ(Role.INTAKE_WORKER, password=PASSWORD)
    page = site.visitor().post("/sign-in", {"login": login, "password": PASSWORD, "csrf_token": "guessed"})
    assert page.status == 400


def test_a_session_gets_a_new_token_at_sign_in(site: Site) -> None:
    login = site.employ(Role.INTAKE_WORKER, password=PASSWORD)
    visitor = site.visitor()
    visitor.client.set_cookie("tsunagu", "planted-by-somebody-else")
    visitor.sign_in(login)
    cookie = visitor.client.get_cookie("tsunagu")
    assert cookie is not None
    assert cookie.value != "planted-by-somebody-else"
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_signing_out_ends_the_session_on_the_server(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    cookie = visitor.client.get_cookie("tsunagu")
    assert cookie is not None
    visitor.post("/sign-out")
    visitor.client.set_cookie("tsunagu", cookie.value)
    assert not visitor.stays_signed_in()


def test_a_session_ends_after_thirty_idle_minutes(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    site.clock.moment += timedelta(minutes=29)
    assert visitor.stays_signed_in()
    site.clock.moment += timedelta(minutes=31)
    assert not visitor.stays_signed_in()


def test_a_session_ends_after_twelve_hours_of_work(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    for _ in range(35):
        site.clock.moment += timedelta(minutes=20)
        assert visitor.stays_signed_in()
    site.clock.moment += timedelta(minutes=21)
    assert not visitor.stays_signed_in()


def test_what_was_typed_into_an_ended_session_stays_on_the_page(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    site.clock.moment += timedelta(hours=1)
    page = visitor.post(f"/tasks/{case.task_id}/complete", {"note": "長い面接の記録"})
    assert page.status == 401
    assert "長い面接の記録" in page.text
    assert visitor.csrf not in page.text


# ---------------------------------------------------------------- cookies, addresses, headers


def over_https(site: Site) -> Site:
    """The same site where people come by https."""
    settings = replace(site.office.engine.settings, base_url="https://tsunagu.example")
    engine = replace(site.office.engine, settings=settings)
    return Site(site.office, create_app(engine), site.clock)


def test_cookies_are_bound_to_the_host_over_https(site: Site) -> None:
    login = site.employ(Role.INTAKE_WORKER, password=PASSWORD)
    secure = over_https(site)
    page = secure.visitor().get("/sign-in", base_url="https://tsunagu.example")
    (cookie,) = page.response.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-tsunagu-form=")
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    visitor = secure.visitor()
    visitor.get("/sign-in", base_url="https://tsunagu.example")
    entered = visitor.post("/sign-in", {"login": login, "password": PASSWORD}, base_url="https://tsunagu.example")
    assert any(value.startswith("__Host-tsunagu=") for value in entered.response.headers.getlist("Set-Cookie"))
    assert entered.response.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_the_sign_in_page_says_why_plain_http_cannot_work(site: Site) -> None:
    assert "このアドレスからはサインインできません" in over_https(site).visitor().get("/sign-in").words


def test_the_sign_in_page_warns_of_plain_http_from_another_host(site: Site) -> None:
    away = site.visitor().get("/sign-in", base_url="http://192.0.2.7:8000")
    assert "通信が暗号化されていません" in away.words
    assert "通信が暗号化されていません" not in site.visitor().get("/sign-in", base_url="http://127.0.0.1:8000").words


def test_every_answer_carries_the_protecting_headers(full_site: Site) -> None:
    visitor = full_site.browser(full_site.logins[Role.INTAKE_WORKER])
    for path in ("/sign-in", "/inbox", "/nowhere", "/board/reviews", "/processes/visit/1.bpmn", "/static/none.css"):
        headers = visitor.get(path).response.headers
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "style-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store", path


def test_styles_have_names_that_may_be_kept_for_ever(site: Site) -> None:
    page = site.visitor().get("/sign-in")
    assert page.tree is not None
    sheets = [node.get("href", "") for node in page.tree.iter("link") if node.get("rel") == "stylesheet"]
    own = [path for path in sheets if path.endswith("/app.css")]
    assert len(own) == 1
    with site.visitor().client.get(own[0]) as answer:
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    assert site.visitor().get("/static/own/000000000000/app.css").status == 404


@pytest.mark.parametrize("path", ["dist/../../app.py", "css/../../../pyproject.toml", "dist/manifest.json", "own/x"])
def test_nothing_but_styles_scripts_and_fonts_is_served(path: str, site: Site) -> None:
    assert site.visitor().get(f"/static/{path}").status == 404


def test_pages_are_complete_without_what_is_built(site: Site, tmp_path: Path) -> None:
    shutil.copytree(assets.STATIC / "css", tmp_path / "css")
    shutil.copytree(assets.STATIC / "img", tmp_path / "img")
    site.app.extensions[runtime.ASSETS] = assets.Shelf(tmp_path)
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    assert "図を描く部品がまだ作られていない" in visitor.get(f"/cases/{case.number}/diagram").words
    assert visitor.get("/inbox?view=mine").status == 200


def test_a_build_is_noticed_while_the_server_runs(tmp_path: Path) -> None:
    shelf = assets.Shelf(tmp_path)
    assert shelf.current().path("app.js") is None
    assert "app.js" in shelf.current().missing
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "app-1.js").write_text("1", encoding="utf-8")
    (tmp_path / "dist" / "manifest.json").write_text(json.dumps({"app.js": "app-1.js"}), encoding="utf-8")
    assert shelf.current().path("app.js") == "dist/app-1.js"


# ---------------------------------------------------------------- requests that mean harm


def test_a_request_that_another_site_began_is_refused(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        page = visitor.post(f"/tasks/{case.task_id}/claim", headers=headers)
        assert page.status == 400
    assert visitor.post(f"/tasks/{case.task_id}/claim", headers={"Origin": "http://localhost"}).status == 302


HOSTILE = [
    "\x00", "a" * 20_000, "'; DROP TABLE support_case; --", "<script>alert(1)</script>", "%", "_", "\\", "-1", "1e999",
    "٣", "\ud83d", "../../etc/passwd", "{{7*7}}", "\r\nSet-Cookie: a=b", "[]", "{}", "null", "9" * 400, "名前%00",
]  # fmt: skip
READ = [
    "/inbox?view={0}", "/inbox?w={0}", "/inbox?due={0}", "/inbox?process={0}", "/inbox?org={0}", "/inbox?after={0}",
    "/inbox?view=upcoming&w={0}&after={0}", "/cases?w={0}&status={0}&org={0}&after={0}", "/processes/{0}",
    "/processes/visit?version={0}", "/cases/{0}", "/tasks/{0}", "/intake/new?process={0}&org={0}&entry={0}",
    "/sign-in?next={0}", "/static/{0}", "/{0}", "/cases/{1}?kind={0}", "/cases/{1}/records/{0}", "/settings?saved={0}",
]  # fmt: skip


def test_no_hostile_address_is_a_fault(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    visitor.checked = False
    number = site.a_case().number
    for path in READ:
        for text in HOSTILE:
            page = visitor.get(path.format(quote(text.encode("utf-8", "replace")), number))
            assert page.status < 500, f"{path} {text[:40]!r}"
            assert "<script>alert" not in page.text, path


def test_no_hostile_form_is_a_fault(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    visitor.checked = False
    fields = (
        "q",
        "view",
        "status",
        "note",
        "until",
        "reason",
        "to",
        "due_on",
        "task_version",
        "process",
        "org",
        "entry",
        "language",
        "_add",
    )
    case = site.a_case()
    for text in HOSTILE:
        for path in ("complete", "draft", "hold", "resume", "hand-over", "extend", "release"):
            data = dict.fromkeys(fields, text.encode("utf-8", "replace").decode())
            page = visitor.post(f"/tasks/{case.task_id}/{path}", data)
            assert page.status < 500, f"{path} {text[:40]!r}"
        assert visitor.post("/intake/new", data).status < 500
        for path in ("/settings", "/inbox/filter", "/cases/filter", "/notices/read"):
            assert visitor.post(path, data).status < 500, path


def test_a_form_that_is_too_big_is_refused_with_the_limit(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    case = site.a_case()
    page = visitor.post(f"/tasks/{case.task_id}/complete", {"note": "あ" * 1_500_000})
    assert page.status == 413
    assert "2MB" in page.words


# ---------------------------------------------------------------- the table of errors


def all_errors() -> list[type[EngineError]]:
    """Every error that the engine raises on purpose."""
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, EngineError)]


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_every_error_has_a_row_of_its_own(kind: type[EngineError]) -> None:
    assert kind in ERROR_PAGES, f"add {kind.__name__} to ERROR_PAGES in web/errors.py"
    row = page_for(kind.__new__(kind))
    assert 400 <= row.status < 600
    assert row.advice.endswith("。")


def test_a_fault_is_answered_with_a_reference_and_without_details(site: Site) -> None:
    def broken() -> str:
        raise RuntimeError("the secret detail")

    broken.policy = site.app.view_functions["home.front"].policy  # type: ignore[attr-defined]
    site.app.add_url_rule("/broken", "broken", broken)
    page = site.browser(site.employ(Role.INTAKE_WORKER)).get("/broken")
    assert page.status == 500
    assert "受付番号" in page.words
    assert "secret" not in page.text
