"""One pack of evidence, as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from flask import Response

from governance.permissions import Permission
from web.api.resources import Resource
from web.api.schemas import Body, List, Text, at_most
from web.packs import packed
from web.security import requires

resource = Resource(
    "Evidence",
    "Everything that an auditor asks for first, as one archive whose index the log names.",
)

_WINDOW: Final = {"description": "A day such as 2026-11-21, included"}


class PackBody(Body):
    """Of which decision points, and of which days."""

    decision_points = List(
        Text(validate=at_most(63)),
        load_default=list,
        metadata={"description": "None named: all that have a published policy"},
    )
    since = Text(load_default=None, allow_none=True, validate=at_most(10), metadata=_WINDOW)
    until = Text(load_default=None, allow_none=True, validate=at_most(10), metadata=_WINDOW)


@resource.route("/evidence-packs", methods=["POST"])
@requires(Permission.LOG_READ)
@resource.arguments(PackBody)
@resource.doc(
    responses={
        "200": {
            "description": "The pack; its README.md says how it is checked",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        }
    }
)
def make_pack(body: Mapping[str, Any]) -> Response:
    """Make a pack of evidence; the log names the digest of its index. A log of more than 20,000 entries goes into one that `answerable audit pack` makes."""
    return packed(body["decision_points"], body["since"], body["until"])
