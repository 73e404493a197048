"""Each drawing is read as geometry: a person must be able to follow it from left to right without guessing."""

from __future__ import annotations

from itertools import pairwise

import pytest

from engine.definitions.elements import Element, EventKind, Kind
from tests.workflows.drawings import KEYS, Box, Drawing, drawing_of

EVENT_SIZE, GATEWAY_SIZE = (36, 36), (50, 50)


@pytest.fixture(params=KEYS)
def drawing(request: pytest.FixtureRequest) -> Drawing:
    """Each process file in turn."""
    return drawing_of(request.param)


def test_every_element_lane_and_flow_is_drawn(drawing: Drawing) -> None:
    things = {element.id for element in drawing.elements} | {lane.id for lane in drawing.model.lanes}
    assert things - set(drawing.boxes) == set()
    lines = {name for name, line in drawing.lines.items() if len(line) > 1}
    assert {flow.id for flow in drawing.flows} - lines == set()


def test_nothing_is_drawn_that_does_not_exist(drawing: Drawing) -> None:
    known = {node.get("id") for node in drawing.root.iter() if isinstance(node.tag, str)}
    assert {*drawing.boxes, *drawing.lines} - known == set()


def test_the_lanes_fill_the_pool_from_top_to_bottom(drawing: Drawing) -> None:
    lanes = [drawing.boxes[lane.id] for lane in drawing.model.lanes]
    assert len(lanes) >= 2
    assert [lane.top for lane in lanes[1:]] == [lane.bottom for lane in lanes[:-1]]
    assert (lanes[0].top, lanes[-1].bottom) == (drawing.pool.top, drawing.pool.bottom)
    assert {(lane.left, lane.right) for lane in lanes} == {(drawing.pool.left + 30, drawing.pool.right)}


def test_every_element_lies_inside_its_lane(drawing: Drawing) -> None:
    outside = [
        element.id
        for element in drawing.elements
        if not element.lane_id or not drawing.boxes[element.lane_id].holds(drawing.boxes[element.id])
    ]
    assert outside == []


def test_what_belongs_to_a_sub_process_is_drawn_inside_it(drawing: Drawing) -> None:
    inner = [(e, drawing.model.elements[e.scope]) for e in drawing.elements if e.scope in drawing.model.elements]
    assert [e.id for e, owner in inner if not drawing.boxes[owner.id].holds(drawing.boxes[e.id])] == []


def test_a_boundary_event_sits_on_the_border_of_its_activity(drawing: Drawing) -> None:
    loose = []
    for element in drawing.elements:
        if element.kind is Kind.BOUNDARY and element.attached_to:
            box = drawing.boxes[element.id]
            centre = (box.middle, (box.top + box.bottom) / 2)
            if not drawing.boxes[element.attached_to].on_border(centre, slack=1):
                loose.append(element.id)
    assert loose == []


def test_the_flow_goes_right_except_where_it_returns(drawing: Drawing) -> None:
    """To the left goes only what carries a label, leaves a boundary event, or closes a loop."""
    wrong = []
    for flow in drawing.flows:
        boundary = drawing.model.elements[flow.source].kind is Kind.BOUNDARY
        back = drawing.boxes[flow.target].middle < drawing.boxes[flow.source].middle - 1
        if back and not flow.name and not boundary and not drawing.leads_to(flow.target, flow.source):
            wrong.append(flow.id)
    assert wrong == []


def test_the_start_is_the_leftmost_element(drawing: Drawing) -> None:
    start = drawing.model.start
    assert start is not None
    assert drawing.boxes[start.id].left == min(drawing.boxes[element.id].left for element in drawing.elements)


def test_no_shapes_overlap(drawing: Drawing) -> None:
    assert list(drawing.overlapping()) == []


def test_no_flow_runs_through_a_foreign_shape(drawing: Drawing) -> None:
    assert list(drawing.crossed_shapes()) == []


def test_no_two_unrelated_flows_share_a_line(drawing: Drawing) -> None:
    assert list(drawing.shared_lines()) == []


