"""Forms as pages: what is shown comes back when it is sent, errors stand beside their field, nothing is unescaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from engine.forms.api import Field, Kind
from engine.forms.form import Form
from tests.unit.forms.support import KnownThings, all_forms, context, errors_of, form, one_field_form, sources
from web.form_rendering import changes_rows, parse_form, render_form, with_changed_rows

HOSTILE = "<script>alert(1)</script>\"'&amp;</textarea></fieldset>${7*7}{{7*7}}"
FORMS = all_forms()
LINE = {
    Kind.KANA: "つばき", Kind.INT: 3, Kind.BOOL: True, Kind.DATE: "2026-04-01", Kind.DATE_WAREKI: "1963-04-01",
    Kind.DATETIME: "2026-04-01T10:00+09:00", Kind.INTERVAL: "3 months", Kind.TEL: "058-000-0000",
    Kind.EMAIL: "a@example.jp", Kind.ORG: "AG-04", Kind.USER: "s1", Kind.PERSON: "p1", Kind.REF: "PG-08",
    Kind.DATERANGE: {"from": "2026-04-01", "to": "2027-03-31"}, Kind.TEXT_DATE: {"text": "目標", "by": "2026-09-30"},
    Kind.BOOL_TEXT: {"text": "週1回"},
}  # fmt: skip


def sample(field: Field, text: str = HOSTILE) -> Any:
    """A value of the field's shape, with the given text wherever people write."""
    if field.kind is Kind.GROUP:
        return {column.key: sample(column, text) for column in field.columns}
    if field.columns and field.kind in (Kind.SUBTABLE, Kind.MATRIX):
        return [{column.key: sample(column, text) for column in field.columns} for _ in range(2)]
    if field.kind is Kind.MATRIX:
        rows = [row.value for row in field.rows] or ["AG-04", "AG-07"]
        return dict.fromkeys(rows, field.options[0].value)
    if field.kind is Kind.MULTI:
        return ["AG-04" if field.ref and field.ref.value == "organisation" else "PG-08"] if field.ref else (
            [option.value for option in field.options[:2]] or ["孤立の解消"])  # fmt: skip
    if field.kind is Kind.ENUM:
        return field.options[0].value
    return LINE.get(field.kind, text)


