"""Make the one document of a fairness report that pages and paper are drawn from.

It reads as people ask: first the answer, then by group, then what it rests on and what it does not say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    carried = part(part(report, "counts"), "outcomes") or part(report, "outcomes")
    words = Words(
        language=numbers.spoken(language),
        positive=[str(name) for name in part(report, "measure").get("positive") or ()],
        outcome_labels=outcome_labels or carried,
        attribute_labels=attribute_labels or {},
        feature_labels=feature_labels or {},
    )
    view = View(report=report, words=words)
    verdict = view.verdict
    return Document(
        title=title or str(report.get("decision_point") or ""),
        language=view.language,
        kicker=view.say("document.kicker"),
        verdict=verdict,
        tone=terms.TONES[verdict],
        word=terms.VERDICTS[verdict][view.language],
        headline=answer.headline(view),
        meta=_meta(view, business, made_at),
        sections=_sections(view, whatif),
        contents=view.say("document.contents"),
    )


def _sections(view: View, whatif: Mapping[str, Any] | None) -> tuple[Section, ...]:
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
        thresholds.section(view, whatif) if whatif else None,
        about.methods(view),
        about.exclusions(view),
        about.limits(view),
        about.versions(view),
    ]
    return tuple(one for one in made if one is not None)


def _meta(view: View, business: str, made_at: str) -> tuple[tuple[str, str], ...]:
    report = view.report
    kind = terms.KINDS.get(str(report.get("kind")))
    told = [
        (view.say("meta.business"), business),
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
            numbers.date(made_at, view.language) if made_at else "",
        ),
    ]
    return tuple((name, text) for name, text in told if text)
