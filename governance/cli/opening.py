"""What every command needs: the settings, the installation, who acts, and printing for people or scripts."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import orjson

from governance import actors, settings
from governance.actors import Actor
from governance.errors import WrongInstallation
from governance.settings import Settings

if TYPE_CHECKING:
    from governance.application import Answerable

#: The option of every command whose output a script would read.
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


def here() -> Settings:
    """Return the settings, with the home folder that `--home` names."""
    return settings.load(home=click.get_current_context().find_root().params.get("home"))


@contextmanager
def installation(*, receipt_key_needed: bool = True) -> Iterator[Answerable]:
    """Open the installation and close it in the end."""
    from governance.application import open_installation

    found = here()
    if found.database_url is None and not found.home.is_dir():
        raise WrongInstallation(
            f"There is no installation in {found.home}. `answerable init` makes one; "
            "--home or ANSWERABLE_HOME names another folder."
        )
    opened = open_installation(found, receipt_key_needed=receipt_key_needed)
    try:
        yield opened
    finally:
        opened.close()


def actor() -> Actor:
    """Return the command line as an actor, with the operating system's user."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        # A container's user may have a number and no name.
        user = str(os.getuid())
    return actors.service("cli", os_user=user)


def print_json(document: Any) -> None:
    """Print a document as JSON; instants as RFC 3339."""
    click.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode())


def print_table(rows: Sequence[Mapping[str, str]], *, empty: str) -> None:
    """Print rows under their names in columns, or say that there are none."""
    if not rows:
        click.echo(empty)
        return
    table = [{name: name for name in rows[0]}, *rows]
    widths = {name: max(len(row[name]) for row in table) for name in rows[0]}
    for row in table:
        click.echo("  ".join(row[name].ljust(width) for name, width in widths.items()).rstrip())


#: Told what is done, how far it is, and how far it goes.
Progress = Callable[[str, int, int], None]


@contextmanager
def progress(*, lines: bool = False) -> Iterator[Progress]:
    """Show how far long work is: a bar on a terminal; elsewhere nothing, or with ``lines`` one line for each step."""
    seen: set[str] = set()
    if not sys.stderr.isatty():

        def line(step: str, done: int, of: int) -> None:
            if lines and step not in seen:
                seen.add(step)
                click.echo(f"{step} ...", err=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description:<32}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=not lines) as bars:
        tasks: dict[str, TaskID] = {}

        def bar(step: str, done: int, of: int) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=of)
            bars.update(tasks[step], completed=done, total=of)

        yield bar
