"""The ledger: decisions found by what stands in clear, views of it that people keep, and taking it away as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from flask import Response, request

from governance.errors import AnswerableError, Conflict, InvalidInput
from governance.permissions import Permission
from governance.points import queries as points
from governance.reporting import exporting, filters, ledger, saved_views
from governance.reporting.exporting import Form as FileForm
from governance.reporting.filters import Disposition, Filters
from governance.reporting.ledger import LedgerRow, Place
from governance.work import Work
from policies.document import Policy
from web import authentication
from web.console import filter_words, forms, telling, times
from web.console.decisions import cursor, place
from web.console.links import linked
from web.console.requests import point_title
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.audit import (
    Chip,
    FilterChip,
    LedgerPage,
    LedgerRowView,
    SavedViewRow,
    ViewPage,
)
from web.console.views.shell import Choice, Form, Page
from web.downloads import attachment
from web.security import requires

_A_PAGE: Final = 50
#: Filters that are always in sight; the others are unfolded.
_FIRST: Final = frozenset({"point", "status", "person", "truth", "since", "until"})


@blueprint.get("/ledger", endpoint="ledger")
@requires(Permission.DECISIONS_READ)
def show_ledger() -> Response:
    """Show the decisions that fit, newest first by when they happened."""
    return _shown(_said(request.args))


@blueprint.post("/ledger/export")
@requires(Permission.DECISIONS_READ)
def export_ledger() -> Response:
    """Hand what is seen over as a file; the log keeps that it was taken."""
    form = FileForm.CSV if forms.text("form") == FileForm.CSV else FileForm.NDJSON
    with authentication.installation().work(authentication.actor()) as work:
        pieces = exporting.export(work, filters.read(_said(request.form)), form, cursor_of=_cursor)
    return attachment(pieces, form.content_type, f"decisions.{form}")


@blueprint.post("/ledger/views")
@requires(Permission.DECISIONS_READ)
def save_view() -> Response:
    """Keep the filters in use under a name."""
    said = _said(request.form)
    try:
        with authentication.installation().work(authentication.actor()) as work:
            kept = saved_views.save(work, forms.text("name"), filters.read(said))
    except (InvalidInput, Conflict) as error:
        return _shown(said, save=_again(error), status=_status(error))
    tell("good", _("The view is kept under “%(name)s”.", name=kept.name))
    return go("ledger", **kept.filters.written)


@blueprint.get("/ledger/views/<view_id>", endpoint="ledger_view")
@requires(Permission.DECISIONS_READ)
def show_view(view_id: str) -> Response:
    """Show the form that renames a view or deletes it."""
    return _view(view_id, None)


@blueprint.post("/ledger/views/<view_id>")
@requires(Permission.DECISIONS_READ)
def rename_view(view_id: str) -> Response:
    """Give a view another name."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            kept = saved_views.change(work, view_id, name=forms.text("name"))
    except (InvalidInput, Conflict) as error:
        return _view(view_id, _again(error), _status(error))
    tell("good", _("The view is called “%(name)s” now.", name=kept.name))
    return go("ledger", **kept.filters.written)


@blueprint.post("/ledger/views/<view_id>/delete")
@requires(Permission.DECISIONS_READ)
def delete_view(view_id: str) -> Response:
    """Keep a view no longer."""
    with authentication.installation().work(authentication.actor()) as work:
        saved_views.delete(work, view_id)
    tell("good", _("The view was deleted."))
    return go("ledger")


def _said(typed: Mapping[str, str]) -> dict[str, str]:
    """Return the filters of a request; what else it says is not theirs."""
    return {name: typed[name].strip() for name in filters.NAMES if typed.get(name, "").strip()}


def _cursor(at: Place) -> str:
    return cursor(*at)


def _status(error: AnswerableError) -> int:
    return 422 if isinstance(error, InvalidInput) else 409


def _again(error: AnswerableError) -> Form:
    said = _("Give the view a name of 1 to %(most)s characters.", most=saved_views.LONGEST_NAME)
    if isinstance(error, Conflict):
        said = _("Another of your views has this name, or you keep too many.")
    return Form(values=forms.typed(), errors={"name": said})


def _shown(said: Mapping[str, str], *, save: Form | None = None, status: int = 200) -> Response:
    form, wanted = Form(), Filters()
    try:
        wanted = filters.read(said)
    except InvalidInput as error:
        form, status = filter_words.mistakes(said, error), 422
    with authentication.installation().look(authentication.actor()) as work:
        page = _page(work, said, wanted, form, save or Form())
    return render("ledger", page, current="ledger", status=status)


