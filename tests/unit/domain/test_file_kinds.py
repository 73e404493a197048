"""Which files may be attached: by content, with everything that could act left out."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from engine.domain import office_files
from engine.domain.file_kinds import MAX_BYTES, FileKind, FileRefused, Refusal, kind_of, safe_name

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(20) + b"\xff\xd9"
TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{}</Types>'
RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'


def a_png(width: int = 1, height: int = 1, behind: bytes = b"") -> bytes:
    """A picture with the sizes it says it has."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\x00\x00")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body + behind


def an_office_file(
    kind: str = FileKind.WORD.media_type + ".main+xml", more: dict[str, bytes] | None = None, relation: str = ""
) -> bytes:
    """A package whose main part is of a type, with further parts and a relation."""
    buffer = io.BytesIO()
    override = f'<Override PartName="/word/document.xml" ContentType="{kind}"/>'
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES.format(override))
        archive.writestr("word/_rels/document.xml.rels", RELATIONS.format(relation))
        for name, content in (more or {}).items():
            archive.writestr(name, content)
    return buffer.getvalue()


def an_object_stream(objects: bytes, name: bytes = b"/ObjStm") -> bytes:
    """A PDF with compressed objects."""
    packed = zlib.compress(objects)
    stream = b"2 0 obj\n<< /Type " + name + b" /Filter /FlateDecode >>\nstream\n" + packed + b"\nendstream\nendobj\n"
    return PDF.replace(b"trailer", stream + b"trailer")


