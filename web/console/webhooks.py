"""Pages about webhooks: where apps are told what became of their decisions, with which secrets, and what was delivered."""

from __future__ import annotations

from typing import Final

from babel.units import format_unit
from flask import Response, request

from governance.errors import Conflict, InvalidInput
from governance.identities import queries as people
from governance.permissions import Permission
from governance.webhooks import service
from governance.webhooks.transitions import CHOSEN, DeliveryState, Event
from governance.webhooks.views import AttemptView, DeliveryView, SecretCreated, WebhookView
from governance.work import Work
from web import authentication
from web.console import forms
from web.console.decisions import cursor, place
from web.console.links import linked
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import ngettext
from web.console.times import locale, moment, moment_or_none
from web.console.views.shell import Choice, Form, Page
from web.console.views.webhooks import (
    AttemptRow,
    DeliveryRow,
    WebhookPage,
    WebhookRow,
    WebhookSecretPage,
    WebhookSecretRow,
    WebhooksPage,
)
from web.security import requires

_OF_A_PAGE: Final = 25


@blueprint.get("/webhooks")
@requires(Permission.WEBHOOKS_MANAGE)
def webhooks() -> Response:
    """List the webhooks, with a form for a new one."""
    return _list(Form(values={"events": [event.value for event in CHOSEN]}))


@blueprint.post("/webhooks")
@requires(Permission.WEBHOOKS_MANAGE)
def create_webhook() -> Response:
    """Make a webhook, and show its secret once."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            made = service.create_webhook(
                work,
                app=forms.text("app"),
                url=forms.text("url"),
                description=forms.text("description"),
                events=forms.ticked("events"),
            )
    except InvalidInput as error:
        return _list(forms.told_again(error, "events"), status=422)
    return _secret(made, first=True)


@blueprint.get("/webhooks/<webhook_id>")
@requires(Permission.WEBHOOKS_MANAGE)
def webhook(webhook_id: str) -> Response:
    """Show one webhook: what was delivered, its secrets, and how to change it."""
    return _shown(webhook_id)


@blueprint.post("/webhooks/<webhook_id>")
@requires(Permission.WEBHOOKS_MANAGE)
def change_webhook(webhook_id: str) -> Response:
    """Change where an app is told, and of what."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.change_webhook(
                work,
                webhook_id,
                url=forms.text("url"),
                description=forms.text("description"),
                events=forms.ticked("events"),
            )
    except InvalidInput as error:
        return _shown(webhook_id, forms.told_again(error, "events"), status=422)
    tell("good", _("The webhook was changed."))
    return go("webhook", webhook_id=webhook_id)


@blueprint.post("/webhooks/<webhook_id>/switch")
@requires(Permission.WEBHOOKS_MANAGE)
def switch_webhook(webhook_id: str) -> Response:
    """Switch a webhook off, or on again."""
    active = forms.text("active") == "1"
    with authentication.installation().work(authentication.actor()) as work:
        changed = service.change_webhook(work, webhook_id, active=active)
    if active:
        tell("good", _("The webhook is on again."), _owed(changed))
    else:
        tell("good", _("The webhook is off."), _("What is owed to it waits, for 30 days at most."))
    return go("webhook", webhook_id=webhook_id)


@blueprint.post("/webhooks/<webhook_id>/remove")
@requires(Permission.WEBHOOKS_MANAGE)
def remove_webhook(webhook_id: str) -> Response:
    """Remove a webhook."""
    with authentication.installation().work(authentication.actor()) as work:
        service.remove_webhook(work, webhook_id)
    tell("good", _("The webhook was removed; nothing is sent there any more."))
    return go("webhooks")


@blueprint.post("/webhooks/<webhook_id>/test")
@requires(Permission.WEBHOOKS_MANAGE)
def try_webhook(webhook_id: str) -> Response:
    """Send a message of no meaning."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.send_test(work, webhook_id)
    except Conflict as error:
        tell("info", error.detail)
    else:
        tell(
            "good",
            _("A test is on its way."),
            _("In a moment it stands first among the deliveries. Load the page again to see it."),
        )
    return go("webhook", webhook_id=webhook_id)


@blueprint.post("/webhooks/<webhook_id>/deliveries/<delivery_id>/replay")
@requires(Permission.WEBHOOKS_MANAGE)
def replay_delivery(webhook_id: str, delivery_id: str) -> Response:
    """Send a message again."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.replay(work, webhook_id, delivery_id)
    except Conflict as error:
        tell("info", error.detail)
    else:
        tell("good", _("The message is sent again, under its own id."))
    return go("webhook", webhook_id=webhook_id)


