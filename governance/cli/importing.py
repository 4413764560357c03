"""`answerable import`: what was decided before Answerable was there."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.cli import opening
from governance.cli.opening import as_json

if TYPE_CHECKING:
    from governance.decisions.past_files import Line

_AT_ONCE = 250


@click.group(
    "import", epilog="Example: answerable import decisions october.csv --point retention-offer"
)
def import_() -> None:
    """Import what was decided before."""


@import_.command(
    epilog="Example: answerable import decisions october.csv --point retention-offer "
    "--map customer=subject.ref --map offered=outcome --dry-run"
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--point", required=True, help="The decision point that the decisions belong to.")
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="What a CSV column means: features.NAME, subject.ref, subject.groups.NAME, "
    "proposal.outcome, proposal.confidence, outcome, verdict, occurred_at.",
)
@click.option("--dry-run", is_flag=True, help="Read and check everything, store nothing.")
@as_json
def decisions(
    *, file: Path, point: str, maps: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """Import past decisions from FILE (.csv or .ndjson) as they were made; none of them is ruled on.

    Each needs `outcome` (what was done) and `occurred_at`. Lines that do not fit are listed and left out; exits with 1 if there are any.
    """
    from rich.console import Console
    from rich.progress import track

    from governance.decisions import past_files
    from governance.decisions.importing import check_many, import_many
    from governance.errors import AnswerableError, NotFound

    mapping = dict(_pair(text) for text in maps)
    accepted, refused = 0, []
    with opening.installation() as answerable:
        live = answerable.configuration.current().live.get(point)
        if live is None:
            raise NotFound(f"There is no decision point {point!r} with a published policy.")
        act = check_many if dry_run else import_many
        lines = past_files.read(file, live.policy, mapping)
        shown = track(
            _chunks(lines),
            description="Importing",
            disable=not sys.stderr.isatty(),
            console=Console(stderr=True),
        )
        for chunk in shown:
            readable = [(line.number, line.past) for line in chunk if line.past is not None]
            refused += [(line.number, line.problem) for line in chunk if line.past is None]
            answers = act(answerable, opening.actor(), [past for _, past in readable])
            for (number, _), answer in zip(readable, answers, strict=True):
                if isinstance(answer, AnswerableError):
                    refused.append((number, _told(answer)))
                else:
                    accepted += 1
    refused.sort()
    if as_json:
        listed = [{"line": number, "problem": problem} for number, problem in refused]
        opening.print_json(
            {"imported": 0 if dry_run else accepted, "fit": accepted, "refused": listed}
        )
    else:
        for number, problem in refused:
            click.echo(f"{file}:{number}: {problem}", err=True)
        done = "would be imported" if dry_run else "imported"
        click.echo(f"{accepted} decisions {done}, {len(refused)} lines refused.")
    if refused:
        sys.exit(1)


def _pair(text: str) -> tuple[str, str]:
    column, equals, field = text.partition("=")
    if not equals or not column or not field:
        raise click.BadParameter(f"{text!r}: expected COLUMN=FIELD.", param_hint="--map")
    return column, field


def _chunks(lines: Iterable[Line]) -> Iterator[list[Line]]:
    iterator = iter(lines)
    while chunk := list(islice(iterator, _AT_ONCE)):
        yield chunk


def _told(error: object) -> str:
    problems = getattr(error, "problems", ())
    told = "; ".join(f"{problem.pointer}: {problem.detail}" for problem in problems)
    return told or str(error)
