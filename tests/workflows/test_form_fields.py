"""Every row of the field registry that the processes use stands in a form with its type, options, requiredness and
report mark; the rows that wait for a later process are listed here with the reason."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from lxml import etree

from engine.forms.api import Field, Kind, RefKind, Sealing
from engine.forms.library import FormLibrary

WORKFLOWS = Path(__file__).parents[2] / "workflows"
PROCESSES = (
    "intake", "outreach", "multi_agency_assessment", "plan_approval", "plan_execution", "participation_handoff",
    "participation_support",
)  # fmt: skip

#: form_id -> why none of its rows is in a form yet
WAITING = {
    "F09": "支援会議（shien_kaigi）はまだない。付議する仕事 in_kaigi・or_kaigi・ma_kaigi が方針だけを記録する",
    "F18": "地域資源（community_resource）の手続きはまだない",
    "F20": "終結（closure）の手続きはまだない。px_closure が理由を文章で記録する",
    "F21": "緊急対応（emergency_response）の手続きはまだない",
    "F22": "支援措置・秘匿の管理は緊急対応とともに来る",
    "sk_decide": "支援会議（shien_kaigi）はまだない",
    "sk_members": "支援会議（shien_kaigi）はまだない",
    "cl_approve": "終結（closure）の手続きはまだない",
    "cl_notify": "終結（closure）の手続きはまだない",
    "cl_person": "終結（closure）の手続きはまだない",
    "cr_gap": "地域資源（community_resource）の手続きはまだない",
    "cr_policy": "地域資源（community_resource）の手続きはまだない",
    "cw_revoke": "同意の撤回（consent_withdrawal）の手続きはまだない",
    "cw_decide": "同意の撤回（consent_withdrawal）の手続きはまだない",
}
#: fields of a shared sheet that no task asks, and who writes them
NOT_ASKED = {("F08", "withdrawn_on"): "同意の撤回は命令 consent.withdraw が書く"}
#: registry says yes, the form asks under a condition
CONDITIONAL = {
    ("screening", "urgency"): "in_register では空けてよい（in_safety が開く）。in_safety では必須",
    ("F08", "given_by"): "同意なし・保留のときは範囲と方法を問わない",
    ("F08", "method"): "同意なし・保留のときは範囲と方法を問わない",
    ("F08", "scope_items"): "同意なし・保留のときは範囲と方法を問わない",
    ("F08", "scope_orgs"): "同意なし・保留のときは範囲と方法を問わない",
    ("F08", "valid_until"): "同意なし・保留のときは範囲と方法を問わない",
}
KINDS = {
    "enum+text": Kind.ENUM, "multi(org)": Kind.MULTI, "string(sealed)": Kind.STRING, "text(restricted)": Kind.TEXT,
    "ref(programmes)": Kind.REF, "attachment/drawing": Kind.ATTACHMENT, "signature/attachment": Kind.SIGNATURE,
    "text+date": Kind.TEXT_DATE, "date+text": Kind.TEXT_DATE, "bool+text": Kind.BOOL_TEXT, "text/link": Kind.TEXT,
}  # fmt: skip
#: options that the registry describes in words
OPTIONS_IN_WORDS = {
    ("F01", "issue_main"): "the options of F01.issues",
    ("F03", "issue_matrix"): "the column `field`",
    ("F13", "changes"): "a list of the reference data",
    ("F14", "programme"): "programme ids",
}
ROWS = list(csv.DictReader((WORKFLOWS / "reference" / "form_fields.csv").read_text(encoding="utf-8").splitlines()))
USED = [row for row in ROWS if row["form_id"] not in WAITING]


@pytest.fixture(scope="module")
def library() -> FormLibrary:
    return FormLibrary.load({str(f.relative_to(WORKFLOWS)): f.read_bytes() for f in WORKFLOWS.glob("**/forms/*.json")})


def row_id(row: dict[str, str]) -> str:
    return f"{row['form_id']}.{row['field_key']}"


def place(row: dict[str, str]) -> tuple[str, str]:
    return row["form_id"], row["field_key"]


def process_of(library: FormLibrary, form_id: str) -> str:
    return next((process for process in PROCESSES if form_id in library.keys(process)), "")


def field_of(library: FormLibrary, row: dict[str, str]) -> Field:
    form = library.form(row["form_id"], process_of(library, row["form_id"]))
    return form.field(row["field_key"])


def askers(library: FormLibrary, row: dict[str, str]) -> list[Field]:
    """The field in every task form whose record it is."""
    forms = [library.form(key, process) for process in PROCESSES for key in library.keys(process)]
    return [
        field for form in forms for field in form.fields
        if field.key == row["field_key"] and row["form_id"] in (field.form, *field.also)
    ]  # fmt: skip


@pytest.mark.parametrize("row", USED, ids=row_id)
def test_a_row_has_its_type(library: FormLibrary, row: dict[str, str]) -> None:
    field = field_of(library, row)
    wanted = KINDS.get(row["type"]) or Kind(row["type"])
    assert field.kind is wanted
    assert (field.text_key is not None) == (row["type"] == "enum+text")
    assert (field.sealing is Sealing.ALWAYS) == ("(sealed)" in row["type"])
    assert field.restricted == ("(restricted)" in row["type"])
    assert field.ref is {"multi(org)": RefKind.ORGANISATION, "org": RefKind.ORGANISATION, "user": RefKind.STAFF,
                         "person": RefKind.PERSON, "ref(programmes)": RefKind.PROGRAMME}.get(row["type"])  # fmt: skip


@pytest.mark.parametrize("row", [r for r in USED if place(r) not in OPTIONS_IN_WORDS], ids=row_id)
def test_a_row_has_its_options(library: FormLibrary, row: dict[str, str]) -> None:
    if row["options_ja"].startswith("default"):
        assert defaults_of(field_of(library, row)), "the registry names a default"
        return
    wanted = [option for option in row["options_ja"].split(";") if option]
    field = field_of(library, row)
    if wanted or field.kind is Kind.ENUM:
        assert [option.value for option in field.options] == wanted
        assert not field.open or field.kind is Kind.MATRIX


def defaults_of(field: Field) -> list[object]:
    return [item.default for item in (field, *field.columns) if item.default is not None]


def test_options_described_in_words_are_those(library: FormLibrary) -> None:
    fields = {place(row): field_of(library, row) for row in USED if place(row) in OPTIONS_IN_WORDS}
    issues = next(row for row in USED if place(row) == ("F01", "issues"))["options_ja"].split(";")
    assert [option.value for option in fields["F01", "issue_main"].options] == issues
    matrix = next(row for row in USED if place(row) == ("F03", "issue_matrix"))["options_ja"].split(";")
    column = next(column for column in fields["F03", "issue_matrix"].columns if column.key == "field")
    assert [option.value for option in column.options] == matrix
    assert fields["F13", "changes"].options_from == "F13.changes"
    assert fields["F14", "programme"].choices == ("PG-08", "PG-09", "PG-10", "PG-11")


@pytest.mark.parametrize("row", USED, ids=row_id)
def test_a_row_is_required_where_it_belongs(library: FormLibrary, row: dict[str, str]) -> None:
    asked = askers(library, row)
    required, conditional = any(f.required for f in asked), any(f.conditional for f in asked)
    if place(row) in NOT_ASKED:
        assert not asked
    elif place(row) == ("F04", "answer"):  # the receiver answers on a sheet of its own
        assert library.form("in_answer", "intake").field("answer").required
    elif place(row) == ("F03", "issue_matrix"):  # "if escalated"
        assert library.form("in_escalate", "intake").field("issue_matrix").required
    elif place(row) == ("F01", "consent_application"):  # this answer is itself 「同意あり」
        assert asked
        assert not required
    elif place(row) in CONDITIONAL or "or shortage" in row["required"] or row["required"].startswith("if"):
        assert conditional or (place(row) == ("screening", "urgency") and required)
    elif row["required"].startswith("yes"):
        assert required or conditional
        assert field_of(library, row).required
    else:
        assert not required


@pytest.mark.parametrize("row", USED, ids=row_id)
def test_a_row_is_marked_for_the_national_report(library: FormLibrary, row: dict[str, str]) -> None:
    assert field_of(library, row).report == (row["national_report"] in ("yes", "yes?"))


@pytest.mark.parametrize("row", [r for r in USED if place(r) not in NOT_ASKED], ids=row_id)
def test_a_row_is_asked_by_a_task(library: FormLibrary, row: dict[str, str]) -> None:
    if place(row) == ("F04", "answer"):
        assert library.form("in_answer", "intake").field("answer_reason")
    else:
        assert askers(library, row)


def test_no_table_group_or_matrix_is_a_text_box(library: FormLibrary) -> None:
    structured = [row for row in USED if row["type"] in ("subtable", "group", "matrix")]
    assert len(structured) >= 20
    for row in structured:
        field = field_of(library, row)
        assert field.columns or (field.options and (field.rows or field.rows_ref)), row_id(row)


@pytest.mark.parametrize("form_id", sorted(WAITING))
def test_rows_that_wait_are_in_no_form(library: FormLibrary, form_id: str) -> None:
    assert form_id in {row["form_id"] for row in ROWS}, "the registry has no such rows: remove it from the list"
    assert not library.has(form_id), "the form has come: remove it from the list of those that wait"
    assert not any(form_id in library.keys(process) for process in PROCESSES)


def test_columns_of_tables_are_those_of_the_domain(library: FormLibrary) -> None:
    wanted = {
        "F03.household_members": "name kana relation age lives_with job note",
        "F03.issue_matrix": "member field issue",
        "F05.agencies_involved": "org name role secrecy",
        "F06R.roles": "org name role secrecy",
        "F10.members": "org name role secrecy",
        "F06.rows": "member field issue background urgency person_view current_support programmes agencies shortage"
        " priority",
        "F07.issues": "member field issue priority",
        "F07.actions": "issue programme org staff person_does frequency starts_on ends_on note",
        "F07.early_start": "action starts_on reason",
        "F11.attendees": "org name secrecy",
        "F15.next_plan": "on means by",
    }
    for name, columns in wanted.items():
        form, key = name.split(".")
        assert [column.key for column in library.form(form).field(key).columns] == columns.split(), name


# ---------------------------------------------------------------- forms and drawings


def user_tasks(process: str) -> list[tuple[str, str]]:
    tree = etree.parse(str(WORKFLOWS / process / "process.bpmn"))
    camunda = "{http://camunda.org/schema/1.0/bpmn}"
    tasks = tree.iter("{http://www.omg.org/spec/BPMN/20100524/MODEL}userTask")
    return [(str(task.get("id")), str(task.get(camunda + "formKey") or task.get("id"))) for task in tasks]


@pytest.mark.parametrize("process", PROCESSES)
def test_every_user_task_has_a_form_and_every_form_a_task(library: FormLibrary, process: str) -> None:
    asked = {form for _, form in user_tasks(process)}
    assert {form for form in asked if not library.has(form, process)} == set()
    assert set(library.keys(process)) == asked


@pytest.mark.parametrize("process", PROCESSES)
def test_every_variable_of_a_form_is_declared_with_a_fitting_type(library: FormLibrary, process: str) -> None:
    tree = etree.parse(str(WORKFLOWS / process / "process.bpmn"))
    declared = {v.get("name"): v.get("type") for v in tree.iter("{urn:tsunagu:bpmn:1}variable")}
    types = {Kind.BOOL: "bool", Kind.BOOL_TEXT: "bool", Kind.INT: "int", Kind.DATE: "date", Kind.DATE_WAREKI: "date",
             Kind.DATETIME: "instant", Kind.MULTI: "list", Kind.SUBTABLE: "list", Kind.GROUP: "object",
             Kind.TEXT_DATE: "object", Kind.DATERANGE: "object"}  # fmt: skip
    for key in library.keys(process):
        for field in library.form(key, process).fields:
            if field.variable is not None:
                wanted = types.get(field.kind, "text")
                assert declared.get(field.variable) == wanted, f"{key}.{field.key} -> {field.variable}"
