"""Which ready-made ways of looking are there, where do they come from, and what do they not say?

Data only. A preset changes what groups are compared with, what is tolerated and what is left out; it changes no count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from audits.fairness.counts import Tolerance

DEFAULT_SOURCE: Final = "default"
#: Groups below this share may be left out of ratios: 29 CFR 1607.4(D) and 6 RCNY 5-301.
SMALL_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A way of looking at counts.

    ``tolerances`` None takes the policy's own, else the default. ``against_highest`` compares selection rates with the group whose rate
    is highest once small ones are left out, not with the policy's reference. ``crossed`` adds all asked attributes crossed.
    ``two_deviations`` tells statistical beside practical significance. Without ``judges`` there is no verdict at all.
    ``always`` names what of outcomes is compared also without a tolerance, None for the usual.
    """

    name: str
    title: Mapping[str, str]
    source: str
    date: str
    is_law: bool
    says: Mapping[str, str]
    does_not_say: Mapping[str, str]
    left_out: Mapping[str, str] | None = None
    tolerances: tuple[Tolerance, ...] | None = None
    against_highest: bool = False
    small_share: float | None = None
    crossed: bool = False
    two_deviations: bool = False
    judges: bool = True
    always: tuple[str, ...] | None = None


#: What is tolerated where a policy says nothing.
DEFAULT_TOLERANCES: Final = (
    Tolerance(metric="selection_rate_ratio", value=0.8, source=DEFAULT_SOURCE),
)

DEFAULT: Final = Preset(
    name="default",
    title={"en": "As the policy measures", "de": "Wie die Richtlinie misst"},
    source="The policy's own measure and tolerances; where it has none, the four-fifths guideline.",
    date="1978-08-25",
    is_law=False,
    says={
        "en": "Each group is compared with the policy's reference, or with the largest group.",
        "de": "Jede Gruppe wird mit der Bezugsgruppe der Richtlinie verglichen, sonst mit der größten.",
    },
    does_not_say={
        "en": "That a difference is forbidden, or that a pass is lawful: a tolerance is a choice of the business.",
        "de": "Dass ein Unterschied verboten oder ein Bestehen rechtmäßig ist: Wie viel hingenommen wird, "
        "entscheidet der Betrieb.",
    },
)

FOUR_FIFTHS: Final = Preset(
    name="four_fifths",
    title={"en": "Four-fifths rule (UGESP)", "de": "Vier-Fünftel-Regel (UGESP)"},
    source="Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4(D), 43 FR 38290; "
    "two standard deviations: Hazelwood School District v. United States, 433 U.S. 299 (1977), note 14",
    date="1978-08-25",
    is_law=False,
    says={
        "en": "A group's selection rate below four fifths of the highest group's is generally regarded as evidence of adverse "
        "impact (practical significance). Beside it stands whether the difference exceeds two standard deviations "
        "(statistical significance). The two may disagree, with few people and with very many.",
        "de": "Liegt die Auswahlquote einer Gruppe unter vier Fünfteln der höchsten, gilt das im Allgemeinen als Hinweis auf "
        "Benachteiligung (praktische Bedeutung). Daneben steht, ob der Unterschied zwei Standardabweichungen "
        "übersteigt (statistische Bedeutung). Beide können sich widersprechen, bei wenigen Menschen und bei sehr "
        "vielen.",
    },
    does_not_say={
        "en": "It is a guideline of United States agencies for employment, not a law: falling below is no violation by itself, and "
        "staying above is no proof of the contrary. It does not speak of errors, only of who is selected.",
        "de": "Es ist ein Leitfaden US-amerikanischer Behörden für Beschäftigung und kein Gesetz: Darunter zu liegen ist für sich "
        "kein Verstoß, darüber zu liegen kein Gegenbeweis. Sie spricht nicht von Fehlern, nur davon, wer ausgewählt "
        "wird.",
    },
    left_out={
        "en": "Groups of less than 2 % of the pool are shown and not compared: 29 CFR 1607.15(A)(2) asks no determination for them.",
        "de": "Gruppen unter 2 % des Bestands werden gezeigt und nicht verglichen: 29 CFR 1607.15(A)(2) verlangt für sie keine "
        "Feststellung.",
    },
    tolerances=(
        Tolerance(metric="selection_rate_ratio", value=0.8, source="29 CFR 1607.4(D), guideline"),
    ),
    against_highest=True,
    small_share=SMALL_SHARE,
    two_deviations=True,
    always=("selection_rate_ratio", "selection_rate_difference"),
)

