"""Files that nobody should have made: each gets a clear finding, none an exception."""

from __future__ import annotations

import contextlib
import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.definitions.checks import check_package, require_accepted
from engine.definitions.findings import Finding, errors_in
from engine.definitions.model import read_model
from engine.definitions.package import package_of
from engine.definitions.xml import parse_xml
from engine.domain.errors import DefinitionRefused
from tests.models import accepted_models, surroundings

GOOD = accepted_models.boundary_timer().text().encode()
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def a_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("process.bpmn", GOOD)
    return content.getvalue()


def with_doctype(doctype: str, text: str = "") -> bytes:
    return GOOD.replace(HEAD, HEAD + doctype.encode()).replace("話を聴く".encode(), text.encode() or b"x")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "external entity": (with_doctype('<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"), "xml.doctype"),
    "external document type": (with_doctype('<!DOCTYPE d SYSTEM "http://example.test/d.dtd">'), "xml.doctype"),
    "billion laughs": (with_doctype(f'<!DOCTYPE d [<!ENTITY l0 "ha">{LAUGHS}]>', "&l9;"), "xml.doctype"),
    "utf-16": (GOOD.decode().encode("utf-16"), "xml.encoding"),
    "utf-16 without mark": (GOOD.decode().encode("utf-16-le"), "xml.encoding"),
    "utf-7": (b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE', "xml.encoding"),
    "shift jis": (GOOD.decode().encode("shift_jis"), "xml.encoding"),
    "shift jis, declared": (GOOD.replace(b"UTF-8", b"Shift_JIS", 1), "xml.encoding"),
    "six megabytes": (GOOD + b"\n" * 6_000_000, "package.size"),
    "ten thousand levels": (HEAD + b"<a>" * 10_000 + b"</a>" * 10_000, "xml.complexity"),
    "a hundred levels": (HEAD + b"<a>" * 100 + b"</a>" * 100, "xml.complexity"),
    "thirty thousand elements": (HEAD + b"<a>" + b"<b/>" * 30_000 + b"</a>", "xml.complexity"),
    "id of 100,000 characters": (GOOD.replace(b'id="hear"', b'id="' + b"h" * 100_000 + b'"'), "xml.length"),
    "text of 100,000 characters": (GOOD.replace(b"overdue_at", b"o" * 100_000), "xml.length"),
    "broken": (GOOD[: len(GOOD) // 2], "xml.syntax"),
    "two roots": (GOOD + b"<a/>", "xml.syntax"),
    "undeclared prefix": (HEAD + b"<bpmn:definitions/>", "xml.syntax"),
    "zip": (a_zip(), "xml.not_xml"),
    "empty": (b"", "xml.empty"),
    "blank": (b"  \n ", "xml.empty"),
    "nul bytes": (b"\x00" * 100, "xml.encoding"),
    "another vocabulary": (HEAD + b"<html/>", "structure.root"),
    "definitions of another namespace": (HEAD + b'<definitions xmlns="urn:other"/>', "structure.root"),
    "no process": (
        HEAD + b'<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" id="d"/>', "structure.process",
    ),
}  # fmt: skip


def rules_of(content: bytes) -> list[str]:
    package = package_of("sample", {"process.bpmn": content})
    return [finding.rule for finding in errors_in(check_package(package, surroundings.context()))]


@pytest.mark.parametrize(("content", "rule"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_gets_a_clear_finding(content, rule):
    assert rule in rules_of(content)


@pytest.mark.parametrize("content", [content for content, rule in HOSTILE.values() if rule[:4] == "xml."])
def test_reading_a_hostile_file_is_refused_with_a_finding(content):
    with pytest.raises(DefinitionRefused) as refused:
        read_model(content)
    assert isinstance(refused.value.findings[0], Finding)


def test_a_file_of_six_megabytes_is_not_parsed():
    found = parse_xml(GOOD + b"\n" * 6_000_000, "f")
    assert isinstance(found, Finding)
    assert found.rule == "xml.size"


def test_a_package_with_errors_is_not_accepted():
    with pytest.raises(DefinitionRefused) as refused:
        require_accepted(package_of("sample", {"process.bpmn": b"<a/>"}), surroundings.context())
    assert refused.value.findings


def test_comments_and_processing_instructions_are_dropped():
    root = parse_xml(GOOD.replace(b"<bpmn:process", b"<!-- hidden --><?run this?><bpmn:process", 1), "f")
    assert not isinstance(root, Finding)
    assert all(isinstance(node.tag, str) for node in root.iter())


def test_a_byte_order_mark_is_no_fault():
    assert rules_of(b"\xef\xbb\xbf" + GOOD) == []


def test_a_path_in_an_id_is_only_text():
    assert "structure.id_form" in rules_of(GOOD.replace(b'"hear"', b'"../../../etc/passwd"'))


def test_many_nested_sub_processes_are_examined():
    inner = b'<bpmn:subProcess id="s%d" name="s">'
    nested = b"".join(inner % n for n in range(30)) + b"</bpmn:subProcess>" * 30
    assert rules_of(GOOD.replace(b"  </bpmn:process>", nested + b"</bpmn:process>"))


def test_a_diagram_with_too_many_elements_is_refused_quickly():
    more = b"".join(b'<bpmn:userTask id="t%d" name="t"/>' % n for n in range(500))
    assert "structure.too_big" in rules_of(GOOD.replace(b"  </bpmn:process>", more + b"</bpmn:process>"))


# ---------------------------------------------------------------- mutations of a good file

REPLACEMENTS = [b"", b'"', b"<", b">", b"&", b"&#0;", b"&amp;", b"\x00", b"\xff", b"]]>", b"id", b"None", "。".encode()]


@given(
    edits=st.lists(
        st.tuples(st.integers(0, len(GOOD)), st.integers(0, 40), st.sampled_from(REPLACEMENTS) | st.binary(max_size=6)),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mutated_file_never_raises_anything_but_a_refusal(edits):
    content = GOOD
    for place, length, replacement in edits:
        content = content[:place] + replacement + content[place + length :]
    assert all(isinstance(finding, str) for finding in rules_of(content))
    with contextlib.suppress(DefinitionRefused):
        assert read_model(content).elements.keys() >= set()


WORDS = GOOD.decode().replace("<", " <").replace(">", "> ").split()


@given(old=st.sampled_from(WORDS), new=st.sampled_from(WORDS), times=st.integers(1, 3))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_file_with_its_own_words_exchanged_never_raises(old, new, times):
    assert isinstance(rules_of(GOOD.decode().replace(old, new, times).encode()), list)
