"""Laying checkpoints down outside, where whoever controls this installation cannot change them later.

A file on storage that keeps what was written, a git repository, an RFC 3161 authority. Each anchor is of the note as it was given out at that moment, is
kept with what came back, and is an entry of the log. It runs apart: what fails is told on the status page, and keeps neither decisions nor signing waiting.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log import timestamps
from audits.log.entries import EntryKind
from audits.sentences import Sentence, sentence, together
from governance.actors import service
from governance.clock import rfc3339
from governance.errors import Failed
from governance.ledger import posting, queries
from governance.ledger.models import Log, StoredAnchor
from governance.ledger.posting import PostingFailed
from governance.settings import Settings

if TYPE_CHECKING:
    from governance.application import Answerable

FILE: Final = "file"
GIT: Final = "git"
RFC3161: Final = "rfc3161"
SECONDS: Final = 20.0
_GIT_SECONDS: Final = 60.0


class AnchorsFailed(Failed):
    """Some anchors could not be made; it says which and why, each in a sentence."""


class _NotMade(Failed):
    """An anchor could not be made; it says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Laid:
    """What came of laying a checkpoint down: what it is found by, and a token that proves it."""

    reference: str
    token: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorView:
    """One anchor."""

    method: str
    epoch: int
    size: int
    place: str
    reference: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorFile:
    """A file of an export that tells of an anchor: its name below ``anchors/``, and its bytes."""

    name: str
    content: bytes


def methods(settings: Settings) -> dict[str, str]:
    """Return the methods that the settings ask for, each with its place."""
    address = settings.anchor_timestamp_url
    url = None if address is None else urlsplit(address)
    wanted = {
        FILE: settings.anchor_file,
        GIT: settings.anchor_git,
        RFC3161: None
        if url is None
        else url._replace(netloc=url.netloc.rpartition("@")[2]).geturl(),
    }
    return {method: str(place)[:500] for method, place in wanted.items() if place is not None}


def run(answerable: Answerable) -> int:
    """Lay the newest checkpoint down wherever that is due; return at how many places.

    Raises:
        AnchorsFailed: some could not be made; the others were.
    """
    count, faults = 0, list[Sentence]()
    for method, place in methods(answerable.settings).items():
        due = _due(answerable, method, place)
        if due is None:
            continue
        log, size, note = due
        try:
            laid = _METHODS[method](answerable, log, size, note)
        except _NotMade as error:
            faults.append(_FAULTS[method](error.said))
        else:
            _keep(answerable, log, size, note, method, place, laid)
            count += 1
    if faults:
        raise AnchorsFailed(together(*faults))
    return count


def newest(session: Session) -> list[AnchorView]:
    """Return the newest anchor of each method and place, for the pages."""
    latest = (
        sa.select(
            StoredAnchor.method,
            StoredAnchor.place,
            sa.func.max(StoredAnchor.made_at).label("made_at"),
        )
        .group_by(StoredAnchor.method, StoredAnchor.place)
        .subquery()
    )
    rows = session.execute(
        sa.select(StoredAnchor)
        .join(
            latest,
            sa.and_(
                StoredAnchor.method == latest.c.method,
                StoredAnchor.place == latest.c.place,
                StoredAnchor.made_at == latest.c.made_at,
            ),
        )
        .order_by(StoredAnchor.method, StoredAnchor.place)
    ).scalars()
    return [
        AnchorView(
            method=row.method,
            epoch=row.epoch,
            size=row.size,
            place=row.place,
            reference=row.reference,
            made_at=row.made_at,
        )
        for row in rows
    ]


