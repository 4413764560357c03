"""The names of what a report speaks of, in English and German: its codes and what a person calls them.

A metric has a plain name (a noun phrase that fits behind “the”), the name that statisticians know it by, and a sentence
for a figure of one group. ``{positive}`` is the outcome that the policy measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from audits.fairness.presets import PRESETS, Preset

Text = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A rate: its plain name, its technical one, and how its figure is said of a group.

    ``counted`` is a sentence with ``{of}``, ``{part}``, ``{share}`` and ``{group}``. The same rate is called and said otherwise
    of what was done in the end than of what was proposed; ``in_the_end`` and ``done`` say how.
    """

    name: Text
    technical: str
    counted: Text
    in_the_end: Text | None = None
    done: Text | None = None


METRICS: Final[Mapping[str, Metric]] = {
    "selection_rate": Metric(
        name={"en": "share proposed {positive}", "de": "Anteil mit Vorschlag {positive}"},
        in_the_end={"en": "share ending with {positive}", "de": "Anteil mit Ergebnis {positive}"},
        technical="selection rate",
        counted={
            "en": "Of {of} about {group}, {part} ({share}) were proposed as {positive}.",
            "de": "Von {of} über {group} lautete bei {part} ({share}) der Vorschlag {positive}.",
        },
        done={
            "en": "Of {of} about {group}, {part} ({share}) ended with {positive}.",
            "de": "Von {of} über {group} endeten {part} ({share}) mit {positive}.",
        },
    ),
    "base_rate": Metric(
        name={
            "en": "share in which {positive} turned out right",
            "de": "Anteil, bei dem {positive} richtig gewesen ist",
        },
        technical="base rate, prevalence",
        counted={
            "en": "Of {of} about {group} whose right answer is known, {positive} was right in {part} ({share}).",
            "de": "Von {of} über {group}, deren richtige Antwort bekannt ist, war {positive} bei {part} ({share}) richtig.",
        },
    ),
    "tpr": Metric(
        name={
            "en": "share found by the proposals, of those for whom {positive} was right",
            "de": "Anteil, den die Vorschläge fanden, unter denen, für die {positive} richtig war",
        },
        in_the_end={
            "en": "share found in the end, of those for whom {positive} was right",
            "de": "Anteil der am Ende Gefundenen unter denen, für die {positive} richtig war",
        },
        technical="true positive rate, sensitivity, recall",
        counted={
            "en": "In {of} about {group}, {positive} was right; it was proposed in {part} of them ({share}).",
            "de": "Bei {of} über {group} war {positive} richtig; vorgeschlagen wurde es bei {part} davon ({share}).",
        },
        done={
            "en": "In {of} about {group}, {positive} was right; {part} of them ({share}) ended so.",
            "de": "Bei {of} über {group} war {positive} richtig; {part} davon ({share}) endeten so.",
        },
    ),
    "fnr": Metric(
        name={
            "en": "share missed by the proposals, of those for whom {positive} was right",
            "de": "Anteil, den die Vorschläge übersahen, unter denen, für die {positive} richtig war",
        },
        in_the_end={
            "en": "share missed in the end, of those for whom {positive} was right",
            "de": "Anteil der am Ende Übersehenen unter denen, für die {positive} richtig war",
        },
        technical="false negative rate, miss rate",
        counted={
            "en": "In {of} about {group}, {positive} was right; it was not proposed in {part} of them ({share}).",
            "de": "Bei {of} über {group} war {positive} richtig; nicht vorgeschlagen wurde es bei {part} davon ({share}).",
        },
        done={
            "en": "In {of} about {group}, {positive} was right; {part} of them ({share}) ended otherwise.",
            "de": "Bei {of} über {group} war {positive} richtig; {part} davon ({share}) endeten anders.",
        },
    ),
    "fpr": Metric(
        name={
            "en": "share proposed {positive}, of those for whom it was wrong",
            "de": "Anteil mit Vorschlag {positive} unter denen, für die es falsch war",
        },
        in_the_end={
            "en": "share ending with {positive}, of those for whom it was wrong",
            "de": "Anteil mit Ergebnis {positive} unter denen, für die es falsch war",
        },
        technical="false positive rate",
        counted={
            "en": "In {of} about {group}, {positive} was wrong; it was proposed all the same in {part} of them ({share}).",
            "de": "Bei {of} über {group} war {positive} falsch; vorgeschlagen wurde es trotzdem bei {part} davon ({share}).",
        },
        done={
            "en": "In {of} about {group}, {positive} was wrong; {part} of them ({share}) ended so all the same.",
            "de": "Bei {of} über {group} war {positive} falsch; {part} davon ({share}) endeten trotzdem so.",
        },
    ),
    "tnr": Metric(
        name={
            "en": "share spared {positive} by the proposals, of those for whom it was wrong",
            "de": "Anteil, dem die Vorschläge {positive} ersparten, unter denen, für die es falsch war",
        },
        in_the_end={
            "en": "share spared {positive} in the end, of those for whom it was wrong",
            "de": "Anteil ohne {positive} am Ende unter denen, für die es falsch war",
        },
        technical="true negative rate, specificity",
        counted={
            "en": "In {of} about {group}, {positive} was wrong; it was not proposed in {part} of them ({share}).",
            "de": "Bei {of} über {group} war {positive} falsch; nicht vorgeschlagen wurde es bei {part} davon ({share}).",
        },
        done={
            "en": "In {of} about {group}, {positive} was wrong; {part} of them ({share}) ended otherwise.",
            "de": "Bei {of} über {group} war {positive} falsch; {part} davon ({share}) endeten anders.",
        },
    ),
    "precision": Metric(
        name={
            "en": "share right, of those proposed {positive}",
            "de": "Anteil der Richtigen unter denen mit Vorschlag {positive}",
        },
        in_the_end={
            "en": "share right, of those ending with {positive}",
            "de": "Anteil der Richtigen unter denen mit Ergebnis {positive}",
        },
        technical="precision, positive predictive value",
        counted={
            "en": "For {of} about {group}, {positive} was proposed and the right answer is known; {part} of them ({share}) were right.",
            "de": "Bei {of} über {group} wurde {positive} vorgeschlagen und ist die richtige Antwort bekannt; {part} davon ({share}) waren richtig.",
        },
        done={
            "en": "{of} about {group} ended with {positive} and their right answer is known; {part} of them ({share}) were right.",
            "de": "{of} über {group} endeten mit {positive}, und ihre richtige Antwort ist bekannt; {part} davon ({share}) waren richtig.",
        },
    ),
    "fdr": Metric(
        name={
            "en": "share wrong, of those proposed {positive}",
            "de": "Anteil der Falschen unter denen mit Vorschlag {positive}",
        },
        in_the_end={
            "en": "share wrong, of those ending with {positive}",
            "de": "Anteil der Falschen unter denen mit Ergebnis {positive}",
        },
        technical="false discovery rate",
        counted={
            "en": "For {of} about {group}, {positive} was proposed and the right answer is known; {part} of them ({share}) were wrong.",
            "de": "Bei {of} über {group} wurde {positive} vorgeschlagen und ist die richtige Antwort bekannt; {part} davon ({share}) waren falsch.",
        },
        done={
            "en": "{of} about {group} ended with {positive} and their right answer is known; {part} of them ({share}) were wrong.",
            "de": "{of} über {group} endeten mit {positive}, und ihre richtige Antwort ist bekannt; {part} davon ({share}) waren falsch.",
        },
    ),
    "npv": Metric(
        name={
            "en": "share right, of those not proposed {positive}",
            "de": "Anteil der Richtigen unter denen ohne Vorschlag {positive}",
        },
        in_the_end={
            "en": "share right, of those not ending with {positive}",
            "de": "Anteil der Richtigen unter denen ohne Ergebnis {positive}",
        },
        technical="negative predictive value",
        counted={
            "en": "For {of} about {group}, {positive} was not proposed and the right answer is known; {part} of them ({share}) were right.",
            "de": "Bei {of} über {group} wurde {positive} nicht vorgeschlagen und ist die richtige Antwort bekannt; {part} davon ({share}) waren richtig.",
        },
        done={
            "en": "{of} about {group} did not end with {positive} and their right answer is known; {part} of them ({share}) were right.",
            "de": "{of} über {group} endeten nicht mit {positive}, und ihre richtige Antwort ist bekannt; {part} davon ({share}) waren richtig.",
        },
    ),
    "for": Metric(
        name={
            "en": "share wrong, of those not proposed {positive}",
            "de": "Anteil der Falschen unter denen ohne Vorschlag {positive}",
        },
        in_the_end={
            "en": "share wrong, of those not ending with {positive}",
            "de": "Anteil der Falschen unter denen ohne Ergebnis {positive}",
        },
        technical="false omission rate",
        counted={
            "en": "For {of} about {group}, {positive} was not proposed and the right answer is known; {part} of them ({share}) were wrong.",
            "de": "Bei {of} über {group} wurde {positive} nicht vorgeschlagen und ist die richtige Antwort bekannt; {part} davon ({share}) waren falsch.",
        },
        done={
            "en": "{of} about {group} did not end with {positive} and their right answer is known; {part} of them ({share}) were wrong.",
            "de": "{of} über {group} endeten nicht mit {positive}, und ihre richtige Antwort ist bekannt; {part} davon ({share}) waren falsch.",
        },
    ),
    "accuracy": Metric(
        name={"en": "share of proposals that were right", "de": "Anteil der richtigen Vorschläge"},
        in_the_end={
            "en": "share of outcomes that were right",
            "de": "Anteil der richtigen Ergebnisse",
        },
        technical="accuracy",
        counted={
            "en": "Of {of} about {group} whose right answer is known, the proposal was right in {part} ({share}).",
            "de": "Von {of} über {group}, deren richtige Antwort bekannt ist, war der Vorschlag bei {part} ({share}) richtig.",
        },
        done={
            "en": "Of {of} about {group} whose right answer is known, the outcome was right in {part} ({share}).",
            "de": "Von {of} über {group}, deren richtige Antwort bekannt ist, war das Ergebnis bei {part} ({share}) richtig.",
        },
    ),
    "exact_accuracy": Metric(
        name={
            "en": "share of proposals of exactly the right outcome",
            "de": "Anteil der Vorschläge mit genau dem richtigen Ergebnis",
        },
        in_the_end={
            "en": "share ending with exactly the right outcome",
            "de": "Anteil mit genau dem richtigen Ergebnis",
        },
        technical="exact accuracy",
        counted={
            "en": "Of {of} about {group} whose right answer is known, exactly the right outcome was proposed in {part} ({share}).",
            "de": "Von {of} über {group}, deren richtige Antwort bekannt ist, wurde bei {part} ({share}) genau das richtige Ergebnis vorgeschlagen.",
        },
        done={
            "en": "Of {of} about {group} whose right answer is known, {part} ({share}) ended with exactly the right outcome.",
            "de": "Von {of} über {group}, deren richtige Antwort bekannt ist, endeten {part} ({share}) mit genau dem richtigen Ergebnis.",
        },
    ),
    "label_coverage": Metric(
        name={
            "en": "share whose right answer is known",
            "de": "Anteil, dessen richtige Antwort bekannt ist",
        },
        technical="label coverage",
        counted={
            "en": "Of {of} about {group}, the right answer is known for {part} ({share}).",
            "de": "Von {of} über {group} ist bei {part} ({share}) die richtige Antwort bekannt.",
        },
    ),
    "review_rate": Metric(
        name={
            "en": "share that had to wait for a person",
            "de": "Anteil, der auf einen Menschen warten musste",
        },
        technical="review rate",
        counted={
            "en": "Of {of} about {group}, {part} ({share}) were sent to a person.",
            "de": "Von {of} über {group} wurden {part} ({share}) einem Menschen vorgelegt.",
        },
    ),
    "refused_rate": Metric(
        name={
            "en": "share that the rules refused",
            "de": "Anteil, den die Regeln abgelehnt haben",
        },
        technical="refusal rate",
        counted={
            "en": "Of {of} about {group}, {part} ({share}) were refused by the rules.",
            "de": "Von {of} über {group} haben die Regeln {part} ({share}) abgelehnt.",
        },
    ),
    "automated_share": Metric(
        name={
            "en": "share decided without a person",
            "de": "Anteil, der ohne einen Menschen entschieden wurde",
        },
        technical="automated share",
        counted={
            "en": "Of {of} about {group}, {part} ({share}) were decided without a person.",
            "de": "Von {of} über {group} wurden {part} ({share}) ohne einen Menschen entschieden.",
        },
    ),
    "automated_error": Metric(
        name={
            "en": "share wrong, of those decided without a person",
            "de": "Anteil der Falschen unter denen, die ohne einen Menschen entschieden wurden",
        },
        technical="error of the automated part",
        counted={
            "en": "Of {of} about {group} made without a person and whose right answer is known, {part} ({share}) were wrong.",
            "de": "Von {of} über {group}, die ohne einen Menschen fielen und deren richtige Antwort bekannt ist, waren {part} ({share}) falsch.",
        },
    ),
    "override_rate": Metric(
        name={
            "en": "share that people changed, of those they decided",
            "de": "Anteil, den Menschen geändert haben, unter denen, die sie entschieden",
        },
        technical="override rate",
        counted={
            "en": "Of {of} about {group} that people decided, they changed {part} ({share}).",
            "de": "Von {of} über {group}, die Menschen entschieden, haben sie {part} ({share}) geändert.",
        },
    ),
    "toward_rate": Metric(
        name={
            "en": "share that people changed to {positive}, of those they decided",
            "de": "Anteil, den Menschen zu {positive} geändert haben, unter denen, die sie entschieden",
        },
        technical="override rate towards the positive outcome",
        counted={
            "en": "Of {of} about {group} that people decided, they changed {part} ({share}) to {positive}.",
            "de": "Von {of} über {group}, die Menschen entschieden, haben sie {part} ({share}) zu {positive} geändert.",
        },
    ),
    "away_rate": Metric(
        name={
            "en": "share that people changed away from {positive}, of those they decided",
            "de": "Anteil, den Menschen von {positive} weg geändert haben, unter denen, die sie entschieden",
        },
        technical="override rate away from the positive outcome",
        counted={
            "en": "Of {of} about {group} that people decided, they changed {part} ({share}) away from {positive}.",
            "de": "Von {of} über {group}, die Menschen entschieden, haben sie {part} ({share}) von {positive} weg geändert.",
        },
    ),
    "lapsed_rate": Metric(
        name={
            "en": "share that nobody decided in time, of those sent to a person",
            "de": "Anteil, den niemand rechtzeitig entschied, unter denen, die einem Menschen vorgelegt wurden",
        },
        technical="lapse rate",
        counted={
            "en": "Of {of} about {group} that were sent to a person, nobody decided {part} ({share}) in time.",
            "de": "Von {of} über {group}, die einem Menschen vorgelegt wurden, hat {part} ({share}) niemand rechtzeitig entschieden.",
        },
    ),
    "review_error": Metric(
        name={
            "en": "share wrong, of those that people decided",
            "de": "Anteil der Falschen unter denen, die Menschen entschieden",
        },
        technical="error after review",
        counted={
            "en": "Of {of} about {group} that people decided and whose right answer is known, {part} ({share}) were wrong.",
            "de": "Von {of} über {group}, die Menschen entschieden und deren richtige Antwort bekannt ist, waren {part} ({share}) falsch.",
        },
    ),
    "appeal_rate": Metric(
        name={
            "en": "share that the persons concerned objected to",
            "de": "Anteil, dem die Betroffenen widersprochen haben",
        },
        technical="appeal rate",
        counted={
            "en": "Of {of} about {group}, the persons concerned objected to {part} ({share}).",
            "de": "Von {of} über {group} haben die Betroffenen {part} ({share}) widersprochen.",
        },
    ),
    "upheld_rate": Metric(
        name={
            "en": "share of objections that were upheld, of those answered",
            "de": "Anteil der Widersprüche, denen stattgegeben wurde, unter den beantworteten",
        },
        technical="uphold rate",
        counted={
            "en": "Of {of} about {group} to which an objection was answered, {part} ({share}) were changed.",
            "de": "Von {of} über {group}, zu denen ein Widerspruch beantwortet wurde, wurden {part} ({share}) geändert.",
        },
    ),
    "overdue_share": Metric(
        name={"en": "share of cases that were overdue", "de": "Anteil der überfälligen Fälle"},
        technical="overdue share",
        counted={
            "en": "Of {of} about {group} that were sent to a person, {part} ({share}) were overdue.",
            "de": "Von {of} über {group}, die einem Menschen vorgelegt wurden, waren {part} ({share}) überfällig.",
        },
    ),
    "scoring_rate": Metric(
        name={
            "en": "share with a score above the median of all",
            "de": "Anteil mit einer Bewertung über dem Median aller",
        },
        technical="scoring rate (NYC Local Law 144)",
        counted={
            "en": "Of {of} about {group}, {part} ({share}) had a score above the median of all.",
            "de": "Von {of} über {group} lagen {part} ({share}) mit ihrer Bewertung über dem Median aller.",
        },
    ),
}
"""Every rate that a report may give of a group."""

