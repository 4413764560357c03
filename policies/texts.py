"""Say reasons in plain words, in English and German.

Each reason has a sentence for those who work with the policy and one for the person the decision is about, who is told
what happened but not at which figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from policies.document import Disposition, Policy
from policies.reasons import Reason, ReasonCode

LANGUAGES: Final = ("en", "de")
"""Languages that sentences are written in; any other gets English."""

SENTENCES: Final[Mapping[ReasonCode, Mapping[str, str]]] = {
    ReasonCode.CONFIDENCE_BELOW: {
        "en": "Confidence {confidence} is below {threshold}.",
        "de": "Die Sicherheit {confidence} liegt unter {threshold}.",
    },
    ReasonCode.CONFIDENCE_MISSING: {
        "en": "The proposal came without a confidence.",
        "de": "Der Vorschlag kam ohne Angabe, wie sicher er ist.",
    },
    ReasonCode.EMPTY_TEXT: {
        "en": "“{fact}” is empty.",
        "de": "„{fact}“ ist leer.",
    },
    ReasonCode.FACT_ABSENT: {
        "en": "Rule “{rule}” needs “{fact}”, which is absent.",
        "de": "Die Regel „{rule}“ braucht „{fact}“, und das fehlt.",
    },
    ReasonCode.HOLD: {
        "en": "Only people decide here at present: {reason}",
        "de": "Hier entscheiden zurzeit nur Menschen: {reason}",
    },
    ReasonCode.INPUT_INVALID: {
        "en": "The request was not as the policy declares it ({pointer}: {detail}).",
        "de": "Die Anfrage war nicht so, wie die Richtlinie sie vorsieht ({pointer}: {detail}).",
    },
    ReasonCode.NOTHING_MATCHED: {
        "en": "No rule asked for a person or forbade the outcome.",
        "de": "Keine Regel verlangte einen Menschen oder verbot das Ergebnis.",
    },
    ReasonCode.OUT_OF_RANGE: {
        "en": "“{fact}” is outside what the policy declares for it.",
        "de": "„{fact}“ liegt außerhalb dessen, was die Richtlinie dafür vorsieht.",
    },
    ReasonCode.PERSON_REQUESTED: {
        "en": "A person was asked for.",
        "de": "Es wurde ein Mensch verlangt.",
    },
    ReasonCode.PROPOSAL_MISSING: {
        "en": "There was no proposal.",
        "de": "Es gab keinen Vorschlag.",
    },
    ReasonCode.RULE_BROKEN: {
        "en": "Rule “{rule}” could not be evaluated.",
        "de": "Die Regel „{rule}“ ließ sich nicht auswerten.",
    },
    ReasonCode.RULE_MATCHED: {
        "en": "Rule “{rule}” applies.",
        "de": "Die Regel „{rule}“ trifft zu.",
    },
    ReasonCode.RULING_FAILED: {
        "en": "The policy could not be applied ({detail}).",
        "de": "Die Richtlinie ließ sich nicht anwenden ({detail}).",
    },
    ReasonCode.SUBJECT_PEOPLE_ONLY: {
        "en": "The person concerned wants a person to decide, always.",
        "de": "Die betroffene Person will, dass immer ein Mensch entscheidet.",
    },
    ReasonCode.TOO_LONG: {
        "en": "“{fact}” is too long for the rules to be asked.",
        "de": "„{fact}“ ist zu lang, um die Regeln zu befragen.",
    },
    ReasonCode.UNDECLARED_OUTCOME: {
        "en": "The proposed outcome is none that this decision point declares.",
        "de": "Das vorgeschlagene Ergebnis ist hier nicht vorgesehen.",
    },
}
"""What each reason says to those who work with the policy."""

_UNSURE: Final = {
    "en": "The software was not sure enough to decide this by itself.",
    "de": "Die Software war sich nicht sicher genug, um das allein zu entscheiden.",
}
_UNUSUAL: Final = {
    "en": "Something in the facts was unusual, so that the software was not to decide by itself.",
    "de": "Etwas an den Angaben war ungewöhnlich; die Software sollte nicht allein entscheiden.",
}
_TROUBLE: Final = {
    "en": "Our rules could not be fully applied, so that the software was not to decide by itself.",
    "de": "Unsere Regeln ließen sich nicht ganz anwenden; die Software sollte nicht allein entscheiden.",
}

FOR_SUBJECTS: Final[Mapping[ReasonCode, Mapping[str, str]]] = {
    ReasonCode.CONFIDENCE_BELOW: _UNSURE,
    ReasonCode.CONFIDENCE_MISSING: _UNSURE,
    ReasonCode.EMPTY_TEXT: _UNUSUAL,
    ReasonCode.FACT_ABSENT: _TROUBLE,
    ReasonCode.HOLD: {
        "en": "At the time, decisions of this kind were made by people only.",
        "de": "Zu dieser Zeit wurden solche Entscheidungen nur von Menschen getroffen.",
    },
    ReasonCode.INPUT_INVALID: _TROUBLE,
    ReasonCode.NOTHING_MATCHED: {
        "en": "None of our rules asked for a person to look at it first.",
        "de": "Keine unserer Regeln verlangte, dass zuerst ein Mensch darauf sieht.",
    },
    ReasonCode.OUT_OF_RANGE: _UNUSUAL,
    ReasonCode.PERSON_REQUESTED: SENTENCES[ReasonCode.PERSON_REQUESTED],
    ReasonCode.PROPOSAL_MISSING: _TROUBLE,
    ReasonCode.RULE_BROKEN: _TROUBLE,
    ReasonCode.RULE_MATCHED: {
        "en": "One of our rules applies to cases like this.",
        "de": "Eine unserer Regeln gilt für solche Fälle.",
    },
    ReasonCode.RULING_FAILED: _TROUBLE,
    ReasonCode.SUBJECT_PEOPLE_ONLY: {
        "en": "It is on record that a person always decides about you.",
        "de": "Es ist vermerkt, dass über Sie immer ein Mensch entscheidet.",
    },
    ReasonCode.TOO_LONG: _UNUSUAL,
    ReasonCode.UNDECLARED_OUTCOME: _TROUBLE,
}
"""What each reason says to the person the decision is about."""


def spoken(language: str | None) -> str:
    """Give the language that sentences come in where this one is asked for."""
    main = (language or "en").partition("-")[0].lower()
    return main if main in LANGUAGES else "en"


def render(reason: Reason, policy: Policy, language: str | None) -> str:
    """Say a reason to those who work with the policy; a rule's own ``because`` comes first."""
    return _because(reason, policy, language) or SENTENCES[reason.code][
        spoken(language)
    ].format_map(_Slots(_slots(reason, policy, language)))


