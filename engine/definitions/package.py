"""A process with all that belongs to it: diagram, forms, decision tables, and the same of every process it calls.

Paths inside a package: ``process.bpmn``, ``<process key>/forms/<key>.json`` for its own forms, ``forms/<key>.json`` for
shared ones, as the form library reads them, ``<process key>/decisions/<name>.dmn`` for decision tables, and
``<called key>/process.bpmn`` for each called process. So a version runs for ever as it was published (docs/adr/0008).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from engine.definitions.elements import BpmnModel
from engine.definitions.findings import Finding
from engine.definitions.model import model_of
from engine.definitions.rulebook import Report
from engine.definitions.xml import MAX_BYTES, parse_xml

PROCESS_FILE = "process.bpmn"
MAX_FORM_BYTES = 1024 * 1024  #: one form or decision table
MAX_FILES = 200  #: forms of one process, and decision tables of one process
MAX_CALLED = 50  #: processes that one process calls, directly or not
MAX_JSON_DEPTH = 60  #: nesting of a form
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


@dataclass(frozen=True)
class Package:
    """files: path inside the package -> bytes. content_hash: SHA-256 over all of them, so it names the version.

    findings: what reading already showed (missing, too big, not JSON); such files are left out of ``files``.
    """

    process_key: str
    files: Mapping[str, bytes]
    content_hash: str
    findings: tuple[Finding, ...] = ()

    @property
    def bpmn(self) -> bytes:
        """The diagram, empty when it is missing."""
        return self.files.get(PROCESS_FILE, b"")

    @property
    def forms(self) -> Mapping[str, bytes]:
        """The form files by path, own and shared."""
        return {path: content for path, content in self.files.items() if path.endswith(".json")}

    @property
    def decisions(self) -> Mapping[str, bytes]:
        """The decision tables by path."""
        return {path: content for path, content in self.files.items() if path.endswith(".dmn")}

    @property
    def called(self) -> Mapping[str, bytes]:
        """The diagrams of the called processes by process key."""
        return called_files(self.files)

    def part(self, called_key: str) -> Package:
        """The package of a called process, with what it calls itself, as this one holds it."""
        folders = ("forms/", f"{called_key}/", *(f"{key}/" for key in _reached(self.files, _diagram_path(called_key))))
        files = {path: content for path, content in self.files.items() if path.startswith(folders)}
        files[PROCESS_FILE] = files.pop(_diagram_path(called_key))
        return Package(called_key, MappingProxyType(files), content_hash(files))

    @property
    def form_keys(self) -> frozenset[str]:
        """Keys of the forms that its own tasks may name: its own and the shared ones."""
        folders = ("forms/", f"{self.process_key}/forms/")
        return frozenset(_key_of(path) for path in self.forms if path.startswith(folders))


def read_package(folder: Path, shared_forms: Path) -> Package:
    """The package in ``folder`` with the shared forms that it needs and the processes that it calls.

    Called processes lie in the folders beside it. Never raises for what the files hold.
    """
    folder = folder.resolve()
    reader = _Reader(folder.name, shared_forms, folder.parent)
    reader.add_process(folder, PROCESS_FILE)
    return reader.package()


def package_of(
    process_key: str, files: Mapping[str, bytes], shared_forms: Path | None = None, beside: Path | None = None
) -> Package:
    """The package made of given bytes (an upload, a single diagram).

    Completed with shared forms, and with the processes that it calls from the folders in ``beside``, where given.
    """
    reader = _Reader(process_key, shared_forms, beside)
    for path, content in files.items():
        reader.add_bytes(path, content)
    return reader.package()


def called_files(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The diagrams of called processes among the files of a package, by process key."""
    ending = f"/{PROCESS_FILE}"
    return {path.removesuffix(ending): content for path, content in files.items() if path.endswith(ending)}


