"""What a witness keeps: its key, and of each log the newest checkpoint that it cosigned.

One file a log, replaced as a whole and on the disk before anything is answered. Who reads and replaces it holds the folder's lock, so any number of
threads and processes may serve one folder.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from audits.log import cosignatures, notes
from audits.log.cosignatures import CosigningKey
from audits.log.notes import SEED_BYTES, Checkpoint, NoteRefused, VerifyingKey
from governance import keyring
from governance.errors import Conflict, InvalidInput, WrongInstallation

_KEY: Final = "witness.key"
_NAME: Final = "witness.name"
_LOGS: Final = "logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A log that is watched: its keys, and the note of the newest checkpoint that was cosigned, None before the first."""

    origin: str
    keys: tuple[VerifyingKey, ...]
    note: str | None = None
    checkpoint: Checkpoint | None = None
    cosigned_at: int | None = None

    @property
    def size(self) -> int:
        """Return the size that was cosigned last, 0 before the first."""
        return 0 if self.checkpoint is None else self.checkpoint.size


class StateDamaged(Exception):
    """What was kept of a log is gone or was changed; nothing of that log is cosigned until somebody has looked."""


def make(folder: Path, name: str) -> CosigningKey:
    """Make a witness's folder; a key that lies there already, and has no name yet, is used.

    Raises:
        Conflict: a witness is there.
        InvalidInput: the name cannot be one.
    """
    if (folder / _NAME).exists():
        raise Conflict(f"There is a witness in {folder} already. Choose another folder.")
    try:
        notes.check_name(name)
    except NoteRefused as refused:
        raise InvalidInput(str(refused)) from None
    (folder / _LOGS).mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (folder / _KEY).exists():
        keyring.write_secret(folder / _KEY, secrets.token_bytes(SEED_BYTES))
    _replace(folder / _NAME, f"{name}\n".encode())
    return key_of(folder)


def key_of(folder: Path) -> CosigningKey:
    """Return the witness's key.

    Raises:
        WrongInstallation: there is no witness, or its key or name cannot be read.
    """
    try:
        name = (folder / _NAME).read_text(encoding="utf-8").rstrip("\n")
        return CosigningKey(name=name, seed=keyring.read_secret(folder / _KEY))
    except FileNotFoundError:
        raise WrongInstallation(
            f"There is no witness in {folder}. `answerable witness init` makes one."
        ) from None
    except ValueError as error:
        raise WrongInstallation(f"The witness in {folder} cannot be used: {error}") from None


def watch(folder: Path, vkey: str) -> Watched:
    """Watch a log from now on, or take a further key of one that is watched.

    Raises:
        InvalidInput: it is no key of a log.
        WrongInstallation: there is no witness, or what it kept of this log was changed.
    """
    key_of(folder)
    try:
        key = VerifyingKey.parse(vkey)
    except NoteRefused as refused:
        raise InvalidInput(f"This is no key of a log: {refused}") from None
    with locked(folder):
        try:
            known = read(folder, key.name)
        except StateDamaged as damaged:
            raise WrongInstallation(str(damaged)) from None
        if known is None:
            watched = Watched(origin=key.name, keys=(key,))
        else:
            watched = replace(known, keys=tuple(dict.fromkeys([*known.keys, key])))
        write(folder, watched)
        if key.name not in _origins(folder):
            with (folder / _LOGS / "origins").open("a", encoding="utf-8") as origins:
                origins.write(f"{key.name}\n")
                origins.flush()
                os.fsync(origins.fileno())
    return watched


def all_watched(folder: Path) -> Iterator[Watched]:
    """Yield each log that is watched.

    Raises:
        StateDamaged: what was kept of one is gone or was changed.
    """
    for origin in _origins(folder):
        watched = read(folder, origin)
        assert watched is not None
        yield watched


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep all others from reading and replacing what is kept."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def read(folder: Path, origin: str) -> Watched | None:
    """Read what is kept of a log, None where it is not watched.

    Raises:
        StateDamaged: it is gone or was changed. To take it as unknown would let a log tell another history.
    """
    try:
        stored = _path(folder, origin).read_bytes()
    except FileNotFoundError:
        if origin in _origins(folder):
            raise StateDamaged(
                f"What was kept of {origin} is gone from {folder}. Put it back from a backup that is not older than the log's newest cosigned checkpoint."
            ) from None
        return None
    try:
        watched = _decode(json.loads(stored), origin)
    except (ValueError, KeyError, TypeError) as error:
        raise StateDamaged(f"What was kept of {origin} in {folder} was changed: {error}") from None
    if watched.note is None:
        return watched
    try:
        return with_note(watched, watched.note, key_of(folder))
    except NoteRefused as refused:
        raise StateDamaged(
            f"What was kept of {origin} in {folder} was changed: {refused}"
        ) from None


def with_note(watched: Watched, note: str, key: CosigningKey) -> Watched:
    """Return what is to be kept of a log after a note was cosigned.

    Raises:
        NoteRefused: it is not signed by the log and by this witness.
    """
    checkpoint = notes.open_checkpoint(note, watched.keys)
    found = cosignatures.check_cosignatures(note, [key.verifying_key])
    if not found or checkpoint.origin != watched.origin:
        raise notes.SignatureMissing("this witness has not cosigned it")
    return replace(watched, note=note, checkpoint=checkpoint, cosigned_at=found[-1].time)


def write(folder: Path, watched: Watched) -> None:
    """Keep something of a log, on the disk when this returns. Hold the lock."""
    document = {
        "origin": watched.origin,
        "keys": [key.encode() for key in watched.keys],
        "note": watched.note,
    }
    _replace(
        _path(folder, watched.origin),
        json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n",
    )


def _decode(document: Any, origin: str) -> Watched:
    if document["origin"] != origin:
        raise ValueError("it is of another log")
    return Watched(
        origin=origin,
        keys=tuple(VerifyingKey.parse(vkey) for vkey in document["keys"]),
        note=document["note"],
    )


def _origins(folder: Path) -> list[str]:
    try:
        text = (folder / _LOGS / "origins").read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    # A line that was not written to its end is of a log that was not watched yet.
    return list(dict.fromkeys(text.split("\n")[:-1]))


def _path(folder: Path, origin: str) -> Path:
    name = base64.b32encode(sha256(origin.encode()).digest()[:20]).decode().lower()
    return folder / _LOGS / f"{name}.json"


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
