"""What a witness answers to a checkpoint: a cosignature, or why not (C2SP tlog-witness)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog

from audits.log import cosignatures, notes
from audits.log.notes import MalformedNote, NoteRefused
from audits.log.tree import EMPTY_ROOT, consistency_holds
from audits.log.witness_protocol import MAX_BYTES, SIZE_TYPE, AddCheckpoint
from governance.clock import Clock, SystemClock
from governance.witness import folder as kept
from governance.witness.folder import StateDamaged

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger("answerable.witness")

TEXT: Final = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered."""

    status: HTTPStatus
    body: str
    content_type: str = TEXT


def add_checkpoint(folder: Path, body: bytes, clock: Clock) -> Answer:
    """Cosign a checkpoint if it continues what was cosigned before; what is then kept is on the disk when this returns."""
    try:
        asked = AddCheckpoint.parse(body)
        signed, _ = notes.split_note(asked.note)
        checkpoint = notes.parse_checkpoint(signed)
    except MalformedNote as malformed:
        return _no(HTTPStatus.BAD_REQUEST, str(malformed))
    try:
        # From reading what was cosigned last to replacing it nobody else does the same.
        with kept.locked(folder):
            watched = kept.read(folder, checkpoint.origin)
            if watched is None:
                return _no(HTTPStatus.NOT_FOUND, f"{checkpoint.origin} is not watched here.")
            try:
                notes.open_checkpoint(asked.note, watched.keys)
            except MalformedNote as malformed:
                return _no(HTTPStatus.BAD_REQUEST, str(malformed))
            except NoteRefused as refused:
                return _no(HTTPStatus.FORBIDDEN, str(refused))
            if asked.old_size > checkpoint.size:
                return _no(
                    HTTPStatus.BAD_REQUEST,
                    f"The old size {asked.old_size} is above the checkpoint's, {checkpoint.size}.",
                )
            if asked.old_size != watched.size:
                return _at(watched.size)
            root = EMPTY_ROOT if watched.checkpoint is None else watched.checkpoint.root
            if checkpoint.size == watched.size and checkpoint.root != root:
                log.error("witness.fork", origin=checkpoint.origin, size=checkpoint.size)
                return _at(watched.size)
            if not consistency_holds(
                old_size=watched.size,
                size=checkpoint.size,
                old_root=root,
                root=checkpoint.root,
                proof=asked.proof,
            ):
                log.error("witness.inconsistent", origin=checkpoint.origin, size=checkpoint.size)
                return _no(
                    HTTPStatus.UNPROCESSABLE_ENTITY,
                    f"The proof does not show that these {checkpoint.size} entries begin with the {watched.size} that were cosigned.",
                )
            now = int(clock.now().timestamp())
            if watched.cosigned_at is not None and now < watched.cosigned_at:
                # A later size with an earlier time would say that the tree shrank.
                return _no(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    "This witness's clock is behind its last cosignature; it waits until it has caught up.",
                )
            key = kept.key_of(folder)
            line = key.cosign(signed, now)
            # Of the lines that came, those alone stay that the log's keys made.
            own = "".join(f"{one}\n" for one in _of_log(asked.note, watched))
            note = cosignatures.with_lines(f"{signed}\n{own}", [line])
            kept.write(folder, kept.with_note(watched, note, key))
            return Answer(status=HTTPStatus.OK, body=line)
    except (StateDamaged, OSError):
        log.exception("witness.failed", origin=checkpoint.origin)
        return _no(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "This witness cannot read or keep what it has cosigned. Its operator must look.",
        )


def _of_log(note: str, watched: kept.Watched) -> list[str]:
    _, lines = notes.split_note(note)
    known = {(key.name, key.key_id) for key in watched.keys}
    found = [(line, notes.parse_signature(line)) for line in lines]
    return [line for line, (name, sig) in found if (name, sig[: notes.ID_BYTES]) in known]


def listing(folder: Path) -> Answer:
    """Say who this witness is and what it watches, with the newest checkpoint of each log."""
    try:
        document = {
            "vkey": kept.key_of(folder).verifying_key.encode(),
            "logs": [
                {
                    "origin": watched.origin,
                    "vkeys": [key.encode() for key in watched.keys],
                    "size": watched.size,
                    "cosigned_at": watched.cosigned_at,
                    "checkpoint": watched.note,
                }
                for watched in kept.all_watched(folder)
            ],
        }
    except (StateDamaged, OSError) as error:
        return _no(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
    return Answer(
        status=HTTPStatus.OK,
        body=json.dumps(document, ensure_ascii=False, indent=1) + "\n",
        content_type="application/json",
    )


def application(folder: Path, clock: Clock | None = None) -> WSGIApplication:
    """Return the witness as a WSGI application."""
    clock = clock or SystemClock()
    routes: dict[str, tuple[str, Callable[[WSGIEnvironment], Answer]]] = {
        "/add-checkpoint": ("POST", lambda environ: _added(folder, environ, clock)),
        "/": ("GET", lambda _: listing(folder)),
        "/vkey": ("GET", lambda _: _vkey(folder)),
        "/healthz": ("GET", lambda _: Answer(status=HTTPStatus.OK, body="ok\n")),
    }

    def respond(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO") or "/", environ["REQUEST_METHOD"]
        wanted, handle = routes.get(path, ("", None))
        if handle is None:
            answer = _no(HTTPStatus.NOT_FOUND, "There is nothing here.")
        elif method != wanted and (method, wanted) != ("HEAD", "GET"):
            answer = _no(HTTPStatus.METHOD_NOT_ALLOWED, f"This is asked for with {wanted}.")
        else:
            answer = handle(environ)
        body = answer.body.encode()
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append(("Allow", wanted))
        start(f"{answer.status.value} {answer.status.phrase}", headers)
        return [] if method == "HEAD" else [body]

    return respond


def _added(folder: Path, environ: WSGIEnvironment, clock: Clock) -> Answer:
    length = environ.get("CONTENT_LENGTH") or ""
    if length and not (length.isascii() and length.isdigit() and len(length) < 12):
        return _no(HTTPStatus.BAD_REQUEST, "The request's length is no number.")
    if int(length or 0) > MAX_BYTES:
        return _no(HTTPStatus.BAD_REQUEST, f"A request has at most {MAX_BYTES} bytes.")
    body = environ["wsgi.input"].read(int(length) if length else MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        return _no(HTTPStatus.BAD_REQUEST, f"A request has at most {MAX_BYTES} bytes.")
    return add_checkpoint(folder, body, clock)


def _vkey(folder: Path) -> Answer:
    return Answer(status=HTTPStatus.OK, body=f"{kept.key_of(folder).verifying_key.encode()}\n")


def _no(status: HTTPStatus, sentence: str) -> Answer:
    return Answer(status=status, body=f"{sentence}\n")


def _at(size: int) -> Answer:
    return Answer(status=HTTPStatus.CONFLICT, body=f"{size}\n", content_type=SIZE_TYPE)
