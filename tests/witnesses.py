"""Witnesses that tests run: ours, over HTTP on this machine, and answers that no good witness gives."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from audits.log.notes import SigningKey, checkpoint_body, sign
from audits.log.tree import consistency_proof, leaf_hash, root
from audits.log.witness_policy import PolicyGroup, PolicyWitness, WitnessPolicy
from audits.log.witness_protocol import AddCheckpoint
from governance.clock import Clock
from governance.witness import folder as kept
from governance.witness.answering import application


class MadeLog:
    """A log of which a witness is asked to cosign checkpoints; ``marks`` tell histories apart."""

    def __init__(self, origin: str = "log.corner.example", seed: bytes = bytes(range(32))) -> None:
        self.key = SigningKey(name=origin, seed=seed)
        self.vkey = self.key.verifying_key.encode()

    def root(self, size: int, mark: str = "") -> bytes:
        return root(self._leaves(size, mark))

    def note(self, size: int, mark: str = "") -> str:
        return sign(checkpoint_body(self.key.name, size, self.root(size, mark)), self.key)

    def asked(self, old: int, size: int, mark: str = "") -> bytes:
        """Return the body of a request to cosign a size, with the proof from another."""
        leaves = self._leaves(size, mark)
        proof = consistency_proof(old, size, lambda a, b: root(leaves[a:b])) if old <= size else []
        return AddCheckpoint(old_size=old, proof=proof, note=self.note(size, mark)).encode()

    @staticmethod
    def _leaves(size: int, mark: str) -> list[bytes]:
        return [leaf_hash(f"{mark}{n}".encode()) for n in range(size)]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of those who hung up."""


class _Handler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write nothing."""


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve a WSGI application, and give its address."""
    server = make_server("127.0.0.1", 0, app, server_class=_Server, handler_class=_Handler)
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def witness(
    folder: Path, *vkeys: str, clock: Clock, name: str = "witness.example/w1"
) -> Iterator[PolicyWitness]:
    """Run a witness of ours that watches logs, at a test's time."""
    key = kept.make(folder, name)
    for vkey in vkeys:
        kept.watch(folder, vkey)
    with serving(application(folder, clock)) as url:
        yield PolicyWitness(name=folder.name, key=key.verifying_key, url=url)


def answering(
    status: str, body: bytes = b"", content_type: str = "text/plain"
) -> Callable[..., Any]:
    """Return an application that always answers the same."""

    def app(environ: Any, start: Any) -> list[bytes]:
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))])
        return [body]

    return app


def policy_file(path: Path, *witnesses: PolicyWitness, needed: int | None = None) -> Path:
    """Write a policy whose quorum are all witnesses, or as many as are needed."""
    group = PolicyGroup(
        name="all-of-them",
        threshold=len(witnesses) if needed is None else needed,
        members=tuple(one.name for one in witnesses),
    )
    policy = WitnessPolicy(witnesses=witnesses, groups=(group,), quorum=group.name)
    path.write_bytes(policy.encode())
    return path
