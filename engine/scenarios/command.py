"""What ``tsunagu scenario run`` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from engine.domain.errors import DefinitionRefused
from engine.scenarios import report
from engine.scenarios.errors import DatabaseNotEmpty, ScenarioInvalid
from engine.scenarios.loader import load
from engine.scenarios.model import Scenario
from engine.scenarios.runner import Result, run
from engine.scenarios.world import clear, stage

PASSED, FAILED, UNUSABLE = 0, 1, 2  #: exit codes


def run_files(paths: Sequence[Path], *, workflows: Path, url: str | None = None, say: Callable[[str], None]) -> int:
    """Run scenario files one after the other, each on an empty database; ``say`` takes each line of the report.

    paths: files, or folders whose ``*.yaml`` files below a folder ``scenarios`` are meant. url: an empty database
    instead of a throw-away one; the last scenario's data stay in it. Returns 0 when all passed, 1 when one failed,
    2 when nothing could be run.
    """
    scenarios, refused = _read(list(_files(paths)), say)
    results: list[Result] = []
    try:
        if scenarios:
            results = list(_run_all(scenarios, workflows, url, say))
    except DatabaseNotEmpty:
        say("このデータベースには既にデータがあります。シナリオは空のデータベースでだけ実行できます。")
        return UNUSABLE
    except DefinitionRefused as error:
        say("プロセスの定義に誤りがあるため、実行できません。")
        for finding in error.findings:
            say(f"　　{finding}")
        return UNUSABLE
    say(report.summary(results, refused))
    if not results:
        return UNUSABLE
    return FAILED if refused or not all(result.passed for result in results) else PASSED


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            found = [path] if path.name == "scenarios" else sorted(path.rglob("scenarios"))
            yield from (file for folder in found for file in sorted(folder.glob("*.yaml")))
        else:
            yield path


def _read(paths: list[Path], say: Callable[[str], None]) -> tuple[list[Scenario], int]:
    scenarios, refused = [], 0
    for path in paths:
        try:
            scenarios.append(load(path))
        except ScenarioInvalid as error:
            refused += 1
            for problem in error.problems:
                say(f"読めません　{problem}")
        except OSError as error:
            refused += 1
            say(f"読めません　{path}: {error.strerror or error}")
    return scenarios, refused


def _run_all(
    scenarios: list[Scenario], workflows: Path, url: str | None, say: Callable[[str], None]
) -> Iterator[Result]:
    with stage(workflows, scenarios, url) as engine:
        for number, scenario in enumerate(scenarios):
            if number:
                clear(engine)
            result = run(engine, scenario)
            for line in report.lines(result):
                say(line)
            yield result
