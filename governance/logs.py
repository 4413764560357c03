"""What a process tells of itself: JSON lines on standard error, and nothing personal."""

from __future__ import annotations

import logging
import sys

import orjson
import structlog

from governance.settings import Settings


def write_logs(settings: Settings) -> None:
    """Write what the process tells of itself to standard error, one JSON object a line."""
    level: int = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
