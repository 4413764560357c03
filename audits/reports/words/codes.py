"""What the codes of a report say: why there is no figure, what was left out, what was computed how, what to beware of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from audits.reports.words.terms import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What a method is called, what it does in plain words, and where it comes from."""

    title: Text
    says: Text
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelState:
    """What is known of right and wrong, and what follows; ``{positive}`` is the measured outcome."""

    tone: str
    title: Text
    why: tuple[Text, ...]


REASONS: Final[Mapping[str, Text]] = {
    "too_few": {
        "en": "There are too few decisions to rest a verdict on.",
        "de": "Es sind zu wenige Entscheidungen für ein Urteil.",
    },
    "no_denominator": {
        "en": "One of the two groups has no decision that counts here.",
        "de": "Eine der beiden Gruppen hat keine Entscheidung, die hier zählt.",
    },
    "reference_is_zero": {
        "en": "The group compared with has none at all, so nothing can be a multiple of it.",
        "de": "In der Vergleichsgruppe gibt es das gar nicht, also kann nichts ein Vielfaches davon sein.",
    },
    "both_are_zero": {
        "en": "Neither group has any, so there is nothing to compare.",
        "de": "In keiner der beiden Gruppen gibt es das, also ist nichts zu vergleichen.",
    },
    "selective_labels": {
        "en": "Whether a decision was right is known only for some kinds of decisions, and those say nothing of the others.",
        "de": "Ob eine Entscheidung richtig war, ist nur bei bestimmten Entscheidungen bekannt, und die sagen nichts über die anderen.",
    },
    "no_labels": {
        "en": "It is not known for any decision whether it was right.",
        "de": "Es ist bei keiner Entscheidung bekannt, ob sie richtig war.",
    },
    "no_positive_outcome": {
        "en": "The policy does not say which outcome is measured (measure.positive).",
        "de": "Die Richtlinie sagt nicht, welches Ergebnis gemessen wird (measure.positive).",
    },
}
"""Why a comparison has no figure or no verdict."""

