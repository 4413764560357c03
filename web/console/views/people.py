"""What the pages about people, keys, queues, settings and one's own account are told."""

from __future__ import annotations

from dataclasses import dataclass

from web.console.views.shell import Choice, Form, Moment
from web.console.views.work import KnownView


@dataclass(frozen=True, kw_only=True)
class SignInPage:
    """Signing in; `wait_seconds` is above zero while too many attempts failed."""

    form: Form = Form()
    wait_seconds: int = 0
    next: str = ""
    demo: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class SetPasswordPage:
    """Setting a first or a new password by a one-time link; `expired` where the link no longer works."""

    name: str = ""
    username: str = ""
    minimum: int = 12
    expired: bool = False
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """One person; `state` is active, invited, disabled or expired."""

    id: str
    name: str
    username: str
    roles: tuple[str, ...]
    queues: tuple[str, ...]
    state: str
    expires: Moment | None = None
    last_seen: Moment | None = None
    second_factor: bool = False


@dataclass(frozen=True, kw_only=True)
class PeoplePage:
    """Everybody who can sign in."""

    people: tuple[PersonRow, ...]
    may_change: bool = False


@dataclass(frozen=True, kw_only=True)
class PersonPage:
    """Adding a person (`id` empty) or changing one."""

    roles: tuple[Choice, ...]
    queues: tuple[Choice, ...]
    id: str = ""
    name: str = ""
    state: str = ""
    is_self: bool = False
    second_factor: bool = False
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class LinkPage:
    """A one-time link, shown once."""

    name: str
    link: str
    until: Moment


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    """An app key; never the secret. `state` is active, revoked or expired."""

    id: str
    app: str
    points: tuple[str, ...]
    scopes: tuple[str, ...]
    created: Moment
    state: str
    expires: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class KeysPage:
    """App keys, and the form that makes one."""

    keys: tuple[KeyRow, ...]
    points: tuple[Choice, ...]
    scopes: tuple[Choice, ...]
    may_change: bool = False
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class SecretPage:
    """A new secret, shown once; `kind` is key or token, `curl` a ready command that uses it."""

    kind: str
    name: str
    secret: str
    curl: str = ""


@dataclass(frozen=True, kw_only=True)
class SettingRow:
    """One setting: `source` says where its value comes from; `changeable` where this page may change it."""

    name: str
    label: str
    value: str
    source: str
    hint: str = ""
    changeable: bool = False
    options: tuple[Choice, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SettingsPage:
    """The installation's settings."""

    settings: tuple[SettingRow, ...]
    may_change: bool = False
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """A queue and its calendar in words; `competence` says that it is asked for, `ends` when the first ends, where that is soon."""

    name: str
    title: str
    zone: str
    hours: str
    holidays: int
    members: int
    waiting: int
    competence: bool = False
    ends: str = ""


@dataclass(frozen=True, kw_only=True)
class QueuesPage:
    """All queues."""

    queues: tuple[QueueRow, ...]
    may_change: bool = False


@dataclass(frozen=True, kw_only=True)
class CompetenceRow:
    """A member of a queue and what they have shown; `standing` is missing, ended, ending or valid."""

    person_id: str
    name: str
    standing: str
    shown: str = ""
    expires: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class QueueRecordPage:
    """One queue's calendar; form fields: title, zone, always_open, <day>_from_<n>, <day>_until_<n>, holidays.

    `spans` says how often a day may begin and end, `may_split` whether once more can be asked for. `competent` has a row for each member;
    `left` and `out` are those who would still decide, and no longer, if competence were asked for.
    """

    name: str
    zones: tuple[str, ...]
    members: tuple[str, ...] = ()
    spans: int = 1
    may_split: bool = False
    form: Form = Form()
    competent: tuple[CompetenceRow, ...] = ()
    required: bool = False
    left: tuple[str, ...] = ()
    out: tuple[str, ...] = ()
    competence: Form = Form()
    require: Form = Form()


@dataclass(frozen=True, kw_only=True)
class TokenRow:
    """A personal token; never the secret."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created: Moment
    expires: Moment
    last_used: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class KnownResults:
    """How the reader did on known cases: `caught` of `mistakes`, `kept` of the `right` proposals, and the newest."""

    mistakes: int
    caught: int
    right: int
    kept: int
    cases: tuple[KnownView, ...]


@dataclass(frozen=True, kw_only=True)
class AccountPage:
    """One's own account. `known` is how they did on known cases, None where they decided none."""

    name: str
    username: str
    email: str
    roles: tuple[str, ...]
    queues: tuple[str, ...]
    second_factor: bool
    tokens: tuple[TokenRow, ...]
    token_scopes: tuple[Choice, ...]
    zones: tuple[str, ...] = ()
    known: KnownResults | None = None
    preferences: Form = Form()
    password: Form = Form()
    second_step: Form = Form()
    token: Form = Form()


@dataclass(frozen=True, kw_only=True)
class SecondFactorPage:
    """Setting up the second factor: `qr` is a whole inline SVG made by us, `secret` the same in letters."""

    qr: str
    secret: str
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class ErrorPage:
    """An error told to a person: `title` says what happened, `todo` what they can do."""

    status: int
    title: str
    detail: str = ""
    todo: str = ""
    reference: str = ""
