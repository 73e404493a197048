"""``tsunagu move``: running instances to another version of their process, on the server's own terminal."""

from __future__ import annotations

from collections.abc import Sequence

import click

from engine.commands.terminal import Refused, opened, say
from engine.domain.errors import NotAuthorised
from engine.services import access, deployments, moving
from engine.services.moving import MoveResult, Outcome, Target

_OUTCOMES = {
    Outcome.MOVABLE: "移せます",
    Outcome.MOVED: "移しました",
    Outcome.REFUSED: "移せません",
    Outcome.ENDED: "終わっています",
    Outcome.BUSY: "作業中です",
    Outcome.UNKNOWN: "見つかりません",
}


@click.command()
@click.argument("process_key")
@click.option("--from", "old", type=int, required=True, help="いまの版の番号")
@click.option("--to", "new", type=int, required=True, help="移す先の版の番号")
@click.option("--map", "pairs", multiple=True, metavar="旧ID=新ID", help="IDが変わった要素の対応（何度でも）")
@click.option("--as", "login", required=True, help="行う人のログインID（プロセス管理者）")
@click.option("--reason", default="", help="移す理由（記録に残ります）")
@click.option("--do-it", is_flag=True, help="実際に移す（付けなければ、試すだけで何も変えません）")
def move(process_key: str, old: int, new: int, pairs: Sequence[str], login: str, reason: str, do_it: bool) -> None:
    """進行中の手続きを、プロセスの別の版に移します。--do-it を付けるまでは、何も変えずに結果だけを示します。"""
    with opened() as engine:
        now = engine.clock.now()
        versions = deployments.version_ids(engine, process_key)
        if old not in versions or new not in versions:
            raise Refused(f"{process_key} の版は {', '.join(map(str, sorted(versions))) or 'ありません'} です。")
        actor = access.actor_by_login(engine, login, now=now)
        target = Target(versions[new], _mapping(pairs))
        try:
            ids = moving.instances_on(engine, actor, versions[old])
        except NotAuthorised as refusal:
            raise Refused("プロセス管理者だけが行えます。") from refusal
        if do_it:
            results = moving.move_many(engine, actor, ids, target, reason=reason, now=now)
        else:
            results = moving.dry_run(engine, actor, ids, target, now=now)
    _report(results, do_it)


def _mapping(pairs: Sequence[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        source, sign, target = pair.partition("=")
        if not sign or not source or not target:
            raise Refused(f"--map {pair}: 「旧ID=新ID」の形で指定してください。")
        mapping[source.strip()] = target.strip()
    return mapping


def _report(results: Sequence[MoveResult], done: bool) -> None:
    for result in results:
        say(f"{result.instance_id}: {_OUTCOMES[result.outcome]}{'' if not result.move_id else f'（{result.move_id}）'}")
        for problem in (*result.refusals, *result.notes):
            say(
                f"     {problem.element_id}: {problem.message_ja}"
                if problem.element_id
                else f"     {problem.message_ja}"
            )
    kept = sum(result.outcome in (Outcome.MOVED, Outcome.MOVABLE) for result in results)
    say(f"{len(results)}件のうち{kept}件を{'移しました' if done else '移せます'}。")
    if not done:
        say("何も変えていません。移すときは --do-it を付けてください。")
