"""``tsunagu scenario run``: situations and what must come of them."""

from __future__ import annotations

from pathlib import Path

import click

from engine.commands.terminal import say, settings


@click.group()
def scenario() -> None:
    """シナリオ（場面と、その結果の約束）を実行します。"""


@scenario.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--database", "url", default=None, help="使い捨ての代わりに使う、空のデータベースのURL")
@click.pass_context
def run(command: click.Context, files: tuple[Path, ...], url: str | None) -> None:
    """シナリオを実行し、約束どおりでない箇所を示します。

    終了コードは、すべて約束どおりなら0、違うものがあれば1、何も実行できなければ2です。
    """
    from engine.scenarios.command import run_files  # loads the whole engine; other commands need not wait for it

    command.exit(run_files(files, workflows=settings().workflows, url=url, say=say))
