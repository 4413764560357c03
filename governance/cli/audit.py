"""`answerable audit`: check the log, and tend to it."""

from __future__ import annotations

import sys

import click

from governance.cli import opening
from governance.cli.opening import as_json
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
                "pruned": report.pruned,
                "pruned_entries": report.pruned_entries,
                "missing": report.missing,
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
    if report.pruned or report.pruned_entries:
        click.echo(
            f"Deleted when their time had passed, as the log says: {report.pruned} payloads and {report.pruned_entries} entries."
        )
    if report.erased:
        click.echo(f"Erased, as the log says: {report.erased} payloads.")
    if report.missing:
        click.echo(
            f"Could not be checked: {report.missing} payloads that are not there any more, and nothing says why."
        )
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
