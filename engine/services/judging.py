"""Can an instance still come to its end? The search over markings, started from where its tokens stand."""

from __future__ import annotations

from collections.abc import Sequence

from engine.bpmn.api import Problem
from engine.bpmn.moving import Judge
from engine.bpmn.places import Place
from engine.definitions.model import BpmnModel
from engine.definitions.soundness import explore
from engine.definitions.standing import standing
from engine.definitions.ways import label, trouble_ja


def judge_of(model: BpmnModel) -> Judge:
    """Decides for one version of a process: reasons, none, or None when the search could not decide."""

    def judge(places: Sequence[Place]) -> Sequence[Problem] | None:
        stands = standing(model, places)
        found = [
            Problem(element, f"{label(model, element)}に、同時に二つの流れが届いています。")
            for element in stands.doubled
        ]
        decided = not stands.unknown
        for marking in stands.markings if decided else ():
            result = explore(model, start=marking)
            decided = decided and result.decided
            found += [Problem(example.elements[0], trouble_ja(model, example)) for example in result.examples]
        return found if found or decided else None

    return judge
