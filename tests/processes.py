"""Real processes of ours that tests start, wait for and kill."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from governance.settings import Settings


@contextmanager
def running(
    settings: Settings, *command: str, stdout: int = subprocess.DEVNULL, **others: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``answerable`` with a command on an installation, and with other settings, in a process group of its own; what is left of it at the end is killed."""
    told = {
        "home": str(settings.home),
        "database_url": str(settings.database_url),
        "highwater_dir": str(settings.highwater_dir),
        "background": "apart",
        "log_level": "error",
        **others,
    }
    variables = {f"ANSWERABLE_{name.upper()}": said for name, said in told.items()}
    with started(*command, stdout=stdout, **variables) as process:
        yield process


@contextmanager
def started(
    *command: str, stdout: int = subprocess.DEVNULL, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``answerable`` with a command that needs no installation, in the same way."""
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("answerable")), *command],
        env={**os.environ, **variables},
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill(process)
        if process.stdout is not None:
            process.stdout.close()


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something to become so.

    Raises:
        TimeoutError: it did not.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("What was waited for did not come.")
        time.sleep(0.05)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def answers(port: int, path: str = "/healthz") -> bool:
    """Tell whether a server on this machine says that it is well."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
