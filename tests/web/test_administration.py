"""The administrator's pages: accounts, roles with dates, first passwords, sessions; and nothing of any case."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

from engine.domain.roles import Role
from tests.web.site import Page, Site, Visitor


@pytest.fixture
def admin(site: Site) -> Visitor:
    """The browser of a system administrator."""
    return site.browser(site.employ(Role.SYSADMIN))


def the_person(site: Site) -> str:
    """Somebody to administer: an intake worker of the home office."""
    return site.office.staff[site.employ(Role.INTAKE_WORKER)]


def version(site: Site, staff_id: str) -> int:
    """The version of an account."""
    return site.count("SELECT version FROM staff WHERE id = :s", s=staff_id)


def events(site: Site, act: str) -> int:
    """How often something stands in the trail of the installation."""
    return site.count("SELECT count(*) FROM audit_event WHERE chain = 'system' AND act = :a", a=act)


def one_time(page: Page) -> str:
    """The password that the page shows once."""
    found = re.search(r'class="one-time">([^<]+)<', page.text)
    assert found, page.words
    return found[1]


def test_a_new_person_signs_in_with_a_password_for_one_time_and_must_replace_it(site: Site, admin: Visitor) -> None:
    form = {"login": "Suzuki", "name": "鈴木（架空）", "org_id": "AG-04", "role": "intake_worker"}
    sheet = admin.post("/admin/staff/new", form)
    password, visitor = one_time(sheet), site.visitor()
    visitor.sign_in("suzuki", password)
    assert visitor.get("/inbox").location == "/password"
    visitor.get("/password")
    assert visitor.post("/password", {"old": password, "password": "a", "again": "a"}).status == 422
    new = {"old": password, "password": "small lake behind hills", "again": "small lake behind hills"}
    assert visitor.post("/password", new).location == "/sign-in"
    visitor.sign_in("suzuki", "small lake behind hills")
    assert visitor.get("/inbox").status == 200
    assert events(site, "staff.created") >= 1


def test_an_incomplete_form_is_kept_and_explained(site: Site, admin: Visitor) -> None:
    page = admin.post("/admin/staff/new", {"login": "x", "name": "=1+1", "email": "nowhere"})
    assert page.status == 422
    assert "メールアドレスを" in page.words
    assert "始められません" in page.words
    assert 'value="=1+1"' in page.text


def test_a_role_is_given_and_ended_with_its_dates_and_its_history_stays(site: Site, admin: Visitor) -> None:
    person = the_person(site)
    role = {"org_id": "AG-02", "role": "outreach_worker", "until": "R9.3.31", "seen_version": version(site, person)}
    assert admin.post(f"/admin/staff/{person}/roles", role).status == 302
    again = {**role, "seen_version": version(site, person)}
    assert "すでに持っています" in admin.post(f"/admin/staff/{person}/roles", again).words
    (row,) = site.office.rows("SELECT id FROM membership WHERE staff_id = :s AND org_id = 'AG-02'", s=person)
    yesterday = (site.clock.moment - timedelta(days=1)).date().isoformat()
    ending = {"membership": row.id, "until": yesterday, "seen_version": version(site, person)}
    assert admin.post(f"/admin/staff/{person}/roles/end", ending).status == 302
    assert "（終了）" in admin.get(f"/admin/staff/{person}").words
    assert events(site, "staff.role_given") == events(site, "staff.role_until") == 1


def test_two_administrators_at_once_are_told(site: Site, admin: Visitor) -> None:
    person = the_person(site)
    seen = version(site, person)
    form = {"name": "名前（架空）", "kana": "なまえ", "email": "", "seen_version": seen}
    assert admin.post(f"/admin/staff/{person}/edit", form).status == 302
    late = admin.post(f"/admin/staff/{person}/edit", {**form, "name": "別の名前"})
    assert late.status == 409
    assert "別の名前" in late.text
    assert site.count("SELECT count(*) FROM staff WHERE name = '別の名前'") == 0
    assert events(site, "staff.edited") == 1


def test_nobody_changes_the_own_roles_or_closes_the_own_account(site: Site, admin: Visitor) -> None:
    me = site.office.staff["role-sysadmin"]
    form = {"org_id": "AG-04", "role": "intake_worker", "seen_version": version(site, me)}
    assert admin.post(f"/admin/staff/{me}/roles", form).status == 422
    assert admin.post(f"/admin/staff/{me}/deactivate", {"seen_version": version(site, me)}).status == 422
    assert site.count("SELECT count(*) FROM membership WHERE staff_id = :s", s=me) == 1


def test_an_account_is_closed_only_when_its_work_is_handed_over(site: Site, admin: Visitor) -> None:
    person, thing = the_person(site), site.a_case("worker")
    site.browser("role-intake-worker").post(f"/tasks/{thing.task_id}/claim", {"seen_version": 1})
    assert site.count("SELECT count(*) FROM user_task WHERE assignee_id = :s", s=person) == 1
    page = admin.get(f"/admin/staff/{person}")
    assert "担当している仕事が1件あります" in page.words
    assert admin.post(f"/admin/staff/{person}/deactivate", {"seen_version": version(site, person)}).status == 409
    assert site.count("SELECT count(*) FROM user_task WHERE assignee_id = :s", s=person) == 1
    with site.office.engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE user_task SET assignee_id = NULL, state = 'open'")
    assert admin.post(f"/admin/staff/{person}/deactivate", {"seen_version": version(site, person)}).status == 302
    assert "利用終了" in admin.get(f"/admin/staff/{person}").words
    assert events(site, "staff.deactivated") == 1


def test_sessions_end_and_a_pause_is_lifted(site: Site, admin: Visitor) -> None:
    person = the_person(site)
    other = site.browser("role-intake-worker")
    assert "すべての端末" in admin.get(f"/admin/staff/{person}").words
    admin.post(f"/admin/staff/{person}/sessions")
    assert other.get("/inbox").location.startswith("/sign-in")
    later = site.clock.moment + timedelta(minutes=20)
    with site.office.engine.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO sign_in_attempt (login, failures, last_at, locked_until) VALUES (?, 0, ?, ?)",
            ("role-intake-worker", later.isoformat(), later.isoformat()),
        )
    assert "サインインを止めています" in admin.get(f"/admin/staff/{person}").words
    admin.post(f"/admin/staff/{person}/lock")
    assert site.count("SELECT count(*) FROM sign_in_attempt") == 0
    assert events(site, "staff.lock_lifted") == events(site, "staff.signed_out") == 1


def test_one_device_is_signed_out_and_the_others_go_on(site: Site, admin: Visitor) -> None:
    person = the_person(site)
    lost, kept = site.browser("role-intake-worker"), site.browser("role-intake-worker")
    hashed = site.office.rows("SELECT token_hash FROM web_session WHERE csrf = :c", c=lost.csrf)[0].token_hash
    assert f'value="{hashed[:16]}"' in admin.get(f"/admin/staff/{person}").text
    assert hashed not in admin.get(f"/admin/staff/{person}").text
    for nothing in ("", hashed[:15], "0" * 16):
        admin.post(f"/admin/staff/{person}/sessions/end", {"session": nothing})
    admin.post(f"/admin/staff/{site.office.staff['role-sysadmin']}/sessions/end", {"session": hashed[:16]})
    assert events(site, "staff.signed_out") == 0
    for _ in range(2):
        assert admin.post(f"/admin/staff/{person}/sessions/end", {"session": hashed[:16]}).status == 302
    assert not lost.stays_signed_in()
    assert kept.stays_signed_in()
    assert events(site, "staff.signed_out") == 1


def test_a_longer_list_asks_no_more_questions(site: Site, admin: Visitor) -> None:
    def asked() -> int:
        seen: list[str] = []
        engine = site.office.engine.database.engine
        event.listen(engine, "before_cursor_execute", note := lambda *call: seen.append(call[2]))
        assert admin.get("/admin/staff").status == 200
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    few = asked()
    for number in range(60):
        site.employ(Role.INTAKE_WORKER, login=f"many-{number:02}")
    assert asked() == few
    following = [link for link in admin.get("/admin/staff").links() if "after=" in link]
    assert "many-59" in admin.get(following[0]).words


def test_people_are_found_by_words_that_stand_in_no_address(site: Site, admin: Visitor) -> None:
    the_person(site)
    found = admin.post("/admin/staff/search", {"q": "role-intake", "status": "all", "org": "AG-04"})
    assert "role-intake" not in found.location
    page = admin.get(found.location)
    assert "role-intake-worker" in page.words
    assert "role-sysadmin" not in page.words


def test_an_administrator_meets_no_name_number_or_text_of_a_case_anywhere(site: Site, admin: Visitor) -> None:
    """Every page that takes a GET, with the arguments of a real case where it takes any."""
    person, thing = the_person(site), site.a_case("worker")
    with site.office.engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE person SET name = '架空高橋みどり', name_kana = 'かくうたかはし'")
        connection.exec_driver_sql("UPDATE household SET name = '架空高橋みどり世帯'")
        connection.exec_driver_sql("UPDATE user_task SET assignee_id = ? WHERE id = ?", (person, thing.task_id))
    values = {
        "number": thing.number, "task_id": thing.task_id, "record_id": thing.record_id,
        "instance_id": thing.instance_id, "staff_id": person, "org_id": "AG-04", "key": "visit", "version": "1",
        "parameter": "review_interval", "ladder": "standard", "path": "x",
    }  # fmt: skip
    secrets = ("架空高橋", "かくうたかはし", "訪問した。", thing.case_id, thing.record_id, thing.instance_id)
    opened = 0
    for rule in site.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint.startswith("static"):
            continue
        address = re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda part: values.get(part[1], "1"), rule.rule)
        page = admin.get(address)
        assert not [secret for secret in secrets if secret in page.text], address
        assert thing.number not in page.text.replace(address, ""), address
        opened += page.status == 200
    assert opened > 15


def test_the_settings_of_mail_are_kept_and_explained(site: Site, admin: Visitor) -> None:
    form = {"host": "mail.example.jp", "port": "587", "security": "starttls", "sender": "tsunagu@example.jp",
            "user": "tsunagu", "seen_version": 0}  # fmt: skip
    assert admin.post("/admin/mail", {**form, "port": "0"}).status == 422
    assert admin.post("/admin/mail", {**form, "security": "none"}).status == 422
    assert "変更を記録しました" in admin.get(admin.post("/admin/mail", form).location).words
    assert admin.post("/admin/mail", form).status == 409
    assert 'value="mail.example.jp"' in admin.get("/admin/mail").text
    assert admin.post("/admin/mail/test", {"to": "nowhere"}).status == 422
    assert admin.post("/settings/mail", {"rhythm": "never"}).status == 302
    assert re.search(r'value="never" checked', admin.get("/settings").text)
    assert admin.post("/settings/mail", {"rhythm": "hourly"}).status == 400
