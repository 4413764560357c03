"""Where does the time of a decision go? Each step alone, in one process and one thread, on SQLite.

Steps measured alone run with warm caches; ``all together`` shows what they cost one after another, with the disk in between.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from governance import actors
from governance.application import open_installation
from governance.decisions import preparing, service
from governance.decisions.preparing import Asked
from governance.identities import keys
from governance.installation.service import create
from governance.logs import write_logs
from governance.points.service import bootstrap_publish
from governance.settings import Settings
from web.api.decision_body import parse_fitting
from web.api.decisions import decision
from web.application import create_app

_TIMES = 1500


def steps(policy: str, request: dict[str, Any]) -> list[tuple[str, float, float]]:
    """Return for each step its name, CPU time and wall time in microseconds a decision."""
    with tempfile.TemporaryDirectory(prefix="answerable-steps-") as folder:
        root = Path(folder)
        settings = Settings(home=root / "home", highwater_dir=root / "highwater", log_level="error")
        write_logs(settings)
        create(
            settings,
            business_name="Steps",
            language="en",
            time_zone="UTC",
            public_url="http://127.0.0.1",
        )
        answerable = open_installation(settings)
        with answerable.work(actors.service("cli")) as work:
            bootstrap_publish(work, policy)
        with answerable.work(actors.service("cli")) as work:
            key = keys.create_key(work, app="bench").secret
        body = orjson.dumps(request)
        actor, parsed = keys.actor_of_key(answerable, key), parse_fitting(body)
        assert parsed is not None
        asked = Asked(request=parsed.request)
        view = service.ask(answerable, actor, asked)
        configuration, now = answerable.configuration.current(), answerable.clock.now()

        def rule() -> Any:
            return preparing.rule(answerable, configuration, actor, parsed.request, now)

        def prepare() -> Any:
            return preparing.prepare(answerable, configuration, actor, asked, ruled, now)[0]

        ruled = rule()
        alone = [prepare() for _ in range(2 * _TIMES)]
        together = [prepare() for _ in range(2 * _TIMES)]
        app = create_app(answerable)
        environment = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/api/v1/decisions",
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": "application/json",
            "HTTP_AUTHORIZATION": f"Bearer {key}",
        }

        def call() -> None:
            statuses: list[str] = []
            made = {**environment, "wsgi.input": io.BytesIO(body)}
            b"".join(app(made, lambda status, *_: statuses.append(status)))
            assert statuses[0].startswith("201"), statuses

        measured = [
            _measured("read the body", lambda: parse_fitting(body)),
            _measured("know the key", lambda: keys.actor_of_key(answerable, key)),
            _measured("rule", rule),
            _measured("prepare rows and entry", prepare),
            _measured("commit alone", lambda: answerable.writer.commit([alone.pop()])),
            _measured(
                "commit, 10 together",
                lambda: answerable.writer.commit([together.pop() for _ in range(10)]),
                10,
            ),
            _measured("write the answer", lambda: orjson.dumps(decision(view, "http://127.0.0.1"))),
            _measured("all together", call),
        ]
        answerable.close()
        return measured


def _measured(name: str, step: Callable[[], Any], share: int = 1) -> tuple[str, float, float]:
    for _ in range(50 // share):
        step()
    times = _TIMES // share
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        step()
    scale = 1e6 / (times * share)
    return name, (time.process_time() - cpu) * scale, (time.perf_counter() - wall) * scale
