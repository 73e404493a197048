"""BPMN files to specs that can run; everything that cannot is reported with its element.

The profile that decides what may be published lies elsewhere; here is refused what the runner cannot carry out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException

from engine.bpmn.adoption import adopt
from engine.bpmn.api import Problem
from engine.bpmn.context import element_id, is_drawn
from engine.bpmn.extensions import BPMN, attributes_of, declared_variables
from engine.bpmn.specs import DecisionTask
from engine.bpmn.subprocesses import CallActivity
from engine.domain.errors import DefinitionRefused

MAX_BYTES = 5_000_000  #: size of one file
RESERVED_IDS = frozenset({"Start", "End"})  #: names of internal specs
_ID = re.compile(r"[^\W\d][\w-]*")
#: elements that a token can be at, and processes
_PLACES = frozenset({*BpmnParser.PARSER_CLASSES, f"{{{BPMN}}}process", f"{{{BPMN}}}businessRuleTask"})
_SHARED = ("message", "signal", "error", "escalation")  #: root elements that several files may declare alike


class ProcessSpecs:
    """A parsed process with everything it calls; opaque, shareable between threads, never written at run time.

    element_ids: ids of all elements that a token can be at, sub-processes and called processes included.
    """

    def __init__(self, process: Any, nested: dict[str, Any]) -> None:
        self.process, self.nested = process, nested
        self.process_id: str = process.name
        self.element_ids: frozenset[str] = frozenset(
            element_id(spec)
            for one in (process, *nested.values())
            for spec in one.task_specs.values()
            if is_drawn(spec)
        )


def parse_process(
    xml: bytes,
    process_id: str,
    called: Mapping[str, bytes] | None = None,
    given: Mapping[str, str] | None = None,
) -> ProcessSpecs:
    """Parse a process and what it calls.

    called: the file of each called process, by process id. given: variables that every called process starts with, as
    expressions that its caller evaluates; its declared variables are None at first. Raises DefinitionRefused with
    ``api.Problem`` items (element id, Japanese text) for everything that the runner cannot carry out.
    """
    roots = _read_all([xml, *(called or {}).values()])
    _refuse([*_id_problems(roots), *_shared_problems(roots)])
    parser = _Parser()
    try:
        for root in roots:
            parser.add_bpmn_xml(root)
        process = parser.get_spec(process_id)
        nested = parser.get_subprocess_specs(process_id)
    except ValidationException as error:
        raise DefinitionRefused([_translated(error)]) from error
    except Exception as error:  # the library's parser has its own bugs: each is a refusal with its text
        raise DefinitionRefused([Problem(process_id, f"ファイルを読み取れません（{error}）。")]) from error
    _refuse(adopt(process, nested))
    _refuse(_cycle_problems(process, nested))
    _give(roots, [process, *nested.values()], given or {})
    return ProcessSpecs(process, nested)


def _give(roots: list[etree._Element], processes: list[Any], given: Mapping[str, str]) -> None:
    """What call activities hand over without saying so: first variables, before their own ``camunda:in``."""
    declared = {
        str(process.get("id")): declared_variables(process)
        for root in roots
        for process in root.iterfind(f"{{{BPMN}}}process")
    }
    for call in [spec for one in processes for spec in one.task_specs.values() if isinstance(spec, CallActivity)]:
        first = dict.fromkeys(declared.get(call.spec, ()), "None") | dict(given)
        call.extensions = {**call.extensions, "in": [*first.items(), *call.extensions.get("in", ())]}


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise DefinitionRefused(list(dict.fromkeys(problems)))


# ---------------------------------------------------------------- the files


def _read_all(files: list[bytes]) -> list[etree._Element]:
    """The root of each different file; no document type, no entities, no network."""
    roots, seen = [], set()
    for file in files:
        if file not in seen:
            seen.add(file)
            roots.append(_read(file))
    return roots


def _read(file: bytes) -> etree._Element:
    if len(file) > MAX_BYTES:
        raise DefinitionRefused([Problem("", "ファイルが大きすぎます。")])
    reader = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(file, reader)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise DefinitionRefused([Problem("", f"XMLとして読み取れません（{error}）。")]) from error
    document: Any = root.getroottree().docinfo
    if document.doctype:
        raise DefinitionRefused([Problem("", "DOCTYPE宣言は使えません。")])
    return root


def _id_problems(roots: list[etree._Element]) -> Iterator[Problem]:
    """The library merges two elements of one id silently: within a file, and tokens' places over all files."""
    repeated: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for root in roots:
        nodes = [node for process in root.iterfind(f".//{{{BPMN}}}process") for node in process.iter(f"{{{BPMN}}}*")]
        repeated |= Counter(str(node.get("id")) for node in nodes if node.get("id"))
        places.update(str(node.get("id")) for node in nodes if node.tag in _PLACES)
    for name, count in (repeated | places).items():
        if count > 1:
            yield Problem(name, f"ID「{name}」が{count}回使われています。要素ごとに別のIDにしてください。")
    for name in places:
        if name in RESERVED_IDS:
            yield Problem(name, f"ID「{name}」は使えません。別のIDにしてください。")
        if not _ID.fullmatch(name):
            yield Problem(name, f"ID「{name}」に使えない文字があります。英数字と「_」「-」を使ってください。")


