"""Hostile bytes in, a plain tree or a finding out: the only place that parses BPMN of unknown origin.

UTF-8 only, no DOCTYPE (so no entities), caps on size, depth, number of nodes and length of values. Comments and
processing instructions are dropped: what nobody sees in the editor must not run.
"""

from __future__ import annotations

import re

from lxml import etree

from engine.definitions.findings import Finding

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
TSUNAGU = "urn:tsunagu:bpmn:1"
MODELER = "http://camunda.org/schema/modeler/1.0"
BIOC = "http://bpmn.io/schema/bpmn/biocolor/1.0"
COLOR = "http://www.omg.org/spec/BPMN/non-normative/color/1.0"
#: namespace -> the prefix used in messages, in the model and in the profile table
PREFIXES = {
    BPMN: "bpmn",
    BPMNDI: "bpmndi",
    DC: "dc",
    DI: "di",
    XSI: "xsi",
    CAMUNDA: "camunda",
    TSUNAGU: "tsunagu",
    MODELER: "modeler",
    BIOC: "bioc",
    COLOR: "color",
}

MAX_BYTES = 5 * 1024 * 1024  #: a file
MAX_NODES = 20_000  #: XML elements in a file
MAX_DEPTH = 40  #: nesting of XML elements; a diagram with three levels of sub-process has about 12
MAX_VALUE = 4_000  #: characters of an attribute
MAX_TEXT = 20_000  #: characters of a text

_DECLARED_ENCODING = re.compile(rb"""^<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")


def parse_xml(data: bytes, file: str) -> etree._Element | Finding:
    """The root of a well-formed, harmless file, or the finding that refuses it. Never raises for bad bytes."""
    refusal = _bad_bytes(data, file)
    if refusal is not None:
        return refusal
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=False,
        encoding="utf-8",
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        return _syntax(error, file)
    except (ValueError, RecursionError, MemoryError):
        return _refused(file, "xml.syntax", "XMLとして読めません。", "BPMNのファイルであることを確かめてください。")
    refusal = _bad_tree(root, file)
    return root if refusal is None else refusal


def qualified(tag: str) -> str:
    """``{namespace}local`` as ``prefix:local`` with our prefix; an unknown namespace is kept in braces."""
    namespace, brace, local = tag.removeprefix("{").rpartition("}")
    if not brace:
        return tag
    prefix = PREFIXES.get(namespace)
    return f"{prefix}:{local}" if prefix else tag


def _bad_bytes(data: bytes, file: str) -> Finding | None:
    if not data.strip():
        return _refused(file, "xml.empty", "ファイルが空です。", "中身のあるBPMNファイルを選んでください。")
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1024 / 1024:.1f}MB"
        return _refused(file, "xml.size", f"ファイルが大きすぎます（{size}）。", "5MB以内に分けてください。")
    if data[:4] == b"PK\x03\x04":
        return _refused(file, "xml.not_xml", "ZIPファイルです。", "展開して、.bpmnのファイルを選んでください。")
    declared = _DECLARED_ENCODING.match(data.removeprefix(b"\xef\xbb\xbf"))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (declared and declared[1].lower() not in (b"utf-8", b"utf8")):
        return _encoding(file)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return _encoding(file)
    if "\x00" in text:
        return _encoding(file)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        return _refused(
            file, "xml.doctype", "DOCTYPEまたは実体（ENTITY）の宣言があります。", "その宣言を取り除いてください。"
        )
    return None


def _bad_tree(root: etree._Element, file: str) -> Finding | None:
    depth, deepest, count = 0, 0, 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth, count = depth + 1, count + 1
        deepest = max(deepest, depth)
        if count > MAX_NODES or deepest > MAX_DEPTH:
            return _too_complex(file)
        if _has_long_value(node):
            return _refused(
                file,
                "xml.length",
                f"{qualified(node.tag)} に長すぎる値があります。",
                f"属性は{MAX_VALUE}文字、文は{MAX_TEXT}文字までにしてください。",
            )
    return None


def _has_long_value(node: etree._Element) -> bool:
    if node.text is not None and len(node.text) > MAX_TEXT:
        return True
    return len(node.tag) > MAX_VALUE or any(
        len(name) > MAX_VALUE or len(value) > MAX_VALUE for name, value in node.attrib.items()
    )


def _syntax(error: etree.XMLSyntaxError, file: str) -> Finding:
    text = str(error.msg or "")
    if "depth" in text.lower() or "huge" in text.lower():
        return _too_complex(file)
    line = error.lineno or 0
    return _refused(
        file,
        "xml.syntax",
        f"XMLとして読めません（{line}行目: {text[:120]}）。",
        "エディターで開き直して保存するか、その行を直してください。",
    )


def _too_complex(file: str) -> Finding:
    return _refused(
        file,
        "xml.complexity",
        f"入れ子が深すぎるか、要素が多すぎます（深さ{MAX_DEPTH}、要素{MAX_NODES}まで）。",
        "プロセスを分けてください。",
    )


def _encoding(file: str) -> Finding:
    return _refused(file, "xml.encoding", "文字コードがUTF-8ではありません。", "UTF-8で保存し直してください。")


def _refused(file: str, rule: str, message: str, remedy: str) -> Finding:
    return Finding(file, "", rule, message, remedy)
