from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.kana import fold, is_reading, to_hiragana


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ﾀﾅｶ ﾊﾅｺ", "たなか　はなこ"),
        ("タナカ", "たなか"),
        ("なかじま", "ナカシマ"),
        ("が", "か゛"),
        ("ﾊﾟﾊﾟ", "はは"),
        ("しゅんや", "シユンヤ"),
        ("みっちー", "みつち"),
        ("ゐ", "い"),
        ("髙橋", "高橋"),
        ("齊藤", "斎藤"),
        ("齋藤", "斉藤"),
        ("山﨑", "山崎"),
        ("渡邊", "渡辺"),
        ("渡邉", "渡辺"),
        ("濵田", "浜田"),
        ("𠮷田", "吉田"),
        ("\ufa19谷", "神谷"),
        ("佐々木", "佐佐木"),
        ("葛\U000e0100城", "葛城"),
        ("ＡＢＣ", "abc"),
        ("João", "joao"),
        ("０５８－１２３－４５６７", "0581234567"),
        ("オ・ニール", "おにる"),
        ("青ヶ島", "青ケ島"),
    ],
)
def test_two_writings_of_one_name_fold_alike(one, other):
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("佐藤", "加藤"), ("まつだ", "ますだ"), ("たなか", "なかた"), ("1", "2")])
def test_different_names_stay_different(one, other):
    assert fold(one) != fold(other)


def test_a_beginning_of_a_name_folds_to_the_beginning_of_its_folded_form():
    assert fold("なかじま たろう").startswith(fold("ﾅｶｼﾞ"))


@pytest.mark.parametrize("text", ["", " 　", "・-ー"])
def test_nothing_to_search_for_folds_to_nothing(text):
    assert fold(text) == ""


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


def test_katakana_readings_turn_into_hiragana():
    assert to_hiragana("ﾀﾅｶ　ハナコ") == "たなか はなこ"


@pytest.mark.parametrize("text", ["たなか はなこ", "まりー", "おーしゃん・ぶるー", "みすゞ"])
def test_hiragana_is_a_reading(text):
    assert is_reading(text)


@pytest.mark.parametrize("text", ["", "　", "タナカ", "田中", "tanaka", "たなか1", "ー"])
def test_anything_else_is_no_reading(text):
    assert not is_reading(text)