COMPOSITES: Final[Mapping[str, Text]] = {
    "average_odds": {
        "en": "average of the share found and the share wrongly given {positive}",
        "de": "Mittelwert aus dem Anteil der Gefundenen und dem Anteil mit {positive} zu Unrecht",
    },
    "equalized_odds": {
        "en": "wider apart of the share found and the share wrongly given {positive}",
        "de": "weiter auseinander liegende von den Anteilen der Gefundenen und der zu Unrecht mit {positive} Bedachten",
    },
    "treatment_equality": {
        "en": "number missed for each one who got {positive} wrongly",
        "de": "Übersehene je einem zu Unrecht erhaltenen {positive}",
    },
}
"""Figures made of several rates, as noun phrases."""

VERDICTS: Final[Mapping[str, Text]] = {
    "breach": {"en": "Breach", "de": "Überschreitung"},
    "pass": {"en": "Within what is tolerated", "de": "Im Rahmen"},
    "not_enough_evidence": {"en": "Not enough evidence", "de": "Zu wenig bekannt"},
    "not_estimable": {"en": "Cannot be estimated", "de": "Nicht bestimmbar"},
    "not_measured": {"en": "Not measured", "de": "Nicht gemessen"},
    "no_verdict": {"en": "No verdict", "de": "Ohne Urteil"},
}
TONES: Final[Mapping[str, str]] = {
    "breach": "bad",
    "pass": "good",
    "not_enough_evidence": "warn",
    "not_estimable": "calm",
    "not_measured": "bad",
    "no_verdict": "calm",
}

