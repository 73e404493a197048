"""Every place of an accepted model that holds an expression: a hostile one is found before it is published."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from engine.definitions.checks import check_package
from engine.definitions.findings import errors_in
from engine.definitions.package import package_of
from engine.expressions.language import parse
from tests.models import surroundings
from tests.support.hostile_expressions import HOSTILE

ACCEPTED = sorted((Path(__file__).parents[2] / "models" / "accepted").glob("*.bpmn"))
TEXTS = {
    "conditionExpression", "timeDate", "timeDuration", "timeCycle", "script", "loopCardinality", "completionCondition",
    "loopCondition", "inputParameter", "loopDataInputRef",
}  # fmt: skip
ATTRIBUTES = {"due", "sourceExpression"}


def _is_hostile(text: str) -> bool:
    """One that the language refuses by itself, and that XML can carry."""
    if not text.strip() or not all(character >= " " for character in text):
        return False
    try:
        parse(text)
    except Exception:  # noqa: BLE001 - why it is refused is tested elsewhere
        return True
    return False


SAMPLE = [text for text in HOSTILE if _is_hostile(text)][::9]


def places() -> dict[str, tuple[Path, str]]:
    """Kind of place -> a model that has one, and the XPath of it."""
    found: dict[str, tuple[Path, str]] = {}
    for path in ACCEPTED:
        tree = etree.parse(path)
        for element in tree.iter(etree.Element):
            name = etree.QName(element).localname
            if name in TEXTS and (element.text or "").strip():
                found.setdefault(name, (path, tree.getpath(element)))
            for attribute in element.attrib:
                if etree.QName(attribute).localname in ATTRIBUTES:
                    place = f"{tree.getpath(element)}/@{attribute}"
                    found.setdefault(f"{name} {etree.QName(attribute).localname}", (path, place))
    return found


PLACES = places()


def test_every_kind_of_place_is_in_an_accepted_model() -> None:
    assert TEXTS - PLACES.keys() == set()
    assert {"in sourceExpression", "userTask due"} <= PLACES.keys()


@pytest.mark.parametrize("kind", sorted(PLACES))
def test_a_hostile_expression_is_refused_at_publish(kind: str) -> None:
    path, place = PLACES[kind]
    assert len(SAMPLE) >= 15
    for text in SAMPLE:
        bpmn, element_ids = _planted(path, place, f"found = {text}" if kind == "script" else text)
        package = package_of("sample", surroundings.files(bpmn))
        named = {finding.element_id for finding in errors_in(check_package(package, surroundings.context()))}
        assert named & element_ids, (kind, text, named)


def _planted(path: Path, place: str, text: str) -> tuple[bytes, set[str]]:
    """The model with the text in that place, and the ids around it."""
    tree = etree.parse(path)
    where, _, attribute = place.partition("/@")
    (element,) = tree.xpath(where, namespaces=tree.getroot().nsmap)
    if attribute:
        element.set(attribute, text)
    else:
        element.text = text
    ids = {one.get("id") for one in (element, *element.iterancestors()) if one.get("id")}
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8"), ids - {tree.getroot().get("id"), "sample"}
