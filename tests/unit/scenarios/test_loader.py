"""Scenario files: what is read, and what is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.scenarios.errors import ScenarioInvalid
from engine.scenarios.loader import load, parse
from engine.scenarios.model import Scenario
from engine.scenarios.moments import shown
from engine.scenarios.schema import published

ROOT = Path(__file__).parents[3]

GIVEN = """\
scenario: 作り話（架空）
given:
  now: 2026-04-01T09:00
  staff:
    佐藤: {org: AG-04, roles: [intake_worker]}
"""
SEARCH = "  - expect: {search: {by: 佐藤, text: x, hits: 0}}\n"
START = "  - start: {process: intake, by: 佐藤, as: a}\n"


def scenario(*steps: str, given: str = GIVEN) -> Scenario:
    return parse(given + "steps:\n" + "".join(steps), "story.yaml")


def problems(*steps: str, given: str = GIVEN) -> list[str]:
    with pytest.raises(ScenarioInvalid) as refused:
        scenario(*steps, given=given)
    return [str(problem) for problem in refused.value.problems]


def test_a_moment_without_an_offset_is_meant_in_tokyo() -> None:
    found = scenario(START, "  - expect: {case: a, status: open}\n")

    assert found.now.isoformat() == "2026-04-01T00:00:00+00:00"
    assert shown(found.now) == "2026-04-01T09:00"


def test_on_yes_and_no_are_words() -> None:
    found = scenario(
        START, "  - expect: {case: a, raised: [{task: x, on: 2026-04-02}], variables: {answer: yes, other: no}}\n"
    )

    assert found.steps[1].data["raised"] == [{"task": "x", "on": "2026-04-02"}]
    assert found.steps[1].data["variables"] == {"answer": "yes", "other": "no"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("2026-04-01", "2026-04-01", id="a date stays the text that forms take"),
        pytest.param("0583831111", "0583831111", id="a telephone number keeps its zero"),
        pytest.param("45", 45, id="a number"),
        pytest.param("1.5", 1.5, id="a decimal"),
        pytest.param("true", True, id="a truth value"),
        pytest.param("'45'", "45", id="a quoted number is a text"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_value_is_read_as_it_is_meant(written: str, read: object) -> None:
    found = scenario(
        f"  - start: {{process: intake, by: 佐藤, as: a, with: {{x: {written}}}}}\n",
        "  - expect: {case: a, status: open}\n",
    )

    assert found.steps[0].data["with"]["x"] == read


def test_a_part_may_be_named_and_used_again() -> None:
    found = scenario(START, "  - expect: &same {case: a, status: open}\n", "  - expect: *same\n")

    assert found.steps[1].data == found.steps[2].data


def test_one_person_may_hold_roles_in_several_organisations() -> None:
    given = GIVEN.replace(
        "{org: AG-04, roles: [intake_worker]}",
        "[{org: AG-04, roles: [intake_worker]}, {org: AG-08, roles: [outreach_worker]}]",
    )

    found = scenario(START, "  - expect: {case: a, status: open}\n", given=given)

    assert found.staff[0].roles == {"AG-04": ("intake_worker",), "AG-08": ("outreach_worker",)}


MISTAKES = {
    "unknown key of an act": (
        "start: {process: intake, by: 佐藤, as: a, clock: 1}",
        "story.yaml:7: 「clock」という項目",
    ),
    "unknown expectation": ("expect: {staus: open}", "story.yaml:7: 「staus」という項目"),
    "unknown key inside": ("expect: {open: [{task: x, dew: 1}]}", "story.yaml:7: 「dew」という項目"),
    "unknown step": ("dance: {by: 佐藤}", "story.yaml:7: 「dance」という項目"),
    "nobody acts": ("start: {process: intake, as: a}", "「by」がありません"),
    "unknown entry": ("start: {process: intake, by: 佐藤, entry: door}", "「door」は使えません"),
    "unknown unit": ("advance: {by: 3 moons}", "「3 moons」の書き方"),
    "unknown refusal": ("claim: {task: x, case: a, by: 佐藤, refused: nope}", "story.yaml:7:"),
    "a key given twice": ("start: {process: intake, by: 佐藤, by: 佐藤}", "「by」が二度"),
    "a stranger": ("start: {process: intake, by: 鈴木, as: a}", "「鈴木」さんは given"),
    "a case that did not begin": ("claim: {task: x, case: b, by: 佐藤}", "ケース「b」は、まだ"),
}


@pytest.mark.parametrize(("step", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_with_its_file_and_line(step: str, said: str) -> None:
    assert any(said in problem for problem in problems(f"  - {step}\n", SEARCH))


def test_a_scenario_without_an_expectation_is_refused() -> None:
    assert problems(START) == [
        "story.yaml:1: 期待することが一つもありません。「expect」か「refused」を書いてください。"
    ]


def test_an_expectation_of_nothing_is_refused() -> None:
    assert problems(START, "  - expect: {case: a}\n") == ["story.yaml:8: 確かめることが一つもありません。"]


def test_every_problem_is_told_at_once() -> None:
    assert len(problems("  - expect: {staus: open, opne: []}\n", "  - dance: {}\n")) == 3


def test_broken_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(ScenarioInvalid, match=r"story\.yaml:3: YAMLとして読めません"):
        parse("a: 1\nb: [\n", "story.yaml")


def test_the_published_schema_is_the_one_that_is_used() -> None:
    assert (ROOT / "docs" / "scenario.schema.json").read_text(encoding="utf-8") == published()


@pytest.mark.parametrize(
    "path",
    sorted([*ROOT.glob("workflows/*/scenarios/*.yaml"), *ROOT.glob("workflows/scenarios/*.yaml")]),
    ids=lambda path: path.stem,
)
def test_every_scenario_of_this_house_can_be_read_and_is_marked_as_invented(path: Path) -> None:
    assert "（架空）" in load(path).title
