"""`answerable audit`: check the log, and tend to it."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from governance.cli import opening
from governance.cli.opening import as_json
from governance.clock import rfc3339
from governance.errors import NotFound


@click.group()
def audit() -> None:
    """Verify the audit log and tend to it."""


@audit.command(epilog="Example: answerable --home /srv/answerable audit verify")
@as_json
def verify(*, as_json: bool) -> None:
    """Check the whole log, and that decisions, cases, verdicts, policies and payloads say what it says.

    Exits with 0 when everything agrees, 1 when something was changed, 2 when something cannot be checked. Nothing is written.
    """
    from governance.operations import verifying

    with opening.installation() as answerable, opening.progress() as told:
        report = verifying.verify(answerable, progress=told)
    if as_json:
        opening.print_json(
            {
                "exit_code": report.exit_code,
                "epochs": report.epochs,
                "entries": report.entries,
                "signed": report.signed,
                "decisions": report.decisions,
                "payloads": report.payloads,
                "erased": report.erased,
                "pending": report.pending,
                "lost": report.lost,
                "tampered": report.tampered,
                "incomplete": report.incomplete,
                "findings": [
                    {
                        "severity": finding.severity,
                        "what": finding.what,
                        "expected": finding.expected,
                        "got": finding.got,
                        "decision": finding.decision_id,
                        "record": finding.record_id,
                        "epoch": finding.epoch,
                        "index": finding.index,
                    }
                    for finding in report.findings
                ],
            }
        )
        sys.exit(report.exit_code)
    for finding in report.findings:
        click.echo(str(finding))
    found = report.tampered + report.incomplete
    if found > len(report.findings):
        click.echo(f"... and {found - len(report.findings)} more.")
    click.echo(
        f"Checked {report.entries} entries in {report.epochs} {'epoch' if report.epochs == 1 else 'epochs'}, "
        f"{report.decisions} decisions and {report.payloads} payloads."
    )
    if report.pending:
        click.echo(f"Not yet in the log: {report.pending} entries, which wait for their place.")
    if report.erased:
        click.echo(f"Could not be checked: {report.erased} payloads that are not there any more.")
    if report.lost:
        click.echo(
            f"Gone with a restored backup, as the log says: {report.lost} entries that had been signed."
        )
    if report.ok:
        click.echo("Everything agrees.")
    elif report.tampered:
        things = "1 thing is" if report.tampered == 1 else f"{report.tampered} things are"
        click.echo(f"{things} not as recorded.", err=True)
    else:
        click.echo(
            "Nothing was found to be changed, but not everything could be checked.", err=True
        )
    sys.exit(report.exit_code)


@audit.command(
    epilog="Example: answerable --home /srv/answerable audit checkpoint > kept-elsewhere"
)
@as_json
def checkpoint(*, as_json: bool) -> None:
    """Print the newest signed checkpoint, to be kept elsewhere: any later log must still contain what it signed."""
    from governance.ledger import reading

    with opening.installation() as answerable, answerable.look(opening.actor()) as work:
        newest = reading.newest_checkpoint(work)
    if newest is None:
        raise NotFound(
            "No checkpoint was signed yet. The sequencer does it within seconds of the first entry; `answerable check` says whether it runs."
        )
    if as_json:
        opening.print_json(
            {
                "epoch": newest.epoch,
                "origin": newest.origin,
                "size": newest.size,
                "root": newest.root.hex(),
                "signed_at": newest.signed_at,
                "vkey": newest.vkey,
                "note": newest.note,
            }
        )
    else:
        click.echo(newest.note, nl=False)


@audit.command(
    "new-epoch",
    epilog="Example: answerable --home /srv/answerable audit new-epoch --reason 'The high-water file was lost with its disk.'",
)
@click.option("--reason", required=True, help="Why the epoch before ends; it stands in the log.")
@as_json
def new_epoch(*, reason: str, as_json: bool) -> None:
    """Go on in a new epoch of the log, under a fresh key: after a restored copy, a lost high-water file or a stolen key."""
    from governance.ledger import epochs, publishing

    with opening.installation() as answerable:
        with answerable.work(opening.actor()) as work:
            opened = epochs.new_epoch(work, reason=reason)
        if opened.previous_closed:
            publishing.publish(answerable, epoch=opened.epoch - 1)
    if as_json:
        opening.print_json(
            {
                "epoch": opened.epoch,
                "origin": opened.origin,
                "vkey": opened.vkey,
                "previous_size": opened.previous_size,
                "previous_signed": opened.previous_signed,
                "previous_closed": opened.previous_closed,
                "lost": opened.lost,
            }
        )
        return
    closed = "was closed in order" if opened.previous_closed else "was left as it is"
    click.echo(f"The log goes on as {opened.origin}; the epoch before {closed}.")
    click.echo(f"Give its verifying key to whoever checks the log:\n  {opened.vkey}")


@audit.command(
    epilog="Example: answerable audit pack --since 2026-10-01 --until 2026-12-31 --log export --out evidence.zip"
)
@click.option(
    "--point",
    "points",
    multiple=True,
    help="A decision point; may stand more than once. Default: all.",
)
@click.option(
    "--since",
    metavar="DAY",
    help="The first day, such as 2026-11-01. Default: the first one counted.",
)
@click.option("--until", metavar="DAY", help="The last day. Default: today.")
@click.option(
    "--log",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with an export of the log, which goes into the pack.",
)
@click.option(
    "--verify",
    "check",
    is_flag=True,
    help="Check the whole log first, so that the pack says what was found just now.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="FILE.zip, or a folder that is new or empty.",
)
@as_json
def pack(
    *,
    points: tuple[str, ...],
    since: str | None,
    until: str | None,
    log: Path | None,
    check: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Write one pack of evidence: reports, policies, people, incidents, requests, draws, what never arrived.

    Its index names every file by its SHA-256, is signed, and stands in the log by its digest.
    """
    from governance.auditing import packing
    from governance.operations import verification, verifying

    wanted: dict[str, Any] = {"points": points, "since": since, "until": until, "log": log}
    with opening.installation() as answerable, opening.progress() as told:
        if check:
            verification.remember(answerable, verifying.verify(answerable, progress=told))
        if out.suffix == ".zip":
            part = out.with_name(f"{out.name}.part")
            try:
                with part.open("wb") as file:
                    made = packing.to_archive(answerable, opening.actor(), file, **wanted)
                part.rename(out)
            finally:
                part.unlink(missing_ok=True)
        else:
            made = packing.to_folder(answerable, opening.actor(), out, **wanted)
    if as_json:
        opening.print_json(made)
    else:
        click.echo(f"Wrote {made.files} files to {out}, {made.since} to {made.until}.")
        click.echo(f"The log names it in entry {made.id}: {made.digest}")


