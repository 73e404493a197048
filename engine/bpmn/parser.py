"""BPMN files to specs (signatures fixed; the body follows)."""

from __future__ import annotations

from collections.abc import Mapping


class ProcessSpecs:
    """A parsed process with everything it calls; opaque, shareable between threads, never written at run time."""

    process_id: str
    element_ids: frozenset[str]


def parse_process(xml: bytes, process_id: str, called: Mapping[str, bytes] | None = None) -> ProcessSpecs:
    """Parse one process and what it calls (called process id -> file); DefinitionRefused with api.Problem items."""
    raise NotImplementedError
