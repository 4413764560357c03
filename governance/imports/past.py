"""Lines that are decisions of the past: from a row to the decision, and into the tables, each once.

A line's decision has an id that the run and the line's number give, so that storing it again finds it there. A line with a reference is known by it in
every later file too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

import msgspec
import orjson
import sqlalchemy as sa

from audits.log.canonical import NotCanonical
from governance.actors import Actor
from governance.decisions.asking import DecisionRequest, ProposalAsked, SubjectAsked
from governance.decisions.importing import Past, past_ruled
from governance.decisions.models import Decision
from governance.decisions.preparing import Asked, Ruled, prepared_rows
from governance.decisions.storing.rows import Fate, Prepared
from governance.errors import InvalidInput, Unavailable
from governance.imports import values
from governance.imports.checking import (
    check_groups,
    check_json,
    check_limits,
    known_groups,
    not_json,
)
from governance.imports.identity import REFERENCE, LineIds, reference_text
from governance.imports.models import ImportReference
from governance.imports.reading import Row
from governance.imports.taking import Taken, readable, told
from governance.imports.values import Unfit
from governance.storage.database import unavailable
from policies.document import FeatureType, Policy

if TYPE_CHECKING:
    from governance.application import Answerable

_TRIES: Final = 8
_AT_ONCE: Final = 500
#: References that a trial remembers, to find those that stand twice; an import finds them all.
_MOST_REMEMBERED: Final = 200_000
_VERDICTS: Final = {"approved": "approve", "changed": "change", "rejected": "reject"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PastLine:
    """A line that can be read: the decision, and how the business calls it."""

    past: Past
    reference: str | None = None


class Lines(Protocol):
    """Makes decisions of rows."""

    def read(self, row: Row) -> PastLine:
        """Return the decision of a row.

        Raises:
            Unfit: it cannot be read.
        """
        ...


class _Line(DecisionRequest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    decision_point: str = ""
    outcome: str
    verdict: str | None = None
    ground_truth: str | None = None
    reference: str | None = None


_DECODER: Final = msgspec.json.Decoder(_Line)
_OF_REQUEST: Final = DecisionRequest.__struct_fields__


class NdjsonLines:
    """Reads lines that are decision requests with their outcome. The decision point may be left out; it is the policy's."""

    def __init__(self, policy: Policy) -> None:
        self._point = policy.decision_point

    def read(self, row: Row) -> PastLine:
        raw = row.raw
        try:
            document = orjson.loads(raw)
            line = _DECODER.decode(raw)
        except (ValueError, msgspec.MsgspecError, RecursionError) as error:
            not_json(error)
        check_json(raw, document, orjson.dumps(document))
        if line.decision_point not in ("", self._point):
            raise Unfit(f"It belongs to the decision point {values.shown(line.decision_point)}.")
        fields = {name: getattr(line, name) for name in _OF_REQUEST}
        fields["decision_point"] = self._point
        mentioned = line.metadata.get("reference")
        reference = line.reference
        if reference is None and isinstance(mentioned, str):
            reference = mentioned
        elif reference is not None and mentioned not in (None, reference):
            raise Unfit("reference: metadata.reference says something else.")
        if reference is not None:
            fields["metadata"] = line.metadata | {"reference": reference}
        if line.subject is not None:
            fields["subject"] = SubjectAsked(
                ref=line.subject.ref, groups=known_groups(line.subject.groups)
            )
        request = DecisionRequest(**fields)
        check_limits(request, reference)
        past = Past(
            request=request,
            outcome=line.outcome,
            verdict=line.verdict,
            ground_truth=line.ground_truth,
        )
        return PastLine(past=past, reference=reference)