STAGES: Final[Mapping[str, Text]] = {
    "proposal": {"en": "What the machine proposed", "de": "Was die Software vorschlug"},
    "routing": {"en": "Who had to wait for a person", "de": "Wer auf einen Menschen warten musste"},
    "review": {"en": "What people changed", "de": "Was Menschen geändert haben"},
    "outcome": {"en": "What was done in the end", "de": "Was am Ende getan wurde"},
    "appeal": {"en": "Who objected", "de": "Wer widersprochen hat"},
}

SOURCES: Final[Mapping[str, Text]] = {
    "default": {
        "en": "nobody has set it: the four-fifths guideline (29 CFR 1607.4(D))",
        "de": "niemand hat es festgelegt: der Vier-Fünftel-Leitfaden (29 CFR 1607.4(D))",
    },
    "policy": {"en": "the policy", "de": "die Richtlinie"},
    "convention": {"en": "convention", "de": "Übereinkunft"},
    "29 CFR 1607.4(D), guideline": {
        "en": "guideline: 29 CFR 1607.4(D)",
        "de": "Leitfaden: 29 CFR 1607.4(D)",
    },
}
"""Where a tolerance comes from."""

KINDS: Final[Mapping[str, Text]] = {
    "routing": {"en": "Routing", "de": "Zuteilung"},
    "scoring": {"en": "Scoring", "de": "Bewertung"},
    "personalization": {"en": "Personalization", "de": "Personalisierung"},
}

ATTRIBUTES: Final[Mapping[str, Text]] = {
    "age": {"en": "age", "de": "Alter"},
    "age_band": {"en": "age band", "de": "Altersgruppe"},
    "age_cat": {"en": "age group", "de": "Altersgruppe"},
    "age_group": {"en": "age group", "de": "Altersgruppe"},
    "disability": {"en": "disability", "de": "Behinderung"},
    "ethnicity": {"en": "ethnicity", "de": "ethnische Zugehörigkeit"},
    "gender": {"en": "gender", "de": "Geschlecht"},
    "language": {"en": "language", "de": "Sprache"},
    "nationality": {"en": "nationality", "de": "Staatsangehörigkeit"},
    "race": {"en": "race", "de": "ethnische Zuordnung"},
    "religion": {"en": "religion", "de": "Religion"},
    "sex": {"en": "sex", "de": "Geschlecht"},
}
"""Names of attributes that are met often; any other is shown as the policy writes it."""


def preset(name: object) -> Preset | None:
    """Find a ready-made way of looking by its name."""
    return PRESETS.get(name) if isinstance(name, str) else None
