"""One pack of evidence: everything that an auditor asks for first, as files, each named by its SHA-256 in an index that the log commits to."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any, Final, Protocol

import orjson
import sqlalchemy as sa

from audits.log.entries import EntryKind
from audits.log.notes import sign
from audits.reports import oversight as telling
from audits.reports import page
from governance.actors import Actor
from governance.appeals.models import Appeal
from governance.auditing import arrivals, draws
from governance.clock import rfc3339
from governance.counting import reading as counts
from governance.errors import Conflict
from governance.holds.models import Hold
from governance.identities.models import App, Person
from governance.identities.queries import state_of
from governance.installation.models import BusinessSetting
from governance.installation.service import business_settings
from governance.ledger import exporting, reading
from governance.ledger.exporting import Wanted
from governance.ledger.models import LogRecord
from governance.monitors import service as monitors
from governance.monitors.models import Incident
from governance.operations import verification
from governance.permissions import Permission
from governance.points.models import PolicyVersion
from governance.reporting import files, making, oversight, signing
from governance.requests.models import Request
from governance.work import Work

if TYPE_CHECKING:
    from governance.application import Answerable

INDEX: Final = "SHA256SUMS"
_HEAD: Final = "answerable pack"
_PIECE: Final = 1 << 20
#: Stretches of missing and repeated numbers that are listed for one app.
_MOST_STRETCHES: Final = 1000
_ABOUT_PEOPLE: Final = (
    EntryKind.PERSON_ADDED,
    EntryKind.PERSON_CHANGED,
    EntryKind.PERSON_DISABLED,
    EntryKind.SECOND_FACTOR_CHANGED,
)


class Target(Protocol):
    """Where a pack's files go."""

    def write(self, path: str, pieces: Iterable[bytes]) -> None:
        """Keep one file."""
        ...


class Archive:
    """A ZIP archive."""

    def __init__(self, archive: zipfile.ZipFile, at: datetime) -> None:
        self._archive, self._at = archive, at.timetuple()[:6]

    def write(self, path: str, pieces: Iterable[bytes]) -> None:
        named = zipfile.ZipInfo(path, date_time=self._at)
        named.compress_type = zipfile.ZIP_DEFLATED
        named.external_attr = 0o644 << 16
        with self._archive.open(named, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)


class Folder:
    """A folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, path: str, pieces: Iterable[bytes]) -> None:
        file = self._path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as opened:
            for piece in pieces:
                opened.write(piece)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A pack as the log names it: ``digest`` is that of its index."""

    id: str
    digest: str
    files: int
    since: str
    until: str
    points: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    points: Sequence[str]
    since: str
    until: str
    begins: datetime
    ends: datetime


def to_archive(answerable: Answerable, actor: Actor, file: IO[bytes], **wanted: Any) -> Packed:
    """Make a pack as a ZIP archive; the rest is as for ``make``."""
    with zipfile.ZipFile(file, "w") as archive:
        return make(answerable, actor, Archive(archive, answerable.clock.now()), **wanted)


def to_folder(answerable: Answerable, actor: Actor, path: Path, **wanted: Any) -> Packed:
    """Make a pack in a folder that is new or empty; the rest is as for ``make``.

    Raises:
        Conflict: there is something in it.
    """
    path.mkdir(parents=True, exist_ok=True)
    if any(path.iterdir()):
        raise Conflict(f"{path} is not empty. Name a new folder.")
    return make(answerable, actor, Folder(path), **wanted)


