"""What the pages about policies, requests and holds are told."""

from __future__ import annotations

from dataclasses import dataclass

from web.console.views.shell import Choice, Form, HoldInForce, Moment


@dataclass(frozen=True, kw_only=True)
class DraftRow:
    """A version that is not live yet; `mine` where the reader wrote it and so may not confirm it."""

    version: int
    by: str
    at: Moment
    request_id: str = ""
    mine: bool = False


@dataclass(frozen=True, kw_only=True)
class PointRow:
    """One decision point with its live version and what waits to replace it."""

    name: str
    title: str
    kind: str
    purpose: str
    rollout: str
    version: int | None = None
    published: Moment | None = None
    published_by: str = ""
    drafts: tuple[DraftRow, ...] = ()
    held: bool = False


@dataclass(frozen=True, kw_only=True)
class PoliciesPage:
    """All decision points."""

    points: tuple[PointRow, ...]
    may_draft: bool = False
    may_confirm: bool = False


@dataclass(frozen=True, kw_only=True)
class RuleView:
    """A rule in plain words: what makes it match, and what it then does."""

    name: str
    when: str
    then: str
    because: str
    sensitive: bool = False
    extras: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class TestView:
    """One of the policy's own tests, run."""

    name: str
    passed: bool
    detail: str = ""
    line: int = 0


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """One version of a policy in its history; `state` is draft, live, past, withdrawn or declined."""

    version: int
    state: str
    by: str
    at: Moment
    href: str


@dataclass(frozen=True, kw_only=True)
class PolicyPage:
    """One version of one policy.

    `lines` is the document. Compared with version `against`, `changed_lines` are new and `gone_lines` are
    no longer there; their numbers are those they had. `reason` is why a draft is to be published.
    """

    point: str
    title: str
    kind: str
    version: int
    state: str
    digest: str
    purpose: str
    owner: str
    rollout: str
    written_by: str
    written: Moment
    lines: tuple[str, ...]
    in_words: tuple[str, ...] = ()
    rules: tuple[RuleView, ...] = ()
    tests: tuple[TestView, ...] = ()
    warnings: tuple[tuple[int, str], ...] = ()
    outcomes: tuple[Choice, ...] = ()
    confirmed_by: str = ""
    published: Moment | None = None
    request_id: str = ""
    may_confirm: bool = False
    barred: str = ""
    may_withdraw: bool = False
    may_restore: bool = False
    versions: tuple[VersionRow, ...] = ()
    may_draft: bool = False
    reason: str = ""
    changed_lines: tuple[int, ...] = ()
    gone_lines: tuple[tuple[int, str], ...] = ()
    against: int | None = None
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class DraftPage:
    """Writing a draft: the text, and every problem with its line."""

    form: Form = Form()
    problems: tuple[tuple[int, str], ...] = ()
    remarks: tuple[tuple[int, str], ...] = ()
    fits: bool = False
    tests: int = 0
    point: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestRow:
    """An act that waits for a second person. `kind` is a code; `state` open, confirmed, declined or expired."""

    id: str
    kind: str
    title: str
    by: str
    at: Moment
    state: str = "open"
    detail: str = ""
    href: str = ""
    reason: str = ""
    mine: bool = False
    may_confirm: bool = False
    may_decline: bool = False
    barred: str = ""
    alone_from: Moment | None = None
    closed_by: str = ""
    closed: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class RequestsPage:
    """What waits for a second person, and what was settled lately; `form` is of the request `about`."""

    waiting: tuple[RequestRow, ...]
    settled: tuple[RequestRow, ...] = ()
    form: Form = Form()
    about: str = ""
    no_form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class HoldPage:
    """Setting and lifting holds; `points` are those that can be held."""

    points: tuple[Choice, ...]
    holds: tuple[HoldInForce, ...] = ()
    form: Form = Form()
    may_set: bool = True
    may_ask_to_lift: bool = True
