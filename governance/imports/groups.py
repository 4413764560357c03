"""Lines that give group attributes of decisions: into the vault, whose values are told to nobody, also not in what is said of a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
import orjson

from governance.actors import Actor
from governance.imports import targets
from governance.imports.checking import check_groups, check_json, known_groups, not_json
from governance.imports.many import record_groups, taken
from governance.imports.reading import Row
from governance.imports.taking import Taken, readable
from governance.imports.targets import Target
from governance.imports.values import Unfit
from policies.document import Policy

if TYPE_CHECKING:
    from governance.application import Answerable


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsLine:
    """A line that can be read: which decisions, and the attributes that are known of them."""

    target: Target
    groups: Mapping[str, str]


class Lines(Protocol):
    """Makes group attributes of rows."""

    def read(self, row: Row) -> GroupsLine:
        """Return what a row says.

        Raises:
            Unfit: it cannot be read.
        """
        ...


class _Line(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    decision_id: str | None = None
    reference: str | None = None
    subject: str | None = None
    groups: dict[str, str]


_DECODER: Final = msgspec.json.Decoder(_Line)


class NdjsonLines:
    """Reads lines that are JSON objects."""

    def read(self, row: Row) -> GroupsLine:
        try:
            document = orjson.loads(row.raw)
            line = _DECODER.decode(row.raw)
        except (ValueError, msgspec.MsgspecError, RecursionError) as error:
            not_json(error)
        check_json(row.raw, document, orjson.dumps(document))
        target = targets.target_of(line.decision_id, line.reference, line.subject)
        return GroupsLine(target=target, groups=known_groups(line.groups))


class CsvLines:
    """Reads rows of a table by what its columns mean."""

    def __init__(self, fields: Sequence[str]) -> None:
        self._which = [(at, field) for at, field in enumerate(fields) if field and "." not in field]
        self._groups = [
            (at, field.removeprefix("groups."))
            for at, field in enumerate(fields)
            if field.startswith("groups.")
        ]

    def read(self, row: Row) -> GroupsLine:
        cells = row.cells
        assert cells is not None, "a row without a problem has cells"
        said = {field: cells[at].strip() for at, field in self._which}
        target = targets.target_of(
            said.get("decision_id"), said.get("reference"), said.get("subject")
        )
        told_of = {name: cells[at] for at, name in self._groups if cells[at]}
        return GroupsLine(target=target, groups=known_groups(told_of))


@dataclass(slots=True)
class Made:
    """One line on its way: read, and its decisions found; ``taken`` once it is known what becomes of it."""

    row: Row
    line: GroupsLine | None = None
    decisions: Sequence[str] = ()
    taken: Taken | None = None


class Groups:
    """Takes lines of group attributes. One that is ``trying`` stores nothing."""

    def __init__(
        self, answerable: Answerable, actor: Actor, lines: Lines, policy: Policy, *, trying: bool
    ) -> None:
        self._answerable = answerable
        self._actor = actor
        self._lines = lines
        self._point: Final = policy.decision_point
        self._declared: Final = policy.groups
        self._trying = trying

    def make(self, rows: Sequence[Row]) -> list[Made]:
        """Read lines and find the decisions that they mean."""
        made = [self._read(row) for row in rows]
        readable = [one for one in made if one.line is not None]
        with self._answerable.look(self._actor) as work:
            found = targets.find(
                work, self._point, [one.line.target for one in readable if one.line is not None]
            )
        for one in readable:
            assert one.line is not None
            one.decisions = found[one.line.target]
            if not one.decisions:
                problem = targets.no_decision(one.line.target, self._point)
                one.taken = Taken(line=one.row.line, problem=problem)
            elif self._trying or not one.line.groups:
                one.taken = Taken(line=one.row.line)
        return made

    def store(self, made: Sequence[Made]) -> list[Taken]:
        """Record what was made, in one transaction of the fairness role.

        Raises:
            Unavailable: the database could not do it now.
        """
        waiting = [one for one in made if one.taken is None]
        if waiting:
            with self._answerable.work_as_fairness(self._actor) as work:
                stored = [record_groups(work, told, self._point) for told in _rounds(waiting)]
            # Only once it is committed: what is rolled back is taken again.
            for one in waiting:
                one.taken = taken(one.row.line, one.decisions, stored, "groups")
        return [one.taken for one in made if one.taken is not None]

    def _read(self, row: Row) -> Made:
        made = Made(row)
        try:
            line = self._lines.read(readable(row))
            check_groups(line.groups)
            self._check_names(line.groups)
            made.line = line
        except Unfit as error:
            made.taken = Taken(line=row.line, problem=str(error))
        return made

    def _check_names(self, names: Iterable[str]) -> None:
        unknown = [name for name in names if name not in self._declared]
        if unknown:
            declared = ", ".join(self._declared) or "none"
            raise Unfit(
                f"groups: the policy declares no {', '.join(unknown)}; it declares {declared}."
            )


def _rounds(made: Sequence[Made]) -> Iterator[dict[str, Mapping[str, str]]]:
    """Yield what lines tell, in so many rounds that none tells of a decision twice; the later line wins."""
    left = [
        (decision_id, one.line.groups)
        for one in made
        if one.line is not None
        for decision_id in one.decisions
    ]
    while left:
        now: dict[str, Mapping[str, str]] = {}
        later = []
        for decision_id, told in left:
            if decision_id in now:
                later.append((decision_id, told))
            else:
                now[decision_id] = told
        yield now
        left = later