LABEL_STATES: Final[Mapping[str, LabelState]] = {
    "usable": LabelState(
        tone="info",
        title={
            "en": "What turned out right is known for all kinds of decisions",
            "de": "Was richtig war, ist über alle Arten von Entscheidungen hinweg bekannt",
        },
        why=(
            {
                "en": "Both where {positive} was decided and where it was not, right answers are known; so errors can be told.",
                "de": "Richtige Antworten sind bekannt, wo {positive} entschieden wurde und wo nicht; deshalb lassen sich Fehler angeben.",
            },
        ),
    ),
    "none": LabelState(
        tone="warn",
        title={
            "en": "What turned out right is not known",
            "de": "Was richtig gewesen wäre, ist nicht bekannt",
        },
        why=(
            {
                "en": "So nothing can be said of errors. Report what turned out right with each decision's ground truth, or upload it.",
                "de": "Über Fehler lässt sich daher nichts sagen. Melden Sie zu jeder Entscheidung, was sich als richtig erwiesen hat (ground truth), oder laden Sie es hoch.",
            },
        ),
    ),
    "selective": LabelState(
        tone="warn",
        title={
            "en": "What turned out right is known for some kinds of decisions only",
            "de": "Was richtig war, ist nur bei bestimmten Entscheidungen bekannt",
        },
        why=(
            {
                "en": "How many were found or missed is therefore not shown: computed from these alone, every group would look perfect.",
                "de": "Wie viele gefunden oder übersehen wurden, steht deshalb nicht da: Allein aus diesen berechnet, sähe jede Gruppe vollkommen aus.",
            },
        ),
    ),
    "only_positive": LabelState(
        tone="warn",
        title={
            "en": "What turned out right is known only where {positive} was decided",
            "de": "Was richtig war, ist nur bekannt, wo {positive} entschieden wurde",
        },
        why=(
            {
                "en": "How many were found or missed is therefore not shown: of those who did not get {positive}, nobody knows who should have, and computed without them every group would look perfect.",
                "de": "Wie viele gefunden oder übersehen wurden, steht deshalb nicht da: Von denen ohne {positive} weiß niemand, für wen es richtig gewesen wäre, und ohne sie berechnet sähe jede Gruppe vollkommen aus.",
            },
            {
                "en": "What can be told is how often {positive} was right where it was decided.",
                "de": "Angeben lässt sich, wie oft {positive} dort richtig war, wo es entschieden wurde.",
            },
        ),
    ),
    "only_negative": LabelState(
        tone="warn",
        title={
            "en": "What turned out right is known only where {positive} was not decided",
            "de": "Was richtig war, ist nur bekannt, wo nicht {positive} entschieden wurde",
        },
        why=(
            {
                "en": "How many were found or missed is therefore not shown: of those who got {positive}, nobody knows who should not have.",
                "de": "Wie viele gefunden oder übersehen wurden, steht deshalb nicht da: Von denen mit {positive} weiß niemand, für wen es falsch war.",
            },
            {
                "en": "What can be told is how often deciding otherwise was right.",
                "de": "Angeben lässt sich, wie oft eine andere Entscheidung richtig war.",
            },
        ),
    ),
    "only_released": LabelState(
        tone="warn",
        title={
            "en": "What turned out right is known only for decisions made without a person",
            "de": "Was richtig war, ist nur bei Entscheidungen ohne einen Menschen bekannt",
        },
        why=(
            {
                "en": "How many were found or missed is therefore not shown: the unsure and sensitive cases that went to a person are missing from it.",
                "de": "Wie viele gefunden oder übersehen wurden, steht deshalb nicht da: Die unsicheren und heiklen Fälle, die einem Menschen vorgelegt wurden, fehlen darin.",
            },
        ),
    ),
}
"""What the state of the labels allows to be said."""

EXCLUSIONS: Final[Mapping[str, Text]] = {
    "unknown_group": {
        "en": "{count} have no known {by}. They are in the totals and in no group and no comparison.",
        "de": "Bei {count} ist nicht bekannt: {by}. Sie sind in den Summen enthalten, aber in keiner Gruppe und keinem Vergleich.",
    },
    "not_mature": {
        "en": "{count} are too young for what turned out right to count.",
        "de": "{count} sind noch zu neu, als dass zählt, was sich als richtig erwiesen hat.",
    },
    "no_proposal": {
        "en": "{count} came without a proposal and are in no rate of what was proposed.",
        "de": "{count} kamen ohne Vorschlag und sind in keinem Anteil des Vorgeschlagenen.",
    },
    "no_outcome": {
        "en": "{count} have no outcome yet.",
        "de": "{count} haben noch kein Ergebnis.",
    },
    "waiting": {
        "en": "{count} still wait for a person and are not counted among what people decided.",
        "de": "{count} warten noch auf einen Menschen und zählen nicht zu dem, was Menschen entschieden haben.",
    },
    "withdrawn": {
        "en": "{count} were withdrawn and are not counted among what people decided.",
        "de": "{count} wurden zurückgezogen und zählen nicht zu dem, was Menschen entschieden haben.",
    },
    "below_share": {
        "en": "{group}: {count}, {share} of all. A group this small is shown with count and rate, and is not compared.",
        "de": "{group}: {count}, {share} von allen. Eine so kleine Gruppe steht mit Anzahl und Anteil da und wird nicht verglichen.",
    },
}
"""What is not in the figures; ``{count}`` is a number of decisions."""