NYC_LL144: Final = Preset(
    name="nyc_ll144",
    title={
        "en": "New York City Local Law 144, bias audit",
        "de": "New York City Local Law 144, Prüfung auf Verzerrung",
    },
    source="NYC Administrative Code 20-870 ff.; 6 RCNY 5-300 to 5-304",
    date="2023-07-05",
    is_law=True,
    says={
        "en": "Selection rate (with scores: scoring rate, the share above the full sample's median) and impact ratio to the category "
        "with the highest rate, by sex, by race or ethnicity, and crossed. How many have no known category is stated, and they "
        "are kept out.",
        "de": "Auswahlquote (bei Punktwerten: Anteil über dem Median aller) und deren Verhältnis zur Kategorie mit der höchsten, "
        "nach Geschlecht, nach Herkunft und gekreuzt. Wie viele keiner Kategorie zuzuordnen sind, steht dabei; sie bleiben "
        "außen vor.",
    },
    does_not_say={
        "en": "The law sets no threshold, so there is no verdict here. The audit itself must be made by an independent auditor.",
        "de": "Das Gesetz setzt keine Schwelle, darum gibt es hier kein Urteil. Die Prüfung selbst muss eine unabhängige Stelle "
        "vornehmen.",
    },
    left_out={
        "en": "Categories of less than 2 % of the data are shown with count and rate and have no impact ratio: so few people make a "
        "ratio unreliable (6 RCNY 5-301 leaves this to the auditor).",
        "de": "Kategorien unter 2 % der Daten stehen mit Anzahl und Quote da und haben kein Verhältnis: Bei so wenigen Menschen ist es "
        "unzuverlässig (6 RCNY 5-301 stellt das der prüfenden Stelle frei).",
    },
    tolerances=(),
    against_highest=True,
    small_share=SMALL_SHARE,
    crossed=True,
    judges=False,
    always=("selection_rate_ratio",),
)

EQUAL_OPPORTUNITY: Final = Preset(
    name="equal_opportunity",
    title={"en": "Equal opportunity", "de": "Gleiche Chance"},
    source="Hardt, M., Price, E. and Srebro, N. (2016), Equality of opportunity in supervised learning, NeurIPS 29",
    date="2016-12-05",
    is_law=False,
    says={
        "en": "Of those who should get the positive outcome, the same share of each group gets it.",
        "de": "Von denen, die das günstige Ergebnis bekommen sollten, bekommt es in jeder Gruppe derselbe Anteil.",
    },
    does_not_say={
        "en": "Whether what counts as right was itself fair, and nothing of those who should not get it. The tolerance of 0.1 is a "
        "convention, not a law; a policy may set its own.",
        "de": "Ob das, was als richtig gilt, selbst gerecht war, und nichts über die, die es nicht bekommen sollten. Die hingenommene "
        "Abweichung von 0,1 ist eine Übereinkunft, kein Gesetz; eine Richtlinie kann ihre eigene setzen.",
    },
    tolerances=(Tolerance(metric="tpr_difference", value=0.1, source="convention"),),
    always=("tpr_difference",),
)

PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {preset.name: preset for preset in (DEFAULT, FOUR_FIFTHS, NYC_LL144, EQUAL_OPPORTUNITY)}
)


def preset_named(name: str | None) -> Preset:
    """Return a preset, the default one for None.

    Raises:
        ValueError: there is no preset of that name.
    """
    if name is None:
        return DEFAULT
    if name not in PRESETS:
        raise ValueError(f"There is no preset “{name}”; there are {', '.join(PRESETS)}.")
    return PRESETS[name]
