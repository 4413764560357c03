"""The sentences of a report, in English and German, each whole and with named slots.

A slot holds a figure as ``numbers`` writes it, a name from ``terms``, or a phrase for a group. Nothing is glued together
from halves of sentences, so that each language keeps its own order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from audits.reports.words.overseeing import OVERSEEING
from audits.reports.words.prose import PROSE
from audits.reports.words.terms import STAGES, Text

SENTENCES: Final[Mapping[str, Text]] = {
    **PROSE,
    **OVERSEEING,
    **{f"stage.{stage}": text for stage, text in STAGES.items()},
    # ------------------------------------------------------------------------------ groups and figures
    "group": {"en": "people with {values}", "de": "Menschen mit {values}"},
    "group.value": {"en": "{attribute} “{value}”", "de": "„{attribute}: {value}“"},
    "decisions": {"en": "{count} decisions", "de": "{count} Entscheidungen"},
    "decisions.one": {"en": "1 decision", "de": "1 Entscheidung"},
    "weeks": {"en": "{count} weeks", "de": "{count} Wochen"},
    "years": {"en": "{count} years", "de": "{count} Jahren"},
    "weeks.one": {"en": "1 week", "de": "1 Woche"},
    "range": {"en": "{low} to {high}", "de": "{low} bis {high}"},
    "part_of": {"en": "{part} of {of}", "de": "{part} von {of}"},
    "any_positive": {"en": "the measured outcome", "de": "das gemessene Ergebnis"},
    "rate.interval": {
        "en": "Chance alone would put the true share between {low} and {high}.",
        "de": "Mit dem Zufall gerechnet liegt der wahre Anteil zwischen {low} und {high}.",
    },
    "rate.few": {
        "en": "That is fewer than {enough}, too few to rest a judgement on.",
        "de": "Das sind weniger als {enough}, zu wenige für ein Urteil.",
    },
    "rate.not_estimable": {
        "en": "For {group}, the {metric} cannot be estimated: there is no such decision.",
        "de": "Für {group} lässt sich der {metric} nicht bestimmen: Es gibt keine solche Entscheidung.",
    },
    "rate.hidden": {
        "en": "For {group}, the {metric} is hidden, because it would tell of fewer than {fewest} people.",
        "de": "Für {group} wird der {metric} nicht gezeigt, weil er von weniger als {fewest} Menschen erzählen würde.",
    },
    "hidden": {"en": "hidden", "de": "verborgen"},
    "rate.plain": {
        "en": "For {group}, the {metric} is {share}.",
        "de": "Für {group} beträgt der {metric} {share}.",
    },
    "composite.plain": {
        "en": "For {group}, {metric}: {value}.",
        "de": "Für {group}, {metric}: {value}.",
    },
    # ------------------------------------------------------------------------------ comparisons
    "compare.ratio": {
        "en": "The {metric} is {value} times as high for {group} as for {reference}. Allowing for chance, it is between {low} and {high} times as high.",
        "de": "Der {metric} ist für {group} {value}-mal so hoch wie für {reference}. Mit dem Zufall gerechnet ist er {low}- bis {high}-mal so hoch.",
    },
    "compare.ratio_open": {
        "en": "The {metric} is {value} times as high for {group} as for {reference}. How far chance could move that has no upper end: too little is known of {reference}.",
        "de": "Der {metric} ist für {group} {value}-mal so hoch wie für {reference}. Wie weit der Zufall das verschieben kann, hat kein oberes Ende: Über {reference} ist zu wenig bekannt.",
    },
    "compare.higher": {
        "en": "The {metric} is {size} higher for {group} than for {reference}. Allowing for chance, the difference is between {low} and {high}.",
        "de": "Der {metric} ist für {group} um {size} höher als für {reference}. Mit dem Zufall gerechnet liegt der Unterschied zwischen {low} und {high}.",
    },
    "compare.lower": {
        "en": "The {metric} is {size} lower for {group} than for {reference}. Allowing for chance, the difference is between {low} and {high}.",
        "de": "Der {metric} ist für {group} um {size} niedriger als für {reference}. Mit dem Zufall gerechnet liegt der Unterschied zwischen {low} und {high}.",
    },
    "compare.same": {
        "en": "The {metric} is the same for {group} as for {reference}. Allowing for chance, the difference is between {low} and {high}.",
        "de": "Der {metric} ist für {group} gleich wie für {reference}. Mit dem Zufall gerechnet liegt der Unterschied zwischen {low} und {high}.",
    },
    "compare.hidden": {
        "en": "How the {metric} of {group} compares with that of {reference} is hidden, because it would tell of fewer than {fewest} people.",
        "de": "Wie sich der {metric} bei {group} zu dem bei {reference} verhält, wird nicht gezeigt, weil es von weniger als {fewest} Menschen erzählen würde.",
    },
    "compare.not_estimable": {
        "en": "The {metric} of {group} cannot be compared with that of {reference}.",
        "de": "Der {metric} lässt sich zwischen {group} und {reference} nicht vergleichen.",
    },
    "brief.ratio": {
        "en": "The {metric} is {value} times as high for {group} as for {reference}; chance allows {interval}, tolerated is {tolerated}.",
        "de": "Der {metric} ist für {group} {value}-mal so hoch wie für {reference}; der Zufall lässt {interval} zu, toleriert wird {tolerated}.",
    },
    "brief.higher": {
        "en": "The {metric} is {size} higher for {group} than for {reference}; chance allows {interval}, tolerated is {tolerated}.",
        "de": "Der {metric} ist für {group} um {size} höher als für {reference}; der Zufall lässt {interval} zu, toleriert wird {tolerated}.",
    },
    "brief.lower": {
        "en": "The {metric} is {size} lower for {group} than for {reference}; chance allows {interval}, tolerated is {tolerated}.",
        "de": "Der {metric} ist für {group} um {size} niedriger als für {reference}; der Zufall lässt {interval} zu, toleriert wird {tolerated}.",
    },
    "brief.ratio.unjudged": {
        "en": "The {metric} is {value} times as high for {group} as for {reference}; chance allows {interval}.",
        "de": "Der {metric} ist für {group} {value}-mal so hoch wie für {reference}; der Zufall lässt {interval} zu.",
    },
    "brief.higher.unjudged": {
        "en": "The {metric} is {size} higher for {group} than for {reference}; chance allows {interval}.",
        "de": "Der {metric} ist für {group} um {size} höher als für {reference}; der Zufall lässt {interval} zu.",
    },
    "brief.lower.unjudged": {
        "en": "The {metric} is {size} lower for {group} than for {reference}; chance allows {interval}.",
        "de": "Der {metric} ist für {group} um {size} niedriger als für {reference}; der Zufall lässt {interval} zu.",
    },
    "significance.practical": {
        "en": "Practically significant: below four fifths of the highest.",
        "de": "Praktisch bedeutsam: unter vier Fünfteln des höchsten.",
    },
    "significance.not_practical": {
        "en": "Not practically significant: at least four fifths of the highest.",
        "de": "Nicht praktisch bedeutsam: mindestens vier Fünftel des höchsten.",
    },
    "significance.statistical": {
        "en": "Statistically significant: {z} standard deviations.",
        "de": "Statistisch bedeutsam: {z} Standardabweichungen.",
    },
    "significance.chance": {
        "en": "Not statistically significant: {z} standard deviations.",
        "de": "Nicht statistisch bedeutsam: {z} Standardabweichungen.",
    },
    "verdict.pass": {
        "en": "That is within what is tolerated ({tolerated}), even allowing for chance.",
        "de": "Das liegt im Rahmen ({tolerated}), auch wenn man den Zufall einrechnet.",
    },
    "verdict.breach": {
        "en": "That is outside what is tolerated ({tolerated}), and chance does not explain it: a breach.",
        "de": "Das liegt außerhalb dessen, was toleriert wird ({tolerated}), und der Zufall erklärt es nicht: eine Überschreitung.",
    },
    "verdict.not_enough_evidence": {
        "en": "That is not enough for a verdict: tolerated is {tolerated}, and the true figure may lie on either side.",
        "de": "Für ein Urteil ist das zu wenig: Toleriert wird {tolerated}, und der wahre Wert kann auf beiden Seiten liegen.",
    },
    "verdict.too_few": {
        "en": "No verdict rests on fewer than {enough} decisions.",
        "de": "Auf weniger als {enough} Entscheidungen stützt sich kein Urteil.",
    },
    "verdict.not_estimable": {
        "en": "Where there is nothing to divide by there is no figure, and no figure is no pass.",
        "de": "Wo es nichts gibt, wodurch man teilen kann, gibt es keinen Wert, und kein Wert ist kein Bestehen.",
    },
    "verdict.none": {
        "en": "No limit is set for this, so it has no verdict.",
        "de": "Dafür ist keine Grenze gesetzt, daher gibt es kein Urteil.",
    },
    "verdict.watch": {
        "en": "It is past the watch line ({watch}).",
        "de": "Die Beobachtungsgrenze ({watch}) ist überschritten.",
    },
    "needed.with_weeks": {
        "en": "About {count} decisions about {group} would settle it, about {weeks} at the present volume.",
        "de": "Etwa {count} Entscheidungen über {group} würden es klären, beim jetzigen Aufkommen in etwa {weeks}.",
    },
    "needed.count": {
        "en": "About {count} decisions about {group} would settle it.",
        "de": "Etwa {count} Entscheidungen über {group} würden es klären.",
    },
    "needed.never": {
        "en": "More decisions like these would not settle it: the figure lies right at the limit.",
        "de": "Mehr Entscheidungen wie diese würden es nicht klären: Der Wert liegt genau an der Grenze.",
    },
    "tolerated.ratio": {"en": "{low} to {high} times", "de": "das {low}- bis {high}-Fache"},
    "tolerated.difference": {"en": "up to {size}", "de": "bis {size}"},
    "homogeneity": {
        "en": "{stage}, {metric}: if all groups were alike, chance would make differences this large with a probability of {p}.",
        "de": "{stage}, {metric}: Wären alle Gruppen gleich, so kämen so große Unterschiede durch Zufall mit einer Wahrscheinlichkeit von {p} vor.",
    },
    "homogeneity.spread": {
        "en": "Beyond what chance explains, the groups typically lie {spread} from their average.",
        "de": "Über den Zufall hinaus liegen die Gruppen in der Regel {spread} von ihrem Mittel entfernt.",
    },
    "homogeneity.chance": {
        "en": "The groups lie no further apart than chance explains.",
        "de": "Die Gruppen liegen nicht weiter auseinander, als der Zufall erklärt.",
    },
    "worst": {
        "en": "{stage}: the two groups whose {metric} is furthest apart are {low} and {high} ({value}).",
        "de": "{stage}: Am weitesten auseinander liegen beim {metric} {low} und {high} ({value}).",
    },
    "worst.ratio": {"en": "{value} times", "de": "das {value}-Fache"},
    # ------------------------------------------------------------------------------ axes and legends
    "axis.lower": {"en": "← lower than {reference}", "de": "← niedriger als {reference}"},
    "axis.higher": {"en": "higher →", "de": "höher →"},
    "axis.less_often": {"en": "← less often than {reference}", "de": "← seltener als {reference}"},
    "axis.more_often": {"en": "more often →", "de": "häufiger →"},
    "legend.pass": {"en": "within what is tolerated", "de": "im Rahmen"},
    "legend.breach": {"en": "breach", "de": "Überschreitung"},
    "legend.not_enough_evidence": {"en": "not enough evidence", "de": "zu wenig bekannt"},
    "legend.not_estimable": {"en": "cannot be estimated", "de": "nicht bestimmbar"},
    "legend.tolerated": {"en": "what is tolerated", "de": "was toleriert wird"},
    "legend.watch": {"en": "watch line", "de": "Beobachtungsgrenze"},
    "legend.interval": {"en": "what chance allows", "de": "was der Zufall zulässt"},
    "legend.rate": {"en": "the group", "de": "die Gruppe"},
    "legend.overall": {"en": "all together: {share}", "de": "alle zusammen: {share}"},
    "legend.all_together": {"en": "all together", "de": "alle zusammen"},
    "legend.few": {"en": "too few to judge", "de": "zu wenige für ein Urteil"},
    "cell.none": {"en": "none", "de": "keine"},
    "not_estimable.short": {"en": "cannot be estimated", "de": "nicht bestimmbar"},
    # ------------------------------------------------------------------------------ what charts show
    "differences.described": {
        "en": "Each line is a group, compared with {reference}. The mark is the difference in percentage points, the line through it what chance allows.",
        "de": "Jede Zeile ist eine Gruppe, verglichen mit {reference}. Das Zeichen ist der Unterschied in Prozentpunkten, der Strich darum, was der Zufall zulässt.",
    },
    "ratios.described": {
        "en": "Each line is a group, compared with {reference}. The mark says how many times as high the share is, the line through it what chance allows.",
        "de": "Jede Zeile ist eine Gruppe, verglichen mit {reference}. Das Zeichen sagt, wievielmal so hoch der Anteil ist, der Strich darum, was der Zufall zulässt.",
    },
    "rates.described": {
        "en": "Each line is a group. The mark is its share, the line through it what chance allows.",
        "de": "Jede Zeile ist eine Gruppe. Das Zeichen ist ihr Anteil, der Strich darum, was der Zufall zulässt.",
    },
    "stages.described": {
        "en": "Each line is a group, each column a stage, from left to right as a decision goes. The mark is the group's share at that stage, the line through it what chance allows.",
        "de": "Jede Zeile ist eine Gruppe, jede Spalte eine Stufe, von links nach rechts, wie eine Entscheidung läuft. Das Zeichen ist der Anteil der Gruppe auf dieser Stufe, der Strich darum, was der Zufall zulässt.",
    },
    "intersections.described": {
        "en": "Each field is a group that two attributes make together, with its share and, below it, how many decisions that rests on. The darker, the higher the share.",
        "de": "Jedes Feld ist eine Gruppe, die zwei Merkmale zusammen bilden, mit ihrem Anteil und darunter der Zahl der Entscheidungen dahinter. Je dunkler, desto höher der Anteil.",
    },
    "mix.described": {
        "en": "Each bar is a group and makes a whole; its parts are the outcomes, each with its letter.",
        "de": "Jeder Balken ist eine Gruppe und ergibt ein Ganzes; seine Teile sind die Ergebnisse, jedes mit seinem Buchstaben.",
    },
    "labels.described": {
        "en": "Each bar is a group and makes a whole: of how many decisions the right answer is known, may still become known, and never will be.",
        "de": "Jeder Balken ist eine Gruppe und ergibt ein Ganzes: bei wie vielen Entscheidungen die richtige Antwort bekannt ist, noch bekannt werden kann und nie bekannt sein wird.",
    },
    "coverage.described": {
        "en": "From left to right the machine decides more of the decisions alone, the surest first. The line is how many of those are wrong.",
        "de": "Von links nach rechts entscheidet die Software mehr Fälle allein, die sichersten zuerst. Die Linie zeigt, wie viele davon falsch sind.",
    },
    "whatif.described": {
        "en": "From left to right the threshold rises, below which a decision goes to a person. Each strip shows what that would change.",
        "de": "Von links nach rechts steigt die Schwelle, unter der eine Entscheidung einem Menschen vorgelegt wird. Jeder Streifen zeigt, was sich dadurch ändern würde.",
    },
    "contributions.described": {
        "en": "Each bar is something that decisions rest on; its length is what it adds to the difference between the two groups, or takes from it.",
        "de": "Jeder Balken ist etwas, worauf Entscheidungen beruhen; seine Länge ist, was es zum Unterschied zwischen den beiden Gruppen hinzufügt oder davon nimmt.",
    },
    "evidence.described": {
        "en": "The line is how strongly the decisions so far speak against what is tolerated. Each step up is ten times the evidence.",
        "de": "Die Linie zeigt, wie stark die bisherigen Entscheidungen gegen das sprechen, was toleriert wird. Jede Stufe nach oben ist zehnmal so viel.",
    },
    "waits.described": {
        "en": "Each line is a group. The mark is how long half of its cases waited at most, the end of the line how long nine in ten waited at most.",
        "de": "Jede Zeile ist eine Gruppe. Das Zeichen zeigt, wie lange die Hälfte ihrer Fälle höchstens wartete, das Ende des Strichs, wie lange neun von zehn höchstens warteten.",
    },
    "calibration.described": {
        "en": "Across is how sure the software said it was, down is how often that turned out so. On the diagonal, both agree.",
        "de": "Nach rechts steht, wie sicher die Software zu sein angab, nach oben, wie oft es so kam. Auf der Diagonale stimmt beides überein.",
    },
    # ------------------------------------------------------------------------------ evidence over time
    "evidence.title": {"en": "Evidence over time", "de": "Hinweise im Verlauf der Zeit"},
    "evidence.line": {
        "en": "evidence against what is tolerated",
        "de": "was gegen das Tolerierte spricht",
    },
    "evidence.alarm_line": {"en": "alarm", "de": "Alarm"},
    "evidence.threshold": {"en": "alarm at {odds}", "de": "Alarm ab {odds}"},
    "evidence.watch": {"en": "watch from {odds}", "de": "beobachten ab {odds}"},
    "evidence.crossed": {
        "en": "Since {since} the evidence is past the line for an alarm ({threshold}). On {day} it stands at {odds}.",
        "de": "Seit {since} ist die Grenze für einen Alarm ({threshold}) überschritten. Am {day} steht es bei {odds}.",
    },
    "evidence.watched": {
        "en": "On {day} the evidence stands at {odds}: past the watch line, short of an alarm ({threshold}).",
        "de": "Am {day} steht es bei {odds}: über der Beobachtungsgrenze, unter der für einen Alarm ({threshold}).",
    },
    "evidence.calm": {
        "en": "On {day} the evidence stands at {odds}; an alarm begins at {threshold}.",
        "de": "Am {day} steht es bei {odds}; ein Alarm beginnt bei {threshold}.",
    },
    "evidence.crossed_after": {
        "en": "After {since} decisions the evidence went past the line for an alarm ({threshold}). After {day} it stands at {odds}.",
        "de": "Nach {since} Entscheidungen überschritt der Stand die Alarmgrenze ({threshold}). Nach {day} steht er bei {odds}.",
    },
    "evidence.watched_after": {
        "en": "After {day} decisions the evidence stands at {odds}: past the watch line, short of an alarm ({threshold}).",
        "de": "Nach {day} Entscheidungen steht es bei {odds}: über der Beobachtungsgrenze, unter der Alarmgrenze ({threshold}).",
    },
    "evidence.calm_after": {
        "en": "After {day} decisions the evidence stands at {odds}; an alarm begins at {threshold}.",
        "de": "Nach {day} Entscheidungen steht es bei {odds}; ein Alarm beginnt bei {threshold}.",
    },
    "evidence.none": {
        "en": "Nothing has been observed yet.",
        "de": "Es wurde noch nichts beobachtet.",
    },
    # ------------------------------------------------------------------------------ a log's growth
    "growth.title": {"en": "Growth", "de": "Wachstum"},
    "growth.described": {
        "en": "The line shows how many entries the log had at which time.",
        "de": "Die Linie zeigt, wie viele Einträge das Protokoll wann hatte.",
    },
    "growth.line": {"en": "entries in the log", "de": "Einträge im Protokoll"},
    "growth.sentence": {
        "en": "{entries} entries since {first}; half of them came after {half}.",
        "de": "{entries} Einträge seit dem {first}; die Hälfte davon kam nach dem {half}.",
    },
    "growth.young": {
        "en": "{entries} entries since {first}.",
        "de": "{entries} Einträge seit dem {first}.",
    },
    "head.entries": {"en": "Entries", "de": "Einträge"},
    # ------------------------------------------------------------------------------ heads of tables
    "head.group": {"en": "Group", "de": "Gruppe"},
    "head.compared": {"en": "Compared with", "de": "Verglichen mit"},
    "head.decisions": {"en": "Decisions", "de": "Entscheidungen"},
    "head.figure": {"en": "Figure", "de": "Wert"},
    "head.metric": {"en": "Measured", "de": "Gemessen"},
    "head.interval": {"en": "What chance allows", "de": "Was der Zufall zulässt"},
    "head.tolerated": {"en": "Tolerated", "de": "Toleriert"},
    "head.verdict": {"en": "Verdict", "de": "Urteil"},
    "head.when": {"en": "When", "de": "Wann"},
    "head.odds": {"en": "Evidence", "de": "Stand"},
    "head.log10": {"en": "log₁₀ e", "de": "log₁₀ e"},
    "head.known": {"en": "Known", "de": "Bekannt"},
    "head.not_yet": {"en": "Not yet", "de": "Noch nicht"},
    "head.never": {"en": "Never", "de": "Nie"},
    "head.coverage": {"en": "Share known", "de": "Anteil bekannt"},
    "head.half": {"en": "Half within", "de": "Die Hälfte binnen"},
    "head.nine": {"en": "Nine in ten within", "de": "Neun von zehn binnen"},
    "head.threshold": {"en": "Threshold", "de": "Schwelle"},
    "head.alone": {"en": "Decided alone", "de": "Allein entschieden"},
    "head.wrong": {"en": "Wrong", "de": "Falsch"},
    "head.stratum": {"en": "Taken into account", "de": "Berücksichtigt"},
    "head.value": {"en": "Value", "de": "Wert"},
    "head.said": {"en": "Said", "de": "Angegeben"},
    "head.came": {"en": "Came true", "de": "Eingetroffen"},
    "head.version": {"en": "Policy version", "de": "Version der Richtlinie"},
    "head.adds": {"en": "Adds", "de": "Fügt hinzu"},
    "head.rule": {"en": "Rule", "de": "Regel"},
    "head.feature": {"en": "Fact", "de": "Angabe"},
    "head.meaning": {"en": "What it means", "de": "Was es bedeutet"},
    # ------------------------------------------------------------------------------ labels
    "labels.known": {"en": "right answer known", "de": "richtige Antwort bekannt"},
    "labels.not_yet": {"en": "not known yet", "de": "noch nicht bekannt"},
    "labels.never": {"en": "will never be known", "de": "wird nie bekannt sein"},
    # ------------------------------------------------------------------------------ mix
    "mix.others": {"en": "all others", "de": "alle übrigen"},
    # ------------------------------------------------------------------------------ risk and coverage
    "coverage.operating": {
        "en": "as the policy works today",
        "de": "wie die Richtlinie heute arbeitet",
    },
    "coverage.line": {
        "en": "wrong among those decided alone",
        "de": "Falsche unter den allein Entschiedenen",
    },
    "coverage.down": {
        "en": "wrong, of those decided without a person",
        "de": "falsch, von denen ohne einen Menschen",
    },
    "coverage.across": {
        "en": "decided without a person →",
        "de": "ohne einen Menschen entschieden →",
    },
    # ------------------------------------------------------------------------------ what if
    "whatif.line": {"en": "at each threshold", "de": "bei jeder Schwelle"},
    "whatif.current": {"en": "today: {threshold}", "de": "heute: {threshold}"},
    "whatif.across": {
        "en": "a person decides below this confidence →",
        "de": "unter dieser Sicherheit entscheidet ein Mensch →",
    },
    # ------------------------------------------------------------------------------ contributions
    "contributions.for": {"en": "adds to the difference", "de": "vergrößert den Unterschied"},
    "contributions.against": {"en": "takes from it", "de": "verkleinert ihn"},
    "contributions.total": {"en": "all together", "de": "alles zusammen"},
}
