"""Records for reading: texts, tables, and masking in its one place."""

from __future__ import annotations

from typing import Any

import pytest

from engine.forms.api import MASK, MASK_RESTRICTED
from engine.forms.form import Form
from tests.unit.forms.support import KnownThings, all_forms, form, one_field_form

SECRET = "秘密の住所"


def texts(shown: Form, data: dict[str, Any], **reader: Any) -> dict[str, str]:
    reader = {"may_see_sealed": False, "references": KnownThings(), **reader}
    return {field.label: field.text for section in shown.present(data, **reader) for field in section.fields}


def test_values_are_written_for_people() -> None:
    data = {"received_at": "2026-04-01T10:00+09:00", "received_org": "AG-04", "received_by": "s1",
            "birth": "1963-04-01", "issues": ["債務について", "介護のこと"], "consent_application": True}  # fmt: skip
    assert texts(form("F01"), data) == {
        "受付日時": "2026年4月1日（水）10:00", "受付機関": "生活相談センターさぽーと", "受付者": "佐藤",
        "相談内容": "債務について、介護のこと", "生年月日": "昭和38年4月1日（月）",
        "利用申込・情報共有の同意": "同意あり",
    }  # fmt: skip


def test_compound_values_are_written_for_people() -> None:
    data = {"goal_long": {"text": "安心", "by": "2027-03-31"}, "period": {"from": "2026-04-01", "to": "2027-03-31"},
            "first_monitor": "3 months", "use_outreach": {"text": "月2回"}, "use_participation": "なし"}  # fmt: skip
    assert texts(form("F07"), data, wareki=False) == {
        "長期目標": "安心（2027年3月31日（水））", "プラン期間": "2026年4月1日（水）〜2027年3月31日（水）",
        "初回モニタリング": "3か月", "アウトリーチ等継続的支援の利用": "月2回", "参加支援事業の利用": "なし",
    }  # fmt: skip


def test_a_table_has_headings_for_the_columns_in_use() -> None:
    rows = [{"name": "椿", "age": 45, "lives_with": True}, {"name": "茂", "lives_with": False}]
    (section,) = form("F03").present({"household_members": rows}, may_see_sealed=False)
    (table,) = section.fields
    assert table.headings == ("氏名", "年齢", "同居")
    assert table.table == (("椿", "45", "同居"), ("茂", "", "別居"))


def test_a_matrix_names_its_organisations() -> None:
    (section,) = form("F13").present({"adequacy_by_org": {"AG-04": "適切"}}, may_see_sealed=False,
                                     references=KnownThings())  # fmt: skip
    assert section.fields[0].table == (("生活相談センターさぽーと", "適切"),)


def test_what_the_form_does_not_know_is_still_shown() -> None:
    assert texts(form("F12"), {"body": "話した", "older_field": ["a", "b"]})["older_field"] == "a、b"


def test_the_informant_is_masked_for_all_but_named_staff() -> None:
    data = {"informant": "隣の家の人", "no_consent_reason": "未接触"}
    assert texts(form("F02"), data)["情報提供者"] == MASK
    assert texts(form("F02"), data, may_see_sealed=True)["情報提供者"] == "隣の家の人"
    assert form("F02").mask(data, may_see_sealed=False) == {**data, "informant": MASK}


def test_an_address_is_masked_once_the_case_is_sealed() -> None:
    data = {"postcode_address": SECRET}
    assert texts(form("F01"), data)["住所"] == SECRET
    assert texts(form("F01"), data, case_sealed=True)["住所"] == MASK


def test_safety_notes_are_for_those_who_may_see_them() -> None:
    data = {"worker_safety": "犬がいる"}
    assert texts(form("F15"), data)["支援者の安全情報"] == MASK_RESTRICTED
    assert texts(form("F15"), data, may_see_restricted=True)["支援者の安全情報"] == "犬がいる"


def test_sealed_columns_are_masked_row_by_row() -> None:
    rows = one_field_form({"type": "array", "items": {"type": "object", "properties": {
        "name": {"title": "氏名", "type": "string"}, "tel": {"title": "電話", "type": "string", "x-sealed": True},
    }}})  # fmt: skip
    data = {"value": [{"name": "a", "tel": SECRET}, {"name": "b", "tel": SECRET}]}
    assert SECRET not in str(rows.present(data, may_see_sealed=False))
    assert rows.mask(data, may_see_sealed=False)["value"][1] == {"name": "b", "tel": MASK}


@pytest.mark.parametrize("shown", all_forms(), ids=lambda shown: shown.key)
def test_no_sealed_value_of_any_form_is_shown_to_others(shown: Form) -> None:
    data = {field.key: SECRET for field in shown.fields}
    hidden = {field.key for field in shown.fields if field.sealing.value != "never" or field.restricted}
    masked = shown.mask(data, may_see_sealed=False, case_sealed=True)
    assert {key for key, value in masked.items() if value != SECRET} == hidden
    presented = shown.present(data, may_see_sealed=False, case_sealed=True)
    assert {f.key for s in presented for f in s.fields if SECRET in f.text} == set(data) - hidden
