"""Every deliberate fault of the engine is found, within a bounded number of walks.

`pytest tests/equivalence/test_mutants.py --walks 20000` also hunts each one over all blocks.
"""

from __future__ import annotations

import pytest

from tests.equivalence.generator import LABELS
from tests.equivalence.mutants import MUTANTS, Mutant, engine_with, hunt

pytestmark = pytest.mark.timeout(600)
FEW, MANY = 24, 600  #: walks in which a mutant must show: where it is looked for, and everywhere
LONG = 1_000  #: --walks from which a mutant is also hunted everywhere


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_fault_is_found(mutant: Mutant, request: pytest.FixtureRequest) -> None:
    assert set(mutant.labels) <= set(LABELS)
    assert hunt(mutant, FEW) is not None, f"{mutant.name}: {FEW} walks found nothing where it lives"
    if request.config.getoption("--walks") >= LONG and mutant.by != "rows":
        assert hunt(mutant, MANY, everywhere=True) is not None, f"{mutant.name}: {MANY} walks found nothing"


def test_an_engine_is_whole_again_after_a_hunt() -> None:
    for mutant in MUTANTS:
        before = mutant.owner.__dict__[mutant.attribute]
        with engine_with(mutant):
            assert mutant.owner.__dict__[mutant.attribute] is not before
        assert mutant.owner.__dict__[mutant.attribute] is before
