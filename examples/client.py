"""Ask Answerable for decisions, and go on well when it does not answer. One file, the standard library alone.

Copy it into your program, or try it:

    ANSWERABLE_KEY=ans_... python client.py http://127.0.0.1:8000 request.json
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Answers that may be different when the same is asked again; those of 500 and above are too.
_AGAIN = {408, 425, 429}


class Refused(Exception):
    """Answerable answered that the request is wrong; repeating it does not help. ``problem`` says what and where."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.problem = problem
        places = "; ".join(
            f"{each['pointer']}: {each['detail']}" for each in problem.get("errors", ())
        )
        super().__init__(f"{status} {problem.get('detail', '')} {places}".strip())


class NoAnswer(Exception):
    """Answerable did not answer in time; it may or may not have stored the decision.

    Keep the request with its ``idempotency_key`` and send both again later: there will be one decision.
    """

    def __init__(self, idempotency_key: str, why: str) -> None:
        self.idempotency_key = idempotency_key
        super().__init__(f"{why} Send the same request again later with the key {idempotency_key}.")


@dataclass(frozen=True)
class Decided:
    """What your program goes on with. ``outcome`` is None while a person decides (``status`` in_review).

    ``by_fallback`` says that Answerable did not answer and this is your own fallback; ``idempotency_key`` is
    then what to send the request again with.
    """

    status: str
    outcome: str | None
    id: str | None
    idempotency_key: str
    by_fallback: bool = False
    answer: Mapping[str, Any] | None = None


class Client:
    """Asks one Answerable with one app key."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        seconds: float = 5.0,
        attempts: int = 3,
        sleep: Callable[[float], None] = time.sleep,
        receipts: Path | None = None,
    ) -> None:
        """Take where it is and who asks; ``seconds`` is the time for one attempt.

        Into the file ``receipts`` goes a line for each decision: what the log promises. `answerable audit receipts check` reads it.
        """
        self._base = f"{url.rstrip('/')}/api/v1"
        self._key = key
        self._seconds = seconds
        self._attempts = attempts
        self._sleep = sleep
        self._receipts = receipts

    def decide(
        self,
        request: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        wait: float = 0.0,
        fallback: str | None = None,
    ) -> Decided:
        """Ask for a decision, and repeat with the same key where there is no answer.

        Args:
            request: As `GET /decision-points/{point}` gives an example of.
            idempotency_key: Yours for this decision, best stored with your record; one is made where you give none.
            wait: Seconds to wait for a person, where one is needed.
            fallback: The outcome to go on with when there is no answer: the safe one, never the machine's own proposal.

        Raises:
            Refused: the request is wrong.
            NoAnswer: there was none, and no fallback was given.
        """
        key = idempotency_key or str(uuid.uuid4())
        query = f"?wait={wait:g}" if wait else ""
        try:
            answer = self._ask(
                "POST", f"/decisions{query}", request, wait, {"Idempotency-Key": key}
            )
        except _Silence as silence:
            if fallback is None:
                raise NoAnswer(key, str(silence)) from silence
            return Decided("unanswered", fallback, None, key, by_fallback=True)
        if self._receipts is not None:
            kept = {"id": answer["id"], "receipt": answer.get("receipt")}
            with self._receipts.open("a", encoding="utf-8") as file:
                file.write(json.dumps(kept) + "\n")
        return Decided(answer["status"], answer["outcome"], answer["id"], key, answer=answer)

    def read(self, decision_id: str, *, wait: float = 0.0) -> Mapping[str, Any]:
        """Read a decision, waiting so many seconds for its outcome.

        Raises:
            Refused: it is not there, or not yours.
            NoAnswer: there was none.
        """
        query = f"?wait={wait:g}" if wait else ""
        try:
            return self._ask("GET", f"/decisions/{decision_id}{query}", None, wait, {})
        except _Silence as silence:
            raise NoAnswer("", str(silence)) from silence

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        wait: float,
        headers: Mapping[str, str],
    ) -> dict[str, Any]:
        why = ""
        for attempt in range(self._attempts):
            pause = min(60.0, 0.5 * 2**attempt) * random.uniform(0.75, 1.25)  # noqa: S311 -- spreads apps, hides nothing.
            try:
                return self._once(method, path, body, wait, headers)
            except urllib.error.HTTPError as error:
                with error:
                    problem = _problem(error)
                if error.code < 500 and error.code not in _AGAIN:
                    raise Refused(error.code, problem) from None
                why = f"{error.code} {problem.get('detail', error.reason)}"
                pause = max(pause, _seconds(error.headers.get("Retry-After")))
            except (OSError, http.client.HTTPException, ValueError) as error:
                why = f"No answer from {self._base}: {error}."
            if attempt + 1 < self._attempts:
                self._sleep(pause)
        raise _Silence(why)

    def _once(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        wait: float,
        headers: Mapping[str, str],
    ) -> dict[str, Any]:
        asked = urllib.request.Request(  # noqa: S310 -- the address is the developer's own.
            self._base + path,
            method=method,
            data=None if body is None else json.dumps(body, allow_nan=False).encode(),
            headers={
                "Authorization": f"Bearer {self._key}",
                "Content-Type": "application/json",
                **headers,
            },
        )
        with urllib.request.urlopen(asked, timeout=self._seconds + wait) as answer:  # noqa: S310 -- the same.
            told: dict[str, Any] = json.load(answer)
            return told


class _Silence(Exception):
    """There was no answer that could be gone on with."""


def _problem(error: urllib.error.HTTPError) -> dict[str, Any]:
    try:
        told = json.load(error)
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    return told if isinstance(told, dict) else {}


def _seconds(header: str | None) -> float:
    return float(header) if header is not None and header.isdecimal() else 0.0


def main() -> int:
    """Ask for the decision in a file and print the answer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="where Answerable is, like http://127.0.0.1:8000")
    parser.add_argument("request", type=Path, help="a file with a decision request")
    parser.add_argument("--fallback", help="the outcome to go on with when there is no answer")
    parser.add_argument("--wait", type=float, default=0.0, help="seconds to wait for a person")
    chosen = parser.parse_args()
    key = os.environ.get("ANSWERABLE_KEY")
    if not key:
        print("Set ANSWERABLE_KEY to an app key (ans_...).", file=sys.stderr)
        return 2
    client = Client(chosen.url, key)
    request = json.loads(chosen.request.read_text(encoding="utf-8"))
    try:
        decided = client.decide(request, wait=chosen.wait, fallback=chosen.fallback)
    except (Refused, NoAnswer) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(decided.answer or {"outcome": decided.outcome, "by_fallback": True}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
