"""A process with all that belongs to it: the diagram, its forms and the shared forms they take fields from.

Paths inside a package: ``process.bpmn``, ``<process key>/forms/<key>.json`` for its own forms, ``forms/<key>.json`` for
shared ones, as the form library reads them.
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
MAX_FORM_BYTES = 1024 * 1024  #: one form
MAX_FILES = 200  #: forms of one process
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
    def form_keys(self) -> frozenset[str]:
        """Keys of the forms it holds."""
        return frozenset(_key_of(path) for path in self.forms)


def read_package(folder: Path, shared_forms: Path) -> Package:
    """The package in ``folder`` with the shared forms that it needs. Never raises for what the files hold."""
    reader = _Reader(folder.resolve().name, shared_forms)
    reader.add_file(folder / PROCESS_FILE, PROCESS_FILE, MAX_BYTES)
    reader.add_forms(folder / "forms")
    return reader.package()


def package_of(process_key: str, files: Mapping[str, bytes], shared_forms: Path | None = None) -> Package:
    """The package made of given bytes (an upload, a single diagram), completed with shared forms if there are any."""
    reader = _Reader(process_key, shared_forms)
    for path, content in files.items():
        reader.add_bytes(path, content, MAX_BYTES if path == PROCESS_FILE else MAX_FORM_BYTES)
    return reader.package()


def content_hash(files: Mapping[str, bytes]) -> str:
    """SHA-256 over paths and contents, in the order of the paths."""
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(f"{path}\0{len(files[path])}\0".encode())
        digest.update(files[path])
    return digest.hexdigest()


class _Reader:
    def __init__(self, process_key: str, shared_forms: Path | None) -> None:
        self.process_key, self.shared_forms = process_key, shared_forms
        self.files: dict[str, bytes] = {}
        self.parsed: dict[str, object] = {}
        self.findings: list[Finding] = []

    def package(self) -> Package:
        if PROCESS_FILE not in self.files and not self.findings:
            self.refuse(PROCESS_FILE, "package.missing")
        self.add_shared()
        files = MappingProxyType(dict(sorted(self.files.items())))
        return Package(self.process_key, files, content_hash(files), tuple(self.findings))

    def add_file(self, path: Path, name: str, limit: int) -> None:
        if not path.is_file() or path.is_symlink():
            if name == PROCESS_FILE:
                self.refuse(name, "package.missing")
            return
        with path.open("rb") as file:
            self.add_bytes(name, file.read(limit + 1), limit)

    def add_forms(self, folder: Path) -> None:
        if not folder.is_dir():
            return
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        if len(paths) > MAX_FILES:
            self.refuse("forms", "package.count", count=len(paths), limit=MAX_FILES)
        for path in paths[:MAX_FILES]:
            self.add_file(path, f"{self.process_key}/forms/{path.name}", MAX_FORM_BYTES)

    def add_bytes(self, name: str, content: bytes, limit: int) -> None:
        if len(content) > limit:
            self.refuse(name, "package.size", size=f"{len(content):,}バイト以上", limit=f"{limit:,}バイト")
        elif name == PROCESS_FILE:
            self.files[name] = content
        elif not re.fullmatch(rf"(?:{re.escape(self.process_key)}/)?forms/{_KEY.pattern}\.json", name):
            self.refuse(name, "package.file")
        else:
            self.add_json(name, content)

    def add_json(self, name: str, content: bytes) -> None:
        try:
            parsed = json.loads(content.decode("utf-8"), parse_constant=_no_constant)
            _check_depth(parsed)
        except (ValueError, RecursionError) as error:
            self.refuse(name, "package.json", reason=_reason(error))
            return
        self.files[name], self.parsed[name] = content, parsed

    def add_shared(self) -> None:
        """Take in, one after another, the shared forms that the diagram and the forms name."""
        wanted = [(PROCESS_FILE, key) for key in self.form_keys_of_diagram()]
        wanted += [(name, key) for name, parsed in self.parsed.items() for key in _referred(parsed)]
        seen: set[str] = set()
        while wanted:
            name, key = wanted.pop(0)
            if key in seen or f"{self.process_key}/forms/{key}.json" in self.files or f"forms/{key}.json" in self.files:
                continue
            seen.add(key)
            wanted += [(f"forms/{key}.json", more) for more in self.take_shared(name, key)]

    def take_shared(self, wanted_by: str, key: str) -> Iterator[str]:
        path = self.shared_forms / f"{key}.json" if self.shared_forms is not None and _KEY.fullmatch(key) else None
        if path is not None and path.is_file():
            self.add_file(path, f"forms/{key}.json", MAX_FORM_BYTES)
            yield from _referred(self.parsed.get(f"forms/{key}.json"))
        elif wanted_by != PROCESS_FILE:  # a task without its form is a finding of the task
            self.refuse(wanted_by, "package.shared_form", name=key)

    def form_keys_of_diagram(self) -> tuple[str, ...]:
        root = parse_xml(self.files.get(PROCESS_FILE, b""), PROCESS_FILE)
        model: BpmnModel | None = None if isinstance(root, Finding) else model_of(root)
        return tuple(settings.form_key for settings in model.task_settings.values()) if model is not None else ()

    def refuse(self, path: str, rule: str, **blanks: object) -> None:
        self.findings.append(Report(path).finding(rule, "", "", **blanks))


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