@audit.command(epilog="Example: answerable audit arrived --since 2026-11-01 --json")
@click.option("--since", metavar="DAY", help="The first day, such as 2026-11-01. Default: all.")
@click.option("--until", metavar="DAY", help="The last day.")
@as_json
def arrived(*, since: str | None, until: str | None, as_json: bool) -> None:
    """Tell what apps sent by their own counters, and what of it never arrived.

    Exits with 1 where numbers are missing or an app's own count is another.
    """
    from governance.auditing import arrivals

    begins, ends = _day(since, "--since"), _day(until, "--until")
    ends = None if ends is None else ends + timedelta(days=1)
    with opening.installation() as answerable, answerable.look(opening.actor()) as work:
        found = arrivals.apps(work, since=begins, until=ends)
        counts = [one for one in arrivals.sent_counts(work) if one.differs]
        first = {
            one.app_id: arrivals.missing(work, one.app_id, since=begins, until=ends).missing
            for one in found
            if one.missing
        }
    if as_json:
        opening.print_json(
            {
                "apps": [
                    {"counted": one, "missing": list(first.get(one.app_id, ()))} for one in found
                ],
                "counts_that_differ": counts,
            }
        )
    else:
        opening.print_table(
            [
                {
                    "app": one.app,
                    "decisions": str(one.decisions),
                    "numbered": str(one.numbered),
                    "first": "" if one.first is None else str(one.first),
                    "last": "" if one.last is None else str(one.last),
                    "missing": str(one.missing),
                    "again": str(one.again),
                }
                for one in found
            ],
            empty="No app asked for a decision.",
        )
        for one in found:
            for hole in first.get(one.app_id, ()):
                click.echo(
                    f"{one.app}: {hole.first} to {hole.last} never arrived, between {rfc3339(hole.after_at)} and {rfc3339(hole.before_at)}."
                )
        for count in counts:
            click.echo(
                f"{count.app}: says it sent {count.sent} from {rfc3339(count.since)} to {rfc3339(count.until)}; {count.recorded} are here."
            )
    sys.exit(1 if first or counts else 0)


def _day(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(tzinfo=UTC))
    except ValueError:
        raise click.BadParameter("expected a day such as 2026-11-01", param_hint=option) from None
