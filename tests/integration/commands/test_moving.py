"""`tsunagu move`: tries first, moves when told, says what became of each."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.support.casework import Casework, a_process, a_task, flow


@pytest.fixture
def office(database_url):
    """With somebody who deploys processes, and one instance on the first of two versions."""
    opened = Casework.open(database_url)
    opened.employ("owner", "DV-01", "process_owner")
    for names in (("u1", "u2"), ("w1", "u2"), ("u2",)):
        ids = ["st", *names, "end"]
        flows = "".join(flow(source, target) for source, target in pairwise(ids))
        body = "".join(map(a_task, names)) + '<bpmn:endEvent id="end" name="終わり"/>' + flows
        opened.deploy("two", a_process("two", body))
        if names == ("u1", "u2"):
            opened.start("two")
    yield opened
    opened.engine.database.dispose()


def run(tsunagu, url, *more, to="2", by="owner"):
    return tsunagu(url, "move", "two", "--from", "1", "--to", to, "--as", by, *more)


def test_without_being_told_to_it_only_says_what_would_happen(tsunagu, office, database_url):
    result = run(tsunagu, database_url, "--map", "u1=w1")
    assert "1件のうち1件を移せます。" in result.output
    assert "何も変えていません。" in result.output
    assert (office.task("u1").state, office.rows("SELECT id FROM instance_move")) == ("open", [])


def test_when_told_to_it_moves_and_keeps_the_reason(tsunagu, office, database_url):
    unsaid = run(tsunagu, database_url, "--map", "u1=w1", "--do-it")
    assert (unsaid.exit_code, unsaid.output.strip()) == (1, "理由を入力してください。")
    result = run(tsunagu, database_url, "--map", "u1=w1", "--do-it", "--reason", "名前を直す")
    assert "1件のうち1件を移しました。" in result.output
    assert office.task("w1").state == "open"
    assert [row.reason for row in office.rows("SELECT reason FROM instance_move")] == ["名前を直す"]


def test_what_cannot_be_moved_is_said_with_its_element(tsunagu, office, database_url):
    result = run(tsunagu, database_url, to="3")
    assert "u1: 「u1」は、新しい版にありません。移す先の要素を選んでください。" in result.output
    assert "1件のうち0件を移せます。" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"by": "worker"}, "プロセス管理者だけが行えます。"),
        ({"to": "9"}, "two の版は 1, 2, 3 です。"),
        ({"more": ("--map", "u1")}, "「旧ID=新ID」の形で指定してください。"),
    ],
)
def test_a_wrong_call_is_answered_in_words(tsunagu, office, database_url, arguments, words):
    more = arguments.pop("more", ())
    result = run(tsunagu, database_url, *more, **arguments)
    assert result.exit_code == 1
    assert words in result.output
