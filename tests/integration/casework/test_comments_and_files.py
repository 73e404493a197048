"""Comments and attached files: who may read them, what stays of them, and that no row is ever without its file."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from engine.domain.errors import FormInvalid, NotAuthorised, NotFound, NotOpen, StorageUnavailable
from engine.domain.file_kinds import FileRefused
from engine.queries import casework as reading
from engine.queries.case_file import case_head
from engine.services import audit as trail
from engine.services import backups, casework
from engine.services.cases import Started
from engine.storage import backup
from engine.storage.database import Database
from engine.storage.file_store import FileStore
from tests.support.casework import Casework, a_process, a_task, flow

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
BODY = a_task("first") + a_task("second") + '<bpmn:endEvent id="done"/>'
FLOWS = flow("st", "first") + flow("first", "second") + flow("second", "done")
KEY = "0123456789abcdef" * 2


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Casework]:
    """A small office with a process of two tasks and a folder for files."""
    opened = Casework.open(database_url)
    settings = replace(opened.engine.settings, files_folder=tmp_path / "files")
    opened.engine = replace(opened.engine, settings=settings)
    opened.deploy("visit", a_process("visit", BODY + FLOWS))
    yield opened
    opened.engine.database.dispose()


@pytest.fixture
def case(office: Casework) -> Started:
    """A case of the worker's office."""
    return office.start("visit")


def say(office: Casework, case: Started, text: str, by: str = "worker", key: str = "") -> None:
    place = casework.at_task(office.engine, office.person(by), case.task_id or "", now=office.now)
    casework.comment(office.engine, office.person(by), place, text, key=key, now=office.now)


def give(office: Casework, case: Started, content: bytes = PDF, name: str = "report.pdf", key: str = "") -> None:
    place = casework.at_case(office.engine, office.person("worker"), case.case_id, now=office.now)
    casework.attach(office.engine, office.person("worker"), place, name, content, key=key, now=office.now)


def talk(office: Casework, case: Started, by: str = "worker") -> reading.Talk:
    person = office.person(by)
    head = case_head(office.engine, person, case.case_number, now=office.now)
    return reading.of_case(office.engine, person, head, after=(None, None), now=office.now)


def acts(office: Casework, case: Started) -> list[str]:
    """The audit acts of the case that comments and files wrote."""
    rows = office.rows("SELECT act FROM audit_event WHERE chain = :c ORDER BY seq", c=case.case_id)
    return [row.act for row in rows if row.act.startswith(("comment", "attachment"))]


def files(office: Casework) -> list[Path]:
    return sorted(office.engine.settings.files.glob("??/*"))


@pytest.mark.usefixtures("any_database")
def test_a_comment_tells_who_when_and_what_and_is_in_the_trail(office: Casework, case: Started) -> None:
    say(office, case, " 電話があった。\r\n折り返す。 ")
    (found,) = talk(office, case, "other_worker").comments
    assert (found.body, found.source.author_name, found.source.at) == (
        "電話があった。\n折り返す。",
        "worker",
        office.now,
    )
    assert (found.source.task_name, found.source.mine) == ("first", False)
    assert acts(office, case) == ["comment.added"]
    (row,) = office.rows("SELECT data FROM audit_event WHERE act = 'comment.added'")
    assert "電話" not in row.data, "the trail holds no text of a comment"
    assert not trail.verify(office.engine)


@pytest.mark.parametrize("text", ["", "  \n ", "あ" * 4001])
def test_an_empty_or_endless_comment_is_refused(office: Casework, case: Started, text: str) -> None:
    with pytest.raises(FormInvalid):
        say(office, case, text)
    assert acts(office, case) == []


def test_what_is_sent_twice_is_kept_once(office: Casework, case: Started) -> None:
    for _ in range(2):
        say(office, case, "一度だけ", key=KEY)
        give(office, case, key=KEY)
    assert len(talk(office, case).comments) == len(talk(office, case).attachments) == 1
    assert acts(office, case) == ["comment.added", "attachment.added"]


def test_only_the_author_takes_a_comment_back_and_the_line_stays(office: Casework, case: Started) -> None:
    say(office, case, "別の人のことを書いた。")
    (found,) = talk(office, case).comments
    with pytest.raises(NotAuthorised):
        casework.withdraw_comment(office.engine, office.person("manager"), found.source.id, reason="", now=office.now)
    with pytest.raises(NotFound):
        casework.withdraw_comment(office.engine, office.person("stranger"), found.source.id, reason="", now=office.now)
    for _ in range(2):
        casework.withdraw_comment(
            office.engine, office.person("worker"), found.source.id, reason="書き間違い", now=office.now
        )
    (left,) = talk(office, case, "manager").comments
    assert (left.body, left.source.withdrawn_at, left.source.withdrawn_reason) == ("", office.now, "書き間違い")
    assert acts(office, case) == ["comment.added", "comment.withdrawn"]


@pytest.mark.usefixtures("any_database")
def test_another_office_neither_reads_nor_adds(office: Casework, case: Started) -> None:
    say(office, case, "内部のこと")
    give(office, case)
    (file,) = talk(office, case).attachments
    stranger = office.person("stranger")
    with pytest.raises(NotFound):
        casework.at_task(office.engine, stranger, case.task_id or "", now=office.now)
    with pytest.raises(NotFound):
        casework.at_case(office.engine, stranger, case.case_id, now=office.now)
    with pytest.raises(NotFound):
        reading.attachment(office.engine, stranger, file.source.id, now=office.now)
    assert reading.of_task(office.engine, stranger, case.task_id or "", now=office.now).comments == ()


