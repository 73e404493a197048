"""Passwords: argon2id hashes, and which passwords are refused (OWASP ASVS 5.0, 6.2)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from engine.domain.errors import FormInvalid

SHORTEST = 8
RECOMMENDED = 15
LONGEST = 200
FEWEST_DIFFERENT = 4  #: different characters
_TRIMMINGS = "0123456789!?.,@#$%&*+-_"  #: what people add to a common word to satisfy a rule
_COMMON = Path(__file__).with_name("common_passwords.txt")
_HASHER = PasswordHasher()  #: argon2id; the library's defaults follow RFC 9106 and a test holds them to our floor


def require_acceptable(password: str, *, known: tuple[str, ...] = ()) -> None:
    """Refuse short, overlong and guessable passwords. Raises FormInvalid with the sentence for ``password``.

    known: words that others may know of the person (login, name, mail address). There is no rule about kinds of
    characters and no expiry: both make passwords worse (ASVS 6.2.5, 6.2.10).
    """
    refusal = _refusal(password, known)
    if refusal:
        raise FormInvalid({"password": refusal})


def _refusal(password: str, known: tuple[str, ...]) -> str:
    if len(password) < SHORTEST:
        return f"パスワードは{SHORTEST}文字以上（できれば{RECOMMENDED}文字以上）にしてください。"
    if len(password) > LONGEST:
        return f"パスワードは{LONGEST}文字までにしてください。"
    plain = password.casefold()
    if {plain, plain.rstrip(_TRIMMINGS)} & common_passwords() or len(set(plain)) < FEWEST_DIFFERENT:
        return "よく使われるパスワードです。推測されにくい、別のパスワードにしてください。"
    if any(plain == word.casefold() for word in known if word):
        return "ログインIDや氏名などと同じパスワードは使えません。別のパスワードにしてください。"
    return ""


@cache
def common_passwords() -> frozenset[str]:
    """Passwords that guessers try first, folded; shipped with the product because nothing is asked on line."""
    return frozenset(_COMMON.read_text(encoding="utf-8").split())


def hashed(password: str) -> str:
    """The hash to store."""
    return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the one behind ``stored``; takes equally long when there is none."""
    try:
        return _HASHER.verify(stored if stored is not None else _nobodys(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this password")


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)
