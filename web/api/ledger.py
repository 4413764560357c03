"""The ledger: decisions found by their clear columns, and taken away as a file. Group attributes are never a filter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import marshmallow as ma
from flask import Response

from governance.decisions.states import Status
from governance.errors import FieldProblem, InvalidInput
from governance.permissions import Permission
from governance.reporting import exporting, filters, ledger
from governance.reporting.exporting import Form
from governance.reporting.filters import Disposition, Filters, Person, Truth
from policies.reasons import ReasonCode
from web.api.decisions import DecisionAnswer, decision
from web.api.resources import (
    MOST_OF_A_PAGE,
    Query,
    Resource,
    answer,
    cursor_of,
    instant,
    look,
    position_of,
    work,
)
from web.api.schemas import Answer, Count, Flag, Instant, List, Nested, Text, at_most, one_of
from web.downloads import attachment
from web.security import requires

resource = Resource(
    "Ledger",
    "Decisions found by what stands in clear, newest first by when they happened. Group attributes are never a filter: they leave as counts alone.",
)

_DAY: Final = "A day of UTC by when it happened, both days included"


class FiltersQuery(Query):
    """Which decisions are wanted."""

    point = Text(load_default=None, validate=at_most(63))
    status = Text(load_default=None, validate=one_of(Status))
    disposition = Text(load_default=None, validate=one_of(Disposition))
    proposed = Text(load_default=None, validate=at_most(filters.LONGEST))
    outcome = Text(load_default=None, validate=at_most(filters.LONGEST))
    version = Count(
        load_default=None,
        validate=ma.validate.Range(min=1, max=2**31 - 1, error="Expected a policy version."),
    )
    rule = Text(
        load_default=None,
        validate=at_most(filters.LONGEST),
        metadata={
            "description": "A rule of the policy, or a key of it such as `review.confidence_below`, that gave a reason"
        },
    )
    reason = Text(load_default=None, validate=one_of(ReasonCode))
    person = Text(
        load_default=None,
        validate=one_of(Person),
        metadata={
            "description": "sent: to a person; none: nobody was asked; kept, changed: what a person made of the proposal"
        },
    )
    truth = Text(
        load_default=None,
        validate=one_of(Truth),
        metadata={"description": "What is known of what would have been right"},
    )
    confidence_from = Text(load_default=None, metadata={"description": "From 0 to 1"})
    confidence_to = Text(load_default=None, metadata={"description": "From 0 to 1, included"})
    imported = Text(load_default=None, validate=one_of(("yes", "no")))
    source = Text(
        load_default=None,
        validate=at_most(filters.LONGEST),
        metadata={"description": "Who proposed, such as `app:crm`"},
    )
    since = Text(load_default=None, metadata={"format": "date", "description": _DAY})
    until = Text(load_default=None, metadata={"format": "date", "description": _DAY})


class LedgerQuery(FiltersQuery):
    """Which stretch of the ledger is wanted."""

    limit = Count(
        load_default=50,
        validate=ma.validate.Range(
            min=1, max=MOST_OF_A_PAGE, error=f"Expected 1 to {MOST_OF_A_PAGE}."
        ),
    )
    cursor = Text(load_default=None, validate=at_most(500))


class ExportQuery(FiltersQuery):
    """Which decisions are taken away."""

    after = Text(
        load_default=None,
        validate=at_most(500),
        metadata={"description": "Where to go on, as a full export's last line says"},
    )


class LedgerRowAnswer(DecisionAnswer):
    """A decision with when it happened and what turned out right."""

    happened_at = Instant(required=True)
    imported = Flag(required=True)
    ground_truth = Text(required=True, allow_none=True)
    ground_truth_never = Flag(
        required=True, metadata={"description": "It was reported that nobody will ever know"}
    )


class LedgerAnswer(Answer):
    """A page of the ledger.

    `looked_back_to`: with these filters nobody looked further back for this page; the next goes on there.
    """

    decisions = List(Nested(LedgerRowAnswer), required=True)
    next_cursor = Text(required=True, allow_none=True)
    looked_back_to = Instant(required=True, allow_none=True)


@resource.route("/ledger", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.arguments(LedgerQuery, location="query")
@resource.response(200, LedgerAnswer)
def list_ledger(query: dict[str, Any]) -> Response:
    """Find decisions by what stands in clear.

    An app finds its own, a manager those of their queues, an auditor all.
    """
    with look() as unit:
        page = ledger.search(
            unit,
            _asked(query),
            limit=query["limit"],
            before=position_of(query["cursor"]),
        )
    return answer(
        {
            "decisions": [
                {
                    **decision(row.decision),
                    "happened_at": instant(row.happened_at),
                    "imported": row.decision.imported,
                    "ground_truth": row.truth,
                    "ground_truth_never": row.never,
                }
                for row in page.rows
            ],
            "next_cursor": cursor_of(page.next_cursor),
            "looked_back_to": instant(page.looked_back_to),
        }
    )


@resource.route("/ledger/export.csv", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.arguments(ExportQuery, location="query")
@resource.response(
    200, {"type": "string"}, content_type="text/csv", description="One row for each decision"
)
def export_csv(query: dict[str, Any]) -> Response:
    """Take what the ledger shows away as a table, at most 100,000 decisions; the log says so."""
    return _exported(query, Form.CSV)


@resource.route("/ledger/export.ndjson", methods=["GET"])
@requires(Permission.DECISIONS_READ)
@resource.arguments(ExportQuery, location="query")
@resource.response(
    200,
    {"type": "string"},
    content_type="application/x-ndjson",
    description="One line for each decision",
)
def export_ndjson(query: dict[str, Any]) -> Response:
    """Take what the ledger shows away as lines of JSON, at most 100,000 decisions; the log says so."""
    return _exported(query, Form.NDJSON)


def _exported(query: Mapping[str, Any], form: Form) -> Response:
    before = position_of(query["after"], place="/query/after")
    with work() as unit:
        pieces = exporting.export(
            unit,
            _asked(query),
            form,
            before=before,
            cursor_of=lambda place: str(cursor_of(place)),
        )
    return attachment(pieces, form.content_type, f"decisions.{form}")


def wanted(said: Mapping[str, str], place: str) -> Filters:
    """Return the filters that a request names.

    Raises:
        InvalidInput: one is none; ``place`` says where in the request they stand.
    """
    try:
        return filters.read(said)
    except InvalidInput as error:
        problems = [
            FieldProblem(pointer=f"{place}{one.pointer}", detail=one.detail)
            for one in error.problems
        ]
        raise InvalidInput(error.detail, problems) from None


def _asked(query: Mapping[str, Any]) -> Filters:
    said = {name: str(query[name]) for name in filters.NAMES if query[name] is not None}
    return wanted(said, "/query")
