"""``tsunagu backup``, ``restore``, ``audit verify``."""

from __future__ import annotations

from pathlib import Path

import click

from engine.commands.terminal import FAILED, Refused, opened, say
from engine.domain.business_days import TOKYO, tokyo_date
from engine.domain.wareki import format_wareki
from engine.services import audit as trail
from engine.services import backups, installation

CAUSE_JA = {"missing": "抜けています", "changed": "書き換えられています", "cut off": "末尾が切り取られています"}


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def backup(file: Path) -> None:
    """データベース全体を一つのファイルに書き出します。動かしたままで構いません。

    ファイルには個人情報が入っています。保管場所と持ち出しは市の規程に従ってください。
    """
    with opened() as engine:
        try:
            manifest = backups.back_up(engine, file, now=engine.clock.now())
        except FileExistsError as problem:
            raise Refused(f"{file} は既にあります。別の名前にしてください。") from problem
        except backups.BackupUnusable as problem:
            raise Refused(problem.message_ja) from problem
        except OSError as problem:
            raise Refused(f"{file} に書き込めません（{problem.strerror}）。") from problem
    say(f"{file} に{manifest.rows:,}行を書き出し、読み直して確かめました。")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="今あるデータを捨てて、バックアップのデータに置き換える")
def restore(file: Path, force: bool) -> None:
    """バックアップを空のデータベースに戻します。途中で失敗したときは、何も変わりません。

    先に tsunagu serve を止めてください。戻した後は、全員がログインし直します。
    """
    with opened(ready=False) as engine:
        reason = installation.unreachable(engine)
        if reason:
            raise Refused(f"データベースにつながりません（{reason}）。")
        try:
            manifest = backups.restore(engine, file, replace=force, now=engine.clock.now())
        except backups.BackupUnusable as problem:
            raise Refused(problem.message_ja) from problem
        except backups.DatabaseInUse as problem:
            text = "このデータベースにはデータがあります。空のデータベースを指定するか、--force を付けてください。"
            raise Refused(text) from problem
        except backups.StillRunning as problem:
            text = "スケジューラーが動いています。tsunagu serve を止めて、1分たってから行ってください。"
            raise Refused(text) from problem
    taken = manifest.created_at
    say(f"{format_wareki(tokyo_date(taken))} {taken.astimezone(TOKYO):%H:%M} のデータ（{manifest.rows:,}行）を戻し、"
        "監査記録のつながりを確かめました。")  # fmt: skip


@click.group()
def audit() -> None:
    """監査記録を調べます。"""


@audit.command()
@click.pass_context
def verify(command: click.Context) -> None:
    """監査記録のつながりを確かめます。切れていれば、最初の箇所を示して終了コード1で終わります。"""
    with opened() as engine:
        broken = trail.verify(engine)
    for link in broken:
        say(f"{link.chain} の{link.seq}番の記録が{CAUSE_JA.get(link.reason, link.reason)}。")
    say(
        "監査記録に切れ目があります。バックアップと比べてください。" if broken else "監査記録はすべてつながっています。"
    )
    command.exit(FAILED if broken else 0)
