"""What the pages about webhooks are told."""

from __future__ import annotations

from dataclasses import dataclass

from web.console.views.shell import Choice, Form, Moment, Page


@dataclass(frozen=True, kw_only=True)
class WebhookRow:
    """One webhook; `state` is active, failing or stopped, `why` says whose doing stopped is: person, failing or gone."""

    id: str
    app: str
    url: str
    description: str
    events: tuple[str, ...]
    state: str
    why: str = ""
    since: Moment | None = None
    waiting: int = 0


@dataclass(frozen=True, kw_only=True)
class WebhooksPage:
    """All webhooks, and the form that makes one."""

    webhooks: tuple[WebhookRow, ...]
    apps: tuple[Choice, ...]
    events: tuple[Choice, ...]
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class WebhookSecretRow:
    """One secret of a webhook; never what it is."""

    id: str
    created: Moment
    by: str
    ended: Moment | None = None


@dataclass(frozen=True, kw_only=True)
class AttemptRow:
    """One attempt: `status` is empty where there was no answer, `took` in a unit that fits."""

    at: Moment
    known: bool
    status: str = ""
    took: str = ""
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class DeliveryRow:
    """One message: `state` is waiting, delivered, failed or cancelled; `may_replay` where it can be sent again now."""

    id: str
    message_id: str
    event: str
    decision_id: str
    state: str
    created: Moment
    next: Moment | None
    attempts: tuple[AttemptRow, ...]
    may_replay: bool
    decision_href: str = ""


@dataclass(frozen=True, kw_only=True)
class WebhookPage:
    """One webhook with its deliveries and secrets; `may_end` where more than one secret is live, `may_add` where one more may be."""

    row: WebhookRow
    created: Moment
    by: str
    secrets: tuple[WebhookSecretRow, ...]
    may_add: bool
    may_end: bool
    events: tuple[Choice, ...]
    deliveries: tuple[DeliveryRow, ...]
    state: str
    newest: bool
    page: Page
    form: Form = Form()


@dataclass(frozen=True, kw_only=True)
class WebhookSecretPage:
    """A new secret of a webhook, shown once."""

    id: str
    app: str
    secret_id: str
    secret: str
    first: bool
