"""Messages whose other end is no diagram, as the reference data name them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.reference.files import ReferenceFileInvalid
from engine.reference.loader import load

WORKFLOWS = Path(__file__).parents[3] / "workflows"


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(WORKFLOWS / "reference", tmp_path / "reference")
    shutil.copytree(WORKFLOWS / "calendars", tmp_path / "calendars")
    return tmp_path


def test_the_messages_are_loaded_with_who_has_the_other_end():
    messages = load(WORKFLOWS).outside_messages
    assert {"case.closing", "review.requested"} <= messages.keys()
    assert all(messages.values())


@pytest.mark.parametrize(
    "entry", ["case.odd: {}", "case.odd: {sent_by: a, received_by: b}", "case.odd: {from: a}", "case.odd: word"]
)
def test_an_entry_that_does_not_name_one_other_end_is_refused(folder, entry):
    (folder / "reference" / "messages.yaml").write_text(f"{entry}\n", encoding="utf-8")
    with pytest.raises(ReferenceFileInvalid, match=r"case\.odd"):
        load(folder)
