"""How a decision stands, as far as counts go by it: what may change about it, and nothing that tells its group. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What may change about a decision.

    ``waited`` are the seconds until somebody decided it, ``late`` tells that it was past its due time then. ``truth`` is the outcome that
    turned out right, empty while nobody knows, and ``counts.NEVER`` where nobody ever will. ``ratings`` are by scale.
    ``appeal`` is one of ``counts.Appealed``, empty where nobody objected.
    """

    status: str
    outcome: str | None
    waited: int | None = None
    late: bool = False
    truth: str = ""
    ratings: Mapping[str, int] = field(default_factory=dict)
    appeal: str = ""


def text(state: State) -> str:
    """Write a state; equal states are written alike."""
    said: dict[str, object] = {"s": state.status, "o": state.outcome}
    if state.waited is not None:
        said["w"] = state.waited
    if state.late:
        said["l"] = True
    if state.truth:
        said["t"] = state.truth
    if state.ratings:
        said["r"] = dict(sorted(state.ratings.items()))
    if state.appeal:
        said["a"] = state.appeal
    return orjson.dumps(said).decode()


def read(written: str) -> State:
    """Read what ``text`` wrote."""
    said = orjson.loads(written)
    return State(
        status=said["s"],
        outcome=said["o"],
        waited=said.get("w"),
        late=said.get("l", False),
        truth=said.get("t", ""),
        ratings=said.get("r", {}),
        appeal=said.get("a", ""),
    )
