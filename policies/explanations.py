"""Explain one ruling: what was decided, why, and what would have changed it, told for one audience.

Everything is derived from the stored trace, the facts and the policy of the time; nothing is guessed. What would have
changed it is found by ruling again with one thing different, so each line of it is exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from policies.document import Disposition, Feature, FeatureType, Policy
from policies.rulings import (
    CONFIDENCE_RULE,
    Engine,
    Proposal,
    Ruling,
    RulingStatus,
    TraceStep,
    engine_for,
)
from policies.texts import (
    DISPOSITIONS,
    band,
    fact_label,
    render,
    render_for_reviewer,
    render_for_subject,
    shown,
    spoken,
)


class Audience(StrEnum):
    """For whom an explanation is told."""

    SUBJECT = "subject"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"


class Ending(StrEnum):
    """How a case that waited for a person ended; the words are those of a decision's status."""

    APPROVED = "approved"
    CHANGED = "changed"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanPart:
    """What a person made of the case; ``reason`` is shown to the auditor and the reviewer."""

    ending: Ending
    outcome: str | None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactShown:
    """A fact that was given; the contribution is the app's, where it gave one.

    The value is None for the subject, and where it is ``hidden`` from the reader.
    """

    name: str
    label: str
    value: Any = None
    contribution: float | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonShown:
    """A reason in words; code and rule are empty for the subject."""

    code: str
    rule: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that, had it been different, would have changed the disposition."""

    path: str
    label: str
    was: Any
    would_be: Any
    disposition: Disposition
    outcome: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why, for one audience in one language. The trace is the auditor's alone."""

    audience: Audience
    language: str
    headline: str
    paragraphs: tuple[str, ...]
    facts: tuple[FactShown, ...]
    reasons: tuple[ReasonShown, ...]
    trace: tuple[TraceStep, ...] | None
    what_would_change: tuple[Change, ...]


def explain(
    policy: Policy,
    ruling: Ruling,
    proposal: Proposal | None,
    features: Mapping[str, Any],
    audience: Audience,
    language: str | None = None,
    verdict: HumanPart | None = None,
    *,
    hidden: frozenset[str] = frozenset(),
) -> Explanation:
    """Explain a ruling, and what a person made of it, for one audience; facts that are ``hidden`` are named and not told."""
    teller = {
        Audience.SUBJECT: _for_subject,
        Audience.REVIEWER: _for_reviewer,
        Audience.AUDITOR: _for_auditor,
    }
    told = _Told(
        policy=policy,
        ruling=ruling,
        proposal=proposal,
        features=features,
        language=language or "en",
        verdict=verdict,
        hidden=hidden,
    )
    return teller[audience](told)


def explain_imported(
    policy: Policy,
    proposal: Proposal | None,
    features: Mapping[str, Any],
    audience: Audience,
    language: str | None,
    *,
    outcome: str | None,
    verdict: HumanPart | None,
    hidden: frozenset[str] = frozenset(),
) -> Explanation:
    """Explain a decision of the past, which this policy never ruled on: what was reported, and no reasons that nobody had."""
    told = _Told(
        policy=policy,
        ruling=_NEVER_RULED,
        proposal=proposal,
        features=features,
        language=language or "en",
        verdict=verdict,
        hidden=hidden,
    )
    facts = _facts(told)
    paragraphs = [policy.purpose.in_(language), told.say("imported")]
    if audience is Audience.SUBJECT:
        facts = tuple(FactShown(name=fact.name, label=fact.label) for fact in facts)
        labels = ", ".join(fact.label for fact in facts)
        paragraphs.append(told.say("facts_used", facts=labels) if labels else told.say("no_facts"))
    else:
        paragraphs += [*([_proposed(told)] if proposal is not None else []), *_verdict(told)]
    return Explanation(
        audience=audience,
        language=spoken(language),
        headline=told.say("imported_headline", outcome=told.outcome(outcome)),
        paragraphs=tuple(paragraphs),
        facts=facts,
        reasons=(),
        trace=None,
        what_would_change=(),
    )


