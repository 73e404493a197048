"""All promises of the city together; importing this module registers them."""

from __future__ import annotations

from tests.simulation import promises_of_sharing, promises_of_work
from tests.simulation.evening import INVARIANTS, Evening, violations

__all__ = ["INVARIANTS", "Evening", "promises_of_sharing", "promises_of_work", "violations"]