def make(
    answerable: Answerable,
    actor: Actor,
    target: Target,
    *,
    points: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    log: bool = True,
    longest_log: int | None = None,
    scratch: Path | None = None,
) -> Packed:
    """Make a pack of evidence of some decision points (none named: all that are live) within a window of days.

    The export of the whole log goes into it where that is wanted and no longer than ``longest_log``; it is written to the folder ``scratch`` first.

    Raises:
        NotAllowed: the actor may not read the log and make reports.
        NotFound, InvalidInput: there is no such point; the window is none.
        Unavailable: the database could not do it; then the log names no pack.
    """
    for needed in (Permission.LOG_READ, Permission.REPORTS_MAKE, Permission.DECISIONS_READ):
        actor.require(needed)
    pack_id = answerable.new_id()
    with answerable.look(actor) as work:
        wanted = _wanted(work, points, since, until)
        without_log = _without_log(work, log=log, longest=longest_log)
    sums: dict[str, str] = {}

    def add(path: str, content: bytes | Iterable[bytes]) -> None:
        pieces = [content] if isinstance(content, bytes) else content
        hashing = hashlib.sha256()
        target.write(path, _hashed(pieces, hashing))
        sums[path] = hashing.hexdigest()

    for point in wanted.points:
        made = making.make(answerable, actor, point, since=wanted.since, until=wanted.until)
        for form in (files.Form.JSON, files.Form.HTML):
            add(f"fairness/{point}.{form.value}", files.drawn(made, form, actor.language).content)
        with answerable.look(actor) as work:
            for path, content in _oversight(work, point, wanted):
                add(path, content)
    with answerable.look(actor) as work:
        for path, content in _files(work, wanted):
            add(path, content)
    if not without_log:
        with TemporaryDirectory(dir=scratch) as folder:
            export = Path(folder, "log")
            exporting.export(answerable, actor, export, Wanted())
            for file in sorted(one for one in export.rglob("*") if one.is_file()):
                add(f"log/{file.relative_to(export).as_posix()}", _pieces(file))
    key = signing.key_of(answerable.keyring, answerable.origin)
    about = {
        "id": pack_id,
        "origin": answerable.origin,
        "software": f"answerable {version('answerable')}",
        "made_at": answerable.clock.now(),
        "made_by": actor.reference,
        "decision_points": wanted.points,
        "since": wanted.since,
        "until": wanted.until,
        "signed_by": key.verifying_key.encode(),
        "left_out": _left_out(without_log),
    }
    add("pack.json", _json(about))
    add("README.md", _readme(about).encode())
    index = "".join(f"{digest}  {path}\n" for path, digest in sorted(sums.items()))
    digest = f"sha256:{hashlib.sha256(index.encode()).hexdigest()}"
    with answerable.work(actor) as work:
        work.record(
            EntryKind.REPORT_MADE,
            record_id=pack_id,
            refs={"pack": pack_id},
            data={
                "report": "pack",
                "points": list(wanted.points),
                "since": wanted.since,
                "until": wanted.until,
                "files": len(sums),
                "digest": digest,
                "signed_by": key.verifying_key.encode(),
            },
        )
    target.write(INDEX, [index.encode()])
    target.write(f"{INDEX}.note", [sign(f"{_HEAD}\n{pack_id}\n{digest}\n", key).encode()])
    return Packed(
        id=pack_id,
        digest=digest,
        files=len(sums) + 2,
        since=wanted.since,
        until=wanted.until,
        points=wanted.points,
    )


def _wanted(work: Work, points: Sequence[str], since: str | None, until: str | None) -> _Wanted:
    names = sorted(set(points)) or sorted(work.configuration.live)
    windows = [
        counts.window(work, counts.live_policy(work, one).decision_point, since, until)
        for one in names
    ]
    today = work.now.date().isoformat()
    first = min((one[0] for one in windows), default=since or today)
    last = max((one[1] for one in windows), default=until or today)
    midnight = time(tzinfo=UTC)
    following = min(date.fromisoformat(last), date.max - timedelta(days=1)) + timedelta(days=1)
    return _Wanted(
        points=names,
        since=first,
        until=last,
        begins=datetime.combine(date.fromisoformat(first), midnight),
        ends=datetime.combine(following, midnight),
    )


