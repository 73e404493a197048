"""What is read from a diagram."""

from __future__ import annotations

import pytest

from engine.definitions.model import DueRule, EventKind, Kind, TimerKind, read_model
from tests.models import accepted_models as models
from tests.models.drawing import Diagram


def model_of(diagram: Diagram):
    return read_model(diagram.text().encode())


def test_a_process_has_its_names_and_lanes():
    model = model_of(models.none_start())
    assert (model.process_id, model.name, model.pool_name, model.executable) == ("sample", "見本", "見本", True)
    assert [(lane.id, lane.name) for lane in model.lanes] == [("sample_lane", "相談支援機関")]
    assert model.lanes[0].element_ids == ("begin", "hear", "finish")


def test_lanes_come_in_the_order_of_the_drawing():
    text = models.none_start().text()
    lower = '<bpmn:lane id="lower" name="下"/><bpmn:lane id="sample_lane"'
    shape = '<bpmndi:BPMNShape id="lower_di" bpmnElement="lower"><dc:Bounds x="130" y="600" width="9" height="9"/>'
    text = text.replace('<bpmn:lane id="sample_lane"', lower)
    text = text.replace("<bpmndi:BPMNEdge", f"{shape}</bpmndi:BPMNShape><bpmndi:BPMNEdge", 1)
    assert [lane.id for lane in read_model(text.encode()).lanes] == ["sample_lane", "lower"]


def test_a_user_task_has_all_its_settings():
    model = model_of(models.user_task())
    task = model.settings("hear")
    assert (task.roles, task.form_key, task.sla, task.due) == (
        ("intake_worker",),
        "hear",
        "5 business_days",
        "started_on",
    )
    assert (task.due_rule, task.roll, task.warn, task.ladder) == (DueRule.EARLIER, True, "1 business_day", "none")
    assert (task.org_scopes, task.calendar, task.city_staff_only) == (("owner", "worker_org"), "owner", True)
    assert (task.not_same_as, task.operations, task.assign_to) == ("confirm", ("contact.record",), "worker")
    assert (task.stage, task.hold_allowed) == ("受付", False)
    assert model.elements["hear"].documentation == "本人の話を聴く。"
    assert model.elements["hear"].lane_name == "相談支援機関"


def test_settings_left_out_have_the_values_of_the_convention():
    task = model_of(models.none_start()).settings("hear")
    assert (task.form_key, task.ladder, task.org_scopes, task.calendar) == ("hear", "standard", ("owner",), "owner")
    assert (task.due, task.warn, task.city_staff_only, task.hold_allowed) == (None, None, False, True)


def test_an_element_that_is_no_user_task_has_no_settings():
    model = model_of(models.service_task())
    with pytest.raises(KeyError):
        model.settings("name_lead")


def test_a_service_task_has_its_operation_with_inputs_and_outputs():
    element = model_of(models.service_task()).elements["name_lead"]
    assert element.operations == ("case.set_lead",)
    assert (dict(element.inputs), dict(element.outputs)) == ({"org": "owner_org"}, {"leading": "lead_org"})


def test_flows_carry_conditions_and_defaults():
    model = model_of(models.exclusive_gateway())
    heavy, light = model.flows_out("which")
    assert (heavy.target, heavy.name, heavy.condition, heavy.is_default) == ("heavy", "重い", 'level == "重い"', False)
    assert (light.target, light.condition, light.is_default) == ("light", None, True)
    assert [flow.source for flow in model.flows_in("finish")] == ["heavy", "light"]


def test_messages_thrown_and_caught_are_listed_with_what_they_carry():
    sending, waiting = model_of(models.send_task()), model_of(models.receive_task())
    (thrown,) = sending.thrown
    assert (thrown.element_id, thrown.name, thrown.payload, thrown.correlate) == (
        "ask",
        "case.asked",
        ("level",),
        ("level",),
    )
    (caught,) = waiting.caught
    assert (caught.element_id, caught.name, caught.payload, caught.starts) == (
        "wait",
        "case.answered",
        ("level",),
        False,
    )


def test_a_message_start_and_an_entry_with_a_message_start_the_process():
    (caught,) = model_of(models.message_start()).caught
    assert (caught.name, caught.starts) == ("case.answered", True)
    text = models.none_start().text().replace('name="manual"', 'name="returned" message="case.returned"')
    model = read_model(text.encode())
    assert [(use.element_id, use.name, use.starts) for use in model.caught] == [("begin", "case.returned", True)]
    assert model.entry("returned").message == "case.returned"
    assert model.entry("manual") is None


def test_a_boundary_timer_knows_its_task_and_that_it_follows_the_clock():
    model = model_of(models.boundary_timer())
    (late,) = model.boundaries("hear")
    assert (late.id, late.kind, late.event, late.interrupting) == ("late", Kind.BOUNDARY, EventKind.TIMER, False)
    assert (late.attached_to, late.follows) == ("hear", "overdue")
    assert (late.timer.kind, late.timer.expression) == (TimerKind.DATE, "overdue_at(review_on)")


def test_a_multi_instance_names_its_list_and_locals():
    model = model_of(models.multi_instance_parallel())
    loop = model.elements["answer_each"].multi_instance
    assert (loop.sequential, loop.collection, loop.item) == (False, "orgs", "org")
    assert (loop.output_collection, loop.output_item) == ("answers", "answer")
    assert model.locals_at("answer_each") == {"org", "answer", "loop_index"}


def test_what_lies_in_a_sub_process_knows_its_scope_lane_and_locals():
    model = model_of(models.multi_instance_sub_process())
    inner = model.elements["agree"]
    assert (inner.scope, inner.lane_name) == ("each", "相談支援機関")
    assert [owner.id for owner in model.owners("agree")] == ["each"]
    assert "org" in model.locals_at("agree")
    assert {e.id for e in model.in_scope("each")} == {"each_begin", "agree", "each_done"}


def test_declared_and_built_in_variables_are_known():
    model = model_of(models.exclusive_gateway())
    assert [(v.name, v.type, v.label) for v in model.variables] == [("level", "text", "変数")]
    assert set(model.all_variables) == {"level", "entry", "case_id", "owner_org", "lead_org", "started_on"}


def test_the_model_cannot_be_changed():
    element = model_of(models.user_task()).elements["hear"]
    with pytest.raises(TypeError):
        element.attributes["x"] = "y"
