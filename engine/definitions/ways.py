"""A way through a process in words: which elements in order, which branch of a gateway, which event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.definitions.elements import BpmnModel, Kind
from engine.definitions.markings import How
from engine.definitions.soundness import Counterexample, Step, Trouble

MAX_SHOWN = 24  #: steps of a way that are written out
_CHOICES = (Kind.EXCLUSIVE, Kind.INCLUSIVE, Kind.EVENT_BASED)
_WORDS = {
    How.EVENT: "が起きる",
    How.JOINED: "で合流",
    How.THROWN: "を送る",
    How.ENDED: "で終わる",
    How.SKIPPED: "は対象なし",
    How.BEGUN: "を始める",
    How.DONE: "",
}


def steps_ja(model: BpmnModel, steps: Sequence[Step]) -> list[str]:
    """Each step in words, in order."""
    found = [text for step in steps for text in _step(model, step)]
    return [text for number, text in enumerate(found) if number == 0 or text != found[number - 1]]


def way_ja(model: BpmnModel, example: Counterexample) -> str:
    """The way to what is wrong, in one line; a very long one without its middle."""
    texts = steps_ja(model, example.steps)
    if len(texts) > MAX_SHOWN:
        texts = [*texts[: MAX_SHOWN // 2], "…", *texts[-MAX_SHOWN // 2 :]]
    if example.trouble is Trouble.ENDLESS:
        texts.append("ここからは終わりに着けないくり返し")
    return " → ".join(texts)


def trouble_ja(model: BpmnModel, example: Counterexample) -> str:
    """What is wrong and the way there, as a sentence about an instance that is already on its way."""
    names = "".join(label(model, element) for element in example.elements)
    way = way_ja(model, example)
    told = f"（{way}）" if way else ""
    if example.trouble is Trouble.DOUBLED:
        return f"{names}に、同時に二つの流れが届く道があります{told}。"
    if example.trouble is Trouble.ENDLESS:
        return f"{names}から先、終わりに着けなくなる道があります{told}。"
    return f"{names}で待ったまま、進めなくなる道があります{told}。"


def label(model: BpmnModel, element_id: str) -> str:
    """Name of an element, or its id, in brackets."""
    element = model.elements.get(element_id)
    return f"「{(element.name if element else '') or element_id}」"


def _step(model: BpmnModel, step: Step) -> Iterator[str]:
    element = model.elements.get(step.element_id)
    chosen = ""
    if element is not None and element.kind in _CHOICES and step.flows and len(element.outgoing) > 1:
        chosen = "で" + "と".join(_branch(model, flow) for flow in step.flows)
    yield label(model, step.element_id) + (chosen or _WORDS[step.how])
    yield from (label(model, passed) for passed in step.passed)


def _branch(model: BpmnModel, flow_id: str) -> str:
    flow = model.flows[flow_id]
    return f"「{flow.name}」" if flow.name else label(model, flow.target)
