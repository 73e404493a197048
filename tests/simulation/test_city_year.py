"""A month of the simulated city in the default run; a year of it, or any other size, by flag.

python -m pytest tests/simulation/test_city_year.py -s --months 12 --cases 2000 --staff 50 --simulation-seed 20260401
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from engine.config import ROOT
from tests.simulation import report
from tests.simulation.city import BEGINS_ON, Scale
from tests.simulation.year import Year, begun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(8 * 3600)]
REPEATED_DAYS = 9  #: how far the second run of the same seed goes
REPEAT = """
import sys
from datetime import timedelta
from tests.simulation.city import BEGINS_ON, Scale
from tests.simulation.year import begun
url, days, *scale = sys.argv[1], *map(int, sys.argv[2:])
with begun(url, Scale(*scale)) as year:
    year.live(until=BEGINS_ON + timedelta(days=days - 1))
    sys.stdout.write(year.fingerprint())
"""


@pytest.fixture
def scale(request: pytest.FixtureRequest) -> Scale:
    """What the flags say; the seed is printed, so that a run that found something can be repeated."""
    option = request.config.getoption
    return Scale(option("--months"), option("--cases"), option("--staff"), option("--simulation-seed"))


def repeated(folder: Path, scale: Scale) -> str:
    """The fingerprint of the first days in another process, in which sets come in another order."""
    url = f"sqlite:///{folder / 'again.sqlite3'}"
    numbers = [REPEATED_DAYS, scale.months, scale.cases, scale.staff, scale.seed]
    done = subprocess.run(
        [sys.executable, "-c", REPEAT, url, *map(str, numbers)],
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)}, cwd=ROOT, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_the_city_keeps_every_promise_every_evening_and_a_seed_is_one_year(
    scale: Scale, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    record_property("simulation", repr(scale))
    with begun(f"sqlite:///{tmp_path / 'city.sqlite3'}", scale) as year:
        year.live(each_month=lambda lived: report.write(lived, ROOT / "test-results"))
        told = report.write(year, ROOT / "test-results")
        sys.stdout.write(f"\n{told}\n")
        assert year.found == {}, f"{scale}: {year.found}"
        assert year.city.seen.errors == [], scale
        assert dict(year.city.seen.unfilled) == {}, scale
        _worked(year)
        assert repeated(tmp_path, scale) == year.fingerprints[BEGINS_ON + timedelta(days=REPEATED_DAYS - 1)]


def _worked(year: Year) -> None:
    """It was a city, not a sleeping one: calls were taken, work was done and was late, absences and holds happened."""
    acts, scale = year.city.seen.acts, year.city.scale
    assert acts["cases"] == scale.cases
    assert acts["completed"] > 3 * scale.cases
    for name in ("tick fired", "tick raised", "held", "tick resumed", "extended", "absences"):
        assert acts[name] > 0, name
