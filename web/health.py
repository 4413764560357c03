"""Whether the process runs, whether it can take decisions, and its figures."""

from __future__ import annotations

from typing import Final

import structlog
from flask import Blueprint, Response

from governance.actors import service
from governance.errors import AnswerableError
from governance.schema import check_schema
from web import metrics
from web.api.resources import answer
from web.authentication import installation
from web.security import open_to_everybody

blueprint = Blueprint("health", __name__)
log = structlog.get_logger("answerable.web")
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
    """Say whether the process can take decisions: the database answers and has this program's schema."""
    answerable = installation()
    try:
        check_schema(answerable.database)
        with answerable.look(service("readyz")) as work:
            assert work.configuration is not None
    except AnswerableError as error:
        return answer({"status": "failing", "part": "database", "detail": error.detail}, 503)
    except Exception as error:  # noqa: BLE001 -- whatever it is, the answer is that we are not ready.
        kind = type(error).__name__
        log.warning("not ready", error=kind)
        return answer(
            {
                "status": "failing",
                "part": "database",
                "detail": f"The database does not answer ({kind}).",
            },
            503,
        )
    return answer({"status": "ok"})


@blueprint.get("/metrics")
@open_to_everybody(
    "Counts and durations by route, for Prometheus; nothing of persons or decisions."
)
def figures() -> Response:
    """Return the figures for Prometheus."""
    return metrics.page()
