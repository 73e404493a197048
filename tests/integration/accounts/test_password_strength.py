"""How hard a stored password is to guess, and that the time of an answer tells nothing. With real hashes."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime

import argon2
import pytest

from engine.domain.errors import SignInFailed
from engine.services import passwords, sign_in, staff_accounts
from engine.storage import staff

NOW = datetime(2026, 4, 6, 1, 0, tzinfo=UTC)
PASSWORD = "朝のバスは八時五分発です"


@pytest.fixture
def tanaka(engine):
    """A consultation worker of AG-01-1 with a password."""
    return staff_accounts.create_staff(
        engine, login="tanaka", name="田中 花子", password=PASSWORD, roles={"AG-01-1": ["intake_worker"]}, now=NOW
    )


@pytest.mark.slow
def test_an_unknown_login_is_answered_as_slowly_as_a_wrong_password(engine, tanaka):
    def seconds(login):
        began = time.perf_counter()
        with pytest.raises(SignInFailed):
            sign_in.sign_in(engine, login, "違うパスワードです", now=NOW)
        return time.perf_counter() - began

    seconds("warm-up")
    known, unknown = [], []
    for number in range(5):
        known.append(seconds("tanaka"))
        unknown.append(seconds(f"nobody-{number}"))
    assert 0.6 < statistics.median(known) / statistics.median(unknown) < 1.6


def test_hashes_are_argon2id_of_at_least_19_mib_and_two_rounds():
    parameters = argon2.extract_parameters(passwords.hashed(PASSWORD))
    assert parameters.type is argon2.Type.ID
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2
    assert parameters.hash_len >= 16
    assert parameters.salt_len >= 16


def test_a_hash_of_older_parameters_is_renewed_at_sign_in(engine, tanaka):
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with engine.database.write() as connection:
        staff.set_password_hash(connection, tanaka, weak)
    token = sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)
    with engine.database.read() as connection:
        stored = staff.by_id(connection, tanaka).password_hash
    assert not passwords.is_outdated(stored)
    assert sign_in.session(engine, token, now=NOW)