def _shared_problems(roots: list[etree._Element]) -> Iterator[Problem]:
    """Messages, signals, errors and escalations are looked up by id over all files."""
    meanings: dict[str, tuple[str | None, ...]] = {}
    for root in roots:
        for kind in _SHARED:
            for node in root.iterfind(f"{{{BPMN}}}{kind}"):
                name = str(node.get("id"))
                meaning = (kind, node.get("name"), node.get("errorCode"), node.get("escalationCode"))
                if meanings.setdefault(name, meaning) != meaning:
                    yield Problem(name, f"ID「{name}」が、ファイルによって別のものを指しています。")


def _cycle_problems(process: Any, nested: Mapping[str, Any]) -> list[Problem]:
    calls = {
        name: {spec.spec: element_id(spec) for spec in one.task_specs.values() if hasattr(spec, "spec")}
        for name, one in {**nested, process.name: process}.items()
    }
    return [
        Problem(calls[name][target], "呼び出しが元のプロセスに戻ります。呼び出しを輪にすることはできません。")
        for name in calls
        for target in calls[name]
        if _reaches(calls, target, name)
    ]


def _reaches(calls: Mapping[str, Mapping[str, str]], start: str, wanted: str) -> bool:
    seen, todo = {start}, [start]
    while todo:
        name = todo.pop()
        if name == wanted:
            return True
        new = set(calls.get(name, ())) - seen
        seen |= new
        todo += new
    return False


# ---------------------------------------------------------------- the library's parser


class _Extended:
    """Mixed into each of the library's node parsers: reads our attributes, keeps the file's order of flows."""

    node: etree._Element

    def parse_extensions(self, node: etree._Element | None = None) -> dict[str, Any]:
        return attributes_of(self.node if node is None else node)

    def get_position(self, node: etree._Element | None = None) -> dict[str, float]:
        """The library orders flows by their place in the drawing; conditions are tried in the file's order instead."""
        return {"x": 0.0, "y": 0.0}


def _tag(name: str) -> str:
    return f"{{{BPMN}}}{name}"


class _Parser(BpmnParser):
    OVERRIDE_PARSER_CLASSES = {
        tag: (type(f"Extended{parser.__name__}", (_Extended, parser), {}), spec)
        for tag, (parser, spec) in BpmnParser.PARSER_CLASSES.items()
    } | {_tag("businessRuleTask"): (type("ExtendedRuleParser", (_Extended, TaskParser), {}), DecisionTask)}


_TRANSLATIONS = (
    # BPMN 2.0.2, 10.6.6: receive tasks behind an event gateway must not have attached events
    ("'BoundaryEventSplit' object", "イベントゲートウェイの先の受信タスクに、境界イベントは付けられません。"),
    ("attribute 'event_definition'", "イベントゲートウェイの先には、受信イベントか受信タスクだけを置けます。"),
    ("no support implemented", "この種類の要素は使えません。"),
    ("Multiple outgoing flows", "流れを2本以上出せるのはゲートウェイだけです。"),
    ("without condition", "条件のない流れがあります。条件を書くか、既定の流れにしてください。"),
    ("No start event found", "開始イベントがありません。"),
    ("Exactly one start event", "サブプロセスの開始イベントは1つだけにしてください。"),
    ("Must contain an End event", "サブプロセスに終了イベントがありません。"),
    ("calledElement", "呼び出すプロセスが選ばれていません。"),
    ("was not found", "呼び出すプロセスが見つかりません。"),
    ("No Script Provided", "スクリプトがありません。"),
    ("loopMaximum or loopCondition", "繰り返しに、回数の上限か条件を書いてください。"),
    ("cardinality", "複数の実施には、対象の一覧か回数のどちらか一方を書いてください。"),
    ("is not executable", "実行できるプロセスになっていません（isExecutable）。"),
    ("Time Specification", "タイマーの日時・期間がありません。"),
    ("Duplicate process ID", "同じIDのプロセスが2つあります。"),
)


def _translated(error: ValidationException) -> Problem:
    text = str(error)
    for part, words in _TRANSLATIONS:
        if part.lower() in text.lower():
            return Problem(error.id or "", words)
    return Problem(error.id or "", f"この要素を読み取れません（{text}）。")
