r"""Which decisions does a draw name? Anybody who holds the log can tell, and nobody could know before.

A draw is asked for in an entry that says how many are wanted and from which part of the log. Its seed is made of the root of the first
checkpoint that was signed after that entry got its place. Each decision of that part then has a ticket, and the lowest tickets win:

* ``seed = SHA-256("answerable/draw-seed/1\n" + root + draw id)``, the root as its 32 bytes, the id as text;
* ``ticket = SHA-256("answerable/draw-ticket/1\n" + seed + decision id)``.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from typing import Any, Final

#: Kinds of entries that a decision begins with; cases made of a known one are no decisions about somebody.
DRAWN_FROM: Final = ("decision.imported", "decision.recorded", "decision.reversed")
_SEED: Final = b"answerable/draw-seed/1\n"
_TICKET: Final = b"answerable/draw-ticket/1\n"


def seed_of(root: bytes, draw_id: str) -> bytes:
    """Return the seed of a draw, given the root of the first checkpoint that covers its entry."""
    return hashlib.sha256(_SEED + root + draw_id.encode()).digest()


def drawn(seed: bytes, decision_ids: Iterable[str], wanted: int) -> list[str]:
    """Return the decisions that are drawn, lowest ticket first; all of them where there are no more than are wanted."""
    start = hashlib.sha256(_TICKET + seed)

    def ticket(decision_id: str) -> bytes:
        hashing = start.copy()
        hashing.update(decision_id.encode())
        return hashing.digest()

    return heapq.nsmallest(wanted, decision_ids, key=ticket)


def digest_of(decision_ids: Iterable[str]) -> str:
    """Return what an entry says of the decisions that were drawn: the SHA-256 of their ids, a line each."""
    lines = "".join(f"{one}\n" for one in decision_ids)
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def is_member(entry: Mapping[str, Any], epoch: int, index: int, made: Mapping[str, Any]) -> bool:
    """Tell whether an entry belongs to what is drawn from; ``made`` is the ``data`` of the draw's entry.

    Times are compared as entries hold them, where text order is time order.
    """
    return (
        entry["kind"] in DRAWN_FROM
        and any(
            part["epoch"] == epoch and part["from"] <= index < part["size"]
            for part in made["bounds"]
        )
        and made["point"] in {None, entry["data"]["point"]}
        and (made["since"] is None or made["since"] <= entry["recorded_at"])
        and (made["until"] is None or entry["recorded_at"] < made["until"])
    )
