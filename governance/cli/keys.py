"""`answerable key`: app keys."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from governance.cli import opening
from governance.permissions import SCOPE_PERMISSIONS


@click.group()
def key() -> None:
    """Create, list and revoke app keys."""


@key.command(
    epilog="Example: answerable key create --app shop --point retention-offer --scope decisions:write"
)
@click.option("--app", required=True, help="The app that asks; it is made if it is new.")
@click.option(
    "--point",
    "points",
    multiple=True,
    help="A decision point the key opens; may be repeated. Default: all.",
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(list(SCOPE_PERMISSIONS)),
    default=["decisions:write"],
    show_default=True,
    help="What the key opens; may be repeated.",
)
@click.option(
    "--expires", type=click.DateTime(["%Y-%m-%d"]), help="The key ends when this day begins (UTC)."
)
@opening.as_json
def create(
    app: str,
    points: tuple[str, ...],
    scopes: tuple[str, ...],
    expires: datetime | None,
    as_json: bool,  # noqa: FBT001 - Click hands options over like this.
) -> None:
    """Make an app key and print it, once."""
    from governance.identities import keys

    with opening.installation() as answerable, answerable.work(opening.actor()) as work:
        created = keys.create_key(
            work,
            app=app,
            points=points or None,
            scopes=scopes,
            expires_at=None if expires is None else expires.replace(tzinfo=UTC),
        )
    if as_json:
        opening.print_json(
            {
                "id": created.key.id,
                "app": created.key.app,
                "scopes": created.key.scopes,
                "points": created.key.points,
                "key": created.secret,
            }
        )
        return
    click.echo(f"The key of {created.key.app}, shown this once:\n\n  {created.secret}\n")
    click.echo("The app sends it as: Authorization: Bearer <key>")


@key.command("list", epilog="Example: answerable key list --json")
@opening.as_json
def list_(as_json: bool) -> None:  # noqa: FBT001 - Click hands options over like this.
    """List all keys that were ever made; never their secrets."""
    from governance.identities import keys

    with opening.installation() as answerable, answerable.look(opening.actor()) as work:
        found = keys.list_keys(work)
    if as_json:
        opening.print_json(list(found))
        return
    rows = [
        {
            "ID": one.id,
            "APP": one.app,
            "POINTS": "all" if one.points is None else ", ".join(one.points),
            "SCOPES": ", ".join(one.scopes),
            "STATE": one.state.value,
            "EXPIRES": "" if one.expires_at is None else f"{one.expires_at:%Y-%m-%d}",
        }
        for one in found
    ]
    opening.print_table(rows, empty="There are no keys yet. `answerable key create` makes one.")


@key.command(epilog="Example: answerable key revoke 0f1e2d3c4b5a6978")
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End a key; it opens nothing from the next request on."""
    from governance.identities import keys

    with opening.installation() as answerable, answerable.work(opening.actor()) as work:
        ended = keys.revoke_key(work, key_id)
    click.echo(f"The key {ended.id} of {ended.app} opens nothing any more.")