LIMITS: Final[Mapping[str, Text]] = {
    "independent_decisions": {
        "en": "Decisions are counted as if each were about somebody else. Where one person has many, chance allows more than is said here.",
        "de": "Entscheidungen werden gezählt, als beträfe jede einen anderen Menschen. Wo einer viele hat, lässt der Zufall mehr zu, als hier steht.",
    },
    "widest_gap_grows": {
        "en": "The gap between the two groups furthest apart grows with the number of groups and the smallness of the smallest, also where all are treated alike.",
        "de": "Der Abstand der beiden am weitesten entfernten Gruppen wächst mit ihrer Zahl und damit, wie klein die kleinste ist, auch wenn alle gleich behandelt werden.",
    },
    "selective_labels": {
        "en": "Whether a decision was right is known only for some kinds of decisions; rates that need the others are not shown.",
        "de": "Ob eine Entscheidung richtig war, ist nur bei bestimmten Entscheidungen bekannt; Anteile, die die anderen brauchen, stehen nicht da.",
    },
    "uneven_labels": {
        "en": "What turned out right is known clearly more often for one kind of decision than for the other, so that error rates lean to the better known.",
        "de": "Was richtig war, ist bei einer Art von Entscheidung deutlich öfter bekannt als bei der anderen; Fehleranteile neigen daher zur besser bekannten.",
    },
    "no_labels": {
        "en": "It is not known for any decision whether it was right, so there are no error rates.",
        "de": "Bei keiner Entscheidung ist bekannt, ob sie richtig war; darum gibt es keine Fehleranteile.",
    },
    "not_mature": {
        "en": "Some decisions are too young for what turned out right to count; the figures of right and wrong will still change.",
        "de": "Manche Entscheidungen sind noch zu neu, als dass zählt, was richtig war; die Angaben zu richtig und falsch ändern sich noch.",
    },
    "pending_counts": {
        "en": "Some changes are not counted yet; the figures may still move a little.",
        "de": "Einige Änderungen sind noch nicht gezählt; die Zahlen können sich noch etwas verschieben.",
    },
    "small_groups": {
        "en": "Some groups are smaller than what a verdict rests on. They are shown in grey, and no verdict is given on them.",
        "de": "Einige Gruppen sind kleiner, als ein Urteil verlangt. Sie stehen in Grau, und über sie wird nicht geurteilt.",
    },
    "unknown_groups": {
        "en": "For some decisions the group is not known. If those are not like the others, the figures are off.",
        "de": "Bei manchen Entscheidungen ist die Gruppe nicht bekannt. Sind diese anders als die übrigen, so stimmen die Zahlen nicht.",
    },
    "imported_decisions": {
        "en": "Some decisions were brought in from before. Nothing is known of whether they are all that were made then.",
        "de": "Einige Entscheidungen wurden aus früherer Zeit übernommen. Ob das alle sind, die damals getroffen wurden, ist nicht bekannt.",
    },
    "no_positive_outcome": {
        "en": "The policy names no outcome whose share is compared (measure.positive), so only the mix of outcomes is shown.",
        "de": "Die Richtlinie nennt kein Ergebnis, dessen Anteil verglichen wird (measure.positive); gezeigt wird daher nur die Verteilung der Ergebnisse.",
    },
    "reference_by_result": {
        "en": "Groups are compared with the one whose share came out highest. That makes gaps look wider than they are.",
        "de": "Verglichen wird mit der Gruppe, deren Anteil am höchsten ausfiel. Dadurch wirken Abstände größer, als sie sind.",
    },
    "reference_absent": {
        "en": "Nobody belongs to the group that the policy compares with; the largest group stands in for it.",
        "de": "Zu der Gruppe, mit der die Richtlinie vergleicht, gehört niemand; an ihrer Stelle steht die größte.",
    },
    "simulated_p_values": {
        "en": "Some groups are too small for the usual test; there, chance was played out by the computer, always from the same start.",
        "de": "Einige Gruppen sind zu klein für den üblichen Test; dort hat der Rechner den Zufall durchgespielt, immer vom selben Anfang aus.",
    },
    "binary_scores_only": {
        "en": "There are more than two outcomes, so a confidence is not a score of one of them; scores are not ranked.",
        "de": "Es gibt mehr als zwei Ergebnisse, daher ist eine Sicherheit keine Bewertung eines einzelnen; Bewertungen werden nicht gereiht.",
    },
}
"""What a reader must know before relying on a report."""

