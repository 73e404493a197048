"""Publishing process definitions: check them together, store what is new, make it live in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from engine.definitions.checks import check_package
from engine.definitions.elements import BpmnModel
from engine.definitions.findings import Finding, errors_in
from engine.definitions.model import read_model
from engine.definitions.package import PROCESS_FILE, Package, read_package
from engine.domain.errors import DefinitionRefused
from engine.services.engine import Engine
from engine.services.publishing import check_context
from engine.storage import audit
from engine.storage import definitions as store

SHARED_FORMS = "forms"


@dataclass(frozen=True)
class DeployResult:
    """What became of one process. published: False when this content was live already."""

    process_key: str
    version_id: str
    number: int
    published: bool
    advice: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Checked:
    """Packages of a folder with everything found in them; file names begin with the process key."""

    packages: tuple[Package, ...]
    findings: tuple[Finding, ...]

    @property
    def accepted(self) -> bool:
        """Whether all of them may be published."""
        return bool(self.packages) and not errors_in(self.findings)


def deploy_folder(engine: Engine, folder: Path, *, by: str | None, reason: str, now: datetime) -> list[DeployResult]:
    """Publish every process in ``folder`` (``<key>/process.bpmn``; shared forms in ``forms/``): all or none.

    A folder that is itself one process is published alone, with the shared forms beside it. What is live with the same
    content stays untouched. by: staff id, None for the installation itself. Raises DefinitionRefused with all findings.
    """
    checked = check_folder(engine, folder)
    if not checked.accepted:
        raise DefinitionRefused(checked.findings or (_nothing(folder),))
    with engine.database.write() as connection:
        live = store.live_versions(connection)
        results = [_publish(connection, p, checked, live, by=by, reason=reason, now=now) for p in checked.packages]
        note(connection, [result for result in results if result.published], by=by, reason=reason, now=now)
    return results


def check_folder(engine: Engine, folder: Path) -> Checked:
    """Read and check the packages of a folder against each other and against what is live; changes nothing."""
    packages = tuple(read_package(path, _shared_forms(folder, path)) for path in _process_folders(folder))
    models = {package.process_key: _model(package) for package in packages}
    known = {deployed.process_key: deployed.model for deployed in engine.definitions.all_live()}
    known |= {key: model for key, model in models.items() if model is not None}
    findings: list[Finding] = []
    for package in packages:
        others = [model for key, model in known.items() if key != package.process_key]
        found = check_package(package, check_context(engine.reference, others))
        findings += [_placed(package, finding) for finding in found]
    return Checked(packages, tuple(dict.fromkeys(findings)))


def _process_folders(folder: Path) -> list[Path]:
    if (folder / PROCESS_FILE).is_file():
        return [folder]
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if (path / PROCESS_FILE).is_file())


def _shared_forms(folder: Path, process: Path) -> Path:
    return (process.resolve().parent if folder == process else folder) / SHARED_FORMS


def _model(package: Package) -> BpmnModel | None:
    try:
        return read_model(package.bpmn)
    except DefinitionRefused:  # the checks of the package itself say why
        return None


def _placed(package: Package, finding: Finding) -> Finding:
    """The finding with its file named from the folder of all processes; those of called processes are already."""
    folders = ("forms/", f"{package.process_key}/", *(f"{key}/" for key in package.called))
    if finding.file.startswith(folders):
        return finding
    return replace(finding, file=f"{package.process_key}/{finding.file}")


def _nothing(folder: Path) -> Finding:
    text = "プロセスの定義がありません。"
    return Finding(str(folder), "", "package.missing", text, f"<プロセスのキー>/{PROCESS_FILE} を置いてください。")


def _publish(
    connection: Any, package: Package, checked: Checked, live: dict[str, str], *, by: str | None, reason: str,
    now: datetime,
) -> DeployResult:  # fmt: skip
    advice = tuple(f for f in checked.findings if f.file.startswith(f"{package.process_key}/"))
    return make_live(connection, package, advice, live, by=by, reason=reason, now=now)


def make_live(
    connection: Any, package: Package, advice: Sequence[Finding], live: Mapping[str, str], *, by: str | None,
    reason: str, now: datetime,
) -> DeployResult:  # fmt: skip
    """Store a checked package where its content is new, and make it live; inside the caller's transaction.

    live: process key -> version that is live now. The audit event is the caller's.
    """
    key = package.process_key
    version_id = store.find(connection, key, package.content_hash)
    if version_id is None:
        version_id = store.add(
            connection, process_key=key, name=_name(package), content_hash=package.content_hash, files=package.files,
            engine_version=engine_version(), now=now,
        )  # fmt: skip
    published = live.get(key) != version_id
    if published:
        checks = {"advice": [finding.rule for finding in advice], "hash": package.content_hash}
        store.deploy(
            connection, process_key=key, version_id=version_id, by=by, reason=reason, checks=checks, now=now
        )  # fmt: skip
    number = store.number_of(connection, version_id)
    return DeployResult(key, version_id, number, published, tuple(advice))


def _name(package: Package) -> str:
    model = read_model(package.bpmn)
    return model.name or package.process_key


def engine_version() -> str:
    """The version of this software."""
    try:
        return version("tsunagu")
    except PackageNotFoundError:
        return "0"


def note(connection: Any, published: Sequence[DeployResult], *, by: str | None, reason: str, now: datetime) -> None:
    """The audit event of each process that was made live, on the chain of the installation."""
    for result in published:
        audit.append(
            connection, chain=audit.SYSTEM_CHAIN, at=now, actor=by or "system", act="definition.deployed",
            data={"process": result.process_key, "version": result.number, "id": result.version_id, "reason": reason},
        )  # fmt: skip


def live_keys(engine: Engine) -> list[str]:
    """Keys of the processes that have a live version."""
    with engine.database.read() as connection:
        return sorted(store.live_versions(connection))


def version_ids(engine: Engine, process_key: str) -> dict[int, str]:
    """The versions of a process: number -> id."""
    with engine.database.read() as connection:
        return store.versions_of(connection, process_key)


def keys_in(folder: Path) -> tuple[str, ...]:
    """Keys of the processes whose files lie in a folder."""
    return tuple(path.resolve().name for path in _process_folders(folder))


def changed(engine: Engine) -> list[str]:
    """Keys of the processes whose files differ from what is live.

    New files that were never published are left out, and what people publish on the pages: that is meant to differ.
    """
    folder = engine.settings.workflows
    found = []
    with engine.database.read() as connection:
        live = store.live_versions(connection)
        of_people = store.published_by_people(connection)
        for path in _process_folders(folder):
            if path.name in of_people:
                continue
            package = read_package(path, _shared_forms(folder, path))
            if live.get(package.process_key) not in (
                None,
                store.find(connection, package.process_key, package.content_hash),
            ):
                found.append(package.process_key)
    return found
