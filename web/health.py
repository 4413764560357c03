"""Whether the process runs, whether it can take decisions, and its figures."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from governance.operations import status
from web import metrics
from web.api.resources import answer
from web.authentication import installation
from web.security import open_to_everybody

blueprint = Blueprint("health", __name__)
_PROBED: Final = (
    "Whoever watches the service asks this without a key; it says nothing of the business."
)


@blueprint.get("/healthz")
@open_to_everybody(_PROBED)
def healthz() -> Response:
    """Say that the process runs."""
    return answer({"status": "ok"})


@blueprint.get("/readyz")
@open_to_everybody(_PROBED)
def readyz() -> Response:
    """Say whether the process can take decisions, and which part keeps it from that."""
    failing = status.readiness(installation())
    if failing is None:
        return answer({"status": "ok"})
    told = {
        "status": "failing",
        "part": failing.part,
        "detail": failing.detail,
        "todo": failing.todo,
    }
    return answer(told, 503)


@blueprint.get("/metrics")
@open_to_everybody(
    "Counts and durations by route, for Prometheus; nothing of persons or decisions."
)
def figures() -> Response:
    """Return the figures for Prometheus."""
    return metrics.page()
