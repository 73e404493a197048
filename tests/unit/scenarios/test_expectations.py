"""For each kind of expectation: the right value passes, a wrong one fails, and what cannot be told yet says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.scenarios import world
from engine.scenarios.acts import perform
from engine.scenarios.errors import NotYet
from engine.scenarios.loader import load
from engine.scenarios.moments import VirtualClock, moment
from engine.scenarios.runner import EXPECTATIONS, take
from engine.scenarios.schema import EXPECTATIONS as KNOWN
from engine.scenarios.world import World
from engine.services import cases

WORKFLOWS = Path(__file__).parents[3] / "workflows"
CASE = "柳"
NOT_YET = ("retention", "reports", "prints")

#: (expectation, what is so at the end of the story, what is not)
PAIRS: list[tuple[str, Any, Any]] = [
    ("status", "open", "closed"),
    ("instances", {"plan_execution": "running"}, {"plan_execution": "completed"}),
    ("instances", {"intake": ["completed"], "outreach": "none"}, {"intake": ["completed", "running"]}),
    ("open", [{"task": "px_record"}], [{"task": "px_eval"}]),
    ("open", ["px_record", "px_monitor"], ["px_monitor", "px_monitor"]),
    ("open", [{"task": "px_record", "org": "AG-04"}], [{"task": "px_record", "org": "AG-03"}]),
    ("open", [{"task": "px_record", "role": "intake_worker"}], [{"task": "px_record", "role": "supervisor"}]),
    ("open", [{"task": "px_record", "due": "2026-05-28"}], [{"task": "px_record", "due": "2026-05-29"}]),
    ("open", [{"task": "px_record", "state": "overdue"}], [{"task": "px_record", "state": "on_time"}]),
    ("open", [{"task": "px_record", "state": "open"}], [{"task": "px_record", "state": "held"}]),
    ("open", [{"task": "px_record", "holder": None}], [{"task": "px_record", "holder": "早苗"}]),
    ("open_exactly", ["px_record", "px_record", "px_silent", "px_silent", "px_monitor", "px_action"], ["px_record"]),
    ("not_open", ["px_eval"], ["px_record"]),
    ("not_open", [{"task": "px_record", "org": "AG-03"}], [{"task": "px_record", "org": "AG-04"}]),
    ("one_of", ["px_eval", "px_record"], ["px_eval", "px_conf"]),
    ("raised", [{"task": "px_overdue", "times": 1}], [{"task": "px_overdue", "times": 2}]),
    ("raised", [{"task": "px_overdue", "on": "2026-09-16"}], [{"task": "px_overdue", "on": "2026-09-17"}]),
    ("raised", [{"task": "px_overdue", "raised_at": "2026-09-17"}],
               [{"task": "px_overdue", "raised_at": "2026-09-16"}]),
    ("raised", [{"task": "px_eval", "level": 2, "times": 1}], [{"task": "px_eval", "level": 2, "times": 0}]),
    ("raised", [{"task": "px_eval", "level": 3, "on": "2026-10-02"}],
               [{"task": "px_eval", "level": 3, "on": "2026-10-01"}]),
    ("raised", [{"task": "px_self", "level": "warn"}], [{"task": "in_screen", "level": "warn"}]),
    ("variables", {"result": "継続"}, {"result": "終結"}),
    ("variables", {"next_review_on": "2027-03-15"}, {"next_review_on": "2026-09-15"}),
    ("variables", {"remaining": "収入の安定"}, {"no_such_name": 1}),
    ("records", [{"form": "F13", "by": "早苗"}], [{"form": "F13", "by": "茜"}]),
    ("records", [{"form": "F07", "count": 1}], [{"form": "F07", "count": 2}]),
    ("records", [{"form": "F01", "org": "AG-04"}], [{"form": "F01", "org": "AG-02"}]),
    ("records", [{"form": "F01", "task": "in_register"}], [{"form": "F01", "task": "in_screen"}]),
    ("visible_to", {"早苗": True, "係長の楓": True}, {"早苗": False}),
    ("visible_to", {"よその職員": False}, {"よその職員": True}),
    ("search", {"by": "早苗", "text": "やなぎ", "hits": 1}, {"by": "早苗", "text": "やなぎ", "hits": 0}),
    ("search", [{"by": "よその職員", "text": "柳", "hits": 0}], [{"by": "よその職員", "text": "柳", "hits": 1}]),
    ("search", {"by": "茜", "text": "柳", "in": "inbox", "hits": 4},
               {"by": "茜", "text": "柳", "in": "inbox", "hits": 9}),
    ("sees", [{"by": "早苗", "form": "F01", "field": "channel", "sees": True}],
             [{"by": "早苗", "form": "F01", "field": "channel", "sees": False}]),
    ("sees", [{"by": "早苗", "form": "F01", "field": "channel", "sees": "来所"}],
             [{"by": "早苗", "form": "F01", "field": "channel", "sees": "電話"}]),
    ("sees", [{"by": "よその職員", "form": "F01", "field": "channel", "sees": False}],
             [{"by": "よその職員", "form": "F01", "field": "channel", "sees": True}]),
    ("grants", [{"org": "AG-02", "basis": "consent", "ended": False}], [{"org": "AG-03"}]),
    ("grants", [{"org": "AG-02", "basis": "本人の同意"}], [{"org": "AG-02", "basis": "106条の6"}]),
    ("grants", [{"org": "AG-02", "until": "2027-06-14"}], [{"org": "AG-02", "until": "2027-06-15"}]),
    ("grants", [{"org": "AG-02", "ended": False}], [{"org": "AG-02", "ended": "2026-09-01"}]),
    ("consents", [{"subject": "柳 とおる", "result": "同意あり", "withdrawn": False}], [{"result": "同意なし"}]),
    ("consents", [{"given_by": "本人"}], [{"given_by": "後見人"}]),
    ("plan", {"version": 1, "next_review_on": "2027-03-15"}, {"version": 2}),
    ("plan", {"early_start": False, "review_no": 2}, {"early_start": True}),
    ("audit", [{"act": "complete", "task": "in_screen", "by": "茜", "times": 1}],
              [{"act": "complete", "task": "in_screen", "by": "早苗"}]),
    ("audit", [{"act": "task.raised", "task": "px_eval", "by": "システム", "times": 5}],
              [{"act": "task.raised", "task": "px_eval", "times": 4}]),
    ("notified", [{"to": "係長の楓", "about": "2", "on": "2026-09-25"}],
                 [{"to": "係長の楓", "about": "2", "on": "2026-09-24"}]),
    ("notified", [{"to": "茜", "about": "px_eval"}], [{"to": "よその職員"}]),
    ("related", ["柳の世帯"], ["別の話"]),
    ("not_contains", ["この言葉はどこにもない"], ["落ち着いて暮らしたい"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The world after the story of the missed review, with two more cases beside it."""
    story = load(WORKFLOWS / "scenarios" / "overdue_review_yanagi.yaml")
    url = f"sqlite:///{tmp_path_factory.mktemp('expectations') / 'story.sqlite3'}"
    engine = world.prepare(url, WORKFLOWS, now=VirtualClock(moment("2026-04-01T00:00")))
    found = world.open_world(engine, story)
    found.people["よその職員"] = world.hire(engine, world.Person("よその職員", {"AG-03": ("intake_worker",)}))
    for step in story.steps:
        assert take(found, step) == []
    _begin_others(found)
    yield found
    engine.database.dispose()


