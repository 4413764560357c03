"""The audit log: its state, its newest checkpoint, its entries."""

from __future__ import annotations

import re
from typing import Any, Final

import marshmallow as ma
from flask import Response

from audits.log.entries import EntryKind
from audits.log.proofs import SUFFIX as PROOF_SUFFIX
from governance.errors import FieldProblem, NotFound
from governance.ledger import proving, reading
from governance.ledger.reading import Place
from governance.operations import verification
from governance.permissions import Permission
from web.api.bodies import misfit
from web.api.resources import PageQuery, Resource, identifier, look, work
from web.api.schemas import Answer, Flag, Instant, List, Members, Nested, Text, Whole, one_of
from web.downloads import attachment
from web.security import requires

resource = Resource("Log", "What was done, by whom, in an order that nobody can change unnoticed.")

_CURSOR: Final = re.compile(r"([0-9]{1,9})-([0-9]{1,18})", re.ASCII)


class EntriesQuery(PageQuery):
    """Which entries are wanted."""

    kind = Text(load_default=None, validate=one_of(EntryKind))
    decision = Text(load_default=None, metadata={"description": "Those of one decision, by its id"})


class BacklogAnswer(Answer):
    """What waits for its place in the log."""

    count = Whole(required=True)
    oldest_at = Instant(required=True, allow_none=True)


class CheckpointAnswer(Answer):
    """A signed checkpoint."""

    epoch = Whole(required=True)
    origin = Text(required=True)
    vkey = Text(required=True)
    size = Whole(required=True)
    note = Text(required=True)
    signed_at = Instant(required=True)


class LogAnswer(Answer):
    """How the log stands."""

    epoch = Whole(required=True)
    origin = Text(required=True)
    vkey = Text(required=True, metadata={"description": "The key its checkpoints are signed with"})
    size = Whole(required=True)
    opened_at = Instant(required=True)
    backlog = Nested(BacklogAnswer, required=True)
    checkpoint = Nested(CheckpointAnswer, required=True, allow_none=True)


class WitnessAnswer(Answer):
    """A witness, and how it last answered."""

    name = Text(required=True)
    vkey = Text(required=True, metadata={"description": "The key its cosignatures are made with"})
    size = Whole(required=True, metadata={"description": "How much of the log it has cosigned"})
    cosigned_at = Instant(required=True, allow_none=True)
    failing_since = Instant(required=True, allow_none=True)
    fault = Text(required=True, allow_none=True)


class AnchorAnswer(Answer):
    """A checkpoint that was laid down outside."""

    method = Text(required=True, metadata={"description": "file, git or rfc3161"})
    epoch = Whole(required=True)
    size = Whole(required=True)
    place = Text(required=True)
    reference = Text(required=True, metadata={"description": "What it is found by there"})
    made_at = Instant(required=True)


class OutsideAnswer(Answer):
    """Who watches the log from outside, and where its checkpoints were laid down last."""

    mode = Text(required=True, metadata={"description": "off, best_effort or required"})
    published = Whole(required=True, metadata={"description": "Entries that were given out"})
    signed = Whole(required=True, metadata={"description": "Entries that the log has signed"})
    quorum = Flag(required=True, metadata={"description": "Whether enough witnesses cosigned"})
    witnesses = List(Nested(WitnessAnswer), required=True)
    anchors = List(Nested(AnchorAnswer), required=True)
    fault = Text(required=True, allow_none=True)


class PlaceAnswer(Answer):
    """Where an entry stands."""

    epoch = Whole(required=True)
    index = Whole(required=True)


class EntryAnswer(Answer):
    """An entry."""

    id = Text(required=True)
    kind = Text(required=True)
    description = Text(required=True)
    recorded_at = Instant(required=True)
    actor_type = Text(required=True)
    actor_ref = Text(required=True)
    decision_id = Text(required=True, allow_none=True)
    refs = Members(required=True)
    data = Members(required=True)
    payloads = List(
        Text(), required=True, metadata={"description": "Names of what it commits to, encrypted"}
    )
    place = Nested(
        PlaceAnswer,
        required=True,
        allow_none=True,
        metadata={"description": "null while it waits"},
    )
    leaf_hash = Text(required=True, allow_none=True)


class WholeEntryAnswer(EntryAnswer):
    """An entry with the very text that was hashed."""

    entry = Text(required=True, dump_only=True, attribute="description")

    @ma.post_dump(pass_original=True)
    def _as_text(self, told: dict[str, Any], view: Any, **_: Any) -> dict[str, Any]:
        # Bytes that somebody damaged are shown as far as they can be; verifying says what is wrong.
        return {**told, "entry": view.entry.decode("utf-8", "replace")}


