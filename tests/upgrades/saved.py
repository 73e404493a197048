"""What each version of the product left behind: snapshots by their format, archives by the version of the schema."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent / "corpus"
ARCHIVE, SCHEMA = "demo.zip", "schema.txt"


@dataclass(frozen=True)
class SavedRow:
    """One instance as it was saved at the start and after each act; states: what was open then, in words."""

    name: str
    xml: bytes
    acts: list[list[Any]]
    states: list[str]
    snapshots: list[bytes]

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "name": self.name,
            "xml": self.xml.decode(),
            "acts": self.acts,
            "states": self.states,
            "snapshots": [b64encode(snapshot).decode() for snapshot in self.snapshots],
        }

    @classmethod
    def read(cls, facts: dict[str, Any]) -> SavedRow:
        """From JSON."""
        snapshots = [b64decode(snapshot) for snapshot in facts["snapshots"]]
        return cls(facts["name"], facts["xml"].encode(), facts["acts"], facts["states"], snapshots)


def saved_rows(path: Path) -> list[SavedRow]:
    """The instances of one snapshot format."""
    return [SavedRow.read(facts) for facts in json.loads(path.read_text(encoding="utf-8"))]


def snapshot_files() -> list[Path]:
    """One file for each snapshot format there ever was."""
    return sorted(CORPUS.glob("snapshots-*.json"))


def versions() -> list[Path]:
    """One folder for each version of the schema there ever was."""
    return sorted(path for path in CORPUS.iterdir() if path.is_dir())
