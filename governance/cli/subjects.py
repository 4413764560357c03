"""`answerable subject`: what is held about a person concerned."""

from __future__ import annotations

from pathlib import Path

import click

from governance.cli import opening


@click.group()
def subject() -> None:
    """Answer a person concerned: a copy of all that is held about them."""


@subject.command(epilog="Example: answerable subject export cust-4711 --out copy.zip")
@click.argument("reference", metavar="REF")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Default: copy-<day>.zip, in this folder.",
)
@click.option(
    "--language",
    type=click.Choice(["en", "de"]),
    help="The page's language. Default: that of the person's newest decision.",
)
@opening.as_json
def export(
    reference: str,
    out: Path | None,
    language: str | None,
    as_json: bool,  # noqa: FBT001 - Click hands options over like this.
) -> None:
    """Write all that is held about a subject into one archive: JSON, a page to read, and files.

    REF is how the app names the person. The log says that the copy was made.
    """
    from governance.rights import archive

    with opening.installation() as answerable:
        with answerable.work(opening.actor()) as work:
            copy = archive.export(work, reference, language=language)
        path = out or Path(copy.name)
        size = 0
        with path.open("xb") if out is None else path.open("wb") as file:
            path.chmod(0o600)
            for piece in copy.pieces:
                size += file.write(piece)
    if as_json:
        opening.print_json({"file": str(path), "bytes": size, "groups": copy.groups})
        return
    click.echo(f"Written: {path}")
    if not copy.groups:
        click.echo(
            "Without the group attributes, which this process may not read: name fairness_database_url to include them.",
            err=True,
        )