def export_files(session: Session, epoch: int, *, most: int | None = None) -> Iterator[AnchorFile]:
    """Yield what an export holds of an epoch's anchors up to a size of the log, smallest size first.

    Each anchor gives ``<size>-<method>.json``, which holds the very note that was laid down; a time stamp also gives ``<size>-rfc3161.tsr`` (the
    authority's answer as it came) and ``<size>-rfc3161.note``, whose bytes it is over.
    """
    query = (
        sa.select(StoredAnchor)
        .where(StoredAnchor.epoch == epoch)
        .order_by(StoredAnchor.size, StoredAnchor.made_at)
    )
    if most is not None:
        query = query.where(StoredAnchor.size <= most)
    taken: set[str] = set()
    for row in session.execute(query.execution_options(yield_per=100)).scalars():
        stem = name = f"{row.size:012d}-{row.method}"
        number = 1
        while name in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(name)
        document: dict[str, Any] = {
            "method": row.method,
            "size": row.size,
            "root": _root_of(row.note),
            "made_at": rfc3339(row.made_at),
            "where": row.place,
            "reference": row.reference,
            "note": row.note,
        }
        yield AnchorFile(
            name=f"{name}.json",
            content=json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True).encode()
            + b"\n",
        )
        if row.token is not None:
            yield AnchorFile(name=f"{name}.tsr", content=row.token)
            yield AnchorFile(name=f"{name}.note", content=row.note.encode())


def _due(answerable: Answerable, method: str, place: str) -> tuple[Log, int, str] | None:
    """Return what is to be laid down now: the newest published checkpoint, if a new hour or day has begun and it is another one."""
    now = answerable.clock.now()
    with answerable.database.read() as session:
        log = queries.current(session)
        found = queries.published_checkpoint(session, log.epoch)
        if found is None:
            return None
        last = session.execute(
            sa.select(StoredAnchor)
            .where(StoredAnchor.method == method, StoredAnchor.place == place)
            .order_by(StoredAnchor.made_at.desc())
            .limit(1)
        ).scalar_one_or_none()
        if last is not None:
            same = (last.epoch, last.size) == (found.epoch, found.size)
            if same or _period(answerable, last.made_at) >= _period(answerable, now):
                return None
        return log, found.size, queries.note_of(session, found)


def _period(answerable: Answerable, instant: datetime) -> datetime:
    hour = instant.replace(minute=0, second=0, microsecond=0)
    return hour if answerable.settings.anchor_every == "hourly" else hour.replace(hour=0)


def _keep(
    answerable: Answerable, log: Log, size: int, note: str, method: str, place: str, laid: _Laid
) -> None:
    with answerable.work(service("anchors")) as work:
        work.session.add(
            StoredAnchor(
                id=work.new_id(),
                epoch=log.epoch,
                size=size,
                method=method,
                place=place,
                reference=laid.reference,
                note=note,
                token=laid.token,
                made_at=work.now,
            )
        )
        work.record(
            EntryKind.ANCHOR_MADE,
            data={
                "method": method,
                "origin": log.origin,
                "size": size,
                "root": _root_of(note),
                "note": sha256(note.encode()).hexdigest(),
                "reference": laid.reference,
            },
        )


def _root_of(note: str) -> str:
    return note.split("\n", 3)[2]


# --------------------------------------------------------------------------------------- methods


def _to_file(answerable: Answerable, log: Log, size: int, note: str) -> _Laid:
    path = answerable.settings.anchor_file
    assert path is not None
    document = {
        "made_at": rfc3339(answerable.clock.now()),
        "origin": log.origin,
        "size": size,
        "root": _root_of(note),
        "note": note,
    }
    line = json.dumps(document, ensure_ascii=False).encode() + b"\n"
    try:
        # Nothing but appending is asked of the storage, so that a file that takes nothing else will do.
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            if os.write(descriptor, line) != len(line):
                raise _NotMade(sentence("%(path)s took only a part of a line.", path=str(path)))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _NotMade(_not_written(path, error)) from None
    return _Laid(reference=f"sha256:{sha256(line).hexdigest()}")


def _to_git(answerable: Answerable, log: Log, size: int, note: str) -> _Laid:
    folder = answerable.settings.anchor_git
    assert folder is not None
    name = f"checkpoint-{log.epoch}"
    if _git(folder, "rev-parse", "--is-inside-work-tree") != "true":
        raise _NotMade(
            sentence(
                "%(folder)s is no folder of a git repository. `git init %(folder)s` makes one.",
                folder=str(folder),
            )
        )
    try:
        (folder / name).write_text(note, encoding="utf-8")
    except OSError as error:
        raise _NotMade(_not_written(folder / name, error)) from None
    _git(folder, "add", "--", name)
    # A commit that was made before a crash is found again rather than made twice.
    if _git(folder, "status", "--porcelain", "--", name):
        message = f"Checkpoint of {log.origin}: {size} entries\n\nRoot: {_root_of(note)}\n"
        _git(folder, "commit", "--quiet", "-m", message, "--", name)
    return _Laid(reference=_git(folder, "rev-list", "-1", "HEAD", "--", name))


