"""The folder of a demo: whether it is one, whether it is finished, and making room for a new one."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import orjson

from governance.errors import Conflict

#: What tells a demo's folder from a real business's.
MARKER: Final = "demo.json"


class Stage(StrEnum):
    """How far a folder is on its way to a demo."""

    ABSENT = "absent"
    HALF_BUILT = "half_built"
    FINISHED = "finished"


def stage_of(home: Path) -> Stage:
    """Tell how far a folder is.

    Raises:
        Conflict: it holds something else than a demo.
    """
    if not home.exists() or (home.is_dir() and not any(home.iterdir())):
        return Stage.ABSENT
    marker = home / MARKER
    if not marker.is_file():
        raise Conflict(
            f"{home} is not a demo's folder, so it is left alone. Name another with --dir."
        )
    return Stage.FINISHED if _read(marker).get("finished") is True else Stage.HALF_BUILT


@contextmanager
def building(home: Path) -> Iterator[None]:
    """Hold a folder while a demo is built in it.

    Raises:
        Conflict: another process builds one there now.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / MARKER).open("ab") as marker:
        try:
            fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                f"Another process is building a demo in {home}. Wait for it, or name another folder with --dir."
            ) from error
        yield


def clear(home: Path) -> None:
    """Remove what a build that did not finish left behind, and nothing else."""
    for name in ("answerable.toml", "answerable.making"):
        (home / name).unlink(missing_ok=True)
    for file in home.glob("answerable.db*"):
        file.unlink()
    shutil.rmtree(home / "secrets", ignore_errors=True)
    # The high-water files stay: they are named after keys that are gone, and the folder may be shared.


def finish(home: Path, *, key: str) -> None:
    """Say that the demo is finished, and keep its app key, which the database holds only the hash of."""
    marker = home / MARKER
    making = marker.with_suffix(".making")
    descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps({"finished": True, "key": key}, option=orjson.OPT_INDENT_2))
    making.rename(marker)


def key_of(home: Path) -> str:
    """Return a finished demo's app key."""
    return str(_read(home / MARKER)["key"])


def _read(marker: Path) -> dict[str, Any]:
    try:
        document = orjson.loads(marker.read_bytes())
    except orjson.JSONDecodeError:
        # A build that was killed leaves the marker empty.
        return {}
    return document if isinstance(document, dict) else {}
