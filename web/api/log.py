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
from governance.reporting import log_exports
from web.api.bodies import misfit
from web.api.resources import PageQuery, Resource, identifier, look, work
from web.api.schemas import Answer, Body, Flag, Instant, List, Members, Nested, Text, Whole, one_of
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


class ExportBody(Body):
    """Which entries are wanted, by when they were placed."""

    since = Instant(load_default=None, allow_none=True)
    until = Instant(load_default=None, allow_none=True)


class ExportAnswer(Answer):
    """An export of the log."""

    id = Text(required=True)
    asked_at = Instant(required=True)
    asked_by_name = Text(required=True)
    since = Instant(required=True, allow_none=True)
    until = Instant(required=True, allow_none=True)
    status = Text(required=True, validate=one_of(("asked", "made", "failed")))
    problem = Text(required=True, allow_none=True)
    size = Whole(required=True, allow_none=True, metadata={"description": "Bytes of its file"})
    entries = Whole(required=True, allow_none=True, metadata={"description": "Entries in it"})
    log_size = Whole(
        required=True, allow_none=True, metadata={"description": "Entries its checkpoint covers"}
    )
    made_at = Instant(required=True, allow_none=True)
    kept_until = Instant(required=True)


class ExportsAnswer(Answer):
    """Exports, newest first."""

    exports = List(Nested(ExportAnswer), required=True)


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


@resource.route("/log/exports", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.response(200, ExportsAnswer)
def list_exports() -> Any:
    """List the exports that are kept, the newest first."""
    with look() as unit:
        return {"exports": log_exports.exports(unit)}


@resource.route("/log/exports", methods=["POST"])
@requires(Permission.LOG_READ)
@resource.arguments(ExportBody)
@resource.response(202, ExportAnswer)
def ask_for_export(body: dict[str, Any]) -> Any:
    """Have the log exported in the background, with all that it takes to check it without us; the log says who asked."""
    with work() as unit:
        return log_exports.ask(unit, since=body["since"], until=body["until"])


@resource.route("/log/exports/<export_id>", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.response(200, ExportAnswer)
def get_export(export_id: str) -> Any:
    """Say how far an export is."""
    identifier(export_id, "export")
    with look() as unit:
        return log_exports.one(unit, export_id)


@resource.route("/log/exports/<export_id>/file", methods=["GET"])
@requires(Permission.LOG_READ)
@resource.response(
    200,
    {"type": "string", "format": "binary"},
    content_type="application/zip",
    description="The export as a zip file",
)
def get_export_file(export_id: str) -> Response:
    """Take an export that was made; the log says so. 409 while it is being made."""
    identifier(export_id, "export")
    with work() as unit:
        file = log_exports.file_of(unit, export_id)
    return attachment(file.pieces, "application/zip", file.name)


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