class FindingAnswer(Answer):
    """Something that a verification found."""

    severity = Text(required=True)
    what = Text(required=True)
    expected = Text(required=True)
    got = Text(required=True)
    decision_id = Text(required=True, allow_none=True)
    record_id = Text(required=True, allow_none=True)
    index = Whole(required=True, allow_none=True)


class ReportAnswer(Answer):
    """What a verification came to, with its first findings."""

    finished_at = Instant(required=True)
    exit_code = Whole(required=True, metadata={"description": "0 well, 1 tampered, 2 incomplete"})
    entries = Whole(required=True)
    decisions = Whole(required=True)
    payloads = Whole(required=True)
    pending = Whole(required=True)
    tampered = Whole(required=True)
    incomplete = Whole(required=True)
    findings = List(Nested(FindingAnswer), required=True)


class VerificationAnswer(Answer):
    """The last verification, and whether one is running."""

    running = Flag(required=True)
    last = Nested(ReportAnswer, required=True, allow_none=True)


class EntriesAnswer(Answer):
    """Entries, newest first."""

    entries = List(Nested(EntryAnswer), required=True)
    next_cursor = Text(required=True, allow_none=True)


@resource.route("/log", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.response(200, LogAnswer)
def get_log() -> Any:
    """Say how the log stands."""
    with look() as unit:
        return reading.state(unit)


@resource.route("/log/checkpoint", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.response(
    200, {"type": "string"}, content_type="text/plain", description="The signed note"
)
def get_checkpoint() -> Response:
    """Read the newest checkpoint, as it was signed."""
    with look() as unit:
        newest = reading.newest_checkpoint(unit)
    if newest is None:
        raise NotFound("No checkpoint was signed yet. The status page says what the log waits for.")
    return Response(newest.note, content_type="text/plain; charset=utf-8")


@resource.route("/log/outside", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.response(200, OutsideAnswer)
def get_outside() -> Any:
    """Say who watches the log from outside, and where its checkpoints were laid down last."""
    with look() as unit:
        return reading.outside(unit)


@resource.route("/log/entries", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.arguments(EntriesQuery, location="query")
@resource.response(200, EntriesAnswer)
def list_entries(query: dict[str, Any]) -> Any:
    """List entries that have their place, newest first."""
    if query["decision"] is not None:
        identifier(query["decision"], "decision")
    with look() as unit:
        page = reading.entries(
            unit,
            kind=query["kind"],
            decision_id=query["decision"],
            before=_place(query["cursor"]),
            limit=query["limit"],
        )
    following = page.next_cursor
    return {
        "entries": page.entries,
        "next_cursor": None if following is None else f"{following.epoch}-{following.index}",
    }


@resource.route("/log/entries/<entry_id>", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.response(200, WholeEntryAnswer)
def get_entry(entry_id: str) -> Any:
    """Read one entry, placed or waiting."""
    identifier(entry_id, "entry")
    with look() as unit:
        return reading.entry(unit, entry_id)


@resource.route("/log/entries/<entry_id>/proof", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.response(
    200,
    {"type": "string"},
    content_type="text/plain",
    description="A C2SP tlog-proof: the entry's index, the hashes up to the root, and the signed checkpoint",
)
def prove_entry(entry_id: str) -> Response:
    """Prove that an entry is in the signed log, to anybody and without us.

    While it waits for its place, the answer is 404 `not-proven-yet` with Retry-After.
    """
    identifier(entry_id, "entry")
    with look() as unit:
        proof = proving.prove(unit, entry_id)
    return attachment(proof.text, "text/plain; charset=utf-8", f"{entry_id}{PROOF_SUFFIX}")


@resource.route("/log/verification", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.response(200, VerificationAnswer)
def get_verification() -> Any:
    """Read what the last verification found, and whether one is running."""
    with look() as unit:
        return {"running": verification.is_running(unit), "last": verification.last(unit)}


@resource.route("/log/verification", methods=["POST"])
@requires(Permission.LOG_READ)
@resource.response(202, VerificationAnswer)
def verify() -> Any:
    """Have the log verified in the background, against itself and against the database."""
    with work() as unit:
        verification.ask(unit)
        return {"running": verification.is_running(unit), "last": verification.last(unit)}


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise misfit(
            [
                FieldProblem(
                    pointer="/query/cursor", detail="Expected a cursor as an answer gave it."
                )
            ]
        )
    return Place(epoch=int(match[1]), index=int(match[2]))
