"""Pages about policies: what is live, what waits, one version, and writing a draft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Response, request, url_for

from governance.errors import AnswerableError, Conflict, FieldProblem, InvalidInput
from governance.permissions import Permission
from governance.points import service
from governance.points.checking import CheckedPolicy, check
from governance.points.views import PointSummary, VersionState, VersionView
from governance.requests import service as requests
from governance.work import Work
from web import authentication
from web.console import forms, policy_words
from web.console.requests import barred
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.times import moment, moment_or_none
from web.console.views.rules import (
    DraftPage,
    DraftRow,
    PointRow,
    PoliciesPage,
    PolicyPage,
    TestView,
    VersionRow,
)
from web.console.views.shell import Form
from web.security import requires

_LONGEST: Final = 500_000


@blueprint.get("/policies")
@requires(Permission.POLICIES_READ)
def policies() -> Response:
    """List the decision points with what is live and what waits."""
    actor = authentication.actor()
    with authentication.installation().look(actor) as work:
        rows = tuple(_row(work, point) for point in service.list_points(work))
    page = PoliciesPage(
        points=rows,
        may_draft=actor.may(Permission.POLICIES_DRAFT),
        may_confirm=actor.may(Permission.POLICIES_PUBLISH),
    )
    return render("policies", page, current="policies")


@blueprint.get("/policies/<point>/versions/<int:version>")
@requires(Permission.POLICIES_READ)
def policy(point: str, version: int) -> Response:
    """Show one version of a policy."""
    return _version(point, version, Form())


@blueprint.post("/policies/<point>/versions/<int:version>/restore")
@requires(Permission.POLICIES_DRAFT)
def restore(point: str, version: int) -> Response:
    """Ask that an earlier version be live again."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.restore_before(work, point, _reason(), version=version)
    except (InvalidInput, Conflict) as error:
        return _version(point, version, forms.told_again(error), status=_status(error))
    tell("good", _("Asked for. Another person confirms it."))
    return go("requests")


