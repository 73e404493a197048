"""Which passwords are refused, and with what words."""

from __future__ import annotations

import pytest

from engine.domain.errors import FormInvalid
from engine.services import passwords


@pytest.mark.parametrize(
    "password",
    ["ひまわりの種を三つ", "correct horse battery staple", "k7#Qp2!xZ", "　全角 の 空白 も 可　", "🐧🐦🦉🦆🦅🐔🦚🦜"],
    ids=["kana", "words", "short-random", "spaces", "emoji"],
)
def test_a_password_of_eight_characters_that_nobody_guesses_is_accepted(password):
    passwords.require_acceptable(password, known=("tanaka", "田中 花子"))


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("k7#Qp2!", "8文字以上"),
        ("", "8文字以上"),
        ("あ" * 201, "200文字まで"),
        ("password", "よく使われる"),
        ("PassWord", "よく使われる"),
        ("password2026!", "よく使われる"),
        ("Kakamigahara", "よく使われる"),
        ("abababababab", "よく使われる"),
        ("Tanaka-Hanako", "同じパスワード"),
    ],
)
def test_a_guessable_password_is_refused_with_a_reason(password, word):
    with pytest.raises(FormInvalid) as refusal:
        passwords.require_acceptable(password, known=("tanaka-hanako", ""))
    assert word in refusal.value.fields["password"]


def test_the_list_of_common_passwords_is_shipped():
    assert len(passwords.common_passwords()) > 3000


def test_a_stored_text_that_is_no_hash_matches_nothing():
    assert not passwords.matches("plain text", "plain text")
    assert not passwords.matches(None, "nobody has this password")
