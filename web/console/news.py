"""What somebody else did with a case while its page is open: asked for now and then, told without disturbing what is typed."""

from __future__ import annotations

from flask import Response, render_template, request

from audits.log.entries import EntryKind
from governance.clock import parse_rfc3339
from governance.errors import NotFound
from governance.permissions import Permission
from governance.reviews import service as reviews
from governance.reviews.transitions import VerdictKind
from governance.reviews.views import LastAct
from web import authentication
from web.console import times
from web.console.shell import blueprint
from web.console.speech import gettext as _
from web.console.views.shell import Notice
from web.security import requires


@blueprint.get("/cases/<case_id>/news")
@requires(Permission.CASES_READ)
def case_news(case_id: str) -> Response:
    """Tell what became of a case since its page was drawn, as a part of that page; 304 where it is as it was."""
    try:
        with authentication.installation().look(authentication.actor()) as work:
            revision = reviews.revision_of(work, case_id)
            known = request.if_none_match.contains(str(revision))
            act = None if known else reviews.last_act(work, case_id)
    except NotFound:
        gone = Notice(tone="warn", text=_("This case is in none of your queues any more."))
        return _fragment(gone, case_id, status=404)
    if known:
        response = Response(status=304)
    else:
        response = _fragment(_told(act, _since()), case_id)
    response.set_etag(str(revision))
    return response


def _fragment(notice: Notice, case_id: str, *, status: int = 200) -> Response:
    return Response(
        render_template("console/case_news.html", notice=notice, case_id=case_id, status=status),
        status=status,
    )


def _since() -> str:
    return request.args.get("since", "")


def _told(act: LastAct | None, since: str) -> Notice:
    """Say what was done; what was done before the page was drawn was no news to it."""
    try:
        drawn = parse_rfc3339(since)
    except ValueError:
        drawn = None
    if act is None or drawn is None or act.at < drawn:
        return Notice(tone="info", text=_("This case has changed."))
    return Notice(tone="warn", text=_sentence(act), detail=times.moment(act.at).text)


def _sentence(act: LastAct) -> str:
    name = act.by or _("Somebody")
    if act.kind == EntryKind.VERDICT_GIVEN:
        return {
            VerdictKind.APPROVE.value: _("%(name)s approved this case.", name=name),
            VerdictKind.CHANGE.value: _("%(name)s changed the outcome of this case.", name=name),
            VerdictKind.REJECT.value: _("%(name)s rejected this case.", name=name),
        }.get(act.verdict or "", _("%(name)s signed this case off.", name=name))
    sentences = {
        EntryKind.CASE_CLAIMED.value: _("%(name)s took this case.", name=name),
        EntryKind.CASE_RELEASED.value: _("%(name)s gave this case back to the queue.", name=name),
        EntryKind.CASE_SKIPPED.value: _("%(name)s passed this case on.", name=name),
        EntryKind.CASE_PUT_OFF.value: _("%(name)s put this case off.", name=name),
        EntryKind.CASE_HANDED_OVER.value: _("%(name)s handed this case over.", name=name),
        EntryKind.VERDICT_UNDONE.value: _("%(name)s took a verdict back.", name=name),
        EntryKind.COMMENT_ADDED.value: _("%(name)s commented on this case.", name=name),
        EntryKind.QUESTION_ASKED.value: _("%(name)s asked the app something.", name=name),
        EntryKind.INFORMATION_GIVEN.value: _("The app answered a question."),
        EntryKind.SIGN_OFF_FELL.value: _("Something came in, so sign-offs fell."),
        EntryKind.CASE_ESCALATED.value: _("This case went to another queue."),
        EntryKind.CASE_LAPSED.value: _("The time of this case ran out."),
        EntryKind.DECISION_WITHDRAWN.value: _("The app withdrew this case."),
    }
    return sentences.get(act.kind, _("This case has changed."))
