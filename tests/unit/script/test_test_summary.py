"""The line that closes a test run tells the truth about every stage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "script" / "test_summary.py"
PASSED = '<testcase classname="a" name="ok"/>'
FAILED = '<testcase classname="a" name="bad"><failure message="no"/></testcase>'
SKIPPED = '<testcase classname="a" name="away"><skipped type="pytest.skip" message="no server; run setup"/></testcase>'
XFAILED = '<testcase classname="a" name="known"><skipped type="pytest.xfail" message="later"/></testcase>'
#: pytest writes a test a second time when its tear-down goes wrong after it passed
BROKEN_AFTERWARDS = '<testcase classname="a" name="t"/><testcase classname="a" name="t"><error message="x"/></testcase>'


def summary(folder: Path, *, listed: str = "", **stages: str) -> tuple[int, list[str]]:
    """Exit code and printed lines for stages given as test cases in XML."""
    for stage, cases in stages.items():
        (folder / f"{stage}.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
    if listed:
        (folder / "failed").write_text(listed)
    run = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True, check=False)
    return run.returncode, run.stdout.splitlines()


def test_stages_are_added_up(tmp_path: Path) -> None:
    code, lines = summary(tmp_path, unit=PASSED, browser=PASSED + FAILED.replace("bad", "worse") + SKIPPED)
    assert lines[-1] == "2 passed, 1 failed, 1 skipped"
    assert code == 1


@pytest.mark.parametrize(
    ("cases", "closing", "code"),
    [
        (PASSED, "1 passed, 0 failed, 0 skipped", 0),
        (PASSED + XFAILED, "2 passed, 0 failed, 0 skipped", 0),
        (BROKEN_AFTERWARDS, "0 passed, 1 failed, 0 skipped", 1),
        (SKIPPED, "0 passed, 0 failed, 1 skipped", 1),
        ("", "0 passed, 0 failed, 0 skipped", 1),
    ],
    ids=["passed", "expected failure", "tear-down broken", "nothing but skips", "nothing ran"],
)
def test_the_closing_line_and_the_exit_code_agree(tmp_path: Path, cases: str, closing: str, code: int) -> None:
    exit_code, lines = summary(tmp_path, unit=cases)
    assert (lines[-1], exit_code) == (closing, code)


def test_each_skip_is_printed_with_its_reason(tmp_path: Path) -> None:
    _, lines = summary(tmp_path, unit=PASSED + SKIPPED, database=SKIPPED)
    assert "skipped 2: no server; run setup" in lines


def test_a_check_that_is_no_test_counts_as_a_failure(tmp_path: Path) -> None:
    code, lines = summary(tmp_path, unit=PASSED, listed="types\ntests: fault (not done after 600 seconds)\n")
    assert lines[-1] == "1 passed, 2 failed, 0 skipped"
    assert "FAILED tests: fault (not done after 600 seconds)" in lines
    assert code == 1
