from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.case_number import CaseNumber


def test_a_case_number_has_one_form_for_paper_and_one_for_addresses():
    number = CaseNumber(2025, 123)
    assert (str(number), number.url) == ("令和7年度－0123", "R7-0123")


def test_the_first_year_of_an_era_is_written_as_people_write_it():
    assert (str(CaseNumber(2019, 1)), CaseNumber(2019, 1).url) == ("令和元年度－0001", "R1-0001")


@pytest.mark.parametrize(
    "text", ["令和7年度－0123", "令和7年度-0123", "R7-0123", "r7-0123", "Ｒ７－０１２３", " R7 - 0123 "]
)
def test_every_writing_of_a_number_is_read(text):
    assert CaseNumber.parse(text) == CaseNumber(2025, 123)


@given(year=st.integers(1989, 2099), serial=st.integers(1, 999_999))
def test_a_number_reads_back_from_both_forms(year, serial):
    number = CaseNumber(year, serial)
    assert CaseNumber.parse(str(number)) == number
    assert CaseNumber.parse(number.url) == number


@pytest.mark.parametrize("text", ["", "0123", "R7-", "R7-12", "X7-0123", "R7-0000", "H40-0001", "令和7年-0123x"])
def test_what_is_no_case_number_is_refused(text):
    with pytest.raises(ValueError, match=r"case number|fiscal year"):
        CaseNumber.parse(text)


def test_numbers_sort_by_year_and_serial():
    assert sorted([CaseNumber(2026, 1), CaseNumber(2025, 10), CaseNumber(2025, 9)])[0] == CaseNumber(2025, 9)
