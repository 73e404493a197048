"""What a scenario says of acts: accepted, refused with nothing changed, at once; a wrong word fails the scenario."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.domain.errors import NotAuthorised
from engine.scenarios import report, world
from engine.scenarios.command import run_files
from engine.scenarios.loader import parse
from engine.scenarios.moments import VirtualClock, moment
from engine.scenarios.runner import Result, run
from engine.services import tasks
from engine.services.engine import Engine
from engine.storage import notifications

WORKFLOWS = Path(__file__).parents[3] / "workflows"
GIVEN = """\
scenario: 作り話（架空）
given:
  now: 2026-04-01T09:00
  staff:
    佐藤: {org: AG-04, roles: [intake_worker]}
    伊藤: {org: AG-04, roles: [intake_worker]}
    田中: {org: AG-04, roles: [agency_manager]}
    よその人: {org: AG-02, roles: [intake_worker]}
steps:
  - start:
      {process: intake, by: 佐藤, as: a, with: {channel: 電話, issues: [その他], field_code: [困窮], urgency: なし}}
"""
SEEN = "  - expect: {case: a, status: open}\n"
FORM = "{complaint: 困っている, policy: 一緒に考える, household_members: [{name: 椿 一郎, relation: 本人}]}"
TASK = "task: in_interview, case: a"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path_factory.mktemp('acts') / 'acts.sqlite3'}"
    found = world.prepare(url, WORKFLOWS, now=VirtualClock(moment("2026-04-01T00:00")))
    yield found
    found.database.dispose()


def told(engine: Engine, *steps: str) -> Result:
    world.clear(engine)
    return run(engine, parse(GIVEN + "".join(f"  - {step}\n" for step in steps) + SEEN, "story.yaml"))


def complete(by: str, form: str = FORM, more: str = "", task: str = TASK) -> str:
    return f"complete: {{{task}, by: {by}, with: {form}{more}}}"


SCREEN = "task: in_screen, case: a"
BOTH = f"steps: [{{{complete('佐藤')}}}, {{{complete('伊藤')}}}]"
CLAIMED = f"claim: {{{TASK}, by: 佐藤}}"
HELD = f"hold: {{{TASK}, by: 佐藤, until: 2026-04-10, reason: 入院}}"
RIGHT = {
    "completed": [complete("佐藤")],
    "not this person's act": [complete("田中", more=", refused: not_authorised")],
    "not to be known of": [complete("よその人", more=", refused: not_found")],
    "never opened": [complete("佐藤", task=SCREEN, more=", refused: not_open")],
    "never opened and not to be known of": [complete("よその人", task=SCREEN, more=", refused: not_found")],
    "completed already": [complete("佐藤"), complete("伊藤", more=", refused: already_completed")],
    "held by another": [f"claim: {{{TASK}, by: 伊藤}}", complete("佐藤", more=", refused: already_claimed")],
    "a form with a gap": [complete("佐藤", "{complaint: x}", ", refused: {code: form_invalid, fields: [policy]}")],
    "held": [HELD, complete("佐藤", more=", refused: not_open"), f"resume: {{{TASK}, by: 佐藤, reason: 退院}}"],
    "held too long": [f"hold: {{{TASK}, by: 佐藤, until: 2026-12-25, reason: 入院, refused: hold_too_long}}"],
    "held without a reason": [
        f"hold: {{{TASK}, by: 佐藤, until: 2026-04-10, refused: {{code: form_invalid, fields: [reason]}}}}"
    ],
    "handed over": [CLAIMED, f"reassign: {{{TASK}, by: 田中, to: 伊藤, note: 異動}}", complete("伊藤")],
    "given back": [CLAIMED, f"release: {{{TASK}, by: 佐藤}}", complete("伊藤")],
    "given more time": [f"extend: {{{TASK}, by: 田中, due_on: 2026-04-30, reason: 本人の都合}}",
                        "expect: {case: a, open: [{task: in_interview, due: 2026-04-30}]}"],
    "a process that people do not start": ["start: {process: plan_execution, by: 佐藤, refused: not_authorised}"],
    "one of two at once": [f"at_once: {{accepted: 1, others: already_completed, {BOTH}}}"],
    "two starts at once": ["at_once: {accepted: 2, steps: [{start: {process: intake, by: 佐藤, as: b}}, "
                           "{start: {process: intake, by: 伊藤, as: c}}]}", "expect: {case: c, open: [in_register]}"],
}  # fmt: skip
WRONG = {
    "refused without being expected": [complete("田中")],
    "accepted without being expected": [complete("佐藤", more=", refused: not_authorised")],
    "refused otherwise": [complete("田中", more=", refused: not_found")],
    "another field": [complete("佐藤", "{complaint: x}", ", refused: {code: form_invalid, fields: [complaint]}")],
    "a task that never opened": [complete("佐藤", task=SCREEN)],
    "another organisation's": [complete("佐藤", task="task: in_interview, case: a, org: AG-02")],
    "both at once": [f"at_once: {{accepted: 2, {BOTH}}}"],
    "the loser otherwise": [f"at_once: {{accepted: 1, others: not_found, {BOTH}}}"],
    "back in time": ["advance: {to: 2026-03-31T09:00}"],
    "a command of a later process": ["command: {name: person.died, case: a, by: 佐藤, with: {}, refused: not_open}"],
    "a day that does not exist": ["expect: {case: a, open: [{task: in_interview, due: 2026-02-30}]}"],
    "a person of an unknown organisation": ["expect: {case: a, open: [{task: in_interview, org: AG-99}]}"],
}  # fmt: skip


@pytest.mark.parametrize("steps", RIGHT.values(), ids=RIGHT)
def test_what_happens_as_told_passes(engine: Engine, steps: list[str]) -> None:
    result = told(engine, *steps)

    assert result.passed, "\n".join(report.lines(result))


@pytest.mark.parametrize("steps", WRONG.values(), ids=WRONG)
def test_what_happens_otherwise_fails(engine: Engine, steps: list[str]) -> None:
    assert not told(engine, *steps).passed


def test_a_refusal_that_wrote_something_fails(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(found: Engine, actor: object, task_id: str, **more: object) -> None:
        with found.database.write() as connection:
            at = moment("2026-04-01T09:00")
            notifications.add(connection, ["somebody"], about="x", case_id=None, task_id=None, key="x", at=at)
        raise NotAuthorised("claim")

    monkeypatch.setattr(tasks, "claim", refuse)

    result = told(engine, f"claim: {{{TASK}, by: 佐藤, refused: not_authorised}}")

    assert "書き込みがありました（notification）" in result.failures[0].text_ja


def test_a_failed_act_ends_the_scenario_and_failed_expectations_do_not(engine: Engine) -> None:
    result = told(engine, "expect: {case: a, status: closed}", "expect: {case: a, status: suspended}", complete("田中"))

    assert [failure.step.number for failure in result.failures] == [2, 3, 4]
    assert result.done == 4


def test_while_nothing_runs_time_passes_and_is_caught_up_when_people_work_again(engine: Engine) -> None:
    result = told(
        engine,
        "down: {for: 14 days}",
        "expect: {case: a, open: [{task: in_interview, state: overdue}]}",
        "expect: {case: a, raised: [{task: in_interview, level: overdue, times: 0}]}",
        CLAIMED,
        "expect: {case: a, raised: [{task: in_interview, level: overdue, on: 2026-04-09, times: 1}]}",
        "expect: {case: a, raised: [{task: in_interview, level: overdue, raised_at: 2026-04-15T09:00}]}",
    )  # fmt: skip

    assert result.passed, "\n".join(report.lines(result))


def test_the_report_says_where_what_was_expected_and_what_is_so(tmp_path: Path) -> None:
    file, said = tmp_path / "story.yaml", []
    file.write_text(GIVEN + "  - expect: {case: a, status: closed}\n", encoding="utf-8")

    code = run_files([file, tmp_path / "none.yaml"], workflows=WORKFLOWS, say=said.append)

    assert code == 1
    assert said[0].startswith("読めません　") and said[1].startswith("不合格　")  # noqa: PT018 - two lines of one report
    assert said[2] == "　　手順2（12行目）expect status：　ケースの状態は closed のはずですが、open です。"
    assert said[3] == "2件のうち 合格0件、不合格1件、読めないもの1件"


def test_a_database_in_which_somebody_has_worked_is_refused(engine: Engine, tmp_path: Path) -> None:
    told(engine)
    file, said = tmp_path / "story.yaml", []
    file.write_text(GIVEN + SEEN, encoding="utf-8")

    assert run_files([file], workflows=WORKFLOWS, url=engine.database.url, say=said.append) == 2
    assert "空のデータベースでだけ" in said[0]
