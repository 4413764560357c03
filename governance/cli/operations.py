"""`answerable serve`, `worker`, `db`, `backup`, `restore` and `check`: running it."""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from governance import keyring
from governance.cli import opening
from governance.cli.opening import as_json
from governance.errors import AnswerableError, Conflict, InvalidInput
from governance.settings import Settings

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(epilog="Example: answerable --home /srv/answerable serve --port 8000")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=8000,
    show_default=True,
    type=click.IntRange(1, 65_535),
    help="The port to listen on.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="Processes. Default: one on SQLite, one for each core on PostgreSQL.",
)
def serve(*, host: str, port: int, workers: int | None = None) -> None:
    """Run the web service, and background work with it unless the setting says apart."""
    # What the start leaves stays for good: looking through it for garbage would cost time, and pages of memory that are no longer shared.
    gc.disable()
    try:
        settings = opening.here()
        # What would keep each process from starting is told here once, in a sentence.
        with opening.installation() as answerable:
            sqlite = answerable.database.is_sqlite
        require_free(host, port)
        if workers is None:
            workers = 1 if sqlite else len(os.sched_getaffinity(0))
        # The processes that serve read the settings themselves.
        os.environ["ANSWERABLE_HOME"] = str(settings.home.resolve())
        with _figures_of_all(workers):
            _serve(host, port, workers, settings)
    finally:
        gc.enable()


@contextmanager
def _figures_of_all(workers: int) -> Iterator[None]:
    """Let several processes count into one folder, so that /metrics tells of all, whichever answers."""
    if workers == 1 or "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="answerable-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


def _serve(host: str, port: int, workers: int, settings: Settings) -> None:
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    if sys.platform == "linux":
        # What Python 3.14 would begin with shares nothing.
        multiprocessing.set_start_method("fork", force=True)
    # Put together once before the processes part: they start sooner and share the memory.
    importlib.import_module("web.application").prepare(settings)
    gc.freeze()
    gc.enable()
    click.echo(f"Answerable listens on http://{host}:{port}; Ctrl+C stops it.", err=True)
    Granian(
        "web.application:serve",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=workers,
        blocking_threads=settings.threads,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=30,
        log_level=LogLevels.debug if settings.log_level == "debug" else LogLevels.error,
    ).serve()


@click.command(
    epilog="Example: ANSWERABLE_BACKGROUND=apart answerable --home /srv/answerable worker"
)
def worker() -> None:
    """Run background work, where it runs apart from the web service, until it is stopped.

    Any number may run; of those with one home folder one works, and the others stand by.
    """
    from governance.logs import write_logs
    from governance.worker import Background

    write_logs(opening.here())
    with opening.installation() as answerable:
        background = Background(answerable)
        for wanted in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wanted, lambda *_: background.ask_to_stop())
        background.run()


@click.group()
def db() -> None:
    """Upgrade or check the database's schema."""


@db.command(epilog="Example: answerable --home /srv/answerable db upgrade")
def upgrade() -> None:
    """Bring the schema to this program's version. Make a backup first, and stop the service."""
    from governance import schema
    from governance.storage.database import Database

    database = Database(opening.here().database)
    try:
        before = _schema_of(database)
        schema.upgrade(database)
    finally:
        database.dispose()
    after = schema.head()
    click.echo(
        f"The schema is {after}."
        if before == after
        else f"The schema went from {before or 'none'} to {after}."
    )


@db.command("check", epilog="Example: answerable --home /srv/answerable db check")
def check_schema() -> None:
    """Say whether the schema is this program's; exit with 1 if it is not."""
    from governance import schema
    from governance.storage.database import Database

    database = Database(opening.here().database)
    try:
        _schema_of(database)
        schema.check_schema(database)
    finally:
        database.dispose()
    click.echo(f"The schema is {schema.head()}, as this program needs it.")


@db.command(
    epilog="Example: answerable --home /srv/answerable db roles --serving answerable_web --fairness answerable_fairness"
)
@click.option("--serving", required=True, help="The role that `answerable serve` signs in as.")
@click.option("--fairness", required=True, help="The role of fairness_database_url.")
def roles(*, serving: str, fairness: str) -> None:
    """Let two PostgreSQL roles do their work, and only the second read the vault of group attributes.

    Run it as the tables' owner, with database_url naming that one, and again after each `db upgrade`.
    """
    from governance.storage.database import Database
    from governance.storage.roles import set_roles

    database = Database(opening.here().database)
    try:
        set_roles(database, serving=serving, fairness=fairness)
    finally:
        database.dispose()
    click.echo(f"{serving} may fill the vault and not read it; {fairness} may read it.")


