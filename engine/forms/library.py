"""Form files to forms: read, resolve references between them, check every keyword, all findings at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from engine.domain.errors import DefinitionRefused, ReferenceMissing
from engine.forms.api import Field, Finding
from engine.forms.conditions import check_condition
from engine.forms.fields import FieldReader
from engine.forms.form import Form
from engine.forms.keywords import DOCUMENT, SCHEMA
from engine.forms.layout import LayoutReader
from engine.forms.reading import read_document
from engine.forms.refs import Resolver

MAX_FILES = 2_000
_PATH = re.compile(r"(?:(?P<process>[A-Za-z][A-Za-z0-9_]*)/)?forms/(?P<key>[A-Za-z][A-Za-z0-9_]{0,63})\.json")
_SHARED = ""
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class FormLibrary:
    """The forms of a set of files: shared ones, and those of each process."""

    def __init__(self, forms: Mapping[tuple[str, str], Form], files: Mapping[tuple[str, str], tuple[str, ...]]) -> None:
        self._forms, self._files = dict(forms), dict(files)

    @classmethod
    def load(cls, files: Mapping[str, bytes]) -> FormLibrary:
        """Read form files by path: ``forms/F04.json`` (shared) and ``intake/forms/in_screen.json``.

        A leading folder (``workflows/``) is allowed; other files are left out. Raises DefinitionRefused with every
        finding (``file``, ``element_id`` = JSON pointer, ``message_ja``, ``remedy_ja``).
        """
        return _Loader(files).library()

    def form(self, key: str, process_key: str = _SHARED) -> Form:
        """The form of a process, else the shared one with that key. Raises ReferenceMissing."""
        found = self._forms.get((process_key, key)) or self._forms.get((_SHARED, key))
        if found is None:
            raise ReferenceMissing(f"form {key} of {process_key or 'the shared forms'}")
        return found

    def has(self, key: str, process_key: str = _SHARED) -> bool:
        """Whether ``form`` would find it."""
        return (process_key, key) in self._forms or (_SHARED, key) in self._forms

    def keys(self, process_key: str = _SHARED) -> tuple[str, ...]:
        """Keys of the forms of one process (or of the shared ones), sorted."""
        return tuple(sorted(key for process, key in self._forms if process == process_key))

    def files_for(self, key: str, process_key: str = _SHARED) -> tuple[str, ...]:
        """Paths of the form's file and of all files it refers to: what a version's hash must cover."""
        name = (process_key, key) if (process_key, key) in self._files else (_SHARED, key)
        if name not in self._files:
            raise ReferenceMissing(f"form {key} of {process_key or 'the shared forms'}")
        return self._files[name]


def _further(form: Form, forms: Mapping[tuple[str, str], Form]) -> Iterator[Field]:
    """The fields of the 帳票 a form draws from that it does not ask itself; given all the same, they decide nothing."""
    asked = {name for field in form.fields for name in (field.key, field.text_key)}
    for sheet in dict.fromkeys(field.form for field in form.fields):
        shared = forms.get((_SHARED, sheet))
        for field in shared.fields if shared is not None else ():
            if field.key not in asked:
                asked |= {field.key, field.text_key}
                yield replace(field, required=False, conditional=False, variable=None, default=None, rules=())


class _Loader:
    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.findings: list[Finding] = []
        self.paths: dict[tuple[str, str], str] = {}
        self.documents: dict[tuple[str, str], dict[str, Any]] = {}
        if len(files) > MAX_FILES:
            self.report("", "", f"ファイルが多すぎます（{MAX_FILES:,}個まで）。", "分けて登録してください。")
            return
        for path in sorted(files):
            self._read(path, files[path])

    def report(self, file: str, pointer: str, message: str, remedy: str) -> None:
        self.findings.append(Finding(file, pointer, message, remedy))

    def library(self) -> FormLibrary:
        forms: dict[tuple[str, str], Form] = {}
        files: dict[tuple[str, str], tuple[str, ...]] = {}
        for name in self.documents:
            form, used = self._form(*name)
            if form is not None:
                forms[name] = form
                files[name] = tuple(sorted({self.paths[name], *used}))
        if self.findings:
            self.findings.sort(key=lambda finding: (finding.file, finding.element_id))
            raise DefinitionRefused(self.findings)
        return FormLibrary({name: form.allowing(tuple(_further(form, forms))) for name, form in forms.items()}, files)

    def _read(self, path: str, content: bytes) -> None:
        match = _PATH.fullmatch("/".join(path.split("/")[-3:])) or _PATH.fullmatch("/".join(path.split("/")[-2:]))
        if match is None:
            if "forms/" in path and path.endswith(".json"):
                self.report(
                    path, "", "フォームのファイル名に使えない文字があります。", "英数字と_の名前にしてください。"
                )
            return
        process = match["process"] or _SHARED
        name = (_SHARED if process == "workflows" else process, match["key"])
        document, findings = read_document(path, content)
        self.findings += findings
        if name in self.paths:
            self.report(path, "", f"同じフォームが2つあります（{self.paths[name]}）。", "1つにしてください。")
        elif document is not None:
            self.paths[name], self.documents[name] = path, document

    def _visible(self, process: str) -> dict[str, Mapping[str, Any]]:
        """What a form of this process may refer to: its neighbours and the shared forms."""
        shared: dict[str, Mapping[str, Any]] = {key: doc for (owner, key), doc in self.documents.items() if not owner}
        own = {key: doc for (owner, key), doc in self.documents.items() if owner == process}
        return {**shared, **own}

    def _form(self, process: str, key: str) -> tuple[Form | None, set[str]]:
        file = self.paths[process, key]
        before = len(self.findings)
        self._check_document(self.documents[process, key], key, file)
        resolver = Resolver(key, file, self._visible(process))
        document = resolver.resolved()
        self.findings += resolver.findings
        used = {self.paths.get((process, item)) or self.paths[_SHARED, item] for item in resolver.used}
        if document is None or len(self.findings) > before:
            return None, used
        form = _FormReader(file, key, document).form(process, self.findings)
        return form, used

    def _check_document(self, document: Mapping[str, Any], key: str, file: str) -> None:
        for name in document:
            if name not in DOCUMENT:
                self.report(file, "", f"「{name[:60]}」は使えません。", "key、title、schema、uiで書いてください。")
        if document.get("key") != key:
            self.report(
                file,
                "/key",
                f"keyがファイル名と違います（{str(document.get('key'))[:60]}）。",
                f"「{key}」にしてください。",
            )
        for name in ("title", "title_en", "description"):
            value = document.get(name, "" if name != "title" else None)
            if not isinstance(value, str) or len(value) > 400 or (name == "title" and not value):
                self.report(file, f"/{name}", f"{name}を400文字までの文字で書いてください。", "書き足してください。")
        if not isinstance(document.get("schema"), Mapping):
            self.report(file, "/schema", "schemaがありません。", "JSON Schemaのオブジェクトを書いてください。")


class _FormReader:
    """One resolved document to a form."""

    def __init__(self, file: str, key: str, document: Mapping[str, Any]) -> None:
        self.key, self.document = key, document
        self.reader = FieldReader(key, file)
        self.schema: Mapping[str, Any] = document["schema"]

    def form(self, process: str, findings: list[Finding]) -> Form | None:
        report = self.reader.report
        for name in self.schema:
            if name not in SCHEMA:
                report(
                    "/schema", f"「{str(name)[:60]}」は使えません。", "properties、required、allOfで書いてください。"
                )
        if self.schema.get("type") != "object" or self.schema.get("additionalProperties", False) is not False:
            report(
                "/schema", 'schemaのtypeは"object"で、additionalPropertiesは書かないかfalseです。', "直してください。"
            )
        if self.schema.get("$schema", _DIALECT) != _DIALECT:
            report("/schema/$schema", "JSON Schemaの版が違います。", f"「{_DIALECT}」にしてください。")
        fields = self._fields()
        self._check_conditions(fields)
        if not self.reader.findings:
            self._check_dialect()
            fields = tuple(replace(field, conditional=field.key in self._asked_at_times()) for field in fields)
        sections = LayoutReader(fields, report).read(self.document.get("ui"))
        findings += self.reader.findings
        if self.reader.findings:
            return None
        return Form(key=self.key, process_key=process, title=str(self.document["title"]),
                    title_en=str(self.document.get("title_en", "")), sections=sections,
                    fields=_ordered(fields, sections), schema=self.schema)  # fmt: skip

    def _fields(self) -> tuple[Field, ...]:
        properties = self.schema.get("properties")
        if not isinstance(properties, Mapping) or not properties:
            self.reader.report("/schema/properties", "欄（properties）がありません。", "1つ以上書いてください。")
            return ()
        required = self._names(self.schema.get("required", []), "/schema/required")
        fields = self.reader.read_all(properties, required, "/schema/properties")
        for name in required - {field.key for field in fields}:
            self.reader.report(
                "/schema/required", f"必須とされた欄がありません（{name[:60]}）。", "名前を確かめてください。"
            )
        return fields

    def _asked_at_times(self) -> frozenset[str]:
        """Keys of the fields that some condition makes necessary."""
        found: set[str] = set()
        for item in self.schema.get("allOf", []):
            for part in (item.get("then"), item.get("else"), *item.get("anyOf", [])):
                found.update(part.get("required", []) if isinstance(part, Mapping) else ())
        return frozenset(found)

    def _check_dialect(self) -> None:
        """What remains must be valid JSON Schema, since the API hands it out as such."""
        fault = _dialect_fault(msgspec.json.encode(self.schema))
        if fault is not None:
            place, message = fault
            self.reader.report(f"/schema{place}", f"JSON Schemaとして正しくありません（{message[:120]}）。")

    def _names(self, value: Any, pointer: str) -> frozenset[str]:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return frozenset(value)
        self.reader.report(pointer, "欄のキーの一覧で書いてください。", '["complaint"]のように書いてください。')
        return frozenset()

    def _check_conditions(self, fields: tuple[Field, ...]) -> None:
        keys = {field.key for field in fields}
        for field in fields:
            if field.default_if is not None and field.default_if not in keys:
                self.reader.report(
                    f"/schema/properties/{field.key}", "x-default-ifの欄がありません。", "直してください。"
                )
        items = self.schema.get("allOf", [])
        if not isinstance(items, list):
            self.reader.report("/schema/allOf", "allOfは一覧で書いてください。", "直してください。")
            return
        for index, item in enumerate(items):
            pointer = f"/schema/allOf/{index}"
            if not isinstance(item, Mapping) or set(item) - {"if", "then", "else", "anyOf", "$comment"}:
                self.reader.report(pointer, "条件はif、then、else（またはanyOf）で書いてください。", "直してください。")
                continue
            for part in ("if", "then", "else"):
                if part in item and check_condition(item[part], f"{pointer}/{part}", self.reader.report):
                    self._check_names(item[part], keys, f"{pointer}/{part}")
            if "anyOf" in item and check_condition({"anyOf": item["anyOf"]}, pointer, self.reader.report):
                self._check_names({"anyOf": item["anyOf"]}, keys, pointer)

    def _check_names(self, condition: Any, keys: set[str], pointer: str) -> None:
        """A condition about a field that does not exist would silently never hold."""
        if not isinstance(condition, Mapping):
            return
        named = {*condition.get("required", []), *condition.get("properties", {})}
        for name in sorted(named - keys):
            self.reader.report(pointer, f"条件に出てくる欄がありません（{name[:60]}）。", "名前を確かめてください。")
        for inner in (*condition.get("anyOf", []), *condition.get("allOf", []), condition.get("not")):
            self._check_names(inner, keys, pointer)


@lru_cache(maxsize=4096)
def _dialect_fault(schema: bytes) -> tuple[str, str] | None:
    """Where and why a schema is no JSON Schema; None for a good one. The same file is loaded for many versions."""
    try:
        Draft202012Validator.check_schema(msgspec.json.decode(schema))
    except SchemaError as error:
        return "".join(f"/{part}" for part in error.absolute_path), error.message
    return None


def _ordered(fields: tuple[Field, ...], sections: tuple[Any, ...]) -> tuple[Field, ...]:
    """All fields: those of the layout in its order (with their rules), then the hidden ones."""
    placed = [field for section in sections for field in section.fields]
    keys = {field.key for field in placed}
    return (*placed, *(field for field in fields if field.key not in keys))