def _without_log(work: Work, *, log: bool, longest: int | None) -> str:
    """Say why the log's export is not in the pack, empty where it is."""
    if not log:
        return "it was not asked for"
    newest = reading.newest_checkpoint(work)
    if newest is None:
        return "nothing of it was signed yet"
    if longest is not None and newest.size > longest:
        return f"it has more than {longest} entries; `answerable audit pack` takes it in, and `answerable audit export` writes it alone"
    return ""


def _left_out(without_log: str) -> list[dict[str, str]]:
    left = [
        {
            "part": "e-mail addresses, secrets and personal data of those decided about",
            "why": "a pack is handed on; decisions are read where they are, and reading them is logged",
        }
    ]
    if without_log:
        left.append({"part": "log/", "why": without_log})
    return left


def _files(work: Work, wanted: _Wanted) -> Iterator[tuple[str, bytes]]:
    """Yield the files that are made of what the database holds."""
    yield from _policies(work, wanted)
    yield "people.json", _json(_people(work))
    yield "incidents.json", _json(_incidents(work, wanted))
    yield "appeals.json", _json(_appeals(work, wanted))
    yield "requests.json", _json(_requests(work, wanted))
    yield "settings.json", _json(_settings(work))
    yield "draws.json", _json(_draws(work))
    yield "arrived.json", _json(_arrived(work, wanted))
    yield "verification.json", _json({"last": verification.last(work), "log": _log(work)})
    newest = reading.newest_checkpoint(work)
    if newest is not None:
        yield "checkpoint", newest.note.encode()
        yield "log.vkey", f"{newest.vkey}\n".encode()


def _oversight(work: Work, point: str, wanted: _Wanted) -> Iterator[tuple[str, bytes]]:
    found = oversight.report(work, point, since=wanted.since, until=wanted.until)
    language = work.actor.language
    title = counts.live_policy(work, point).title.in_(language)
    told = telling.document(found, language=language, title=title)
    text = orjson.dumps(found, option=orjson.OPT_SORT_KEYS).decode()
    yield f"oversight/{point}.json", _json(found)
    yield f"oversight/{point}.html", page.html(told, report_json=text, signature=None).encode()


def _policies(work: Work, wanted: _Wanted) -> Iterator[tuple[str, bytes]]:
    for point in wanted.points:
        live = work.configuration.live[point].version
        rows = list(
            work.session.execute(
                sa.select(PolicyVersion)
                .where(PolicyVersion.point == point)
                .order_by(PolicyVersion.version)
            ).scalars()
        )
        told = [_row(one, but=("text",)) | {"in_force": one.version == live} for one in rows]
        yield f"policies/{point}.json", _json(told)
        for one in rows:
            yield f"policies/{point}/{one.version}.yaml", one.text.encode()


def _people(work: Work) -> dict[str, Any]:
    """Tell who may do what now, and each change of it; names are those that pages of the log show too."""
    rows = work.session.execute(sa.select(Person).order_by(Person.created_at, Person.id)).scalars()
    entries = work.session.execute(
        sa.select(LogRecord.entry)
        .where(LogRecord.kind.in_(_ABOUT_PEOPLE))
        .order_by(LogRecord.recorded_at, LogRecord.id)
    ).scalars()
    return {
        "people": [
            {
                "id": one.id,
                "name": one.name,
                "roles": one.roles,
                "state": state_of(one, work.now),
                "created_at": one.created_at,
                "expires_at": one.expires_at,
                "disabled_at": one.disabled_at,
            }
            for one in rows
        ],
        "apps": [
            _row(one) for one in work.session.execute(sa.select(App).order_by(App.name)).scalars()
        ],
        "changes": [
            {
                "entry": said["id"],
                "kind": said["kind"],
                "at": said["recorded_at"],
                "by": f"{said['actor']['type']}:{said['actor']['ref']}",
                "person": said["refs"].get("person"),
                "data": said["data"],
            }
            for said in map(orjson.loads, entries)
        ],
    }


