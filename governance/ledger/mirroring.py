"""A copy of the log as static files, which any web server gives out and nobody needs the database for.

Each epoch lies in a folder of its own; the names at the top lead to the current one's. A checkpoint is put in its place after everything that
it covers, so that whoever reads it finds the rest, whenever the writing ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy.orm import Session

from audits.log.bundles import bundle_path
from audits.log.notes import Checkpoint, NoteRefused, open_checkpoint
from audits.log.tiles import HEIGHT, WIDTH, TileMissing, root_of, tile_path
from audits.sentences import sentence
from governance.errors import Conflict
from governance.ledger import files, queries
from governance.ledger.models import Log
from governance.storage.snapshot import snapshot

if TYPE_CHECKING:
    from governance.application import Answerable

Progress = Callable[[str, int, int], None]
_AT_THE_TOP: Final = ("tile", files.VKEY, files.CHECKPOINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirrored:
    """What a copy holds now, and how many files were written for it."""

    epoch: int
    size: int
    written: int


def mirror(
    answerable: Answerable,
    folder: Path,
    *,
    entries: bool = False,
    progress: Progress = lambda *_: None,
) -> Mirrored:
    """Bring a folder up to the newest signed checkpoints; ``entries`` puts the entries there too, for who may read them.

    Raises:
        Conflict: the folder holds another log, or one that this is not the continuation of; or the stored tree is damaged.
        OSError: a file cannot be written; what is there is a whole log all the same.
    """
    written = 0
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder), snapshot(answerable.database) as session:
        logs = queries.epochs(session)
        try:
            for log in logs:
                written += _epoch(session, log, folder, progress, entries=entries)
        except TileMissing as damaged:
            raise Conflict(damaged.said) from damaged
        current = logs[-1]
        signed = queries.published_checkpoint(session, current.epoch)
        if signed is not None:
            _lead(folder, current.epoch)
    return Mirrored(epoch=current.epoch, size=0 if signed is None else signed.size, written=written)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a command and background work from writing the same files at once."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _epoch(session: Session, log: Log, top: Path, progress: Progress, *, entries: bool) -> int:
    signed = queries.published_checkpoint(session, log.epoch)
    if signed is None:
        return 0
    folder = top / files.epoch_folder(log.epoch)
    filling = files.Folder(folder)
    before = _before(folder, log)
    _hold_against(session, log, before, signed.size, folder)
    old, size, written = 0 if before is None else before.size, signed.size, 0
    # Whether entries are wanted may have changed, so where they are is looked at by itself.
    lacking = old if entries and _has(folder, old) else 0
    note = queries.note_of(session, signed).encode()
    if old == size and not (entries and lacking < size):
        if (folder / files.CHECKPOINT).read_bytes() == note:
            return 0
        # Witnesses wrote below it since.
        filling.put(files.CHECKPOINT, note)
        filling.sync()
        return 1
    for path, content in files.hash_tiles(session, log.epoch, size, since=old):
        filling.put(path, content)
        written += 1
    if entries:
        start = max(lacking // WIDTH * WIDTH, log.min_index)
        for first, path, bundle in files.bundles(session, log, start, size):
            progress(f"Entries of epoch {log.epoch}", first - start, size - start)
            if bundle is not None:
                filling.put(path, bundle)
                written += 1
    filling.put(files.VKEY, files.vkeys(log))
    filling.sync()
    filling.put(files.CHECKPOINT, note)
    filling.sync()
    _drop_partial(folder, old, size)
    return written + 2


def _before(folder: Path, log: Log) -> Checkpoint | None:
    path = folder / files.CHECKPOINT
    if not path.exists():
        return None
    try:
        return open_checkpoint(path.read_text(encoding="utf-8"), log.verifying_keys)
    except (NoteRefused, UnicodeDecodeError) as refused:
        raise Conflict(
            sentence(
                "%(path)s is no checkpoint of %(origin)s. Give a folder that is empty or holds a copy of this log.",
                path=str(path),
                origin=log.origin,
            )
        ) from refused


def _hold_against(
    session: Session, log: Log, before: Checkpoint | None, size: int, folder: Path
) -> None:
    if before is None:
        return
    if before.size <= size:
        root = root_of(before.size, queries.tile_reader(session, log.epoch))
        if before.origin == log.origin and root == before.root:
            return
    raise Conflict(
        sentence(
            "%(folder)s holds a signed checkpoint of size %(signed)s that this log of size %(size)s does not continue. The log was put back or changed: "
            "run `answerable audit verify`, and leave the folder as it is, as it may be the evidence.",
            folder=str(folder),
            signed=before.size,
            size=size,
        )
    )


def _has(folder: Path, size: int) -> bool:
    """Tell whether a copy of a size has its entries too."""
    index, width = (size - 1) // WIDTH, (size - 1) % WIDTH + 1
    return size > 0 and (folder / bundle_path(index, width)).exists()


def _drop_partial(folder: Path, old: int, size: int) -> None:
    """Drop partial tiles whose full ones are there now, as C2SP tlog-tiles allows."""
    level = 0
    while old >> (HEIGHT * level):
        index, width = divmod(old >> (HEIGHT * level), WIDTH)
        if width and size >> (HEIGHT * level) >= (index + 1) * WIDTH:
            shutil.rmtree(folder / f"{tile_path(level, index)}.p", ignore_errors=True)
            if level == 0:
                shutil.rmtree(folder / f"{bundle_path(index)}.p", ignore_errors=True)
        level += 1


def _lead(top: Path, epoch: int) -> None:
    """Let the names at the top lead to an epoch; while they change there is no checkpoint, so that nobody mixes two."""
    wanted = {name: f"{files.epoch_folder(epoch)}{name}" for name in _AT_THE_TOP}
    for name in wanted:
        if (top / name).exists() and not (top / name).is_symlink():
            raise Conflict(
                sentence(
                    "%(path)s is there already and no copy of the log. Give a folder that is empty or holds one.",
                    path=str(top / name),
                )
            )
    there = {name: (top / name).readlink() for name in wanted if (top / name).is_symlink()}
    if there == {name: Path(target) for name, target in wanted.items()}:
        return
    (top / files.CHECKPOINT).unlink(missing_ok=True)
    leading = files.Folder(top)
    for name, target in wanted.items():
        leading.lead(name, target)
        leading.sync()
