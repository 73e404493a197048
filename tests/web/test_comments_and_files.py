"""Comments and attached files on the pages: written, downloaded, taken back, and what is refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from engine.domain.file_kinds import MAX_BYTES
from engine.domain.roles import Role
from engine.storage import casework
from tests.web.site import Page, Site, Thing, Visitor

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
HTML = b"<!doctype html><script>alert(document.cookie)</script>"


@pytest.fixture
def case(site: Site) -> Thing:
    """A case of the home office."""
    return site.a_case()


@pytest.fixture
def worker(site: Site) -> Visitor:
    """The browser of its author-to-be."""
    return site.browser("worker")


def send(visitor: Visitor, path: str, name: str, content: bytes, **more: Any) -> Page:
    """Choose a file and press the button."""
    data = {"file": (io.BytesIO(content), name), **more}
    return visitor.post(path, data, content_type="multipart/form-data")


def files(site: Site) -> list[Path]:
    return list(site.office.engine.settings.files.glob("??/*"))


def test_a_comment_stands_on_the_task_and_in_the_file(site: Site, case: Thing, worker: Visitor) -> None:
    text = "電話が<b>あった</b>。"
    page = worker.post(f"/tasks/{case.task_id}/comments", {"comment": text, "key": "a" * 32})
    assert page.location == f"/tasks/{case.task_id}?done=commented"
    shown = worker.get(page.location)
    assert "コメントを書きました。" in shown.words
    assert text in shown.words
    assert "コメント 1件" in shown.words
    assert text in site.browser("manager").get(f"/cases/{case.number}/documents").words
    assert "コメントを書きました" in worker.get(f"/cases/{case.number}").words
    assert text not in worker.get(f"/cases/{case.number}").words, "the timeline does not repeat it"


def test_the_form_sent_twice_adds_one_comment(site: Site, case: Thing, worker: Visitor) -> None:
    path = f"/cases/{case.number}/comments"
    fields = worker.get(f"/cases/{case.number}/documents").fields(path)
    for _ in range(2):
        assert worker.post(path, {**fields, "comment": "一度だけ"}).status == 302
    assert site.count("SELECT count(*) FROM case_comment") == 1


def test_an_empty_comment_comes_back_with_what_to_do(case: Thing, worker: Visitor) -> None:
    page = worker.post(f"/tasks/{case.task_id}/comments", {"comment": " "})
    assert (page.status, page.title) == (422, "エラー：コメントを書く - つなぐ")
    assert "コメントを入力してください。" in page.words
    assert f"/tasks/{case.task_id}" in page.links()
    long = worker.post(f"/cases/{case.number}/comments", {"comment": "あ" * 4001})
    assert long.fields(f"/cases/{case.number}/comments")["comment"] == "あ" * 4001


def test_the_author_takes_a_comment_back_and_its_line_stays(site: Site, case: Thing, worker: Visitor) -> None:
    thing = site.a_talk(case)
    path = f"/comments/{thing.comment_id}/withdraw"
    assert site.browser("manager").post(path).status == 403
    assert path not in site.browser("manager").get(f"/tasks/{case.task_id}").text
    assert path in worker.get(f"/tasks/{case.task_id}").text
    page = worker.post(path, {"reason": "別の人のこと", "number": case.number})
    assert page.location == f"/cases/{case.number}/documents?done=comment-withdrawn"
    words = worker.get(page.location).words
    assert "電話があった。" not in words
    assert "取り消されたコメント" in words
    assert "別の人のこと" in words


def test_a_file_is_downloaded_as_what_it_is_and_that_is_noted(site: Site, case: Thing, worker: Visitor) -> None:
    page = send(worker, f"/tasks/{case.task_id}/attachments", "../../つなぐ 報告.pdf", PDF)
    assert page.location == f"/tasks/{case.task_id}?done=attached"
    shown = worker.get(page.location)
    assert "つなぐ 報告.pdf 1KB" in shown.words
    (link,) = [link for link in shown.links() if link.startswith("/attachments/")]
    answer = site.browser("manager").get(link)
    headers = answer.response.headers
    assert answer.response.data == PDF
    assert headers["Content-Type"] == "application/pdf"
    assert headers["Content-Disposition"].startswith("attachment; filename")
    assert "%E3%81%A4" in headers["Content-Disposition"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "sandbox" in headers["Content-Security-Policy"]
    noted = "SELECT count(*) FROM access_log WHERE act = 'attachment_opened' AND case_id = :c"
    assert site.count(noted, c=case.case_id) == 1


REFUSED = [
    ("page.pdf", HTML, "マクロやほかのファイルを含むものは付けられません。"),
    ("report.html", HTML, "マクロやほかのファイルを含むものは付けられません。"),
    ("report.exe", PDF, "ファイルの名前の末尾と中身が合いません。"),
    ("setup.pdf", b"MZ\x00\x01", "PDF、PNG、JPEG、Word、Excel、PowerPoint、テキストのファイルを選んでください。"),
    ("empty.pdf", b"", "中身のないファイルです。"),
    ("", b"", "ファイルを選んでください。"),
    ("big.txt", b"a" * (MAX_BYTES + 1), "20MBまでのファイルを付けられます。"),
]


def test_a_file_that_is_not_taken_is_refused_with_the_reason(site: Site, case: Thing, worker: Visitor) -> None:
    for name, content, said in REFUSED:
        page = send(worker, f"/cases/{case.number}/attachments", name, content)
        assert page.status == 422, name
        assert said in page.words
    assert files(site) == []
    assert site.count("SELECT count(*) FROM case_attachment") == 0


def test_only_the_routes_for_files_take_more_than_others(site: Site, case: Thing, worker: Visitor) -> None:
    three = b"a" * (3 * 1024 * 1024)
    assert send(worker, f"/tasks/{case.task_id}/attachments", "note.txt", three).status == 302
    assert send(worker, f"/tasks/{case.task_id}/comments", "note.txt", three).status == 413
    page = send(worker, f"/tasks/{case.task_id}/attachments", "note.txt", b"a" * (21 * 1024 * 1024))
    assert page.status == 413
    assert "20MBまでのファイルを付けられます。" in page.words
    assert send(site.visitor(), f"/tasks/{case.task_id}/attachments", "note.txt", three).status == 413


def test_a_foreign_and_an_absent_file_are_answered_alike(site: Site, case: Thing) -> None:
    thing = site.a_talk(case)
    stranger = site.browser("stranger")
    foreign, absent = stranger.get(f"/attachments/{thing.attachment_id}"), stranger.get(f"/attachments/{'0' * 32}")
    assert foreign.status == absent.status == 404
    assert foreign.text == absent.text
    for path in (f"/comments/{thing.comment_id}/withdraw", f"/attachments/{thing.attachment_id}/withdraw"):
        assert stranger.post(path).status == 404


def test_a_file_that_was_taken_back_is_gone_for_everybody(site: Site, case: Thing, worker: Visitor) -> None:
    thing = site.a_talk(case)
    assert worker.post(f"/attachments/{thing.attachment_id}/withdraw").location.endswith("done=file-withdrawn")
    assert worker.get(f"/attachments/{thing.attachment_id}").status == 404
    assert "取り消されたファイル" in worker.get(f"/tasks/{case.task_id}").words


def test_a_guest_of_a_conference_reads_neither_comments_nor_files(site: Site, case: Thing) -> None:
    thing = site.a_talk(case)
    guest = site.browser(site.employ(Role.CONFERENCE_MEMBER))
    site.invite(case.case_id, "AG-13", "conference_member")
    page = guest.get(f"/cases/{case.number}/documents")
    assert page.status == 200
    assert "電話があった。" not in page.words
    assert "note.txt" not in page.words
    assert guest.get(f"/attachments/{thing.attachment_id}").status == 404
    assert guest.post(f"/cases/{case.number}/comments", {"comment": "x"}).status == 403


def test_many_comments_are_read_page_by_page(site: Site, case: Thing, worker: Visitor) -> None:
    about = {"case_id": case.case_id, "org_id": "AG-04", "staff_id": site.office.staff["worker"]}
    with site.office.engine.database.write() as connection:
        for number in range(51):
            row = {"id": f"c{number:02}", "key": f"k{number}", "at": site.clock.moment, "task_id": None, **about}
            assert casework.add_comment(connection, {**row, "body": f"番号{number:02}"})
    first = worker.get(f"/cases/{case.number}/documents")
    assert ("番号50" in first.words, "番号00" in first.words) == (True, False)
    (more,) = [link for link in first.links() if "comments=" in link]
    second = worker.get(more)
    assert ("番号50" in second.words, "番号00" in second.words) == (False, True)