def _incidents(work: Work, wanted: _Wanted) -> dict[str, Any]:
    """Tell the incidents and holds of the window, those that began before it and still went on included."""
    ids = work.session.execute(
        sa.select(Incident.id)
        .where(
            Incident.point.in_(wanted.points),
            Incident.opened_at < wanted.ends,
            sa.or_(Incident.closed_at.is_(None), Incident.closed_at >= wanted.begins),
        )
        .order_by(Incident.opened_at, Incident.id)
    ).scalars()
    held = work.session.execute(
        sa.select(Hold)
        .where(
            sa.or_(Hold.point.is_(None), Hold.point.in_(wanted.points)),
            Hold.set_at < wanted.ends,
            sa.or_(Hold.lifted_at.is_(None), Hold.lifted_at >= wanted.begins),
        )
        .order_by(Hold.set_at, Hold.id)
    ).scalars()
    return {
        "incidents": [monitors.incident(work, one) for one in ids],
        "holds": [_row(one) for one in held],
    }


def _appeals(work: Work, wanted: _Wanted) -> list[dict[str, Any]]:
    """Count the appeals that were opened within the window, by point, door and what became of them."""
    rows = work.session.execute(
        sa.select(
            Appeal.point,
            Appeal.door,
            Appeal.status,
            Appeal.upheld,
            sa.func.count().label("appeals"),
            sa.func.sum(sa.case((Appeal.closed_at > Appeal.due_at, 1), else_=0)).label("late"),
        )
        .where(
            Appeal.point.in_(wanted.points),
            Appeal.opened_at >= wanted.begins,
            Appeal.opened_at < wanted.ends,
        )
        .group_by(Appeal.point, Appeal.door, Appeal.status, Appeal.upheld)
        .order_by(Appeal.point, Appeal.door, Appeal.status)
    )
    return [
        {
            "point": row.point,
            "door": row.door,
            "status": row.status,
            "upheld": row.upheld,
            "count": int(row.appeals),
            "closed_late": int(row.late or 0),
        }
        for row in rows
    ]


def _requests(work: Work, wanted: _Wanted) -> dict[str, Any]:
    """Tell what was asked for within the window, who confirmed it, and what one person did alone."""
    work.require(Permission.REQUESTS_READ)
    rows = [
        _row(one)
        for one in work.session.execute(
            sa.select(Request)
            .where(
                Request.requested_at < wanted.ends,
                sa.or_(Request.closed_at.is_(None), Request.closed_at >= wanted.begins),
            )
            .order_by(Request.requested_at, Request.id)
        ).scalars()
    ]
    return {"single_handed": sum(one["single_handed"] for one in rows), "requests": rows}


def _settings(work: Work) -> dict[str, Any]:
    settings = work.answerable.settings
    changed = work.session.execute(sa.select(BusinessSetting).order_by(BusinessSetting.name))
    return {
        "business": business_settings(work.session),
        "changed": [_row(one) for one in changed.scalars()],
        "installation": {
            one.name: getattr(settings, one.name)
            for one in fields(settings)
            if not one.metadata["secret"]
            and isinstance(getattr(settings, one.name), str | int | float | bool | None)
        },
    }


def _draws(work: Work) -> list[Any]:
    return [draws.get(work, one.id) for one in draws.list_draws(work)]


def _arrived(work: Work, wanted: _Wanted) -> dict[str, Any]:
    window = {"since": wanted.begins, "until": wanted.ends}
    found = arrivals.apps(work, **window)
    return {
        "apps": [
            {
                "counted": one,
                "missing": _stretches(arrivals.missing, work, one, window),
                "again": _stretches(arrivals.again, work, one, window),
            }
            for one in found
        ],
        "counts": [
            {**_row(one), "differs": one.differs}
            for one in arrivals.sent_counts(work, limit=arrivals.MOST_OF_A_PAGE)
        ],
        "log": arrivals.unlogged(work, since=wanted.begins, until=wanted.ends),
    }


