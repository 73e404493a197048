"""How a value is read, by kind: what is kept, and the sentence where it cannot be read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.unit.forms.support import context, errors_of, one_field_form

DATE = {"type": "string", "format": "date"}
MOMENT = {"type": "string", "format": "date-time"}
NUMBER = {"type": "integer", "minimum": 0, "maximum": 130}
YES_NO = {"type": "boolean"}
ORG = {"type": "string", "x-ref": "organisation"}
PERSON = {"type": "string", "x-ref": "person"}
STAFF = {"type": "string", "x-ref": "staff"}
STAGE = {"type": "string", "enum": ["1 把握", "2 存在を知らせる", "3 応答がある"]}
HOW = {"type": "string", "enum": ["電話", "口頭（記録）", "メール・FAX"], "x-option-aliases": {"口頭": "口頭（記録）"}}
MANY = {"type": "array", "items": {"type": "string", "enum": ["収入・生活費のこと", "病気や健康、障害のこと"]}}
ORGS = {"type": "array", "items": {"type": "string"}, "x-ref": "organisation"}
SAID = {"x-kind": "bool_text"}
GOAL = {"type": "object", "x-kind": "text_date", "properties": {"text": {"type": "string"}, "by": DATE}}
PERIOD = {"type": "object", "x-kind": "daterange", "properties": {"from": DATE, "to": DATE}, "required": ["from", "to"]}
ROWS = {
    "type": "array",
    "items": {"type": "object", "additionalProperties": False, "required": ["name"],
              "properties": {"name": {"title": "氏名", "type": "string"},
                             "age": {"title": "年齢", **NUMBER}}},
}  # fmt: skip
GRID = {"type": "object", "x-kind": "matrix", "additionalProperties": {"type": "string", "enum": ["適切", "要修正"]},
        "x-rows": ["課題", "目標"], "x-row-aliases": {"課題の把握": "課題"}}  # fmt: skip
GRID_OF_ORGS = {**{k: v for k, v in GRID.items() if not k.startswith("x-row")}, "x-rows-ref": "organisation"}


@pytest.mark.parametrize(
    ("schema", "raw", "kept"),
    [
        (DATE, "R8.9.25", "2026-09-25"),
        (DATE, "令和８年９月２５日（金）", "2026-09-25"),
        (DATE, "2026/9/25", "2026-09-25"),
        (DATE, "8.9.25", "2026-09-25"),
        (DATE, "令和元年5月1日", "2019-05-01"),
        (DATE, "S38.4.1", "1963-04-01"),
        (DATE, date(2026, 9, 25), "2026-09-25"),
        (DATE, datetime(2026, 9, 24, 15, 30, tzinfo=UTC), "2026-09-25"),
        (MOMENT, "2026-04-01T09:00", "2026-04-01T09:00+09:00"),
        (MOMENT, "2026-04-01T00:00:00Z", "2026-04-01T09:00+09:00"),
        (MOMENT, "R8.4.1 9:05", "2026-04-01T09:05+09:00"),
        (MOMENT, "令和8年4月1日　14時30分", "2026-04-01T14:30+09:00"),
        (MOMENT, datetime(2026, 4, 1, 9, 0), "2026-04-01T09:00+09:00"),  # noqa: DTZ001 - as a file gives it
        (MOMENT, "2026-04-01", "2026-04-01T00:00+09:00"),
        (NUMBER, "４５", 45),
        (NUMBER, "45歳", 45),
        (NUMBER, 45, 45),
        ({"type": "integer"}, "1,200", 1200),
        (YES_NO, "はい", True),
        (YES_NO, "なし", False),
        (YES_NO, True, True),
        ({**YES_NO, "x-true": "同居", "x-false": "別居"}, "別居", False),
        ({"type": "string"}, "  椿　一郎 \n", "椿　一郎"),
        ({"type": "string"}, "a\x00b\ud800c", "abc"),
        ({"type": "string"}, 120, "120"),
        ({"type": "string", "x-kind": "text"}, "一行目\r\n二行目\n", "一行目\n二行目"),
        ({"type": "string", "x-kind": "kana"}, "ツバキ イチロウ", "つばき いちろう"),
        ({"type": "string", "x-kind": "tel"}, "０５８－０００－００００", "058-000-0000"),
        ({"type": "string", "x-kind": "email"}, "ａ@example.jp", "a@example.jp"),
        ({"type": "string", "x-kind": "interval"}, "3か月", "3 months"),
        ({"type": "string", "x-kind": "interval"}, "3 months", "3 months"),
        ({"type": "string", "x-kind": "interval"}, "２週間", "14 calendar_days"),
        ({"type": "string", "x-kind": "interval"}, "1年", "12 months"),
        (STAGE, "3", "3 応答がある"),
        (STAGE, "応答がある", "3 応答がある"),
        (HOW, "口頭(記録)", "口頭（記録）"),
        (HOW, "口頭", "口頭（記録）"),
        (MANY, "病気や健康、障害のこと", ["病気や健康、障害のこと"]),
        (MANY, ["収入・生活費のこと", "収入・生活費のこと", ""], ["収入・生活費のこと"]),
        (ORG, "生活相談センターさぽーと", "AG-04"),
        (ORG, "AG-04", "AG-04"),
        ({**ORG, "x-open": True}, "市民病院", "市民病院"),
        (ORGS, "AG-04、多機関協働事業者", ["AG-04", "AG-07"]),
        (STAFF, "佐藤", "s1"),
        (PERSON, "椿 一郎", "p1"),
        (PERSON, "201号室の男性", "201号室の男性"),
        (SAID, "なし", "なし"),
        (SAID, False, "なし"),
        (SAID, {"text": "週1回の居場所"}, {"text": "週1回の居場所"}),
        (GOAL, {"text": "外に出る", "by": "R8.9.30"}, {"text": "外に出る", "by": "2026-09-30"}),
        (GOAL, "外に出る", {"text": "外に出る"}),
        (GOAL, "2026-09-30", {"by": "2026-09-30"}),
        (PERIOD, {"from": "R8.4.1", "to": "R9.3.31"}, {"from": "2026-04-01", "to": "2027-03-31"}),
        (PERIOD, "2026-04-01〜2027-03-31", {"from": "2026-04-01", "to": "2027-03-31"}),
        (ROWS, [{"name": "椿", "age": "45"}, {}, {"name": "茂"}], [{"name": "椿", "age": 45}, {"name": "茂"}]),
        (ROWS, [{"氏名": "椿"}], [{"name": "椿"}]),
        (GRID, {"課題の把握": "適切", "目標": ""}, {"課題": "適切"}),
        (GRID_OF_ORGS, {"多機関協働事業者": "要修正"}, {"AG-07": "要修正"}),
    ],
)
def test_a_value_is_kept_in_one_form(schema: dict[str, Any], raw: Any, kept: Any) -> None:
    assert one_field_form(schema).submit({"value": raw}, context()).data == {"value": kept}


@pytest.mark.parametrize("raw", [None, "", "   ", "　", [], {}, [{}], [""]], ids=repr)
@pytest.mark.parametrize("schema", [{"type": "string"}, MANY, ROWS, GOAL, SAID, GRID], ids=str)
def test_what_is_empty_counts_as_left_out(schema: dict[str, Any], raw: Any) -> None:
    assert one_field_form(schema).submit({"value": raw}, context()).data == {}


@pytest.mark.parametrize(
    ("schema", "raw", "path", "said"),
    [
        (DATE, "あした", "value", "値は「R8.9.25」「令和8年9月25日」「2026-09-25」のように入力してください。"),
        (DATE, "R8.2.30", "value", "値を確かめてください。その日は暦にありません。"),
        (DATE, ["x"], "value", "値は文字で入力してください。"),
        ({**DATE, "x-not-after": "today"}, "2026-04-02", "value",
         "値は2026年4月1日までの日を入力してください（入力された日：2026年4月2日）。"),
        (NUMBER, "200", "value", "値は0から130までの数で入力してください（入力された値：200）。"),
        (NUMBER, "たくさん", "value", "値は数字で入力してください。"),
        (NUMBER, True, "value", "値は数字で入力してください。"),
        (YES_NO, "たぶん", "value", "値は「はい」か「いいえ」を選んでください。"),
        ({"type": "string", "x-kind": "kana"}, "椿", "value", "値はひらがなで入力してください。"),
        ({"type": "string", "x-kind": "tel"}, "でんわ", "value",
         "値は「058-000-0000」のように数字で入力してください。"),
        ({"type": "string", "maxLength": 5}, "123456", "value", "値は5文字までで入力してください（いまは6文字）。"),
        ({"type": "string", "x-kind": "text"}, "あ" * 20_001, "value",
         "値は20,000文字までで入力してください（いまは20,001文字）。"),
        (HOW, "手紙", "value",
         "値は「電話」「口頭（記録）」「メール・FAX」から選んでください（入力された値：「手紙」）。"),
        (HOW, ["電話", "口頭"], "value", "値を1つ選んでください。"),
        (ORG, "どこか", "value", "値の「どこか」が見つかりません。一覧から選んでください。"),
        (STAFF, "鈴木", "value", "値の「鈴木」が見つかりません。一覧から選んでください。"),
        (SAID, "あり", "value/text", "値の内容を入力してください。"),
        (SAID, {"text": " "}, "value/text", "値の内容を入力してください。"),
        (PERIOD, {"from": "2026-04-01", "to": "2026-03-31"}, "value/to",
         "値の終了日は開始日（2026年4月1日）より後の日を入力してください。"),
        (PERIOD, {"from": "2026-04-01"}, "value/to", "値の終了日を入力してください。"),
        (ROWS, [{"age": 3}], "value/0/name", "値の1行目の氏名を入力してください。"),
        (ROWS, [{"name": "a"}, {}, {"name": "b", "age": 999}], "value/2/age",
         "値の3行目の年齢は0から130までの数で入力してください（入力された値：999）。"),
        (ROWS, [{"name": "a", "nmae": "b"}], "value/0/nmae", "値の1行目に「nmae」という項目はありません。"),
        (ROWS, {"name": "a"}, "value", "値は行ごとに入力してください。"),
        (ROWS, ["a"], "value/0", "値の1行目は項目ごとに入力してください。"),
        (ROWS, [{"name": "a"}] * 201, "value", "値は200行までです（いまは201行）。"),
        (GRID, {"役割": "適切"}, "value/役割", "値に「役割」という行はありません。"),
        (GRID, {"課題": "まあまあ"}, "value/課題",
         "値の「課題」は「適切」「要修正」から選んでください（入力された値：「まあまあ」）。"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_one_sentence(schema: dict[str, Any], raw: Any, path: str, said: str) -> None:
    assert errors_of(one_field_form(schema), {"value": raw}) == {path: said}


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"type": "string"}, "値を入力してください。"),
        (DATE, "値を入力してください。"),
        (PERSON, "値を入力してください。"),
        ({"type": "string", "enum": ["a"]}, "値を選んでください。"),
        (MANY, "値を選んでください。"),
        (ORG, "値を選んでください。"),
        (YES_NO, "値を選んでください。"),
        (GRID, "値を選んでください。"),
        (ROWS, "値を1行以上入力してください。"),
        ({"type": "string", "x-message-required": "担当を決めてください。"}, "担当を決めてください。"),
    ],
)
def test_what_is_missing_is_asked_for_in_the_words_of_its_kind(schema: dict[str, Any], said: str) -> None:
    assert errors_of(one_field_form(schema, required=True), {}) == {"value": said}
