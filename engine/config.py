"""Settings from the environment, read once and checked at start."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class ConfigurationError(Exception):
    """A setting is missing or not usable; the text says which and what to do."""


@dataclass(frozen=True)
class Settings:
    """How this installation runs."""

    database_url: str
    workflows: Path
    base_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = False
    busy_timeout_s: float = 15.0  #: how long a writer waits for another one (SQLite)
    publish_approval: bool = True  #: whether a second person must agree before a process changes
    smtp_password: str = field(default="", repr=False)  #: for the mail server; the rest is set on the page
    files_folder: Path | None = None  #: where attached files lie, when not beside the database

    @property
    def secure_cookies(self) -> bool:
        """Cookies are ``__Host-`` and Secure where people come by https."""
        return self.base_url.startswith("https://")

    @property
    def files(self) -> Path:
        """The folder of attached files: beside an SQLite database, else in ``var``; no web server serves it."""
        if self.files_folder is not None:
            return self.files_folder
        if self.database_url.startswith("sqlite:///"):
            database = Path(self.database_url.removeprefix("sqlite:///"))
            return database.with_name(f"{database.name}.files")
        return ROOT / "var" / "files"


def from_environment(env: Mapping[str, str] | None = None) -> Settings:
    """Settings of this process. Raises ConfigurationError naming the variable that is wrong."""
    env = os.environ if env is None else env
    port = env.get("PORT", "8000")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigurationError(f"PORT={port!r}: 1 から 65535 の番号を指定してください。")
    patience = env.get("TSUNAGU_BUSY_TIMEOUT", "15")
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]+)?", patience):
        raise ConfigurationError(f"TSUNAGU_BUSY_TIMEOUT={patience!r}: 0 から 999 の秒数を指定してください。")
    url = env.get("TSUNAGU_DATABASE_URL") or f"sqlite:///{ROOT / 'var' / 'tsunagu.sqlite3'}"
    if not url.startswith(("sqlite:///", "postgresql")):
        raise ConfigurationError("TSUNAGU_DATABASE_URL は sqlite:/// か postgresql:// で始まる値を指定してください。")
    return Settings(
        database_url=url,
        workflows=Path(env.get("TSUNAGU_WORKFLOWS") or ROOT / "workflows"),
        base_url=env.get("TSUNAGU_BASE_URL", ""),
        host=env.get("HOST", "127.0.0.1"),
        port=int(port),
        demo=env.get("TSUNAGU_DEMO", "") == "1",
        busy_timeout_s=float(patience),
        publish_approval=env.get("TSUNAGU_PUBLISH_APPROVAL", "1") != "0",
        smtp_password=env.get("TSUNAGU_SMTP_PASSWORD", ""),
        files_folder=Path(env["TSUNAGU_FILES"]) if env.get("TSUNAGU_FILES") else None,
    )
