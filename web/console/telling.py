"""What governance knows of decisions, in the words and pictures of the pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from flask import request

from governance.reviews.views import Known
from policies.document import Feature, FeatureType, Policy
from policies.texts import band as band_of
from policies.texts import shown, stretch
from web.console import times
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.work import (
    AlternativeView,
    BandView,
    ContributionView,
    FactView,
    KnownView,
)

#: Below this an outcome that was not proposed is not merely unsure.
_UNLIKELY: Final = 0.4
#: From how many characters on a fact gets lines of its own, and beyond how many it is shown only when opened.
_LONG: Final = 60
_FOLDED: Final = 280
#: The preference of a browser that shows all free texts only when they are opened.
FOLD_COOKIE: Final = "fold"
_KILO: Final = 1000


def outcome_label(policy: Policy, outcome: str | None) -> str:
    """Name an outcome as its policy does; one it does not declare by its name; none by nothing."""
    if outcome is None:
        return ""
    declared = policy.outcomes.get(outcome)
    return outcome if declared is None else declared.label.in_(language())


def known(one: Known) -> KnownView:
    """Tell what was right of a known case, and how the reader did."""
    tone = "info"
    if one.said is None:
        told = _("You moved it away, so there is nothing to compare.")
    elif one.said == one.answer:
        tone, told = "good", _("Your answer was the right one.")
    elif one.caught:
        tone, told = (
            "good",
            _("You noticed that the proposal was wrong; another outcome was right."),
        )
    elif one.mistake:
        told = _("The proposal was wrong, and it stood. That happens; look at why.")
    else:
        told = _("The proposal was right this time.")
    return KnownView(
        case_id=one.case_id,
        point=one.policy.title.in_(language()),
        served=times.moment(one.served_at),
        proposed=outcome_label(one.policy, one.proposed),
        answer=outcome_label(one.policy, one.answer),
        said=outcome_label(one.policy, one.said),
        note=one.note or "",
        told=told,
        tone=tone,
    )


def band(confidence: float | None, policy: Policy | None = None) -> BandView | None:
    """Show a confidence as a stretch with a word, and where the policy draws its line."""
    if confidence is None:
        return None
    low, high = stretch(confidence)
    gate = None if policy is None else policy.review.confidence_below
    return BandView(
        word={"clear": _("clear"), "likely": _("likely"), "unsure": _("unsure")}[
            band_of(confidence, language()).code
        ],
        low=low,
        high=high,
        gate=None if gate is None else round(gate * 100),
    )


def source(named: str) -> str:
    """Name what proposed an outcome; an app by its name alone."""
    return named.removeprefix("app:")


def facts(
    policy: Policy, features: Mapping[str, Any] | None, masked: Sequence[str] = ()
) -> tuple[FactView, ...]:
    """Show the facts in the order in which the policy declares them; then what it does not. Those that are masked are named alone."""
    if features is None:
        return ()
    others = sorted(set(features) - set(policy.features))
    return tuple(
        FactView(label=policy.features[name].label.in_(language()), hidden=True)
        if name in masked
        else _fact(
            policy.features[name].label.in_(language()) if name in policy.features else name,
            features.get(name),
            absent=name not in features,
            feature=policy.features.get(name),
        )
        for name in [*policy.features, *others]
    )


def particulars(
    metadata: Mapping[str, Any] | None, policy: Policy | None = None
) -> tuple[FactView, ...]:
    """Show what an app sent along; what a policy declares too is folded as it says."""
    declared = {} if policy is None else policy.features
    return tuple(
        _fact(name, value, absent=False, feature=declared.get(name))
        for name, value in (metadata or {}).items()
    )


def alternatives(
    policy: Policy, others: Sequence[Mapping[str, Any]] | None, *, most: int | None = None
) -> tuple[AlternativeView, ...]:
    """Show what else the machine thought of, the surest first."""
    surest = sorted(others or (), key=lambda other: -(other["confidence"] or 0.0))
    return tuple(
        AlternativeView(
            label=outcome_label(policy, other["outcome"]),
            band=_band_of_alternative(other["confidence"]),
        )
        for other in surest[:most]
    )


def _band_of_alternative(confidence: float | None) -> BandView | None:
    shown_as = band(confidence)
    if shown_as is None or confidence is None or confidence >= _UNLIKELY:
        return shown_as
    return replace(shown_as, word=_("unlikely"))


def contributions(
    policy: Policy, reasons: Sequence[Mapping[str, Any]] | None
) -> tuple[ContributionView, ...]:
    """Show what the app says each fact did to its proposal, the strongest first."""
    weights = [
        (str(reason["feature"]), float(reason["contribution"]))
        for reason in reasons or ()
        if reason["contribution"] is not None
    ]
    strongest = max((abs(weight) for _name, weight in weights), default=0.0)
    if strongest == 0:
        return ()
    return tuple(
        ContributionView(
            label=policy.features[name].label.in_(language()) if name in policy.features else name,
            weight=round(weight / strongest * 100),
        )
        for name, weight in sorted(weights, key=lambda one: -abs(one[1]))
    )


def folds_all() -> bool:
    """Tell whether this browser shows all free texts only when they are opened."""
    return request.cookies.get(FOLD_COOKIE) == "all"


def folded(text: str, feature: Feature | None = None) -> int:
    """Return how many words of a text are shown only when it is opened: 0 for one that stands open."""
    burdens = feature is not None and feature.burdening
    free = feature is None or (feature.type is FeatureType.STRING and feature.values is None)
    if burdens or (free and (len(text) > _FOLDED or folds_all())):
        return max(1, len(text.split()))
    return 0


def file_size(count: int) -> str:
    """Say how large a file is."""
    if count < _KILO * _KILO:
        return _("%(size)s kB", size=max(1, round(count / _KILO)))
    return _("%(size)s MB", size=f"{count / _KILO / _KILO:.1f}")


def _fact(label: str, value: Any, *, absent: bool, feature: Feature | None = None) -> FactView:
    if absent or value is None:
        return FactView(label=label, absent=True)
    text = shown(value, language())
    return FactView(
        label=label,
        value=text,
        long=len(text) > _LONG or "\n" in text,
        folded=folded(text, feature) if isinstance(value, str) or feature is not None else 0,
    )
