"""Publishing with checks, scenarios and a second person: prepare, ask, approve or refuse; and going back to a version.

One wish per process is open at a time. Everything that was found, tried and decided is kept with it. Going live is one
transaction on the version that was live when the wish was prepared: whoever published meanwhile wins, and the other is
told. A failure leaves the wish open and the live version as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from engine.definitions.checks import check_package
from engine.definitions.findings import Finding, Severity, errors_in
from engine.definitions.package import Package, package_of
from engine.domain.business_days import tokyo_date
from engine.domain.errors import DefinitionRefused, FormInvalid, FourEyes, NotAuthorised, NotFound, StaleVersion
from engine.domain.roles import Role
from engine.domain.staff import Actor
from engine.services import deployments, drafting, repairers
from engine.services.engine import Engine
from engine.services.publishing import check_context
from engine.storage import audit, notifications, publications
from engine.storage import definitions as store
from engine.storage.database import Connection
from engine.storage.publications import PublicationRow
from engine.storage.sql import new_id

APPROVING_ROLES = frozenset({Role.PROCESS_OWNER.value, Role.PROGRAMME_LEAD.value})
_TITLE = re.compile(r"^scenario:[ \t]*(.+)$", re.MULTILINE)


class Source(StrEnum):
    """Where the files of a wish come from."""

    DRAFT = "draft"  #: somebody's draft of the editor
    UPLOAD = "upload"  #: a diagram from elsewhere, with the forms and tables of the live version
    VERSION = "version"  #: an earlier version, to go back to


@dataclass(frozen=True)
class Material:
    """What is to become live. draft: id and revision of the draft from which the files were taken."""

    source: Source
    files: Mapping[str, bytes]
    draft: tuple[str, int] | None = None


def is_approver(actor: Actor) -> bool:
    """Whether the person may agree to what somebody else wants to publish."""
    return any(membership.role in APPROVING_ROLES for membership in actor.memberships)


def with_diagram(engine: Engine, process_key: str, diagram: bytes) -> Material:
    """A diagram with the forms and tables of the live version. Raises NotFound for a process that was never live."""
    with engine.database.read() as connection:
        files = _live_files(connection, process_key)
    return Material(Source.UPLOAD, {**files, "process.bpmn": diagram})


def of_version(engine: Engine, process_key: str, number: int) -> Material:
    """The files of a version, to go back to. Raises NotFound."""
    with engine.database.read() as connection:
        version = store.get(connection, store.versions_of(connection, process_key).get(number, ""))
    if version is None:
        raise NotFound("process")
    return Material(Source.VERSION, version.files)


def _live_files(connection: Connection, process_key: str) -> Mapping[str, bytes]:
    version = store.get(connection, store.live_versions(connection).get(process_key, ""))
    if version is None:
        raise NotFound("process")
    return version.files


# ---------------------------------------------------------------- preparing


def prepare(
    engine: Engine, actor: Actor, process_key: str, material: Material, *, again: bool = False, now: datetime
) -> str:
    """Check the material and keep it as the process's open wish; returns its id.

    Findings do not stop this: they are shown, and stop the request. again: in the place of one that is prepared and
    not yet asked for. Raises NotAuthorised, NotFound for a process that
    does not exist, FormInvalid when it is live already or another wish is open.
    """
    _require_owner(actor)
    package = _package(engine, process_key, material)
    with engine.database.read() as connection:
        base = store.live_versions(connection).get(process_key)
        version_id = store.find(connection, process_key, package.content_hash)
    if base is None and material.source is not Source.DRAFT:
        raise NotFound("process")
    if version_id is not None and version_id == base:
        raise FormInvalid({"source": "公開中の版と同じ内容です。変更してから準備してください。"})
    findings = check(engine, package)
    scenarios = () if errors_in(findings) else _scenarios(engine, process_key)
    publication_id = new_id()
    draft_id, revision = material.draft or (None, None)
    values = {
        "id": publication_id, "process_key": process_key,
        "kind": "roll_back" if material.source is Source.VERSION else "change", "source": material.source.value,
        "draft_id": draft_id, "draft_revision": revision, "content_hash": package.content_hash,
        "base_version_id": base, "version_id": version_id, "findings": [asdict(finding) for finding in findings],
        "reason": "", "state": "prepared", "prepared_by": actor.staff_id, "prepared_at": now,
    }  # fmt: skip
    with engine.database.write() as connection:
        if again:
            _replace(connection, actor, process_key, now)
        if not publications.add(connection, values, package.files):
            raise FormInvalid(
                {"source": "このプロセスには、決まっていない公開の準備があります。先にそれを終えてください。"}
            )
        publications.add_scenarios(
            connection, [{"publication_id": publication_id, "state": "waiting", "lines": [], **s} for s in scenarios]
        )
        _note(connection, actor, "publication.prepared", publication_id, process_key, now,
              errors=len(errors_in(findings)), source=material.source.value)  # fmt: skip
    return publication_id


def _replace(connection: Connection, actor: Actor, process_key: str, now: datetime) -> None:
    """Give up what is prepared and not yet asked for; something that was asked for stays, and is in the way."""
    wish = publications.latest(connection, process_key)
    decided = {"state": "withdrawn", "decided_by": actor.staff_id, "decided_at": now}
    if wish is not None and publications.advance(connection, wish.id, "prepared", decided):
        _note(connection, actor, "publication.withdrawn", wish.id, process_key, now, reason="")


def of_draft(engine: Engine, actor: Actor, process_key: str) -> Material:
    """The open draft as it is now. Raises NotFound where none is open, NotAuthorised."""
    draft = drafting.current(engine, actor, process_key)
    if draft is None:
        raise NotFound("draft")
    files = drafting.files(engine, actor, process_key, draft.revision)
    return Material(Source.DRAFT, files, (draft.id, draft.revision))


def _package(engine: Engine, process_key: str, material: Material) -> Package:
    """As published: files of a version as they are, others completed with shared forms that they begin to use."""
    shared = None if material.source is Source.VERSION else engine.settings.workflows / deployments.SHARED_FORMS
    return package_of(process_key, material.files, shared)


def check(engine: Engine, package: Package) -> tuple[Finding, ...]:
    """Everything that is wrong with a package beside what is live now; errors first."""
    others = [
        deployed.model for deployed in engine.definitions.all_live() if deployed.process_key != package.process_key
    ]
    return check_package(package, check_context(engine.reference, others))


def _scenarios(engine: Engine, process_key: str) -> tuple[dict[str, str], ...]:
    return tuple({"file": path.name, "title": _title(path)} for path in scenario_files(engine, process_key))


def scenario_files(engine: Engine, process_key: str) -> tuple[Path, ...]:
    """The scenarios that belong to a process of this installation."""
    return tuple(sorted((engine.settings.workflows / process_key / "scenarios").glob("*.yaml")))


def _title(path: Path) -> str:
    found = _TITLE.search(path.read_text(encoding="utf-8"))
    return found[1].strip() if found else path.stem


# ---------------------------------------------------------------- asking and deciding


def request(
    engine: Engine, actor: Actor, process_key: str, *, reason: str, accepts_differences: bool = False, now: datetime
) -> str:
    """Ask for approval, or publish at once where this installation asks for none; returns the new state.

    Raises FormInvalid without a reason, while scenarios still run, or when one came out otherwise and the person does
    not say that this is meant; DefinitionRefused with all findings; NotFound without an open wish.
    """
    _require_owner(actor)
    wish = _open(engine, process_key, "prepared")
    repairers.require_reason(reason)
    refused = errors_in(read_findings(wish))
    if refused:
        raise DefinitionRefused(refused)
    _require_tried(engine, wish, accepts_differences)
    asked = {"reason": reason.strip(), "requested_by": actor.staff_id, "requested_at": now}
    if not engine.settings.publish_approval:
        _go_live(engine, actor, wish, asked, now)
        return "live"
    with engine.database.write() as connection:
        if not publications.advance(connection, wish.id, "prepared", {"state": "requested", **asked}):
            raise StaleVersion(wish.id)
        _note(connection, actor, "publication.requested", wish.id, process_key, now,
              reason=reason.strip(), differs=accepts_differences)  # fmt: skip
        deciding = publications.holders(connection, APPROVING_ROLES, tokyo_date(now))
        _tell(connection, wish, "requested", {*deciding} - {actor.staff_id, wish.prepared_by}, now)
    return "requested"


def _require_tried(engine: Engine, wish: PublicationRow, accepts_differences: bool) -> None:
    with engine.database.read() as connection:
        states = {scenario.state for scenario in publications.scenarios_of(connection, wish.id)}
    if "waiting" in states:
        raise FormInvalid({"scenarios": "想定ケースをまだ試しています。終わってから、もう一度行ってください。"})
    if states - {"passed"} and not accepts_differences:
        raise FormInvalid({"accepts": "想定ケースと違う結果があります。確かめて、印を付けてください。"})


def approve(engine: Engine, actor: Actor, process_key: str, *, note: str = "", now: datetime) -> None:
    """Agree to what somebody else asked for; it is live afterwards.

    Raises NotAuthorised, FourEyes for who prepared or asked for it, NotFound without a request, DefinitionRefused when
    it no longer fits what is live beside it, StaleVersion when another version went live meanwhile.
    """
    wish = _decided_by(engine, actor, process_key)
    _go_live(engine, actor, wish, {"decision_note": note.strip()}, now)


def refuse(engine: Engine, actor: Actor, process_key: str, *, note: str, now: datetime) -> None:
    """Send back what somebody else asked for, with the reason."""
    wish = _decided_by(engine, actor, process_key)
    repairers.require_reason(note)
    _close(engine, actor, wish, "refused", note.strip(), now)


def withdraw(engine: Engine, actor: Actor, process_key: str, *, now: datetime) -> None:
    """Give up an open wish; any process owner may. Nothing was published by it."""
    _require_owner(actor)
    _close(engine, actor, _open(engine, process_key, "prepared", "requested"), "withdrawn", "", now)


def _decided_by(engine: Engine, actor: Actor, process_key: str) -> PublicationRow:
    if not is_approver(actor):
        raise NotAuthorised("publication.approve")
    wish = _open(engine, process_key, "requested")
    if actor.staff_id in (wish.prepared_by, wish.requested_by):
        raise FourEyes("publication.approve")
    return wish


def _close(engine: Engine, actor: Actor, wish: PublicationRow, state: str, note: str, now: datetime) -> None:
    decided = {"state": state, "decided_by": actor.staff_id, "decided_at": now, "decision_note": note}
    with engine.database.write() as connection:
        if not publications.advance(connection, wish.id, wish.state, decided):
            raise StaleVersion(wish.id)
        _note(connection, actor, f"publication.{state}", wish.id, wish.process_key, now, reason=note)
        _tell(connection, wish, state, {wish.prepared_by, wish.requested_by} - {actor.staff_id}, now)


def _go_live(engine: Engine, actor: Actor, wish: PublicationRow, decided: Mapping[str, Any], now: datetime) -> None:
    """Make the files of a wish live. decided: what is noted of it besides who and when."""
    key = wish.process_key
    with engine.database.read() as connection:
        package = package_of(key, publications.files_of(connection, wish.id))
    findings = check(engine, package)
    if errors_in(findings):
        raise DefinitionRefused(findings)
    values = {"state": "live", "decided_by": actor.staff_id, "decided_at": now, **decided}
    by, reason = decided.get("requested_by", wish.requested_by), decided.get("reason", wish.reason)
    with engine.database.write() as connection:
        if wish.base_version_id is not None:
            publications.lock_base(connection, wish.base_version_id)
        live = store.live_versions(connection)
        if live.get(key) != wish.base_version_id or not publications.advance(connection, wish.id, wish.state, values):
            raise StaleVersion(wish.id)
        result = deployments.make_live(connection, package, findings, live, by=by, reason=reason, now=now)
        publications.advance(connection, wish.id, "live", {"version_id": result.version_id})
        if wish.draft_id is not None and wish.draft_revision is not None:
            drafting.close_published(connection, actor, wish.draft_id, wish.draft_revision, result.version_id, now)
        _note(connection, actor, "publication.live", wish.id, key, now, version=result.number)
        _tell(connection, wish, "live", {wish.prepared_by, wish.requested_by} - {actor.staff_id}, now)
        deployments.note(connection, [result], by=by, reason=reason, now=now)


# ---------------------------------------------------------------- reading


def read_findings(wish: PublicationRow) -> tuple[Finding, ...]:
    """What the checks found when it was prepared; errors first."""
    return tuple(Finding(**{**found, "severity": Severity(found["severity"])}) for found in wish.findings)


def files_of(engine: Engine, publication_id: str) -> Mapping[str, bytes]:
    """The files of a wish by their path in the package."""
    with engine.database.read() as connection:
        return publications.files_of(connection, publication_id)


def _open(engine: Engine, process_key: str, *states: str) -> PublicationRow:
    with engine.database.read() as connection:
        wish = publications.latest(connection, process_key)
    if wish is None or wish.state not in states:
        raise NotFound("publication") if wish is None else StaleVersion(wish.id)
    return wish


def _require_owner(actor: Actor) -> None:
    if not repairers.is_process_owner(actor):
        raise NotAuthorised("publication.prepare")


def _tell(connection: Connection, wish: PublicationRow, state: str, people: Set[str | None], now: datetime) -> None:
    """Tell people what became of a wish; the mail of the day says so, too. The notice leads to the process."""
    notifications.add(
        connection, sorted(person for person in people if person), about=f"publication.{state}/{wish.process_key}",
        case_id=None, task_id=None, key=f"publication:{wish.id}:{state}", at=now,
    )  # fmt: skip


def _note(
    connection: Connection, actor: Actor, act: str, publication_id: str, process_key: str, now: datetime, **facts: Any
) -> None:
    data = {"publication": publication_id, "process": process_key, **facts}
    audit.append(connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act=act, data=data)
