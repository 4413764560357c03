"""Lines that give group attributes of decisions: into the vault, whose values are told to nobody, also not in what is said of a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import orjson

from governance.imports import targets
from governance.imports.checking import check_groups, check_json, known_groups, not_json
from governance.imports.many import Stored, record_groups
from governance.imports.reading import Row
from governance.imports.targets import Target
from governance.imports.telling import Telling
from governance.imports.values import Unfit


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsLine:
    """A line that can be read: which decisions, and the attributes that are known of them."""

    target: Target
    groups: Mapping[str, str]


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


class Groups(Telling[GroupsLine]):
    """Takes lines of group attributes."""

    field = "groups"

    def check(self, line: GroupsLine) -> None:
        check_groups(line.groups)
        declared = self.policy.groups
        unknown = [name for name in line.groups if name not in declared]
        if unknown:
            raise Unfit(
                f"groups: the policy declares no {', '.join(unknown)}; it declares {', '.join(declared) or 'none'}."
            )

    def tells(self, line: GroupsLine) -> bool:
        return bool(line.groups)

    def record(self, rounds: Iterator[Mapping[str, GroupsLine]]) -> list[Stored]:
        point = self.policy.decision_point
        with self.answerable.work_as_fairness(self.actor) as work:
            return [
                record_groups(work, {one: line.groups for one, line in told.items()}, point)
                for told in rounds
            ]