def test_every_flow_runs_in_right_angles_from_border_to_border(drawing: Drawing) -> None:
    crooked = []
    for flow in drawing.flows:
        line = drawing.lines[flow.id]
        straight = all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(line))
        docked = drawing.boxes[flow.source].on_border(line[0]) and drawing.boxes[flow.target].on_border(line[-1])
        if not (straight and docked):
            crooked.append(flow.id)
    assert crooked == []


def test_no_label_touches_a_line_a_shape_or_another_label(drawing: Drawing) -> None:
    assert list(drawing.covered_labels()) == []


def test_every_label_has_room_for_its_text(drawing: Drawing) -> None:
    assert list(drawing.cramped_labels()) == []


def test_every_branch_of_a_gateway_says_its_answer_in_the_picture(drawing: Drawing) -> None:
    silent = []
    for element in drawing.elements:
        ways = drawing.model.flows_out(element.id)
        if element.kind.is_gateway and element.kind is not Kind.EVENT_BASED and len(ways) > 1:
            silent += [flow.id for flow in ways if not flow.name or flow.id not in drawing.labels]
            silent += [] if element.name and element.id in drawing.labels else [element.id]
    assert silent == []


def test_every_named_event_and_gateway_shows_its_name(drawing: Drawing) -> None:
    outside = [e for e in drawing.elements if e.name and (e.kind.is_event or e.kind.is_gateway)]
    assert [element.id for element in outside if element.id not in drawing.labels] == []


def test_ends_and_waits_have_names(drawing: Drawing) -> None:
    def needs_name(element: Element) -> bool:
        return element.kind is not Kind.START and (element.kind.is_event or element.kind.is_activity)

    assert [element.id for element in drawing.elements if needs_name(element) and not element.name.strip()] == []


def test_shapes_of_a_kind_have_one_size(drawing: Drawing) -> None:
    def sizes(*elements: Element) -> set[tuple[float, float]]:
        return {(drawing.boxes[e.id].width, drawing.boxes[e.id].height) for e in elements}

    assert len(sizes(*(e for e in drawing.elements if e.kind.is_task))) <= 1
    assert sizes(*(e for e in drawing.elements if e.kind.is_gateway)) <= {GATEWAY_SIZE}
    assert sizes(*(e for e in drawing.elements if e.kind.is_event)) <= {EVENT_SIZE}


def test_every_user_task_tells_what_to_do(drawing: Drawing) -> None:
    assert [task.id for task in drawing.model.user_tasks if len(task.documentation) < 30] == []


def test_ends_are_told_apart(drawing: Drawing) -> None:
    ends = [e for e in drawing.model.in_scope(drawing.model.process_id) if e.kind is Kind.END]
    assert len({end.name for end in ends}) == len(ends)
    assert all(end.event in (EventKind.NONE, EventKind.MESSAGE, EventKind.TERMINATE) for end in ends)


# ---- the reader itself: a spoiled drawing is noticed


def test_a_shape_moved_onto_another_is_noticed() -> None:
    spoiled = Drawing("intake")
    spoiled.boxes["in_screen"] = spoiled.boxes["in_interview"]
    assert list(spoiled.overlapping()) == ["in_interview / in_screen"]


def test_a_shape_moved_under_a_flow_is_noticed() -> None:
    spoiled = Drawing("intake")
    box = spoiled.boxes["in_end_merged"]
    start, end = spoiled.lines["f_in_interview__in_screen"][1:3]
    spoiled.boxes["in_end_merged"] = Box(start[0] - 5, end[1] - 60, start[0] + 5, end[1] - 50)
    assert "f_in_interview__in_screen through in_end_merged" in list(spoiled.crossed_shapes())
    spoiled.boxes["in_end_merged"] = box
    assert list(spoiled.crossed_shapes()) == []


def test_a_label_moved_onto_a_flow_is_noticed() -> None:
    spoiled = Drawing("intake")
    (left, top), (right, _) = spoiled.lines["f_in_start__in_g_entry"]
    spoiled.labels["in_g_entry"] = Box(left, top - 5, right, top + 5)
    assert "in_g_entry on f_in_start__in_g_entry" in list(spoiled.covered_labels())
