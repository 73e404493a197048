"""A timeline with its loops folded: the same step taken again and again is one entry that tells how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.queries.timeline import Entry, EntryKind

FEWEST = 4  #: so many times at least, for a run to be folded


@dataclass(frozen=True)
class Loop:
    """A run of entries of one loop, the newest first. ``contacts``: how many of them reached out to the household."""

    entries: tuple[Entry, ...]

    @property
    def contacts(self) -> tuple[Entry, ...]:
        """The contacts of the run, the oldest first."""
        return tuple(entry for entry in reversed(self.entries) if entry.contact is not None)

    @property
    def times(self) -> int:
        """How often: contacts, or where there were none, completions."""
        return len(self.contacts) or sum(entry.act == "task.completed" for entry in self.entries)

    @property
    def name(self) -> str:
        """The task that came back most often."""
        names = Counter(entry.name for entry in self.entries if entry.act == "task.completed")
        return names.most_common(1)[0][0] if names else ""

    @property
    def outcomes(self) -> tuple[tuple[str, int], ...]:
        """How the contacts went: outcome and how often, the most frequent first."""
        found = Counter(entry.contact.outcome for entry in self.contacts if entry.contact and entry.contact.outcome)
        return tuple(found.most_common())

    @property
    def stages(self) -> tuple[int, int] | None:
        """関係性の段階 at the first and at the last contact that noted one."""
        noted = [entry.contact.stage for entry in self.contacts if entry.contact and entry.contact.stage]
        return (noted[0], noted[-1]) if noted else None

    @property
    def began(self) -> datetime:
        """The moment of the oldest entry."""
        return self.entries[-1].at

    @property
    def ended(self) -> datetime:
        """The moment of the newest entry."""
        return self.entries[0].at


def folded(entries: Sequence[Entry]) -> tuple[Entry | Loop, ...]:
    """The entries, the newest first, with each run of a loop as one."""
    counts = Counter(entry.name for entry in entries if entry.act == "task.completed" and entry.name)
    looping = {name for name, count in counts.items() if count >= FEWEST}
    found: list[Entry | Loop] = []
    run: list[Entry] = []
    for entry in entries:
        if _belongs(entry, looping):
            run.append(entry)
            continue
        found += _closed(run)
        run = []
        found.append(entry)
    return (*found, *_closed(run))


def _belongs(entry: Entry, looping: set[str]) -> bool:
    return entry.kind is EntryKind.CONTACT or (entry.act.startswith("task.") and entry.name in looping)


def _closed(run: list[Entry]) -> list[Entry | Loop]:
    loop = Loop(tuple(run))
    return [loop] if loop.times >= FEWEST else list(run)
