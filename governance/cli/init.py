"""`answerable init`: a real business."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from typing import Any

import click

from governance import settings as all_settings
from governance.cli import opening
from governance.errors import SettingsInvalid
from governance.permissions import Role

_LANGUAGES = ("en", "de")


@click.command(
    epilog="Example: answerable --home /srv/answerable init --business 'Corner & Co.' "
    "--public-url https://decisions.example.com --admin-email anna@example.com --yes"
)
@click.option("--business", help="The name of the business, as people read it on pages.")
@click.option("--public-url", help="The address under which people and apps reach the service.")
@click.option("--language", type=click.Choice(_LANGUAGES), help="The language of pages and mails.")
@click.option("--time-zone", help="Where the business keeps its hours, like Europe/Berlin.")
@click.option("--admin-email", help="The first admin. Without one, nobody has an account yet.")
@click.option("--admin-name", help="What the first admin is called.")
@click.option("--database-url", help="PostgreSQL, or another SQLite file than the home folder's.")
@click.option("--smtp-host", help="The mail server; without one no mail is sent.")
@click.option("--smtp-port", type=int, help="Its port.")
@click.option("--smtp-user", help="The user there; the password: ANSWERABLE_SMTP_PASSWORD.")
@click.option("--mail-from", help="The sender of mails.")
@click.option("--yes", is_flag=True, help="Ask nothing; what is not given takes its default.")
@opening.as_json
def init(
    *,
    business: str | None,
    public_url: str | None,
    language: str | None,
    time_zone: str | None,
    admin_email: str | None,
    admin_name: str | None,
    yes: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Make the installation of a real business: secrets, database, log, first admin."""
    from governance.application import open_installation
    from governance.identities import service as identities
    from governance.installation import service

    settings = opening.here()
    if (settings.home / "answerable.toml").exists():
        raise click.ClickException(
            f"{settings.home} holds an installation already. Choose another folder by --home."
        )
    ask = not yes and not as_json
    if ask:
        click.echo(f"A new installation in {settings.home.resolve()}. Enter takes the default.\n")
        business = business or click.prompt("Name of the business")
        public_url = public_url or click.prompt("Address of the service", settings.public_url)
        language = language or click.prompt("Language", "en", type=click.Choice(_LANGUAGES))
        time_zone = time_zone or click.prompt("Time zone", _time_zone_here())
        admin_email = admin_email or click.prompt("E-mail address of the first admin")
        admin_name = admin_name or click.prompt("Their name", admin_email.partition("@")[0])
        given["smtp_host"] = given["smtp_host"] or (
            click.prompt("Mail server (empty: no mail)", "", show_default=False) or None
        )
        if given["smtp_host"]:
            given["mail_from"] = given["mail_from"] or click.prompt("Sender of mails", admin_email)
    settings = _with(settings, {"public_url": public_url, **given})
    service.create(
        settings,
        business_name=business or "Our business",
        language=language or "en",
        time_zone=time_zone or _time_zone_here(),
        actor=opening.actor(),
    )
    link = None
    if admin_email is not None:
        # Whoever begins alone does everything; roles are shared out as colleagues come.
        with closing(open_installation(settings)) as made, made.work(opening.actor()) as work:
            link = identities.add_person(
                work,
                email=admin_email,
                name=admin_name or admin_email.partition("@")[0],
                roles=list(Role),
            ).link
    home = str(settings.home.resolve())
    if as_json:
        url = None if link is None else link.url
        opening.print_json({"home": home, "public_url": settings.public_url, "link": url})
        return
    click.echo(f"The installation is in {home}. Keep a copy of {home}/secrets somewhere safe.\n")
    click.echo(f"Next:\n  1. Start it:  answerable --home {home} serve")
    if link is None:
        click.echo(
            "  2. Publish a policy while there are no people:  answerable policy publish FILE\n"
            "  3. Add the first admin:  answerable user add EMAIL --role admin"
        )
        return
    click.echo(
        f"  2. Open this link and choose a password, before {link.expires_at:%Y-%m-%d %H:%M} UTC:\n\n"
        f"     {link.url}\n\n"
        "  3. Invite a colleague: nobody confirms what they asked for themselves."
    )


def _with(settings: all_settings.Settings, given: dict[str, Any]) -> all_settings.Settings:
    """Return settings with what was given on the command line, checked as in `answerable.toml`."""
    wanted = {name: value for name, value in given.items() if value is not None}
    known = all_settings.Settings.__dataclass_fields__
    problems = []
    for name, value in wanted.items():
        try:
            wanted[name] = known[name].metadata["parse"](value)
        except ValueError as error:
            problems.append(f"--{name.replace('_', '-')}: {value!r} does not fit: {error}.")
    if problems:
        raise SettingsInvalid(problems)
    return replace(settings, **wanted)


def _time_zone_here() -> str:
    """Return the machine's time zone where it can be told, else UTC."""
    from zoneinfo import available_timezones

    name = os.environ.get("TZ") or os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    return name if name in available_timezones() else "UTC"
