"""Several processes that take one file together: each takes every so-manieth batch, and this one keeps account of them in the order of the file.

Python computes with one core a process, and taking a decision is computing. Whoever ends in the middle, or all of them, leave what a single process
leaves: some lines stored that nobody kept account of, which are found there next time.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import msgspec

from audits.sentences import sentence
from governance.errors import InvalidInput, Unavailable
from governance.imports.parts import Refused
from governance.imports.running import Helper, Keeper, Progress, Seen
from governance.settings import Settings

if TYPE_CHECKING:
    from governance.application import Answerable

#: From so many lines on it pays to start further processes, each of which takes about a second.
FROM_LINES: Final = 20_000
_MOST: Final = 4


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What one of the processes is to do: every ``of``-th batch from the ``member``-th on, of the lines behind ``after`` (or ``only`` some lines)."""

    settings: dict[str, Any]
    actor: str
    os_user: str | None
    run_id: str
    path: str
    said: dict[str, str]
    after: int
    only: list[int] | None
    at_once: int
    member: int
    of: int


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one of the processes says: what a batch came to, that there are no more (``until`` 0), or what keeps it from going on."""

    until: int = 0
    accepted: int = 0
    known: int = 0
    refused: list[tuple[int, str]] = []
    fault: str = ""
    of_input: bool = False


_DECODER: Final = msgspec.json.Decoder(Told)


def size() -> int:
    """Return how many processes this machine has cores for."""
    return min(_MOST, len(os.sched_getaffinity(0)))


def described(settings: Settings) -> dict[str, Any]:
    """Return settings as a job tells them."""
    return {
        one.name: str(value) if isinstance(value := getattr(settings, one.name), Path) else value
        for one in fields(settings)
        if getattr(settings, one.name) is not None
    }


def settings_of(told: dict[str, Any]) -> Settings:
    """Return the settings that a job tells."""
    known = {one.name: one.metadata["parse"] for one in fields(Settings)}
    return Settings(**{name: known[name](value) for name, value in told.items()})


def all_lines(
    answerable: Answerable,
    jobs: Sequence[Job],
    keeper: Keeper,
    progress: Progress,
    lines: int,
) -> None:
    """Let processes take all lines, keep account of what they say, and help the log's sequencer meanwhile.

    Raises:
        Elsewhere: as ``Keeper`` says.
        InvalidInput, Unavailable: one of them could not go on, or ended.
    """
    with _helping(answerable), _started(jobs) as answers:
        while True:
            for answer in answers:
                told = _next(answer)
                if told.fault:
                    raise (InvalidInput if told.of_input else Unavailable)(told.fault)
                if not told.until:
                    # Each batch has its turn, so where one has none left there is none behind it.
                    progress(lines, lines)
                    return
                refused = tuple(Refused(line=line, problem=text) for line, text in told.refused)
                seen = Seen(accepted=told.accepted, known=told.known, refused=refused)
                keeper.keep(told.until, seen)
                progress(told.until, lines)


def _next(answer: IO[bytes]) -> Told:
    line = answer.readline()
    if not line.endswith(b"\n"):
        raise Unavailable(
            sentence(
                "A process that helped importing has ended. Import the file again: it goes on where it stopped."
            )
        )
    return _DECODER.decode(line)


@contextmanager
def _helping(answerable: Answerable) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=Helper(answerable).follow, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _started(jobs: Sequence[Job]) -> Iterator[list[IO[bytes]]]:
    command = [sys.executable, "-m", "governance.imports.member"]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for job in jobs:
            process = subprocess.Popen(  # noqa: S603 -- our own program.
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
            processes.append(process)
            assert process.stdin is not None, "it was asked for"
            process.stdin.write(msgspec.json.encode(job))
            process.stdin.close()
        yield [process.stdout for process in processes if process.stdout is not None]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
