"""`answerable audit`: check the log, and tend to it."""

from __future__ import annotations

import sys
from pathlib import Path

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
    "rotate-key",
    epilog="Example: answerable --home /srv/answerable audit rotate-key receipt --stolen 'A laptop with a copy is gone.'",
)
@click.argument("purpose", type=click.Choice(["log", "receipt"]))
@click.option(
    "--stolen",
    metavar="REASON",
    help="The key before counts no longer from now on, and why; for receipts alone.",
)
@as_json
def rotate_key(*, purpose: str, stolen: str | None, as_json: bool) -> None:
    """Add the key that follows the one that signs checkpoints (log) or receipts (receipt).

    Both count for 30 days, so that readers and processes can change over; then the one before is retired. Entries of the log say so.
    """
    from governance.ledger import rotation
    from governance.ledger.models import KeyPurpose

    with (
        opening.installation(receipt_key_needed=False) as answerable,
        answerable.work(opening.actor()) as work,
    ):
        made = rotation.rotate(work, KeyPurpose(purpose), stolen_because=stolen)
    if as_json:
        opening.print_json(
            {
                "purpose": made.purpose,
                "vkey": made.vkey,
                "file": str(made.file),
                "beside": made.beside,
                "both_until": made.until,
            }
        )
        return
    click.echo(f"The next key is in {made.file}. Give its verifying key to whoever checks the log:")
    click.echo(f"  {made.vkey}")
    if made.until is not None:
        click.echo(f"The key before counts until {made.until:%Y-%m-%d}; delete it then.")
    if purpose == "receipt":
        click.echo(
            "Processes with this home folder use it from their next decision on. Give it to all others, then start them again."
        )


@audit.group("receipts")
def receipts_group() -> None:
    """Check receipts that apps kept."""


@receipts_group.command(
    "check",
    epilog="Example: answerable --home /srv/answerable audit receipts check /srv/crm/answers.ndjson /srv/crm/receipts/",
)
@click.argument("files", nargs=-1, metavar="FILE|DIR...", type=click.Path(path_type=Path))
@as_json
def check_receipts(*, files: tuple[Path, ...], as_json: bool) -> None:
    """Find promises that the log did not keep: receipts that apps kept, held against the signed log.

    A file that ends in .note is one receipt; any other holds answers of the API as JSON, one a line or one in all. Exits with 0 when every
    promise was kept or is not due, 1 when one was broken or is forged, 2 when some tell nothing, 3 when there was none to check.
    """
    from governance.operations import receipt_checks

    if not files:
        click.echo("Error: Name files or folders that hold receipts.", err=True)
        sys.exit(3)
    try:
        with opening.installation() as answerable, opening.progress() as told:
            report = receipt_checks.check(answerable, receipt_checks.read(files), progress=told)
    except OSError as error:
        click.echo(f"Error: {error.strerror}: {error.filename}.", err=True)
        sys.exit(3)
    counts = {verdict.value: report.counts[verdict] for verdict in receipt_checks.Verdict}
    if as_json:
        opening.print_json(
            {
                "exit_code": report.exit_code,
                "checked": report.checked,
                "without_receipt": report.without,
                **counts,
                "findings": [
                    {
                        "verdict": finding.verdict,
                        "decision": finding.record_id,
                        "where": finding.where,
                        "detail": finding.detail,
                    }
                    for finding in report.findings
                ],
            }
        )
        sys.exit(report.exit_code)
    for finding in report.findings:
        click.echo(str(finding))
    told_of = sum(counts.values()) - counts["kept"] - counts["not_due"]
    if told_of > len(report.findings):
        click.echo(f"... and {told_of - len(report.findings)} more.")
    shown = ", ".join(
        f"{count} {name.replace('_', ' ')}" for name, count in counts.items() if count
    )
    click.echo(f"Checked {report.checked} receipts: {shown or 'there was none'}.")
    if report.without:
        click.echo(f"Answers without a receipt: {report.without}.")
    sys.exit(report.exit_code)
