"""The process that a witness serves in."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from governance.logs import write_logs
from governance.settings import Settings
from governance.witness.answering import application

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

#: Names the witness's folder to the processes that serve it.
VARIABLE: Final = "ANSWERABLE_WITNESS_DIR"


def serve() -> WSGIApplication:
    """Return the application over the folder that the variable names."""
    write_logs(Settings())
    return application(Path(os.environ[VARIABLE]))
