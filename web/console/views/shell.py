"""What every page is told: who looks, what they may open, and whether automation is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Moment:
    """An instant as a person reads it: `iso` for machines, `text` in their zone, `relative` like "in 2 h"."""

    iso: str
    text: str
    relative: str = ""
    past: bool = False


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The signed-in person, as the frame shows them; `roles` are codes."""

    name: str
    initials: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class HoldInForce:
    """One hold: `point` is a title, or empty for all points; `key` is the point's name or `all`. `incident` is the id of what a monitor set it for."""

    key: str
    point: str
    reason: str
    since: Moment
    by: str
    lifting_asked: bool = False
    incident: str = ""


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message at the head of a page; `tone` is good, info, warn or bad."""

    tone: str
    text: str
    detail: str = ""
    href: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Undo:
    """A verdict that can still be taken back, until `until` where that is known; `etag` monitors the case."""

    case_id: str
    text: str
    etag: str
    until: Moment | None = None
    seconds: int = 0


@dataclass(frozen=True, kw_only=True)
class Shell:
    """The frame around every page.

    `sections` names what the person may open: first, queue, decisions, search, policies, requests, home, incidents, ledger,
    reports, log, status, people, keys, webhooks, queues, settings. `counts` puts a number beside one. `theme` is light, dark or
    system. `current` is the section this page belongs to. `keys` is false for a person who turned single
    keys off.
    """

    business: str = "Answerable"
    language: str = "en"
    theme: str = "system"
    keys: bool = True
    viewer: Viewer | None = None
    sections: tuple[str, ...] = ()
    current: str = ""
    counts: Mapping[str, str] = field(default_factory=dict)
    holds: tuple[HoldInForce, ...] = ()
    may_hold: bool = False
    notices: tuple[Notice, ...] = ()
    undo: Undo | None = None


@dataclass(frozen=True, kw_only=True)
class Form:
    """What was typed and what was wrong with it, by field; `error` is about the whole form."""

    values: Mapping[str, object] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One entry of a select, a radio group or a row of ticks."""

    value: str
    label: str
    hint: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One stretch of a long list; cursors are empty at either end."""

    before: str = ""
    after: str = ""
    shown: int = 0
    total: int | None = None
