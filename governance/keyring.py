"""The installation's secrets: files in the home folder, or ``ANSWERABLE_SECRET_*`` variables; the same in every process."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from governance.errors import SettingsInvalid, WrongInstallation

#: name -> what it is for. ``kek`` encrypts subjects' keys; ``lookup`` finds a subject by reference; ``session`` signs cookies.
SECRETS = {
    "kek": "encrypts the keys of subjects; without it no payload can be read",
    "lookup": "finds a subject by reference without storing the reference",
    "session": "signs cookies",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The secrets, each 32 bytes."""

    kek: bytes
    lookup: bytes
    session: bytes

    @property
    def kek_id(self) -> str:
        """Return which key-encryption key this is, as rows name it."""
        return fingerprint("kek", self.kek)[:16]

    def wrap(self, key_id: str, secret: bytes) -> bytes:
        """Encrypt a subject's key under the key-encryption key, bound to its id."""
        nonce = os.urandom(12)
        return nonce + AESGCM(self.kek).encrypt(nonce, secret, key_id.encode())

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Decrypt a subject's key.

        Raises:
            cryptography.exceptions.InvalidTag: it was not wrapped under this key-encryption key for this id.
        """
        return AESGCM(self.kek).decrypt(wrapped[:12], wrapped[12:], key_id.encode())

    def tag(self, purpose: str, text: str) -> str:
        """Return the hex HMAC under the lookup secret with which a text is found again without being stored."""
        return hmac.new(
            self.lookup, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), hashlib.sha256
        ).hexdigest()

    def draw(self, purpose: str, record_id: str) -> float:
        """Draw a number from 0 to 1 (exclusive) for a record: always the same, and known to nobody without the lookup secret.

        The log commits to that secret when it begins, and ids are ours, so nobody can steer what is drawn.
        """
        drawn = hmac.digest(self.lookup, f"sampling\0{purpose}\0{record_id}".encode(), "sha256")
        return int.from_bytes(drawn[:7]) / (1 << 56)

    def fingerprints(self) -> dict[str, str]:
        """Return what the database keeps to notice a process with other secrets."""
        return {name: fingerprint(name, getattr(self, name)) for name in SECRETS}

    def check(self, expected: Mapping[str, str]) -> None:
        """Raise unless these are the secrets the database was made with.

        Raises:
            WrongInstallation: one differs.
        """
        wrong = sorted(
            name for name, value in self.fingerprints().items() if expected.get(name) != value
        )
        if wrong:
            raise WrongInstallation(
                f"The secrets {', '.join(wrong)} are not those this database was made with. "
                "Give this process the same secrets folder or ANSWERABLE_SECRET_* variables as the others, then start it again."
            )


def fingerprint(name: str, secret: bytes) -> str:
    """Return a hex digest that names a secret without telling it."""
    return hashlib.sha256(b"answerable secret " + name.encode() + b"\0" + secret).hexdigest()


def create(folder: Path) -> Keyring:
    """Make fresh secrets as files that only their owner can read. Files that exist are kept."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in SECRETS:
        path = folder / f"{name}.key"
        if not path.exists():
            write_secret(path, secrets.token_bytes(32))
    return load(folder)


def write_secret(path: Path, secret: bytes) -> None:
    """Write a secret as base64 text that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(secret).decode() + "\n")


def read_secret(path: Path) -> bytes:
    """Read a secret that ``write_secret`` wrote."""
    return _decoded(path.read_text(), str(path))


def load(folder: Path, environment: Mapping[str, str] | None = None) -> Keyring:
    """Read the secrets.

    Raises:
        SettingsInvalid: some are missing or malformed; all are listed.
    """
    environment = os.environ if environment is None else environment
    found: dict[str, bytes] = {}
    problems: list[str] = []
    for name in SECRETS:
        variable, path = f"ANSWERABLE_SECRET_{name.upper()}", folder / f"{name}.key"
        try:
            if environment.get(variable):
                found[name] = _decoded(environment[variable], variable)
            elif path.is_file():
                found[name] = read_secret(path)
            else:
                problems.append(
                    f"The secret {name} is missing: expected the file {path} or the variable {variable}."
                )
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise SettingsInvalid(
            [*problems, "`answerable init` makes secrets for a new installation."]
        )
    return Keyring(**found)


def _decoded(text: str, where: str) -> bytes:
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != 32:
        raise ValueError(f"{where} does not hold a secret: expected 32 bytes in base64.")
    return secret
