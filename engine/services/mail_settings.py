"""How this installation sends mail. The mail server's password stands in the environment, never in the database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from engine.domain.errors import FormInvalid, StaleVersion
from engine.domain.staff import Actor
from engine.services.engine import Engine
from engine.services.staff_admin import is_address
from engine.storage import audit, reference_rows
from engine.storage.database import Connection

KEY = "mail"
SECURITY = ("starttls", "tls", "none")
LONGEST = 200


@dataclass(frozen=True)
class MailSettings:
    """Where mail goes out. ``revision`` counts the changes; ``active``: notices are mailed."""

    host: str = ""
    port: int = 587
    security: str = "starttls"
    sender: str = ""
    user: str = ""
    active: bool = False
    revision: int = 0


def of(connection: Connection) -> MailSettings:
    """The settings as they stand."""
    stored = reference_rows.get_setting(connection, KEY)
    return MailSettings(**json.loads(stored)) if stored else MailSettings()


def current(engine: Engine) -> MailSettings:
    """The settings as they stand."""
    with engine.database.read() as connection:
        return of(connection)


def save(engine: Engine, actor: Actor, form: Mapping[str, str], *, seen: int, now: datetime) -> None:
    """Keep the settings. form: host, port, security, sender, user, active. Raises FormInvalid, StaleVersion."""
    wanted = _read(form)
    with engine.database.write() as connection:
        data = {name: value for name, value in asdict(wanted).items() if name != "revision"}
        audit.append(connection, chain=audit.SYSTEM_CHAIN, at=now, actor=actor.staff_id, act="mail.settings", data=data)
        if of(connection).revision != seen:
            raise StaleVersion
        reference_rows.put_setting(connection, KEY, json.dumps({**data, "revision": seen + 1}))


def _read(form: Mapping[str, str]) -> MailSettings:
    host, sender, user = (form.get(name, "").strip() for name in ("host", "sender", "user"))
    port, security = form.get("port", "").strip(), form.get("security", "")
    problems: dict[str, str] = {}
    if not host or len(host) > LONGEST or not host.isascii() or not host.isprintable() or set(host) & set(" /@"):
        problems["host"] = "メールサーバーの名前を入力してください（例 smtp.example.jp）。"
    if not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 65536):
        problems["port"] = "ポートの番号を1から65535までで入力してください。"
    if security not in SECURITY:
        problems["security"] = "暗号化のしかたを選んでください。"
    if not is_address(sender):
        problems["sender"] = "差出人のメールアドレスをname@example.jpの形で入力してください。"
    if len(user) > LONGEST or not user.isprintable():
        problems["user"] = "ユーザー名は200文字までで入力してください。"
    if user and security == "none":
        problems["security"] = "ユーザー名を使うときは、暗号化してください。パスワードが読まれてしまいます。"
    if problems:
        raise FormInvalid(problems)
    return MailSettings(host, int(port), security, sender, user, form.get("active") == "1")
