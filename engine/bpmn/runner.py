"""Advance one process instance until it waits (signatures fixed; the body follows)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from engine.bpmn.api import Advance, EventKey, Host, Marking
from engine.bpmn.parser import ProcessSpecs, parse_process

__all__ = ["ProcessSpecs", "Runner", "parse_process"]


class Runner:
    """Runs instances of one parsed process for one advance of the services."""

    def __init__(self, specs: ProcessSpecs, host: Host) -> None:
        self._specs, self._host = specs, host

    def start(self, variables: Mapping[str, object]) -> Advance:
        """Start an instance with its first variables and run until it waits."""
        raise NotImplementedError

    def complete(self, snapshot: bytes, ref: str, values: Mapping[str, object]) -> Advance:
        """Complete the open task ``ref`` with the values of its form; NotOpen if it does not wait for a person."""
        raise NotImplementedError

    def fire(self, snapshot: bytes, ref: str, branch: str | None) -> Advance:
        """Let the timer happen; NotOpen if it does not wait any more."""
        raise NotImplementedError

    def deliver(self, snapshot: bytes, ref: str, branch: str | None, payload: Mapping[str, object]) -> Advance:
        """Hand a message over; the payload becomes variables. NotOpen if nothing waits there."""
        raise NotImplementedError

    def reschedule(self, snapshot: bytes, moments: Mapping[EventKey, datetime]) -> Advance:
        """Move due instants of waiting timers and nothing else."""
        raise NotImplementedError

    def inspect(self, snapshot: bytes) -> Marking:
        """Read a snapshot without running."""
        raise NotImplementedError
