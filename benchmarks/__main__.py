"""The command behind script/bench: runs benchmarks and prints one table."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import editor, engine_part, machine, many, pages, peer, steps
from benchmarks.databases import KINDS, Scratch, scratch
from benchmarks.size import FULL, QUICK, Size
from benchmarks.table import Line, rendered

BENCHMARKS: Mapping[str, Callable[[Scratch, Size], Iterator[Line]]] = {
    "step": steps.step,
    "engine": engine_part.engine_part,
    "whole": engine_part.whole_step,
    "old": steps.old_case,
    "viewflow": peer.viewflow,
    "raise": many.raises,
    "lists": many.lists,
    "pages": pages.pages,
    "editor": editor.editor,
}


def arguments(given: list[str]) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(BENCHMARKS)}; all when none is")
    parser.add_argument("--quick", action="store_true", help="toy sizes, to see that everything runs; no figure counts")
    parser.add_argument("--database", choices=KINDS, help="only this one")
    found = parser.parse_args(given)
    if unknown := set(found.names) - set(BENCHMARKS):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    return found


def main(given: list[str]) -> int:
    """Run, print the machine's own figures and the table; 0 unless something failed (a goal not met is a result)."""
    wanted = arguments(given)
    size = QUICK if wanted.quick else FULL
    kinds = (wanted.database,) if wanted.database else KINDS
    lines: list[Line] = []
    with scratch(kinds) as place:
        print(f"commit {_commit()}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, sizes: {'toy' if wanted.quick else 'full'}")
        for name, value in machine.facts(place, 20 if wanted.quick else 200).items():
            print(f"{name}: {value}", flush=True)
        for name, benchmark in BENCHMARKS.items():
            if not wanted.names or name in wanted.names:
                for line in benchmark(place, size):
                    lines.append(line)
                    print(f"  {' | '.join(line.cells()[:8])}", file=sys.stderr, flush=True)
        for name, value in machine.facts(place, 20 if wanted.quick else 200).items():
            if "ms" in value or name == "cores":
                print(f"{name}, at the end: {value}")
    print()
    print(rendered(lines))
    return 0


def _commit() -> str:
    found = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return found.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
