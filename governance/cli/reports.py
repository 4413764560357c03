"""`answerable report`: figures of fairness, signed reports, and their check."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import orjson

from governance.cli import opening
from governance.cli.opening import as_json


@click.group()
def report() -> None:
    """Make, read and verify reports."""


_point = click.option("--point", required=True, help="The decision point.")
_since = click.option("--since", metavar="DAY", help="The first day, such as 2026-11-01.")
_until = click.option("--until", metavar="DAY", help="The last day. Default: today.")
_by = click.option(
    "--by",
    multiple=True,
    metavar="ATTRIBUTE",
    help="A group attribute, or several crossed with *. Default: each by itself.",
)


@report.command(
    epilog="Example: answerable report fairness --point retention-offer --by gender --by 'gender*age_band' "
    "--format html --out report.html"
)
@_point
@_since
@_until
@_by
@click.option("--preset", help="four_fifths, nyc_ll144 or equal_opportunity.")
@click.option("--stage", help="Print this stage alone (json and csv).")
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "html", "pdf", "csv"]),
    default="json",
    show_default=True,
    help="html and pdf are signed, and so is json where --out names a file.",
)
@click.option("--language", type=click.Choice(["en", "de"]), default="en", show_default=True)
@click.option(
    "--hide-below",
    type=click.IntRange(1, 1000),
    metavar="N",
    help="For publication: hide figures of fewer than N people, and what they would follow from (json, html and pdf).",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Default: standard output."
)
def fairness(
    *,
    point: str,
    since: str | None,
    until: str | None,
    by: tuple[str, ...],
    preset: str | None,
    stage: str | None,
    form: str,
    language: str,
    hide_below: int | None,
    out: Path | None,
) -> None:
    """Report how groups are treated at a decision point.

    A report that is written to a file is signed, and its digest goes into the log. What is printed is not.
    """
    from governance.counting import folding
    from governance.monitors import watching
    from governance.reporting import fairness as figures
    from governance.reporting import files, making, publishing, tables

    if hide_below is not None and form == "csv":
        raise click.UsageError("--hide-below goes with json, html and pdf.")
    wanted: dict[str, Any] = {"since": since, "until": until, "by": by, "preset": preset}
    with opening.installation() as answerable:
        while folding.fold(answerable, watch=watching.watch) == folding.BATCH:
            pass
        if form == "csv" or (form == "json" and out is None and hide_below is None):
            with answerable.look(opening.actor()) as work:
                found = figures.figures(work, point, **wanted)
            if stage is not None:
                found["stages"] = {stage: _stage(found, stage)}
            if form == "json":
                opening.print_json(found)
                return
            _write(out, tables.csv_of(found).encode())
            return
        made = making.make(answerable, opening.actor(), point, **wanted)
        if hide_below is not None:
            made = publishing.published(made, answerable.keyring, answerable.origin, hide_below)
        drawn = files.drawn(made, files.Form(form), language)
    _write(out, drawn.content)
    click.echo(f"Signed: {made.view.digest} ({made.view.verdict}).", err=True)


@report.command(
    epilog="Example: answerable report oversight --point retention-offer --format html --out oversight.html"
)
@_point
@_since
@_until
@click.option(
    "--people",
    "with_people",
    is_flag=True,
    help="With the figures of each person who acknowledged the staff notice and had them for a week, by name.",
)
@click.option(
    "--format", "form", type=click.Choice(["json", "html"]), default="json", show_default=True
)
@click.option("--language", type=click.Choice(["en", "de"]), default="en", show_default=True)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Default: standard output."
)
def oversight(
    *,
    point: str,
    since: str | None,
    until: str | None,
    with_people: bool,
    form: str,
    language: str,
    out: Path | None,
) -> None:
    """Report whether people really look: what they change, how long they look, what they catch.

    It is over all people of the decision point, and not signed. Figures of people are those that were made for them last, over 90 days.
    """
    from audits.reports import oversight as telling
    from audits.reports import page
    from governance.counting import reading
    from governance.overseeing import figures as people
    from governance.reporting import oversight as figures

    with opening.installation() as answerable, answerable.look(opening.actor()) as work:
        found = figures.report(work, point, since=since, until=until)
        own = people.of_people(work, point) if with_people else ()
        if with_people:
            found["people"] = [
                {
                    **one.person,
                    "name": one.name,
                    "since": one.since,
                    "until": one.until,
                    "comment": one.comment,
                }
                for one in own
            ]
        title = reading.live_policy(work, point).title.in_(language)
    written = orjson.dumps(found, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
    if form == "html":
        names = {one.person_id: one.name for one in own}
        told = telling.document(found, language=language, title=title, people=names)
        text = orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()
        written = page.html(told, report_json=text, signature=None).encode()
    _write(out, written + (b"" if out is not None or form == "html" else b"\n"))


@report.command(epilog="Example: answerable report risk-coverage --point ticket-routing")
@_point
@_since
@_until
@_by
def risk_coverage(*, point: str, since: str | None, until: str | None, by: tuple[str, ...]) -> None:
    """Print how much error is left where the least sure proposals go to a person, as JSON."""
    from governance.reporting import fairness as figures

    with opening.installation() as answerable, answerable.look(opening.actor()) as work:
        found = figures.figures(work, point, since=since, until=until, by=by)
    opening.print_json((found["scores"] or {}).get("risk_coverage"))


@report.command(epilog="Example: answerable report verify report.html")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def verify(*, file: Path, as_json: bool) -> None:
    """Check a report's FILE (json, html or pdf): who signed it, whether the log names it, and whether every figure follows from its counts.

    Exits with 1 where something is wrong.
    """
    from governance.reporting import checking

    with opening.installation() as answerable, answerable.look(opening.actor()) as work:
        checked = checking.check(work, file.read_bytes())
    if as_json:
        opening.print_json(
            {
                "ok": checked.ok,
                "digest": checked.digest,
                "report": checked.report_id,
                "findings": [
                    {"step": one.step, "ok": one.ok, "told": one.told} for one in checked.findings
                ],
            }
        )
    else:
        for one in checked.findings:
            mark = {True: "ok", False: "WRONG", None: "note"}[one.ok]
            click.echo(f"{mark:>5}  {one.step}: {one.told}")
    sys.exit(0 if checked.ok else 1)


@report.command(epilog="Example: answerable report reconcile")
@as_json
def reconcile(*, as_json: bool) -> None:
    """Compare the counts by group with the decisions they are made of, and put right what differs; done every night too.

    Exits with 1 where something differed.
    """
    from governance.counting import reconciling

    with opening.installation() as answerable, opening.progress() as told:
        found = reconciling.reconcile(answerable, opening.actor(), progress=told)
    if as_json:
        opening.print_json(
            {
                "decisions": found.decisions,
                "rows": found.cells,
                "differing": found.differing,
                "erased": found.erased,
            }
        )
    else:
        click.echo(
            f"{found.decisions} decisions and {found.cells} rows of counts compared: {found.differing} differed"
            + (" and were put right." if found.differing else ".")
        )
    sys.exit(1 if found.differing else 0)


def _stage(found: dict[str, Any], stage: str) -> Any:
    if stage not in found["stages"]:
        raise click.BadParameter(
            f"expected one of {', '.join(found['stages'])}", param_hint="--stage"
        )
    return found["stages"][stage]


def _write(out: Path | None, content: bytes) -> None:
    if out is None:
        sys.stdout.buffer.write(content)
        return
    out.write_bytes(content)
