"""Backups: all tables as they stood at one instant, and the secrets but the one that opens payloads, in one file.

The file is a gzipped tar of JSON lines, one member a table, with a manifest. It is the same for both databases, so that what was backed up from SQLite can
be restored into PostgreSQL and the other way round. Without the key-encryption key it opens no payload, and no key that signs for the
log is in it.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from audits.log.entries import EntryKind
from governance import keyring, schema
from governance.actors import Actor
from governance.application import Answerable
from governance.clock import Clock, SystemClock, parse_rfc3339, rfc3339, uuid7
from governance.errors import Conflict, InvalidInput, WrongInstallation
from governance.identities.models import SignInLink, SignInSession
from governance.keyring import Keyring
from governance.ledger import epochs, publishing, rotation
from governance.ledger.epochs import EpochView
from governance.permissions import Permission
from governance.records import metadata
from governance.settings import Settings
from governance.storage.base import Instant
from governance.storage.database import Database
from governance.storage.snapshot import snapshot
from governance.work import Work

FORMAT: Final = 1
#: The secret that no backup holds.
_KEPT_OUT: Final = "kek"
_ROWS: Final = 500
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What was written: the rows of each table, and the SHA-256 of the manifest, which names that of each member."""

    file: Path
    digest: str
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was restored. ``epoch`` tells how many entries are gone; ``missing`` says in sentences what is to be seen to."""

    made_at: datetime
    rows: Mapping[str, int]
    epoch: EpochView
    missing: tuple[str, ...]


def back_up(
    answerable: Answerable, actor: Actor, file: Path, *, progress: Progress | None = None
) -> Backup:
    """Write a backup while the service runs, and say so in the log.

    Raises:
        NotAllowed: the actor may not.
        Conflict: the file exists.
        OSError: it cannot be written.
    """
    actor.require(Permission.SETTINGS_MANAGE)
    if file.exists():
        raise Conflict(f"{file} exists. Name another file, so that no backup overwrites one.")
    progress = progress or (lambda *_: None)
    made_at = answerable.clock.now()
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
        rows: dict[str, int] = {}
        members: dict[str, dict[str, Any]] = {}
        with snapshot(answerable.fairness_database) as session:
            connection = session.connection()
            tables = metadata.sorted_tables
            for number, table in enumerate(tables):
                progress("tables", number, len(tables))
                name = f"tables/{table.name}.jsonl"
                rows[str(table.name)], members[name] = _dump(
                    connection, table, Path(folder) / table.name
                )
        secrets = {
            f"secrets/{name}.key": base64.b64encode(getattr(answerable.keyring, name)) + b"\n"
            for name in keyring.SECRETS
            if name != _KEPT_OUT
        }
        for name, content in secrets.items():
            members[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        manifest = orjson.dumps(
            {
                "format": FORMAT,
                "made_at": rfc3339(made_at),
                "origin": answerable.origin,
                "fingerprints": answerable.keyring.fingerprints(),
                "schema": schema.head(),
                "rows": rows,
                "members": members,
            },
            option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS,
        )
        making = Path(folder) / "backup"
        with tarfile.open(making, "w:gz", compresslevel=6) as archive:
            _add(archive, "manifest.json", manifest, made_at)
            for name, content in secrets.items():
                _add(archive, name, content, made_at)
            for table in metadata.sorted_tables:
                archive.add(
                    Path(folder) / table.name, f"tables/{table.name}.jsonl", filter=_plain(made_at)
                )
        making.chmod(0o600)
        with making.open("rb") as written:
            os.fsync(written.fileno())
        try:
            # Unlike a rename, this never replaces what somebody put there meanwhile.
            file.hardlink_to(making)
        except FileExistsError:
            raise Conflict(f"{file} exists. Name another file.") from None
    digest = hashlib.sha256(manifest).hexdigest()
    with answerable.work(actor) as work:
        work.record(
            EntryKind.BACKUP_MADE,
            data={
                "manifest": f"sha256:{digest}",
                "rows": sum(rows.values()),
                "schema": schema.head(),
            },
        )
    return Backup(file=file, digest=digest, rows=rows)


def restore(
    settings: Settings,
    actor: Actor,
    file: Path,
    *,
    kek: bytes | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> Restored:
    """Restore a backup into an empty database, and go on in a new epoch of the log.

    The key-encryption key comes from the argument, the secrets' folder or its variable. Nothing is kept when anything fails, save secrets.

    Raises:
        NotAllowed: the actor may not.
        Conflict: the database is not empty.
        InvalidInput: the file is no backup, or was damaged or altered.
        SettingsInvalid: the key-encryption key is not given.
        WrongInstallation: the secrets here are not those of the backup, or it is of a newer program.
    """
    actor.require(Permission.SETTINGS_MANAGE)
    progress = progress or (lambda *_: None)
    try:
        with tarfile.open(file, "r:gz") as archive:
            manifest = _manifest(archive)
            ring = _secrets(settings, archive, manifest, kek)
            return _restore(
                settings, actor, archive, manifest, ring, clock or SystemClock(), progress
            )
    except (tarfile.TarError, EOFError, OSError) as error:
        if (
            isinstance(error, OSError)
            and not isinstance(error, tarfile.TarError)
            and error.errno is not None
        ):
            raise
        raise InvalidInput(f"{file} is no backup, or was cut short: {error}") from error


def _restore(
    settings: Settings,
    actor: Actor,
    archive: tarfile.TarFile,
    manifest: dict[str, Any],
    ring: Keyring,
    clock: Clock,
    progress: Progress,
) -> Restored:
    database = Database(settings.database)
    answerable = Answerable(
        settings, ring, database, clock=clock, new_id=uuid7, origin=manifest["origin"]
    )
    try:
        _require_empty(database)
        try:
            schema.upgrade(database, manifest["schema"])
            _fill(database, archive, manifest, progress)
            schema.upgrade(database)
            with answerable.work(actor) as work:
                epoch = _go_on(work, manifest)
            if epoch.previous_closed:
                publishing.publish(answerable, epoch=epoch.epoch - 1)
        except BaseException:
            _empty(database)
            raise
    finally:
        answerable.close()
    return Restored(
        made_at=parse_rfc3339(manifest["made_at"]),
        rows=manifest["rows"],
        epoch=epoch,
        missing=_missing(settings, epoch.lost),
    )


def _go_on(work: Work, manifest: dict[str, Any]) -> EpochView:
    """Open a new epoch of the log, and say what was restored and how many entries are gone."""
    # What was decided by the rows before does not hold for these.
    work.configuration_changed()
    # Sign-ins and one-time links may have ended after the backup was made: nobody comes in by one again.
    work.session.execute(sa.delete(SignInSession))
    work.session.execute(sa.delete(SignInLink))
    epoch = epochs.new_epoch(work, reason=f"The backup of {manifest['made_at']} was restored.")
    rotation.renew_lost_receipt_key(work)
    work.record(
        EntryKind.BACKUP_RESTORED,
        data={
            "made_at": manifest["made_at"],
            "schema": manifest["schema"],
            "rows": sum(manifest["rows"].values()),
            "lost": epoch.lost,
        },
    )
    return epoch


# ---------------------------------------------------------------------------------------- writing


def _dump(connection: Connection, table: sa.Table, path: Path) -> tuple[int, dict[str, Any]]:
    """Write a table as JSON lines, the first of which names its columns."""
    digest, count = hashlib.sha256(), 0
    columns = list(table.columns)
    writers = [_writer(column) for column in columns]
    with path.open("wb") as out:

        def write(document: Any) -> None:
            line = orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
            digest.update(line)
            out.write(line)

        write([column.name for column in columns])
        result = connection.execution_options(yield_per=_ROWS).execute(
            sa.select(table).order_by(*table.primary_key.columns)
        )
        for row in result:
            write([to_json(value) for to_json, value in zip(writers, row, strict=True)])
            count += 1
    return count, {"sha256": digest.hexdigest(), "bytes": path.stat().st_size}


def _writer(column: sa.Column[Any]) -> Callable[[Any], Any]:
    if isinstance(column.type, sa.LargeBinary):
        return lambda value: None if value is None else base64.b64encode(value).decode()
    if isinstance(column.type, Instant):
        return lambda value: None if value is None else rfc3339(value)
    return lambda value: value


def _add(archive: tarfile.TarFile, name: str, content: bytes, made_at: datetime) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(content), 0o600, int(made_at.timestamp())
    archive.addfile(member, io.BytesIO(content))


def _plain(made_at: datetime) -> Callable[[tarfile.TarInfo], tarfile.TarInfo]:
    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mode, member.mtime = 0o600, int(made_at.timestamp())
        return member

    return plain


# -------------------------------------------------------------------------------------- restoring


def _manifest(archive: tarfile.TarFile) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = orjson.loads(_open(archive, "manifest.json").read())
        kind = manifest["format"]
    except (KeyError, TypeError, orjson.JSONDecodeError) as error:
        raise InvalidInput("The file is no backup of Answerable: it has no manifest.") from error
    if kind != FORMAT:
        raise WrongInstallation(
            f"The backup has format {kind}, this program knows {FORMAT}. Restore it with the program that is as new as it is."
        )
    if not schema.is_known(manifest["schema"]):
        raise WrongInstallation(
            f"The backup has schema {manifest['schema']}, which this program does not know. Use the newest program."
        )
    return manifest


def _open(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        member = archive.extractfile(name)
    except KeyError:
        member = None
    if member is None:
        raise InvalidInput(f"The backup lacks {name}. It was cut short or altered; take another.")
    return member


def _secrets(
    settings: Settings, archive: tarfile.TarFile, manifest: dict[str, Any], kek: bytes | None
) -> Keyring:
    """Put the backup's secrets where they are looked for, unless some are there, and return all of them.

    Raises:
        WrongInstallation: one that is given or there is not of this backup's installation.
        SettingsInvalid: the key-encryption key is not to be found.
    """
    folder = settings.home / "secrets"
    given = {} if kek is None else {_KEPT_OUT: kek}
    for name in keyring.SECRETS:
        if name != _KEPT_OUT:
            member = f"secrets/{name}.key"
            content = _open(archive, member).read()
            if hashlib.sha256(content).hexdigest() != _expected(manifest, member):
                raise InvalidInput(f"{member} in the backup was altered; take another backup.")
            given[name] = base64.b64decode(content)
    fingerprints: dict[str, str] = manifest["fingerprints"]
    for name, secret in given.items():
        if keyring.fingerprint(name, secret) != fingerprints[name]:
            raise WrongInstallation(
                f"The secret {name} is not the one of the installation that was backed up. Give the right one."
            )
    for private in (settings.home, folder):
        private.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, secret in given.items():
        variable = os.environ.get(f"ANSWERABLE_SECRET_{name.upper()}")
        if not variable and not (folder / f"{name}.key").exists():
            keyring.write_secret(folder / f"{name}.key", secret)
    ring = keyring.load(folder)
    ring.check(fingerprints)
    return ring


def _expected(manifest: dict[str, Any], name: str) -> str:
    try:
        return str(manifest["members"][name]["sha256"])
    except KeyError:
        raise InvalidInput(f"The backup's manifest does not name {name}; take another.") from None


def _require_empty(database: Database) -> None:
    if database.file is not None:
        database.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with database.engine.connect() as connection:
        found = sa.inspect(connection).get_table_names()
    if found:
        advice = (
            f"Stop the service and move {database.file} (and the files beside it that begin alike) away"
            if database.is_sqlite
            else "Create an empty database and name it in database_url"
        )
        raise Conflict(
            f"The database is not empty, and nothing is overwritten. {advice}, then restore again."
        )


def _fill(
    database: Database, archive: tarfile.TarFile, manifest: dict[str, Any], progress: Progress
) -> None:
    """Insert every row, all in one transaction."""
    names = [str(table.name) for table in metadata.sorted_tables if table.name in manifest["rows"]]
    unknown = sorted(set(manifest["rows"]) - set(names))
    if unknown:
        raise WrongInstallation(
            f"The backup has tables that this program does not know: {', '.join(unknown)}. Use the newest program."
        )
    with database.write() as session:
        connection = session.connection()
        for number, name in enumerate(names):
            progress("tables", number, len(names))
            member = f"tables/{name}.jsonl"
            lines = _lines(_open(archive, member), member, _expected(manifest, member))
            count = _insert(connection, metadata.tables[name], lines)
            if count != manifest["rows"][name]:
                raise InvalidInput(
                    f"The backup has {count} rows of {name}, its manifest says {manifest['rows'][name]}."
                )


def _lines(member: IO[bytes], name: str, expected: str) -> Iterator[Any]:
    digest = hashlib.sha256()
    for line in member:
        digest.update(line)
        yield orjson.loads(line)
    if digest.hexdigest() != expected:
        raise InvalidInput(f"{name} in the backup was altered or damaged; take another backup.")


def _insert(connection: Connection, table: sa.Table, lines: Iterator[Any]) -> int:
    columns = next(lines)
    readers = [(name, _reader(table.columns[name])) for name in columns]
    statement, count = sa.insert(table), 0
    batch: list[dict[str, Any]] = []
    for line in lines:
        batch.append({name: read(value) for (name, read), value in zip(readers, line, strict=True)})
        count += 1
        if len(batch) == _ROWS:
            connection.execute(statement, batch)
            batch = []
    if batch:
        connection.execute(statement, batch)
    return count


def _reader(column: sa.Column[Any]) -> Callable[[Any], Any]:
    if isinstance(column.type, sa.LargeBinary):
        return lambda value: None if value is None else base64.b64decode(value)
    if isinstance(column.type, Instant):
        return lambda value: None if value is None else parse_rfc3339(value)
    return lambda value: value


def _empty(database: Database) -> None:
    """Leave the database as empty as it was found."""
    if database.file is not None:
        database.dispose()
        for tail in ("", "-wal", "-shm"):
            database.file.with_name(database.file.name + tail).unlink(missing_ok=True)
        return
    # Where even this fails, the error that led here says more.
    with contextlib.suppress(sa.exc.SQLAlchemyError), database.write() as session:
        connection = session.connection()
        metadata.drop_all(connection)
        session.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
        session.execute(sa.text("DROP FUNCTION IF EXISTS refuse_change()"))


def _missing(settings: Settings, lost: int | None) -> tuple[str, ...]:
    sentences = []
    if lost:
        sentences.append(
            f"{lost} entries that were signed after the backup are not here, and what they tell of is gone. "
            "Apps may send those requests again with the same idempotency keys."
        )
    elif lost is None:
        sentences.append(
            "No high-water file of the log was found, so what was recorded after the backup is not known. "
            "Apps may send their last requests again with the same idempotency keys."
        )
    if not (settings.home / "answerable.toml").exists():
        sentences.append(
            f"{settings.home / 'answerable.toml'} is not there, and no backup holds it: set public_url and the mail server again."
        )
    sentences.append(
        "The log goes on in a new epoch under a fresh key; give its verifying key to whoever checks the log. "
        "Receipts too are signed with another key where none of the former is here."
    )
    return tuple(sentences)
