"""The command line: `answerable`. Each command's module is imported when that command is asked for."""

from __future__ import annotations

import errno
import importlib
from pathlib import Path
from typing import Final

import click

from governance.errors import AnswerableError

#: Each command: where it is defined, and its line in `answerable --help`.
COMMANDS: Final = {
    "init": ("governance.cli.init:init", "Make the installation of a real business."),
    "demo": ("governance.cli.demo:demo", "Build a demo business and serve it."),
    "serve": ("governance.cli.operations:serve", "Run the web service."),
    "worker": ("governance.cli.operations:worker", "Run background work, where it runs apart."),
    "db": ("governance.cli.operations:db", "Upgrade or check the database's schema."),
    "backup": ("governance.cli.operations:backup", "Write database and state into one file."),
    "restore": ("governance.cli.operations:restore", "Restore a backup."),
    "check": ("governance.cli.operations:check", "Say what fails, since when, and what to do."),
    "user": ("governance.cli.people:user", "Add, list, disable and reset people."),
    "key": ("governance.cli.keys:key", "Create, list and revoke app keys."),
    "policy": ("governance.cli.policies:policy", "Check and publish policies."),
    "import": ("governance.cli.importing:import_", "Import what was decided before."),
    "report": (
        "governance.cli.reports:report",
        "Make, read and verify reports of fairness.",
    ),
    "audit": ("governance.cli.audit:audit", "Verify the audit log and tend to it."),
    "witness": ("governance.cli.witness:witness", "Watch logs, and cosign what they sign."),
}


class Commands(click.Group):
    """The commands, known by name and line; and the one place where errors become sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # Click would import every command for its line; these lines are known without.
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except AnswerableError as error:
            raise click.ClickException(error.detail) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            raise click.ClickException(str(error)) from error


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: answerable --home /srv/answerable user add ada@example.com --name Ada --role manager",
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the database, the secrets and answerable.toml. Default: ANSWERABLE_HOME.",
)
@click.version_option(package_name="answerable", message="answerable %(version)s")
def answerable(home: Path | None) -> None:
    """Record, check and explain automated decisions; let people decide where it matters."""


def main() -> None:
    """Run the command line."""
    answerable(prog_name="answerable")
