"""What is kept of a run besides its row: an uploaded file while it is needed, and the list of refused lines. Both encrypted under a key of the run's own.

Deleting the key's row ends both for good; the rows of the parts go with it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.errors import Gone
from governance.imports.models import ImportPart, ImportRun
from governance.imports.reading import Joined
from governance.subjects.keys import SubjectKey
from governance.subjects.models import SubjectKeyRow
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

#: Bytes of an uploaded file that one part holds.
PIECE: Final = 1 << 20
FILE: Final = "file"
REFUSED: Final = "refused"
#: The list that a run is writing which goes once more through the lines refused before.
AGAIN: Final = "again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A line that was not taken, and why."""

    line: int
    problem: str


def key_of(work: Work, run: ImportRun) -> SubjectKey:
    """Return the run's key, made now if it has none."""
    known = stored_key(work.answerable, work.session, run)
    if known is None:
        known = work.stored_key()
        run.key_id = known.id
        work.session.flush()
    return known


def stored_key(answerable: Answerable, session: Session, run: ImportRun) -> SubjectKey | None:
    """Return the run's key, None where it has none."""
    if run.key_id is None:
        return None
    row = session.get_one(SubjectKeyRow, run.key_id)
    return answerable.keys.open(row.id, row.subject_tag, row.wrapped)


def add(session: Session, run_id: str, key: SubjectKey, what: str, plaintext: bytes) -> None:
    """Add the next part of the file or of a list."""
    last = session.execute(
        sa.select(sa.func.max(ImportPart.number)).where(
            ImportPart.run_id == run_id, ImportPart.what == what
        )
    ).scalar_one()
    number = 0 if last is None else last + 1
    nonce, ciphertext = key.encrypt(key.id, _name(what, number), plaintext)
    session.add(
        ImportPart(run_id=run_id, what=what, number=number, nonce=nonce, ciphertext=ciphertext)
    )
    session.flush()


def has(session: Session, run_id: str, what: str) -> bool:
    """Tell whether there is a part of this sort."""
    return (
        session.execute(
            sa.select(ImportPart.number)
            .where(ImportPart.run_id == run_id, ImportPart.what == what)
            .limit(1)
        ).first()
        is not None
    )


def read(answerable: Answerable, run_id: str, what: str) -> Iterator[bytes]:
    """Yield the plaintext of a sort's parts, in order, each when it is wanted.

    Raises:
        Gone: the run's key was deleted meanwhile.
    """
    number = 0
    while True:
        with answerable.database.read() as session:
            part = session.get(ImportPart, (run_id, what, number))
            if part is None:
                return
            run = session.get(ImportRun, run_id)
            key = None if run is None else stored_key(answerable, session, run)
        if key is None:
            raise Gone("What was kept of this import was deleted meanwhile.")
        yield key.decrypt(key.id, _name(what, number), part.nonce, part.ciphertext)
        number += 1


def read_in(work: Work, run: ImportRun, what: str) -> Iterator[bytes]:
    """Yield the plaintext of a sort's parts, in order, as they stand in a unit of work."""
    key = stored_key(work.answerable, work.session, run)
    number = 0
    while key is not None:
        part = work.session.get(ImportPart, (run.id, what, number))
        if part is None:
            return
        yield key.decrypt(key.id, _name(what, number), part.nonce, part.ciphertext)
        work.session.expunge(part)
        number += 1


def refused(answerable: Answerable, run_id: str, *, what: str = REFUSED) -> Iterator[Refused]:
    """Yield the lines of a run's list, in the order of the file."""
    for piece in read(answerable, run_id, what):
        for line, problem in orjson.loads(piece):
            yield Refused(line=line, problem=problem)


def add_refused(
    work: Work, run: ImportRun, lines: Sequence[Refused], *, what: str = REFUSED
) -> None:
    """Add lines to a run's list."""
    if lines:
        told = orjson.dumps([(one.line, one.problem) for one in lines])
        add(work.session, run.id, key_of(work, run), what, told)


def drop(work: Work, run: ImportRun, *whats: str) -> None:
    """Delete parts of these sorts, and the key where it then opens nothing any more."""
    work.session.execute(
        sa.delete(ImportPart).where(ImportPart.run_id == run.id, ImportPart.what.in_(whats))
    )
    left = work.session.execute(
        sa.select(ImportPart.number).where(ImportPart.run_id == run.id).limit(1)
    ).first()
    if left is None and run.key_id is not None:
        key_id, run.key_id = run.key_id, None
        work.session.flush()
        work.session.execute(sa.delete(SubjectKeyRow).where(SubjectKeyRow.id == key_id))


def rename(work: Work, run: ImportRun, what: str, into: str) -> None:
    """Let the parts of one sort be those of another, of which there are none."""
    work.session.execute(
        sa.update(ImportPart)
        .where(ImportPart.run_id == run.id, ImportPart.what == what)
        .values(what=into)
        .execution_options(synchronize_session=False)
    )


def hand_over(work: Work, run: ImportRun, to: ImportRun) -> None:
    """Let the parts and the key of one run be those of another, which has none."""
    work.session.execute(
        sa.update(ImportPart)
        .where(ImportPart.run_id == run.id)
        .values(run_id=to.id)
        .execution_options(synchronize_session=False)
    )
    to.key_id, run.key_id = run.key_id, None
    work.session.flush()


@dataclass(frozen=True, slots=True)
class StoredSource:
    """An uploaded file."""

    answerable: Answerable
    run_id: str

    def open(self) -> BinaryIO:
        """Open it; its pieces are fetched and decrypted one at a time."""
        return io.BufferedReader(Joined(read(self.answerable, self.run_id, FILE)), 1 << 16)


def _name(what: str, number: int) -> str:
    # A list is renamed once it is whole, and stays what it is.
    return f"import {FILE if what == FILE else 'list'} {number}"
