"""Policies: their versions, drafts, and the way back to an earlier one. People only."""

from __future__ import annotations

import re
from typing import Any, Final

from governance.errors import FieldProblem, NotFound
from governance.permissions import Permission
from governance.points import checking, service
from governance.points.views import VersionState, VersionView
from web.api.bodies import misfit
from web.api.requests import RequestAnswer
from web.api.resources import MaybeReasonBody, ReasonBody, Resource, look, work
from web.api.schemas import Answer, Body, Flag, Instant, List, Nested, Text, Whole, at_most, one_of
from web.security import requires

resource = Resource(
    "Policies", "What governs decision points: drafts that a second person publishes."
)

_LONGEST_POLICY: Final = 500_000
_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_VERSION: Final = {
    "name": "version",
    "in": "path",
    "schema": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
}


class PolicyTextBody(Body):
    """A policy as YAML or JSON."""

    text = Text(required=True, validate=at_most(_LONGEST_POLICY))


class DraftBody(PolicyTextBody):
    """A policy to be published, and why."""

    reason = Text(load_default="", validate=at_most(2000, least=0))


class RestoreBody(MaybeReasonBody):
    """Which version is to be live again."""

    version = Whole(
        load_default=None,
        allow_none=True,
        metadata={"description": "null: the one published before the live one"},
    )


class VersionAnswer(Answer):
    """A version of a policy."""

    decision_point = Text(required=True, attribute="point")
    version = Whole(required=True)
    state = Text(required=True, validate=one_of(VersionState))
    digest = Text(required=True)
    drafted_at = Instant(required=True)
    drafted_by = Text(required=True)
    drafted_by_name = Text(required=True)
    published_at = Instant(required=True, allow_none=True)
    published_by = Text(required=True, allow_none=True)
    published_by_name = Text(required=True, allow_none=True)
    request_id = Text(
        required=True,
        allow_none=True,
        metadata={"description": "The request to publish it that waits for a second person"},
    )


class WholeVersionAnswer(VersionAnswer):
    """A version of a policy with its text."""

    text = Text(required=True)


class PolicyPointAnswer(Answer):
    """A decision point with what is live and what waits."""

    name = Text(required=True)
    kind = Text(required=True)
    live = Nested(VersionAnswer, required=True, allow_none=True)
    drafts = List(Nested(VersionAnswer), required=True)


class PoliciesAnswer(Answer):
    """All decision points with their policies."""

    policies = List(Nested(PolicyPointAnswer), required=True)


class VersionsAnswer(Answer):
    """All versions of a policy, newest first."""

    versions = List(Nested(VersionAnswer), required=True)


class PolicyProblemAnswer(Answer):
    """One thing wrong with a policy's text."""

    line = Whole(required=True)
    column = Whole(required=True)
    pointer = Text(required=True)
    detail = Text(required=True)


class OwnTestAnswer(Answer):
    """How one of the policy's own tests went."""

    name = Text(required=True)
    line = Whole(required=True)
    passed = Flag(required=True)
    detail = Text(required=True)


class RemarkAnswer(Answer):
    """Something that is probably not meant."""

    line = Whole(required=True)
    code = Text(required=True)
    detail = Text(required=True)


class CheckAnswer(Answer):
    """What was found in a policy's text."""

    ok = Flag(required=True, metadata={"description": "Whether it may be drafted"})
    problems = List(Nested(PolicyProblemAnswer), required=True)
    tests = List(Nested(OwnTestAnswer), required=True)
    remarks = List(Nested(RemarkAnswer), required=True)


@resource.route("/policies", methods=["GET"])
@requires(Permission.POLICIES_READ)
@resource.response(200, PoliciesAnswer)
def list_policies() -> Any:
    """List all decision points with what is live and what waits."""
    with look() as unit:
        return {"policies": service.list_points(unit)}


@resource.route("/policies/check", methods=["POST"])
@requires(Permission.POLICIES_READ)
@resource.arguments(PolicyTextBody)
@resource.response(200, CheckAnswer)
def check(body: dict[str, Any]) -> Any:
    """Check a policy's text and run its own tests; nothing is stored."""
    return checking.check(body["text"])


@resource.route("/policies/<point>", methods=["GET"])
@requires(Permission.POLICIES_READ)
@resource.response(200, VersionsAnswer)
def list_versions(point: str) -> Any:
    """List all versions of a point's policy, newest first."""
    with look() as unit:
        return {"versions": service.versions(unit, point)}


@resource.route("/policies/<point>/versions/<version>", parameters=[_VERSION], methods=["GET"])
@requires(Permission.POLICIES_READ)
@resource.response(200, WholeVersionAnswer)
def get_version(point: str, version: str) -> Any:
    """Read one version with its text."""
    with look() as unit:
        return service.version(unit, point, _number(version))


@resource.route("/policies/<point>/drafts", methods=["POST"])
@requires(Permission.POLICIES_DRAFT)
@resource.arguments(DraftBody)
@resource.response(201, WholeVersionAnswer)
def draft(body: dict[str, Any], point: str) -> Any:
    """Draft a policy and ask that another person publish it."""
    with work() as unit:
        view = service.draft(unit, body["text"], body["reason"])
        _require_same_point(view, point)
    return view


@resource.route(
    "/policies/<point>/versions/<version>/withdraw",
    parameters=[_VERSION],
    methods=["POST"],
)
@requires(Permission.POLICIES_READ)
@resource.arguments(ReasonBody)
@resource.response(200, WholeVersionAnswer)
def withdraw_draft(body: dict[str, Any], point: str, version: str) -> Any:
    """Take a draft back, or say no to another's."""
    with work() as unit:
        return service.withdraw_draft(unit, point, _number(version), body["reason"])


@resource.route("/policies/<point>/restore", methods=["POST"])
@requires(Permission.POLICIES_DRAFT)
@resource.arguments(RestoreBody, required=False)
@resource.response(202, RequestAnswer)
def restore(body: dict[str, Any], point: str) -> Any:
    """Ask that an earlier version be live again; another person confirms it."""
    with work() as unit:
        return service.restore_before(unit, point, body["reason"] or "", version=body["version"])


def _number(text: str) -> int:
    """Return a version's number from an address.

    Raises:
        NotFound: it is no number, so there is no such version.
    """
    if _NUMBER.fullmatch(text) is None:
        raise NotFound("There is no such policy version.")
    return int(text)


def _require_same_point(view: VersionView, point: str) -> None:
    """Raise where the text governs another point than the address names; the unit of work is undone then."""
    if view.point != point:
        detail = f"The policy is of the decision point {view.point!r}, the address names {point!r}."
        raise misfit([FieldProblem(pointer="/text", detail=detail)])