METHODS: Final[Mapping[str, Method]] = {
    "wilson": Method(
        title={"en": "Wilson's interval", "de": "Intervall nach Wilson"},
        says={
            "en": "How far chance could move a share, given how many decisions it rests on. In 95 of 100 such reports the true share lies inside.",
            "de": "Wie weit der Zufall einen Anteil verschieben kann, je nachdem, auf wie vielen Entscheidungen er beruht. In 95 von 100 solchen Berichten liegt der wahre Anteil darin.",
        },
        source="Wilson (1927), Journal of the American Statistical Association 22, 209–212",
    ),
    "newcombe": Method(
        title={"en": "Newcombe's interval", "de": "Intervall nach Newcombe"},
        says={
            "en": "The same for the difference between two shares.",
            "de": "Dasselbe für den Unterschied zwischen zwei Anteilen.",
        },
        source="Newcombe (1998), Statistics in Medicine 17, 873–890, method 10",
    ),
    "mover_r": Method(
        title={"en": "MOVER-R interval", "de": "Intervall nach MOVER-R"},
        says={
            "en": "The same for how many times as high one share is as another.",
            "de": "Dasselbe dafür, wievielmal so hoch ein Anteil ist wie ein anderer.",
        },
        source="Donner and Zou (2012), Statistical Methods in Medical Research 21, 347–359",
    ),
    "mover": Method(
        title={"en": "MOVER interval", "de": "Intervall nach MOVER"},
        says={
            "en": "The same for the average of two differences.",
            "de": "Dasselbe für den Mittelwert zweier Unterschiede.",
        },
        source="Zou and Donner (2008), Statistics in Medicine 27, 1693–1702",
    ),
    "holm": Method(
        title={"en": "Holm's correction", "de": "Korrektur nach Holm"},
        says={
            "en": "Whoever compares many groups finds a difference somewhere by chance. So the more comparisons there are, the more each must show before it counts as a breach.",
            "de": "Wer viele Gruppen vergleicht, findet irgendwo durch Zufall einen Unterschied. Je mehr Vergleiche es gibt, desto mehr muss daher jeder zeigen, bevor er als Überschreitung gilt.",
        },
        source="Holm (1979), Scandinavian Journal of Statistics 6, 65–70",
    ),
    "chi2_homogeneity": Method(
        title={"en": "Chi-squared test of sameness", "de": "Chi-Quadrat-Test auf Gleichheit"},
        says={
            "en": "Whether all groups together could be alike, and the differences nothing but chance.",
            "de": "Ob alle Gruppen zusammen gleich sein könnten und die Unterschiede nichts als Zufall.",
        },
        source="Pearson (1900), Philosophical Magazine 50, 157–175",
    ),
    "chi2_simulated": Method(
        title={"en": "The same test by simulation", "de": "Derselbe Test durch Simulation"},
        says={
            "en": "Where groups are too small for the usual table, chance is played out many times from a fixed start and counted.",
            "de": "Wo Gruppen für die übliche Tafel zu klein sind, wird der Zufall viele Male von einem festen Anfang aus durchgespielt und gezählt.",
        },
        source="Hope (1968), Journal of the Royal Statistical Society B 30, 582–598",
    ),
    "excess_sd": Method(
        title={"en": "Spread beyond chance", "de": "Streuung über den Zufall hinaus"},
        says={
            "en": "How far groups lie apart once what chance would do anyway is taken away.",
            "de": "Wie weit Gruppen auseinander liegen, wenn man abzieht, was der Zufall ohnehin täte.",
        },
        source="Lum, Zhang and Bower (2022), De-biasing “bias” measurement, FAccT",
    ),
    "two_proportion_z": Method(
        title={"en": "Two standard deviations", "de": "Zwei Standardabweichungen"},
        says={
            "en": "Whether the difference between two shares is larger than chance makes it in about 19 of 20 cases.",
            "de": "Ob der Unterschied zwischen zwei Anteilen größer ist, als ihn der Zufall in etwa 19 von 20 Fällen macht.",
        },
        source="Hazelwood School District v. United States, 433 U.S. 299 (1977), note 14",
    ),
    "worst_case_bounds": Method(
        title={"en": "Bounds without assumptions", "de": "Schranken ohne Annahmen"},
        says={
            "en": "Between what a rate must lie, whatever the right answers are that nobody knows.",
            "de": "Zwischen welchen Werten ein Anteil liegen muss, wie auch immer die Antworten lauten, die niemand kennt.",
        },
        source="Manski (1989), Journal of Human Resources 24, 343–360",
    ),
    "generalized_entropy": Method(
        title={"en": "Inequality of benefit", "de": "Ungleichheit des Nutzens"},
        says={
            "en": "One figure for how unevenly right and wrong decisions fall on people: 0 where all fare alike.",
            "de": "Eine Zahl dafür, wie ungleich richtige und falsche Entscheidungen auf Menschen fallen: 0, wo es allen gleich ergeht.",
        },
        source="Speicher et al. (2018), A unified approach to quantifying algorithmic unfairness, KDD",
    ),
    "mantel_haenszel": Method(
        title={"en": "Mantel–Haenszel comparison", "de": "Vergleich nach Mantel und Haenszel"},
        says={
            "en": "Compares groups only within classes that are alike in what may matter, and then takes all classes together.",
            "de": "Vergleicht Gruppen nur innerhalb von Klassen, die sich in dem gleichen, worauf es ankommen darf, und fasst dann alle Klassen zusammen.",
        },
        source="Mantel and Haenszel (1959), Journal of the National Cancer Institute 22, 719–748",
    ),
    "cramers_v": Method(
        title={"en": "Cramér's V", "de": "Cramérs V"},
        says={
            "en": "How strongly the outcomes of groups differ, from 0 (the same mix) to 1 (each has its own), less what chance alone would show.",
            "de": "Wie stark sich die Ergebnisse von Gruppen unterscheiden, von 0 (dieselbe Verteilung) bis 1 (jede hat ihre eigenen), abzüglich dessen, was der Zufall allein zeigen würde.",
        },
        source="Bergsma (2013), Journal of the Korean Statistical Society 42, 323–328",
    ),
    "kitagawa": Method(
        title={"en": "Kitagawa's decomposition", "de": "Zerlegung nach Kitagawa"},
        says={
            "en": "Splits a difference into what goes with how groups are spread over classes and what remains within them.",
            "de": "Zerlegt einen Unterschied in das, was damit einhergeht, wie Gruppen über Klassen verteilt sind, und das, was innerhalb von ihnen bleibt.",
        },
        source="Kitagawa (1955), Journal of the American Statistical Association 50, 1168–1194",
    ),
    "woodruff": Method(
        title={"en": "Woodruff's interval", "de": "Intervall nach Woodruff"},
        says={
            "en": "How far chance could move how long half of the cases, or nine in ten, waited at most.",
            "de": "Wie weit der Zufall verschieben kann, wie lange die Hälfte der Fälle oder neun von zehn höchstens warteten.",
        },
        source="Woodruff (1952), Journal of the American Statistical Association 47, 635–646",
    ),
    "delong": Method(
        title={"en": "DeLong's interval", "de": "Intervall nach DeLong"},
        says={
            "en": "How far chance could move the figure that says how well a score tells right from wrong.",
            "de": "Wie weit der Zufall die Zahl verschieben kann, die sagt, wie gut eine Bewertung Richtiges von Falschem trennt.",
        },
        source="DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837–845",
    ),
}
"""How the figures were computed, each only where a report names it."""

