"""Make the one document of a fairness report that pages and paper are drawn from.

It reads as people ask: first the answer, then by group, then what it rests on and what it does not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audits.reports.blocks import Section
from audits.reports.sections import (
    about,
    alike,
    answer,
    causes,
    comparisons,
    errors,
    groups,
    intersections,
    mix,
    scores,
    thresholds,
    waits,
)
from audits.reports.sections.view import View, part
from audits.reports.words import Words, numbers, terms
from audits.reports.words.saying import Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """All that a document is made with besides the report, so that it can be made again and compared."""

    language: str = "en"
    title: str = ""
    business: str = ""
    made_at: str = ""
    outcome_labels: Labels = field(default_factory=dict)
    attribute_labels: Labels = field(default_factory=dict)
    feature_labels: Labels = field(default_factory=dict)
    whatif: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A report to read: its title, what it is of, its verdict in one line, and its sections."""

    title: str
    language: str
    kicker: str
    verdict: str
    tone: str
    word: str
    headline: str
    meta: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    contents: str
    drawn: Drawn


def document(
    report: Mapping[str, Any],
    *,
    language: str,
    title: str = "",
    business: str = "",
    made_at: str = "",
    outcome_labels: Labels | None = None,
    attribute_labels: Labels | None = None,
    feature_labels: Labels | None = None,
    whatif: Mapping[str, Any] | None = None,
) -> Document:
    """Tell a report in one language.

    ``title`` is the decision point's as people know it; labels are by name and language, and where none are given those that
    the report carries with its counts are taken. ``whatif`` is what ``audits.fairness.whatif.thresholds`` gives. The same
    arguments give the same document, to the letter.
    """
    drawn = Drawn(
        language=numbers.spoken(language),
        title=title,
        business=business,
        made_at=made_at,
        outcome_labels=outcome_labels or {},
        attribute_labels=attribute_labels or {},
        feature_labels=feature_labels or {},
        whatif=whatif,
    )
    return drawn_with(report, drawn)


def drawn_with(report: Mapping[str, Any], drawn: Drawn) -> Document:
    """Make the document again from what it was made with."""
    carried = part(part(report, "counts"), "outcomes")
    words = Words(
        language=drawn.language,
        positive=[str(name) for name in part(report, "measure").get("positive") or ()],
        outcome_labels=drawn.outcome_labels or carried,
        attribute_labels=drawn.attribute_labels,
        feature_labels=drawn.feature_labels,
    )
    view = View(report=report, words=words)
    verdict = view.verdict
    return Document(
        title=drawn.title or str(report.get("decision_point") or ""),
        language=drawn.language,
        kicker=view.say("document.kicker"),
        verdict=verdict,
        tone=terms.TONES[verdict],
        word=terms.VERDICTS[verdict][view.language],
        headline=answer.headline(view),
        meta=_meta(view, drawn),
        sections=_sections(view, drawn),
        contents=view.say("document.contents"),
        drawn=drawn,
    )


def _sections(view: View, drawn: Drawn) -> tuple[Section, ...]:
    made = [
        answer.section(view),
        groups.section(view),
        comparisons.section(view),
        intersections.section(view),
        alike.section(view),
        errors.section(view),
        scores.section(view),
        waits.section(view),
        mix.section(view),
        causes.section(view),
        thresholds.section(view, drawn.whatif) if drawn.whatif else None,
        about.methods(view),
        about.exclusions(view),
        about.limits(view),
        about.versions(view),
    ]
    return tuple(one for one in made if one is not None)


def _meta(view: View, drawn: Drawn) -> tuple[tuple[str, str], ...]:
    report = view.report
    kind = terms.KINDS.get(str(report.get("kind")))
    told = [
        (view.say("meta.business"), drawn.business),
        (view.say("meta.point"), str(report.get("decision_point") or "")),
        (view.say("meta.kind"), kind[view.language] if kind else ""),
        (
            view.say("meta.window"),
            view.say(
                "range",
                low=numbers.date(str(report.get("since") or ""), view.language),
                high=numbers.date(str(report.get("until") or ""), view.language),
            ),
        ),
        (
            view.say("meta.decisions"),
            numbers.count(float(view.stage("proposal").get("decisions") or 0), view.language),
        ),
        (view.say("meta.by"), "; ".join(view.item_title(item) for item in view.items())),
        (
            view.say("meta.made"),
            numbers.date(drawn.made_at, view.language) if drawn.made_at else "",
        ),
    ]
    return tuple((name, text) for name, text in told if text)
