"""What all commands share: settings, an engine on a ready database, and refusals in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from engine.bootstrap import build
from engine.config import ConfigurationError, Settings, from_environment
from engine.definitions.findings import Finding, as_text
from engine.domain.errors import DefinitionRefused, FormInvalid, NotFound, StorageUnavailable
from engine.reference.files import ReferenceFileInvalid
from engine.services import installation
from engine.services.engine import Engine

FAILED, UNUSABLE = 1, 2  #: exit codes: refused or found something; called wrongly or a setting is wrong


class Refused(click.ClickException):
    """The command cannot be carried out; the text says why and what to do."""

    exit_code = FAILED

    def show(self, file: Any = None) -> None:
        """The text alone, on standard error."""
        click.echo(self.message, err=True, file=file)


class Unusable(Refused):
    """A setting or a file that belongs to the installation is wrong."""

    exit_code = UNUSABLE


class Commands(click.Group):
    """The commands; what the engine refuses ends with its sentence instead of a trace."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except ConfigurationError as problem:
            raise Unusable(f"設定に誤りがあります。{problem}") from problem
        except ReferenceFileInvalid as problem:
            raise Unusable(f"参照データに誤りがあります。{problem}") from problem
        except StorageUnavailable as problem:
            raise Refused(f"データベースを使えません（{problem}）。{LOOK_AT_DATABASE}") from problem
        except FormInvalid as problem:
            raise Refused("\n".join(problem.fields.values())) from problem
        except NotFound as problem:
            raise Refused("見つかりません。ログインIDなどを確かめてください。") from problem
        except DefinitionRefused as problem:
            raise Refused(f"{findings_text(problem)}\n公開していません。") from problem
        except installation.WrongPurpose as problem:
            raise Refused(WRONG_PURPOSE[str(problem)]) from problem


LOOK_AT_DATABASE = (
    "データベースが動いているか、TSUNAGU_DATABASE_URL とディスクの空きを確かめて、もう一度行ってください。"
)
WRONG_PURPOSE = {
    installation.Purpose.DEMO.value: (
        "このデータベースはデモ用です。実際の利用には、別のデータベースを TSUNAGU_DATABASE_URL に指定してください。"
    ),
    installation.Purpose.REAL.value: (
        "このデータベースには実際のデータがあります。デモには使えません。TSUNAGU_DATABASE_URL を確かめてください。"
    ),
}


def findings_text(refusal: DefinitionRefused) -> str:
    """All findings, two lines each."""
    return as_text([f for f in refusal.findings if isinstance(f, Finding)]) or "\n".join(map(str, refusal.findings))


def settings() -> Settings:
    """The settings of this process. Raises ConfigurationError."""
    return from_environment()


@contextmanager
def opened(wanted: Settings | None = None, *, ready: bool = True) -> Iterator[Engine]:
    """An engine; with ``ready`` on a database that is there and has the schema of this software. Raises Refused."""
    engine = build(wanted or settings())
    try:
        if ready:
            require_ready(engine)
        yield engine
    finally:
        engine.database.dispose()


def require_ready(engine: Engine) -> None:
    """Raises Refused for a database that cannot be reached, or whose schema is another."""
    check = installation.database_check(engine)
    if check.state is installation.State.BAD:
        raise Refused(f"データベースが使えません。{check.text}")


def say(text: str = "") -> None:
    """A line on standard output."""
    click.echo(text)
