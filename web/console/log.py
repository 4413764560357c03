"""Pages of the log: its newest checkpoint, its growth, its last check, its entries, and each step from one of them to the root that was signed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import orjson
from flask import Response, request, url_for

from audits.log.entries import EntryKind
from audits.log.proofs import SUFFIX as PROOF_SUFFIX
from audits.log.proofs import steps
from audits.log.tiles import TileMissing
from audits.log.tree import leaf_hash
from audits.reports.charts.figure import Figure
from audits.reports.charts.growth import Size, growth
from audits.reports.words import Words
from governance.clock import is_id
from governance.errors import NotProvenYet
from governance.identities import queries as people
from governance.ledger import proving, reading
from governance.ledger.reading import EntryView, Place
from governance.operations import verification
from governance.permissions import Permission
from governance.work import Work
from web import authentication
from web.console.sentences import spoken
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import language, unfilled
from web.console.times import moment, moment_or_none
from web.console.views.shell import Choice, Page
from web.console.views.trust import (
    AnchorRow,
    EntryPage,
    EntryRow,
    FindingView,
    LogPage,
    OutsideView,
    ProofStep,
    ProofView,
    SignerRow,
    VerifyView,
    WitnessRow,
)
from web.downloads import attachment
from web.security import requires

_OF_A_PAGE: Final = 50
_PLACE: Final = re.compile(r"([0-9]{1,9})\.([0-9]{1,15})", re.ASCII)


@blueprint.get("/log")
@requires(Permission.LOG_READ)
def log() -> Response:
    """Show how the log stands, and its entries, newest first."""
    kind = request.args.get("kind", "")
    if kind not in set(EntryKind):
        kind = ""
    decision = request.args.get("decision", "")
    if not is_id(decision):
        decision = ""
    before = _place(request.args.get("after", ""))
    with authentication.installation().look(authentication.actor()) as work:
        state = reading.state(work)
        found = reading.entries(
            work,
            kind=kind or None,
            decision_id=decision or None,
            before=before,
            limit=_OF_A_PAGE,
        )
        names = _names(work, found.entries)
        newest = state.checkpoint
        page = LogPage(
            origin=state.origin,
            size=state.size,
            root=state.root.hex(),
            checkpoint="" if newest is None else newest.note,
            checkpointed=None if newest is None else moment(newest.signed_at),
            pending=state.backlog.count,
            verify=_verify(work),
            outside=_outside(work),
            entries=tuple(_row(work, entry, names) for entry in found.entries),
            kinds=tuple(Choice(value=one, label=one) for one in sorted(EntryKind)),
            kind=kind,
            decision=decision,
            growth=_growth(work),
            may_verify=True,
            newest=before is None,
            page=Page(
                after=_cursor(found.next_cursor),
                shown=len(found.entries),
                total=None if kind or decision else state.size,
            ),
        )
    return render("log", page, current="log")


@blueprint.get("/log/entries/<entry_id>")
@requires(Permission.LOG_READ)
def log_entry(entry_id: str) -> Response:
    """Show one entry as it was hashed, and how its hash leads to what was signed."""
    with authentication.installation().look(authentication.actor()) as work:
        entry = reading.entry(work, entry_id)
        row = _row(work, entry, _names(work, [entry]))
        proof, fault = None, ""
        try:
            proof = _proof(work, entry_id)
        except NotProvenYet:
            pass
        except TileMissing as damaged:
            fault = spoken(damaged.said)
    page = EntryPage(
        row=row,
        what=unfilled(entry.description),
        epoch=None if entry.place is None else entry.place.epoch,
        leaf_hash=entry.leaf_hash or "",
        proof=proof,
        fault=fault,
        payloads=tuple(entry.payloads),
        refs=tuple(sorted((name, str(value)) for name, value in entry.refs.items())),
        data=tuple(
            (name, orjson.dumps(value).decode()) for name, value in sorted(entry.data.items())
        ),
        canonical=entry.entry.decode("utf-8", "backslashreplace"),
    )
    return render("log_entry", page, current="log")


@blueprint.get("/log/entries/<entry_id>/proof")
@requires(Permission.LOG_READ)
def entry_proof(entry_id: str) -> Response:
    """Hand an entry's proof over as a file."""
    with authentication.installation().look(authentication.actor()) as work:
        proof = proving.prove(work, entry_id)
    return attachment(proof.text, "text/plain; charset=utf-8", f"{entry_id}{PROOF_SUFFIX}")


@blueprint.get("/log/entries/<entry_id>/leaf")
@requires(Permission.LOG_READ)
def entry_leaf(entry_id: str) -> Response:
    """Hand an entry's bytes over as a file, exactly as they were hashed."""
    with authentication.installation().look(authentication.actor()) as work:
        entry = reading.entry(work, entry_id)
    return attachment(entry.entry, "application/octet-stream", f"{entry_id}.leaf")


@blueprint.get("/log/entries")
@requires(Permission.LOG_READ)
def find_entry() -> Response:
    """Lead from an index of the present epoch, or an entry's id, to the entry, and from a decision's id to its entries."""
    wanted = request.args.get("index", "").strip().lower()
    with authentication.installation().look(authentication.actor()) as work:
        if is_id(wanted) and len(reading.entries(work, decision_id=wanted, limit=2).entries) > 1:
            return go("log", decision=wanted, _anchor="entries")
        found = reading.about(work, wanted)
    if found is None:
        tell(
            "warn",
            _("There is no such entry."),
            _("Give an index, such as 4821, or the id of a decision or an entry."),
        )
        return go("log")
    return go("log_entry", entry_id=found)


