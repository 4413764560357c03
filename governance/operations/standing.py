"""What the entries say is in force: live policies, holds, roles, app keys, requests, marks of subjects, legal holds, erasures. Pure: parsed entries and rows in, differences out.

Whoever can edit the database could otherwise make a draft live, lift a hold or give a role, and no decision would tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from audits.log.entries import EntryKind
from governance.clock import parse_rfc3339

#: The kinds of entries that say what is in force.
KINDS: Final = (
    EntryKind.POLICY_DRAFTED,
    EntryKind.POLICY_PUBLISHED,
    EntryKind.POLICY_RESTORED,
    EntryKind.POLICY_WITHDRAWN,
    EntryKind.HOLD_SET,
    EntryKind.HOLD_LIFTED,
    EntryKind.PERSON_ADDED,
    EntryKind.PERSON_CHANGED,
    EntryKind.PERSON_DISABLED,
    EntryKind.APP_KEY_CREATED,
    EntryKind.APP_KEY_REVOKED,
    EntryKind.REQUEST_MADE,
    EntryKind.REQUEST_CONFIRMED,
    EntryKind.REQUEST_DECLINED,
    EntryKind.PEOPLE_ONLY_SET,
    EntryKind.PEOPLE_ONLY_LIFTED,
    EntryKind.LEGAL_HOLD_SET,
    EntryKind.LEGAL_HOLD_LIFTED,
    EntryKind.ERASURE_ASKED,
    EntryKind.SUBJECT_ERASED,
)
_MAKING: Final = frozenset(
    {
        EntryKind.POLICY_DRAFTED,
        EntryKind.HOLD_SET,
        EntryKind.PERSON_ADDED,
        EntryKind.APP_KEY_CREATED,
        EntryKind.REQUEST_MADE,
        EntryKind.LEGAL_HOLD_SET,
        EntryKind.ERASURE_ASKED,
    }
)
#: table -> id -> column -> value, of what the entries speak of.
Standing = dict[str, dict[Any, dict[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something in force that is not as the entries say; ``where`` names table, column and row."""

    where: str
    expected: object
    got: object


def follow(entries: Iterable[Mapping[str, Any]]) -> Standing:
    """Derive what is in force from parsed entries of ``KINDS``, in the order of the log.

    Raises:
        KeyError, ValueError, TypeError: an entry lacks what its kind must say.
    """
    known: Standing = {
        table: {}
        for table in (
            "decision_points",
            "policy_versions",
            "holds",
            "people",
            "app_keys",
            "requests",
            "people_only",
            "legal_holds",
            "erasures",
        )
    }
    # What is made and put in force by one act has one instant, and either entry may come first in the log.
    for entry in sorted(entries, key=lambda entry: entry["kind"] not in _MAKING):
        _take(known, entry)
    return known


def compare(known: Standing, rows: Mapping[str, Mapping[Any, Any]]) -> Iterator[Difference]:
    """Yield where rows, by table and id, differ from what the entries say of them."""
    for table, said in known.items():
        found = rows[table]
        for key in sorted(said.keys() - found.keys(), key=str):
            yield Difference(where=f"{table} of {_named(key)}", expected="its row", got="nothing")
        for key in sorted(found.keys() - said.keys(), key=str):
            if table == "decision_points" and found[key].live_version is None:
                continue
            yield Difference(where=f"{table} of {_named(key)}", expected="an entry", got="none")
        for key in sorted(said.keys() & found.keys(), key=str):
            for column, expected in said[key].items():
                got = _comparable(column, getattr(found[key], column))
                if got != expected:
                    yield Difference(
                        where=f"{table}.{column} of {_named(key)}", expected=expected, got=got
                    )


def _take(known: Standing, entry: Mapping[str, Any]) -> None:
    at = parse_rfc3339(entry["recorded_at"])
    actor = f"{entry['actor']['type']}:{entry['actor']['ref'].partition('/')[0]}"
    takers = (
        _take_policy,
        _take_hold,
        _take_person,
        _take_key,
        _take_request,
        _take_mark,
        _take_erasure,
    )
    for take in takers:
        take(known, entry, actor, at)


def _take_policy(known: Standing, entry: Mapping[str, Any], actor: str, at: datetime) -> None:
    data = entry["data"]
    match entry["kind"]:
        case EntryKind.POLICY_DRAFTED:
            known["policy_versions"][data["point"], data["version"]] = {
                "status": "draft",
                "drafted_by": actor,
                "drafted_at": at,
                "published_by": None,
                "published_at": None,
            }
        case EntryKind.POLICY_PUBLISHED:
            known["policy_versions"][data["point"], data["version"]] |= {
                "status": "published",
                "published_by": actor,
                "published_at": at,
            }
            known["decision_points"][data["point"]] = {"live_version": data["version"]}
        case EntryKind.POLICY_RESTORED:
            known["decision_points"][data["point"]] = {"live_version": data["version"]}
        case EntryKind.POLICY_WITHDRAWN:
            known["policy_versions"][data["point"], data["version"]]["status"] = "withdrawn"


