"""`answerable witness`: watch logs, and cosign what they sign. It needs no installation."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from governance.cli import opening
from governance.cli.opening import as_json
from governance.errors import WrongInstallation

_DIR = click.option(
    "--dir",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The witness's own folder: its key, and what it cosigned last of each log.",
)


@click.group()
def witness() -> None:
    """Watch logs: a checkpoint is cosigned only if it continues the one before."""


@witness.command(
    epilog="Example: answerable witness init --dir /srv/witness --name witness.example.org/w1 --log VKEY"
)
@_DIR
@click.option(
    "--name", required=True, help="The witness's name, by custom an address without https://."
)
@click.option("--log", "logs", multiple=True, metavar="VKEY", help="The key of a log to watch.")
def init(*, folder: Path, name: str, logs: tuple[str, ...]) -> None:
    """Make a witness with a fresh key, and print the key by which others check it."""
    from governance.witness import folder as kept

    key = kept.make(folder, name)
    for vkey in logs:
        kept.watch(folder, vkey)
    click.echo(key.verifying_key.encode())


@witness.command(epilog="Example: answerable witness watch --dir /srv/witness --log VKEY")
@_DIR
@click.option(
    "--log", "logs", multiple=True, required=True, metavar="VKEY", help="The key of a log to watch."
)
def watch(*, folder: Path, logs: tuple[str, ...]) -> None:
    """Watch another log, or take a further key of one that is watched; it counts from the next checkpoint on."""
    from governance.witness import folder as kept

    for vkey in logs:
        watched = kept.watch(folder, vkey)
        keys = "1 key" if len(watched.keys) == 1 else f"{len(watched.keys)} keys"
        click.echo(f"{watched.origin} is watched, with {keys}.")


@witness.command("list", epilog="Example: answerable witness list --dir /srv/witness")
@_DIR
@as_json
def list_(*, folder: Path, as_json: bool) -> None:
    """Print the witness's key, and of each log that it watches what it cosigned last."""
    from governance.witness import folder as kept

    key = kept.key_of(folder).verifying_key.encode()
    try:
        logs = list(kept.all_watched(folder))
    except kept.StateDamaged as damaged:
        raise WrongInstallation(str(damaged)) from None
    rows = [
        {
            "origin": one.origin,
            "size": one.size,
            "cosigned_at": None
            if one.cosigned_at is None
            else datetime.fromtimestamp(one.cosigned_at, UTC),
            "vkeys": [key.encode() for key in one.keys],
        }
        for one in logs
    ]
    if as_json:
        opening.print_json({"vkey": key, "logs": rows})
        return
    click.echo(key)
    for row in rows:
        when = "never" if row["cosigned_at"] is None else f"{row['cosigned_at']:%Y-%m-%d %H:%M} UTC"
        click.echo(f"{row['origin']}: {row['size']} entries, cosigned {when}")


@witness.command(epilog="Example: answerable witness serve --dir /srv/witness --port 8100")
@_DIR
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=8100,
    show_default=True,
    type=click.IntRange(1, 65_535),
    help="The port to listen on.",
)
def serve(*, folder: Path, host: str, port: int) -> None:
    """Answer logs that ask for cosignatures (C2SP tlog-witness), until it is stopped."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from governance.cli.operations import require_free
    from governance.witness import folder as kept
    from governance.witness import serving

    key = kept.key_of(folder)
    require_free(host, port)
    os.environ[serving.VARIABLE] = str(folder.resolve())
    click.echo(f"{key.name} listens on http://{host}:{port}; Ctrl+C stops it.", err=True)
    Granian(
        "governance.witness.serving:serve",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=1,
        blocking_threads=8,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=30,
        log_level=LogLevels.error,
    ).serve()
