"""Hostile data sent to the pages: an answer that says so, never a server error, and nothing kept of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from engine.config import ROOT
from engine.scenarios import acts
from engine.scenarios.loader import load
from engine.scenarios.model import Step
from engine.scenarios.runner import take
from engine.scenarios.world import World
from engine.services import sign_in, staff_accounts
from engine.services.task_forms import of_task
from engine.storage import situation
from tests.faults import hostile
from tests.faults.stories import alias_of, begin
from tests.web.site import Page
from web.app import create_app

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]
PASSWORD = "shizuka-na-asa-2026"
STORY = "scenarios/8050_matsuba.yaml"
#: as much of the story as has all kinds of fields, tables, groups and a matrix
LAST = "pa_decide"


# ---------------------------------------------------------------- every task on the way, over HTTP


@pytest.fixture
def world(any_database: str) -> Iterator[World]:
    """The people of the story, each with a password, on a fresh database."""
    opened = begin(any_database, STORY)
    for staff_id in opened.people.values():
        staff_accounts.set_password(opened.engine, staff_id, PASSWORD, now=opened.clock.now())
    yield opened
    opened.engine.database.dispose()


class Attacker:
    """Somebody who is signed in and sends what they like."""

    def __init__(self, client: FlaskClient, world: World, name: str) -> None:
        self.client, self.world = client, world
        now = world.clock.now()
        token = sign_in.sign_in(world.engine, name, PASSWORD, now=now)
        found = sign_in.session(world.engine, token, now=now)
        assert found is not None
        self.csrf = found.csrf
        client.set_cookie("tsunagu", token)

    def sends(self, path: str, sent: hostile.Sent, *, csrf: str | None = None) -> Page:
        """A form, with the token of the session unless another is given."""
        token = self.csrf if csrf is None else csrf
        content = hostile.body([("csrf_token", token), *sent])
        response = self.client.post(path, data=content, content_type="application/x-www-form-urlencoded")
        return Page(response, path)


def everything(world: World) -> dict[str, tuple[int, str]]:
    with world.engine.database.read() as connection:
        return situation.fingerprint(connection)


def test_hostile_submissions_of_every_task_are_refused_and_leave_nothing(world: World) -> None:
    scenario = load(ROOT / "workflows" / STORY)
    client = create_app(world.engine).test_client()
    attacked = []
    for step in scenario.steps:
        if step.verb == "expect" or step.data.get("refused"):
            continue
        if step.verb == "complete":
            attack(world, client, step)
            attacked.append(step.data["task"])
        assert not take(world, step)
        if step.data.get("task") == LAST:
            break
    assert len(attacked) >= 20
    assert alias_of(scenario) in world.cases


def attack(world: World, client: FlaskClient, step: Step) -> None:
    """Everything hostile against one task, sent by the person whose task it is."""
    name = str(step.data["by"])
    actor = world.actor(name)
    task_id = acts.find_task(world, actor, step.data)
    path = f"/tasks/{task_id}/complete"
    with of_task(world.engine, actor, task_id, now=world.clock.now()) as opened:
        form = opened.form
    attacker = Attacker(client, world, name)
    before = everything(world)
    for what, sent in hostile.refused(form):
        page = attacker.sends(path, sent)
        assert page.status in (400, 413, 422), f"{step.data['task']}: {what} was answered with {page.status}"
    assert attacker.sends(path, [], csrf="x" * 43).status == 400
    assert attacker.sends(path, [], csrf="").status == 400
    assert client.get(path).status_code == 405
    assert client.delete(path).status_code == 405
    assert attacker.sends(path, [("note", "x" * 3_000_000)]).status == 413
    assert everything(world) == before, f"{step.data['task']}: something was kept"


HOSTILE_ADDRESSES = (
    "/inbox?view=%00", "/inbox?after=%FF%FE", "/inbox?after=AAAA&view=mine", "/inbox?due=late&due=x", "/cases?q=%00",
    "/cases?q=%25%27%22%5C", "/cases?after=e30", "/cases?status=%F0%9F%98%80", "/cases/R8-99999999999999999999",
    "/cases/R8-0001'--", "/cases/%E4%BB%A4%E5%92%8C8", "/cases/R8-0001/diagram/x.bpmn", "/cases/R8-0001/records/x",
    "/processes/intake?version=999999999999999999999", "/processes/intake/0.bpmn", "/processes/..%2f..%2fetc",
    "/processes/intake/99999999.bpmn", "/static/../app.py", "/static/dist/..%2f..%2fapp.py", "/tasks/" + "9" * 5000,
    "/sign-in?next=//evil", "/intake/new?process=%00", "/intake/new?process=intake&entry=nope&org=x",
    "/board/reviews?x", "/notices?after=zzz", "/settings?language=xx", "/help/%2e%2e",
)  # fmt: skip
ACTS = ("claim", "release", "hold", "resume", "extend", "hand-over", "draft", "draft/discard")
HOSTILE_TEXTS = ("\x00", "x" * 500_000, "R99999.1.1", "2026-02-30", "[]", "<script>", "\u202e", "9" * 300)
HOSTILE_PATHS = ("/tasks/%00/claim", "/tasks/../x/claim", f"/tasks/{'x' * 3000}/claim", "/tasks/１/claim")


def test_hostile_fields_of_other_acts_and_hostile_addresses_are_no_server_errors(world: World) -> None:
    scenario = load(ROOT / "workflows" / STORY)
    assert not take(world, scenario.steps[0])
    actor = world.actor("包括の相談員")
    task_id = acts.find_task(world, actor, {"task": "in_interview", "case": alias_of(scenario)})
    client = create_app(world.engine).test_client()
    worker = Attacker(client, world, "包括の相談員")
    names = ("until", "due_on", "reason", "legal_basis", "to", "note", "task_version", "seen_version", "back")
    for action in ACTS:
        for text in HOSTILE_TEXTS:
            page = worker.sends(f"/tasks/{task_id}/{action}", [(name, text) for name in names])
            assert page.status < 500, f"{action} {text[:20]!r}: {page.status}"
    for path in HOSTILE_PATHS:
        assert 400 <= worker.sends(path, []).status < 500, path
    for address in HOSTILE_ADDRESSES:
        assert client.get(address).status_code < 500, address
    with world.engine.database.read() as connection:
        texts = " ".join(situation.stored_texts(connection, world.case(alias_of(scenario))))
    assert "\x00" not in texts
