"""Which files may be attached: decided by what is in them, never by the name or by what a browser says of them.

An allow-list: PDF, PNG, JPEG, Word, Excel and PowerPoint (the zip formats, without macros), plain text. What could act
when it is opened is refused, as far as it can be seen without unpacking more than a few small parts. Sources: PDF
32000-1 (7.5 structure, 12.6.4 actions), PNG (RFC 2083), ECMA-376 part 2 (packages).
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterator
from enum import Enum, StrEnum

from engine.domain.errors import EngineError
from engine.domain.office_files import OfficeRefused, office_main_part

MAX_BYTES = 20 * 1024 * 1024
MAX_NAME = 120  #: characters of a file's name, with its ending
MAX_PIXELS = 100_000_000  #: a picture beyond it is made to exhaust whoever opens it
_UNPACKED = 16 * 1024 * 1024  #: bytes of compressed PDF objects that are looked through
_END_OF_ZIP = b"PK\x05\x06"
_TAIL = 65_557  #: where the end of a zip file stands at the latest


class FileKind(Enum):
    """A kind of file: the type it is served as, and the endings its name may have (the first is given to it)."""

    PDF = ("application/pdf", "pdf")
    PNG = ("image/png", "png")
    JPEG = ("image/jpeg", "jpg", "jpeg")
    WORD = ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx")
    EXCEL = ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
    POWERPOINT = ("application/vnd.openxmlformats-officedocument.presentationml.presentation", "pptx")
    TEXT = ("text/plain", "txt")

    def __init__(self, media_type: str, *endings: str) -> None:
        self.media_type, self.endings = media_type, endings


class Refusal(StrEnum):
    """Why a file is not taken; the pages have a sentence for each."""

    MISSING = "missing"  #: no file was chosen
    EMPTY = "empty"  #: it holds nothing
    TOO_BIG = "too_big"  #: more than MAX_BYTES
    UNKNOWN = "unknown"  #: not on the list of kinds
    NAME = "name"  #: the ending of its name is that of another kind
    ACTIVE = "active"  #: macros, scripts, embedded or linked objects
    LOCKED = "locked"  #: protected by a password, so nobody can look into it
    DAMAGED = "damaged"  #: begins like a kind and does not go on like it


class FileRefused(EngineError):
    """A file is not taken; nothing was kept."""

    code = "file_refused"

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


def kind_of(name: str, content: bytes) -> FileKind:
    """The kind of a file's content, when its name agrees with it. Raises FileRefused with the reason."""
    if not content:
        raise FileRefused(Refusal.EMPTY)
    if len(content) > MAX_BYTES:
        raise FileRefused(Refusal.TOO_BIG)
    kind = _by_content(content)
    ending = name.rpartition(".")[2].casefold() if "." in name else ""
    if ending not in kind.endings:
        raise FileRefused(Refusal.NAME)
    return kind


