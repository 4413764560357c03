"""The high-water mark's file: the newest signed checkpoint, outside the database and outside its backups."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

from audits.log.highwater import HighWater
from audits.log.notes import VerifyingKey
from governance.ledger.models import Log

if TYPE_CHECKING:
    from governance.application import Answerable


def path_of(answerable: Answerable, log: Log) -> Path:
    """Return an epoch's file. Its name holds the id of the epoch's first key, so that another log with the same folder has another file."""
    key_id = VerifyingKey.parse(log.vkey).key_id.hex()
    return answerable.settings.highwater / f"log-{log.epoch}-{key_id}.checkpoint"


def load(answerable: Answerable, log: Log) -> HighWater | None:
    """Read an epoch's mark, None where there is no file.

    Raises:
        HighWaterUnreadable: the file is not as it was written.
        OSError: the file cannot be read.
    """
    try:
        stored = path_of(answerable, log).read_bytes()
    except FileNotFoundError:
        return None
    return HighWater.decode(stored, log.verifying_keys)


def store(answerable: Answerable, log: Log, mark: HighWater) -> None:
    """Raise an epoch's mark, so that it outlives a power cut; a mark that is higher already stays.

    Raises:
        HighWaterUnreadable: the file that is there is not as it was written.
        OSError: the file cannot be written.
    """
    path = path_of(answerable, log)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Two sequencers may share the folder; the slower one must not lower what the faster one wrote.
        fcntl.flock(directory, fcntl.LOCK_EX)
        present = load(answerable, log)
        if present is not None and present.size >= mark.size:
            return
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(mark.encode())
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
        os.fsync(directory)
    finally:
        os.close(directory)
