"""Word, Excel and PowerPoint files (ECMA-376 packages): what they are, and whether anything in them acts by itself.

Of the package only the list of its parts, ``[Content_Types].xml`` and the small files of relations are read, each up to
a limit: a zip bomb is never unpacked.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from xml.parsers import expat

MAX_PARTS = 3000
MAX_SMALL_PART = 1024 * 1024
MAX_RELATIONS = 8 * 1024 * 1024  #: bytes of all files of relations together
MAX_UNPACKED = 400 * 1024 * 1024  #: what a file says it would be unpacked
MAX_RATIO = 100  #: and how many times its size in the archive (above a megabyte)
CONTENT_TYPES = "[Content_Types].xml"
_ACTIVE_PART = re.compile(
    r"(vbaproject|vbadata|activex|/embeddings/|macrosheets|dialogsheets|customui|\.exe$|\.dll$|\.js$|\.vbs$)", re.I
)
_ACTIVE_TYPE = re.compile(r"macroenabled|vbaproject|activex|oleobject", re.I)


class OfficeRefused(Exception):
    """The package is not taken; ``reason`` is a word of ``engine.domain.file_kinds.Refusal``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def office_main_part(content: bytes) -> str:
    """The content type of the package's main part, empty when it names none. Raises OfficeRefused."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _check_list(archive, parts)
            if CONTENT_TYPES not in archive.namelist():
                raise OfficeRefused("unknown")
            types = [values["ContentType"] for _, values in _elements(_read(archive, CONTENT_TYPES), "ContentType")]
            if any(_ACTIVE_TYPE.search(kind) for kind in types):
                raise OfficeRefused("active")
            _check_relations(archive, parts)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, OSError, ValueError):
        raise OfficeRefused("damaged") from None
    return next((kind for kind in types if kind.endswith(".main+xml")), "")


def _check_list(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """The archive is only this package: nothing before, behind or twice in it, no path, no lock, no bomb."""
    names = [part.filename for part in parts]
    if not parts or len(parts) > MAX_PARTS or len({name.casefold() for name in names}) != len(names):
        raise OfficeRefused("damaged")
    if archive.comment or min(part.header_offset for part in parts) != 0:
        raise OfficeRefused("damaged")
    if any(name.startswith("/") or "\\" in name or ".." in name.split("/") for name in names):
        raise OfficeRefused("damaged")
    if any(part.flag_bits & 0x1 for part in parts):
        raise OfficeRefused("locked")
    unpacked, packed = sum(part.file_size for part in parts), sum(part.compress_size for part in parts)
    if unpacked > MAX_UNPACKED or (unpacked > 1024 * 1024 and unpacked > MAX_RATIO * max(packed, 1)):
        raise OfficeRefused("damaged")
    if any(_ACTIVE_PART.search(name) for name in names):
        raise OfficeRefused("active")


def _check_relations(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """Nothing but hyperlinks leads out of the file: templates and objects are fetched without being asked for."""
    left = MAX_RELATIONS
    for part in parts:
        if not part.filename.casefold().endswith(".rels"):
            continue
        text = _read(archive, part.filename)
        left -= len(text)
        if left < 0:
            raise OfficeRefused("damaged")
        for _, values in _elements(text, "Target"):
            outside = values.get("TargetMode", "").casefold() == "external"
            if outside and not values.get("Type", "").casefold().endswith("/hyperlink"):
                raise OfficeRefused("active")


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        found = part.read(MAX_SMALL_PART + 1)
    if len(found) > MAX_SMALL_PART:
        raise OfficeRefused("damaged")
    return found


def _elements(text: bytes, wanted: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Name and attributes of every element that has the attribute; a document type is refused, so nothing expands."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()

    def begin(name: str, values: dict[str, str]) -> None:
        if wanted in values:
            found.append((name, values))

    def refuse(*_: object) -> None:
        raise OfficeRefused("active")

    parser.StartElementHandler = begin
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError:
        raise OfficeRefused("damaged") from None
    yield from found
