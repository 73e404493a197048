"""A clock that the test moves and that every process of the product reads."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.casework import tokyo

FOLDER = Path(__file__).with_name("moved_clock")
ROOT = Path(__file__).parents[2]


class MovedClock:
    """Runs like the machine's clock, from where it was last set. Fits where the engine wants a Clock."""

    def __init__(self, file: Path, moment: str) -> None:
        """``moment``: where it stands now, ``2026-04-06T10:00`` in Tokyo."""
        self.file = file
        self.set(moment)

    def set(self, moment: str | datetime) -> None:
        """Move it, for every process at once."""
        wanted = tokyo(moment) if isinstance(moment, str) else moment
        seconds = (wanted - datetime.now(UTC)).total_seconds()
        aside = self.file.with_suffix(".new")
        aside.write_text(str(seconds))
        os.replace(aside, self.file)

    def now(self) -> datetime:
        """What it shows, aware UTC."""
        return datetime.now(UTC) + timedelta(seconds=float(self.file.read_text()))

    def environment(self) -> dict[str, str]:
        """What a process of the product is given so that it lives by this clock."""
        return {"TSUNAGU_TEST_CLOCK": str(self.file), "PYTHONPATH": f"{FOLDER}{os.pathsep}{ROOT}"}
