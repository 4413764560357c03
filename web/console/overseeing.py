"""Pages of those whose work is measured, and of those who answer for it: the staff notice, one's own reviews, people, alarms."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request, url_for

from audits.reports import oversight as telling
from governance.errors import AnswerableError, Conflict, InvalidInput, NotFound
from governance.overseeing import alarms, figures, notice
from governance.overseeing.figures import FiguresView
from governance.permissions import Permission
from governance.reporting.access import note_reading
from governance.work import Work
from web import authentication
from web.console import alarm_words, forms, oversight
from web.console.requests import point_title
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.times import moment, moment_or_none
from web.console.views.fairness import Verdict
from web.console.views.overseeing import (
    Acknowledged,
    FiguresPage,
    FiguresRow,
    MyReviewsPage,
    PeoplePage,
    StaffNoticePage,
)
from web.console.views.shell import Form
from web.security import requires


@blueprint.get("/staff-notice")
@requires(Permission.ACCOUNT_USE)
def staff_notice() -> Response:
    """Show what people are told before their work is measured."""
    return _notice_page()


@blueprint.post("/staff-notice")
@requires(Permission.SETTINGS_MANAGE)
def publish_notice() -> Response:
    """Put a notice in force."""
    texts = {language: forms.text(f"text_{language}") for language in notice.LANGUAGES}
    try:
        with authentication.installation().work(authentication.actor()) as work:
            notice.publish(work, texts)
    except InvalidInput as error:
        found = {
            problem.pointer.replace("/texts/", "text_"): _(
                "Write 1 to %(most)s characters.", most=notice.LONGEST
            )
            for problem in error.problems
        }
        fitting = {"text_en" if name == "/texts" else name: said for name, said in found.items()}
        return _notice_page(Form(values=forms.typed(), errors=fitting), status=422)
    except Conflict:
        said = _("This notice is in force already. Nobody needs to acknowledge it again.")
        return _notice_page(Form(values=forms.typed(), error=said), status=409)
    tell("good", _("The notice is in force. Whoever works a queue is asked to acknowledge it."))
    return go("staff_notice")


@blueprint.post("/staff-notice/acknowledgement")
@requires(Permission.CASES_DECIDE)
def acknowledge_notice() -> Response:
    """Say that one read the notice in force."""
    version = forms.text("version")
    try:
        with authentication.installation().work(authentication.actor()) as work:
            notice.acknowledge(work, int(version) if version.isdecimal() else 0)
    except Conflict:
        tell("warn", _("The notice changed meanwhile. Read it as it is now."))
        return go("staff_notice")
    tell("good", _("Thank you. From now on your reviews count for figures of your own."))
    return go("staff_notice")


def _notice_page(form: Form | None = None, *, status: int = 200) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        view = notice.current(work)
        text, written_in = view.text_in(language())
        may_write = work.actor.may(Permission.SETTINGS_MANAGE)
        offered = dict(view.texts) or dict(notice.DEFAULTS)
        page = StaffNoticePage(
            version=view.version,
            text=tuple(one for one in text.splitlines() if one.strip()),
            text_language=written_in,
            published=moment_or_none(view.published_at),
            published_by=view.published_by_name,
            acknowledged=moment_or_none(view.acknowledged_at),
            to_acknowledge=view.to_acknowledge,
            may_write=may_write,
            people=tuple(
                Acknowledged(name=one.name, at=moment_or_none(one.acknowledged_at))
                for one in (notice.standing(work) if may_write else ())
            ),
            form=form or Form(values={f"text_{name}": said for name, said in offered.items()}),
        )
    return render("staff_notice", page, current="account", status=status)


# ------------------------------------------------------------------------------ one's own reviews


@blueprint.get("/account/reviews")
@requires(Permission.ACCOUNT_USE)
def my_reviews() -> Response:
    """Show one's own figures, before anybody else sees them."""
    with authentication.installation().look(authentication.actor()) as work:
        view = notice.current(work)
        page = MyReviewsPage(
            figures=tuple(
                _row(work, one, url_for("console.my_figures", figures_id=one.id))
                for one in figures.own(work)
            ),
            alarms=tuple(alarm_words.row(one) for one in alarms.own(work)),
            version=view.version,
            to_acknowledge=view.to_acknowledge,
            acknowledged=view.acknowledged_at is not None,
            measured=notice.asked(work),
        )
    return render("my_reviews", page, current="account")


@blueprint.get("/account/reviews/<figures_id>")
@requires(Permission.ACCOUNT_USE)
def my_figures(figures_id: str) -> Response:
    """Show one's own figures at a decision point, whole."""
    return _my_figures(figures_id)


@blueprint.post("/account/reviews/<figures_id>/comment")
@requires(Permission.ACCOUNT_USE)
def comment_on_figures(figures_id: str) -> Response:
    """Keep what somebody says of their own figures."""
    try:
        with authentication.installation().work(authentication.actor()) as work:
            figures.comment(work, figures_id, forms.text("words"))
    except InvalidInput:
        said = _("Say in 1 to %(most)s characters.", most=figures.LONGEST_COMMENT)
        return _my_figures(figures_id, Form(values=forms.typed(), errors={"words": said}))
    tell("good", _("Your words stand beside your figures."))
    return go("my_figures", figures_id=figures_id)


