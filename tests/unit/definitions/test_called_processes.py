"""Processes that call processes: what belongs to a version, and what must hold over all files that run together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.definitions.checks import check_package, diagram_findings
from engine.definitions.context import CheckContext
from engine.definitions.model import BpmnModel, read_model
from engine.definitions.package import MAX_CALLED, Package, called_files, package_of, read_package
from engine.definitions.rules.graph import Halts
from engine.definitions.rules.throws import Escapes
from engine.queries.outline import StepKind, outline
from tests.models import accepted_parts, surroundings
from tests.models.called_models import SETTLED, SIGNAL, asking, passing_on, refusing
from tests.models.drawing import Diagram, Line, Node, chain, end, start, variable, work

FORM = b'{"key": "x", "schema": {"type": "object", "properties": {}}}'


def calling(called: str, key: str = "sample", *, entry: str = "manual") -> Diagram:
    """A process that does nothing but call another."""
    nodes = [
        start(entry=entry, element_id=f"{key}_begin"),
        Node("callActivity", f"{key}_call", "呼ぶ", f'calledElement="{called}"'),
        end(f"{key}_end", "終わる"),
    ]
    lines = chain(f"{key}_begin", f"{key}_call", f"{key}_end")
    return Diagram(nodes, lines, key=key, name=key)


def write(folder: Path, *diagrams: Diagram) -> Path:
    for diagram in diagrams:
        (folder / diagram.key / "forms").mkdir(parents=True, exist_ok=True)
        (folder / diagram.key / "process.bpmn").write_text(diagram.text(), encoding="utf-8")
    return folder


def read(folder: Path, key: str = "sample") -> Package:
    return read_package(folder / key, folder / "forms")


def context(*others: BpmnModel) -> CheckContext:
    known = surroundings.context()
    return replace(known, others=(*(known.others or ()), *others))


def found(package: Package, around: CheckContext | None = None) -> list[tuple[str, str, str]]:
    findings = check_package(package, around or surroundings.context())
    return [(finding.file, finding.rule, finding.element_id) for finding in findings]


# ---------------------------------------------------------------- the package


def test_a_package_holds_the_diagrams_and_forms_of_all_it_calls(tmp_path: Path) -> None:
    write(tmp_path, accepted_parts.call_activity(), passing_on(), asking(), refusing())
    (tmp_path / "asking" / "forms" / "asking_answer.json").write_bytes(FORM)
    (tmp_path / "asking" / "decisions").mkdir()
    (tmp_path / "asking" / "decisions" / "weight.dmn").write_bytes(b"<definitions/>")
    package = read(tmp_path)
    assert list(package.files) == [
        "asking/decisions/weight.dmn", "asking/forms/asking_answer.json", "asking/process.bpmn",
        "passing_on/process.bpmn", "process.bpmn",
    ]  # fmt: skip
    assert package.findings == ()
    assert package.form_keys == frozenset()  # those of a called process are not for its own tasks


@pytest.mark.parametrize("path", ["passing_on/process.bpmn", "asking/process.bpmn", "asking/forms/asking_answer.json"])
def test_the_hash_changes_with_every_file_of_a_called_process(tmp_path: Path, path: str) -> None:
    write(tmp_path, accepted_parts.call_activity(), passing_on(), asking())
    (tmp_path / "asking" / "forms" / "asking_answer.json").write_bytes(FORM)
    before = read(tmp_path).content_hash
    (tmp_path / path).write_bytes((tmp_path / path).read_bytes() + b"\n")
    assert read(tmp_path).content_hash != before


def test_a_shared_form_of_a_called_process_comes_along(tmp_path: Path) -> None:
    called = asking()
    called.nodes[1] = work("asking_answer", "返事をする", 'camunda:formKey="F04"', orgScope="asked_org")
    write(tmp_path, accepted_parts.call_activity(), passing_on(), called)
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "F04.json").write_bytes(FORM)
    assert "forms/F04.json" in read(tmp_path).files


def test_calls_in_a_ring_are_read_once_and_refused(tmp_path: Path) -> None:
    write(tmp_path, calling("second"), calling("third", "second", entry="called"),
          calling("sample", "third", entry="called"))  # fmt: skip
    package = read(tmp_path)
    assert called_files(package.files).keys() == {"second", "third"}
    assert ("process.bpmn", "call.cycle", "sample_call") in found(package)


def test_a_ring_beyond_the_caller_is_refused_too(tmp_path: Path) -> None:
    write(tmp_path, calling("second"), calling("third", "second", entry="called"),
          calling("second", "third", entry="called"))  # fmt: skip
    assert ("third/process.bpmn", "call.cycle", "third_call") in found(read(tmp_path))


def test_too_many_called_processes_are_a_finding(tmp_path: Path) -> None:
    count = MAX_CALLED + 5
    keys = [f"p{number}" for number in range(count)]
    write(tmp_path, calling("p0"), *(calling(f"p{n + 1}", keys[n], entry="called") for n in range(count)))
    assert "package.called_count" in [finding.rule for finding in read(tmp_path).findings]


@pytest.mark.parametrize("called", ["../secret", "nowhere", "forms/../x", ""])
def test_what_is_called_must_be_a_folder_beside_it(tmp_path: Path, called: str) -> None:
    write(tmp_path, calling(called))
    (tmp_path.parent / "secret").mkdir(exist_ok=True)
    (tmp_path.parent / "secret" / "process.bpmn").write_text(asking().text(), encoding="utf-8")
    package = read(tmp_path)
    assert package.called == {}
    assert {rule for _, rule, _ in found(package)} & {"call.unknown", "call.missing"}


def test_files_of_a_process_that_is_not_called_are_refused() -> None:
    files = {"process.bpmn": calling("asking").text().encode(), "asking/process.bpmn": asking().text().encode()}
    package = package_of("sample", {**files, "other/forms/x.json": FORM, "other/process.bpmn": b"<x/>"})
    assert [finding.file for finding in package.findings] == ["other/forms/x.json", "other/process.bpmn"]
    assert package.called.keys() == {"asking"}


# ---------------------------------------------------------------- rules over all files


def together(*diagrams: Diagram) -> Package:
    """The package of the first, with the others beside it."""
    first, *rest = [(diagram.key, diagram.text().encode()) for diagram in diagrams]
    return package_of("sample", {"process.bpmn": first[1], **{f"{key}/process.bpmn": text for key, text in rest}})


def test_a_called_process_is_checked_with_its_caller() -> None:
    called = asking()
    called.nodes[1] = work("asking_answer", "返事をする", sla="")
    caller = accepted_parts.call_activity()
    assert ("asking/process.bpmn", "task.clock_missing", "asking_answer") in found(
        together(caller, passing_on(), called)
    )


def test_a_process_that_does_not_say_so_cannot_be_called() -> None:
    called = refusing()
    called.nodes[0] = start(entry="manual", element_id="refusing_begin")
    rules = found(together(accepted_parts.error_from_a_called_process(), called))
    assert ("process.bpmn", "call.not_callable", "try_it") in rules
    assert ("refusing/process.bpmn", "event.uncaught", "refusing_end") in rules  # it may be started by people then


def test_an_error_two_calls_down_must_be_caught_on_the_way() -> None:
    package = together(calling("second"), calling("refusing", "second", entry="called"), refusing())
    assert ("process.bpmn", "event.uncaught_call", "sample_call") in found(package)
    assert not [rule for _, rule, element in found(package) if element == "second_call" and rule.startswith("event.")]


def test_an_error_that_the_middle_process_catches_does_not_come_up() -> None:
    middle = accepted_parts.error_from_a_called_process()
    middle.key = middle.name = "second"
    middle.nodes[0] = start(entry="called")
    assert found(together(calling("second"), middle, refusing())) == []


SIGNALLING: list[tuple[str, Callable[[], Node], list[tuple[str, str, str]]]] = [
    ("caught", lambda: Node("boundaryEvent", "heard", "済んだ", 'attachedToRef="wait"', SETTLED), []),
    ("not caught", lambda: Node("boundaryEvent", "heard", "3日", 'attachedToRef="wait" cancelActivity="false"',
     '<bpmn:timerEventDefinition id="d_t"><bpmn:timeDuration>P3D</bpmn:timeDuration></bpmn:timerEventDefinition>'),
     [("second/process.bpmn", "event.signal_never_caught", "second_tell")]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "boundary", "wanted"), SIGNALLING, ids=[name for name, *_ in SIGNALLING])
def test_a_signal_reaches_from_a_called_process_to_its_caller(
    name: str, boundary: Callable[[], Node], wanted: list[tuple[str, str, str]]
) -> None:
    nodes = [start(entry="called", element_id="second_begin"),
             Node("intermediateThrowEvent", "second_tell", "伝える", body=SETTLED.replace("d_settled", "d_second")),
             end("second_end")]  # fmt: skip
    lines = chain("second_begin", "second_tell", "second_end")
    second = Diagram(nodes, lines, root=SIGNAL, key="second", name="二")
    top = [start(), Node("parallelGateway", "fork", "同時に"), work("wait", "待つ"), boundary(),
           Node("callActivity", "call", "呼ぶ", 'calledElement="second"'), end(), end("a"), end("b")]  # fmt: skip
    ways = [*chain("begin", "fork"), Line("fork", "wait", "待つ"), Line("fork", "call", "呼ぶ"), *chain("wait", "a")]
    ways += [*chain("heard", "b"), *chain("call", "finish")]
    caller = Diagram(top, ways, root=SIGNAL if name == "caught" else "")
    assert [line for line in found(together(caller, second)) if line[1] != "structure.name_missing"] == wanted


def test_a_loop_through_a_call_that_never_waits_is_refused() -> None:
    nodes = [start(entry="called", element_id="second_begin"),
             Node("scriptTask", "second_count", "数える", body="<bpmn:script>turns = 1</bpmn:script>"),
             end("second_end")]  # fmt: skip
    lines = chain("second_begin", "second_count", "second_end")
    quick = Diagram(nodes, lines, extensions=variable("turns", "int"), key="second", name="二")

    def looping(called: str) -> Diagram:
        gateway = Node("exclusiveGateway", "again", "もう一度か", 'default="f_again__finish"')
        call = Node("callActivity", "call", "呼ぶ", f'calledElement="{called}"')
        ways = [*chain("begin", "call", "again"), Line("again", "finish", "終わる")]
        ways.append(Line("again", "call", "もう一度", 'owner_org == "AG-01"'))
        return Diagram([start(), call, gateway, end()], ways)

    assert ("process.bpmn", "structure.loop_without_wait", "call") in found(together(looping("second"), quick))
    slow = asking()
    slow.extensions = slow.extensions.replace('input="true"', 'input="false"')
    assert found(together(looping("asking"), slow)) == []


def test_an_input_of_another_type_is_refused() -> None:
    text = accepted_parts.call_activity().text().replace('sourceExpression="owner_org"', 'source="started_on"')
    files = {f"{d.key}/process.bpmn": d.text().encode() for d in (passing_on(), asking())}
    package = package_of("sample", {"process.bpmn": text.encode(), **files})
    assert ("process.bpmn", "call.type", "pass_on") in found(package)


# ---------------------------------------------------------------- the model


def whole() -> BpmnModel:
    called = {diagram.key: read_model(diagram.text().encode()) for diagram in (passing_on(), asking())}
    return read_model(accepted_parts.call_activity().text().encode()).with_called(called)


def test_the_joined_model_answers_for_called_elements() -> None:
    model = whole()
    assert model.settings("asking_answer").form_key == "asking_answer"
    assert model.process_of("asking_answer").process_id == "asking"
    assert model.process_of("pass_on").process_id == "sample"
    assert "asked_org" in model.variables_at("asking_answer")
    assert "asked_org" not in model.variables_at("pass_on")
    assert [flow.target for flow in model.flows_out("asking_answer")] == ["asking_done"]
    assert model.start is not None
    assert model.start.id == "begin"


def test_the_outline_tells_called_steps_below_their_call() -> None:
    steps = outline(whole())
    depths = {step.element_id: step.depth for step in steps}
    assert (depths["pass_on"], depths["passing_on_ask"], depths["asking_answer"]) == (0, 1, 2)
    assert [step.kind for step in steps if step.element_id == "pass_on"] == [StepKind.PART]
    assert len({step.element_id for step in steps}) == len(steps)


def test_a_process_called_twice_is_told_once() -> None:
    nodes = [start(), Node("callActivity", "first", "一度目", 'calledElement="refusing"'),
             Node("callActivity", "second", "二度目", 'calledElement="refusing"'), end()]  # fmt: skip
    diagram = Diagram(nodes, chain("begin", "first", "second", "finish"))
    model = read_model(diagram.text().encode()).with_called({"refusing": read_model(refusing().text().encode())})
    names = [step.element_id for step in outline(model)]
    assert names.count("refusing_look") == 1
    assert names.index("first") < names.index("refusing_look") < names.index("second")


def test_a_process_without_calls_stays_as_it_is() -> None:
    model = read_model(asking().text().encode())
    assert model.with_called({}) is model


def diamonds(levels: int) -> list[Diagram]:
    """Processes of which each calls the next one twice, down to one that may end with an error."""

    def twice(number: int) -> Diagram:
        key, called = f"p{number}", f"p{number + 1}" if number + 1 < levels else "refusing"
        nodes = [start(entry="called", element_id=f"{key}_begin")]
        nodes += [Node("callActivity", f"{key}_{turn}", "呼ぶ", f'calledElement="{called}"') for turn in ("a", "b")]
        nodes.append(end(f"{key}_end"))
        return Diagram(nodes, chain(f"{key}_begin", f"{key}_a", f"{key}_b", f"{key}_end"), key=key, name=key)

    return [calling("p0"), *(twice(number) for number in range(levels)), refusing()]


def test_calls_in_diamonds_are_looked_at_once_each() -> None:
    """2 to the 41st ways, of which none may be walked one by one."""
    models = {diagram.key: read_model(diagram.text().encode()) for diagram in diamonds(41)}
    escapes, halts = Escapes(models), Halts(models)
    assert [(thrown.code, thrown.element.id) for thrown in escapes.of(models["sample"])] == [("refused", "sample_call")]
    assert halts.waits(models["sample"], models["sample"].elements["sample_call"])
    assert len(outline(models["sample"].with_called(models))) == 3 + 41 * 4 + 5


def test_calls_that_nobody_can_read_are_refused() -> None:
    files = {f"{diagram.key}/process.bpmn": diagram.text().encode() for diagram in diamonds(9)}
    package = package_of("sample", {**files, "process.bpmn": files.pop("sample/process.bpmn")})
    rules = {finding.rule for finding in diagram_findings(package, surroundings.context())}
    assert "call.too_big" in rules
    assert not any(rule.startswith("soundness.") for rule in rules)
