"""Figures about the running service for Prometheus: by route rule, never by path, app or subject."""

from __future__ import annotations

import os
from typing import Final

from flask import Response
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

_REGISTRY: Final = CollectorRegistry()
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUESTS: Final = Histogram(
    "answerable_request_seconds",
    "Seconds that requests took.",
    ["method", "route", "status"],
    registry=_REGISTRY,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
_DECISIONS: Final = Counter(
    "answerable_decisions",
    "Decisions by what the policy said.",
    ["disposition"],
    registry=_REGISTRY,
)


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request. Methods that HTTP does not know are counted together, or anybody could make figures without end."""
    known = method if method in _METHODS else "other"
    _REQUESTS.labels(known, route, str(status)).observe(seconds)


def count_decision(disposition: str) -> None:
    """Count one decision."""
    _DECISIONS.labels(disposition).inc()


def page() -> Response:
    """Return all figures; with PROMETHEUS_MULTIPROC_DIR set, those of all processes that share that folder."""
    registry = _REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