def safe_name(given: str) -> str:
    """The last part of a name as somebody's computer gave it, without what moves, hides or turns around text."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    kept = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    kept = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*]', "_", kept)).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if not dot:
        return kept[:MAX_NAME]
    return f"{stem[: MAX_NAME - len(ending) - 1]}.{ending}"[:MAX_NAME]


def _by_content(content: bytes) -> FileKind:
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    if content.startswith(b"%PDF-"):
        return _alone(content, _pdf(content))
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _alone(content, _png(content))
    if content.startswith(b"\xff\xd8\xff"):
        return _alone(content, _jpeg(content))
    return _text(content)


def _alone(content: bytes, kind: FileKind) -> FileKind:
    """Not also a zip file, which some programs would open instead."""
    if _END_OF_ZIP in content[-_TAIL:]:
        raise FileRefused(Refusal.ACTIVE)
    return kind


# ---------------------------------------------------------------- office files


_MAIN_PARTS = {
    f"{FileKind.WORD.media_type}.main+xml": FileKind.WORD,
    f"{FileKind.EXCEL.media_type}.main+xml": FileKind.EXCEL,
    f"{FileKind.POWERPOINT.media_type}.main+xml": FileKind.POWERPOINT,
}


def _office(content: bytes) -> FileKind:
    try:
        kind = _MAIN_PARTS.get(office_main_part(content))
    except OfficeRefused as refusal:
        raise FileRefused(Refusal(refusal.reason)) from None
    if kind is None:
        raise FileRefused(Refusal.UNKNOWN)
    return kind


# ---------------------------------------------------------------- PDF


_ACTIVE = re.compile(
    rb"/(JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData|GoToE|Rendition|Movie)(?![A-Za-z0-9])"
    rb"|/JS\s*([(<]|\d+\s+\d+\s+R)|/XFA\s*(\[|\d+\s+\d+\s+R)"
)
_LOCKED = re.compile(rb"/Encrypt(?![A-Za-z0-9])")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_BEFORE_STREAM = 600  #: bytes in which a stream says what it is
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


def _pdf(content: bytes) -> FileKind:
    if b"%%EOF" not in content[-2048:]:
        raise FileRefused(Refusal.DAMAGED)
    written = _written_out(content)
    if _LOCKED.search(written):
        raise FileRefused(Refusal.LOCKED)
    if any(_ACTIVE.search(part) for part in (written, *map(_written_out, _object_streams(content)))):
        raise FileRefused(Refusal.ACTIVE)
    return FileKind.PDF


def _written_out(part: bytes) -> bytes:
    """With the characters of names written out: ``/J#61vaScript`` is ``/JavaScript``."""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), part)


def _object_streams(content: bytes) -> Iterator[bytes]:
    """What stands in compressed object streams, up to a limit in all."""
    left = _UNPACKED
    for found in _STREAM.finditer(content):
        about = _written_out(content[max(0, found.start() - _BEFORE_STREAM) : found.start()])
        about = about[about.rfind(b"endobj") + 1 :]
        if b"/ObjStm" not in about:
            continue
        if b"/FlateDecode" not in about and b"/Fl " not in about:
            raise FileRefused(Refusal.ACTIVE)
        try:
            unpacked = zlib.decompressobj().decompress(memoryview(content)[found.end() :], left)
        except zlib.error:
            raise FileRefused(Refusal.DAMAGED) from None
        left -= len(unpacked)
        if left <= 0:
            raise FileRefused(Refusal.ACTIVE)
        yield unpacked


# ---------------------------------------------------------------- pictures and text


def _png(content: bytes) -> FileKind:
    """Chunk after chunk from IHDR to IEND, and nothing behind it."""
    at, first = 8, True
    while at + 12 <= len(content):
        length, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
        if first and (kind != b"IHDR" or _pixels(content[at + 8 : at + 16]) > MAX_PIXELS):
            raise FileRefused(Refusal.DAMAGED)
        at, first = at + 12 + length, False
        if kind == b"IEND":
            break
    if at != len(content) or kind != b"IEND":
        raise FileRefused(Refusal.DAMAGED)
    return FileKind.PNG


def _pixels(sizes: bytes) -> int:
    return int.from_bytes(sizes[:4]) * int.from_bytes(sizes[4:])


def _jpeg(content: bytes) -> FileKind:
    if b"\xff\xd9" not in content[-_TAIL:]:
        raise FileRefused(Refusal.DAMAGED)
    return FileKind.JPEG


#: how what a browser or a computer would run begins
_RUNS = re.compile(r"\s*(<|#!|MZ|@echo|%!)", re.I)
_MARKUP = re.compile(r"<\s*(script|html|svg|iframe|object|embed|!doctype|\?xml|\?php)\b", re.I)


def _text(content: bytes) -> FileKind:
    if b"\x00" in content:
        raise FileRefused(Refusal.UNKNOWN)
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any((ord(c) < 32 and c not in "\t\n\r\f") or c == "\x7f" for c in text):
            break
        if _RUNS.match(text) or _MARKUP.search(text):
            raise FileRefused(Refusal.ACTIVE)
        return FileKind.TEXT
    raise FileRefused(Refusal.UNKNOWN)
