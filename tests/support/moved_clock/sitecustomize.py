"""Lets the real server and the real scheduler live at another time.

Python imports this module at its start when this folder is on the path. Then the product's clock goes as fast as the
machine's, moved by the seconds that the file named by TSUNAGU_TEST_CLOCK holds; the file may change at any moment.
TSUNAGU_TEST_DIE_BEFORE=routing kills the whole process group, like a power cut, at the moment at which a request would
begin to route messages: everything is committed by then, nobody has been told. The scheduler routes nothing either.
TSUNAGU_TEST_WATCH=FOLDER shows there when a process is inside a writing transaction (watched.py).
TSUNAGU_TEST_LEASE=SECONDS is how long a scheduler holds what it claimed; TSUNAGU_TEST_STEADY=SECONDS is after what time
a dead child of the supervisor is started again without a longer pause: a test that kills every second needs both short.
TSUNAGU_TEST_MISSED_DAYS=DAYS is how late a raise may be to be told by a notice of its own.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path


def _move_clock(file: Path) -> None:
    from engine import ports

    def now(_clock: ports.SystemClock) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(file.read_text()))

    ports.SystemClock.now = now  # type: ignore[method-assign]


def _die_before_routing() -> None:
    from engine.services import messages

    def die(*_: object, **__: object) -> None:
        os.killpg(0, signal.SIGKILL)

    messages.route_quietly = die
    messages.route = lambda *_, **__: 0


def _hurry() -> None:
    if "TSUNAGU_TEST_STEADY" in os.environ and "serve" in sys.orig_argv:
        from engine import supervisor

        supervisor.STEADY = float(os.environ["TSUNAGU_TEST_STEADY"])
    if "TSUNAGU_TEST_LEASE" in os.environ and "scheduler" in sys.orig_argv:
        from engine.services import timers

        timers.LEASE = timedelta(seconds=float(os.environ["TSUNAGU_TEST_LEASE"]))
    if "TSUNAGU_TEST_MISSED_DAYS" in os.environ and "scheduler" in sys.orig_argv:
        from engine.services import raises

        raises.MISSED = timedelta(days=float(os.environ["TSUNAGU_TEST_MISSED_DAYS"]))
    if "TSUNAGU_TEST_WATCH" in os.environ and "-m" in sys.orig_argv:
        import watched

        watched.install(Path(os.environ["TSUNAGU_TEST_WATCH"]))


_hurry()
if "TSUNAGU_TEST_CLOCK" in os.environ:
    _move_clock(Path(os.environ["TSUNAGU_TEST_CLOCK"]))
if os.environ.get("TSUNAGU_TEST_DIE_BEFORE") == "routing":
    _die_before_routing()
