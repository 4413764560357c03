"""The page of a decision point's fairness report as its figures are now, and what it is asked for by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations
from typing import Any, Final

from flask import Response, request, url_for

from audits.fairness.counts import Counts
from audits.fairness.presets import PRESETS
from audits.reports.document import Document, document
from audits.reports.sections.view import View, capital
from audits.reports.words import Words, terms
from governance.counting import reading
from governance.errors import FieldProblem, InvalidInput
from governance.permissions import Permission
from governance.reporting import fairness as reporting
from governance.reporting import making
from governance.reporting.access import note_reading
from governance.work import Work
from policies.document import Policy
from web import authentication
from web.console import kept_counts
from web.console.links import linked
from web.console.shell import blueprint, go, render
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.times import moment
from web.console.views.fairness import (
    FairnessPage,
    Step,
    Stretch,
    Verdict,
    Window,
)
from web.console.views.shell import Choice, Form
from web.security import requires

#: The window of a page that names none goes back so far, or to the first decision that was counted.
A_YEAR: Final = 365
_DRAWINGS: Final = {
    "breach": "alert",
    "pass": "check-circle",
    "not_enough_evidence": "clock",
    "not_measured": "cross",
}


@blueprint.get("/reports/fairness/<point>")
@requires(Permission.REPORTS_READ)
def fairness(point: str) -> Response:
    """Show a decision point's report, the answer first."""
    with authentication.installation().look(authentication.actor()) as work:
        policy = reading.live_policy(work, point)
        try:
            window = window_of(work, policy)
        except InvalidInput as error:
            page = FairnessPage(window=misfit(work, policy, error))
            return render("fairness", page, current="reports", status=422)
        read = kept_counts.read(work, point, window.since, window.until)
        found = reporting.figures_of(read.counts, by=window.by, preset=window.preset or None)
        told = document_of(policy, read.counts, found)
        page = FairnessPage(
            window=window,
            document=told,
            verdict=verdict_of(told.verdict),
            steps=tuple(missing(policy)) if told.verdict == "not_measured" else (),
            pending=read.counts.pending,
            counted=None if read.at == work.now else moment(read.at),
            decisions=_decisions(window),
            may_make=work.actor.may(Permission.REPORTS_MAKE),
            open=request.args.get("open") == "all",
        )
    note_reading(work.answerable, work.actor, what="report.fairness", point=point)
    return render("fairness", page, current="reports")


@blueprint.post("/reports/fairness/<point>")
@requires(Permission.REPORTS_MAKE)
def make_report(point: str) -> Response:
    """Have a report made and signed as it is shown."""
    with authentication.installation().work(authentication.actor()) as work:
        report_id = making.ask(
            work,
            point,
            since=request.form.get("since"),
            until=request.form.get("until"),
            by=request.form.getlist("by"),
            preset=request.form.get("preset") or None,
        )
    return go("made_report", report_id=report_id)


# ---------------------------------------------------------------------------- what is asked for


def window_of(work: Work, policy: Policy) -> Window:
    """Return what the address asks for.

    Raises:
        InvalidInput: the days are none, an attribute or the preset is not there.
    """
    first, today = reading.window(work, policy.decision_point, None, None)
    since = request.args.get("since", "").strip() or max(first, back(today, A_YEAR))
    until = request.args.get("until", "").strip() or today
    since, until = reading.window(work, policy.decision_point, since, until)
    preset = request.args.get("preset", "")
    if preset and preset not in PRESETS:
        raise InvalidInput(preset, [FieldProblem(pointer="/preset", detail=preset)])
    by = reporting.checked_by(policy.attributes, request.args.getlist("by"))
    return _window(policy, (first, today), since, until, tuple(by), preset)


def misfit(work: Work, policy: Policy, error: InvalidInput) -> Window:
    """Return the form as it was filled in, with what does not fit."""
    wrong = {problem.pointer.removeprefix("/") for problem in error.problems} or {"until"}
    told = {
        "since": _("Give a day such as 2026-03-01."),
        "until": _("Give a day such as 2026-03-01, not before the first day."),
        "by": _("Choose from the group attributes here, at most %(n)s.", n=reporting.MOST_BY),
        "preset": _("Choose one of these."),
    }
    errors = {name: told[name] for name in told if name in wrong}
    window = _window(
        policy,
        reading.window(work, policy.decision_point, None, None),
        request.args.get("since", "")[:10],
        request.args.get("until", "")[:10],
        tuple(request.args.getlist("by")),
        request.args.get("preset", ""),
    )
    return replace(window, form=Form(errors=errors))