class CsvLines:
    """Reads rows of a table by what its columns mean. An empty cell says nothing."""

    def __init__(self, policy: Policy, fields: Sequence[str], zone: ZoneInfo) -> None:
        """Take what each column means, in order; empty: nothing."""
        self._point = policy.decision_point
        self._features: list[tuple[int, str, values.Read]] = []
        self._groups: list[tuple[int, str]] = []
        self._metadata: list[tuple[int, str]] = []
        self._others: list[tuple[int, str, values.Read]] = []
        others = _readers(policy, zone)
        for at, field in enumerate(fields):
            prefix, _, name = field.rpartition(".")
            if prefix == "features":
                feature = policy.features.get(name)
                kind = FeatureType.STRING if feature is None else feature.type
                self._features.append((at, name, values.reader_of(field, kind)))
            elif prefix == "subject.groups":
                self._groups.append((at, name))
            elif field.startswith("metadata."):
                self._metadata.append((at, field.removeprefix("metadata.")))
            elif field:
                self._others.append((at, field, values.reading(field, others[field])))

    def read(self, row: Row) -> PastLine:
        cells = row.cells
        assert cells is not None, "a row without a problem has cells"
        said = {field: read(cells[at]) for at, field, read in self._others if cells[at]}
        get = said.get
        features = {name: read(cells[at]) for at, name, read in self._features if cells[at]}
        groups = known_groups({name: cells[at] for at, name in self._groups if cells[at]})
        metadata: dict[str, Any] = {name: cells[at] for at, name in self._metadata if cells[at]}
        reference, ref, proposed = get("reference"), get("subject.ref"), get("proposal.outcome")
        if reference is not None:
            metadata["reference"] = reference
        if "outcome" not in said:
            raise Unfit("outcome: required.")
        if proposed is None and "proposal.confidence" in said:
            raise Unfit("proposal.outcome: required where a line gives a confidence.")
        request = DecisionRequest(
            decision_point=self._point,
            features=features,
            subject=None if ref is None else SubjectAsked(ref=ref, groups=groups),
            proposal=None
            if proposed is None
            else ProposalAsked(outcome=proposed, confidence=get("proposal.confidence")),
            person_requested=get("person_requested", False),
            occurred_at=get("occurred_at"),
            channel=get("channel"),
            language=get("language"),
            sequence=get("sequence"),
            metadata=metadata,
        )
        check_limits(request, reference)
        check_groups(groups)
        past = Past(
            request=request,
            groups=groups if ref is None else None,
            outcome=said["outcome"],
            verdict=get("verdict"),
            ground_truth=get("ground_truth"),
        )
        return PastLine(past=past, reference=reference)


def outcome_reader(policy: Policy) -> Callable[[str], str]:
    """Return what reads an outcome by its name or, where only one has it, by its label in any language."""
    labels = [
        (label, outcome.name)
        for outcome in policy.outcomes.values()
        for label in outcome.label.values()
    ]
    return values.one_of(policy.outcomes, labels)


def _readers(policy: Policy, zone: ZoneInfo) -> dict[str, Callable[[str], Any]]:
    outcome = outcome_reader(policy)
    return {
        "outcome": outcome,
        "ground_truth": outcome,
        "proposal.outcome": outcome,
        "proposal.confidence": values.number,
        "occurred_at": values.times(zone),
        "verdict": values.one_of(_VERDICTS.values(), _VERDICTS.items()),
        "person_requested": values.truth,
        "sequence": values.whole,
        **dict.fromkeys(("reference", "subject.ref", "channel", "language"), str.strip),
    }


@dataclass(slots=True)
class Made:
    """One line on its way: read, then prepared; ``taken`` once it is known what becomes of it."""

    row: Row
    line: PastLine | None = None
    tag: str | None = None
    prepared: Prepared | None = None
    taken: Taken | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """The decision that stands under a reference."""

    id: str
    occurred_at: datetime | None
    outcome: str | None