GOOD = {
    "report.pdf": (PDF, FileKind.PDF),
    "report.PDF": (PDF, FileKind.PDF),
    "packed.pdf": (an_object_stream(b"1 0 << /Type /Page >>"), FileKind.PDF),
    "photo.png": (a_png(), FileKind.PNG),
    "photo.jpeg": (JPEG, FileKind.JPEG),
    "letter.docx": (an_office_file(), FileKind.WORD),
    "table.xlsx": (an_office_file(FileKind.EXCEL.media_type + ".main+xml"), FileKind.EXCEL),
    "slides.pptx": (an_office_file(FileKind.POWERPOINT.media_type + ".main+xml"), FileKind.POWERPOINT),
    "note.txt": ("訪問した。会えなかった。\r\n".encode(), FileKind.TEXT),
    "old.txt": ("訪問した。\r\n".encode("cp932"), FileKind.TEXT),
}
HYPERLINK = '<Relationship Id="r" Type="http://x/hyperlink" Target="https://city.example" TargetMode="External"/>'
TEMPLATE = '<Relationship Id="r" Type="http://x/attachedTemplate" Target="https://e.example/a" TargetMode="External"/>'
HTML = b"<!doctype html><script>alert(1)</script>"
BAD = {
    "html named as pdf": ("page.pdf", HTML, Refusal.ACTIVE),
    "html named as text": ("page.txt", HTML, Refusal.ACTIVE),
    "markup further down": ("page.txt", b"hello\n" * 9000 + b"<script src=x>", Refusal.ACTIVE),
    "svg": ("drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', Refusal.ACTIVE),
    "pdf named as text": ("report.txt", PDF, Refusal.NAME),
    "text that a computer would run": ("start.bat", b"echo hello", Refusal.NAME),
    "no ending": ("report", PDF, Refusal.NAME),
    "two endings": ("report.pdf.exe", PDF, Refusal.NAME),
    "program": ("setup.pdf", b"MZ\x90\x00" + bytes(60), Refusal.UNKNOWN),
    "old office file": ("letter.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), Refusal.UNKNOWN),
    "nothing": ("empty.txt", b"", Refusal.EMPTY),
    "21 MB": ("big.txt", b"a" * (MAX_BYTES + 1), Refusal.TOO_BIG),
    "pdf with a script": ("a.pdf", PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /JS (x) >>"), Refusal.ACTIVE),
    "pdf with a hidden script": ("a.pdf", PDF.replace(b"/Catalog", b"/Catalog /J#61vaScript"), Refusal.ACTIVE),
    "pdf with a packed script": ("a.pdf", an_object_stream(b"1 0 << /S /JavaScript >>"), Refusal.ACTIVE),
    "pdf with a packed and hidden script": (
        "a.pdf", an_object_stream(b"1 0 << /S /Java#53cript >>", b"/Obj#53tm"), Refusal.ACTIVE,
    ),
    "pdf with a file in it": ("a.pdf", PDF.replace(b"/Catalog", b"/Catalog /EmbeddedFile 3 0 R"), Refusal.ACTIVE),
    "pdf with a password": ("a.pdf", PDF.replace(b"/Root", b"/Encrypt 4 0 R /Root"), Refusal.LOCKED),
    "half a pdf": ("a.pdf", PDF[:30], Refusal.DAMAGED),
    "pdf that is a zip file too": ("a.pdf", PDF + an_office_file(), Refusal.ACTIVE),
    "picture that is a zip file too": ("a.png", a_png(behind=an_office_file()), Refusal.DAMAGED),
    "jpeg that is a zip file too": ("a.jpg", JPEG + an_office_file(), Refusal.ACTIVE),
    "picture of 10 000 megapixels": ("a.png", a_png(100_000, 100_000), Refusal.DAMAGED),
    "zip that is no office file": ("a.docx", b"", Refusal.UNKNOWN),
    "archive before the package": ("a.docx", b"PK\x03\x04" + bytes(40) + an_office_file(), Refusal.DAMAGED),
    "macros": ("a.docx", an_office_file(more={"word/vbaProject.bin": b"x"}), Refusal.ACTIVE),
    "macro type": (
        "a.docx", an_office_file("application/vnd.ms-word.document.macroEnabled.main+xml"), Refusal.ACTIVE,
    ),
    "embedded object": ("a.docx", an_office_file(more={"word/embeddings/oleObject1.bin": b"x"}), Refusal.ACTIVE),
    "template from elsewhere": ("a.docx", an_office_file(relation=TEMPLATE), Refusal.ACTIVE),
    "path out of the package": ("a.docx", an_office_file(more={"../../etc/x": b"x"}), Refusal.DAMAGED),
    "entities": (
        "a.docx",
        an_office_file(more={"word/_rels/e.rels": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
        Refusal.ACTIVE,
    ),
    "word named as excel": ("a.xlsx", an_office_file(), Refusal.NAME),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_file_of_the_list_is_taken_as_what_it_is(name: str) -> None:
    content, kind = GOOD[name]
    assert kind_of(name, content) is kind


@pytest.mark.parametrize("case", BAD)
def test_everything_else_is_refused_with_its_reason(case: str) -> None:
    name, content, reason = BAD[case]
    if case == "zip that is no office file":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("META-INF/MANIFEST.MF", "x")
        content = buffer.getvalue()
    with pytest.raises(FileRefused) as refusal:
        kind_of(name, content)
    assert refusal.value.reason is reason


def test_a_hyperlink_may_lead_out_of_an_office_file() -> None:
    assert kind_of("a.docx", an_office_file(relation=HYPERLINK)) is FileKind.WORD


def test_a_zip_bomb_is_refused_without_being_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = an_office_file(more={"word/document.xml": bytes(30_000_000)})

    def opened(*_: object) -> None:
        raise AssertionError("a part was opened")

    monkeypatch.setattr(zipfile.ZipFile, "open", opened)
    with pytest.raises(FileRefused) as refusal:
        kind_of("bomb.docx", bomb)
    assert refusal.value.reason is Refusal.DAMAGED


def test_a_part_that_is_longer_than_it_says_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office_files, "MAX_SMALL_PART", 1000)
    with pytest.raises(FileRefused) as refusal:
        kind_of("a.docx", an_office_file(more={"word/_rels/long.rels": b"<a>" + b" " * 2000 + b"</a>"}))
    assert refusal.value.reason is Refusal.DAMAGED


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\a\\相談票.docx", "相談票.docx"),
        ("a\r\nSet-Cookie: x.pdf", "aSet-Cookie_ x.pdf"),
        ("annexe\u202efdp.exe", "annexefdp.exe"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("  .hidden.txt ", "hidden.txt"),
        ("あ" * 300 + ".pdf", "あ" * 116 + ".pdf"),
        ("..", ""),
    ],
)
def test_names_lose_paths_and_what_hides_or_turns_text(given: str, kept: str) -> None:
    assert safe_name(given) == kept