def back(day: str, days: int) -> str:
    """Return the day on which so many days begin that end on a day."""
    return (date.fromisoformat(day) - timedelta(days=days - 1)).isoformat()


def _window(
    policy: Policy,
    counted: tuple[str, str],
    since: str,
    until: str,
    by: tuple[str, ...],
    preset: str,
) -> Window:
    asked: dict[str, str | tuple[str, ...]] = {
        name: request.args[name] for name in ("since", "until", "preset") if request.args.get(name)
    }
    if request.args.getlist("by"):
        asked["by"] = tuple(request.args.getlist("by"))
    return Window(
        point=policy.decision_point,
        title=policy.title.in_(language()),
        since=since,
        until=until,
        by=by,
        preset="" if preset == "default" else preset,
        attributes=tuple(_attributes(policy)),
        presets=tuple(_presets()),
        stretches=tuple(_stretches(policy.decision_point, counted, (since, until), asked)),
        query=tuple(asked.items()),
    )


def _attributes(policy: Policy) -> Iterator[Choice]:
    """Offer each group attribute, and each two of them crossed."""
    pairs = combinations(sorted(policy.attributes), 2)
    for item in [*policy.attributes, *("*".join(pair) for pair in pairs)]:
        yield Choice(value=item, label=crossed(item))


def crossed(item: str) -> str:
    """Name a group attribute, or several that are crossed."""
    words = Words(language=language())
    return capital(" × ".join(words.attribute(name) for name in item.split("*")))


def _presets() -> Iterator[Choice]:
    for preset in PRESETS.values():
        hint = _("a law") if preset.is_law else _("a guideline")
        own = preset.name == "default"
        yield Choice(
            value="" if own else preset.name,
            label=preset.title[language()],
            hint="" if own else hint,
        )


def _stretches(
    point: str, counted: tuple[str, str], shown: tuple[str, str], asked: dict[str, Any]
) -> Iterator[Stretch]:
    """Offer windows that end today, as far back as anything was counted."""
    first, today = counted
    names = {30: _("Last 30 days"), 90: _("Last 90 days"), A_YEAR: _("Last 12 months")}
    kept = {name: asked[name] for name in ("by", "preset") if name in asked}
    begins = {text: back(today, days) for days, text in names.items()}
    offered = {text: day for text, day in begins.items() if day > first}
    for text, day in {**offered, _("Everything"): first}.items():
        yield Stretch(
            text=text,
            href=url_for(request.endpoint or "", point=point, since=day, **kept),
            chosen=shown == (day, today),
        )


# -------------------------------------------------------------------------------- what is told


def document_of(
    policy: Policy, counts: Counts, found: dict[str, Any], whatif: dict[str, Any] | None = None
) -> Document:
    """Tell figures in the reader's language, with the names that the policy gives."""
    return document(
        found,
        language=language(),
        title=policy.title.in_(language()),
        outcome_labels=counts.outcomes,
        feature_labels=_features(policy),
        whatif=whatif,
    )


def view_of(policy: Policy, counts: Counts, found: dict[str, Any]) -> View:
    """Return figures with the words to tell them in the reader's language."""
    words = Words(
        language=language(),
        positive=sorted(counts.measure.positive),
        outcome_labels=counts.outcomes,
        feature_labels=_features(policy),
    )
    return View(report=found, words=words)


def _features(policy: Policy) -> dict[str, dict[str, str]]:
    return {name: dict(one.label) for name, one in policy.features.items()}


def verdict_of(code: str) -> Verdict:
    """Return a verdict as pages show it."""
    code = code if code in terms.VERDICTS else "not_estimable"
    return Verdict(
        code=code,
        word=terms.VERDICTS[code][language()],
        tone=terms.TONES[code],
        drawing=_DRAWINGS.get(code, "minus"),
    )


def missing(policy: Policy) -> Iterator[Step]:
    """Say what to do where nothing is measured."""
    if not policy.attributes:
        yield Step(
            text=_("Name the group attributes in the policy, under groups."),
            href=linked("draft", point=policy.decision_point),
            link=_("Write a draft"),
        )
    yield Step(
        text=_(
            "Let the app send groups with each request; they are kept apart, and no machine and no reviewer sees them."
        ),
        href=url_for("api_docs.docs"),
        link=_("How apps send them"),
    )
    yield Step(
        text=_("Or upload the groups of decisions that were made already."),
        href=linked("imports"),
        link=_("Upload a file"),
    )


def _decisions(window: Window) -> str:
    """Return where the decisions of a window are listed, empty where the reader may see none."""
    asked = {"point": window.point, "since": window.since, "until": window.until}
    return linked("ledger", **asked) or linked("decisions", **asked)