CHOSEN: Final[Mapping[str, Text]] = {
    "declared": {
        "en": "compared with {group}, as the policy says",
        "de": "verglichen mit {group}, wie es die Richtlinie sagt",
    },
    "largest": {
        "en": "compared with {group}, the largest group",
        "de": "verglichen mit {group}, der größten Gruppe",
    },
    "highest": {
        "en": "compared with {group}, whose share is highest",
        "de": "verglichen mit {group}, deren Anteil am höchsten ist",
    },
}
"""How the group was chosen that others are compared with."""

CANNOT_TELL: Final[Mapping[str, Text]] = {
    "people": {
        "en": "What people would decide of the cases that they would then get.",
        "de": "Was Menschen in den Fällen entscheiden würden, die sie dann bekämen.",
    },
    "rules": {
        "en": "What rules and holds send to a person, however sure the software is.",
        "de": "Was Regeln und Sperren einem Menschen vorlegen, wie sicher die Software auch ist.",
    },
    "no_confidence": {
        "en": "What becomes of proposals that came without a confidence.",
        "de": "Was aus Vorschlägen wird, die ohne Angabe der Sicherheit kamen.",
    },
    "no_labels": {
        "en": "How wrong the rest would be: it is not known for any decision whether it was right.",
        "de": "Wie falsch der Rest wäre: Bei keiner Entscheidung ist bekannt, ob sie richtig war.",
    },
    "partly_labelled": {
        "en": "How wrong those are of which the right answer is not known; they may differ from the others.",
        "de": "Wie falsch die sind, deren richtige Antwort nicht bekannt ist; sie können anders sein als die übrigen.",
    },
    "no_positive": {
        "en": "How outcomes would be shared out, because the policy does not say which outcome is measured.",
        "de": "Wie sich die Ergebnisse verteilen würden, weil die Richtlinie nicht sagt, welches gemessen wird.",
    },
}
"""What looking at another threshold cannot tell."""

