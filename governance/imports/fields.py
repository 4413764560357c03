"""What the columns of a file may mean at a decision point, and what their names say that they do."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from governance.errors import FieldProblem, InvalidInput
from governance.imports.states import Kind
from policies.document import Policy, Requirement

#: Columns that one file may have.
MOST_COLUMNS: Final = 500
_LONGEST_COLUMN: Final = 200
_DELIMITERS: Final = (",", ";", "\t")
_BETWEEN: Final = re.compile(r"[\s_\-.]+")
_NAMED: Final = re.compile(r"metadata\.[^.\s][^\s]{0,62}")

#: Other names under which a field's column is known; what a business calls its customers or orders is not guessed.
_OTHER_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "occurred_at": ("date", "time", "timestamp", "datetime", "datum", "zeitpunkt"),
    "subject.ref": ("subject", "subject_ref"),
    "subject": ("subject.ref", "subject_ref"),
    "proposal.outcome": ("proposal", "proposed", "proposed_outcome"),
    "proposal.confidence": ("confidence",),
    "reference": ("id",),
    "ground_truth": ("truth",),
    "outcome": ("ground_truth", "truth"),
}
#: Where a file of ground truth or groups says which decision it means; one of them is enough.
WHICH: Final = ("decision_id", "reference", "subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Something that a column may mean; ``required`` where every line needs it, ``secret`` where its values are shown to nobody."""

    name: str
    required: bool = False
    secret: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column as it is understood: ``field`` is empty where it is passed over; ``said`` where somebody said so, else it is by its name."""

    name: str
    field: str
    said: bool = False


class MisfitCode(StrEnum):
    """Why a table cannot be taken as its columns are understood."""

    MEANT_TWICE = "meant_twice"
    MISSING = "missing"
    CONFIDENCE_ALONE = "confidence_alone"
    NO_DECISION = "no_decision"
    NO_TRUTH = "no_truth"
    NO_GROUPS_DECLARED = "no_groups_declared"
    NO_GROUP = "no_group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """One reason why a table cannot be taken like this; ``fields`` are those it is about."""

    code: MisfitCode
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        fields = ", ".join(self.fields)
        match self.code:
            case MisfitCode.MEANT_TWICE:
                return f"Several columns mean {fields}; only one may."
            case MisfitCode.MISSING:
                return f"No column gives {fields}, which every line needs."
            case MisfitCode.CONFIDENCE_ALONE:
                return "A column gives proposal.confidence, and none proposal.outcome, which it is the confidence of."
            case MisfitCode.NO_DECISION:
                return (
                    f"No column says which decision a line is about. One of these must: {fields}."
                )
            case MisfitCode.NO_TRUTH:
                return "No column says what turned out right: outcome or never."
            case MisfitCode.NO_GROUPS_DECLARED:
                return "The policy of this decision point declares no group attributes."
        return f"No column gives a group attribute. One of these must: {fields}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """All columns of a table in their order, and why the file cannot be taken like this (empty: it can)."""

    columns: tuple[Column, ...]
    problems: tuple[Misfit, ...] = ()

    @property
    def mapping(self) -> dict[str, str]:
        """Return the columns that mean something, by name."""
        return {column.name: column.field for column in self.columns if column.field}

    @property
    def unused(self) -> tuple[str, ...]:
        """Name the columns that are passed over."""
        return tuple(column.name for column in self.columns if column.name and not column.field)

    def check(self, file: str) -> None:
        """Raise where the file cannot be taken like this.

        Raises:
            InvalidInput: it cannot; all that is wrong is said.
        """
        if self.problems:
            raise InvalidInput(
                f"{file} cannot be imported like this. {' '.join(map(str, self.problems))}",
                [FieldProblem(pointer="/map", detail=str(problem)) for problem in self.problems],
            )


def fields_of(kind: Kind, policy: Policy) -> tuple[Field, ...]:
    """Return what columns may mean here, in the order in which a page offers it; ``metadata.NAME`` may be said besides."""
    if kind is Kind.DECISIONS:
        return tuple(_of_decisions(policy))
    which = [Field(name=name) for name in WHICH]
    if kind is Kind.GROUND_TRUTH:
        return (*which, Field(name="outcome"), Field(name="never"), Field(name="known_at"))
    return (*which, *_groups("groups.", policy))


def understood(
    kind: Kind, policy: Policy, names: Sequence[str], said: Mapping[str, str]
) -> Understanding:
    """Say what each column means: what is said of it, else what its name says. An empty field passes a column over.

    Raises:
        InvalidInput: the header cannot be used, or what is said does not fit it.
    """
    _check_header(names)
    absent = [name for name in said if name not in names]
    if absent:
        raise InvalidInput(
            f"The file has no column {', '.join(absent)}; its columns are {', '.join(names)}."
        )
    fields = fields_of(kind, policy)
    known = {field.name for field in fields}
    for field in said.values():
        if (
            field
            and field not in known
            and not (kind is Kind.DECISIONS and _NAMED.fullmatch(field))
        ):
            raise InvalidInput(
                f"A column cannot mean {field!r} here. It may mean {', '.join(field.name for field in fields)}"
                + (", metadata.NAME." if kind is Kind.DECISIONS else ".")
            )
    taken = {field for field in said.values() if field}
    by_name = _by_name(fields)
    columns = []
    for name in names:
        if name in said:
            columns.append(Column(name=name, field=said[name], said=True))
            continue
        field = by_name.get(_normal(name), "")
        if not field and kind is Kind.DECISIONS and _NAMED.fullmatch(name):
            field = name
        # A name that says what another column is said to mean says nothing.
        columns.append(Column(name=name, field="" if field in taken else field))
    return Understanding(
        columns=tuple(columns), problems=tuple(_misfits(kind, policy, fields, columns))
    )


def delimiter_of(header: str) -> str:
    """Return what parts the columns of a header: a comma, a semicolon or a tab, whichever stands there most outside quotation marks."""
    counts = Counter(re.sub(r'"[^"]*"', "", header))
    return max(_DELIMITERS, key=lambda one: (counts[one], -_DELIMITERS.index(one)))


def header_of(line: str, delimiter: str) -> list[str]:
    """Return the columns that a header names.

    Raises:
        InvalidInput: a quotation mark in it is not closed.
    """
    try:
        rows = list(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error:
        rows = []
    if not rows or not any(cell.strip() for cell in rows[0]):
        raise InvalidInput(
            "The first line names no columns. A table begins with a line of column names, like: reference,outcome,occurred_at"
        )
    return [cell.strip() for cell in rows[0]]


def _check_header(names: Sequence[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if name and count > 1)
    if twice:
        raise InvalidInput(
            f"The first line names {', '.join(twice)} more than once. Give each column a name of its own."
        )
    if len(names) > MOST_COLUMNS or any(len(name) > _LONGEST_COLUMN for name in names):
        raise InvalidInput(
            f"The first line must name at most {MOST_COLUMNS} columns with at most {_LONGEST_COLUMN} characters each. "
            "Is it the line of column names?"
        )


def _of_decisions(policy: Policy) -> Iterator[Field]:
    yield Field(name="outcome", required=True)
    yield Field(name="occurred_at", required=True)
    yield Field(name="reference")
    yield Field(name="subject.ref", required=Requirement.SUBJECT in policy.require)
    for name, feature in policy.features.items():
        yield Field(
            name=f"features.{name}",
            required=feature.required,
            names=(name, *feature.label.values()),
        )
    yield from _groups("subject.groups.", policy)
    yield Field(name="proposal.outcome")
    yield Field(name="proposal.confidence")
    yield Field(name="verdict")
    yield Field(name="ground_truth")
    for name in ("language", "channel", "sequence", "person_requested"):
        yield Field(name=name)


def _groups(prefix: str, policy: Policy) -> Iterator[Field]:
    for name in policy.groups:
        yield Field(
            name=f"{prefix}{name}",
            required=prefix.startswith("subject") and Requirement.GROUPS in policy.require,
            secret=True,
            names=(name, f"groups.{name}", f"subject.groups.{name}"),
        )


def _by_name(fields: Sequence[Field]) -> dict[str, str]:
    """Return what names say: a field's own name before a fact's or a group's, and these before other names."""
    known: dict[str, str] = {}
    for names in (
        [(field.name, field) for field in fields if "." in field.name],
        [(name, field) for field in fields for name in field.names[:1]],
        [(field.name, field) for field in fields],
        [(name, field) for field in fields for name in field.names[1:]],
        [(name, field) for field in fields for name in _OTHER_NAMES.get(field.name, ())],
    ):
        for name, field in names:
            known.setdefault(_normal(name), field.name)
    return known


