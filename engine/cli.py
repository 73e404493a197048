"""The console command ``tsunagu``."""

from __future__ import annotations

import os

import click

from engine.commands import archives, definitions, installing, moving, publishing, scenarios, serving, users
from engine.commands.terminal import Commands
from engine.services.deployments import engine_version

PRIVATE = 0o077  #: what we write holds personal data: databases, logs and backups are for their owner only


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(engine_version(), prog_name="tsunagu")
def main() -> None:
    """重層的支援体制整備事業のケースワークを、市の業務の流れ図（BPMN）で動かします。

    設定は環境変数で行います: TSUNAGU_DATABASE_URL、TSUNAGU_BASE_URL、HOST、PORT（docs/operating.md）。
    """
    os.umask(PRIVATE)


for command in (
    installing.init, serving.serve, serving.scheduler, serving.demo, users.user, publishing.deploy,
    moving.move, definitions.validate, scenarios.scenario, installing.migrate, archives.audit, archives.backup,
    archives.restore, installing.doctor,
):  # fmt: skip
    main.add_command(command)
