"""While a person is written down, cases that may be about the same one are shown; a sealed one never."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update

from engine.domain.kana import fold
from engine.storage.tables import person, support_case
from tests.web.site import Site, Thing, Visitor

TYPED = {"name": "柳　和夫", "name_kana": ""}


@pytest.fixture
def case(site: Site) -> Thing:
    """A case of the home office about somebody born in 1968."""
    thing = site.a_case()
    (row,) = site.office.rows("SELECT subject_id FROM support_case WHERE id = :c", c=thing.case_id)
    facts = {
        "name": "柳 和夫", "name_kana": "やなぎ かずお", "birth": date(1968, 2, 3),
        "name_folded": f"{fold('柳 和夫')} {fold('やなぎ かずお')}",
    }  # fmt: skip
    with site.office.engine.database.write() as connection:
        connection.execute(update(person).where(person.c.id == row.subject_id).values(**facts))
    return thing


def ask(visitor: Visitor, **typed: str) -> str:
    """What is shown for what was typed."""
    answer = visitor.client.post("/intake/same", data={"csrf_token": visitor.csrf, **TYPED, **typed})
    text = answer.get_data(as_text=True)
    assert answer.status_code == (200 if text else 204)
    return text


def test_the_case_is_shown_however_the_name_is_written(site: Site, case: Thing) -> None:
    worker = site.browser("worker")
    for typed in (
        {},
        {"name": "柳和夫"},
        {"name": "", "name_kana": "ﾔﾅｷﾞ"},
        {"name": "", "name_kana": "ヤナギカズオ"},
        {"birth": "S43.2.3"},
        {"birth": "まだ途中"},
    ):
        text = ask(worker, **typed)
        assert f"/cases/{case.number}" in text, typed
        assert "58歳" in text
        assert "同じ人かもしれない記録" in text


def test_nothing_is_shown_for_nobody_too_little_or_another_birth_date(site: Site, case: Thing) -> None:
    worker = site.browser("worker")
    for typed in ({"name": ""}, {"name": "柳"}, {"name": "青木"}, {"birth": "S43.2.4"}):
        assert ask(worker, **typed) == "", typed
    assert site.count("SELECT count(*) FROM access_log WHERE act = 'list'") == 0


def test_a_sealed_case_gives_no_sign_even_to_those_who_may_open_it(site: Site, case: Thing) -> None:
    worker = site.browser("worker")
    without = ask(worker, name="青木")
    with site.office.engine.database.write() as connection:
        connection.execute(update(support_case).where(support_case.c.id == case.case_id).values(seal_level=1))
    for login in ("worker", "supervisor"):
        assert ask(site.browser(login)) == without


def test_another_office_sees_nothing_of_it(site: Site, case: Thing) -> None:
    assert ask(site.browser("stranger")).strip() == ""


def test_what_was_shown_is_noted_without_the_words(site: Site, case: Thing) -> None:
    ask(site.browser("worker"))
    (row,) = site.office.rows("SELECT * FROM access_log WHERE act = 'list'")
    assert row.what == "intake"
    assert "柳" not in str(row)
