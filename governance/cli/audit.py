"""`answerable audit`: check the log, and tend to it."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from governance.cli import opening
from governance.cli.opening import as_json
from governance.clock import parse_rfc3339
from governance.errors import NotFound

_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_READ: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


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
    epilog="Example: answerable --home /srv/answerable audit prove 019ab4c5-6d7e-7000-8000-000000000001 --out decision.tlog-proof --entry decision.leaf"
)
@click.argument("record_id", metavar="ID")
@click.option("--out", type=_FILE, help="Where the proof goes. Default: standard output.")
@click.option("--entry", type=_FILE, help="Where the entry's bytes go, which the proof is of.")
def prove(*, record_id: str, out: Path | None, entry: Path | None) -> None:
    """Prove that a decision's entry, or any entry by its id, is in the signed log: a C2SP tlog-proof, which anybody can check offline."""
    from governance.ledger import proving

    with opening.installation() as answerable, answerable.look(opening.actor()) as work:
        proof = proving.prove(work, record_id)
    if entry is not None:
        if proof.entry is None:
            raise NotFound("The entry's bytes were pruned; its hash and its proof are left.")
        entry.write_bytes(proof.entry)
    if out is None:
        click.echo(proof.text, nl=False)
        return
    out.write_text(proof.text, encoding="utf-8")
    click.echo(f"Proved entry {proof.index} in a log of {proof.size} entries: {out}")


@audit.command(
    "check-proof",
    epilog="Example: answerable audit check-proof decision.tlog-proof --entry decision.leaf --vkey log.vkey",
)
@click.argument("proof", type=_READ)
@click.option("--entry", type=_READ, required=True, help="The entry's bytes, as they were hashed.")
@click.option(
    "--vkey",
    type=_READ,
    required=True,
    help="The log's verifying keys, one a line, from somebody other than who gave the proof.",
)
def check_proof(*, proof: Path, entry: Path, vkey: Path) -> None:
    """Check a proof offline: that the entry's hash leads to the root, and that the log's key signed it. It needs no installation."""
    from audits.log.notes import NoteRefused, VerifyingKey
    from audits.log.proofs import MalformedProof, ProofWrong, parse_proof
    from audits.log.proofs import check_proof as check
    from audits.log.tree import leaf_hash

    try:
        keys = [VerifyingKey.parse(line) for line in vkey.read_text("utf-8").splitlines()]
        read = parse_proof(proof.read_text("utf-8"))
        signed = check(read, leaf_hash(entry.read_bytes()), keys)
    except (MalformedProof, ProofWrong, NoteRefused, UnicodeDecodeError) as refused:
        click.echo(str(refused), err=True)
        sys.exit(1)
    click.echo(f"{entry} is entry {read.index} of {signed.origin}, signed at size {signed.size}.")


@audit.command(epilog="Example: answerable --home /srv/answerable audit publish --dir /var/www/log")
@click.option(
    "--dir",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder that is empty, or holds what was published before; it is brought up to date.",
)
@click.option(
    "--entries",
    is_flag=True,
    help="Put the entries there too, for a folder that only auditors read.",
)
@as_json
def publish(*, folder: Path, entries: bool, as_json: bool) -> None:
    """Write the log's checkpoints and hash tiles as static files (C2SP tlog-tiles), for any web server to give out.

    The checkpoint comes last, so that whoever reads the folder meanwhile finds a whole log.
    """
    from governance.ledger import mirroring

    with opening.installation() as answerable, opening.progress() as told:
        made = mirroring.mirror(answerable, folder, entries=entries, progress=told)
    if as_json:
        opening.print_json({"epoch": made.epoch, "size": made.size, "written": made.written})
    else:
        click.echo(f"{folder} holds the log up to entry {made.size}; {made.written} files written.")


@audit.command(
    epilog="Example: answerable --home /srv/answerable audit export --out export-2026-11 --since 2026-11-01 --until 2026-12-01"
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="A path where nothing is yet: a folder, or with --zip a file.",
)
@click.option("--since", metavar="TIME", help="Entries placed from this day or RFC 3339 time on.")
@click.option("--until", metavar="TIME", help="Entries placed before this day or RFC 3339 time.")
@click.option(
    "--disclose",
    multiple=True,
    metavar="DECISION",
    help="Give this decision's payloads too, in clear, with the keys of their commitments. The log says so.",
)
@click.option(
    "--disclose-all", is_flag=True, help="Give the payloads of all decisions of the period."
)
@click.option("--zip", "zipped", is_flag=True, help="Write one zip file.")
@as_json
def export(
    *,
    out: Path,
    since: str | None,
    until: str | None,
    disclose: tuple[str, ...],
    disclose_all: bool,
    zipped: bool,
    as_json: bool,
) -> None:
    """Write the log with all that it takes to check it without us: checkpoints, tiles, entries, keys and proofs.

    A period is widened to whole bundles of 256 entries; of the others the hashes are there, so the signed root is still rebuilt from it.
    """
    from governance.ledger import exporting
    from governance.ledger.exporting import Wanted

    wanted = Wanted(
        since=_instant("--since", since),
        until=_instant("--until", until),
        disclose=tuple(dict.fromkeys(disclose)),
        disclose_all=disclose_all,
    )
    with opening.installation() as answerable, opening.progress() as told:
        made = exporting.export(
            answerable, opening.actor(), out, wanted, zipped=zipped, progress=told
        )
    if as_json:
        opening.print_json(
            {
                "out": str(out),
                "epochs": made.epochs,
                "size": made.size,
                "entries": made.entries,
                "disclosed": made.disclosed,
                "left_out": list(made.left_out),
            }
        )
        return
    click.echo(f"{out}: {made.entries} entries of a log of {made.size}.")
    if made.disclosed:
        click.echo(f"Payloads of {made.disclosed} entries are in it in clear; the log says so.")
    for one in made.left_out:
        click.echo(f"Left out: {one['count']} {one['what']} ({one['why']}).")


def _instant(option: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_rfc3339(text if "T" in text.upper() else f"{text}T00:00:00Z")
    except ValueError:
        raise click.UsageError(
            f"{option} takes a day like 2026-11-01 or a time like 2026-11-01T08:00:00Z, not {text!r}."
        ) from None


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
