"""The floor: the least a Flask service does to answer a JSON POST with a small JSON."""

from __future__ import annotations

import orjson
from flask import Flask, Response, request


def app() -> Flask:
    """Return an application with one route."""
    flask = Flask(__name__)

    @flask.post("/api/v1/decisions")
    def answer() -> Response:
        body = orjson.loads(request.get_data())
        return Response(
            orjson.dumps({"id": "0", "status": "released", "outcome": body["proposal"]["outcome"]}),
            status=201,
            mimetype="application/json",
        )

    return flask