def test_who_was_only_asked_reads_what_the_own_office_added(office: Casework, case: Started) -> None:
    say(office, case, "受け持ちの機関のこと")
    with office.engine.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO case_organisation (id, case_id, org_id, relation, legal_basis, scope_items, since, reason)"
            f" VALUES ('p1', '{case.case_id}', 'AG-02', 'asked', 'consent', '[]', '2026-01-01T00:00:00+00:00', '')"
        )
    place = casework.at_case(office.engine, office.person("stranger"), case.case_id, now=office.now)
    casework.comment(office.engine, office.person("stranger"), place, "問合せへの返事", key="", now=office.now)
    assert [found.body for found in talk(office, case, "stranger").comments] == ["問合せへの返事"]
    assert len(talk(office, case).comments) == 2


def test_a_sealed_case_keeps_comments_and_files_from_the_rest_of_the_office(office: Casework, case: Started) -> None:
    say(office, case, "秘匿のこと")
    give(office, case)
    (file,) = talk(office, case).attachments
    with office.engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE support_case SET seal_level = 2")
        connection.exec_driver_sql("DELETE FROM case_staff")
    with pytest.raises(NotFound):
        reading.attachment(office.engine, office.person("other_worker"), file.source.id, now=office.now)
    assert (
        reading.of_task(office.engine, office.person("other_worker"), case.task_id or "", now=office.now).comments == ()
    )


def test_nothing_is_added_to_a_closed_case(office: Casework, case: Started) -> None:
    with office.engine.database.write() as connection:
        connection.exec_driver_sql("UPDATE support_case SET status = 'closed'")
    with pytest.raises(NotOpen):
        say(office, case, "あとから")
    with pytest.raises(NotOpen):
        give(office, case)


def test_a_file_is_kept_under_its_hash_readable_by_nobody_else(office: Casework, case: Started) -> None:
    give(office, case, name="../../web/static/報告.pdf")
    (row,) = talk(office, case).attachments
    assert (row.name, row.media_type, row.size) == ("報告.pdf", "application/pdf", len(PDF))
    (path,) = files(office)
    assert path.name == row.sha256
    assert path.read_bytes() == PDF
    assert path.stat().st_mode & 0o077 == 0
    assert casework.file_of(office.engine, row) == path


@pytest.mark.parametrize(
    "content", [b"<html><script>", b"", b"a" * (20 * 1024 * 1024 + 1)], ids=["html", "none", "big"]
)
def test_a_refused_file_leaves_neither_row_nor_file(office: Casework, case: Started, content: bytes) -> None:
    with pytest.raises(FileRefused):
        give(office, case, content)
    assert files(office) == []
    assert talk(office, case).attachments == ()


def test_a_full_disk_leaves_no_row(office: Casework, case: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageUnavailable):
        give(office, case)
    monkeypatch.undo()
    assert files(office) == []
    assert talk(office, case).attachments == ()


def test_housekeeping_deletes_files_that_no_row_names_and_no_others(office: Casework, case: Started) -> None:
    give(office, case)
    store = casework.store_of(office.engine)
    with store.adding():
        store.put(b"never committed")
    assert casework.tidy(office.engine, now=office.now) == 0, "what came today may still get its row"
    long_ago = (office.now - timedelta(days=2)).timestamp()
    for path in files(office):
        os.utime(path, (long_ago, long_ago))
    assert casework.tidy(office.engine, now=office.now) == 1
    assert [path.read_bytes() for path in files(office)] == [PDF]


def test_a_withdrawn_file_is_opened_by_nobody(office: Casework, case: Started) -> None:
    give(office, case)
    (file,) = talk(office, case).attachments
    worker = office.person("worker")
    casework.withdraw_attachment(office.engine, worker, file.source.id, reason="", now=office.now)
    with pytest.raises(NotFound):
        reading.attachment(office.engine, worker, file.source.id, now=office.now)
    assert talk(office, case).attachments[0].name == ""
    assert acts(office, case) == ["attachment.added", "attachment.withdrawn"]


def test_files_come_back_from_a_backup_with_their_rows(office: Casework, case: Started, tmp_path: Path) -> None:
    give(office, case)
    archive, elsewhere = tmp_path / "all.backup", FileStore(tmp_path / "elsewhere")
    manifest = backups.back_up(office.engine, archive, now=office.now)
    (row,) = talk(office, case).attachments
    assert manifest.files == {row.sha256: len(PDF)}
    backup.restore(f"sqlite:///{tmp_path / 'new.sqlite3'}", archive, files=elsewhere)
    assert elsewhere.path(row.sha256).read_bytes() == PDF
    with Database(f"sqlite:///{tmp_path / 'new.sqlite3'}", pool=False).read() as connection:
        assert connection.exec_driver_sql("SELECT sha256 FROM case_attachment").scalar() == row.sha256


def test_a_backup_with_a_changed_file_is_refused(office: Casework, case: Started, tmp_path: Path) -> None:
    give(office, case)
    archive, forged = tmp_path / "all.backup", tmp_path / "forged.backup"
    backups.back_up(office.engine, archive, now=office.now)
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(forged, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content + b"x" if name.startswith("files/") else content)
    with pytest.raises(backup.BackupUnusable, match="添付ファイル"):
        backup.verify(forged)


def test_a_backup_goes_on_without_a_file_that_is_missing(office: Casework, case: Started, tmp_path: Path) -> None:
    give(office, case)
    files(office)[0].unlink()
    assert backups.back_up(office.engine, tmp_path / "all.backup", now=office.now).files == {}
