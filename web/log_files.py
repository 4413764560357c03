"""The log as others read it (C2SP tlog-tiles): its checkpoint, its hashes and its entries, for programs and without our API."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from typing import Final

from flask import Blueprint, Response, request

from audits.log.tiles import TileAt, parse_tile_path
from governance.actors import Actor, service
from governance.errors import NotFound
from governance.ledger import queries, serving
from governance.ledger.models import KeyPurpose
from governance.permissions import Permission
from web import authentication
from web.security import open_to_everybody, requires

blueprint: Final = Blueprint("log_files", __name__)

_OPEN: Final = "Signatures and hashes say nothing of what was recorded; whoever checks the log needs no key for them. The setting log_public closes them."
_FRESH: Final = "max-age=1"
_NEVER_CHANGES: Final = "max-age=31536000, immutable"
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


@blueprint.get("/log/checkpoint")
@open_to_everybody(_OPEN)
def checkpoint() -> Response:
    """Return the newest checkpoint."""
    return _checkpoint(None)


@blueprint.get("/log/log.vkey")
@open_to_everybody(_OPEN)
def verifying_key() -> Response:
    """Return the keys that checkpoints are signed with, one a line; who relies on them must have them from elsewhere too."""
    return _verifying_keys(None)


@blueprint.get("/log/receipt.vkey")
@open_to_everybody(_OPEN)
def receipt_keys() -> Response:
    """Return every key that receipts were signed with, one a line; the log says which no longer count."""
    with authentication.installation().look(_reader()) as work:
        serving.may_read(work)
        vkeys = [key.vkey for key in queries.keys_of(work.session, KeyPurpose.RECEIPT)]
    return _told_keys(vkeys)


@blueprint.get("/log/tile/<path:name>")
@open_to_everybody(_OPEN)
def tile(name: str) -> Response:
    """Return a tile of hashes."""
    return _tile(None, name)


@blueprint.get("/log/tile/entries/<path:name>")
@requires(Permission.LOG_READ)
def entries(name: str) -> Response:
    """Return a bundle of entries."""
    return _entries(None, name)


@blueprint.get("/log/epochs/<number>/checkpoint")
@open_to_everybody(_OPEN)
def checkpoint_of_epoch(number: str) -> Response:
    """Return the newest checkpoint of an epoch."""
    return _checkpoint(_epoch(number))


@blueprint.get("/log/epochs/<number>/log.vkey")
@open_to_everybody(_OPEN)
def verifying_key_of_epoch(number: str) -> Response:
    """Return the keys that an epoch's checkpoints are signed with."""
    return _verifying_keys(_epoch(number))


@blueprint.get("/log/epochs/<number>/tile/<path:name>")
@open_to_everybody(_OPEN)
def tile_of_epoch(number: str, name: str) -> Response:
    """Return a tile of an epoch's hashes."""
    return _tile(_epoch(number), name)


@blueprint.get("/log/epochs/<number>/tile/entries/<path:name>")
@requires(Permission.LOG_READ)
def entries_of_epoch(number: str, name: str) -> Response:
    """Return a bundle of an epoch's entries."""
    return _entries(_epoch(number), name)


def _checkpoint(epoch: int | None) -> Response:
    with authentication.installation().look(_reader()) as work:
        serving.may_read(work)
        log = serving.log_of(work.session, epoch)
        note = serving.checkpoint(work.session, log.epoch)
    return _told(note.encode(), "text/plain; charset=utf-8", _FRESH)


def _verifying_keys(epoch: int | None) -> Response:
    with authentication.installation().look(_reader()) as work:
        serving.may_read(work)
        keys = serving.log_of(work.session, epoch).verifying_keys
    return _told_keys([key.encode() for key in keys])


def _told_keys(vkeys: Sequence[str]) -> Response:
    text = "".join(f"{vkey}\n" for vkey in vkeys)
    return _told(text.encode(), "text/plain; charset=utf-8", _FRESH)


def _tile(epoch: int | None, name: str) -> Response:
    at = _place(name)
    with authentication.installation().look(_reader()) as work:
        serving.may_read(work)
        content = serving.content(work.session, serving.log_of(work.session, epoch), at)
    return _told(content, "application/octet-stream", _NEVER_CHANGES)


def _entries(epoch: int | None, name: str) -> Response:
    at = _place(f"entries/{name}")
    with authentication.installation().look(authentication.actor()) as work:
        serving.may_read(work, entries=True)
        content = serving.content(work.session, serving.log_of(work.session, epoch), at)
    return _told(content, "application/octet-stream", _NEVER_CHANGES, entries=True)


def _place(name: str) -> TileAt:
    at = parse_tile_path(name)
    if at is None:
        raise NotFound(
            "A tile's address is spelled as C2SP tlog-tiles says: tile/<L>/<N>[.p/<W>], like tile/0/x001/x234/067 or tile/1/000.p/17."
        )
    return at


def _epoch(number: str) -> int:
    if _NUMBER.fullmatch(number) is None:
        raise NotFound("An epoch is a whole number from 1 on, such as 1.")
    return int(number)


def _reader() -> Actor:
    """Return who reads: nobody in particular, but where hashes are not for everybody."""
    if authentication.installation().settings.log_public:
        return service("reader")
    return authentication.actor()


def _told(content: bytes, content_type: str, cached: str, *, entries: bool = False) -> Response:
    public = authentication.installation().settings.log_public and not entries
    response = Response(content, content_type=content_type)
    response.headers["Cache-Control"] = f"{'public' if public else 'private'}, {cached}"
    response.vary.add("Accept-Encoding")
    if not public:
        response.vary.update(["Authorization", "Cookie"])
    if entries and request.accept_encodings["gzip"] > 0:
        response.set_data(gzip.compress(content, 6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    response.add_etag()
    response.make_conditional(request)
    return response
