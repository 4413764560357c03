"""The installation's secrets: files in the home folder, or ``ANSWERABLE_SECRET_*`` variables; the same in every process."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audits.sentences import sentence
from governance.errors import SettingsInvalid, WrongInstallation
from governance.primitives import mac

#: name -> what it is for. ``kek`` encrypts subjects' keys; ``lookup`` finds a subject by reference; ``session`` signs cookies.
SECRETS = {
    "kek": "encrypts the keys of subjects; without it no payload can be read",
    "lookup": "finds a subject by reference without storing the reference",
    "session": "signs cookies",
}


@dataclass(slots=True, kw_only=True)
class Keyring:
    """The secrets, each 32 bytes.

    ``kek`` is the key-encryption key in use; ``others`` are those that were in use before, or will be. ``reread`` returns all that are kept where
    secrets are, as another process may have changed that; ``files`` is the folder they lie in, None where a variable holds the key in use.
    """

    kek: bytes
    lookup: bytes
    session: bytes
    others: tuple[bytes, ...] = ()
    reread: Callable[[], Sequence[bytes]] = field(default=tuple, compare=False, repr=False)
    files: Path | None = field(default=None, compare=False, repr=False)

    @property
    def kek_id(self) -> str:
        """Return which key-encryption key is in use, as rows name it."""
        return kek_id(self.kek)

    @property
    def held(self) -> dict[str, bytes]:
        """Return every key-encryption key that is held, by its id; the one in use comes first."""
        return {kek_id(key): key for key in (self.kek, *self.others)}

    def adopt(self, in_use: str) -> None:
        """Use the key-encryption key of this fingerprint from now on, and hold what is kept where secrets are.

        Raises:
            WrongInstallation: it is not kept there.
        """
        now = tuple(self.reread()) or (self.kek, *self.others)
        kept = {fingerprint("kek", key): key for key in now}
        if in_use not in kept:
            raise WrongInstallation(
                sentence(
                    "The keys of subjects are encrypted under the key-encryption key %(kek)s, which this process does not have. "
                    "Give it the file among the secrets or ANSWERABLE_SECRET_KEK that the other processes have, then start it again.",
                    kek=in_use[:16],
                )
            )
        self.kek = kept.pop(in_use)
        self.others = tuple(kept.values())

    def wrap(self, key_id: str, secret: bytes) -> bytes:
        """Encrypt a subject's key under the key-encryption key in use, bound to its id."""
        nonce = os.urandom(12)
        return nonce + AESGCM(self.kek).encrypt(nonce, secret, key_id.encode())

    def unwrap(self, key_id: str, wrapped: bytes) -> bytes:
        """Decrypt a subject's key, under whichever key-encryption key is held or was put where secrets are meanwhile.

        Raises:
            cryptography.exceptions.InvalidTag: it was not wrapped under one of them for this id.
        """
        tried = set()
        for key in (self.kek, *self.others):
            tried.add(key)
            with suppress(InvalidTag):
                return _unwrapped(key, key_id, wrapped)
        for key in self.reread():
            if key not in tried:
                secret = _unwrapped(key, key_id, wrapped)
                self.others = (*self.others, key)
                return secret
        raise InvalidTag

    def rewrap(self, key_id: str, wrapped: bytes) -> bytes | None:
        """Return a subject's key encrypted under the key in use, None where it is already.

        Raises:
            cryptography.exceptions.InvalidTag: no key that is held opens it.
        """
        with suppress(InvalidTag):
            _unwrapped(self.kek, key_id, wrapped)
            return None
        return self.wrap(key_id, self.unwrap(key_id, wrapped))

    def tag(self, purpose: str, text: str) -> str:
        """Return the hex HMAC under the lookup secret with which a text is found again without being stored."""
        said = f"{purpose}\0{text}".encode("utf-8", "surrogatepass")
        return mac(self.lookup, said).hex()

    def draw(self, purpose: str, record_id: str) -> float:
        """Draw a number from 0 to 1 (exclusive) for a record: always the same, and known to nobody without the lookup secret.

        The log commits to that secret when it begins, and ids are ours, so nobody can steer what is drawn.
        """
        drawn = mac(self.lookup, f"sampling\0{purpose}\0{record_id}".encode())
        return int.from_bytes(drawn[:7]) / (1 << 56)

    def fingerprints(self) -> dict[str, str]:
        """Return what the database keeps to notice a process with other secrets."""
        return {name: fingerprint(name, getattr(self, name)) for name in SECRETS}

    def check(self, expected: Mapping[str, str]) -> None:
        """Raise unless these are the secrets the database was made with.

        Raises:
            WrongInstallation: one differs.
        """
        with suppress(WrongInstallation, KeyError):
            self.adopt(expected["kek"])
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


def kek_id(key: bytes) -> str:
    """Name a key-encryption key as rows do."""
    return fingerprint("kek", key)[:16]


def _unwrapped(key: bytes, key_id: str, wrapped: bytes) -> bytes:
    return AESGCM(key).decrypt(wrapped[:12], wrapped[12:], key_id.encode())


def opens(key: bytes, key_id: str, wrapped: bytes) -> bool:
    """Tell whether a subject's key was encrypted under this key-encryption key."""
    with suppress(InvalidTag):
        _unwrapped(key, key_id, wrapped)
        return True
    return False


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
        file.write(encoded(secret) + "\n")
        file.flush()
        os.fsync(file.fileno())


def encoded(secret: bytes) -> str:
    """Return a secret as files and variables hold it."""
    return base64.b64encode(secret).decode()


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
    try:
        others = _other_keks(folder, environment)
    except ValueError as error:
        problems.append(str(error))
    if problems:
        raise SettingsInvalid(
            [*problems, "`answerable init` makes secrets for a new installation."]
        )
    in_variable = environment.get("ANSWERABLE_SECRET_KEK")
    return Keyring(
        **found,
        others=tuple(key for key in others if key != found["kek"]),
        reread=lambda: _keks(folder, environment),
        files=None if in_variable else folder,
    )


def other_kek_path(folder: Path, key: bytes) -> Path:
    """Return where a key-encryption key lies that is not, or not yet, the one in use."""
    return folder / f"kek-{kek_id(key)}.key"


def _keks(folder: Path, environment: Mapping[str, str]) -> list[bytes]:
    """Read every key-encryption key that is kept now; what cannot be read is as if it were not there."""
    found: list[bytes] = []
    with suppress(OSError, ValueError):
        given = environment.get("ANSWERABLE_SECRET_KEK")
        found.append(
            _decoded(given, "ANSWERABLE_SECRET_KEK") if given else read_secret(folder / "kek.key")
        )
    with suppress(OSError, ValueError):
        found += _other_keks(folder, environment)
    return list(dict.fromkeys(found))


def _other_keks(folder: Path, environment: Mapping[str, str]) -> list[bytes]:
    variable = "ANSWERABLE_SECRET_KEK_PREVIOUS"
    given = environment.get(variable, "").replace(",", " ").split()
    files = sorted(folder.glob("kek-*.key"))
    return [*(_decoded(one, variable) for one in given), *map(read_secret, files)]


def _decoded(text: str, where: str) -> bytes:
    try:
        secret = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        secret = b""
    if len(secret) != 32:
        raise ValueError(f"{where} does not hold a secret: expected 32 bytes in base64.")
    return secret
