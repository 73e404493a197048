"""``tsunagu init``, ``migrate``, ``doctor``: set an installation up, bring it up to date, look after it."""

from __future__ import annotations

import click

from engine.bootstrap import build
from engine.commands.terminal import FAILED, Refused, opened, say, settings
from engine.config import Settings
from engine.domain.business_days import tokyo_date
from engine.domain.errors import FormInvalid
from engine.domain.roles import Role
from engine.services import deployments, installation, passwords, reference_data, staff_accounts
from engine.services.engine import Engine

FIRST_DEPLOYMENT = "初期設定"


@click.command()
def init() -> None:
    """新しい環境を作ります（データベース、最初のシステム管理者、プロセスの公開）。

    既にデータのあるデータベースでは何もしません。
    """
    wanted = settings()
    bring_up_to_date(wanted)
    with opened(wanted) as engine:
        if installation.holds_work(engine):
            raise Refused("このデータベースには既にデータがあります。init は空のデータベースでだけ使えます。")
        installation.dedicate(engine, installation.Purpose.REAL)
        reference_data.load(engine.database, engine.reference)
        say(f"データベースを用意しました（組織{len(engine.reference.organisations)}、"
            f"事業{len(engine.reference.programmes)}）。")  # fmt: skip
        published = deployments.deploy_folder(
            engine, wanted.workflows, by=None, reason=FIRST_DEPLOYMENT, now=engine.clock.now()
        )
        say(f"プロセスを公開しました（{'、'.join(result.process_key for result in published)}）。")
        _first_administrator(engine)
    say("用意ができました。tsunagu serve で始めます。ほかの職員は tsunagu user add で登録します。")


def _first_administrator(engine: Engine) -> None:
    say("最初のシステム管理者を登録します。")
    while True:
        login = click.prompt("ログインID（半角英小文字・数字）")
        name = click.prompt("氏名")
        kana = click.prompt("ふりがな（省けます）", default="", show_default=False)
        org = click.prompt("所属する組織のコード", default=_programme_division(engine))
        try:
            staff_accounts.create_staff(
                engine, login=login, name=name, kana=kana, password=ask_password(login, name),
                roles={org: [Role.SYSADMIN.value]}, now=engine.clock.now(),
            )  # fmt: skip
        except FormInvalid as problem:
            say("\n".join(problem.fields.values()))
            continue
        say(f"「{name}」をシステム管理者として登録しました。")
        return


def _programme_division(engine: Engine) -> str:
    return engine.reference.text("programme_division", tokyo_date(engine.clock.now()))


def ask_password(*known: str) -> str:
    """A password typed twice on the terminal, asked for again until it is acceptable."""
    while True:
        password: str = click.prompt(
            f"パスワード（{passwords.RECOMMENDED}文字以上をお勧めします）", hide_input=True,
            confirmation_prompt="もう一度",
        )  # fmt: skip
        try:
            passwords.require_acceptable(password, known=known)
        except FormInvalid as problem:
            say(problem.fields["password"])
            continue
        return password


@click.command()
def migrate() -> None:
    """データベースをこのソフトウェアの版に合わせます。何度行っても構いません。"""
    wanted = settings()
    bring_up_to_date(wanted)
    with opened(wanted) as engine:
        changed = reference_data.load(engine.database, engine.reference)
    say(f"データベースは最新です（参照データの変更{changed}件）。")


def bring_up_to_date(wanted: Settings) -> None:
    """Migrate the database. Raises Refused when it cannot be reached."""
    engine = build(wanted)
    try:
        reason = installation.unreachable(engine)
    finally:
        engine.database.dispose()
    if reason:
        raise Refused(f"データベースにつながりません（{reason}）。TSUNAGU_DATABASE_URL を確かめてください。")
    installation.migrate(wanted.database_url)


@click.command()
@click.pass_context
def doctor(command: click.Context) -> None:
    """動いているかを調べ、直すところを示します。異常が一つでもあると、終了コードは1です。"""
    with opened(ready=False) as engine:
        found = list(installation.checks(engine, now=engine.clock.now()))
    for check in found:
        say(f"［{check.state.value}］{check.name}: {check.text}")
    bad = [check for check in found if check.state is installation.State.BAD]
    command.exit(FAILED if bad else 0)