@blueprint.post("/webhooks/<webhook_id>/secrets")
@requires(Permission.WEBHOOKS_MANAGE)
def add_webhook_secret(webhook_id: str) -> Response:
    """Make one more secret, and show it once."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            made = service.add_secret(work, webhook_id)
    except Conflict as error:
        tell("info", error.detail)
        return go("webhook", webhook_id=webhook_id)
    return _secret(made, first=False)


@blueprint.post("/webhooks/<webhook_id>/secrets/<secret_id>/end")
@requires(Permission.WEBHOOKS_MANAGE)
def end_webhook_secret(webhook_id: str, secret_id: str) -> Response:
    """End a secret."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.end_secret(work, webhook_id, secret_id)
    except Conflict as error:
        tell("info", error.detail)
    else:
        tell("good", _("The secret is ended; nothing is signed with it any more."))
    return go("webhook", webhook_id=webhook_id)


def _secret(made: SecretCreated, *, first: bool) -> Response:
    page = WebhookSecretPage(
        id=made.webhook.id,
        app=made.webhook.app,
        secret_id=made.secret_id,
        secret=made.secret,
        first=first,
    )
    return render("webhook_secret", page, current="webhooks")


def _list(form: Form, *, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        page = WebhooksPage(
            webhooks=tuple(_row(one) for one in service.list_webhooks(work)),
            apps=tuple(Choice(value=name, label=name) for name in service.apps(work)),
            events=_events(),
            form=form,
        )
    return render("webhooks", page, current="webhooks", status=status)


def _shown(webhook_id: str, form: Form | None = None, *, status: int = 200) -> Response:
    state = request.args.get("state", "")
    if state not in set(DeliveryState):
        state = ""
    before = place(request.args.get("after", ""))
    with authentication.installation().look(authentication.actor()) as work:
        view = service.webhook(work, webhook_id)
        found = service.list_deliveries(
            work,
            webhook_id,
            limit=_OF_A_PAGE,
            state=state or None,
            cursor=before,
        )
        names = people.names_of(
            work.session, [view.created_by, *(one.created_by for one in view.secrets)]
        )
        live = sum(one.ended_at is None for one in view.secrets)
        page = WebhookPage(
            row=_row(view),
            created=moment(view.created_at),
            by=names[view.created_by],
            secrets=tuple(
                WebhookSecretRow(
                    id=one.id,
                    created=moment(one.created_at),
                    by=names[one.created_by],
                    ended=moment_or_none(one.ended_at),
                )
                for one in view.secrets
            ),
            may_add=live < service.MOST_SECRETS,
            may_end=live > 1,
            events=_events(),
            deliveries=tuple(_delivery(work, view, one) for one in found.deliveries),
            state=state,
            newest=before is None,
            page=Page(
                after="" if found.next_cursor is None else cursor(*found.next_cursor),
                shown=len(found.deliveries),
            ),
            form=form
            or Form(
                values={
                    "url": view.url,
                    "description": view.description,
                    "events": [event.value for event in view.events],
                }
            ),
        )
    return render("webhook", page, current="webhooks", status=status)


def _row(view: WebhookView) -> WebhookRow:
    return WebhookRow(
        id=view.id,
        app=view.app,
        url=view.url,
        description=view.description,
        events=tuple(event.value for event in view.events),
        state=view.state.value,
        why="" if view.stopped_why is None else view.stopped_why.value,
        since=moment_or_none(view.stopped_at or view.failing_since),
        waiting=view.waiting,
    )


def _delivery(work: Work, view: WebhookView, one: DeliveryView) -> DeliveryRow:
    under_way = bool(one.attempts) and not one.attempts[-1].known and one.closed_at is None
    return DeliveryRow(
        id=one.id,
        message_id=one.message_id,
        event=one.event.value,
        decision_id=one.decision_id or "",
        state=one.state.value,
        created=moment(one.created_at),
        next=moment_or_none(one.next_at),
        attempts=tuple(map(_attempt, one.attempts)),
        may_replay=(
            view.stopped_at is None
            and one.state is not DeliveryState.CANCELLED
            and one.not_before <= work.now
            and not under_way
        ),
        decision_href=""
        if one.decision_id is None
        else linked("decision", decision_id=one.decision_id),
    )


def _attempt(one: AttemptView) -> AttemptRow:
    took = ""
    if one.milliseconds is not None:
        took = (
            format_unit(one.milliseconds, "millisecond", "short", locale=locale())
            if one.milliseconds < 1000
            else format_unit(round(one.milliseconds / 1000, 1), "second", "short", locale=locale())
        )
    return AttemptRow(
        at=moment(one.at),
        known=one.known,
        status="" if one.status is None else str(one.status),
        took=took,
        error=one.error or "",
    )


def _events() -> tuple[Choice, ...]:
    labels = {
        Event.DECISION_RESOLVED: _("a decision has its outcome"),
        Event.DECISION_REVERSED: _("an outcome was reversed, after an appeal or a sampled check"),
        Event.DECISION_OVERDUE: _("a case is overdue and went to the next queue"),
        Event.QUESTION_ASKED: _("a person asks it something about a case"),
    }
    return tuple(
        Choice(value=event.value, label=labels[event], hint=event.value) for event in CHOSEN
    )


def _owed(view: WebhookView) -> str:
    if not view.waiting:
        return ""
    return ngettext(
        "%(num)s message that waited is sent now.",
        "%(num)s messages that waited are sent now.",
        view.waiting,
    )
