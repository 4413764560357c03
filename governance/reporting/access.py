"""Saying in the log who read counts by group: once a person, report, point and hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.actors import Actor, ActorKind

if TYPE_CHECKING:
    from governance.application import Answerable


def note_reading(answerable: Answerable, actor: Actor, *, what: str, point: str) -> None:
    """Write an entry that a person reads ``what`` of a decision point, unless this hour's is there.

    Raises:
        Unavailable: the database could not do it; then nothing may be shown either.
    """
    if actor.kind is ActorKind.PERSON:
        with answerable.look(actor) as work:
            work.reads(what, point, data={"point": point})
