"""The web server: gunicorn, started from here with everything said in code (docs/adr/0006-gunicorn.md).

Each worker builds its own engine after the fork, so no database connection is shared between processes. SIGTERM lets
requests in progress end.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from engine import bootstrap
from engine.config import ConfigurationError, Settings
from web.app import create_app

WORKERS, THREADS = 2, 4
TIMEOUT_S, GRACEFUL_S, KEEPALIVE_S = 60, 30, 5
LONGEST_LINE, MOST_HEADERS = 8190, 100


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn carries no types
    """One arbiter with its workers, configured without files or command line."""

    def __init__(self, settings: Settings, options: Mapping[str, Any]) -> None:
        self._settings, self._options = settings, dict(options)
        super().__init__()

    def load_config(self) -> None:
        """Take the options as they are."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application of one worker, made after the fork."""
        return create_app(bootstrap.build(self._settings))


def options(settings: Settings, env: Mapping[str, str]) -> dict[str, Any]:
    """What gunicorn is told. Raises ConfigurationError for a number that is none."""
    return {
        "bind": f"{settings.host}:{settings.port}",
        "workers": _number(env, "TSUNAGU_WEB_WORKERS", WORKERS),
        "worker_class": "gthread",
        "threads": _number(env, "TSUNAGU_WEB_THREADS", THREADS),
        "timeout": TIMEOUT_S,
        "graceful_timeout": GRACEFUL_S,
        "keepalive": KEEPALIVE_S,
        "limit_request_line": LONGEST_LINE,
        "limit_request_fields": MOST_HEADERS,
        "forwarded_allow_ips": env.get("TSUNAGU_PROXIES", "127.0.0.1,::1"),
        "proc_name": "tsunagu-web",
        "errorlog": "-",
        "accesslog": None,
        "loglevel": "info",
        "preload_app": False,
        "control_socket_disable": True,
        "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,
    }


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name, "") or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 256:
        raise ConfigurationError(f"{name}={text!r}: 1 から 256 の数を指定してください。")
    return int(text)
