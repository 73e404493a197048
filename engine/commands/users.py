"""``tsunagu user``: accounts, on the server's own terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import click

from engine.commands.installing import ask_password
from engine.commands.terminal import Refused, opened, say
from engine.domain.roles import Role
from engine.domain.wareki import DateNotUnderstood, format_wareki_short, parse_date
from engine.services import installation, staff_accounts
from engine.services.staff_accounts import Account

STATUS_JA = {"active": "利用中", "suspended": "停止中", "left": "利用終了"}


@click.group()
def user() -> None:
    """利用者（職員のアカウント）を登録し、パスワードを替え、利用を終えます。"""


@user.command()
@click.argument("login")
@click.option("--name", required=True, help="氏名")
@click.option("--kana", default="", help="ふりがな")
@click.option("--email", default="", help="メールアドレス")
@click.option("--role", "pairs", multiple=True, metavar="組織:役割", help="例 AG-01-1:intake_worker（何度でも）")
@click.option("--until", default=None, help="役割の終わりの日（例 令和9年3月31日、2027-03-31）")
@click.option("--no-password", is_flag=True, help="パスワードを後で決める")
def add(
    login: str, name: str, kana: str, email: str, pairs: Sequence[str], until: str | None, no_password: bool
) -> None:
    """職員を登録します。パスワードは端末でたずねます。"""
    with opened() as engine:
        installation.dedicate(engine, installation.Purpose.REAL)
        roles, last = _roles(pairs), _day(until)
        password = None if no_password else ask_password(login, name, kana, email)
        staff_accounts.create_staff(
            engine, login=login, name=name, kana=kana, email=email, password=password, roles=roles, until=last,
            now=engine.clock.now(),
        )  # fmt: skip
    say(f"「{name}」を登録しました（ログインID {staff_accounts.normalised_login(login)}）。")


def _roles(pairs: Sequence[str]) -> dict[str, list[str]]:
    roles: dict[str, list[str]] = {}
    for pair in pairs:
        org, colon, role = pair.partition(":")
        if not colon or not org or not role:
            raise Refused(
                f"--role {pair}: 「組織のコード:役割のコード」で指定してください（例 AG-01-1:intake_worker）。"
            )
        roles.setdefault(org, []).append(role)
    return roles


def _day(text: str | None) -> date | None:
    try:
        return parse_date(text) if text else None
    except DateNotUnderstood as problem:
        raise Refused(f"--until: {problem.message_ja}") from problem


@user.command()
@click.argument("login")
def password(login: str) -> None:
    """パスワードを替えます。その人のログインはすべて切れます。"""
    with opened() as engine:
        staff_id = staff_accounts.staff_id_of(engine, login)
        staff_accounts.set_password(engine, staff_id, ask_password(login), now=engine.clock.now())
    say("パスワードを替えました。")


@user.command()
@click.argument("login")
@click.option("--yes", is_flag=True, help="確かめずに行う")
def deactivate(login: str, yes: bool) -> None:
    """利用を終えます。担当していた作業は、元のグループに戻ります。記録は残ります。"""
    with opened() as engine:
        staff_id = staff_accounts.staff_id_of(engine, login)
        if not yes and not click.confirm(f"{login} の利用を終えますか。元には戻せません"):
            raise Refused("何もしていません。")
        returned = staff_accounts.deactivate(engine, staff_id, now=engine.clock.now())
    say(f"利用を終えました。グループに戻した作業は{returned}件です。")


@user.command("list")
@click.option("--all", "with_closed", is_flag=True, help="利用を終えた人も")
def list_users(with_closed: bool) -> None:
    """利用者を一覧します。"""
    with opened() as engine:
        people = [p for p in staff_accounts.everybody(engine) if with_closed or p.status != "left"]
    for person in people:
        say(_line(person))
    say(f"{len(people)}人")


def _line(person: Account) -> str:
    held = "、".join(
        f"{h.org_name}（{h.org_id}）{Role(h.role).name_ja}"
        + (f" {format_wareki_short(h.until)}まで" if h.until else "")
        for h in person.held
    )
    notes = [STATUS_JA.get(person.status, person.status)]
    notes += [] if person.has_password or person.status == "left" else ["パスワード未設定"]
    return f"{person.login}  {person.name}  ［{'・'.join(notes)}］  {held or '役割なし'}"
