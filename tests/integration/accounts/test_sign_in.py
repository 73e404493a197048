"""Sign-in and sessions: what OWASP ASVS 5.0 asks of passwords, tokens and ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from engine.domain.errors import FormInvalid, SignInFailed, TooManyAttempts
from engine.services import audit as trail
from engine.services import housekeeping, sign_in, staff_accounts
from engine.storage.tables import audit_event, sign_in_attempt, web_session

pytestmark = pytest.mark.usefixtures("cheap_hashes")
NOW = datetime(2026, 4, 6, 1, 0, tzinfo=UTC)
PASSWORD = "朝のバスは八時五分発です"


@pytest.fixture
def tanaka(engine):
    """A consultation worker of AG-01-1 with a password."""
    return staff_accounts.create_staff(
        engine, login="tanaka", name="田中 花子", password=PASSWORD, roles={"AG-01-1": ["intake_worker"]}, now=NOW
    )


def rows(engine, table):
    with engine.database.read() as connection:
        return connection.execute(select(table)).all()


def fail(engine, times, login="tanaka", now=NOW):
    for _ in range(times):
        with pytest.raises(SignInFailed):
            sign_in.sign_in(engine, login, "違うパスワードです", now=now)


def test_a_session_carries_the_person_and_the_roles(any_database, engine, tanaka):
    token = sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)
    found = sign_in.session(engine, token, now=NOW)
    assert found is not None
    assert (found.staff_id, found.login, found.language, found.era_dates) == (tanaka, "tanaka", "ja", True)
    assert found.actor.has_role("intake_worker", "AG-01-1")


def test_the_login_is_read_in_any_width_and_case(engine, tanaka):
    assert sign_in.sign_in(engine, "　ＴａｎａＫＡ ", PASSWORD, now=NOW)


def test_the_database_holds_neither_token_nor_password(engine, tanaka):
    token = sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)
    (row,) = rows(engine, web_session)
    assert token not in str(row)
    assert len(row.token_hash) == 64
    assert len(token) >= 43  # 256 bits in base64
    with engine.database.read() as connection:
        everything = str(connection.exec_driver_sql("SELECT * FROM staff").all())
    assert PASSWORD not in everything
    assert "$argon2id$" in everything


def test_each_sign_in_gets_a_token_and_a_form_token_of_its_own(engine, tanaka):
    tokens = [sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW) for _ in range(3)]
    forms = {sign_in.session(engine, token, now=NOW).csrf for token in tokens}
    assert len(set(tokens)) == len(forms) == 3


@pytest.mark.parametrize(
    "token", ["", "x" * 43, "あ", "\ud800", "x" * 100_000], ids=["empty", "other", "kana", "half", "long"]
)
def test_a_token_that_nobody_was_given_is_no_session(engine, tanaka, token):
    assert sign_in.session(engine, token, now=NOW) is None


def test_a_session_ends_half_an_hour_after_its_last_use(engine, tanaka):
    token = sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)
    assert sign_in.session(engine, token, now=NOW + timedelta(minutes=29))
    assert sign_in.session(engine, token, now=NOW + timedelta(minutes=58))
    assert sign_in.session(engine, token, now=NOW + timedelta(minutes=58 + 30)) is None


def test_a_session_ends_twelve_hours_after_sign_in_however_much_it_is_used(engine, tanaka):
    token = sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)
    for minutes in range(0, 12 * 60, 20):
        assert sign_in.session(engine, token, now=NOW + timedelta(minutes=minutes))
    assert sign_in.session(engine, token, now=NOW + timedelta(hours=12)) is None


def test_a_session_that_was_left_cannot_be_used_again(engine, tanaka):
    token = sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)
    sign_in.sign_out(engine, token)
    assert sign_in.session(engine, token, now=NOW) is None
    sign_in.sign_out(engine, token)  # a second time changes nothing


def test_a_new_password_ends_every_session_and_the_old_one_opens_none(engine, tanaka):
    token = sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)
    sign_in.set_password(engine, tanaka, "夕方の電車は七分おくれです", now=NOW)
    assert sign_in.session(engine, token, now=NOW) is None
    fail(engine, 1)
    with pytest.raises(SignInFailed):
        sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)
    assert sign_in.sign_in(engine, "tanaka", "夕方の電車は七分おくれです", now=NOW)


@pytest.mark.parametrize("login", ["tanaka", "nobody-of-this-name"])
def test_after_six_failures_a_login_rests_for_half_an_hour_whether_it_exists_or_not(
    any_database, engine, tanaka, login
):
    fail(engine, 6, login)
    for password in ("違うパスワードです", PASSWORD):
        with pytest.raises(TooManyAttempts):
            sign_in.sign_in(engine, login, password, now=NOW + timedelta(minutes=29))
    with pytest.raises(SignInFailed):
        sign_in.sign_in(engine, login, "違うパスワードです", now=NOW + timedelta(minutes=30))


def test_the_right_password_opens_again_after_the_rest(engine, tanaka):
    fail(engine, 6)
    assert sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW + timedelta(minutes=31))


def test_a_success_starts_the_count_anew(engine, tanaka):
    for _ in range(3):
        fail(engine, 5)
        assert sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)


def test_failures_of_another_day_do_not_add_up(engine, tanaka):
    for day in range(8):
        fail(engine, 1, now=NOW + timedelta(days=day))
    assert sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW + timedelta(days=8))


def test_the_sixth_try_may_still_be_the_right_one(engine, tanaka):
    fail(engine, 5)
    assert sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)
    assert rows(engine, sign_in_attempt) == []


def test_the_trail_has_every_try_and_never_what_was_typed(engine, tanaka):
    fail(engine, 1, "himitsu-no-pasuwaado")
    fail(engine, 6)
    sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW + timedelta(hours=1))
    events = [(event.act, event.actor) for event in rows(engine, audit_event)]
    assert events[1:] == [
        ("sign_in.failed", "unknown"),
        *[("sign_in.failed", tanaka)] * 5,
        ("sign_in.locked", tanaka),
        ("sign_in.succeeded", tanaka),
    ]
    assert "himitsu" not in str(rows(engine, audit_event))
    assert trail.verify(engine) == []


def test_a_closed_account_is_refused_like_an_unknown_one_and_its_session_ends(engine, tanaka):
    token = sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)
    staff_accounts.deactivate(engine, tanaka, now=NOW)
    assert sign_in.session(engine, token, now=NOW) is None
    with pytest.raises(SignInFailed):
        sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)


def test_an_account_without_a_password_cannot_be_used(engine):
    staff_accounts.create_staff(engine, login="suzuki", name="鈴木 一", roles={}, now=NOW)
    fail(engine, 1, "suzuki")


def test_preferences_are_kept_and_an_unknown_language_is_refused(engine, tanaka):
    token = sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)
    actor = sign_in.session(engine, token, now=NOW).actor
    sign_in.set_preferences(engine, actor, language="en", era_dates=False)
    found = sign_in.session(engine, token, now=NOW)
    assert (found.language, found.era_dates) == ("en", False)
    with pytest.raises(FormInvalid):
        sign_in.set_preferences(engine, actor, language="xx", era_dates=False)


def test_housekeeping_forgets_what_has_run_out_and_nothing_else(engine, tanaka):
    sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW - timedelta(hours=13))
    live = sign_in.sign_in(engine, "tanaka", PASSWORD, now=NOW)
    fail(engine, 1, "long-ago", now=NOW - timedelta(days=3))
    fail(engine, 1, "just-now", now=NOW)
    report = housekeeping.tidy(engine, now=NOW)
    assert (report.sessions, report.attempts) == (1, 1)
    assert sign_in.session(engine, live, now=NOW)
    assert [row.login for row in rows(engine, sign_in_attempt)] == ["just-now"]
