"""`answerable kek`: the key-encryption key, without which no payload opens."""

from __future__ import annotations

import click

from governance.cli import opening
from governance.cli.opening import as_json


@click.group()
def kek() -> None:
    """Rotate the key without which no payload opens, so that old backups open nothing any more."""


@kek.command("list", epilog="Example: answerable --home /srv/answerable kek list --json")
@as_json
def list_(*, as_json: bool) -> None:
    """List the keys that were ever in use, by their ids: since when, until when, and when each is deleted."""
    from governance.operations import keks

    with opening.installation() as answerable:
        found = keks.list_keks(answerable, opening.actor())
    if as_json:
        opening.print_json(found)
        return
    rows = [
        {
            "ID": one.id,
            "FROM": f"{one.used_from:%Y-%m-%d}",
            "UNTIL": "in use" if one.used_until is None else f"{one.used_until:%Y-%m-%d}",
            "DELETED": f"{one.deleted_at:%Y-%m-%d}"
            if one.deleted_at is not None
            else ""
            if one.deleted_due is None
            else f"due {one.deleted_due:%Y-%m-%d}",
            "HERE": "yes" if one.held else "no",
        }
        for one in found
    ]
    opening.print_table(rows, empty="There is none.")


@kek.command("new", epilog="Example: answerable --home /srv/answerable kek new")
def new() -> None:
    """Make the next key without using it yet, to be given to every machine first. One machine needs only `rotate`."""
    from governance.operations import keks

    with opening.installation() as answerable:
        path = keks.prepare(answerable, opening.actor())
    click.echo(
        f"{path}\nCopy this file into the secrets folder of every machine, then run `answerable kek rotate`."
    )


@kek.command(epilog="Example: answerable --home /srv/answerable kek rotate")
@as_json
def rotate(*, as_json: bool) -> None:
    """Bring the next key into use, and encrypt under it what stands under the one before. Decisions go on meanwhile.

    Whoever stops it loses nothing: the worker goes on.
    """
    from governance.operations import keks

    with opening.installation() as answerable, opening.progress() as told:
        fresh = keks.rotate(answerable, opening.actor())
        done = keks.rewrap(answerable, progress=told)
        before = keks.list_keks(answerable, opening.actor())[1]
    if as_json:
        opening.print_json({"kek": fresh.id, "before": before.id, "rewrapped": done})
        return
    click.echo(
        f"The key-encryption key is {fresh.id} now; {done} keys were encrypted anew. Keep a copy of it apart from your backups."
    )
    if before.deleted_due is not None:
        click.echo(
            f"Backups made until now need the one before, {before.id}, which is deleted on {before.deleted_due:%Y-%m-%d}; after that they open no payload."
        )