@click.command(
    epilog="Example: answerable --home /srv/answerable backup /backup/answerable-2026-11-21"
)
@click.argument("file", type=_FILE)
@as_json
def backup(*, file: Path, as_json: bool) -> None:
    """Write database and state into FILE, while the service runs.

    The key that opens payloads, the log's key and answerable.toml are not in it: keep the folder of secrets and that file elsewhere.
    """
    from governance.operations.backup import back_up

    with opening.installation() as answerable, opening.progress() as told:
        made = back_up(answerable, opening.actor(), file, progress=told)
    rows = sum(made.rows.values())
    if as_json:
        opening.print_json(
            {
                "file": str(made.file),
                "digest": f"sha256:{made.digest}",
                "rows": rows,
                "keks": made.keks,
            }
        )
    else:
        click.echo(
            f"{made.file}: {rows} rows, {made.file.stat().st_size} bytes (manifest sha256:{made.digest})."
        )
        click.echo(
            f"It opens no payload without the secret kek {' and '.join(made.keks)}; keep a copy of that apart from it."
        )


@click.command(
    epilog="Example: answerable --home /srv/new restore /backup/answerable-2026-11-21 --kek /safe/kek.key"
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--kek",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of the secret kek. Default: secrets/kek.key in the home folder, or ANSWERABLE_SECRET_KEK.",
)
@as_json
def restore(*, file: Path, kek: Path | None, as_json: bool) -> None:
    """Restore the backup FILE into an empty database, and go on in a new epoch of the log.

    Stop the service first. A database that is not empty is left alone.
    """
    from governance.operations import backup as backups

    try:
        secret = None if kek is None else keyring.read_secret(kek)
    except ValueError as error:
        raise InvalidInput(str(error)) from error
    with opening.progress() as told:
        restored = backups.restore(opening.here(), opening.actor(), file, kek=secret, progress=told)
    if as_json:
        opening.print_json(
            {
                "made_at": restored.made_at,
                "rows": sum(restored.rows.values()),
                "epoch": restored.epoch.epoch,
                "origin": restored.epoch.origin,
                "vkey": restored.epoch.vkey,
                "lost": restored.epoch.lost,
                "missing": restored.missing,
            }
        )
        return
    click.echo(
        f"Restored {sum(restored.rows.values())} rows of {restored.made_at:%Y-%m-%d %H:%M} UTC."
    )
    click.echo(
        f"The log goes on as {restored.epoch.origin}; its verifying key is\n  {restored.epoch.vkey}"
    )
    for sentence in restored.missing:
        click.echo(f"* {sentence}")
    click.echo(
        "Next: start the service, then run `answerable check` and `answerable audit verify`."
    )


@click.command(epilog="Example: answerable --home /srv/answerable check --json")
@as_json
def check(*, as_json: bool) -> None:
    """Say of each part how it is: what fails, since when, and what to do. Exit with 1 if any fails."""
    from governance.operations.status import State, status

    with opening.installation() as answerable:
        views = status(answerable, opening.actor())
    failing = [view for view in views if view.state is State.FAILING]
    if as_json:
        opening.print_json(
            [
                {
                    "part": view.part,
                    "state": view.state,
                    "detail": view.detail,
                    "since": view.since,
                    "todo": view.todo,
                }
                for view in views
            ]
        )
    else:
        for view in views:
            since = "" if view.since is None else f" Since {view.since:%Y-%m-%d %H:%M:%S} UTC."
            click.echo(f"{view.state:8} {view.part:11} {view.detail}{since}")
            for line in view.todo.splitlines() if view.state is State.FAILING else ():
                click.echo(f"{'':20} {line}")
    if failing:
        sys.exit(1)


def require_free(host: str, port: int) -> None:
    """Raise unless the address can be listened on; the server itself would say it less clearly."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As the server does, so that what a server just stopped has left behind keeps nobody out.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise Conflict(
            f"{host}:{port} cannot be listened on ({error.strerror}). Stop what uses it, or choose another with --host and --port."
        ) from error


def _schema_of(database: object) -> str | None:
    from sqlalchemy.exc import OperationalError

    from governance import schema
    from governance.storage.database import Database, unavailable

    assert isinstance(database, Database)
    if database.file is not None and not database.file.exists():
        raise AnswerableError(
            f"There is no database at {database.file}. `answerable init` makes one."
        )
    try:
        return schema.current(database)
    except OperationalError as error:
        raise unavailable(error) from error