_NEVER_RULED: Final = Ruling(
    disposition=Disposition.RELEASE,
    status=RulingStatus.RELEASED,
    outcome=None,
    reasons=(),
    trace=(),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What there is to tell, and the language."""

    policy: Policy
    ruling: Ruling
    proposal: Proposal | None
    features: Mapping[str, Any]
    language: str
    verdict: HumanPart | None
    hidden: frozenset[str]

    def say(self, key: str, **slots: str) -> str:
        return _SENTENCES[key][spoken(self.language)].format(**slots)

    def outcome(self, name: str | None) -> str:
        declared = self.policy.outcomes.get(name or "")
        return declared.label.in_(self.language) if declared is not None else name or "–"

    def changes(self) -> tuple[Change, ...]:
        hidden = {f"features.{name}" for name in self.hidden}
        found = what_would_change(
            self.policy, self.ruling, self.proposal, self.features, language=self.language
        )
        return tuple(change for change in found if change.path not in hidden)


_SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "imported_headline": {
        "en": "Decided earlier: {outcome}.",
        "de": "Früher entschieden: {outcome}.",
    },
    "imported": {
        "en": "This was decided before decisions were recorded here. What was done and the facts are as they were reported; the policy did not rule on it.",
        "de": "Das wurde entschieden, bevor Entscheidungen hier aufgezeichnet wurden. Was geschah und die Angaben sind so, wie sie gemeldet wurden; die Richtlinie hat nicht darüber befunden.",
    },
    "released": {
        "en": "The decision: {outcome}. Software proposed it, and our rules allowed it without a person.",
        "de": "Die Entscheidung: {outcome}. Software hat das vorgeschlagen, und unsere Regeln ließen es ohne einen Menschen zu.",
    },
    "observed": {
        "en": "Software proposed: {outcome}. Our rules only watched; they did not decide.",
        "de": "Software hat vorgeschlagen: {outcome}. Unsere Regeln haben nur beobachtet, nicht entschieden.",
    },
    "refused": {
        "en": "The decision: {outcome}. Software proposed something else, and our rules do not allow that here.",
        "de": "Die Entscheidung: {outcome}. Software hat etwas anderes vorgeschlagen, und unsere Regeln erlauben das hier nicht.",
    },
    "in_review": {
        "en": "A person is deciding this. Software made a proposal, and nothing is decided yet.",
        "de": "Ein Mensch entscheidet darüber. Software hat einen Vorschlag gemacht; entschieden ist noch nichts.",
    },
    "approved": {
        "en": "The decision: {outcome}. Software proposed it, and a person agreed.",
        "de": "Die Entscheidung: {outcome}. Software hat das vorgeschlagen, und ein Mensch hat zugestimmt.",
    },
    "changed": {
        "en": "The decision: {outcome}. Software proposed something else, and a person decided differently.",
        "de": "Die Entscheidung: {outcome}. Software hat etwas anderes vorgeschlagen, und ein Mensch hat anders entschieden.",
    },
    "rejected": {
        "en": "The decision: {outcome}. Software made a proposal, and a person rejected it.",
        "de": "Die Entscheidung: {outcome}. Software hat einen Vorschlag gemacht, und ein Mensch hat ihn abgelehnt.",
    },
    "lapsed": {
        "en": "The decision: {outcome}. Nobody decided in time, so the safe outcome took effect.",
        "de": "Die Entscheidung: {outcome}. Niemand hat rechtzeitig entschieden, daher gilt das sichere Ergebnis.",
    },
    "withdrawn": {
        "en": "The request was withdrawn; nothing was decided.",
        "de": "Die Anfrage wurde zurückgezogen; entschieden wurde nichts.",
    },
    "facts_used": {
        "en": "These facts were used: {facts}.",
        "de": "Diese Angaben wurden verwendet: {facts}.",
    },
    "no_facts": {
        "en": "No facts about you were used.",
        "de": "Es wurden keine Angaben über Sie verwendet.",
    },
    "not_used": {
        "en": "Never used, neither by our rules nor by the person who decides: {groups}.",
        "de": "Nie verwendet, weder von unseren Regeln noch von dem Menschen, der entscheidet: {groups}.",
    },
    "ask_person": {
        "en": "You can ask for a person to look at this and decide. Answer to us with the number of the decision, and say what you think is wrong.",
        "de": "Sie können verlangen, dass ein Mensch darauf sieht und entscheidet. Antworten Sie uns mit der Nummer der Entscheidung und sagen Sie, was aus Ihrer Sicht nicht stimmt.",
    },
    "person_headline": {"en": "Why this came to you", "de": "Warum das zu Ihnen kommt"},
    "ruling_headline": {
        "en": "{point}: {disposition} ({status})",
        "de": "{point}: {disposition} ({status})",
    },
    "proposed": {
        "en": "Proposed: {outcome}. How sure the software is: {band}.",
        "de": "Vorgeschlagen: {outcome}. Wie sicher die Software ist: {band}.",
    },
    "nothing_proposed": {"en": "There was no proposal.", "de": "Es gab keinen Vorschlag."},
    "not_approvable": {
        "en": "This cannot be approved, only changed, rejected or escalated: a rule that may forbid it applies or could not be asked.",
        "de": "Das kann nicht bestätigt werden, nur geändert, abgelehnt oder weitergegeben: Eine Regel, die es verbieten kann, trifft zu oder ließ sich nicht befragen.",
    },
    "sensitive": {
        "en": "This is a sensitive case: give a reason, also when you approve.",
        "de": "Das ist ein heikler Fall: Geben Sie einen Grund an, auch wenn Sie bestätigen.",
    },
    "sign_offs": {
        "en": "It takes the same answer from {count} people.",
        "de": "Es braucht die gleiche Antwort von {count} Menschen.",
    },
    "policy": {
        "en": "Ruled by the policy of {point}, digest {digest}. Purpose: {purpose}",
        "de": "Beurteilt nach der Richtlinie von {point}, Prüfsumme {digest}. Zweck: {purpose}",
    },
    "exact_proposal": {
        "en": "Proposed by {source}: {outcome} ({name}), confidence {confidence}.",
        "de": "Vorgeschlagen von {source}: {outcome} ({name}), Sicherheit {confidence}.",
    },
    "verdict": {
        "en": "Then it was {ending}, with the outcome {outcome}.",
        "de": "Danach: {ending}, mit dem Ergebnis {outcome}.",
    },
    "verdict_reason": {"en": "Reason given: {reason}", "de": "Angegebener Grund: {reason}"},
    "change": {
        "en": "If “{label}” had been {value} instead of {was}, it would have been {disposition}.",
        "de": "Wäre „{label}“ {value} statt {was} gewesen, so wäre es {disposition} worden.",
    },
    "confidence": {"en": "Confidence", "de": "Sicherheit"},
}

_ENDINGS: Final[Mapping[Ending, Mapping[str, str]]] = {
    Ending.APPROVED: {"en": "approved", "de": "bestätigt"},
    Ending.CHANGED: {"en": "changed", "de": "geändert"},
    Ending.REJECTED: {"en": "rejected", "de": "abgelehnt"},
    Ending.LAPSED: {"en": "lapsed", "de": "verfallen"},
    Ending.WITHDRAWN: {"en": "withdrawn", "de": "zurückgezogen"},
}


def _for_subject(told: _Told) -> Explanation:
    policy, ruling, language = told.policy, told.ruling, told.language
    ending = told.verdict.ending if told.verdict is not None else ruling.status
    decided = told.verdict.outcome if told.verdict is not None else ruling.outcome
    given = [
        feature.label.in_(language)
        for name, feature in policy.features.items()
        if name in told.features
    ]
    reasons = dict.fromkeys(
        render_for_subject(reason, policy, language) for reason in ruling.reasons
    )
    paragraphs = [
        policy.purpose.in_(language),
        *reasons,
        told.say("facts_used", facts=", ".join(given)) if given else told.say("no_facts"),
    ]
    if policy.groups:
        groups = ", ".join(name.replace("_", " ") for name in policy.groups)
        paragraphs.append(told.say("not_used", groups=groups))
    if ending is not RulingStatus.IN_REVIEW:
        paragraphs.append(told.say("ask_person"))
    return Explanation(
        audience=Audience.SUBJECT,
        language=spoken(language),
        headline=told.say(str(ending), outcome=told.outcome(decided)),
        paragraphs=tuple(paragraphs),
        facts=tuple(
            FactShown(name=name, label=feature.label.in_(language))
            for name, feature in policy.features.items()
            if name in told.features
        ),
        reasons=tuple(ReasonShown(code="", rule="", text=text) for text in reasons),
        trace=None,
        what_would_change=tuple(
            change
            for change in told.changes()
            # Figures would give the thresholds of rules away, and nobody is told how to be treated worse.
            if change.disposition is Disposition.RELEASE and not _is_figure(change.would_be)
        ),
    )


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _for_reviewer(told: _Told) -> Explanation:
    policy, ruling, language = told.policy, told.ruling, told.language
    reasons = tuple(
        ReasonShown(
            code=str(reason.code),
            rule=reason.rule,
            text=render_for_reviewer(reason, policy, language),
        )
        for reason in ruling.reasons
    )
    paragraphs = [_proposed(told)]
    if not ruling.approvable:
        paragraphs.append(told.say("not_approvable"))
    if ruling.sensitive:
        paragraphs.append(told.say("sensitive"))
    if ruling.sign_offs > 1:
        paragraphs.append(told.say("sign_offs", count=str(ruling.sign_offs)))
    return Explanation(
        audience=Audience.REVIEWER,
        language=spoken(language),
        headline=told.say("person_headline"),
        paragraphs=(*paragraphs, *_verdict(told)),
        facts=_facts(told),
        reasons=reasons,
        trace=None,
        what_would_change=tuple(
            change for change in told.changes() if change.path != "proposal.confidence"
        ),
    )


def _for_auditor(told: _Told) -> Explanation:
    policy, ruling, language = told.policy, told.ruling, told.language
    proposal = told.proposal
    paragraphs = [
        told.say(
            "policy",
            point=policy.decision_point,
            digest=policy.digest,
            purpose=policy.purpose.in_(language),
        ),
        told.say("nothing_proposed")
        if proposal is None
        else told.say(
            "exact_proposal",
            source=proposal.source,
            outcome=told.outcome(proposal.outcome),
            name=proposal.outcome,
            confidence=shown(proposal.confidence, language),
        ),
    ]
    if not ruling.approvable:
        paragraphs.append(told.say("not_approvable"))
    return Explanation(
        audience=Audience.AUDITOR,
        language=spoken(language),
        headline=told.say(
            "ruling_headline",
            point=policy.title.in_(language),
            disposition=DISPOSITIONS[ruling.disposition][spoken(language)],
            status=str(ruling.status),
        ),
        paragraphs=(*paragraphs, *_verdict(told)),
        facts=_facts(told),
        reasons=tuple(
            ReasonShown(
                code=str(reason.code), rule=reason.rule, text=render(reason, policy, language)
            )
            for reason in ruling.reasons
        ),
        trace=ruling.trace,
        what_would_change=told.changes(),
    )


def _proposed(told: _Told) -> str:
    if told.proposal is None:
        return told.say("nothing_proposed")
    sure = band(told.proposal.confidence, told.language).text
    return told.say("proposed", outcome=told.outcome(told.proposal.outcome), band=sure)


def _verdict(told: _Told) -> Iterator[str]:
    verdict = told.verdict
    if verdict is None:
        return
    ending = _ENDINGS[verdict.ending][spoken(told.language)]
    yield told.say("verdict", ending=ending, outcome=told.outcome(verdict.outcome))
    if verdict.reason:
        yield told.say("verdict_reason", reason=verdict.reason)


def _facts(told: _Told) -> tuple[FactShown, ...]:
    """Show the facts, those that the app's reasons weigh most first."""
    weights = (
        {reason.feature: reason.contribution for reason in told.proposal.reasons}
        if told.proposal
        else {}
    )
    facts = [
        FactShown(
            name=name,
            label=fact_label(name, told.policy, told.language),
            value=None if name in told.hidden else value,
            contribution=None if name in told.hidden else weights.get(name),
            hidden=name in told.hidden,
        )
        for name, value in told.features.items()
    ]
    return tuple(sorted(facts, key=lambda fact: -abs(fact.contribution or 0.0)))


MOST_TRIED: Final = 400
"""Variations that one explanation tries; each costs one evaluation of the rules."""


def what_would_change(
    policy: Policy,
    ruling: Ruling,
    proposal: Proposal | None,
    features: Mapping[str, Any],
    *,
    language: str | None = None,
) -> tuple[Change, ...]:
    """List the single changes that alter the disposition, each tried by ruling again.

    Tried are: every other value of a changeable boolean or enumerated fact, the figures written in the rules (and one
    step beside them) and the declared bounds for a changeable number, of which the nearest is listed, and the least
    confidence that the policy accepts. Text without declared values is not varied.
    """
    engine = engine_for(policy)
    found: dict[tuple[str, Disposition], Change] = {}
    tried = 0
    for name, feature in policy.features.items():
        if not feature.changeable or name not in features:
            continue
        for value in _variations(engine, feature, features[name]):
            if tried == MOST_TRIED:
                break
            tried += 1
            other = engine.reweigh(ruling, features={**features, name: value}, proposal=proposal)
            # Of figures the nearest is enough; of named values each is told.
            figure = feature.values is None and feature.type is not FeatureType.BOOLEAN
            key = (f"{name}" if figure else f"{name}={value!r}", other.disposition)
            if other.disposition is not ruling.disposition and key not in found:
                label = feature.label.in_(language)
                path = f"features.{name}"
                found[key] = _change(path, label, features[name], value, other, language)
    if proposal is not None and policy.review.confidence_below is not None:
        found |= _by_confidence(engine, ruling, proposal, features, language)
    return tuple(found.values())


def _by_confidence(
    engine: Engine,
    ruling: Ruling,
    proposal: Proposal,
    features: Mapping[str, Any],
    language: str | None,
) -> dict[tuple[str, Disposition], Change]:
    threshold = engine.policy.review.confidence_below
    if threshold is None or (proposal.confidence is not None and proposal.confidence >= threshold):
        return {}
    surer = Proposal(
        outcome=proposal.outcome,
        confidence=threshold,
        source=proposal.source,
        alternatives=proposal.alternatives,
        reasons=proposal.reasons,
    )
    other = engine.reweigh(ruling, features=features, proposal=surer)
    if other.disposition is ruling.disposition:
        return {}
    label = _SENTENCES["confidence"][spoken(language)]
    change = _change("proposal.confidence", label, proposal.confidence, threshold, other, language)
    return {(CONFIDENCE_RULE, other.disposition): change}


def _change(
    path: str, label: str, was: Any, would_be: Any, other: Ruling, language: str | None
) -> Change:
    text = _SENTENCES["change"][spoken(language)].format(
        label=label,
        value=shown(would_be, language),
        was=shown(was, language),
        disposition=DISPOSITIONS[other.disposition][spoken(language)],
    )
    return Change(
        path=path,
        label=label,
        was=was,
        would_be=would_be,
        disposition=other.disposition,
        outcome=other.outcome,
        text=text,
    )


def _variations(engine: Engine, feature: Feature, value: Any) -> list[Any]:
    """Give the other values of a fact that are worth trying, the nearest first."""
    if feature.type is FeatureType.BOOLEAN:
        return [other for other in (True, False) if other is not value]
    if feature.type is FeatureType.ARRAY:
        return []
    if feature.values is not None:
        return [other for other in feature.values if other != value]
    if feature.type is FeatureType.STRING:
        return []
    return _figures(engine, feature, value)


def _figures(engine: Engine, feature: Feature, value: Any) -> list[Any]:
    conditions = engine.conditions
    path = f"features.{feature.name}"
    written = {
        literal
        for names, literals in zip(conditions.names, conditions.literals, strict=True)
        if path in names
        for literal in literals
    }
    bounds = {bound for bound in (feature.minimum, feature.maximum) if bound is not None}
    low = -math.inf if feature.minimum is None else feature.minimum
    high = math.inf if feature.maximum is None else feature.maximum
    steps = {beside for literal in written for beside in _beside(literal, feature.type)}
    # A whole number is written as one, also for a number, so that 101 is not shown as 101.00000000000001.
    candidates = {
        candidate for candidate in steps | bounds if low <= candidate <= high and candidate != value
    }
    origin = value if isinstance(value, int | float) and math.isfinite(value) else 0
    return sorted(candidates, key=lambda candidate: (abs(candidate - origin), candidate))


def _beside(literal: float, kind: FeatureType) -> tuple[float, ...]:
    """Give a figure written in a rule, and the next ones below and above at the places it is written with."""
    if kind is FeatureType.INTEGER:
        whole = math.floor(literal)
        return (whole - 1, whole, whole + 1)
    places = (
        max(2, len(repr(float(literal)).partition(".")[2].rstrip("0")))
        if abs(literal) < 1e15
        else 0
    )
    step = 10.0**-places
    return (round(literal - step, places), literal, round(literal + step, places))
