"""The editor: nothing of a diagram is lost by opening and saving it, and every word of its library has its Japanese."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from engine.definitions.elements import BpmnModel
from engine.definitions.model import read_model
from engine.definitions.rulebook import Report
from engine.definitions.rules.allowed import check as allowed
from engine.definitions.xml import parse_xml

ROOT = Path(__file__).parents[3]
FRONTEND = ROOT / "web" / "frontend"
LIBRARY = FRONTEND / "node_modules"
DIAGRAMS = sorted((ROOT / "workflows").glob("*/process.bpmn"))
FACTS = {"roles": [], "ladders": ["standard", "none"], "forms": [], "operations": [], "decisions": [], "processes": [],
         "messages": [], "functions": []}  # fmt: skip
CALL = re.compile(r"""\b[tT]ranslate\(\s*(?:'((?:[^'\\]|\\.)+)'|"((?:[^"\\]|\\.)+)")""")
LABEL = re.compile(r"label: ?'([^']+)'")
#: arguments of drawing functions of the same name
NOT_TEXTS = {"HELLO {you}", " + shift + ", " + x + "}


def sources(*folders: str) -> Iterator[str]:
    """The library's own modules, tests left out."""
    for folder in folders:
        for path in sorted((LIBRARY / folder).rglob("*.js")):
            if not path.name.endswith((".test.js", ".prod.js")):
                yield path.read_text(encoding="utf-8")


def dictionary(name: str) -> dict[str, str]:
    """One of the editor's two lists of words."""
    found: dict[str, str] = json.loads((FRONTEND / "editor" / name).read_text(encoding="utf-8"))
    return found


def asked_for() -> set[str]:
    """Every text that the library asks its translate service for."""
    found = {
        one or other
        for text in sources("bpmn-js/lib", "diagram-js/lib", "diagram-js-direct-editing/lib", "diagram-js-minimap/dist")
        for one, other in CALL.findall(text)
    }
    menus = LIBRARY / "bpmn-js" / "lib" / "features"
    for path in (menus / "popup-menu" / "PopupEntries.js", menus / "replace" / "ReplaceOptions.js"):
        found |= set(LABEL.findall(re.sub(r"^\s*//.*$", "", path.read_text(encoding="utf-8"), flags=re.M)))
    feedback = (menus / "modeling-feedback" / "ModelingFeedback.js").read_text(encoding="utf-8")
    return (found | set(re.findall(r"_ERR_MSG = '([^']+)'", feedback))) - NOT_TEXTS


def test_every_text_of_the_library_has_its_japanese() -> None:
    assert asked_for() > {"Activate hand tool", "User task", "Open minimap"}
    assert not sorted(asked_for() - set(dictionary("ja.json")))


def test_every_text_that_token_simulation_writes_has_its_japanese() -> None:
    written: set[str] = set()
    for text in sources("bpmn-js-token-simulation/lib"):
        written |= set(re.findall(r'(?:title|aria-label)="([^"$]+)"', text))
        written |= set(re.findall(r"text: (?:\w+ \|\| )?'([A-Z][^']+)'", text))
        written |= set(re.findall(r">\s*([A-Z][A-Za-z ]+[a-z])\s*<", text))
    assert written > {"Trigger Event", "Not supported", "User Task"}
    assert not sorted(written - set(dictionary("ja-simulation.json")))


def test_the_words_are_japanese() -> None:
    for name in ("ja.json", "ja-simulation.json"):
        for text, word in dictionary(name).items():
            assert re.search(r"[ぁ-んァ-ヶ一-龠]", word), text
            assert re.findall(r"{\w+}", text) == re.findall(r"{\w+}", word)


def test_what_the_palette_offers_is_in_the_profile() -> None:
    text = (FRONTEND / "editor" / "profile.js").read_text(encoding="utf-8")
    offered = re.findall(r"^  \['create[^']*', '\w+', '(bpmn:\w+)', '[\w-]+'(?:, '(bpmn:\w+)')?\]", text, re.M)
    assert len(offered) == len(re.findall(r"^  \['create", text, re.M)) > 10
    profile = (ROOT / "docs" / "bpmn-profile.md").read_text(encoding="utf-8")
    for element, definition in offered:
        name = "bpmn:" + element[5].lower() + element[6:]
        event = definition.removeprefix("bpmn:").removesuffix("EventDefinition").lower() or "none"
        row = f"`{name}+{event}`" if name.endswith("Event") else f"`{name}`"
        assert f"| {row} |" in profile, row


@pytest.mark.browser
def test_opening_and_saving_each_process_keeps_what_it_means(bench: Any, page: Page) -> None:
    bench.pages["/facts"] = json.dumps(FACTS).encode()
    bench.pages["/first"] = DIAGRAMS[0].read_bytes()
    bench.answers["/check"] = 200
    page.goto(bench.page(
        '<div class="editor" data-editor data-revision="1" data-draft="d" data-diagram-url="/first"'
        ' data-facts-url="/facts" data-check-url="/check" data-save-url="/save" data-csrf="x"></div>'
    ))  # fmt: skip
    page.wait_for_selector("[data-editor=shown]")
    assert len(DIAGRAMS) >= 7
    for path in DIAGRAMS:
        before = path.read_bytes()
        after = page.evaluate(
            "async (xml) => { const host = document.querySelector('[data-editor]');"
            " await host.openDiagram(xml); return (await host.modeler.saveXML({ format: true })).xml; }",
            before.decode(),
        ).encode()
        assert meaning(before) == meaning(after), path
        root = parse_xml(after, "process.bpmn")
        assert list(allowed(root, Report("process.bpmn"))) == [], path  # type: ignore[arg-type]
    assert page.locator(".bjs-powered-by").is_visible()


def meaning(diagram: bytes) -> tuple[Any, ...]:
    """All that the engine and the pages read of a diagram, the order of the file left out."""
    model: BpmnModel = read_model(diagram)
    elements = {key: replace(element, attributes=dict(element.attributes)) for key, element in model.elements.items()}
    return (
        model.process_id, model.name, model.documentation, model.variables, model.entries, elements,
        {flow.id: flow for flow in model.flows.values()}, model.lanes,
    )  # fmt: skip
