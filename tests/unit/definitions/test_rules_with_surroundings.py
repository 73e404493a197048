"""Rules that need more than the file: forms, other processes, and the ways through a diagram."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from engine.definitions.checks import check_package
from engine.definitions.context import CheckContext, FormFacts, FormVariable, GuardRails
from engine.definitions.findings import errors_in
from engine.definitions.model import read_model
from engine.definitions.package import Package, package_of
from tests.models import accepted_models as models
from tests.models import surroundings
from tests.models.drawing import Diagram, Line, Node, catches, chain, end, message, start, variable, work

EMPTY_FORM = b'{"key": "x", "title": "x", "schema": {"type": "object", "properties": {}}}'


@dataclass(frozen=True)
class Forms:
    """Forms as the checks see them."""

    facts: tuple[FormFacts, ...]
    faults: tuple[tuple[str, str], ...] = ()

    def __call__(self, package: Package) -> Forms:
        return self

    def form(self, key: str) -> FormFacts | None:
        return next((form for form in self.facts if form.key == key), None)

    def problems(self) -> tuple[tuple[str, str], ...]:
        return self.faults


def found(text: str, context: CheckContext, *form_keys: str) -> list[tuple[str, str]]:
    files = {"process.bpmn": text.encode()} | {f"sample/forms/{key}.json": EMPTY_FORM for key in form_keys}
    findings = check_package(package_of("sample", files), context)
    return [(finding.rule, finding.element_id or finding.file) for finding in findings]


def with_forms(*facts: FormFacts, faults: tuple[tuple[str, str], ...] = ()) -> CheckContext:
    return replace(surroundings.context(), forms=Forms(facts, faults))


LEVELS = FormFacts("screen", (FormVariable("level", "level", "text", ("重い", "軽い")),))
PLAIN = (FormFacts("heavy"), FormFacts("light"))
KEYS = ("screen", "heavy", "light")


# ---------------------------------------------------------------- forms


def test_a_diagram_with_its_forms_has_no_findings():
    assert found(models.exclusive_gateway().text(), with_forms(LEVELS, *PLAIN), *KEYS) == []


def test_a_task_without_its_form_is_an_error():
    assert ("task.form_missing", "light") in found(
        models.exclusive_gateway().text(), with_forms(LEVELS, *PLAIN[:1]), "screen", "heavy"
    )


def test_a_condition_on_an_option_that_does_not_exist_is_an_error():
    text = models.exclusive_gateway().text().replace("重い&quot;", "重い").replace('"重い"<', '"おもい"<')
    assert ("expression.option", "f_which__heavy") in found(text, with_forms(LEVELS, *PLAIN), *KEYS)


def test_free_values_may_be_compared_with_anything():
    text = models.exclusive_gateway().text().replace('"重い"<', '"おもい"<')
    free = FormFacts("screen", (FormVariable("level", "level", "text"),))
    assert found(text, with_forms(free, *PLAIN), *KEYS) == []


def test_a_variable_that_nothing_sets_is_an_error_when_it_is_read():
    rules = found(models.exclusive_gateway().text(), with_forms(FormFacts("screen"), *PLAIN), *KEYS)
    assert rules == [("variable.never_set", "sample")]


def test_a_variable_that_nothing_uses_is_advice():
    text = (
        models.none_start()
        .text()
        .replace(
            "<bpmn:laneSet",
            f"<bpmn:extensionElements>{variable('spare', 'text')}</bpmn:extensionElements><bpmn:laneSet",
        )
    )
    assert found(text, with_forms(FormFacts("hear")), "hear") == [("variable.unused", "sample")]


def test_a_form_may_only_set_declared_variables():
    form = FormFacts("screen", (*LEVELS.variables, FormVariable("weight", "weight", "int")))
    rules = found(models.exclusive_gateway().text(), with_forms(form, *PLAIN), *KEYS)
    assert rules == [("form.variable_undeclared", "screen")]


def test_a_form_may_only_set_variables_of_its_kind():
    form = FormFacts("screen", (FormVariable("level", "level", "int"),))
    rules = found(models.exclusive_gateway().text(), with_forms(form, *PLAIN), *KEYS)
    assert ("form.variable_type", "screen") in rules


def test_a_whole_number_fits_a_decimal_variable():
    text = models.exclusive_gateway().text().replace('type="text"', 'type="decimal"').replace('== "重い"', "&gt; 2")
    form = FormFacts("screen", (FormVariable("level", "level", "int"),))
    assert found(text, with_forms(form, *PLAIN), *KEYS) == []


def test_what_is_wrong_with_the_forms_themselves_is_reported_with_their_file():
    context = with_forms(LEVELS, *PLAIN, faults=(("sample/forms/screen.json", "題名がありません。"),))
    assert ("form.refused", "sample/forms/screen.json") in found(models.exclusive_gateway().text(), context, *KEYS)


def test_a_form_that_no_task_uses_is_advice():
    rules = found(models.exclusive_gateway().text(), with_forms(LEVELS, *PLAIN), *KEYS, "spare")
    assert rules == [("form.unused", "sample/forms/spare.json")]


def test_a_field_of_parallel_instances_must_not_become_a_common_variable():
    text = (
        models.multi_instance_parallel()
        .text()
        .replace("<tsunagu:variable", f"{variable('opinion', 'text')}<tsunagu:variable", 1)
    )
    form = FormFacts("answer_each", (FormVariable("opinion", "opinion", "text"),))
    assert ("multi_instance.writes_outside", "answer_each") in found(text, with_forms(form), "answer_each")


def test_a_field_of_parallel_instances_may_be_their_own_result():
    form = FormFacts("answer_each", (FormVariable("answer", "answer", "text"),))
    rules = found(models.multi_instance_parallel().text(), with_forms(form), "answer_each")
    assert "multi_instance.writes_outside" not in [rule for rule, _ in rules]


def test_a_field_of_sequential_instances_may_become_a_variable():
    text = (
        models.multi_instance_sequential()
        .text()
        .replace("<tsunagu:variable", f"{variable('last', 'text')}<tsunagu:variable", 1)
    )
    form = FormFacts("visit", (FormVariable("last", "last", "text"),))
    assert "multi_instance.writes_outside" not in [rule for rule, _ in found(text, with_forms(form), "visit")]


# ---------------------------------------------------------------- gateways


COMPLETE = {
    "a truth value and its opposite": ("bool", "level", "not level"),
    "equal and not equal": ("text", 'level == "重い"', 'level != "重い"'),
    "less, and the rest": ("int", "level &lt; 3", "level &gt;= 3"),
    "in a list, and not": ("text", 'level in ["重い"]', 'level not in ["重い"]'),
}
INCOMPLETE = {
    "two values of many": ("text", 'level == "重い"', 'level == "軽い"'),
    "a gap": ("int", "level &lt; 3", "level &gt; 3"),
}


def choice(kind: str, one: str, other: str) -> str:
    text = models.exclusive_gateway().text().replace('default="f_which__light"', "")
    text = text.replace('type="text"', f'type="{kind}"').replace('level == "重い"', one)
    condition = f"<bpmn:conditionExpression>{other}</bpmn:conditionExpression>"
    return text.replace('targetRef="light">', f'targetRef="light">{condition}')


@pytest.mark.parametrize("case", COMPLETE.values(), ids=COMPLETE)
def test_a_choice_needs_no_default_when_one_condition_always_holds(case):
    assert found(choice(*case), surroundings.context()) == []


@pytest.mark.parametrize("case", INCOMPLETE.values(), ids=INCOMPLETE)
def test_a_choice_without_default_that_may_hang_is_an_error(case):
    assert ("gateway.incomplete", "which") in found(choice(*case), surroundings.context())


# ---------------------------------------------------------------- consent before the conference

ASK = {"operation": "consent.record"}
MEET = {"operation": "conference.record"}


def conference(*nodes: Node, lines: list[Line], root: str = "", ways: str = "") -> list[tuple[str, str]]:
    first = start() if not ways else Node("startEvent", "begin", "届く", body=ways)
    text = Diagram([first, *nodes, end()], lines, extensions=variable("level", "text"), root=root).text()
    return [item for item in found(text, surroundings.context()) if item[0] == "guard.consent"]


def test_a_conference_after_consent_is_in_order():
    nodes = (work("ask", "同意を取る", **ASK), work("meet", "会議", **MEET))
    assert conference(*nodes, lines=chain("begin", "ask", "meet", "finish")) == []


def test_a_conference_whose_own_task_requires_consent_is_in_order():
    meet = work("meet", "会議", operation="consent.require conference.record")
    assert conference(meet, lines=chain("begin", "meet", "finish")) == []


def test_a_conference_that_asks_for_consent_afterwards_is_an_error():
    meet = work("meet", "会議", operation="conference.record consent.require")
    assert conference(meet, lines=chain("begin", "meet", "finish")) == [("guard.consent", "meet")]


def test_a_plan_is_not_submitted_without_consent():
    submit = Node("serviceTask", "submit", "付議する", 'tsunagu:operation="plan.submit"')
    assert conference(submit, lines=chain("begin", "submit", "finish")) == [("guard.consent", "submit")]


def test_a_way_around_the_consent_is_an_error():
    gateway = Node("exclusiveGateway", "which", "急ぐか", 'default="f_which__ask"')
    nodes = (gateway, work("ask", "同意を取る", **ASK), work("meet", "会議", **MEET))
    lines = [*chain("begin", "which"), Line("which", "ask", "いいえ"), Line("which", "meet", "はい", 'level == "急"')]
    assert conference(*nodes, lines=[*lines, *chain("ask", "meet", "finish")]) == [("guard.consent", "meet")]


def test_a_parallel_branch_beside_the_consent_is_an_error():
    fork, join = Node("parallelGateway", "fork", "同時に"), Node("parallelGateway", "join")
    nodes = (fork, work("ask", "同意を取る", **ASK), work("meet", "会議", **MEET), join)
    lines = [*chain("begin", "fork"), Line("fork", "ask", "同意"), Line("fork", "meet", "会議")]
    lines += [*chain("ask", "join", "finish"), *chain("meet", "join")]
    assert conference(*nodes, lines=lines) == [("guard.consent", "meet")]


def test_a_way_by_a_boundary_event_of_the_consent_is_an_error():
    late = Node("boundaryEvent", "late", "取り下げ", 'attachedToRef="ask"', catches("m_answer"))
    nodes = (work("ask", "同意を取る", **ASK), late, work("meet", "会議", **MEET))
    lines = [*chain("begin", "ask", "meet", "finish"), *chain("late", "meet")]
    root = message("m_answer", "case.answered")
    assert conference(*nodes, lines=lines, root=root) == [("guard.consent", "meet")]


def in_part(*inner: Node) -> tuple[Node, ...]:
    ends = [Node("startEvent", "part_begin", "始める", inside="part"), end("part_done", "終えた", inside="part")]
    return (Node("subProcess", "part", "一回分"), ends[0], *inner, ends[1])


def test_consent_inside_a_sub_process_counts_for_what_follows():
    nodes = (*in_part(work("ask", "同意を取る", inside="part", **ASK)), work("meet", "会議", **MEET))
    lines = [*chain("begin", "part", "meet", "finish"), *chain("part_begin", "ask", "part_done")]
    assert conference(*nodes, lines=lines) == []


def test_a_conference_inside_a_sub_process_needs_consent_before_it():
    nodes = in_part(work("meet", "会議", inside="part", **MEET))
    lines = [*chain("begin", "part", "finish"), *chain("part_begin", "meet", "part_done")]
    assert conference(*nodes, lines=lines) == [("guard.consent", "meet")]


def test_a_process_that_only_an_approved_plan_starts_has_consent():
    entry = '<tsunagu:entry name="message" message="plan.approved"/>'
    ways = f"<bpmn:extensionElements>{entry}</bpmn:extensionElements>"
    meet = work("meet", "会議", **MEET)
    assert conference(meet, lines=chain("begin", "meet", "finish"), ways=ways) == []
    ways = ways.replace(entry, f'{entry}<tsunagu:entry name="manual"/>')
    assert conference(meet, lines=chain("begin", "meet", "finish"), ways=ways) == [("guard.consent", "meet")]


# ---------------------------------------------------------------- other guard rails and other processes


def test_statutory_acts_are_named_in_one_place():
    assert GuardRails().statutory_elements == {"em_core", "em_enter", "em_protect", "em_plan", "em_eval"}
    text = models.none_start().text().replace("hear", "em_protect")
    marked = text.replace("tsunagu:sla", 'tsunagu:cityStaffOnly="true" tsunagu:sla')
    assert found(marked, surroundings.context()) == []
    assert found(text, surroundings.context()) == [("guard.city_staff", "em_protect")]


def test_a_process_keeps_its_id():
    context = replace(surroundings.context(), previous_id="earlier")
    assert found(models.none_start().text(), context) == [("guard.process_id_changed", "sample")]


def test_an_id_of_another_process_is_an_error():
    context = surroundings.context()
    text = models.none_start().text().replace("hear", "partner_asked")
    assert found(text, context) == [("structure.id_in_other_file", "partner_asked")]


def test_a_message_whose_other_end_comes_later_is_in_order():
    text = models.message_throw().text().replace("case.asked", "case.closing")
    assert found(text, surroundings.context()) == [("message.never_caught", "ask")]
    assert found(text, replace(surroundings.context(), later_messages=frozenset({"case.closing"}))) == []


def test_without_other_processes_the_other_ends_are_not_looked_for():
    text = models.message_throw().text().replace("case.asked", "case.closing")
    assert found(text, replace(surroundings.context(), others=None)) == []


def test_a_key_that_the_sender_does_not_give_is_an_error():
    text = models.message_catch().text().replace('id="wait"', 'id="wait" tsunagu:correlate="level"')
    assert found(text, surroundings.context()) == []
    other = read_model(surroundings.partner().text().replace('tsunagu:correlate="level"', "").encode())
    context = replace(surroundings.context(), others=(other,))
    assert ("message.correlate_unsent", "wait") in found(text, context)


def test_a_trial_by_the_engine_comes_last():
    def refuse(bpmn, process_id, called):
        return [("hear", "読み取れません。")]

    context = replace(surroundings.context(), trial=refuse)
    assert found(models.none_start().text(), context) == [("trial.refused", "hear")]
    broken = models.none_start().text().replace('camunda:candidateGroups="intake_worker"', "")
    assert [rule for rule, _ in found(broken, context)] == ["task.role_missing"]


def test_all_findings_come_at_once():
    text = (
        models.none_start()
        .text()
        .replace('camunda:candidateGroups="intake_worker"', "")
        .replace("5 business_days", "P5D")
    )
    text = text.replace(' name="終わる"', "").replace('isExecutable="true"', "")
    package = package_of("sample", {"process.bpmn": text.encode()})
    rules = {finding.rule for finding in errors_in(check_package(package, surroundings.context()))}
    assert rules >= {"task.role_missing", "profile.value", "structure.name_missing", "structure.executable"}