@blueprint.post("/policies/<point>/versions/<int:version>/withdraw")
@requires(Permission.POLICIES_READ)
def withdraw_draft(point: str, version: int) -> Response:
    """Take a draft back."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            service.withdraw_draft(work, point, version, _reason())
    except (InvalidInput, Conflict) as error:
        return _version(point, version, forms.told_again(error), status=_status(error))
    tell("good", _("The draft was withdrawn."))
    return go("policies")


@blueprint.get("/policies/draft")
@requires(Permission.POLICIES_DRAFT)
def draft() -> Response:
    """Show the form for a draft, empty or with a version to begin from."""
    point = request.args.get("point", "")
    version = request.args.get("version", type=int)
    text = ""
    if point and version is not None:
        with authentication.installation().look(authentication.actor()) as work:
            text = service.version(work, point, version).text
    return _draft_page(DraftPage(form=Form(values={"document": text}), point=point))


@blueprint.post("/policies/draft")
@requires(Permission.POLICIES_DRAFT)
def take_draft() -> Response:
    """Check a draft; keep it and ask that another person publish it, where that is wanted."""
    text = ""
    try:
        text = _document()
        if request.form.get("act") == "check":
            return _checked(text, check(text), Form(values=_values(text)))
        reason = _reason()
        with authentication.installation().work(authentication.actor()) as work:
            kept = service.draft(work, text, reason)
    except service.PolicyRefused as error:
        return _checked(text, error.checked, Form(values=_values(text)), status=422)
    except (InvalidInput, Conflict) as error:
        form = forms.told_again(error)
        form = Form(values={**form.values, **_values(text)}, errors=form.errors, error=form.error)
        return _draft_page(DraftPage(form=form, point=_point()), status=_status(error))
    tell("good", _("The draft fits, and waits for another person."))
    return go("policy", point=kept.point, version=kept.version)


def _document() -> str:
    """Return the text that was typed, or the file that was chosen.

    Raises:
        InvalidInput: there is none, or it is too long or no text.
    """
    file = request.files.get("file")
    if file is not None and file.filename:
        raw = file.stream.read(_LONGEST + 1)
        try:
            text = raw[:_LONGEST].decode("utf-8-sig") if len(raw) <= _LONGEST else None
        except UnicodeDecodeError:
            raise _misfit("file", _("The file is not text in UTF-8.")) from None
        if text is None:
            raise _misfit("file", _("The file is larger than 500 kB."))
    else:
        # A browser sends lines ended by two signs, which would make each line differ from the last version's.
        text = request.form.get("document", "").replace("\r\n", "\n")
        if len(text) > _LONGEST:
            raise _misfit("document", _("The document is longer than 500,000 characters."))
    if not text.strip():
        raise _misfit("document", _("Write the document here, or choose a file."))
    return text


def _reason() -> str:
    reason = forms.text("reason")
    if not reason:
        raise _misfit("reason", _("Say why, in a sentence."))
    return reason


def _misfit(field: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, [FieldProblem(pointer=f"/{field}", detail=detail)])


def _status(error: AnswerableError) -> int:
    return 422 if isinstance(error, InvalidInput) else 409


def _values(text: str) -> dict[str, object]:
    return forms.typed() | ({"document": text} if text else {})


def _point() -> str:
    return request.args.get("point", "")


def _checked(text: str, found: CheckedPolicy, form: Form, *, status: int = 200) -> Response:
    problems = [(problem.line, problem.detail) for problem in found.problems]
    problems += [
        (
            test.line,
            _("its own test “%(name)s” fails: %(detail)s", name=test.name, detail=test.detail),
        )
        for test in found.failed
    ]
    page = DraftPage(
        form=form,
        problems=tuple(problems),
        remarks=tuple((remark.line, remark.detail) for remark in found.remarks),
        fits=found.ok,
        tests=len(found.tests),
        point=_point(),
    )
    return _draft_page(page, status=status)


def _draft_page(page: DraftPage, *, status: int = 200) -> Response:
    return render("draft", page, current="policies", status=status)


def _row(work: Work, point: PointSummary) -> PointRow:
    shown = point.live or (point.drafts[-1] if point.drafts else None)
    title, purpose, rollout = point.name, "", ""
    if shown is not None:
        title, purpose = shown.policy.title.in_(language()), shown.policy.purpose.in_(language())
        rollout = shown.policy.rollout
    live = point.live
    return PointRow(
        name=point.name,
        title=title,
        kind=point.kind,
        purpose=purpose,
        rollout=rollout,
        version=None if live is None else live.version,
        published=None if live is None else moment_or_none(live.published_at),
        published_by="" if live is None else live.published_by_name or "",
        drafts=tuple(
            DraftRow(
                version=one.version,
                by=one.drafted_by_name,
                at=moment(one.drafted_at),
                request_id=one.request_id or "",
                mine=one.drafted_by == work.actor.reference,
            )
            for one in point.drafts
        ),
        held=bool(point.holds),
    )


def _version(point: str, number: int, form: Form, *, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        found = service.version(work, point, number)
        page = _page(work, found, service.versions(work, point), form)
    return render("policy", page, current="policies", status=status)


def _page(
    work: Work, found: VersionView, versions: Sequence[VersionView], form: Form
) -> PolicyPage:
    checked = check(found.text)
    lines = tuple(found.text.splitlines())
    against = _compared_with(found, versions)
    new, gone = policy_words.difference(
        lines if against is None else against.text.splitlines(), lines
    )
    waiting = None if found.request_id is None else _waiting(work, found.request_id)
    mine = found.drafted_by == work.actor.reference
    return PolicyPage(
        point=found.point,
        title=found.policy.title.in_(language()),
        kind=found.policy.kind,
        version=found.version,
        state=found.state,
        digest=found.digest,
        purpose=found.policy.purpose.in_(language()),
        owner=found.policy.owner,
        rollout=found.policy.rollout,
        written_by=found.drafted_by_name,
        written=moment(found.drafted_at),
        lines=lines,
        in_words=tuple(policy_words.in_words(found.policy)),
        rules=policy_words.rules(found.policy),
        tests=tuple(
            TestView(name=test.name, passed=test.passed, detail=test.detail, line=test.line)
            for test in checked.tests
        ),
        warnings=tuple((remark.line, remark.detail) for remark in checked.remarks),
        outcomes=policy_words.outcomes(found.policy),
        confirmed_by=found.published_by_name or "",
        published=moment_or_none(found.published_at),
        request_id=found.request_id or "",
        reason="" if waiting is None else waiting.reason,
        may_confirm=waiting is not None and waiting.may_confirm,
        barred="" if waiting is None or waiting.may_confirm else barred(work, waiting),
        may_withdraw=found.request_id is not None and mine,
        may_restore=found.state is VersionState.PAST and work.actor.may(Permission.POLICIES_DRAFT),
        may_draft=work.actor.may(Permission.POLICIES_DRAFT),
        versions=tuple(_version_row(one) for one in versions),
        changed_lines=new,
        gone_lines=gone,
        against=None if against is None else against.version,
        form=form,
    )


def _compared_with(found: VersionView, versions: Sequence[VersionView]) -> VersionView | None:
    """Return what a version is held against: a draft what is live, others the one before."""
    if found.state is VersionState.DRAFT:
        return next((one for one in versions if one.state is VersionState.LIVE), None)
    if found.state is VersionState.WITHDRAWN:
        return None
    before = (VersionState.LIVE, VersionState.PAST)
    return next(
        (one for one in versions if one.version < found.version and one.state in before), None
    )


def _waiting(work: Work, request_id: str) -> requests.RequestView | None:
    if not work.actor.may(Permission.REQUESTS_READ):
        return None
    return requests.get(work, request_id)


def _version_row(one: VersionView) -> VersionRow:
    return VersionRow(
        version=one.version,
        state=one.state,
        by=one.drafted_by_name,
        at=moment(one.published_at or one.drafted_at),
        href=url_for("console.policy", point=one.point, version=one.version),
    )