LESS_SURE: Final[Mapping[str, str]] = {
    "en": "The software is less sure than this policy asks for.",
    "de": "Die Software ist weniger sicher, als diese Richtlinie verlangt.",
}


def render_for_reviewer(reason: Reason, policy: Policy, language: str | None) -> str:
    """Say a reason to whoever judges the case: how sure the machine is, in words alone, so that no figure anchors them."""
    if reason.code is ReasonCode.CONFIDENCE_BELOW:
        return LESS_SURE[spoken(language)]
    return render(reason, policy, language)


def render_for_subject(reason: Reason, policy: Policy, language: str | None) -> str:
    """Say a reason to the person the decision is about, without figures or names of rules."""
    return _because(reason, policy, language) or FOR_SUBJECTS[reason.code][spoken(language)]


def _because(reason: Reason, policy: Policy, language: str | None) -> str | None:
    rule = policy.rule(reason.rule) if reason.code is ReasonCode.RULE_MATCHED else None
    return rule.because.in_(language) if rule is not None and rule.because is not None else None


class _Slots(dict[str, str]):
    """Leave a dash where a reason of another release does not name what a sentence asks for."""

    def __missing__(self, key: str) -> str:
        return "–"


def _slots(reason: Reason, policy: Policy, language: str | None) -> dict[str, str]:
    slots = {name: str(value) for name, value in reason.params.items()}
    slots["rule"] = reason.rule
    fact = reason.params.get("fact") or reason.params.get("feature")
    if fact is not None:
        slots["fact"] = fact_label(str(fact), policy, language)
    confidence, threshold = reason.params.get("confidence"), reason.params.get("threshold")
    if isinstance(confidence, int | float) and isinstance(threshold, int | float):
        slots["confidence"], slots["threshold"] = _apart(confidence, threshold, spoken(language))
    return slots