UNSPLIT: Final[Mapping[str, Text]] = {
    "no_contributions": {
        "en": "The app gave no reasons with its proposals, so the difference cannot be split by facts.",
        "de": "Die Anwendung gab zu ihren Vorschlägen keine Gründe an, daher lässt sich der Unterschied nicht auf Angaben aufteilen.",
    },
    "no_scores": {
        "en": "Without scores of exactly two outcomes, how much of the difference the reasons explain cannot be computed.",
        "de": "Ohne Bewertungen für genau zwei Ergebnisse lässt sich nicht berechnen, wie viel des Unterschieds die Gründe erklären.",
    },
    "scores_missing": {
        "en": "Some proposals came without a confidence, so how much the reasons explain cannot be computed.",
        "de": "Einige Vorschläge kamen ohne Angabe der Sicherheit, daher lässt sich nicht berechnen, wie viel die Gründe erklären.",
    },
    "no_cut": {
        "en": "The outcome was not proposed by the score alone, so how much the reasons explain cannot be computed.",
        "de": "Das Ergebnis wurde nicht allein nach der Bewertung vorgeschlagen, daher lässt sich nicht berechnen, wie viel die Gründe erklären.",
    },
}
"""Why a difference is not split by the reasons that were given."""

BUILT_IN_REASONS: Final[Mapping[str, Text]] = {
    "": {"en": "no reason on record", "de": "kein Grund verzeichnet"},
    "review.confidence_below": {"en": "not sure enough", "de": "nicht sicher genug"},
    "review.sample": {"en": "sampled for quality", "de": "Stichprobe zur Güte"},
    "person_requested": {"en": "a person was asked for", "de": "ein Mensch wurde verlangt"},
    "subject_people_only": {"en": "always a person", "de": "immer ein Mensch"},
    "hold": {"en": "on hold: people only", "de": "angehalten: nur Menschen"},
}
"""Reasons for a review that no rule of the policy gives."""
