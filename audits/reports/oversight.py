"""Make the one document of an oversight report that pages and paper are drawn from, as ``document`` does of a fairness report.

It reads as people ask: first whether people really look, then every measure, then groups, then people where they were asked for, and last what
it rests on and cannot say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.reports.document import Document
from audits.reports.sections import oversight, oversight_groups
from audits.reports.sections.view import View, number, part
from audits.reports.words import Words, numbers
from audits.reports.words.saying import Labels


def document(
    report: Mapping[str, Any],
    *,
    language: str,
    title: str = "",
    business: str = "",
    made_at: str = "",
    attribute_labels: Labels | None = None,
    people: Mapping[str, str] | None = None,
) -> Document:
    """Tell a report of ``audits.oversight.report`` in one language.

    ``people`` names reviewers to those who may know them; without it they keep their opaque names. The same arguments give the same
    document, to the letter.
    """
    words = Words(language=numbers.spoken(language), attribute_labels=attribute_labels or {})
    view = View(report=report, words=words)
    state = oversight.state_of(part(report, "measures"))
    made = [
        oversight.answer(view),
        oversight.measures(view),
        oversight.bands(view),
        oversight.agreement(view),
        oversight.vigilance(view),
        oversight_groups.disparity(view),
        oversight_groups.queues(view),
        oversight_groups.appeals(view),
        oversight.people(view, people or {}),
        oversight.speaks(view),
        oversight.methods(view),
    ]
    return Document(
        title=title or str(report.get("decision_point") or ""),
        language=view.language,
        kicker=view.say("oversight.kicker"),
        verdict=state,
        tone=oversight.TONES[state],
        word=view.say(f"oversight.word.{state}"),
        headline=oversight.headline(view),
        meta=_meta(view, business, made_at),
        sections=tuple(one for one in made if one is not None),
        contents=view.say("document.contents"),
    )


def person(
    one: Mapping[str, Any],
    *,
    language: str,
    name: str,
    title: str = "",
    pooled: Mapping[str, Any] | None = None,
    plan: Mapping[str, Any] | None = None,
) -> Document:
    """Tell one person's figures as ``audits.oversight.report`` writes them; ``pooled`` are those of all where these are too few."""
    words = Words(language=numbers.spoken(language))
    found = one.get("measures") or pooled or {}
    view = View(report={"measures": found, "plan": plan or {}}, words=words)
    own = bool(one.get("measures"))
    figure = "oversight.measures.one" if own else "oversight.measures.figure"
    made = [oversight.person(view, one, name)]
    if found:
        drawn = (
            oversight.measures(view, title=figure),
            oversight.bands(view),
            oversight.agreement(view),
            oversight.vigilance(view),
        )
        made += [section for section in drawn if section is not None]
    made.append(oversight.methods(view))
    state = oversight.state_of(part(one, "measures"))
    return Document(
        title=title,
        language=view.language,
        kicker=view.say("oversight.kicker"),
        verdict=state,
        tone=oversight.TONES[state],
        word=view.say(f"oversight.word.{state}"),
        headline=view.say("oversight.person.own" if own or not found else "oversight.person.all"),
        meta=(),
        sections=tuple(made),
        contents=view.say("document.contents"),
    )


def alarm(measures: Mapping[str, Any], *, language: str) -> tuple[str, ...]:
    """Say why an alarm was raised, from the figures that it rests on; nothing where these are gone."""
    words = Words(language=numbers.spoken(language))
    if not measures:
        return ()
    return tuple(oversight.why(View(report={"measures": measures}, words=words), measures))


def _meta(view: View, business: str, made_at: str) -> tuple[tuple[str, str], ...]:
    report = view.report
    told = [
        (view.say("meta.business"), business),
        (view.say("meta.point"), str(report.get("decision_point") or "")),
        (
            view.say("meta.window"),
            view.say(
                "range",
                low=numbers.date(str(report.get("since") or ""), view.language),
                high=numbers.date(str(report.get("until") or ""), view.language),
            ),
        ),
        *(
            (
                view.say(f"oversight.{name}"),
                numbers.count(number(report.get(name)) or 0, view.language),
            )
            for name in ("reviews", "reviewers")
        ),
        (view.say("meta.made"), numbers.date(made_at, view.language) if made_at else ""),
    ]
    return tuple((name, text) for name, text in told if text)
