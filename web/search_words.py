"""Words that somebody searched for, in an address that only this person's session can read.

Names of people must not stand in addresses: those end up in histories, logs and on screens that others see. The words
are sent by POST; the address they lead to carries them hidden under the session's own key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

NONCE, TAG = 9, 9
LONGEST = 60  #: characters


def hide(words: str, key: str) -> str:
    """The words for an address; empty for none."""
    plain = cleaned(words).encode()
    if not plain:
        return ""
    nonce = secrets.token_bytes(NONCE)
    mixed = _mixed(plain, nonce, key)
    return base64.urlsafe_b64encode(nonce + _tag(nonce + mixed, key) + mixed).decode().rstrip("=")


def reveal(token: str, key: str) -> str:
    """The words behind a token of this session; empty for anything else."""
    if not token or len(token) > 600:
        return ""
    try:
        given = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (ValueError, binascii.Error):
        return ""
    nonce, tag, mixed = given[:NONCE], given[NONCE : NONCE + TAG], given[NONCE + TAG :]
    if not mixed or not hmac.compare_digest(tag, _tag(nonce + mixed, key)):
        return ""
    return _mixed(mixed, nonce, key).decode(errors="replace")


def cleaned(words: str) -> str:
    """One short line without control characters."""
    return "".join(c for c in words[: LONGEST * 2] if c.isprintable()).strip()[:LONGEST]


def _mixed(text: bytes, nonce: bytes, key: str) -> bytes:
    stream = hashlib.shake_256(b"words" + key.encode() + nonce).digest(len(text))
    return bytes(a ^ b for a, b in zip(text, stream, strict=True))


def _tag(text: bytes, key: str) -> bytes:
    return hmac.new(b"tag" + key.encode(), text, hashlib.sha256).digest()[:TAG]
