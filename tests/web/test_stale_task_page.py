"""A page that was opened before the task changed: nothing is overwritten, and the difference is shown."""

from __future__ import annotations

from datetime import date

from engine.domain.roles import Role
from engine.services import tasks
from tests.web.site import Site


def test_a_stale_page_shows_field_by_field_what_differs_and_keeps_what_was_typed(site: Site) -> None:
    login = site.employ(Role.INTAKE_WORKER)
    visitor, case = site.browser(login), site.a_case()
    visitor.post(f"/tasks/{case.task_id}/claim")
    engine, person = site.office.engine, site.office.person(login)
    fields = visitor.get(f"/tasks/{case.task_id}").fields(f"/tasks/{case.task_id}/complete")
    tasks.save_draft(engine, person, case.task_id, {"note": "電話で確かめた。"}, now=site.clock.moment)
    tasks.hold(engine, person, case.task_id, until=date(2026, 4, 10), reason="入院", now=site.clock.moment)
    tasks.resume(engine, person, case.task_id, now=site.clock.moment)
    sent = visitor.post(f"/tasks/{case.task_id}/complete", {**fields, "note": "訪問した。"})
    assert sent.status == 409
    assert "自分の入力 訪問した。" in sent.words
    assert "いまの内容 電話で確かめた。" in sent.words
    again = sent.fields(f"/tasks/{case.task_id}/complete")
    assert again["note"] == "訪問した。"
    assert site.count("SELECT count(*) FROM record WHERE task_id = :t", t=case.task_id) == 0
    assert visitor.post(f"/tasks/{case.task_id}/complete", again).status == 302
