"""Asking witnesses to cosign the newest checkpoint (C2SP tlog-witness), and giving out what a quorum has cosigned.

It runs apart from signing and from decisions: a witness that hangs or is gone keeps nobody waiting, save that with ``witness_mode = required`` no further
checkpoint is given out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from audits.log import cosignatures, notes, tiles
from audits.log.cosignatures import Cosignature, CosignerKey
from audits.log.notes import MalformedNote, NoteRefused
from audits.log.tiles import TileMissing
from audits.log.tree import consistency_proof
from audits.log.witness_policy import MalformedPolicy, PolicyWitness, WitnessPolicy
from audits.log.witness_protocol import SIZE_TYPE, AddCheckpoint, parse_size
from audits.sentences import Sentence, packed, sentence, together, unpacked
from governance.clock import rfc3339
from governance.errors import Failed, SettingsInvalid
from governance.ledger import posting, publishing, queries
from governance.ledger.models import Log, StoredCheckpoint, StoredCosignature, WitnessState
from governance.ledger.posting import PostingFailed
from governance.storage.base import Instant
from governance.storage.inserting import insert

if TYPE_CHECKING:
    from governance.application import Answerable

#: How long a witness has for one answer.
SECONDS: Final = 5.0
#: How far a witness's clock may be from ours before the status page tells of it.
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
#: How long the last checkpoint of a closed epoch is still brought to witnesses.
_LAST_CHANCE: Final = timedelta(days=1)
_LONGEST_FAULT: Final = 300


class WitnessesFailed(Failed):
    """Some witnesses did not cosign; it says which and why, each in a sentence."""


class _NotCosigned(Failed):
    """A witness did not cosign; it says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessView:
    """One witness and how it last answered: ``size`` is what it knows of the log, ``fault`` why it does not cosign."""

    name: str
    vkey: str
    size: int
    cosigned_at: datetime | None
    failing_since: datetime | None
    fault: Sentence | None


def policy(answerable: Answerable) -> WitnessPolicy:
    """Return the policy that the settings name; one without a witness where they name none.

    Raises:
        SettingsInvalid: the file is not there, or is not such a policy.
    """
    path = answerable.settings.witness_policy
    if path is None:
        if answerable.settings.witnessing == "required":
            raise SettingsInvalid(
                [
                    sentence(
                        "witness_mode is required, and witness_policy names no file with witnesses."
                    )
                ]
            )
        return WitnessPolicy()
    try:
        return WitnessPolicy.parse(path.read_bytes())
    except OSError as error:
        raise SettingsInvalid([f"witness_policy: {path}: {error.strerror}"]) from None
    except MalformedPolicy as error:
        raise SettingsInvalid([f"witness_policy: {path}: {error}"]) from None


def run(answerable: Answerable) -> int:
    """Ask each witness that has not cosigned the newest checkpoint; return how many cosigned.

    Raises:
        SettingsInvalid: the policy cannot be used.
        WitnessesFailed: some did not cosign; what others cosigned is stored.
    """
    if answerable.settings.witnessing == "off":
        return 0
    wanted = policy(answerable)
    with answerable.database.read() as session:
        # An epoch that has just been closed still wants its last checkpoint cosigned.
        newest = [
            (log, found)
            for log in queries.epochs(session)[-2:]
            if log.closed_at is None or answerable.clock.now() - log.closed_at < _LAST_CHANCE
            if (found := queries.newest_checkpoint(session, log.epoch)) is not None
        ]
    count, faults = 0, dict[str, Sentence]()
    for log, checkpoint in newest:
        is_current = log is newest[-1][0]
        for witness in wanted.witnesses:
            if witness.url is None or _has_cosigned(answerable, checkpoint, witness.key):
                continue
            try:
                _ask(answerable, log, checkpoint, witness)
            except _NotCosigned as error:
                _keep_fault(answerable, log, witness, error.said)
                if is_current:
                    faults[witness.name] = error.said
            else:
                count += 1
        give_out_if_quorum(answerable, wanted, checkpoint)
    if faults:
        raise WitnessesFailed(
            together(
                *(
                    sentence("Witness %(name)s: %(fault)s", name=name, fault=fault)
                    for name, fault in sorted(faults.items())
                )
            )
        )
    return count


def give_out_if_quorum(
    answerable: Answerable, wanted: WitnessPolicy, checkpoint: StoredCheckpoint
) -> bool:
    """Give a checkpoint out if it waits and a quorum has cosigned it."""
    if checkpoint.published_at is not None:
        return False
    with answerable.database.read() as session:
        found = cosigned(session, checkpoint)
    if not wanted.is_met(one.cosigner for one in found):
        return False
    publishing.give_out(answerable, checkpoint.epoch, checkpoint.size)
    return True


