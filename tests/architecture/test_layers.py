"""Dependencies point one way, and no module knows what its layer may not know (docs/architecture.md, section 1)."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("engine", "web", "scheduler")
#: layer -> what of ours its modules may import (besides themselves)
MAY_IMPORT = {
    "engine.domain": (),
    "engine.ports": (),
    "engine.config": (),
    "engine.expressions": ("engine.domain",),
    "engine.decisions": ("engine.domain",),
    "engine.bpmn": ("engine.domain", "engine.expressions"),
    "engine.forms": ("engine.domain",),
    "engine.reference": ("engine.domain",),
    "engine.definitions": ("engine.domain", "engine.expressions", "engine.decisions", "engine.bpmn"),
    "engine.storage": ("engine.domain",),
    "engine.queries": ("engine.domain", "engine.storage", "engine.services.engine", "engine.services.deployed",
                       "engine.services.form_context", "engine.services.operations.registry", "engine.forms",
                       "engine.definitions", "engine.decisions", "engine.bpmn.api", "engine.reference"),
    "engine.services": ("engine.domain", "engine.ports", "engine.config", "engine.expressions", "engine.bpmn",
                        "engine.decisions", "engine.forms", "engine.reference", "engine.definitions",
                        "engine.storage", "engine.queries"),
    "scheduler": ("engine.bootstrap", "engine.config", "engine.services", "engine.domain", "engine.ports"),
    "web": ("engine.bootstrap", "engine.config", "engine.services", "engine.queries", "engine.domain", "engine.forms",
            "engine.definitions", "engine.reference", "engine.ports"),
}  # fmt: skip
#: library -> the packages that may know of it
ONLY_IN = {
    "sqlalchemy": ("engine.storage", "engine.queries"),
    "alembic": ("engine.storage",),
    "SpiffWorkflow": ("engine.bpmn",),
    "flask": ("web",),
    "apscheduler": ("scheduler",),
    "click": ("engine.cli", "engine.commands"),
    "bpmn_io": ("engine.definitions",),
    "jsonschema": ("engine.forms", "engine.scenarios"),
}


def _modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "node_modules" in path.parts or "versions" in path.parts:
                continue
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path


MODULES = dict(_modules())


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    """(module imported, whether for types only)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    type_only = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and "TYPE_CHECKING" in ast.dump(test.test)
        for node in ast.walk(test)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in type_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module, id(node) in type_only
            yield from ((f"{node.module}.{alias.name}", id(node) in type_only) for alias in node.names)


def _within(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)


def _layer(module: str) -> str | None:
    return next((layer for layer in MAY_IMPORT if _within(module, (layer,))), None)


@pytest.mark.parametrize("module", [m for m in MODULES if _layer(m)])
def test_a_module_imports_only_what_its_layer_may_know(module: str) -> None:
    layer = _layer(module)
    assert layer is not None
    allowed = (layer, *MAY_IMPORT[layer])
    ours = {name for name, type_only in _imports(MODULES[module]) if name in MODULES and not type_only}
    wrong = sorted(name for name in ours - set(PACKAGES) if not _within(name, allowed))
    assert wrong == [], f"{module} ({layer}) may not import {wrong}: move the code, or mend docs/architecture.md first"


@pytest.mark.parametrize("module", list(MODULES))
def test_a_library_is_known_only_where_it_belongs(module: str) -> None:
    wrong = sorted(
        name for name, type_only in _imports(MODULES[module])
        for library, homes in ONLY_IN.items()
        if _within(name, (library,)) and not type_only and not _within(module, homes)
    )  # fmt: skip
    assert wrong == [], f"{module} imports {wrong}; only {ONLY_IN} may"


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        module: {
            name for name, type_only in _imports(path) if name in MODULES and name != module and not type_only
        }
        for module, path in MODULES.items()
    }  # fmt: skip
    seen: dict[str, int] = {}

    def visit(module: str, trail: tuple[str, ...]) -> None:
        if seen.get(module) == 1:
            pytest.fail("circle: " + " -> ".join((*trail[trail.index(module) :], module)))
        if module in seen:
            return
        seen[module] = 1
        for other in sorted(graph[module]):
            visit(other, (*trail, module))
        seen[module] = 2

    for module in graph:
        visit(module, ())


def test_domain_imports_only_the_standard_library() -> None:
    import sys

    for module, path in MODULES.items():
        if _within(module, ("engine.domain",)):
            outside = {
                name.split(".")[0] for name, _ in _imports(path)
                if name.split(".")[0] not in sys.stdlib_module_names and not _within(name, ("engine.domain",))
            }  # fmt: skip
            assert outside - {"engine"} == set(), module


def test_package_roots_hold_no_application_objects() -> None:
    for module, path in MODULES.items():
        if path.name == "__init__.py" and module.count(".") <= 1 and not module.startswith("web"):
            body = ast.parse(path.read_text(encoding="utf-8")).body
            assert all(isinstance(n, (ast.Expr, ast.ImportFrom, ast.Import, ast.Assign)) for n in body), module


# ---------------------------------------------------------------- what no file may hold

_TRACKED = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
_FOREIGN = re.compile(r"\.\./shared|/work/|(?<![\w/-])(?:domain|design|style|scenario-format)\.md")
#: quotes of a source list that is kept word for word, and this rule itself
_EXCEPT = {"workflows/reference/form_fields.csv", "tests/architecture/test_layers.py"}


@pytest.mark.skipif(not _TRACKED, reason="not a git checkout: the list of files is not known")
def test_no_file_speaks_of_what_its_readers_do_not_have() -> None:
    found = []
    for name in _TRACKED:
        path = ROOT / name
        if name in _EXCEPT or not path.is_file() or path.suffix in {".png", ".woff2", ".sqlite3"}:
            continue
        match = _FOREIGN.search(path.read_text(encoding="utf-8", errors="ignore"))
        if match:
            found.append(f"{name}: {match.group()}")
    assert found == []


def test_only_one_function_stores_sealed_values() -> None:
    """Encryption must stay one change: nothing else knows the stored form."""
    knows = [m for m, path in MODULES.items() if '"plain:"' in path.read_text(encoding="utf-8")]
    assert knows == ["engine.storage.sealing"]
