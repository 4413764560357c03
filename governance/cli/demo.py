"""`answerable demo`: a business to try everything on."""

from __future__ import annotations

import logging
import os
import socket
import time
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from governance import settings as all_settings
from governance.cli import opening
from governance.settings import Settings

if TYPE_CHECKING:
    from governance.application import Answerable
    from governance.demo.service import Demo, Progress

#: Seconds in which every part must have said that it is well.
_PATIENCE: Final = 20.0
_HOST: Final = "127.0.0.1"
#: Settings of the environment that hold for a demo too; where a real business keeps its data does not.
_KEPT: Final = frozenset({"ANSWERABLE_LOG_LEVEL", "ANSWERABLE_THREADS"})
#: Whoever tries a demo out receives webhooks on the same machine.
_TRYING_OUT: Final = {
    "ANSWERABLE_WEBHOOK_PLAIN_HTTP": "true",
    "ANSWERABLE_WEBHOOK_PRIVATE_TARGETS": "true",
}


@click.command(epilog="Example: answerable demo --dir demo-data --port 8000")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-data"),
    show_default=True,
    help="Where the demo business is kept. A finished one is served again, with all that was done to it.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    default=8000,
    show_default=True,
    help="Where to serve it.",
)
@click.option("--once", is_flag=True, help="Build and check it, and do not serve it.")
@click.pass_context
def demo(ctx: click.Context, *, folder: Path, port: int, once: bool) -> None:
    """Build Corner & Co., a made-up shop with tickets, leads and offers, and serve it on this machine."""
    from governance.application import open_installation
    from governance.demo import service

    settings = all_settings.load(_environment(port), home=folder.resolve())
    if not once:
        _require_free(port)
    with opening.progress(lines=True) as progress:
        built = service.build(settings, progress, actor=opening.actor())
        with closing(open_installation(settings)) as answerable:
            problems = _failing(answerable, progress) or service.check(answerable, progress)
    if problems:
        raise click.ClickException(
            "The demo does not pass its checks:\n  "
            + "\n  ".join(problems)
            + f"\nRemove the folder {folder}, then run this again for a fresh one."
        )
    _tell(built, folder, once=once)
    if not once:
        _serve(ctx, settings.home, port)


def _failing(answerable: Answerable, progress: Progress) -> list[str]:
    """Let the background work run until every part has said that it is well; return those that fail."""
    import structlog

    from governance.operations import status
    from governance.worker import Background

    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    background = Background(answerable)
    background.start()
    step, until = "Look at all parts", time.monotonic() + _PATIENCE
    try:
        progress(step, 0, 1)
        while True:
            parts = status.status(answerable, opening.actor())
            # A receiver that somebody tried out and took away keeps no demo from starting.
            failing = [
                part
                for part in parts
                if part.state is status.State.FAILING and part.part is not status.Part.WEBHOOKS
            ]
            if not failing or time.monotonic() > until:
                break
            time.sleep(0.1)
        progress(step, 1, 1)
    finally:
        background.stop()
        structlog.configure(**before)
    return [f"{part.part}: {part.detail} {part.todo}".strip() for part in failing]


def _require_free(port: int) -> None:
    """Say before the work, rather than after it, that the service could not listen."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((_HOST, port))
        except OSError as error:
            raise click.ClickException(
                f"Port {port} of {_HOST} is taken. Choose another: --port, or make demo DEMO_PORT=8001."
            ) from error


def _environment(port: int) -> dict[str, str]:
    """Return the variables that hold for a demo."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}
    # A line for each request would push what was told off the screen.
    kept = {"ANSWERABLE_LOG_LEVEL": "warning", **kept}
    return {**kept, **_TRYING_OUT, "ANSWERABLE_PUBLIC_URL": f"http://{_HOST}:{port}"}


def _serve(ctx: click.Context, home: Path, port: int) -> None:
    from governance.cli.operations import serve

    # The processes that serve read the environment themselves.
    for field in fields(Settings):
        os.environ.pop(f"ANSWERABLE_{field.name.upper()}", None)
    os.environ |= _environment(port)
    ctx.find_root().params["home"] = home
    ctx.invoke(serve, host=_HOST, port=port)


def _tell(built: Demo, folder: Path, *, once: bool) -> None:
    click.echo(f"\nCorner & Co. is ready. Open {built.url} and sign in as one of these:\n")
    opening.print_table(
        [
            {
                "Name": who.name,
                "E-mail": who.email,
                "Password": who.password,
                "Here to": f"{who.role}: {who.here_to}",
            }
            for who in built.people
        ],
        empty="",
    )
    click.echo(
        f"\nThe shop's app key: {built.key}\n"
        f"\nAsk for a decision that goes to a person (Ada finds it under Support):\n\n{built.curl_review}\n"
        f"\nAsk for one that is released at once:\n\n{built.curl_release}\n"
        "\nEach answer names a `subject_page`: what the person concerned sees. Open it, and ask for a person.\n"
        f"\nWhen you have seen enough: remove {folder}, and begin for real with "
        "`answerable --home FOLDER init`.\n"
    )
    if once:
        click.echo("Built and checked; not served, because of --once.")
    else:
        click.echo("Ctrl-C stops it; the same command starts it again as it was.\n")