def cosigned(session: Session, checkpoint: StoredCheckpoint) -> tuple[Cosignature, ...]:
    """Return the cosignatures of a checkpoint, each checked anew."""
    rows = session.execute(
        sa.select(StoredCosignature.vkey, StoredCosignature.line).where(
            StoredCosignature.epoch == checkpoint.epoch, StoredCosignature.size == checkpoint.size
        )
    ).all()
    body, _ = notes.split_note(checkpoint.note)
    found: list[Cosignature] = []
    for vkey, line in rows:
        try:
            found += cosignatures.check_lines(body, [line.rstrip("\n")], [CosignerKey.parse(vkey)])
        except NoteRefused:
            # Somebody changed the row; it counts for nothing, and the note as given out shows it.
            continue
    return tuple(found)


def views(session: Session, wanted: WitnessPolicy, epoch: int) -> list[WitnessView]:
    """Return each witness of the policy as it stands towards an epoch."""
    states = {
        row.vkey: row
        for row in session.execute(
            sa.select(WitnessState).where(WitnessState.epoch == epoch)
        ).scalars()
    }
    rows = session.execute(
        sa.select(StoredCosignature.vkey, sa.func.max(StoredCosignature.cosigned_at))
        .where(StoredCosignature.epoch == epoch)
        .group_by(StoredCosignature.vkey)
    ).all()
    last: dict[str, datetime] = {row.vkey: row[1] for row in rows}
    told = []
    for witness in wanted.witnesses:
        vkey = witness.key.encode()
        state = states.get(vkey)
        told.append(
            WitnessView(
                name=witness.name,
                vkey=vkey,
                size=0 if state is None else state.size,
                cosigned_at=last.get(vkey),
                failing_since=None if state is None else state.failing_since,
                fault=None if state is None or state.fault is None else unpacked(state.fault),
            )
        )
    return told


def _has_cosigned(answerable: Answerable, checkpoint: StoredCheckpoint, key: CosignerKey) -> bool:
    with answerable.database.read() as session:
        place = (checkpoint.epoch, checkpoint.size, key.encode())
        return session.get(StoredCosignature, place) is not None


def _ask(
    answerable: Answerable, log: Log, checkpoint: StoredCheckpoint, witness: PolicyWitness
) -> None:
    """Have a checkpoint cosigned and keep the cosignature.

    Raises:
        _NotCosigned: it was not.
    """
    vkey = witness.key.encode()
    with answerable.database.read() as session:
        state = session.get(WitnessState, (log.epoch, vkey))
    old = 0 if state is None else min(state.size, checkpoint.size)
    answer = _posted(answerable, checkpoint, witness, old)
    if answer.status == 409 and (known := _known(answer, checkpoint, old)) != old:
        # It knows another size than we thought: an answer was lost, or it was asked by another process.
        old = known
        answer = _posted(answerable, checkpoint, witness, old)
        if answer.status == 409:
            _known(answer, checkpoint, old)
    if answer.status != 200:
        raise _NotCosigned(_why(answer, old))
    _keep(answerable, log, checkpoint, vkey, _found(checkpoint, witness, answer))


def _posted(
    answerable: Answerable, checkpoint: StoredCheckpoint, witness: PolicyWitness, old: int
) -> posting.Posted:
    try:
        with answerable.database.read() as session:
            read_tile = queries.tile_reader(session, checkpoint.epoch)
            proof: Sequence[bytes] = consistency_proof(
                old, checkpoint.size, partial(tiles.range_root, read_tile=read_tile)
            )
        body = AddCheckpoint(old_size=old, proof=proof, note=checkpoint.note).encode()
        assert witness.url is not None
        return posting.post(
            f"{witness.url.rstrip('/')}/add-checkpoint",
            body,
            content_type="text/plain; charset=utf-8",
            seconds=SECONDS,
        )
    except TileMissing as missing:
        raise _NotCosigned(sentence("no proof can be made: %(why)s", why=missing.said)) from None
    except PostingFailed as failed:
        raise _NotCosigned(failed.said) from None


