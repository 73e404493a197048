"""What a plan's version changed, how a timeline folds its loops, and where the stages of a relation are drawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from engine.queries.case_plans import PlanItem, PlanVersion
from engine.queries.folding import FEWEST, Loop, folded
from engine.queries.plan_changes import ChangeKind, FieldChange, changes, changes_by_version
from engine.queries.timeline import ContactFacts, Entry, EntryKind
from web.stage_chart import mark_kind, stage_chart

DAY = datetime(2026, 4, 1, tzinfo=UTC)
VISIT = PlanItem(1, "孤立", "訪問", "まどか", "青木", "散歩", "週1回", date(2026, 4, 1), date(2026, 9, 30), "", None)
WORK = replace(VISIT, no=2, issue="収入", programme_name="就労準備", org_name="さぽーと", staff_text="")
MONEY = replace(WORK, no=3, issue="家計", programme_name="家計改善")
PLAN = PlanVersion(
    id="v1", number=1, kind="新規", status="superseded", lead_name="さぽーと", period_from=date(2026, 4, 1),
    period_until=date(2026, 9, 30), first_monitor_on=None, next_review_on=None, review_no=0, conclusion="",
    evaluation_result="", decided_at=None, created_at=DAY, record_id=None, items=(VISIT, WORK),
)  # fmt: skip


def contact(day: int, outcome: str = "不在", stage: int | None = 1, means: str = "訪問") -> Entry:
    """A contact on a day."""
    facts = ContactFacts(means, "本人", outcome, stage, "なし", None)
    return Entry(DAY + timedelta(days=day), EntryKind.CONTACT, "contact", "", "青木", "まどか", contact=facts)


def done(day: int, name: str) -> Entry:
    """A task completed on a day."""
    return Entry(DAY + timedelta(days=day), EntryKind.STEP, "task.completed", name, "青木", "まどか")


# ---------------------------------------------------------------- plans


def test_each_changed_field_is_told_with_before_and_after() -> None:
    later = replace(
        PLAN, id="v2", number=2, period_until=date(2027, 3, 31),
        items=(replace(VISIT, no=4, frequency="週2回", staff_text=""), WORK),
    )  # fmt: skip
    found = changes(PLAN, later)
    assert found.against == 1
    assert found.fields == (FieldChange("period_until", date(2026, 9, 30), date(2027, 3, 31)),)
    (item,) = found.items
    assert (item.kind, item.issue) == (ChangeKind.CHANGED, "孤立")
    assert item.fields == (FieldChange("staff_text", "青木", ""), FieldChange("frequency", "週1回", "週2回"))


def test_added_and_removed_measures_are_told_and_the_same_ones_are_not() -> None:
    found = changes(PLAN, replace(PLAN, number=2, items=(MONEY, replace(VISIT, no=9))))
    assert [(item.kind.value, item.issue) for item in found.items] == [("added", "家計"), ("removed", "収入")]


def test_a_measure_that_another_organisation_takes_over_stays_the_same_measure() -> None:
    found = changes(PLAN, replace(PLAN, number=2, items=(VISIT, replace(WORK, org_name="はぴねす"))))
    assert [(item.kind.value, [field.field for field in item.fields]) for item in found.items] == [
        ("changed", ["org_name"])
    ]


def test_two_equal_measures_are_paired_one_with_one() -> None:
    assert changes(replace(PLAN, items=(VISIT, VISIT)), replace(PLAN, items=(VISIT, VISIT))).nothing
    (item,) = changes(replace(PLAN, items=(VISIT, VISIT)), replace(PLAN, items=(VISIT,))).items
    assert item.kind is ChangeKind.REMOVED


def test_the_first_version_of_a_plan_is_compared_with_nothing() -> None:
    second, other = replace(PLAN, id="v2", number=2), replace(PLAN, id="w1")
    assert set(changes_by_version([other, second, PLAN])) == {"v2"}


# ---------------------------------------------------------------- loops


def test_a_loop_becomes_one_entry_that_tells_how_often_and_how_it_went() -> None:
    loop = [contact(3, "面会できた", 3), done(3, "訪問"), contact(2), done(2, "訪問"), contact(1), done(1, "訪問"),
            contact(0, stage=None), done(0, "訪問")]  # fmt: skip
    first, run, last = folded([done(9, "評価"), *loop, done(-1, "受付")])
    assert isinstance(run, Loop)
    assert isinstance(first, Entry)
    assert isinstance(last, Entry)
    assert (run.times, run.stages, run.name) == (4, (1, 3), "訪問")
    assert run.outcomes == (("不在", 3), ("面会できた", 1))
    assert run.entries == tuple(loop)
    assert (run.began, run.ended) == (DAY, DAY + timedelta(days=3))


def test_nothing_is_lost_or_moved_by_folding() -> None:
    entries = [contact(9), done(8, "a"), *[contact(7 - n) for n in range(FEWEST)], done(1, "b"), contact(0)]
    flat = [one for part in folded(entries) for one in (part.entries if isinstance(part, Loop) else (part,))]
    assert flat == entries


def test_a_few_contacts_stay_as_they_are() -> None:
    entries = [contact(n) for n in reversed(range(FEWEST - 1))]
    assert list(folded(entries)) == entries


def test_a_task_that_came_back_is_folded_without_contacts_too() -> None:
    (run,) = folded([done(n, "確認") for n in reversed(range(FEWEST))])
    assert isinstance(run, Loop)
    assert (run.times, run.name, run.stages) == (FEWEST, "確認", None)


# ---------------------------------------------------------------- the picture


def test_the_stages_are_drawn_level_until_the_next_contact_that_noted_one() -> None:
    chart = stage_chart([contact(0, stage=1), contact(5, stage=None), contact(10, stage=6)])
    assert chart is not None
    heights = dict(chart.levels)
    assert chart.path == f"M28.0 {heights[1]}H700.0V{heights[6]}H708"
    assert heights[6] < heights[1]
    assert [mark.x for mark in chart.marks] == [28.0, 364.0, 700.0]


def test_no_picture_is_drawn_without_a_stage_and_one_contact_stands_in_the_middle() -> None:
    assert stage_chart([contact(0, stage=None)]) is None
    assert stage_chart([]) is None
    chart = stage_chart([contact(0)])
    assert chart is not None
    assert chart.marks[0].x == 364.0


def test_each_way_a_contact_went_has_its_shape() -> None:
    outcomes = {"面会できた": "met", "インターホン越し": "door", "不在": "absent", "拒否": "refused", "": "absent"}
    assert {outcome: mark_kind(contact(0, outcome)) for outcome in outcomes} == outcomes
    assert mark_kind(contact(0, "", means="手紙・ポスティング")) == "letter"