def _page(
    work: Work, said: Mapping[str, str], wanted: Filters, form: Form, save: Form
) -> LedgerPage:
    before = place(request.args.get("after", ""))
    found, total = None, None
    if not form.errors:
        found = ledger.search(work, wanted, limit=_A_PAGE, before=before)
        if before is None and found.next_cursor is not None:
            total = ledger.total(work, wanted)
    rows = () if found is None else found.rows
    live = {name: one.policy for name, one in work.configuration.live.items()}
    policies = [live[wanted.point]] if wanted.point in live else list(live.values())
    exact = total is None or total.exact
    return LedgerPage(
        rows=tuple(_row(work, one) for one in rows),
        filters=said,
        chips=tuple(_chips(work, wanted)),
        total=len(rows) if total is None else max(total.count, len(rows)),
        exact=exact,
        looked_back_to=None if found is None else times.moment_or_none(found.looked_back_to),
        points=tuple(Choice(value=name, label=point_title(work, name)) for name in sorted(live)),
        outcomes=tuple(_outcomes(policies, wanted)),
        rules=tuple(dict.fromkeys(rule for policy in policies for rule in _rules(policy))),
        reasons=filter_words.reasons(),
        sources=tuple(ledger.sources(work)),
        statuses=filter_words.statuses(),
        dispositions=filter_words.dispositions(),
        persons=filter_words.persons(),
        truths=filter_words.truths(),
        origins=filter_words.origins(),
        more_open=bool(said.keys() - _FIRST),
        views=tuple(_views(work, wanted)),
        form=form,
        save=save,
        first=before is None,
        page=Page(
            shown=len(rows),
            after="" if found is None or found.next_cursor is None else _cursor(found.next_cursor),
        ),
        most_exported=exporting.MOST,
    )


def _row(work: Work, row: LedgerRow) -> LedgerRowView:
    view = row.decision
    policy = points.engine_of(work, view.point, view.policy_version).policy
    return LedgerRowView(
        id=str(view.id),
        point=policy.title.in_(language()),
        status=view.status,
        outcome=telling.outcome_label(policy, view.outcome),
        proposed=telling.outcome_label(policy, view.proposed_outcome),
        disposition=view.disposition,
        happened=times.moment(row.happened_at),
        version=view.policy_version,
        why=tuple(dict.fromkeys(one.rule for one in view.reasons if one.rule))
        if view.disposition != Disposition.RELEASE
        else (),
        band=telling.band(view.confidence),
        truth=_truth(policy, row),
        imported=view.imported,
    )


def _truth(policy: Policy, row: LedgerRow) -> Chip | None:
    if row.never:
        return Chip(text=_("never known"), drawing="minus")
    if row.truth is None:
        return None
    label = telling.outcome_label(policy, row.truth)
    if row.decision.proposed_outcome in {None, row.truth}:
        return Chip(text=label, tone="good", drawing="check")
    return Chip(text=label, tone="bad", drawing="cross")


def _outcomes(policies: list[Policy], wanted: Filters) -> Iterator[Choice]:
    """Yield the outcomes to choose from, those asked for among them though no policy declares them."""
    labels = {
        name: outcome.label.in_(language())
        for policy in policies
        for name, outcome in policy.outcomes.items()
    }
    for name in (wanted.proposed, wanted.outcome):
        if name is not None:
            labels.setdefault(name, name)
    for name, label in sorted(labels.items(), key=lambda one: one[1].casefold()):
        yield Choice(value=name, label=label)


def _rules(policy: Policy) -> Iterator[str]:
    yield from (rule.name for rule in policy.rules)
    yield "review.confidence_below"


def _chips(work: Work, wanted: Filters) -> Iterator[FilterChip]:
    written = wanted.written
    for name, value in written.items():
        others = {other: said for other, said in written.items() if other != name}
        yield FilterChip(
            text=filter_words.told(work, wanted, name, value),
            without=linked("ledger", **others),
        )


def _views(work: Work, wanted: Filters) -> Iterator[SavedViewRow]:
    for view in saved_views.views(work):
        yield SavedViewRow(
            id=view.id,
            name=view.name,
            href=linked("ledger", **view.filters.written),
            current=view.filters == wanted,
        )


def _view(view_id: str, form: Form | None, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        view = saved_views.view(work, view_id)
        page = ViewPage(
            id=view.id,
            name=view.name,
            href=linked("ledger", **view.filters.written),
            filters=tuple(chip.text for chip in _chips(work, view.filters)),
            form=form or Form(values={"name": view.name}),
        )
    return render("ledger_view", page, current="ledger", status=status)