def _known(answer: posting.Posted, checkpoint: StoredCheckpoint, old: int) -> int:
    """Return the size that a witness answered a conflict with, if the log can go on from there."""
    if answer.content_type.partition(";")[0].strip().lower() != SIZE_TYPE:
        raise _NotCosigned(sentence("it answered 409 without the size that it knows."))
    try:
        known = parse_size(answer.body)
    except MalformedNote as malformed:
        raise _NotCosigned(
            sentence("it answered 409, and not as it should: %(why)s", why=str(malformed))
        ) from None
    if known > checkpoint.size:
        raise _NotCosigned(
            sentence(
                "it has cosigned %(known)s entries, and this log has %(size)s. The log was rolled back, or somebody else signs with its key; run "
                "`answerable audit verify`.",
                known=known,
                size=checkpoint.size,
            )
        )
    if known == old == checkpoint.size:
        raise _NotCosigned(
            sentence(
                "it has cosigned other %(known)s entries under this log's name. Two histories were signed; run `answerable audit verify`.",
                known=known,
            )
        )
    return known


def _why(answer: posting.Posted, old: int) -> Sentence:
    known = {
        400: sentence("it did not understand the request (400)."),
        403: sentence("it does not know the key that signed (403). Give it the log's key anew."),
        404: sentence(
            "it does not watch this log (404), or its address is wrong. Give it the log's key: `answerable witness watch`."
        ),
        409: sentence("its state changed while it was asked (409). It is asked again."),
        422: sentence(
            "it refuses that this log begins with the %(known)s entries that it cosigned (422). The log was forked or changed; run `answerable audit verify`.",
            known=old,
        ),
    }
    return known.get(answer.status, sentence("it answered %(status)s.", status=str(answer.status)))


def _found(
    checkpoint: StoredCheckpoint, witness: PolicyWitness, answer: posting.Posted
) -> Cosignature:
    body, _ = notes.split_note(checkpoint.note)
    try:
        lines = answer.body.decode().split("\n")
        if lines.pop():
            raise MalformedNote("the last line does not end in a newline.")
        # Lines of other keys are passed over, as tlog-witness asks for.
        found = cosignatures.check_lines(body, lines, [witness.key])
    except UnicodeDecodeError:
        raise _NotCosigned(sentence("it answered what is no text.")) from None
    except NoteRefused as refused:
        raise _NotCosigned(
            sentence("its cosignature cannot be used: %(why)s", why=str(refused))
        ) from None
    if not found:
        raise _NotCosigned(
            sentence("it answered without a cosignature of the key that the policy names.")
        )
    return found[0]


def _keep(
    answerable: Answerable, log: Log, checkpoint: StoredCheckpoint, vkey: str, found: Cosignature
) -> None:
    now = answerable.clock.now()
    try:
        at = datetime.fromtimestamp(found.time, UTC)
    except (OverflowError, ValueError, OSError):
        raise _NotCosigned(
            sentence("its cosignature has the time %(time)s, which is none.", time=str(found.time))
        ) from None
    with answerable.database.write() as session:
        session.execute(
            insert(session, StoredCosignature)
            .values(
                epoch=log.epoch, size=checkpoint.size, vkey=vkey, cosigned_at=at, line=found.line
            )
            .on_conflict_do_nothing()
        )
        _keep_state(session, log.epoch, vkey, now, size=checkpoint.size, fault=None)
    if abs(at - now) > CLOCK_TOLERANCE:
        raise _NotCosigned(
            sentence(
                "it cosigned, and its clock says %(theirs)s while this one says %(ours)s. One of the two is wrong.",
                theirs=rfc3339(at),
                ours=rfc3339(now),
            )
        )


def _keep_fault(answerable: Answerable, log: Log, witness: PolicyWitness, fault: Sentence) -> None:
    with answerable.database.write() as session:
        _keep_state(
            session,
            log.epoch,
            witness.key.encode(),
            answerable.clock.now(),
            size=None,
            fault=_kept(fault),
        )


def _kept(fault: Sentence) -> str:
    """Write a fault as it is kept; of one that is long only the English text."""
    whole = packed(fault)
    return whole if len(whole) <= _LONGEST_FAULT else fault[:_LONGEST_FAULT]


def _keep_state(
    session: Session, epoch: int, vkey: str, now: datetime, *, size: int | None, fault: str | None
) -> None:
    failing = None if fault is None else now
    made = insert(session, WitnessState).values(
        epoch=epoch, vkey=vkey, size=size or 0, asked_at=now, failing_since=failing, fault=fault
    )
    grown = made.excluded.size
    session.execute(
        made.on_conflict_do_update(
            index_elements=["epoch", "vkey"],
            set_={
                "size": sa.case((grown > WitnessState.size, grown), else_=WitnessState.size),
                "asked_at": now,
                "failing_since": sa.null()
                if failing is None
                else sa.func.coalesce(WitnessState.failing_since, sa.literal(failing, Instant)),
                "fault": fault,
            },
        )
    )
