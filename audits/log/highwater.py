"""May the log sign what stands in the database now?

The newest signed checkpoint is kept outside the database too: that is the high-water mark. Before a
further checkpoint is signed, the database must still hold the tree that the mark names. After a restored
backup, or an edit of the tree, it does not; signing then would make the log contradict itself.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from audits.log.notes import VerifyingKey, open_checkpoint
from audits.sentences import Sentence, numbered, sentence, together

_NEVER = sentence(
    "Do not delete or edit the high-water file to get past this: the log would sign a history that "
    "contradicts what it signed before, and whoever kept a checkpoint could prove it."
)
_WAITS = sentence("Decisions go on and are recorded; nothing is signed until this is settled.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HighWater:
    """The newest checkpoint that the log signed: its size, its root and the signed note itself."""

    size: int
    root: bytes
    note: str

    def encode(self) -> bytes:
        """Write the mark as a file holds it: the note, which says the rest and cannot be altered."""
        return self.note.encode()

    @classmethod
    def of(cls, note: str, keys: Iterable[VerifyingKey]) -> HighWater:
        """Make the mark of a signed checkpoint.

        Raises:
            NoteRefused: the note is not a checkpoint that one of the log's keys signed.
        """
        checkpoint = open_checkpoint(note, keys)
        return cls(size=checkpoint.size, root=checkpoint.root, note=note)

    @classmethod
    def decode(cls, stored: bytes, keys: Iterable[VerifyingKey]) -> HighWater:
        """Read the mark back, and refuse one that was altered.

        Raises:
            HighWaterUnreadable: the bytes are not a checkpoint that one of the log's keys signed.
        """
        try:
            return cls.of(stored.decode(), keys)
        except ValueError as error:
            raise HighWaterUnreadable(str(error)) from error


class SigningRefused(Exception):
    """Raised where signing a further checkpoint could make the log contradict itself.

    ``found`` says what is the case, ``advice`` what that means and what to do, in some lines for a person.
    """

    def __init__(self, found: Sentence, *advice: Sentence) -> None:
        super().__init__(found)
        self.found = found
        self.advice = together(*advice, between="\n")

    def diagnostics(self) -> Sentence:
        """Say all of it."""
        return together(self.found, self.advice, between="\n")


class HighWaterUnreadable(SigningRefused):
    """Raised where the high-water file is there, but not as it was written."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            sentence("The high-water file cannot be relied on. %(reason)s", reason=reason),
            sentence("The file was altered or cut short, or belongs to another log or key."),
            _WAITS,
            sentence(
                "Put back the file from its own backup, then run `answerable audit verify`. If it is lost, "
                "go on with `answerable audit new-epoch --reason ...`."
            ),
        )


class HighWaterMissing(SigningRefused):
    """Raised where the database holds signed checkpoints, but there is no high-water mark."""

    def __init__(self, *, last_signed: int) -> None:
        super().__init__(
            sentence(
                "A checkpoint of size %(size)s was signed, but the high-water mark is missing.",
                size=last_signed,
            ),
            sentence("Whether the database was rolled back cannot be told without it."),
            _WAITS,
            sentence(
                "Put the file back at the path of the setting, or go on with "
                "`answerable audit new-epoch --reason ...`."
            ),
        )
        self.last_signed = last_signed


class RolledBack(SigningRefused):
    """Raised where the database holds fewer entries than the log has signed."""

    def __init__(self, *, highwater: HighWater, size: int) -> None:
        super().__init__(
            sentence(
                "The log was rolled back or cut short: it holds %(held)s entries, but %(signed)s were signed.",
                held=size,
                signed=highwater.size,
            ),
            numbered(
                "%(num)s entry that the log has vouched for is not here: "
                "an older backup was restored, an older database is connected, or rows were deleted.",
                "%(num)s entries that the log has vouched for are not here: "
                "an older backup was restored, an older database is connected, or rows were deleted.",
                highwater.size - size,
            ),
            _WAITS,
            sentence(
                "If the wrong database is connected, connect the right one. If a backup was restored, go on "
                "with `answerable audit new-epoch --reason ...`."
            ),
            _NEVER,
        )
        self.highwater = highwater
        self.size = size


class Forked(SigningRefused):
    """Raised where the database holds another history than the one that the log has signed."""

    def __init__(self, *, highwater: HighWater, got: bytes) -> None:
        super().__init__(
            sentence(
                "History at size %(size)s differs from what was signed: expected root %(expected)s, got %(got)s.",
                size=highwater.size,
                expected=_base64(highwater.root),
                got=_base64(got),
            ),
            sentence(
                "Among the first %(size)s entries at least one was changed, removed or put "
                "in, or a backup was restored and new entries were added since.",
                size=highwater.size,
            ),
            _WAITS,
            sentence(
                "Run `answerable audit verify`: it names what does not fit. If a backup was restored, go on "
                "with `answerable audit new-epoch --reason ...`."
            ),
            _NEVER,
        )
        self.highwater = highwater
        self.got = got


def check(
    highwater: HighWater | None,
    size: int,
    root_of: Callable[[int], bytes],
    *,
    last_signed: int | None = None,
) -> None:
    """Refuse to sign unless the tree still begins with all that was signed.

    Args:
        highwater: The mark, or None where none was ever kept.
        size: How many entries the database's tree holds.
        root_of: Computes the root at an earlier size from stored tiles; what it raises goes through.
        last_signed: The size of the newest checkpoint in the database, if there is one; with it a
            mark that was deleted is told from one that never was.

    Raises:
        SigningRefused: HighWaterMissing, RolledBack or Forked, with ``diagnostics()``.
    """
    if highwater is None:
        if last_signed is not None:
            raise HighWaterMissing(last_signed=last_signed)
        return
    if size < highwater.size:
        raise RolledBack(highwater=highwater, size=size)
    got = root_of(highwater.size)
    if got != highwater.root:
        raise Forked(highwater=highwater, got=got)


def _base64(root: bytes) -> str:
    return base64.b64encode(root).decode()