class Decisions:
    """Takes lines of decisions. Without ``ids`` it only tries whether they would be taken."""

    def __init__(
        self, answerable: Answerable, actor: Actor, lines: Lines, point: str, ids: LineIds | None
    ) -> None:
        self._answerable = answerable
        self._actor = actor
        self._lines = lines
        self._point = point
        self._ids = ids
        self._configuration = answerable.configuration.reload()
        #: Lines of this batch and the one before by their references: the database may not show them yet.
        self._lately: dict[str, int] = {}
        self._before: dict[str, int] = {}

    def make(self, rows: Sequence[Row]) -> list[Made]:
        """Read and prepare lines; nothing is stored."""
        if self._ids is not None or len(self._lately) > _MOST_REMEMBERED:
            self._before, self._lately = self._lately, {}
        made = [self._read(row) for row in rows]
        self._prepare([one for one in made if one.taken is None])
        return made

    def store(self, made: Sequence[Made]) -> list[Taken]:
        """Store lines that were made, and say what became of each.

        Raises:
            Unavailable: the database could not do it now. Lines that were stored already are found there next time.
        """
        for _ in range(_TRIES):
            waiting = [one for one in made if one.taken is None]
            if not waiting:
                break
            self._commit(waiting)
        stayed = "Something kept changing meanwhile. Import it again."
        return [one.taken or Taken(line=one.row.line, problem=stayed) for one in made]

    def _read(self, row: Row) -> Made:
        made = Made(row)
        try:
            made.line = self._lines.read(readable(row))
        except Unfit as error:
            made.taken = Taken(line=row.line, problem=str(error))
            return made
        if made.line.reference is not None:
            text = reference_text(self._point, made.line.reference)
            made.tag = self._answerable.keyring.tag(REFERENCE, text)
        return made

    def _prepare(self, made: Sequence[Made]) -> None:
        known = self._known(one.tag for one in made if one.tag is not None)
        now = self._answerable.clock.now()
        for one in made:
            try:
                one.taken = self._prepared(one, known.get(one.tag or ""), now)
            except InvalidInput as error:
                one.taken = Taken(line=one.row.line, problem=told(error))
            except (Unfit, NotCanonical) as error:
                one.taken = Taken(line=one.row.line, problem=str(error))

    def _prepared(self, one: Made, known: _Known | None, now: datetime) -> Taken | None:
        """Make the rows of a line's decision, or say that there is nothing to store."""
        line, answerable, configuration = one.line, self._answerable, self._configuration
        assert line is not None, "a line that is not taken yet was read"
        ruled = past_ruled(configuration, self._actor, line.past, now)
        if one.tag is not None:
            if self._is_known(one, known, ruled):
                return Taken(line=one.row.line, known=True)
            self._lately[one.tag] = one.row.line
        if self._ids is None:
            return Taken(line=one.row.line)
        decision_id = self._ids.of(one.row.line)
        one.prepared, _ = prepared_rows(
            answerable,
            configuration,
            self._actor,
            Asked(request=line.past.request),
            ruled,
            now,
            decision_id=decision_id,
        )
        if one.tag is not None:
            one.prepared.rows["import_references"] = (one.tag, decision_id)
        return None

    def _is_known(self, one: Made, known: _Known | None, ruled: Ruled) -> bool:
        """Tell whether the decision under a line's reference was there before this run.

        Raises:
            Unfit: another decision, or another line of the file, has the reference.
        """
        tag, line = str(one.tag), one.row.line
        stored = None
        if known is not None and self._ids is not None:
            stored = self._ids.line_of(known.id)
        for earlier in (self._lately.get(tag, self._before.get(tag)), stored):
            if earlier not in (None, line):
                raise Unfit(
                    f"reference: line {earlier} has the same. A reference names one decision; a column that names "
                    "customers means subject.ref."
                )
        if known is None or stored == line:
            return False
        if (known.occurred_at, known.outcome) != (ruled.occurred_at, ruled.outcome):
            raise Unfit(
                "reference: an earlier file has it for a decision with another time or outcome. Nothing is overwritten."
            )
        return True

    def _known(self, tags: Iterable[str]) -> dict[str, _Known]:
        wanted = list(tags)
        if not wanted:
            return {}
        found: dict[str, _Known] = {}
        with self._answerable.look(self._actor) as work:
            for start in range(0, len(wanted), _AT_ONCE):
                rows = work.session.execute(
                    sa.select(
                        ImportReference.tag, Decision.id, Decision.occurred_at, Decision.outcome
                    )
                    .join(Decision, Decision.id == ImportReference.decision_id)
                    .where(ImportReference.tag.in_(wanted[start : start + _AT_ONCE]))
                )
                for tag, decision_id, occurred_at, outcome in rows:
                    found[tag] = _Known(id=decision_id, occurred_at=occurred_at, outcome=outcome)
        return found

    def _commit(self, made: Sequence[Made]) -> None:
        self._answerable.writer.commit([one.prepared for one in made if one.prepared is not None])
        again = []
        for one in made:
            prepared = one.prepared
            assert prepared is not None, "a line that is not taken yet was prepared"
            match prepared.fate:
                case Fate.STORED | Fate.DUPLICATE:
                    one.taken = Taken(line=one.row.line)
                case Fate.KEY_GONE:
                    self._answerable.keys.forget(prepared.key)
                    again.append(one)
                case Fate.CONFIGURATION_CHANGED:
                    again.append(one)
                case _ if one.tag is not None and _is_taken(prepared.error):
                    # Another file brought the same reference at the same moment.
                    again.append(one)
                case _:
                    one.taken = self._failed(prepared, one.row.line)
        if again:
            self._configuration = self._answerable.configuration.reload()
            self._prepare(again)

    def _failed(self, prepared: Prepared, line: int) -> Taken:
        """Refuse a line that alone cannot be stored.

        Raises:
            Unavailable: it is the database that cannot be reached or written.
        """
        error = prepared.error
        assert error is not None, "what failed says why"
        if isinstance(error, Unavailable):
            raise error
        if not _is_about_the_row(error):
            raise unavailable(error)
        return Taken(line=line, problem=f"The database does not take it ({type(error).__name__}).")


def _is_taken(error: Exception | None) -> bool:
    return "IntegrityError" in {kind.__name__ for kind in type(error).__mro__}


def _is_about_the_row(error: Exception) -> bool:
    # Both drivers name them alike, as the database API of Python asks (PEP 249).
    return bool({kind.__name__ for kind in type(error).__mro__} & {"DataError", "IntegrityError"})
