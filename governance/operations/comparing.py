"""What a decision's rows must say, given its entries. Pure: rows and parsed entries in, differences out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from audits.log.entries import EntryKind, decimal_text
from governance.clock import parse_rfc3339

_STATUS_BY_VERDICT = {"approve": "approved", "change": "changed", "reject": "rejected"}
#: Columns of a decision that its first entry names alike.
_AS_RECORDED = (
    "point",
    "policy_version",
    "policy_digest",
    "source",
    "rollout",
    "disposition",
    "reasons",
    "proposed_outcome",
    "person_requested",
    "language",
    "channel",
    "sequence",
)
_CASE_AS_RECORDED = (
    "due_seconds",
    "escalate_to",
    "sensitive",
    "sign_offs",
    "approvable",
    "undo_seconds",
)
_SECOND_LOOKS: Final = frozenset({"check", "double"})
#: Entries after which a verdict no longer stands.
_TAKEN_BACK: Final = frozenset({EntryKind.VERDICT_UNDONE, EntryKind.SIGN_OFF_FELL})
#: What the entry of an earlier version does not say, and what it was then.
_CASE_SAID_SINCE: Final[Mapping[str, object]] = {"judge_first": False}
RECORDED = (
    EntryKind.DECISION_RECORDED.value,
    EntryKind.DECISION_IMPORTED.value,
    EntryKind.DECISION_REVERSED.value,
    EntryKind.GOLD_SERVED.value,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that is not as the entries say; ``where`` names table and column."""

    where: str
    expected: object
    got: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Where a decision stands by its entries, and where its case waits."""

    status: str
    outcome: str | None
    decided_at: datetime | None
    effective_at: datetime | None
    queue: str | None
    due_at: datetime | None
    escalated_at: datetime | None


def follow(entries: Sequence[Mapping[str, Any]]) -> Outcome:
    """Derive where a decision stands from its parsed entries, the first of which recorded it.

    Raises:
        KeyError, ValueError, TypeError: an entry lacks what its kind must say.
    """
    first = entries[0]
    data, case = first["data"], first["data"]["case"]
    status, outcome = data["status"], data["outcome"]
    decided_at: datetime | None = None
    if status != "in_review":
        imported = first["kind"] == EntryKind.DECISION_IMPORTED
        decided_at = _instant(first.get("occurred_at" if imported else "recorded_at"))
    effective_at: datetime | None = None
    queue = None if case is None else case["queue"]
    due_at = None if case is None else _instant(case["due_at"])
    escalated_at: datetime | None = None
    undone = {entry["refs"]["verdict"] for entry in entries if entry["kind"] in _TAKEN_BACK}
    for entry in entries[1:]:
        said, at = entry["data"], _instant(entry["recorded_at"])
        match entry["kind"]:
            case EntryKind.VERDICT_GIVEN if _decides(entry) and entry["id"] not in undone:
                status, outcome = _STATUS_BY_VERDICT[said["verdict"]], said["outcome"]
                decided_at, effective_at = at, _instant(said["effective_at"])
            case EntryKind.CASE_LAPSED:
                status, outcome, decided_at, effective_at = "lapsed", said["outcome"], at, at
            case EntryKind.DECISION_WITHDRAWN:
                status, outcome, decided_at, effective_at = "withdrawn", None, at, None
            case EntryKind.GOLD_ENDED:
                status, outcome, decided_at, effective_at = "withdrawn", None, at, at
            case EntryKind.CASE_ESCALATED:
                queue, due_at, escalated_at = said["queue"], _instant(said["due_at"]), at
    return Outcome(
        status=status,
        outcome=outcome,
        decided_at=decided_at,
        effective_at=effective_at,
        queue=queue,
        due_at=due_at,
        escalated_at=escalated_at,
    )


def _decides(entry: Mapping[str, Any]) -> bool:
    """Tell whether a verdict decides its decision; those of second looks say what they are for, and do not."""
    return bool(entry["data"]["decides"]) and "purpose" not in entry["data"]


def compare(
    decision: Any,
    cases: Sequence[Any],
    verdicts: Sequence[Any],
    entries: Sequence[Mapping[str, Any]],
) -> Iterator[Difference]:
    """Yield where the rows of a decision differ from what its entries say.

    Raises:
        KeyError, ValueError, TypeError: an entry lacks what its kind must say.
    """
    first = entries[0]
    data = first["data"]
    stands = follow(entries)
    case_data = data["case"]
    actor = first["actor"]
    who = actor["ref"].partition("/")[0]
    reverses = first["kind"] == EntryKind.DECISION_REVERSED
    gold = first["kind"] == EntryKind.GOLD_SERVED
    expected = {name: data[name] for name in _AS_RECORDED} | {
        "confidence": data["confidence"],
        # A gold case is served by who asked for it, and reads as asked for by who asked for its source.
        "actor": data["asker"] if gold else f"{actor['type']}:{who}",
        "gold_for": who if gold else None,
        # What takes the place of a decision is a person's act and stays the app's to see.
        "app_id": data["app_id"] if reverses else who if actor["type"] == "app" else None,
        "imported": first["kind"] == EntryKind.DECISION_IMPORTED,
        "queue": data["queue"] if reverses else None if case_data is None else case_data["queue"],
        "due_at": None if case_data is None else _instant(case_data["due_at"]),
        "recorded_at": _received(first),
        "occurred_at": _instant(first.get("occurred_at")),
        "status": stands.status,
        "outcome": stands.outcome,
        "decided_at": stands.decided_at,
        "effective_at": stands.effective_at,
    }
    for name, value in expected.items():
        got = getattr(decision, name)
        if name == "confidence":
            got = _decimal(got)
        if got != value:
            yield Difference(where=f"decisions.{name}", expected=value, got=got)
    yield from _compare_case(decision, cases, first, stands)
    yield from _compare_second_looks(cases, entries)
    yield from _compare_verdicts(verdicts, entries)


def _compare_case(
    decision: Any, cases: Sequence[Any], first: Mapping[str, Any], stands: Outcome
) -> Iterator[Difference]:
    case_id, case_data = first["refs"].get("case"), first["data"]["case"]
    purpose = "gold" if first["kind"] == EntryKind.GOLD_SERVED else "decide"
    known = [case for case in cases if case.purpose == purpose]
    ids = [case.id for case in known]
    if ids != ([] if case_id is None else [case_id]):
        yield Difference(
            where="cases", expected=case_id or "no case", got=", ".join(ids) or "no case"
        )
        return
    if case_data is None:
        return
    status = {"in_review": "open", "lapsed": "closed", "withdrawn": "closed"}
    expected = {name: case_data[name] for name in _CASE_AS_RECORDED} | {
        **{name: case_data.get(name, before) for name, before in _CASE_SAID_SINCE.items()},
        "point": first["data"]["point"],
        "opened_at": _received(first),
        "queue": stands.queue,
        "due_at": stands.due_at,
        "escalated_at": stands.escalated_at,
        "status": status.get(stands.status, "decided"),
        "closed_at": stands.decided_at,
    }
    for name, value in expected.items():
        got = getattr(known[0], name)
        if got != value:
            yield Difference(where=f"cases.{name}", expected=value, got=got)


def _compare_second_looks(
    cases: Sequence[Any], entries: Sequence[Mapping[str, Any]]
) -> Iterator[Difference]:
    first = entries[0]
    said: dict[str, dict[str, Any]] = {}
    check = first["data"].get("check")
    if check is not None:
        said[first["refs"]["check"]] = {name: check[name] for name in _CASE_AS_RECORDED} | {
            "purpose": "check",
            "queue": check["queue"],
            "judge_first": check["judge_first"],
            "opened_at": _instant(first["recorded_at"]),
            "due_at": _instant(check["due_at"]),
        }
    undone = {entry["refs"]["verdict"] for entry in entries if entry["kind"] in _TAKEN_BACK}
    ends: dict[str, tuple[str, datetime | None]] = {}
    for entry in entries:
        data, refs = entry["data"], entry["refs"]
        match entry["kind"]:
            case EntryKind.CASE_OPENED:
                said[refs["case"]] = {
                    "purpose": data["purpose"],
                    "queue": data["queue"],
                    "opened_at": _instant(data["opened_at"]),
                    "due_at": _instant(data["due_at"]),
                    "second_look_of": refs.get("second_look_of"),
                }
            case EntryKind.VERDICT_GIVEN if "purpose" in data and entry["id"] not in undone:
                ends[refs["case"]] = "decided", _instant(entry["recorded_at"])
            case EntryKind.CASE_CLOSED:
                ends[refs["case"]] = "closed", _instant(entry["recorded_at"])
    rows = {row.id: row for row in cases if row.purpose in _SECOND_LOOKS}
    for missing in said.keys() - rows.keys():
        yield Difference(where="cases", expected=f"case {missing}", got="nothing")
    for added in rows.keys() - said.keys():
        yield Difference(where="cases", expected="an entry", got=f"case {added} without one")
    for case_id in said.keys() & rows.keys():
        status, closed_at = ends.get(case_id, ("open", None))
        expected = said[case_id] | {"status": status, "closed_at": closed_at}
        for name, value in expected.items():
            got = getattr(rows[case_id], name)
            if got != value:
                yield Difference(where=f"cases.{name}", expected=value, got=got)


def _compare_verdicts(
    verdicts: Sequence[Any], entries: Sequence[Mapping[str, Any]]
) -> Iterator[Difference]:
    given = {entry["id"]: entry for entry in entries if entry["kind"] == EntryKind.VERDICT_GIVEN}
    undone = {
        entry["refs"]["verdict"]: _instant(entry["recorded_at"])
        for entry in entries
        if entry["kind"] in _TAKEN_BACK
    }
    rows = {row.id: row for row in verdicts}
    for missing in given.keys() - rows.keys():
        yield Difference(where="verdicts", expected=f"verdict {missing}", got="nothing")
    for added in rows.keys() - given.keys():
        yield Difference(where="verdicts", expected="an entry", got=f"verdict {added} without one")
    for verdict_id in given.keys() & rows.keys():
        entry, row = given[verdict_id], rows[verdict_id]
        expected = {
            "case_id": entry["refs"]["case"],
            "person_id": entry["actor"]["ref"],
            "verdict": entry["data"]["verdict"],
            "outcome": entry["data"]["outcome"],
            "decides": entry["data"]["decides"],
            "given_at": _instant(entry["recorded_at"]),
            "claimed_at": _instant(entry["data"]["claimed_at"]),
            "undone_at": undone.get(verdict_id),
        }
        for name, value in expected.items():
            got = getattr(row, name)
            if got != value:
                yield Difference(where=f"verdicts.{name}", expected=value, got=got)


def compare_learnt(
    truth: Any | None, feedback: Sequence[Any], entries: Sequence[Mapping[str, Any]]
) -> Iterator[Difference]:
    """Yield where ground truth and ratings of a decision differ from what its entries say; the newest report stands.

    Raises:
        KeyError, ValueError, TypeError: an entry lacks what its kind must say.
    """
    outcome: tuple[str | None, datetime | None] | None = None
    if "ground_truth" in entries[0]["data"]:
        outcome = entries[0]["data"]["ground_truth"], None
    ratings: dict[str, int] = {}
    for entry in entries[1:]:
        said = entry["data"]
        if entry["kind"] == EntryKind.GROUND_TRUTH_REPORTED:
            outcome = said["outcome"], _instant(said["known_at"])
        elif entry["kind"] == EntryKind.GROUND_TRUTH_WITHDRAWN:
            outcome = None
        elif entry["kind"] == EntryKind.FEEDBACK_GIVEN:
            ratings[said["scale"]] = said["rating"]
    got = None if truth is None else (truth.outcome, truth.known_at)
    if got != outcome:
        yield Difference(where="ground_truths", expected=outcome, got=got)
    stored = {row.scale: row.rating for row in feedback}
    if stored != ratings:
        yield Difference(where="feedback", expected=ratings, got=stored)


def compare_appeals(
    appeals: Sequence[Any], reversals: Sequence[Any], entries: Sequence[Mapping[str, Any]]
) -> Iterator[Difference]:
    """Yield where the appeals to a decision, and what it came in the place of, differ from what its entries say.

    Raises:
        KeyError, ValueError, TypeError: an entry lacks what its kind must say.
    """
    said: dict[str, dict[str, Any]] = {}
    for entry in entries:
        at, about = _instant(entry["recorded_at"]), entry["refs"].get("appeal")
        match entry["kind"]:
            case EntryKind.APPEAL_OPENED:
                who = entry["actor"]["ref"].partition("/")[0]
                said[entry["id"]] = {
                    "case_id": entry["refs"]["case"],
                    "status": "open",
                    "door": entry["data"]["door"],
                    "opened_at": at,
                    "opened_by": f"{entry['actor']['type']}:{who}",
                    "due_at": _instant(entry["data"]["due_at"]),
                    "closed_at": None,
                    "upheld": None,
                    "answered_by": None,
                    "answer_id": None,
                }
            case EntryKind.APPEAL_WITHDRAWN:
                said[about] |= {"status": "withdrawn", "closed_at": at}
            case EntryKind.APPEAL_ANSWERED:
                said[about] |= {
                    "status": "answered",
                    "closed_at": at,
                    "upheld": entry["data"]["upheld"],
                    "answered_by": entry["actor"]["ref"],
                    "answer_id": entry["id"],
                }
    rows = {row.id: row for row in appeals}
    for missing in said.keys() - rows.keys():
        yield Difference(where="appeals", expected=f"appeal {missing}", got="nothing")
    for added in rows.keys() - said.keys():
        yield Difference(where="appeals", expected="an entry", got=f"appeal {added} without one")
    for appeal_id in said.keys() & rows.keys():
        for name, value in said[appeal_id].items():
            got = getattr(rows[appeal_id], name)
            if got != value:
                yield Difference(where=f"appeals.{name}", expected=value, got=got)
    first = entries[0]
    made = first["kind"] == EntryKind.DECISION_REVERSED
    refs = first["refs"]
    expected = [(refs["reverses"], refs.get("appeal"), refs.get("check"))] if made else []
    stored = [(row.reverses, row.appeal_id, row.check_id) for row in reversals]
    if stored != expected:
        yield Difference(where="reversals", expected=expected, got=stored)


#: Entries of known cases, in the order in which one follows from another.
GOLD: Final = (
    EntryKind.GOLD_MADE.value,
    EntryKind.GOLD_RETIRED.value,
    EntryKind.GOLD_SERVED.value,
    EntryKind.GOLD_ENDED.value,
)


def follow_gold(
    entry: Mapping[str, Any], made: dict[str, dict[str, Any]], served: dict[str, dict[str, Any]]
) -> None:
    """Add what an entry says of known cases to what is said of them by id, and of decisions that were served as such.

    Entries may come in any order.
    """
    refs, data, at = entry["refs"], entry["data"], _instant(entry["recorded_at"])
    match entry["kind"]:
        case EntryKind.GOLD_MADE:
            made.setdefault(entry["id"], {"retired_at": None}).update(
                decision_id=refs.get("source"),
                point=data.get("point"),
                answer=data.get("answer"),
                made_by=entry["actor"]["ref"],
                made_at=at,
            )
        case EntryKind.GOLD_RETIRED:
            made.setdefault(str(refs.get("gold")), {})["retired_at"] = at
        case EntryKind.GOLD_SERVED:
            served.setdefault(entry["id"], {"ended_at": None}).update(
                gold_case_id=refs.get("gold"),
                person_id=entry["actor"]["ref"],
                point=data.get("point"),
                block=data.get("block"),
                served_at=at,
            )
        case EntryKind.GOLD_ENDED:
            served.setdefault(str(refs.get("decision")), {})["ended_at"] = at


def compare_gold(
    table: str, said: Mapping[str, Mapping[str, Any]], rows: Mapping[str, Any]
) -> Iterator[Difference]:
    """Yield where the rows of known cases, by id, differ from what was said of them."""
    for missing in said.keys() - rows.keys():
        yield Difference(where=table, expected=missing, got="nothing")
    for added in rows.keys() - said.keys():
        yield Difference(where=table, expected="an entry", got=f"{added} without one")
    for name in said.keys() & rows.keys():
        for column, value in said[name].items():
            got = getattr(rows[name], column)
            if got != value:
                yield Difference(where=f"{table}.{column}", expected=value, got=got)


def _received(first: Mapping[str, Any]) -> datetime | None:
    """Return when a decision came in, as it reads: of a gold case another time than that of its entry."""
    return _instant(first["data"].get("received_at", first["recorded_at"]))


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_rfc3339(text)


def _decimal(value: object) -> object:
    if value is None:
        return None
    try:
        return decimal_text(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return value
