"""What the editor needs of this installation: the words to choose from, the checks, and what two drafts differ in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.definitions.elements import CALLED_ENTRY, BpmnModel
from engine.definitions.findings import Finding
from engine.definitions.model import read_model
from engine.definitions.package import PROCESS_FILE, package_of
from engine.domain.errors import DefinitionRefused
from engine.domain.staff import Actor
from engine.expressions.functions import FUNCTION_NAMES
from engine.forms.library import FormLibrary
from engine.services import comparing, deployments, drafting, publications
from engine.services.comparing import Change
from engine.services.engine import Engine
from engine.services.operations.registry import registered


def findings(engine: Engine, actor: Actor, process_key: str, diagram: bytes) -> tuple[Finding, ...]:
    """Everything that is wrong with a diagram beside the other files of the open draft; errors first, nothing is kept.

    The rules are those of publishing. Raises NotFound where no draft is open, NotAuthorised.
    """
    files = drafting.files_with(engine, actor, process_key, diagram)
    shared = engine.settings.workflows / deployments.SHARED_FORMS  # as publishing completes them
    return publications.check(engine, package_of(process_key, files, shared))


def model_of(files: Mapping[str, bytes]) -> BpmnModel | None:
    """The model of a draft's diagram, or None while it cannot be read."""
    try:
        return read_model(files[PROCESS_FILE])
    except (DefinitionRefused, KeyError):
        return None


def differences(process_key: str, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[Change, ...] | None:
    """What differs between two drafts; None when one of them cannot be read."""
    try:
        old, new = (comparing.contents_of(process_key, files) for files in (before, after))
    except (DefinitionRefused, KeyError):
        return None
    return comparing.compare(old, new)


def facts(engine: Engine, actor: Actor, process_key: str) -> dict[str, Any]:
    """What may be chosen in the properties of an element: codes with their Japanese names, as plain JSON values.

    Raises NotFound where no draft is open, NotAuthorised.
    """
    files, own = drafting.files(engine, actor, process_key), f"{process_key}/decisions/"
    models = {d.process_key: d.model for d in engine.definitions.all_live()}
    return {
        "roles": [{"code": role.value, "name": role.name_ja} for role in engine.reference.roles],
        "ladders": [*engine.reference.ladders, "none"],
        "forms": sorted(_forms(engine, process_key, files), key=lambda form: form["key"]),
        "operations": [_operation(name) for name in sorted(registered())],
        "decisions": sorted(p.removeprefix(own).removesuffix(".dmn") for p in files if p.startswith(own)),
        "processes": [
            {"key": key, "name": model.name}
            for key, model in models.items()
            if key != process_key and any(entry.name == CALLED_ENTRY for entry in model.entries)
        ],
        "messages": sorted({name for model in models.values() for name in _messages(model)}),
        "functions": sorted(FUNCTION_NAMES),
    }


def _forms(engine: Engine, process_key: str, files: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    """Forms of the process and shared ones, with the variables that they fill where that can be told."""
    own, shared = f"{process_key}/forms/", engine.settings.workflows / deployments.SHARED_FORMS
    titles = {path: content for path, content in files.items() if path.startswith((own, "forms/"))}
    titles |= {
        f"forms/{file.name}": file.read_bytes()
        for file in sorted(shared.glob("*.json"))
        if f"forms/{file.name}" not in titles
    }
    readable = _library({path: content for path, content in files.items() if path.endswith(".json")})
    seen: set[str] = set()
    for path, content in titles.items():
        key = path.rpartition("/")[2].removesuffix(".json")
        if key not in seen:
            seen.add(key)
            yield {"key": key, "title": _title(content, key), "own": path.startswith(own),
                   "variables": _variables(readable, key, process_key)}  # fmt: skip


def _library(files: Mapping[str, bytes]) -> FormLibrary | None:
    try:
        return FormLibrary.load(files)
    except DefinitionRefused:
        return None


def _variables(library: FormLibrary | None, key: str, process_key: str) -> list[str]:
    if library is None or not (library.has(key, process_key) or library.has(key)):
        return []
    return [field.variable for field in library.form(key, process_key).fields if field.variable is not None]


def _title(content: bytes, key: str) -> str:
    try:
        found = json.loads(content)
    except ValueError:
        return key
    title = found.get("title") if isinstance(found, dict) else None
    return title if isinstance(title, str) else key


def _operation(name: str) -> dict[str, Any]:
    info = registered()[name]
    first = info.description.splitlines()[0] if info.description else ""
    return {"name": name, "description": first, "inputs": list(info.inputs), "outputs": list(info.outputs)}


def _messages(model: BpmnModel) -> Iterator[str]:
    for element in model.elements.values():
        if element.message:
            yield element.message
    for entry in model.entries:
        if entry.message:
            yield entry.message