def content_hash(files: Mapping[str, bytes]) -> str:
    """SHA-256 over paths and contents, in the order of the paths."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode())
        digest.update(files[path])
    return digest.hexdigest()


class _Reader:
    """beside: folder in which the folders of called processes lie, None: only what is given counts."""

    def __init__(self, process_key: str, shared_forms: Path | None, beside: Path | None) -> None:
        self.process_key, self.shared_forms, self.beside = process_key, shared_forms, beside
        self.files: dict[str, bytes] = {}
        self.parsed: dict[str, object] = {}
        self.findings: list[Finding] = []

    def package(self) -> Package:
        if PROCESS_FILE not in self.files and not self.findings:
            self.refuse(PROCESS_FILE, "package.missing")
        self.add_called()
        self.add_shared()
        self.drop_strangers()
        files = MappingProxyType(dict(sorted(self.files.items())))
        return Package(self.process_key, files, content_hash(files), tuple(self.findings))

    def add_process(self, folder: Path, name: str) -> None:
        """The diagram of a process under ``name``, its forms and its decision tables."""
        self.add_file(folder / PROCESS_FILE, name)
        self.add_folder(folder / "forms", f"{folder.name}/forms")
        self.add_folder(folder / "decisions", f"{folder.name}/decisions")

    def add_file(self, path: Path, name: str) -> None:
        if not path.is_file() or path.is_symlink():
            if name == PROCESS_FILE:
                self.refuse(name, "package.missing")
            return
        with path.open("rb") as file:
            self.add_bytes(name, file.read(_limit(name) + 1))

    def add_folder(self, folder: Path, name: str) -> None:
        if not folder.is_dir():
            return
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        if len(paths) > MAX_FILES:
            self.refuse(folder.name, "package.count", count=len(paths), limit=MAX_FILES)
        for path in paths[:MAX_FILES]:
            self.add_file(path, f"{name}/{path.name}")

    def add_bytes(self, name: str, content: bytes) -> None:
        limit = _limit(name)
        if len(content) > limit:
            self.refuse(name, "package.size", size=f"{len(content):,}バイト以上", limit=f"{limit:,}バイト")
        elif not _PATH.fullmatch(name):
            self.refuse(name, "package.file")
        elif name.endswith(".json"):
            self.add_json(name, content)
        else:
            self.files[name] = content

    def add_json(self, name: str, content: bytes) -> None:
        try:
            parsed = json.loads(content.decode("utf-8"), parse_constant=_no_constant)
            _check_depth(parsed)
        except (ValueError, RecursionError) as error:
            self.refuse(name, "package.json", reason=_reason(error))
            return
        self.files[name], self.parsed[name] = content, parsed

    def add_called(self) -> None:
        """Take in, one after another, the processes that the diagrams call; one that is not there is found missing."""
        todo = list(_called_in(self.files.get(PROCESS_FILE, b"")))
        seen = {self.process_key}
        while todo and self.beside is not None:
            key = todo.pop(0)
            if key in seen or not _KEY.fullmatch(key) or _diagram_path(key) in self.files:
                continue
            if len(seen) > MAX_CALLED:
                self.refuse(PROCESS_FILE, "package.called_count", limit=MAX_CALLED)
                return
            seen.add(key)
            self.add_process(self.beside / key, _diagram_path(key))
            todo += _called_in(self.files.get(_diagram_path(key), b""))

    def drop_strangers(self) -> None:
        """Files of processes that are neither this one nor called are no part of the version."""
        known = ("forms/", f"{self.process_key}/", *(f"{key}/" for key in _reached(self.files, PROCESS_FILE)))
        for path in [path for path in self.files if path != PROCESS_FILE and not path.startswith(known)]:
            del self.files[path]
            self.refuse(path, "package.file")

    def add_shared(self) -> None:
        """Take in, one after another, the shared forms that the diagrams and the forms name."""
        wanted = self.form_keys_of_diagrams()
        wanted += [(name, key) for name, parsed in self.parsed.items() for key in _referred(parsed)]
        seen: set[str] = set()
        while wanted:
            name, key = wanted.pop(0)
            owner = name.partition("/")[0] if "/" in name else self.process_key
            if key in seen or f"{owner}/forms/{key}.json" in self.files or f"forms/{key}.json" in self.files:
                continue
            seen.add(key)
            wanted += [(f"forms/{key}.json", more) for more in self.take_shared(name, key)]

    def take_shared(self, wanted_by: str, key: str) -> Iterator[str]:
        path = self.shared_forms / f"{key}.json" if self.shared_forms is not None and _KEY.fullmatch(key) else None
        if path is not None and path.is_file():
            self.add_file(path, f"forms/{key}.json")
            yield from _referred(self.parsed.get(f"forms/{key}.json"))
        elif not wanted_by.endswith(PROCESS_FILE):  # a task without its form is a finding of the task
            self.refuse(wanted_by, "package.shared_form", name=key)

    def form_keys_of_diagrams(self) -> list[tuple[str, str]]:
        diagrams = {name: _model_in(content) for name, content in self.files.items() if name.endswith(PROCESS_FILE)}
        return [
            (name, settings.form_key)
            for name, model in diagrams.items()
            if model is not None
            for settings in model.task_settings.values()
        ]

    def refuse(self, path: str, rule: str, **blanks: object) -> None:
        self.findings.append(Report(path).finding(rule, "", "", **blanks))


_PATH = re.compile(
    rf"(?:{_KEY.pattern}/)?{re.escape(PROCESS_FILE)}|(?:{_KEY.pattern}/)?forms/{_KEY.pattern}\.json"
    rf"|{_KEY.pattern}/decisions/{_KEY.pattern}\.dmn"
)


def _limit(name: str) -> int:
    return MAX_BYTES if name.endswith(PROCESS_FILE) else MAX_FORM_BYTES


def _diagram_path(called_key: str) -> str:
    return f"{called_key}/{PROCESS_FILE}"


def _model_in(content: bytes) -> BpmnModel | None:
    root = parse_xml(content, PROCESS_FILE)
    return None if isinstance(root, Finding) else model_of(root)


def _called_in(content: bytes) -> tuple[str, ...]:
    """Ids of the processes that a diagram calls."""
    model = _model_in(content) if b"callActivity" in content else None
    return tuple(call.called for call in model.calls) if model is not None else ()


def _reached(files: Mapping[str, bytes], diagram: str) -> set[str]:
    """Keys of the processes among the files that a diagram calls, directly or not."""
    found: set[str] = set()
    todo = [diagram]
    while todo:
        new = {key for key in _called_in(files.get(todo.pop(), b"")) if _diagram_path(key) in files} - found
        found |= new
        todo += [_diagram_path(key) for key in new]
    return found


def _key_of(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".json")


def _referred(parsed: object) -> Iterator[str]:
    """Keys of other forms in the ``$ref`` of a form: ``F04#/schema/properties/to_org``."""
    for value in _references(parsed):
        key = value.partition("#")[0]
        if key:
            yield key


def _references(parsed: object) -> Iterator[str]:
    if isinstance(parsed, Mapping):
        reference = parsed.get("$ref")
        if isinstance(reference, str):
            yield reference
    yield from (found for child in _children(parsed) for found in _references(child))


def _children(parsed: object) -> Iterable[object]:
    if isinstance(parsed, Mapping):
        return parsed.values()
    return parsed if isinstance(parsed, list) else ()


def _check_depth(parsed: object, depth: int = 0) -> None:
    if depth > MAX_JSON_DEPTH:
        raise ValueError("入れ子が深すぎます")
    for child in _children(parsed):
        _check_depth(child, depth + 1)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} は使えません")


def _reason(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.lineno}行目: {error.msg}"
    if isinstance(error, UnicodeDecodeError):
        return "UTF-8ではありません"
    return "入れ子が深すぎます" if isinstance(error, RecursionError) else str(error)
