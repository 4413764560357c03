"""Files on their way out."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Response


def attachment(
    content: str | bytes | Iterable[str] | Iterable[bytes], content_type: str, name: str
) -> Response:
    """Return what a browser keeps as a file, whole or piece by piece; its name holds no quotes."""
    response = Response(content, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
