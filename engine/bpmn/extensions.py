"""Our attributes and Camunda's in the BPMN file, as the task specs need them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
TSUNAGU = "urn:tsunagu:bpmn:1"


def attributes_of(node: etree._Element) -> dict[str, Any]:
    """What an element says beyond BPMN.

    ``operation``, ``payload`` (list of names), ``decisionRef``, ``resultVariable``; ``inputs`` (name, expression) and
    ``outputs`` (variable, result key) of a service task; ``in`` (target, expression) and ``out`` (target, expression)
    of a call activity. Raises ValueError with a Japanese text when one of them is incomplete.
    """
    found: dict[str, Any] = {}
    for name in ("operation", "payload"):
        if (value := node.get(f"{{{TSUNAGU}}}{name}")) is not None:
            found[name] = value.replace(",", " ").split() if name == "payload" else value.strip()
    for name in ("decisionRef", "resultVariable"):
        if value := node.get(f"{{{CAMUNDA}}}{name}"):
            found[name] = value.strip()
    for element in node.iterfind(f"{{{BPMN}}}extensionElements/*"):
        _add_element(found, element)
    return found


def declared_variables(process: etree._Element) -> tuple[str, ...]:
    """Names of the variables that a process declares."""
    found = process.iterfind(f"{{{BPMN}}}extensionElements/{{{TSUNAGU}}}variable")
    return tuple(name for node in found if (name := node.get("name")))


def _add_element(found: dict[str, Any], element: etree._Element) -> None:
    if element.tag in (f"{{{CAMUNDA}}}in", f"{{{CAMUNDA}}}out"):
        target, source = element.get("target"), element.get("source") or element.get("sourceExpression")
        if not target or not source:
            raise ValueError("変数の受け渡しには source と target の両方を書いてください")
        found.setdefault(etree.QName(element).localname, []).append((target, source.strip()))
    elif element.tag == f"{{{CAMUNDA}}}inputOutput":
        found["inputs"] = list(_parameters(element.iterfind(f"{{{CAMUNDA}}}inputParameter")))
        found["outputs"] = list(_parameters(element.iterfind(f"{{{CAMUNDA}}}outputParameter")))


def _parameters(elements: Iterable[etree._Element]) -> Iterable[tuple[str, str]]:
    for element in elements:
        name, text = element.get("name"), (element.text or "").strip()
        if not name or not text or len(element):
            raise ValueError("入出力の項目には名前と式の両方を書いてください")
        yield name, text
