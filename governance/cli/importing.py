"""`answerable import`: what was decided before Answerable was there, what turned out right, and group attributes."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from governance.cli import opening
from governance.cli.opening import as_json

if TYPE_CHECKING:
    from governance.imports.parts import Refused
    from governance.imports.states import Kind
    from governance.imports.views import Outcome

#: Refused lines that are printed; a file has room for all.
_PRINTED = 50
_PRINTED_AS_JSON = 1000
_HEADER = ("line", "problem")
_WHAT = {
    "decisions": "decisions",
    "ground_truth": "lines of ground truth",
    "groups": "lines of group attributes",
}


@click.group(
    "import", epilog="Example: answerable import decisions october.csv --point retention-offer"
)
def import_() -> None:
    """Import what was decided before."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(
        (
            click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path)),
            click.option("--point", required=True, help="The decision point of the file's lines."),
            click.option(
                "--map",
                "maps",
                multiple=True,
                metavar="COLUMN=FIELD",
                help="What a CSV column means, where its name does not say it; an empty FIELD passes it over.",
            ),
            click.option(
                "--dry-run", is_flag=True, help="Read and check everything, store nothing."
            ),
            click.option(
                "--refused",
                "refused_file",
                type=click.Path(dir_okay=False, writable=True, path_type=Path),
                metavar="FILE.csv",
                help="Write each refused line's number and problem into this file.",
            ),
            as_json,
        )
    ):
        command = option(command)
    return command


@import_.command(
    epilog="Example: answerable import decisions october.csv --point retention-offer "
    "--map customer=subject.ref --map offered=outcome --dry-run"
)
@_options
@click.option(
    "--again",
    is_flag=True,
    help="Import a file once more whose columns meant something else the first time.",
)
def decisions(*, again: bool, **options: Any) -> None:
    """Import past decisions from FILE (.csv or .ndjson) as they were made; none of them is ruled on.

    Each needs `outcome` (what was done) and `occurred_at`. A column may also mean reference (how the business calls the decision), subject.ref,
    features.NAME, subject.groups.NAME, proposal.outcome, proposal.confidence, verdict, ground_truth, language, channel, sequence, person_requested or
    metadata.NAME. A file that was interrupted goes on where it stopped, and the same file again stores nothing twice. Lines that do not fit are listed and
    left out; exits with 1 if there are any.
    """
    _import("decisions", again=again, **options)


@import_.command(
    "ground-truth",
    epilog="Example: answerable import ground-truth repaid.csv --point lead-scoring --map order=reference --map repaid=outcome",
)
@_options
def ground_truth(**options: Any) -> None:
    """Import from FILE (.csv or .ndjson) what turned out to be right for decisions that are there.

    Each line says which decision it means, by decision_id, by the reference of an import, or by subject (all decisions about them at the point), and either
    the `outcome` that would have been right or `never`; `known_at` says since when. Reporting the same again changes nothing.
    """
    _import("ground_truth", **options)


@import_.command(
    epilog="Example: answerable import groups people.csv --point lead-scoring --map customer=subject"
)
@_options
def groups(**options: Any) -> None:
    """Import group attributes from FILE (.csv or .ndjson) into the vault, for decisions that are there.

    Each line says which decision it means, by decision_id, reference or subject, and has one column for each group attribute. An empty cell, or the
    word unknown, leaves the attribute as it was.
    """
    _import("groups", **options)


def _import(
    name: str,
    *,
    file: Path,
    point: str,
    maps: tuple[str, ...],
    dry_run: bool,
    refused_file: Path | None,
    as_json: bool,
    again: bool = False,
) -> None:
    from governance.imports import service
    from governance.imports.states import Kind

    kind = Kind(name)
    mapping = dict(_pair(text) for text in maps)
    with opening.installation() as answerable, _listing(refused_file) as listing:
        told: dict[str, Any] = {"kind": kind, "point": point, "path": file, "mapping": mapping}
        with opening.progress() as shown:
            step = "Trying" if dry_run else "Importing"
            told["progress"] = lambda done, of: shown(step, done, of)
            if dry_run:
                outcome = service.try_file(
                    answerable, opening.actor(), refusing=listing.take, **told
                )
            else:
                outcome = service.import_file(answerable, opening.actor(), again=again, **told)
        if outcome.run_id is not None:
            for some in _some(service.every_refused(answerable, opening.actor(), outcome.run_id)):
                listing.take(some)
    if as_json:
        opening.print_json(_document(outcome, listing, dry_run=dry_run))
    else:
        _tell(kind, file, outcome, listing, dry_run=dry_run)
    if outcome.refused:
        sys.exit(1)


class _Listing:
    """Takes refused lines: the first few to be printed, all into a file where one is wanted."""

    def __init__(self, write: Callable[[Sequence[Refused]], None]) -> None:
        self._write = write
        self.first: list[Refused] = []

    def take(self, refused: Sequence[Refused]) -> None:
        self.first += refused[: _PRINTED_AS_JSON - len(self.first)]
        self._write(refused)


@contextmanager
def _listing(file: Path | None) -> Iterator[_Listing]:
    if file is None:
        yield _Listing(lambda _: None)
        return
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(_HEADER)
        yield _Listing(lambda refused: writer.writerows((one.line, one.problem) for one in refused))


def _document(outcome: Outcome, listing: _Listing, *, dry_run: bool) -> dict[str, Any]:
    return {
        "import": outcome.run_id,
        "imported": 0 if dry_run else outcome.accepted - outcome.known,
        "fit": outcome.accepted,
        "known": outcome.known,
        "refused_count": outcome.refused,
        "imported_before": outcome.before,
        "refused": [{"line": one.line, "problem": one.problem} for one in listing.first],
    }


def _tell(kind: Kind, file: Path, outcome: Outcome, listing: _Listing, *, dry_run: bool) -> None:
    for one in listing.first[:_PRINTED]:
        click.echo(f"{file}:{one.line}: {one.problem}", err=True)
    if outcome.refused > _PRINTED:
        more = outcome.refused - min(_PRINTED, len(listing.first))
        click.echo(f"... and {more} more; --refused FILE.csv lists all.", err=True)
    if outcome.unused:
        click.echo(f"Not used: {', '.join(outcome.unused)}.", err=True)
    told = _WHAT[kind]
    left_out = f"{outcome.refused} {'line' if outcome.refused == 1 else 'lines'} refused."
    if outcome.before is not None:
        when = f"{outcome.before:%Y-%m-%d at %H:%M} UTC"
        click.echo(f"{file} was imported on {when}; nothing new, {left_out}")
        return
    done = "would be imported" if dry_run else "imported"
    known = f", {outcome.known} of them there already" if outcome.known else ""
    click.echo(f"{outcome.accepted} {told} {done}{known}, {left_out}")


def _pair(text: str) -> tuple[str, str]:
    column, equals, field = text.rpartition("=")
    if not equals or not column:
        raise click.BadParameter(f"{text!r}: expected COLUMN=FIELD.", param_hint="--map")
    return column, field


def _some(lines: Iterable[Refused]) -> Iterator[list[Refused]]:
    iterator = iter(lines)
    while some := list(islice(iterator, _PRINTED_AS_JSON)):
        yield some
