"""Import of staff and transfers: looked at first, whole or not at all, errors with file, line and column."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest

from engine.domain.business_days import tokyo_date
from engine.domain.roles import Role
from tests.web.site import Page, Site, Visitor

HEAD = "ログインID,氏名,ふりがな,メール,組織,役割,始まりの日,終わりの日\n"


@pytest.fixture
def admin(site: Site) -> Visitor:
    """The browser of a system administrator."""
    return site.browser(site.employ(Role.SYSADMIN))


def send(admin: Visitor, lines: str, encoding: str = "utf-8-sig") -> Page:
    """Choose a file; the page that shows what it would do."""
    content = (HEAD + lines).encode(encoding)
    return admin.post("/admin/import", {"file": (io.BytesIO(content), "異動.csv")}, content_type="multipart/form-data")


def staff_count(site: Site) -> int:
    """How many accounts there are."""
    return site.count("SELECT count(*) FROM staff")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_a_file_is_shown_first_and_then_taken_over_whole(site: Site, admin: Visitor, encoding: str) -> None:
    site.employ(Role.INTAKE_WORKER)
    before, until = staff_count(site), (tokyo_date(site.clock.moment) + timedelta(days=10)).isoformat()
    lines = (
        "suzuki,鈴木（架空）,すずき,suzuki@example.jp,AG-04,相談支援機関職員,,\n"
        "suzuki,,,,基幹相談支援センター,outreach_worker,,\n"
        f"role-intake-worker,,,,AG-04,intake_worker,,{until}\n"
        f"role-intake-worker,,,,AG-02,agency_manager,{until},\n"
    )
    page = send(admin, lines, encoding)
    assert page.status == 200
    assert staff_count(site) == before
    fields = page.fields("/admin/import/take-over")
    done = admin.post("/admin/import/take-over", fields)
    assert "4行をまとめて取り込みました" in done.words
    assert staff_count(site) == before + 1
    held = site.office.rows(
        "SELECT org_id, role, valid_until FROM membership m JOIN staff s ON s.id = m.staff_id"
        " WHERE s.login = 'role-intake-worker' ORDER BY org_id"
    )
    assert [(h.org_id, h.valid_until) for h in held] == [("AG-02", None), ("AG-04", until)]
    assert site.count("SELECT count(*) FROM audit_event WHERE act = 'staff.imported'") == 1
    again = admin.post("/admin/import/take-over", fields)
    assert again.status == 409
    assert "そのまま" in again.words
    assert staff_count(site) == before + 1


def test_one_bad_line_stops_the_whole_file_and_is_named(site: Site, admin: Visitor) -> None:
    before = staff_count(site)
    page = send(admin, "good,よい（架空）,,,AG-04,intake_worker,,\nbad,わるい,,,AG-99,king,令和99年13月1日,\n")
    assert page.status == 422
    for part in ("異動.csv 3行目「組織」", "異動.csv 3行目「役割」", "異動.csv 3行目「始まりの日」"):
        assert part in page.words
    assert "/admin/import/take-over" not in page.text
    forged = admin.post("/admin/import/take-over", {"name": "x", "content": "AA==", "digest": ""})
    assert forged.status == 422
    assert staff_count(site) == before


def test_formulas_and_the_own_account_are_refused(site: Site, admin: Visitor) -> None:
    page = send(admin, '"calc","=HYPERLINK(""x"")",,,AG-04,intake_worker,,\nrole-sysadmin,,,,AG-04,intake_worker,,\n')
    assert "2行目「氏名」" in page.words
    assert "3行目「ログインID」：自分の役割は変えられません" in page.words


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", "名前\n".encode(), (HEAD + '"a').encode(), HEAD.encode()])
def test_a_file_that_cannot_be_read_is_explained(admin: Visitor, content: bytes) -> None:
    page = admin.post("/admin/import", {"file": (io.BytesIO(content), "x.csv")}, content_type="multipart/form-data")
    assert page.status == 422
    assert "「x.csv」" in page.words
