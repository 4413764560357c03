"""`answerable user`: people."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import click

from governance.cli import opening
from governance.errors import NotFound
from governance.permissions import Role


@click.group()
def user() -> None:
    """Add, list, disable and reset people."""


@user.command(
    epilog="Example: answerable user add ada@example.com --name Ada --role manager --queue retention"
)
@click.argument("email")
@click.option("--name", help="What the person is called. Default: the address before the @.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice([role.value for role in Role]),
    help="What the person is here to do; may be repeated.",
)
@click.option("--queue", "queues", multiple=True, help="A queue the person works; may be repeated.")
@click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d"]),
    help="The account ends with the day before this date (UTC).",
)
@click.option(
    "--password-stdin", is_flag=True, help="Read a password from stdin; no one-time link is made."
)
@opening.as_json
def add(
    email: str,
    name: str | None,
    roles: tuple[str, ...],
    queues: tuple[str, ...],
    expires: datetime | None,
    password_stdin: bool,  # noqa: FBT001 - Click hands options over like this.
    as_json: bool,  # noqa: FBT001 - The same.
) -> None:
    """Give a person an account, and print the one-time link with which they set a password."""
    from governance.identities import service

    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    with opening.installation() as answerable, answerable.work(opening.actor()) as work:
        added = service.add_person(
            work,
            email=email,
            name=name or email.partition("@")[0],
            roles=roles,
            queues=queues,
            expires_at=None if expires is None else expires.replace(tzinfo=UTC),
            password=password,
        )
    if as_json:
        opening.print_json(
            {
                "id": added.person.id,
                "email": added.person.email,
                "roles": added.person.roles,
                "queues": added.person.queues,
                "link": None if added.link is None else added.link.url,
                "link_expires_at": None if added.link is None else added.link.expires_at,
                "request": None if added.request is None else added.request.id,
            }
        )
        return
    click.echo(f"{added.person.email} has an account now.")
    if added.request is not None:
        given = ", ".join(added.request.details["give"])
        click.echo(f"Another person must confirm, signed in, that they become {given}.")
    if added.link is not None:
        _print_link(added.link)


@user.command("list", epilog="Example: answerable user list --json")
@opening.as_json
def list_(as_json: bool) -> None:  # noqa: FBT001 - Click hands options over like this.
    """List everybody who has or had an account."""
    from governance.identities import service

    with opening.installation() as answerable, answerable.look(opening.actor()) as work:
        people = service.list_people(work)
    if as_json:
        opening.print_json(list(people))
        return
    rows = [
        {
            "E-MAIL": one.email,
            "NAME": one.name,
            "ROLES": ", ".join(one.roles),
            "QUEUES": ", ".join(one.queues),
            "STATE": one.state.value,
            "EXPIRES": "" if one.expires_at is None else f"{one.expires_at:%Y-%m-%d}",
        }
        for one in people
    ]
    opening.print_table(rows, empty="Nobody has an account yet. `answerable user add` makes one.")


@user.command(epilog="Example: answerable user disable ada@example.com")
@click.argument("email")
def disable(email: str) -> None:
    """Close a person's account at once."""
    from governance.identities import service

    with opening.installation() as answerable, answerable.work(opening.actor()) as work:
        service.disable_person(work, _id_of(work, email))
    click.echo(f"{email} can no longer sign in; their sessions and tokens have ended.")


@user.command(epilog="Example: answerable user enable ada@example.com")
@click.argument("email")
def enable(email: str) -> None:
    """Let a disabled person back in, without the roles that confirm."""
    from governance.identities import service

    with opening.installation() as answerable, answerable.work(opening.actor()) as work:
        enabled = service.enable_person(work, _id_of(work, email))
    click.echo(f"{email} has an account again.")
    if enabled.link is not None:
        _print_link(enabled.link)


@user.command(epilog="Example: answerable user reset ada@example.com")
@click.argument("email")
@click.option(
    "--second-factor", is_flag=True, help="Drop the second factor too; the device is lost."
)
def reset(email: str, second_factor: bool) -> None:  # noqa: FBT001 - Click hands options over.
    """Print a one-time link with which a person sets a new password."""
    from governance.identities import service
    from governance.requests.service import RequestView

    with opening.installation() as answerable, answerable.work(opening.actor()) as work:
        made = service.reset_person(work, _id_of(work, email), second_factor=second_factor)
    if isinstance(made, RequestView):
        click.echo(
            f"{email} confirms what others ask, so a signed-in admin confirms request {made.id} first. "
            "Then run this again within a day."
        )
        return
    _print_link(made)


def _id_of(work: Any, email: str) -> str:
    from governance.identities import queries

    row = queries.person_by_email(work.session, email)
    if row is None:
        raise NotFound(f"Nobody has the address {email}. `answerable user list` lists everybody.")
    return row.id


def _print_link(link: Any) -> None:
    click.echo(f"One-time link, good until {link.expires_at:%Y-%m-%d %H:%M} UTC:\n\n  {link.url}\n")
