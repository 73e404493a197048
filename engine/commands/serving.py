"""``tsunagu serve``, ``scheduler``, ``demo``: run the product, in parts or with invented cases."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import replace

import click

from engine.commands.installing import bring_up_to_date
from engine.commands.terminal import Refused, opened, say, settings
from engine.config import ROOT, Settings
from engine.services import deployments, installation, reference_data
from engine.services.installation import Purpose
from engine.supervisor import Supervisor

DEMO_DATABASE = ROOT / "var" / "demo.sqlite3"


@click.command()
@click.option("--demo", "as_demo", is_flag=True, help="作り物のケースで試す（データベースがなければ作る）")
@click.pass_context
def serve(command: click.Context, as_demo: bool) -> None:
    """画面とスケジューラーを動かします。止めるには Ctrl+C を押すか、SIGTERM を送ります。"""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    wanted = _demo_settings() if as_demo else settings()
    bring_up_to_date(wanted)
    with opened(wanted) as engine:
        if not as_demo and installation.purpose(engine) is Purpose.DEMO:
            raise Refused("このデータベースはデモ用です。tsunagu serve --demo で始めてください。")
        reference_data.load(engine.database, engine.reference)
    if as_demo:
        _show_demo(wanted)
    else:
        _warn_of_nothing(wanted)
    say(f"{wanted.base_url or f'http://{wanted.host}:{wanted.port}'} で始めます。止めるには Ctrl+C を押してください。")
    sys.stdout.flush()
    command.exit(Supervisor(_environment(wanted)).run())


@click.command()
def scheduler() -> None:
    """スケジューラーだけを動かします（2台目以降の機械で使います）。"""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "scheduler"])


@click.command()
def demo() -> None:
    """デモのデータベースを用意し、ログインIDとパスワードを表示します。"""
    wanted = _demo_settings()
    bring_up_to_date(wanted)
    with opened(wanted) as engine:
        reference_data.load(engine.database, engine.reference)
    _show_demo(wanted)


def _demo_settings() -> Settings:
    """As set, but never on the database of real cases that is used when none is named."""
    wanted = settings()
    named = bool(os.environ.get("TSUNAGU_DATABASE_URL"))
    return replace(wanted, demo=True, database_url=wanted.database_url if named else f"sqlite:///{DEMO_DATABASE}")


def _show_demo(wanted: Settings) -> None:
    with opened(wanted) as engine:
        installation.dedicate(engine, Purpose.DEMO)
    from engine.demo import ensure_demo  # only the demo needs it, and it runs scenarios

    people = ensure_demo(wanted)
    say("デモのログインID、パスワード、役割（すべて架空の人です）:")
    width = max((len(person.login) for person in people), default=0)
    for person in people:
        say(f"  {person.login:<{width}}  {person.password}  {person.who}")


def _warn_of_nothing(wanted: Settings) -> None:
    with opened(wanted) as engine:
        if not deployments.live_keys(engine):
            say("公開されたプロセスがありません。新しい環境では tsunagu init を行ってください。")


def _environment(wanted: Settings) -> dict[str, str]:
    """What the children are told: the same settings, whatever they came from."""
    return {
        **os.environ,
        "TSUNAGU_DATABASE_URL": wanted.database_url,
        "TSUNAGU_DEMO": "1" if wanted.demo else "",
        "PYTHONUNBUFFERED": "1",
    }