def _my_figures(figures_id: str, form: Form | None = None) -> Response:
    with authentication.installation().look(authentication.actor()) as work:
        view = _one(figures.own(work), figures_id)
        page = _figures_page(
            work,
            view,
            href=url_for("console.my_figures", figures_id=view.id, open="all"),
            back=((url_for("console.my_reviews"), _("My reviews")),),
            form=form or Form(values={"words": view.comment or ""}),
        )
    return render("person_figures", page, current="account", status=200 if form is None else 422)


# ------------------------------------------------------------------------------ people


@blueprint.get("/reports/oversight/<point>/people")
@requires(Permission.OVERSIGHT_PEOPLE)
def oversight_people(point: str) -> Response:
    """List the figures of each person at a decision point, by name."""
    with authentication.installation().look(authentication.actor()) as work:
        page = PeoplePage(
            point=point,
            title=point_title(work, point),
            rows=tuple(
                _row(
                    work,
                    one,
                    url_for("console.oversight_person", point=point, figures_id=one.id),
                )
                for one in figures.of_people(work, point)
            ),
        )
    note_reading(work.answerable, work.actor, what="report.oversight_people", point=point)
    return render("oversight_people", page, current="reports")


@blueprint.get("/reports/oversight/<point>/people/<figures_id>")
@requires(Permission.OVERSIGHT_PEOPLE)
def oversight_person(point: str, figures_id: str) -> Response:
    """Show one person's figures, with what that person says of them."""
    with authentication.installation().look(authentication.actor()) as work:
        view = _one(figures.of_people(work, point), figures_id)
        here = url_for("console.oversight_person", point=point, figures_id=view.id, open="all")
        page = _figures_page(
            work,
            view,
            href=here,
            back=(
                (url_for("console.oversight", point=point), point_title(work, point)),
                (url_for("console.oversight_people", point=point), _("Person by person")),
            ),
        )
    note_reading(work.answerable, work.actor, what="report.oversight_people", point=point)
    return render("person_figures", page, current="reports")


def _one(found: Sequence[FiguresView], figures_id: str) -> FiguresView:
    for one in found:
        if one.id == figures_id:
            return one
    raise NotFound("There are no such figures; newer ones took their place, or they were deleted.")


def _figures_page(
    work: Work,
    view: FiguresView,
    *,
    href: str,
    back: tuple[tuple[str, str], ...],
    form: Form | None = None,
) -> FiguresPage:
    return FiguresPage(
        row=_row(work, view, href),
        document=telling.person(
            view.person,
            language=language(),
            name=view.name,
            title=point_title(work, view.point),
            pooled=view.pooled,
            plan=view.plan,
        ),
        mine=view.person_id == work.actor.id,
        open=request.args.get("open") == "all",
        all_href=href,
        back=back,
        commented=moment_or_none(view.commented_at),
        form=form or Form(),
    )


def _row(work: Work, view: FiguresView, href: str) -> FiguresRow:
    told = telling.person(view.person, language=language(), name=view.name)
    return FiguresRow(
        id=view.id,
        title=point_title(work, view.point),
        name=view.name,
        reviews=view.person["reviews"],
        since=view.since,
        until=view.until,
        verdict=Verdict(code=told.verdict, word=told.word, tone=told.tone, drawing="eye"),
        made=moment(view.made_at),
        shown=moment(view.shown_at),
        comment=view.comment or "",
        href=href,
    )


# ------------------------------------------------------------------------------ alarms


@blueprint.post("/alarms/<alarm_id>")
@requires(Permission.INCIDENTS_HANDLE)
def handle_alarm(alarm_id: str) -> Response:
    """Keep what somebody says was done about an alarm."""
    point = forms.text("point")
    try:
        with authentication.installation().work(authentication.actor()) as work:
            handled = alarms.handle(work, alarm_id, forms.text("done"), forms.text("words"))
    except (InvalidInput, Conflict) as error:
        return oversight.shown(point, wrong=(alarm_id, _wrong(error)), status=_status(error))
    tell("good", _("What was done stands with the alarm, and in the log."))
    return go("oversight", point=handled.point, _anchor="alarms")


def _status(error: AnswerableError) -> int:
    return 422 if isinstance(error, InvalidInput) else 409


def _wrong(error: AnswerableError) -> Form:
    typed = forms.typed()
    if isinstance(error, InvalidInput):
        words = _("Say in 1 to %(most)s characters what was done.", most=alarms.LONGEST_WORDS)
        said = {"done": _("Choose what was done."), "words": words}
        named = {one.pointer.removeprefix("/") for one in error.problems}
        return Form(values=typed, errors={name: said[name] for name in said if name in named})
    return Form(values=typed, error=_("This is no longer possible: somebody was quicker."))
