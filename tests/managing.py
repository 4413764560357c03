"""Managers in a process of their own: ``python -m tests.managing SETTINGS PEOPLE`` lets all of them work the queue at once until nothing is left.

Prints the cases that each was handed, as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from governance.actors import Actor
from governance.application import Answerable, open_installation
from governance.errors import Unavailable
from governance.reviews import service as reviews
from governance.settings import Settings
from tests import accounts


def main() -> None:
    told, people = (json.loads(one) for one in sys.argv[1:])
    answerable = open_installation(
        Settings(
            home=Path(told["home"]),
            highwater_dir=Path(told["highwater_dir"]),
            database_url=told["database_url"],
            background="apart",
            log_level="error",
        )
    )
    actors = [accounts.again(answerable, one) for one in people]
    start = threading.Barrier(len(actors))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(len(actors)) as pool:
        handed = list(pool.map(lambda who: _work_off(answerable, who, start), actors))
    sys.stdout.write(json.dumps(dict(zip(people, handed, strict=True))))
    answerable.close()


def _work_off(answerable: Answerable, who: Actor, start: threading.Barrier) -> list[str]:
    handed: list[str] = []
    start.wait()
    while True:
        view = _done(answerable, who, reviews.next_case)
        if view is None:
            return handed
        handed.append(view.id)
        _done(answerable, who, reviews.give_verdict, view.id, verdict="approve", reason="Seen.")


def _done(answerable: Answerable, who: Actor, act: Any, *arguments: Any, **said: Any) -> Any:
    """Do it, again where the database was too busy."""
    while True:
        try:
            with answerable.work(who) as work:
                return act(work, *arguments, **said)
        except Unavailable:
            continue


if __name__ == "__main__":
    main()
