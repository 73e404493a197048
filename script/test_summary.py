"""Adds up what the stages of `script/test` found: `test_summary.py FOLDER`, with the XML files of pytest and `failed`.

Prints each skip with its reason, each failure by name, and last the line `N passed, M failed, K skipped`.
Exits 1 when anything failed or nothing ran.
"""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Totals:
    """What all stages found together."""

    passed: int = 0
    failed: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)  #: reason -> how often

    def add_case(self, case: ET.Element) -> None:
        """Count one test. An error in its set-up or tear-down is a failure."""
        skip = case.find("skipped")
        if _went_wrong(case):
            self.failed.append(f"{case.get('classname')}::{case.get('name')}")
        elif skip is None:
            self.passed += 1
        elif skip.get("type") == "pytest.xfail":
            self.passed += 1  # it failed as it says it does
        else:
            self.skipped[skip.get("message") or "no reason given"] += 1

    def closing_line(self) -> str:
        """The line that closes a run."""
        return f"{self.passed} passed, {len(self.failed)} failed, {self.skipped.total()} skipped"


def add_up(folder: Path) -> Totals:
    """Read every result in the folder."""
    totals = Totals()
    for file in sorted(folder.glob("*.xml")):
        for cases in _by_name(file).values():
            # A test whose tear-down fails as well stands twice in the file.
            totals.add_case(next(filter(_went_wrong, cases), cases[0]))
    listed = folder / "failed"
    totals.failed += listed.read_text().splitlines() if listed.exists() else []
    return totals


def _went_wrong(case: ET.Element) -> bool:
    return case.find("failure") is not None or case.find("error") is not None


def _by_name(file: Path) -> dict[tuple[str | None, str | None], list[ET.Element]]:
    grouped: dict[tuple[str | None, str | None], list[ET.Element]] = {}
    for case in ET.parse(file).iter("testcase"):
        grouped.setdefault((case.get("classname"), case.get("name")), []).append(case)
    return grouped


def main() -> int:
    totals = add_up(Path(sys.argv[1]))
    print()
    for reason, times in sorted(totals.skipped.items()):
        print(f"skipped {times}: {reason}")
    for name in totals.failed:
        print(f"FAILED {name}")
    print(totals.closing_line())
    return 1 if totals.failed or totals.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