def _begin_others(found: World) -> None:
    call = {"channel": "電話", "issues": ["その他"], "field_code": ["困窮"], "urgency": "なし"}
    engine, actor, now = found.engine, found.actor("早苗"), found.clock.now()
    stranger = cases.start(engine, actor, "intake", entry="manual", data={**call, "name": "梶 はるか"}, now=now)
    twin = cases.start(engine, actor, "intake", entry="manual", data={**call, "name": "柳 とおる"}, now=now)
    assert twin.task_id is not None
    found.cases |= {"別の話": stranger.case_id, "柳の世帯": twin.case_id}
    step = {"task": "in_dupcheck", "case": "柳の世帯", "by": "早苗", "with": {"dup_result": "関連ケースとして新規"}}
    perform(found, "complete", step)


def said_of(told: World, key: str, wanted: Any) -> list[str]:
    return EXPECTATIONS[key](told, told.case(CASE), wanted)


@pytest.mark.parametrize(("key", "right"), [(key, right) for key, right, _ in PAIRS], ids=[key for key, _, _ in PAIRS])
def test_what_is_so_passes(told: World, key: str, right: Any) -> None:
    assert said_of(told, key, right) == []


@pytest.mark.parametrize(("key", "wrong"), [(key, wrong) for key, _, wrong in PAIRS], ids=[key for key, _, _ in PAIRS])
def test_what_is_not_so_fails(told: World, key: str, wrong: Any) -> None:
    assert said_of(told, key, wrong) != []


@pytest.mark.parametrize("key", NOT_YET)
def test_what_cannot_be_told_yet_says_so_by_name(told: World, key: str) -> None:
    with pytest.raises(NotYet, match=key):
        said_of(told, key, {})


def test_every_kind_of_expectation_is_known_and_tested_here() -> None:
    assert set(EXPECTATIONS) == set(KNOWN) - {"case"} == {key for key, _, _ in PAIRS} | set(NOT_YET)