def parsed(html: str) -> Element:
    """The fragment as a browser reads it; strict: any fault of the markup fails."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    fragment = parser.parseFragment(f"<form>{html}</form>")
    assert isinstance(fragment, Element)
    return fragment


def sent(root: Element, pressed: tuple[str, str] | None = None) -> MultiDict[str, str]:
    """What a browser would send."""
    return MultiDict([*controls(root), *([pressed] if pressed else [])])


def controls(root: Element) -> Iterator[tuple[str, str]]:
    for node in root.iter():
        name = node.get("name")
        if not name or node.tag == "button":
            continue
        if node.tag == "textarea":
            yield name, node.text or ""
        elif node.tag == "select":
            chosen = [option.get("value", "") for option in node.iter("option") if option.get("selected") is not None]
            yield name, chosen[-1] if chosen else ""
        elif node.get("type") not in ("radio", "checkbox") or node.get("checked") is not None:
            yield name, node.get("value", "")


def drawn(shown: Form, values: Mapping[str, Any], errors: Mapping[str, str] | None = None) -> str:
    return str(render_form(shown, values, errors or {}, references=KnownThings()))


@pytest.mark.parametrize("shown", FORMS, ids=lambda shown: shown.key)
def test_what_a_page_shows_comes_back_when_it_is_sent(shown: Form) -> None:
    values = {field.key: sample(field) for field in shown.fields}
    back = parse_form(shown, sent(parsed(drawn(shown, values))))
    assert shown.review(back, context()) == shown.review(values, context())


@pytest.mark.parametrize("shown", FORMS, ids=lambda shown: shown.key)
def test_an_empty_form_comes_back_empty(shown: Form) -> None:
    assert parse_form(shown, sent(parsed(drawn(shown, {})))) == {}


@pytest.mark.parametrize("shown", FORMS, ids=lambda shown: shown.key)
def test_a_prefilled_form_comes_back_as_it_began(shown: Form) -> None:
    begun = shown.prefill(sources())
    back = parse_form(shown, sent(parsed(drawn(shown, begun))))
    assert shown.review(back, context()) == shown.review(begun, context())


@pytest.mark.parametrize("shown", FORMS, ids=lambda shown: shown.key)
def test_every_field_can_be_filled_in_and_has_a_name(shown: Form) -> None:
    root = parsed(drawn(shown, {}))
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids)), "an id twice"
    labelled = {label.get("for") for label in root.iter("label")} | {
        node.get("id") for label in root.iter("label") for node in label.iter("input")}  # fmt: skip
    fields = [n for n in root.iter() if n.tag in ("input", "select", "textarea")]
    assert {node.get("id") for node in fields} <= labelled
    names = {str(node.get("name")).split("-")[0] for node in fields}
    assert names >= {field.key for field in shown.fields if not field.open or field.kind is not Kind.MULTI}
    for node in root.iter():
        for word in (node.get("aria-describedby") or "").split():
            assert word in ids


@pytest.mark.parametrize("shown", FORMS, ids=lambda shown: shown.key)
def test_errors_stand_beside_their_field_and_in_the_summary(shown: Form) -> None:
    errors = errors_of(shown, {}) or {shown.fields[0].key: "選んでください。"}
    root = parsed(drawn(shown, {}, errors))
    links = list(root.iter("a"))
    assert [link.text for link in links] == list(errors.values())
    ids = {node.get("id") for node in root.iter()}
    assert all(str(link.get("href")).removeprefix("#") in ids for link in links)
    beside = [node.text for node in root.iter("p") if node.get("class") == "field-error"]
    assert sorted(map(str, beside)) == sorted(errors.values())


def test_an_error_of_a_cell_stands_at_its_cell() -> None:
    raw = {"complaint": "x", "policy": "y", "household_members": [{"name": "椿"}, {}, {"name": "茂", "age": "200"}]}
    errors = errors_of(form("in_interview"), raw)
    root = parsed(drawn(form("in_interview"), raw, errors))
    (link,) = root.iter("a")
    cell = next(node for node in root.iter("input") if node.get("id") == str(link.get("href"))[1:])
    assert cell.get("name") == "household_members-2-age"
    assert cell.get("value") == "200", "what was typed is shown again"
    assert cell.get("aria-invalid") == "true"


def test_an_error_without_a_field_stands_in_the_summary() -> None:
    assert "この様式に「typo」という欄はありません。" in drawn(
        form("px_monitor"), {}, errors_of(form("px_monitor"), {"typo": 1})
    )


def test_required_report_and_origin_are_said_in_words() -> None:
    html = str(render_form(form("in_register"), {"name": "椿"}, {}, references=KnownThings(),
                           prefilled_sources={"name": "本人の情報から"}))  # fmt: skip
    assert "※必須" in html
    assert "※場合により必須" in html
    assert "国報告項目" in html
    assert "本人の情報から" in html


def test_a_date_is_echoed_as_it_was_read() -> None:
    assert "昭和38年4月1日（月）、1963年4月1日" in drawn(form("in_register"), {"birth": "S38.4.1"})
    assert "f-birth-echo" not in drawn(form("in_register"), {"birth": "むかし"})


def test_rules_are_given_to_the_page() -> None:
    root = parsed(drawn(form("in_register"), {}))
    rules = [str(node.get("data-rule")) for node in root.iter("div") if node.get("data-rule")]
    assert any('"scope": "#/properties/urgency"' in rule and '"effect": "SHOW"' in rule for rule in rules)


# ---------------------------------------------------------------- rows


def test_a_row_is_added_with_what_was_typed_kept() -> None:
    shown = form("in_interview")
    root = parsed(drawn(shown, {"household_members": [{"name": "椿"}]}))
    back = sent(root, ("_add", "household_members"))
    assert changes_rows(back)
    raw = with_changed_rows(shown, parse_form(shown, back), back)
    assert raw["household_members"] == [{"name": "椿"}, {}]
    assert "household_members-1-name" in drawn(shown, raw)


def test_a_row_is_removed_by_its_own_button() -> None:
    shown = form("in_interview")
    values = {"household_members": [{"name": "椿"}, {"name": "茂"}, {"name": "梅"}]}
    back = sent(parsed(drawn(shown, values)), ("_remove", "household_members-1"))
    raw = with_changed_rows(shown, parse_form(shown, back), back)
    assert [row["name"] for row in raw["household_members"]] == ["椿", "梅"]


@pytest.mark.parametrize("pressed", [("_add", "nobody"), ("_add", "complaint"), ("_remove", "household_members-99"),
                                     ("_remove", "x"), ("_remove", "household_members-²"), ("_add", "")])  # fmt: skip
def test_a_made_up_row_button_changes_nothing(pressed: tuple[str, str]) -> None:
    shown = form("in_interview")
    back = MultiDict([("household_members-0-name", "椿"), pressed])
    raw = parse_form(shown, back)
    assert with_changed_rows(shown, raw, back) == raw == {"household_members": [{"name": "椿"}]}


def test_an_agency_is_added_to_a_matrix() -> None:
    shown = form("px_eval")
    back = MultiDict(
        [("adequacy_by_org-AG-04", "適切"), ("adequacy_by_org-_row", "AG-07"), ("adequacy_by_org-_answer", "")]
    )
    raw = parse_form(shown, back)
    assert raw["adequacy_by_org"] == {"AG-04": "適切", "AG-07": ""}
    assert "adequacy_by_org-AG-07" in drawn(shown, raw)


def test_rows_far_apart_are_not_filled_up() -> None:
    shown = form("in_interview")
    back = MultiDict([(f"household_members-{n}-name", "x") for n in range(1000)])
    assert len(parse_form(shown, back)["household_members"]) == 201
    assert "household_members" in errors_of(shown, parse_form(shown, back))


# ---------------------------------------------------------------- hostile text

PAGE_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), max_size=60)
MARKUP = st.sampled_from(["<script>", "</textarea>", '" onfocus="x', "'>", "<!--", "]]>", "</select>", "&lt;", "{{x}}"])


def assert_harmless(html: str) -> None:
    for node in parsed(html).iter():
        assert node.tag not in ("script", "style", "iframe", "img", "svg")
        assert not any(str(name).startswith("on") or name == "style" for name in node.attrib)


@settings(max_examples=60, deadline=None)
@given(parts=st.lists(PAGE_TEXT | MARKUP, max_size=4), shown=st.sampled_from(FORMS))
def test_any_text_is_shown_as_text(parts: list[str], shown: Form) -> None:
    text = "".join(parts)
    values = {field.key: sample(field, text) for field in shown.fields}
    errors = {field.key: text + "。" for field in shown.fields}
    html = drawn(shown, values, errors)
    assert_harmless(html)
    back = parse_form(shown, sent(parsed(html)))
    assert shown.review(back, context())[0] == shown.review(values, context())[0]


def test_hostile_labels_options_and_names_are_shown_as_text() -> None:
    shown = one_field_form({"title": HOSTILE, "x-hint": HOSTILE, "type": "string", "enum": [HOSTILE, "b"],
                            "x-option-hints": {HOSTILE: HOSTILE}})  # fmt: skip
    assert_harmless(drawn(shown, {"value": HOSTILE}, {"value": HOSTILE, HOSTILE: HOSTILE}))
    opened = one_field_form({"type": "object", "x-kind": "group", "x-open": True,
                             "properties": {"a": {"title": "a", "type": "string"}}})  # fmt: skip
    assert_harmless(drawn(opened, {"value": {HOSTILE: HOSTILE}}))
