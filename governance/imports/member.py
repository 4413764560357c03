"""One of the processes that take a file together; ``crew`` starts it, and tells it by its standard input what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from governance import actors
from governance.application import Answerable, open_installation
from governance.errors import AnswerableError, InvalidInput
from governance.imports import service
from governance.imports.crew import Job, Told, settings_of
from governance.imports.reading import Row
from governance.imports.running import Seen, collecting_seldom, patiently, wait_for_log
from governance.imports.taking import Taker


def main() -> None:
    """Do one job, saying after each batch what it came to."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    try:
        answerable = open_installation(settings_of(job.settings))
        try:
            _work(answerable, job)
        finally:
            answerable.close()
    except AnswerableError as error:
        _say(Told(fault=error.detail, of_input=isinstance(error, InvalidInput)))
    except BrokenPipeError:
        # Whoever keeps account has ended, so nobody listens any more.
        sys.stdout = None


def _work(answerable: Answerable, job: Job) -> None:
    actor = actors.service(job.actor, os_user=job.os_user)
    rows, taker = service.joined(answerable, actor, job.run_id, Path(job.path), job.said, job.after)
    if job.only is not None:
        only = frozenset(job.only)
        rows = (row for row in rows if row.line in only)
    with collecting_seldom():
        for number, batch in enumerate(_batches(rows, job.at_once)):
            if number % job.of == job.member:
                _take(answerable, taker, batch)
    _say(Told())


def _take(answerable: Answerable, taker: Taker, batch: list[Row]) -> None:
    made = taker.make(batch)
    # Whoever keeps account helps the sequencer meanwhile.
    wait_for_log(answerable, helping=False)
    seen = Seen.of(patiently(lambda: taker.store(made)))
    _say(
        Told(
            until=batch[-1].until,
            accepted=seen.accepted,
            known=seen.known,
            refused=[(one.line, one.problem) for one in seen.refused],
        )
    )


def _batches(rows: Iterator[Row], at_once: int) -> Iterator[list[Row]]:
    while batch := list(islice(rows, at_once)):
        yield batch


def _say(told: Told) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(told) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
