"""Files of past decisions: NDJSON in the shape of a decision request, or CSV with a map from columns to fields."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from governance.decisions.asking import DecisionRequest
from governance.decisions.importing import Past
from governance.errors import InvalidInput
from policies.document import FeatureType, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a file: its number from 1, and the decision, or why it cannot be read."""

    number: int
    past: Past | None
    problem: str | None = None


class _PastLine(DecisionRequest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    outcome: str
    verdict: str | None = None


_AS_TEXT: dict[FeatureType, Callable[[str], Any]] = {
    FeatureType.STRING: str,
    FeatureType.INTEGER: int,
    FeatureType.NUMBER: float,
    FeatureType.BOOLEAN: lambda text: {"true": True, "false": False, "1": True, "0": False}[
        text.lower()
    ],
    FeatureType.ARRAY: lambda text: [part for part in text.split("|") if part],
}


def read(path: Path, policy: Policy, mapping: Mapping[str, str]) -> Iterator[Line]:
    """Yield the lines of a file. The decision point may be left out; it is the policy's.

    Raises:
        InvalidInput: the file's kind is unknown, or the map does not fit the file or the policy.
    """
    if path.suffix.lower() == ".csv":
        yield from _read_csv(path, policy, mapping)
    elif path.suffix.lower() in (".ndjson", ".jsonl"):
        yield from _read_ndjson(path, policy)
    else:
        raise InvalidInput(f"{path.name}: expected a file that ends in .csv or .ndjson.")


def _read_ndjson(path: Path, policy: Policy) -> Iterator[Line]:
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            if not raw.strip():
                continue
            try:
                document = msgspec.json.decode(raw)
            except msgspec.DecodeError as error:
                yield Line(number=number, past=None, problem=f"Not JSON: {error}")
                continue
            yield _line(number, document, policy)


def _read_csv(path: Path, policy: Policy, mapping: Mapping[str, str]) -> Iterator[Line]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        columns = list(rows.fieldnames or ())
        fields = {column: mapping.get(column) or _field_of(column, policy) for column in columns}
        absent = sorted(set(mapping) - set(columns))
        if absent:
            raise InvalidInput(
                f"{path.name} has no column {', '.join(absent)}; its columns are {', '.join(columns)}."
            )
        for number, row in enumerate(rows, start=2):
            document: dict[str, Any] = {"features": {}}
            try:
                for column, field in fields.items():
                    text = row.get(column)
                    if field is not None and text not in (None, ""):
                        _put(document, field, str(text), policy)
            except _Unreadable as error:
                yield Line(number=number, past=None, problem=str(error))
                continue
            yield _line(number, document, policy)


class _Unreadable(Exception):
    pass


def _field_of(column: str, policy: Policy) -> str | None:
    """Return the field that a column means by its name alone, None where it means nothing here."""
    if column in policy.features:
        return f"features.{column}"
    if column in policy.groups:
        return f"subject.groups.{column}"
    known = ("outcome", "verdict", "occurred_at", "language", "channel", "sequence")
    if column in known or column.startswith(("features.", "subject.", "proposal.", "metadata.")):
        return column
    return None


def _put(document: dict[str, Any], field: str, text: str, policy: Policy) -> None:
    *path, last = field.split(".")
    value: Any = text
    try:
        if path == ["features"]:
            feature = policy.features.get(last)
            value = text if feature is None else _AS_TEXT[feature.type](text)
        elif field == "proposal.confidence":
            value = float(text)
        elif field == "sequence":
            value = int(text)
    except (ValueError, KeyError):
        raise _Unreadable(
            f"{field}: {text[:60]!r} cannot be read as what the policy declares."
        ) from None
    place = document
    for part in path:
        place = place.setdefault(part, {})
    place[last] = value


def _line(number: int, document: Any, policy: Policy) -> Line:
    if isinstance(document, dict):
        document.setdefault("decision_point", policy.decision_point)
    try:
        line = msgspec.convert(document, _PastLine)
    except msgspec.ValidationError as error:
        return Line(number=number, past=None, problem=str(error))
    if line.decision_point != policy.decision_point:
        return Line(number=number, past=None, problem=f"It belongs to {line.decision_point!r}.")
    request = DecisionRequest(
        **{name: getattr(line, name) for name in DecisionRequest.__struct_fields__}
    )
    return Line(
        number=number, past=Past(request=request, outcome=line.outcome, verdict=line.verdict)
    )
