"""The copy of all that is held about somebody (GDPR Articles 15 and 20): one archive with JSON for machines, a page for people, and files.

It is made while it is taken, a decision at a time, and kept nowhere. That it was taken is in the log.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from audits.log.entries import EntryKind
from governance import readings
from governance.appeals import people_only
from governance.application import Answerable
from governance.clock import rfc3339
from governance.decisions.models import Decision
from governance.errors import Conflict, Gone, NotFound, Unavailable
from governance.installation.service import LANGUAGES, business_settings
from governance.ledger import queries as ledger
from governance.permissions import Permission
from governance.rights import gathering, page, queries, service, transitions
from governance.rights.gathering import Gathered
from governance.rights.models import RightsRequest
from governance.subjects.keys import SubjectKey
from governance.subjects.models import SubjectKeyRow
from governance.work import Work

CONTENT_TYPE: Final = "application/zip"
FORMAT: Final = "answerable-subject-copy/1"
JSON_NAME: Final = "data.json"
PAGE_NAME: Final = "index.html"
_EXPORT: Final = "subject"
#: What the copy does not hold, and why; told in each, whether or not there is any.
LEFT_OUT: Final = (
    "Who of the business did what: they are persons too.",
    "Which cases with known answers were made of decisions, for they show whether review is real.",
    "Secrets of the business: keys, addresses that apps are told at, how policies were drafted.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """An archive that is made as its ``pieces`` are taken; its name tells of nobody.

    ``groups`` is whether this process may read the vault, so that group attributes are in it.
    """

    name: str
    content_type: str
    groups: bool
    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """What the whole archive is about."""

    reference: str | None
    keys: Sequence[str]
    ids: Sequence[str]
    language: str
    made_at: datetime
    business: str
    time_zone: str
    head: dict[str, Any]
    acts: Sequence[dict[str, Any]]


def export(work: Work, reference: str, *, language: str | None = None) -> Copy:
    """Log that the actor makes the copy of all that is held about a subject, and return it.

    Raises:
        NotAllowed: the actor may make none.
        InvalidInput: the reference is none.
        NotFound: nothing is held about this subject.
    """
    work.require(Permission.SUBJECTS_EXPORT)
    tag = people_only.tag_of(work, reference)
    keys = queries.keys_of(work.session, "", tag)
    if not keys:
        raise NotFound(
            "Nothing is held about this reference. Check how the app writes it; if it is right, that is the answer."
        )
    return _copy(work, keys, reference, language, request_id=None)


def take(work: Work, decision_id: str, request_id: str, *, language: str | None = None) -> Copy:
    """Return the copy that the person whom a decision is about was granted.

    Raises:
        NotAllowed, NotFound, Gone: as ``service.one_of_decision``.
        Conflict: it was not granted, or its time is over.
    """
    row = service.one_of_decision(work, decision_id, request_id)
    if not transitions.may_take(service.state_of(row), work.now):
        raise Conflict("This copy was not granted, or can be taken no longer. Ask for it again.")
    return _of_request(work, row, language)


def for_request(work: Work, request_id: str, *, language: str | None = None) -> Copy:
    """Log that the actor makes the copy that a person concerned asked for, and return it.

    Raises:
        NotAllowed: the actor may make none.
        NotFound: there is no such request.
        Gone: whoever asked was erased.
    """
    work.require(Permission.SUBJECTS_EXPORT)
    row = service.found(work, request_id)
    if row.key_id is None:
        raise Gone("Whoever asked for this was erased.")
    return _of_request(work, row, language)


def _of_request(work: Work, row: RightsRequest, language: str | None) -> Copy:
    stored = work.session.get_one(SubjectKeyRow, row.key_id)
    keys = queries.keys_of(work.session, stored.id, stored.subject_tag)
    reference = service.view_of(work, row).subject_ref
    return _copy(work, keys, reference, language, request_id=row.id)


def _copy(
    work: Work,
    keys: Sequence[str],
    reference: str | None,
    language: str | None,
    *,
    request_id: str | None,
) -> Copy:
    if readings.first_this_hour(work, _EXPORT, keys[0]):
        stored = work.session.get_one(SubjectKeyRow, keys[0])
        key: SubjectKey = work.answerable.keys.open(stored.id, stored.subject_tag, stored.wrapped)
        work.record(
            EntryKind.ACCESS_READ,
            refs={"request": request_id},
            data={"what": _EXPORT},
            payloads={} if reference is None else {people_only.SUBJECT: reference.encode()},
            key=key,
        )
    return Copy(
        name=f"copy-{work.now:%Y-%m-%d}.zip",
        content_type=CONTENT_TYPE,
        groups=vault_open(work.answerable),
        pieces=_pieces(work.answerable, list(keys), reference, language, work.now),
    )


def _pieces(
    answerable: Answerable,
    keys: Sequence[str],
    reference: str | None,
    language: str | None,
    now: datetime,
) -> Iterator[bytes]:
    about = _about(answerable, keys, reference, language, now)
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(_named(JSON_NAME, now), "w", force_zip64=True) as file:
            for piece in _json(answerable, about):
                file.write(piece)
                yield sink.taken()
        with archive.open(_named(PAGE_NAME, now), "w", force_zip64=True) as file:
            for text in page.html(_page_head(about), _each(answerable, about)):
                file.write(text.encode())
                yield sink.taken()
        for gathered in _each(answerable, about):
            for name, content in gathered.files.items():
                archive.writestr(_named(name, now), content)
                yield sink.taken()
    yield sink.taken()


def _about(
    answerable: Answerable,
    keys: Sequence[str],
    reference: str | None,
    language: str | None,
    now: datetime,
) -> _About:
    with answerable.look(gathering.reader()) as work:
        ids = gathering.decision_ids(work.session, keys)
        settings = business_settings(work.session)
        log = ledger.current(work.session)
        spoken = language or _language_of(work, ids) or settings.language
        acts = list(gathering.acts(work, keys))
        since = gathering.people_only_since(work.session, keys)
        asked = [
            {
                "kind": one.kind,
                "status": one.status,
                "asked_at": rfc3339(one.asked_at),
                "due_at": rfc3339(one.due_at),
                "closed_at": None if one.closed_at is None else rfc3339(one.closed_at),
            }
            for one in queries.of_keys(work.session, keys)
        ]
    return _About(
        reference=reference,
        keys=keys,
        ids=ids,
        language=spoken if spoken in LANGUAGES else "en",
        made_at=now,
        business=settings.business_name,
        time_zone=settings.time_zone,
        head={
            "format": FORMAT,
            "made_at": rfc3339(now),
            "business": settings.business_name,
            "subject": reference,
            "log": {"origin": log.origin, "epoch": log.epoch, "vkey": log.vkey},
            "people_only": None if since is None else {"since": rfc3339(since)},
            "requests": asked,
            "left_out": list(LEFT_OUT),
        },
        acts=acts,
    )


def _language_of(work: Work, ids: Sequence[str]) -> str | None:
    """Return the language of the newest decision that names one of ours."""
    for decision_id in reversed(ids[-20:]):
        row = work.session.get(Decision, decision_id)
        spoken = (row.language or "" if row is not None else "").partition("-")[0].lower()
        if spoken in LANGUAGES:
            return spoken
    return None


def _each(answerable: Answerable, about: _About) -> Iterator[Gathered]:
    for decision_id in about.ids:
        with answerable.look(gathering.reader()) as work:
            found = gathering.decision(work, decision_id, language=about.language)
        if found is not None:
            groups = _groups(answerable, decision_id)
            found.document["groups"] = groups
            yield found


def vault_open(answerable: Answerable) -> bool:
    """Tell whether this process may read the vault of group attributes."""
    try:
        with answerable.look_as_fairness(gathering.reader()) as work:
            gathering.groups_of(work, ["00000000-0000-7000-8000-000000000000"])
    except Unavailable:
        return False
    return True


def _groups(answerable: Answerable, decision_id: str) -> Any:
    """Return what the vault holds of a decision; where this process may not read it, that it may not."""
    try:
        with answerable.look_as_fairness(gathering.reader()) as work:
            return gathering.groups_of(work, [decision_id]).get(decision_id, {})
    except Unavailable:
        return None


def _json(answerable: Answerable, about: _About) -> Iterator[bytes]:
    yield orjson.dumps(about.head)[:-1]
    yield b',"acts":' + orjson.dumps(about.acts)
    yield b',"decisions":['
    for number, gathered in enumerate(_each(answerable, about)):
        yield (b"," if number else b"") + orjson.dumps(gathered.document)
    yield b"]}"


def _page_head(about: _About) -> page.Head:
    return page.Head(
        language=about.language,
        business=about.business,
        reference=about.reference,
        made_at=about.made_at,
        time_zone=about.time_zone,
        people_only=about.head["people_only"],
        asked=about.head["requests"],
        decisions=len(about.ids),
    )


def _named(name: str, now: datetime) -> zipfile.ZipInfo:
    told = zipfile.ZipInfo(name, (now.year, now.month, now.day, now.hour, now.minute, now.second))
    told.compress_type = zipfile.ZIP_DEFLATED
    told.external_attr = 0o600 << 16
    return told


class _Sink:
    """What an archive is written to: it keeps what is not taken yet, and cannot go back."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, content: bytes) -> int:
        self._written += content
        return len(content)

    def flush(self) -> None:
        """Do nothing: all is there at once."""

    def close(self) -> None:
        """Do nothing: there is nothing to give back."""

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        taken = bytes(self._written)
        self._written.clear()
        return taken