def fact_label(name: str, policy: Policy, language: str | None) -> str:
    """Name a fact as the policy labels it; ``features.age`` and ``age`` are the same."""
    feature = policy.features.get(name.removeprefix("features."))
    return feature.label.in_(language) if feature is not None else name


def _apart(left: float, right: float, language: str) -> tuple[str, str]:
    """Write two figures with as many places, from two up, as it takes to see that they differ."""
    places = 2
    while places < 17 and f"{left:.{places}f}" == f"{right:.{places}f}":
        places += 1
    return decimal(f"{left:.{places}f}", language), decimal(f"{right:.{places}f}", language)


def decimal(figure: str, language: str) -> str:
    """Write a figure with the language's decimal sign."""
    return figure.replace(".", ",") if language == "de" else figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """How sure the machine says it is, in words and as a range rather than a bare number."""

    code: str
    text: str


_BANDS: Final[tuple[tuple[float, str, Mapping[str, str]], ...]] = (
    (0.9, "clear", {"en": "clear (90 % or more)", "de": "deutlich (90 % oder mehr)"}),
    (0.7, "likely", {"en": "likely (70 to 90 %)", "de": "wahrscheinlich (70 bis 90 %)"}),
    (0.0, "unsure", {"en": "unsure (below 70 %)", "de": "unsicher (unter 70 %)"}),
)
_NO_BAND: Final = {"en": "not said", "de": "nicht angegeben"}


def band(confidence: float | None, language: str | None) -> Band:
    """Say how sure the machine is: clear, likely or unsure; unknown where it did not say."""
    for least, code, text in _BANDS:
        if confidence is not None and confidence >= least:
            return Band(code=code, text=text[spoken(language)])
    return Band(code="unknown", text=_NO_BAND[spoken(language)])


#: How wide a stretch of the scale stands for a confidence, in whole per cents: nobody is shown more than is known.
_STRETCH: Final = 10


def stretch(confidence: float) -> tuple[int, int]:
    """Return the stretch of the scale in which a confidence lies, in whole per cents; the last holds certainty too."""
    low = min(int(confidence * 100 + 1e-9) // _STRETCH * _STRETCH, 100 - _STRETCH)
    return low, low + _STRETCH


DISPOSITIONS: Final[Mapping[Disposition, Mapping[str, str]]] = {
    Disposition.RELEASE: {"en": "released", "de": "freigegeben"},
    Disposition.REVIEW: {"en": "sent to a person", "de": "einem Menschen vorgelegt"},
    Disposition.REFUSE: {"en": "refused", "de": "abgelehnt"},
}
"""Each disposition as a participle."""


def shown(value: Any, language: str | None) -> str:
    """Show a fact's value to a person."""
    language = spoken(language)
    if value is None:
        return {"en": "nothing", "de": "nichts"}[language]
    if isinstance(value, bool):
        return {"en": ("no", "yes"), "de": ("nein", "ja")}[language][value]
    if isinstance(value, float):
        return decimal(f"{value:.12g}", language)
    if isinstance(value, list | tuple):
        return ", ".join(shown(item, language) for item in value) or "–"
    return str(value)
