"""``python -m scheduler``: beat until told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys

from engine.bootstrap import build
from engine.config import ConfigurationError, from_environment
from engine.services import installation
from scheduler.beat import Beat


def main() -> int:
    """0 after SIGTERM or SIGINT, 1 when the beat died or the database is not ready, 2 when a setting is wrong."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    try:
        engine = build(from_environment())
    except ConfigurationError as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    if not installation.schema_is_current(engine.settings.database_url):
        sys.stderr.write("データベースの版がこのソフトウェアと合いません。tsunagu migrate を行ってください。\n")
        return 1
    beat = Beat(engine)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: beat.stop())
    return beat.run()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    if code == 1:
        os._exit(code)  # a thread that hangs must not keep a dead process alive
    sys.exit(code)
