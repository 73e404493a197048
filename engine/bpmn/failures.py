"""How a failure travels out of the BPMN library: with the element where it happened. Internal to this package."""

from __future__ import annotations

from engine.domain.errors import EngineError


class ElementFailed(Exception):
    """Something failed while a token was at ``element_id``; the runner turns it into an incident."""

    def __init__(self, element_id: str, cause: Exception) -> None:
        super().__init__(f"{element_id}: {cause}")
        self.element_id, self.cause = element_id, cause


class RunFailed(Exception):
    """A reason why a token cannot go on, in Japanese; ``ElementFailed`` adds where."""


class HostRefusal(Exception):
    """A refusal of the host's operation that a person must see unchanged."""

    def __init__(self, error: EngineError) -> None:
        super().__init__(str(error))
        self.error = error
