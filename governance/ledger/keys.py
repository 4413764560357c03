"""The key that signs checkpoints: one of its own for each epoch, needed only where the sequencer runs."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from audits.log.notes import SEED_BYTES, SigningKey
from governance import keyring
from governance.errors import SettingsInvalid, WrongInstallation
from governance.ledger.models import Log

if TYPE_CHECKING:
    from governance.application import Answerable

VARIABLE = "ANSWERABLE_SECRET_LOG"


def key_file(answerable: Answerable, epoch: int) -> Path:
    """Return where an epoch's key is kept, unless the variable holds it."""
    return answerable.settings.home / "secrets" / f"log-{epoch}.key"


def signing_key(answerable: Answerable, log: Log) -> SigningKey | None:
    """Return the key of an epoch, or None where this process has none and must not sequence.

    Raises:
        SettingsInvalid: what should be the key is malformed.
        WrongInstallation: it is the key of another log.
    """
    seed = _seed(answerable, log.epoch)
    if seed is None:
        return None
    key = SigningKey(name=log.origin, seed=seed)
    if key.verifying_key.encode() != log.vkey:
        raise WrongInstallation(
            f"The log key here is not that of {log.origin}. Put back {key_file(answerable, log.epoch)}, "
            f"or the {VARIABLE} that the log was opened with; where it is lost or was stolen, "
            "`answerable audit new-epoch --reason ...` goes on with a fresh one."
        )
    return key


def make_signing_key(answerable: Answerable, epoch: int, origin: str) -> SigningKey:
    """Return the key for an epoch about to be opened: the variable's, or a fresh one in a file of its own.

    A file that an attempt before left behind is used, as it has never signed anything.
    """
    seed = _seed(answerable, epoch)
    if seed is None:
        seed = secrets.token_bytes(SEED_BYTES)
        path = key_file(answerable, epoch)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        keyring.write_secret(path, seed)
    return SigningKey(name=origin, seed=seed)


def _seed(answerable: Answerable, epoch: int) -> bytes | None:
    text = os.environ.get(VARIABLE)
    if text:
        try:
            seed = base64.b64decode(text.strip(), validate=True)
        except binascii.Error:
            seed = b""
        if len(seed) != SEED_BYTES:
            raise SettingsInvalid(
                [f"{VARIABLE} does not hold a secret: expected 32 bytes in base64."]
            )
        return seed
    path = key_file(answerable, epoch)
    if not path.is_file():
        return None
    try:
        return keyring.read_secret(path)
    except ValueError as error:
        raise SettingsInvalid([str(error)]) from error