def _normal(name: str) -> str:
    return _BETWEEN.sub("_", name.strip()).casefold()


def _misfits(
    kind: Kind, policy: Policy, fields: Sequence[Field], columns: Sequence[Column]
) -> Iterator[Misfit]:
    meant = Counter(column.field for column in columns if column.field)
    twice = tuple(field for field, count in meant.items() if count > 1)
    if twice:
        yield Misfit(code=MisfitCode.MEANT_TWICE, fields=twice)
    missing = tuple(field.name for field in fields if field.required and not meant[field.name])
    if missing:
        yield Misfit(code=MisfitCode.MISSING, fields=missing)
    if meant["proposal.confidence"] and not meant["proposal.outcome"]:
        yield Misfit(code=MisfitCode.CONFIDENCE_ALONE)
    if kind is not Kind.DECISIONS and not any(meant[name] for name in WHICH):
        yield Misfit(code=MisfitCode.NO_DECISION, fields=WHICH)
    if kind is Kind.GROUND_TRUTH and not (meant["outcome"] or meant["never"]):
        yield Misfit(code=MisfitCode.NO_TRUTH)
    if kind is Kind.GROUPS and not policy.groups:
        yield Misfit(code=MisfitCode.NO_GROUPS_DECLARED)
    elif kind is Kind.GROUPS and not any(field.secret and meant[field.name] for field in fields):
        names = tuple(f"groups.{name}" for name in policy.groups)
        yield Misfit(code=MisfitCode.NO_GROUP, fields=names)