def _git(folder: Path, *arguments: str) -> str:
    # The commit is the service's; it names nobody, whoever it runs as.
    who = {
        f"GIT_{role}_{field}": said
        for role in ("AUTHOR", "COMMITTER")
        for field, said in (("NAME", "Answerable"), ("EMAIL", "answerable@localhost"))
    }
    inherited = {name: said for name, said in os.environ.items() if not name.startswith("GIT_")}
    try:
        done = subprocess.run(  # noqa: S603 -- a fixed program, and no shell.
            ["git", "-C", str(folder), *arguments],  # noqa: S607 -- where it lies differs.
            env={**inherited, **who, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=True,
        )
    except FileNotFoundError:
        raise _NotMade(sentence("there is no program git on this machine.")) from None
    except subprocess.TimeoutExpired:
        raise _NotMade(
            sentence(
                "git %(command)s took longer than %(seconds)s seconds.",
                command=arguments[0],
                seconds=f"{_GIT_SECONDS:g}",
            )
        ) from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise _NotMade(
            sentence(
                "git %(command)s failed in %(folder)s: %(said)s.",
                command=arguments[0],
                folder=str(folder),
                said=said[:200],
            )
        ) from None
    return done.stdout.decode("utf-8", "replace").strip()


def _to_authority(answerable: Answerable, log: Log, size: int, note: str) -> _Laid:
    # What reads certificates is loaded where a stamp is checked, not by all that serves.
    from audits.verifying.timestamps import (
        TimestampUnknown,
        TimestampWrong,
        check_timestamp,
        load_authorities,
    )

    url, path = answerable.settings.anchor_timestamp_url, answerable.settings.anchor_timestamp_ca
    assert url is not None
    if path is None:
        raise _NotMade(
            sentence(
                "anchor_timestamp_ca names no certificates, so that its stamps could not be checked."
            )
        )
    try:
        authorities = load_authorities(path.read_bytes())
    except OSError as error:
        raise _NotMade(
            sentence("%(path)s cannot be read: %(why)s.", path=str(path), why=str(error.strerror))
        ) from None
    except ValueError:
        raise _NotMade(sentence("%(path)s holds no certificate in PEM.", path=str(path))) from None
    data = note.encode()
    try:
        answer = posting.post(
            url,
            timestamps.request(data),
            content_type=timestamps.REQUEST_TYPE,
            seconds=SECONDS,
        )
        if answer.status != 200:
            raise _NotMade(sentence("it answered %(status)s.", status=str(answer.status)))
        stamp = check_timestamp(answer.body, [data], authorities)
    except PostingFailed as failed:
        raise _NotMade(failed.said) from None
    except (TimestampWrong, TimestampUnknown) as refused:
        raise _NotMade(sentence("its answer cannot be used: %(why)s.", why=str(refused))) from None
    return _Laid(reference=f"stamped {rfc3339(stamp.at)}", token=answer.body)


def _not_written(path: Path, error: OSError) -> Sentence:
    return sentence("%(path)s cannot be written: %(why)s.", path=str(path), why=str(error.strerror))


_METHODS: Final[dict[str, Callable[[Answerable, Log, int, str], _Laid]]] = {
    FILE: _to_file,
    GIT: _to_git,
    RFC3161: _to_authority,
}
_FAULTS: Final[dict[str, Callable[[Sentence], Sentence]]] = {
    FILE: lambda why: sentence("Anchors in the file: %(why)s", why=why),
    GIT: lambda why: sentence("Anchors in the git repository: %(why)s", why=why),
    RFC3161: lambda why: sentence("Anchors by the time-stamping authority: %(why)s", why=why),
}
