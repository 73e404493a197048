"""``tsunagu validate``: everything that is wrong with process definitions, before anybody publishes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import click

from engine.bootstrap import register_operations
from engine.definitions.checks import check_package
from engine.definitions.context import CheckContext
from engine.definitions.findings import Finding, as_json, as_text, errors_in
from engine.definitions.model import BpmnModel, read_model
from engine.definitions.package import PROCESS_FILE, Package, package_of, read_package
from engine.definitions.rulebook import Report
from engine.definitions.xml import MAX_BYTES
from engine.domain.errors import DefinitionRefused
from engine.domain.roles import Role
from engine.reference.loader import load
from engine.reference.model import Reference
from engine.services.publishing import check_context, trial_parse


@dataclass(frozen=True)
class _Subject:
    """A package to check, how its files are named in the output, and whether its forms lie beside it."""

    package: Package
    place: str
    alone: bool = False


@click.command()
@click.argument("paths", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_data", is_flag=True, help="結果をJSONで出す")
@click.option(
    "--workflows",
    type=click.Path(path_type=Path),
    default=None,
    help="ほかのプロセスと参照データのあるフォルダー（省くと FILE の置き場所から探す）",
)
@click.pass_context
def validate(command: click.Context, paths: tuple[Path, ...], as_data: bool, workflows: Path | None) -> None:
    """プロセスの定義（.bpmnのファイルかフォルダー）を調べ、直すところをすべて示します。

    一つでも誤りがあると、終了コードは1です。
    """
    findings = [finding for path in paths for finding in findings_of(path, workflows)]
    click.echo(as_json(findings) if as_data else _shown(findings))
    command.exit(1 if errors_in(findings) else 0)


def findings_of(path: Path, workflows: Path | None = None) -> list[Finding]:
    """All findings of a diagram, of a process folder, or of a folder of processes. Never raises for what they hold."""
    subjects = _subjects(path)
    if not subjects:
        return [Report(str(path)).finding("package.missing")]
    root = workflows or _root_of(path)
    reference = load(root) if root is not None else None
    models = _models(root, subjects)
    found: list[Finding] = []
    for subject in subjects:
        context = _context(subject, reference, models if root is not None else None)
        found += [_placed(subject, finding) for finding in check_package(subject.package, context)]
    return found


def _subjects(path: Path) -> list[_Subject]:
    if path.is_dir():
        folders = (
            [path] if (path / PROCESS_FILE).is_file() else sorted(p.parent for p in path.glob(f"*/{PROCESS_FILE}"))
        )
        return [_Subject(read_package(folder, folder.resolve().parent / "forms"), str(folder)) for folder in folders]
    if not path.is_file():
        return []
    if path.name == PROCESS_FILE:
        return _subjects(path.parent)
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    model = _model(content)
    key = model.process_id if model is not None else path.stem
    return [_Subject(package_of(key, {PROCESS_FILE: content}, beside=_root_of(path)), str(path), alone=True)]


def _root_of(path: Path) -> Path | None:
    """The folder with the reference data around a path: itself or the nearest above it."""
    resolved = path.resolve()
    return next((folder for folder in (resolved, *resolved.parents) if (folder / "reference").is_dir()), None)


def _models(root: Path | None, subjects: list[_Subject]) -> dict[str, BpmnModel]:
    """The models of all processes in reach, by process id; what is to be checked comes first."""
    files = sorted(root.glob(f"*/{PROCESS_FILE}")) if root is not None else []
    models = [_model(file.read_bytes()) for file in files] + [_model(s.package.bpmn) for s in subjects]
    return {model.process_id: model for model in models if model is not None}


def _model(content: bytes) -> BpmnModel | None:
    try:
        return read_model(content)
    except DefinitionRefused:
        return None


def _context(subject: _Subject, reference: Reference | None, models: dict[str, BpmnModel] | None) -> CheckContext:
    if reference is None or models is None:
        return CheckContext(roles=frozenset(role.value for role in Role), trial=trial_parse)
    register_operations()
    others = [model for key, model in models.items() if key != subject.package.process_key]
    context = check_context(reference, others)
    return replace(context, forms=None) if subject.alone else context


def _placed(subject: _Subject, finding: Finding) -> Finding:
    folder = Path(subject.place)
    if finding.file.startswith(tuple(f"{key}/" for key in subject.package.called)):
        beside = _root_of(folder) if subject.alone else folder.resolve().parent
        return replace(finding, file=str((beside or folder.parent) / finding.file))
    if subject.alone:
        return replace(finding, file=subject.place)
    inside = finding.file.removeprefix(f"{subject.package.process_key}/")
    return replace(finding, file=str(folder.parent / inside if inside.startswith("forms/") and inside == finding.file
                                     else folder / inside))  # fmt: skip


def _shown(findings: list[Finding]) -> str:
    errors, advice = len(errors_in(findings)), len(findings) - len(errors_in(findings))
    lines = [as_text(findings)] if findings else []
    lines.append(f"誤り{errors}件、助言{advice}件" if findings else "誤りはありません。")
    return "\n".join(lines)
