"""``tsunagu deploy``: publish process definitions."""

from __future__ import annotations

from pathlib import Path

import click

from engine.commands.terminal import opened, say
from engine.definitions.findings import as_text
from engine.services import deployments, reference_data


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--reason", default="", help="公開の理由（記録に残ります）")
def deploy(folder: Path, reason: str) -> None:
    """フォルダーのプロセスをまとめて調べ、公開します。一つでも誤りがあれば、どれも公開しません。

    公開済みと同じ内容のものは、そのままにします。進行中のものは、始めたときの版のまま続きます。
    """
    with opened() as engine:
        reference_data.load(engine.database, engine.reference)
        results = deployments.deploy_folder(engine, folder, by=None, reason=reason, now=engine.clock.now())
    advice = [finding for result in results for finding in result.advice]
    if advice:
        say(as_text(advice))
    for result in results:
        say(f"{result.process_key} 第{result.number}版: {'公開しました。' if result.published else '公開済みです。'}")