def _take_hold(known: Standing, entry: Mapping[str, Any], actor: str, at: datetime) -> None:
    data, refs = entry["data"], entry["refs"]
    match entry["kind"]:
        case EntryKind.HOLD_SET:
            known["holds"][refs["hold"]] = {
                "point": data["point"],
                "set_at": at,
                "set_by": actor,
                "lifted_at": None,
                "lifted_by": None,
            }
        case EntryKind.HOLD_LIFTED:
            known["holds"][refs["hold"]] |= {"lifted_at": at, "lifted_by": actor}


def _take_person(known: Standing, entry: Mapping[str, Any], actor: str, at: datetime) -> None:
    data, refs = entry["data"], entry["refs"]
    match entry["kind"]:
        case EntryKind.PERSON_ADDED:
            known["people"][refs["person"]] = {"disabled_at": None, **_facts(data)}
        case EntryKind.PERSON_CHANGED if "roles" in data:
            known["people"][refs["person"]] |= _facts(data)
            if data.get("enabled"):
                known["people"][refs["person"]]["disabled_at"] = None
        case EntryKind.PERSON_DISABLED:
            known["people"][refs["person"]]["disabled_at"] = at


def _take_key(known: Standing, entry: Mapping[str, Any], actor: str, at: datetime) -> None:
    data, refs = entry["data"], entry["refs"]
    match entry["kind"]:
        case EntryKind.APP_KEY_CREATED:
            known["app_keys"][refs["key"]] = {
                "app_id": refs["app"],
                "scopes": data["scopes"],
                "points": data["points"],
                "created_by": actor,
                "revoked_at": None,
            }
        case EntryKind.APP_KEY_REVOKED:
            known["app_keys"][refs["key"]]["revoked_at"] = at


def _take_request(known: Standing, entry: Mapping[str, Any], actor: str, at: datetime) -> None:
    data, refs = entry["data"], entry["refs"]
    match entry["kind"]:
        case EntryKind.REQUEST_MADE:
            known["requests"][refs["request"]] = {
                "kind": data["kind"],
                "details": data["details"],
                "status": "open",
                "requested_by": actor,
                "requested_at": at,
                "closed_by": None,
                "single_handed": False,
            }
        case EntryKind.REQUEST_CONFIRMED:
            known["requests"][refs["request"]] |= {
                "status": "confirmed",
                "closed_by": actor,
                "single_handed": data["single_handed"],
            }
        case EntryKind.REQUEST_DECLINED:
            known["requests"][refs["request"]] |= {"status": "declined", "closed_by": actor}


def _take_mark(known: Standing, entry: Mapping[str, Any], actor: str, at: datetime) -> None:
    # By the id of the subject's key, which says nothing of whom once the key is erased.
    match entry["kind"]:
        case EntryKind.PEOPLE_ONLY_SET:
            known["people_only"][entry["refs"]["subject_key"]] = {"set_at": at, "set_by": actor}
        case EntryKind.PEOPLE_ONLY_LIFTED:
            del known["people_only"][entry["refs"]["subject_key"]]


def _take_erasure(known: Standing, entry: Mapping[str, Any], actor: str, at: datetime) -> None:
    data, refs, holds, erasures = (
        entry["data"],
        entry["refs"],
        known["legal_holds"],
        known["erasures"],
    )
    match entry["kind"]:
        case EntryKind.LEGAL_HOLD_SET:
            holds[refs["legal_hold"]] = {
                "set_at": at,
                "set_by": actor,
                "lifted_at": None,
                "lifted_by": None,
            }
        case EntryKind.LEGAL_HOLD_LIFTED:
            holds[refs["legal_hold"]] |= {"lifted_at": at, "lifted_by": actor}
        case EntryKind.ERASURE_ASKED:
            erasures[refs["erasure"]] = {
                "ground": data["ground"],
                "asked_at": at,
                "asked_by": actor,
                "status": "asked",
                "erased_at": None,
            }
        case EntryKind.SUBJECT_ERASED:
            erasures[refs["erasure"]] |= {"status": "erased", "erased_at": at}
        case EntryKind.REQUEST_CONFIRMED | EntryKind.REQUEST_DECLINED:
            erasure = erasures.get(known["requests"][refs["request"]]["details"].get("erasure"))
            if erasure is not None and erasure["status"] == "asked":
                erasure["status"] = entry["kind"].removeprefix("request.")


def _facts(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"roles": sorted(data["roles"]), "expires_at": data.get("expires_at")}


def _comparable(column: str, value: object) -> object:
    """Return a column's value as entries say it: roles in order, the end of an account in whole seconds."""
    if column == "roles" and isinstance(value, list):
        return sorted(map(str, value))
    if column == "expires_at" and isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return value


def _named(key: object) -> str:
    return f"{key[0]}, version {key[1]}" if isinstance(key, tuple) else str(key)