def _stretches(
    ask: Any, work: Work, app: arrivals.AppView, window: Mapping[str, datetime]
) -> dict[str, Any]:
    told: list[Any] = []
    after: int | None = None
    while len(told) < _MOST_STRETCHES:
        found = ask(work, app.app_id, after=after, limit=arrivals.MOST_OF_A_PAGE, **window)
        told += [*found.missing, *found.again]
        after = found.after
        if after is None:
            break
    return {"stretches": told, "more_from": after}


def _log(work: Work) -> dict[str, Any]:
    state = reading.state(work)
    return {
        "epoch": state.epoch,
        "origin": state.origin,
        "size": state.size,
        "root": state.root.hex(),
        "opened_at": state.opened_at,
        "waiting": state.backlog.count,
    }


def _row(row: Any, *, but: Sequence[str] = ()) -> dict[str, Any]:
    """Return a row's, or a view's, fields by name."""
    names = (
        row.__table__.columns.keys()
        if hasattr(row, "__table__")
        else [one.name for one in fields(row)]
    )
    return {name: getattr(row, name) for name in names if name not in but}


def _json(value: Any) -> bytes:
    option = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z
    return orjson.dumps(value, option=option) + b"\n"


def _hashed(pieces: Iterable[bytes], hashing: Any) -> Iterator[bytes]:
    for piece in pieces:
        hashing.update(piece)
        yield piece


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _readme(about: Mapping[str, Any]) -> str:
    points = "\n".join(f"* {one}" for one in about["decision_points"]) or "* none"
    left = "\n".join(f"* {one['part']}: {one['why']}" for one in about["left_out"])
    return f"""\
# Evidence of {about["origin"]}

Made {rfc3339(about["made_at"])} by {about["made_by"]} with {about["software"]}.
From {about["since"]} to {about["until"]}, both days included (UTC), of the decision points

{points}

## Is it whole, and unchanged?

1. `sha256sum -c SHA256SUMS` compares every file with the index. Compare the number of its lines with the files that you have, too.
2. `sha256sum SHA256SUMS` is the digest that the log names: in its entry `{about["id"]}` (kind `report.made`), which was written when this
   pack was made. `SHA256SUMS.note` is a signed note (C2SP signed-note) over that digest; the key is `signed_by` in `pack.json` and in the entry.
3. The newest checkpoint when it was made is in `checkpoint`, signed with the key in `log.vkey`. Keep it: every later log must contain
   what it signed. `log/`, where it is here, is checked with `answerable-verify log`.

## What is in it

| file | what it tells |
|---|---|
| `pack.json` | what was packed, when, by whom, and what was left out |
| `fairness/POINT.json`, `.html` | the signed report of how groups are treated; `answerable report verify FILE` checks it against its counts and the log |
| `oversight/POINT.json`, `.html` | whether people really look: what they change, how long they look, what they catch; over all people |
| `policies/POINT.json`, `policies/POINT/VERSION.yaml` | every version: its text and digest, who drafted and who published it, which is in force |
| `people.json` | people and apps, their roles now, and each change of them as the log has it |
| `incidents.json` | what monitors found and people doubted, what was done about it, and when people alone decided |
| `appeals.json` | how many objected, through which door, and how it ended |
| `requests.json` | what needed two people, who asked and who confirmed, and what one person did alone |
| `settings.json` | the settings of the business and, but for secrets and folders, of the program |
| `verification.json` | how the log stood, and what its last check here found |
| `draws.json` | decisions drawn at random, from which checkpoint, and what was said of them |
| `arrived.json` | numbers of apps' own counters that never arrived or came twice, counts that disagree, decisions that the log does not know |
| `checkpoint`, `log.vkey` | the newest signed checkpoint of the log, and the key that signed it |
| `log/` | the export of the log |

## What is not in it

{left}
"""
