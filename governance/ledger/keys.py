"""The keys that sign for the log: each epoch's for checkpoints, needed only where the sequencer runs, and one for receipts, the same in every process.

Their seeds are files among the secrets or stand in variables; the table ``log_keys`` says which of them count.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from audits.log import receipts
from audits.log.notes import SEED_BYTES, SigningKey
from audits.sentences import sentence
from governance import keyring
from governance.errors import SettingsInvalid, WrongInstallation
from governance.ledger.models import Log

if TYPE_CHECKING:
    from governance.application import Answerable

VARIABLE = "ANSWERABLE_SECRET_LOG"
RECEIPT_VARIABLE = "ANSWERABLE_SECRET_RECEIPT"


def key_file(answerable: Answerable, epoch: int, key_id: str | None = None) -> Path:
    """Return where a key of an epoch is kept, unless the variable holds it: the one it was opened with, or a later one by its id."""
    return _file(answerable, f"log-{epoch}", key_id)


def receipt_file(answerable: Answerable, key_id: str | None = None) -> Path:
    """Return where a key for receipts is kept, unless the variable holds it: the first one, or a later one by its id."""
    return _file(answerable, "receipt", key_id)


def signing_keys(answerable: Answerable, log: Log) -> list[SigningKey]:
    """Return the keys that sign for an epoch now, as far as they are here, oldest first; none where this process must not sequence.

    Raises:
        SettingsInvalid: what should be a key is malformed.
        WrongInstallation: what is here are keys of another log.
    """
    seeds = _seeds(answerable, VARIABLE, f"log-{log.epoch}")
    if not seeds:
        return []
    retired = log.retired_keys
    wanted = [key.encode() for key in log.verifying_keys if key not in retired]
    found = _fitting(log.origin, seeds, wanted)
    if not found:
        raise WrongInstallation(
            sentence(
                "The log key here is not that of %(origin)s. Put back %(file)s, "
                "or the %(variable)s that the log was opened with; where it is lost or was stolen, "
                "`answerable audit new-epoch --reason ...` goes on with a fresh one.",
                origin=log.origin,
                file=str(key_file(answerable, log.epoch)),
                variable=VARIABLE,
            )
        )
    return found


def receipt_keys(answerable: Answerable, origin: str, vkeys: Iterable[str]) -> list[SigningKey]:
    """Return those of the keys for receipts that are here, in the order of ``vkeys``.

    Raises:
        SettingsInvalid: what should be a key is malformed.
    """
    seeds = _seeds(answerable, RECEIPT_VARIABLE, "receipt")
    return _fitting(receipts.key_name(origin), seeds, vkeys)


def make_signing_key(answerable: Answerable, epoch: int, origin: str) -> SigningKey:
    """Return the key for an epoch about to be opened: the variable's newest, or a fresh one in a file of its own.

    A file that an attempt before left behind is used, as it has never signed anything.
    """
    return _made(origin, _seeds(answerable, VARIABLE, f"log-{epoch}"), key_file(answerable, epoch))


def make_receipt_key(answerable: Answerable, origin: str) -> SigningKey:
    """Return the first key for receipts: the variable's newest, or a fresh one in a file of its own."""
    seeds = _seeds(answerable, RECEIPT_VARIABLE, "receipt")
    return _made(receipts.key_name(origin), seeds, receipt_file(answerable))


def make_next(answerable: Answerable, name: str, prefix: str) -> tuple[SigningKey, Path]:
    """Make a further key in a file of its own, beside those that are there, and return it with the file."""
    key = SigningKey(name=name, seed=secrets.token_bytes(SEED_BYTES))
    path = _file(answerable, prefix, key.verifying_key.key_id.hex())
    keyring.write_secret(path, key.seed)
    return key, path


def _file(answerable: Answerable, prefix: str, key_id: str | None) -> Path:
    name = prefix if key_id is None else f"{prefix}-{key_id}"
    return answerable.settings.home / "secrets" / f"{name}.key"


def _made(name: str, seeds: list[bytes], path: Path) -> SigningKey:
    if seeds:
        return SigningKey(name=name, seed=seeds[-1])
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    seed = secrets.token_bytes(SEED_BYTES)
    keyring.write_secret(path, seed)
    return SigningKey(name=name, seed=seed)


def _fitting(name: str, seeds: Iterable[bytes], vkeys: Iterable[str]) -> list[SigningKey]:
    here = {
        key.verifying_key.encode(): key
        for key in (SigningKey(name=name, seed=seed) for seed in seeds)
    }
    return [here[vkey] for vkey in vkeys if vkey in here]


def _seeds(answerable: Answerable, variable: str, prefix: str) -> list[bytes]:
    """Return what the variable holds, several apart by spaces, and what is in files."""
    seeds = [_decoded(text, variable) for text in os.environ.get(variable, "").split()]
    folder = answerable.settings.home / "secrets"
    for path in (folder / f"{prefix}.key", *sorted(folder.glob(f"{prefix}-????????.key"))):
        if path.is_file():
            try:
                seeds.append(keyring.read_secret(path))
            except ValueError as error:
                raise SettingsInvalid([str(error)]) from error
    return seeds


def _decoded(text: str, variable: str) -> bytes:
    try:
        seed = base64.b64decode(text, validate=True)
    except binascii.Error:
        seed = b""
    if len(seed) != SEED_BYTES:
        raise SettingsInvalid(
            [
                sentence(
                    "%(variable)s does not hold a secret: expected 32 bytes in base64, or several apart by spaces.",
                    variable=variable,
                )
            ]
        )
    return seed