@blueprint.post("/log/verify")
@requires(Permission.LOG_READ)
def verify_log() -> Response:
    """Have the log checked in the background."""
    with authentication.installation().work(authentication.actor()) as work:
        asked = verification.ask(work)
    if not asked:
        tell("info", _("A check was asked for within this minute already."))
    return go("log")


def _growth(work: Work) -> Figure | None:
    grown = reading.growth(work)
    if not grown:
        return None
    sizes = [Size(at=at, entries=entries) for at, entries in grown]
    return growth("log-growth", sizes, words=Words(language=language()))


def _proof(work: Work, entry_id: str) -> ProofView:
    """Compute each step of an entry's proof anew."""
    proof = proving.prove(work, entry_id)
    leaf = leaf_hash(proof.entry or b"")
    try:
        taken = list(steps(proof.index, proof.size, leaf, proof.hashes))
    except ValueError:
        taken = []
    reached = taken[-1].node if taken else leaf
    return ProofView(
        index=proof.index,
        size=proof.size,
        leaf=leaf.hex(),
        stored=proof.leaf_hash.hex(),
        fits=leaf == proof.leaf_hash,
        steps=tuple(
            ProofStep(
                number=number,
                left=step.sibling_is_left,
                sibling=step.sibling.hex(),
                node=step.node.hex(),
                first=step.start,
                last=step.end - 1,
            )
            for number, step in enumerate(taken, 1)
        ),
        root=proof.root.hex(),
        reaches=reached == proof.root and len(taken) == len(proof.hashes),
        note=proof.note,
        signers=tuple(
            SignerRow(
                name=one.name,
                key_id=one.key_id,
                whose=one.whose.value,
                holds=one.holds,
                at=moment_or_none(one.at),
            )
            for one in proving.signers(work, proof)
        ),
    )


def _verify(work: Work) -> VerifyView:
    running = verification.is_running(work)
    last = verification.last(work)
    if last is None:
        return VerifyView(running=running)
    return VerifyView(
        ok=last.exit_code == 0,
        at=moment(last.finished_at),
        entries=last.entries,
        decisions=last.decisions,
        tampered=last.tampered,
        incomplete=last.incomplete,
        findings=tuple(
            FindingView(
                severity=one.severity,
                what=one.what,
                expected=one.expected,
                got=one.got,
                index=one.index,
                href=_decision(work, one.decision_id),
            )
            for one in last.findings
        ),
        running=running,
    )


def _outside(work: Work) -> OutsideView:
    found = reading.outside(work)
    methods = {
        "file": _("in a file"),
        "git": _("in a git repository"),
        "rfc3161": _("with a time-stamping authority"),
    }
    return OutsideView(
        mode=found.mode,
        quorum=found.quorum,
        waiting=found.signed - found.published if found.mode == "required" else 0,
        fault="" if found.fault is None else spoken(found.fault),
        witnesses=tuple(
            WitnessRow(
                name=one.name,
                vkey=one.vkey,
                size=one.size,
                at=moment_or_none(one.cosigned_at),
                since=moment_or_none(one.failing_since),
                fault="" if one.fault is None else spoken(one.fault),
            )
            for one in found.witnesses
        ),
        anchors=tuple(
            AnchorRow(
                method=methods[one.method],
                place=one.place,
                size=one.size,
                reference=one.reference,
                at=moment(one.made_at),
            )
            for one in found.anchors
        ),
    )


def _row(work: Work, entry: EntryView, names: dict[str, str]) -> EntryRow:
    about, href = _about(work, entry, names)
    return EntryRow(
        id=entry.id,
        index=None if entry.place is None else entry.place.index,
        kind=entry.kind,
        actor=_actor(work, entry, names),
        at=moment(entry.recorded_at),
        about=about,
        href=href,
    )


def _about(work: Work, entry: EntryView, names: dict[str, str]) -> tuple[str, str]:
    """Say what an entry is about, and where that is shown."""
    if entry.decision_id is not None:
        short = entry.decision_id[-12:]
        return _("decision …%(id)s", id=short), _decision(work, entry.decision_id)
    point, version = entry.data.get("point"), entry.data.get("version")
    if point and str(version).isdigit():
        told = _("%(title)s, version %(n)s", title=point, n=version)
        return told, url_for("console.policy", point=point, version=int(str(version)))
    person = entry.refs.get("person")
    if person is not None:
        return names.get(person, person), ""
    return str(entry.refs.get("queue") or point or ""), ""


def _decision(work: Work, decision_id: str | None) -> str:
    if decision_id is None or not work.actor.may(Permission.DECISIONS_READ):
        return ""
    return url_for("console.decision", decision_id=decision_id)


def _names(work: Work, entries: Sequence[EntryView]) -> dict[str, str]:
    wanted = {entry.refs.get("person") for entry in entries}
    wanted |= {entry.actor_ref for entry in entries if entry.actor_type == "person"}
    return people.names(work.session, wanted)


def _actor(work: Work, entry: EntryView, names: dict[str, str]) -> str:
    if entry.actor_type == "person":
        return names.get(entry.actor_ref, entry.actor_ref)
    if entry.actor_type == "app":
        app_id, _slash, _key = entry.actor_ref.partition("/")
        apps = {key.app_id: key.app for key in work.configuration.keys.values()}
        return _("app %(name)s", name=apps.get(app_id, app_id))
    return f"{entry.actor_type}:{entry.actor_ref}"


def _place(cursor: str) -> Place | None:
    parts = _PLACE.fullmatch(cursor)
    return None if parts is None else Place(epoch=int(parts[1]), index=int(parts[2]))


def _cursor(place: Place | None) -> str:
    return "" if place is None else f"{place.epoch}.{place.index}"
