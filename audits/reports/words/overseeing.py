"""The sentences of a report on oversight: what each measure found, what it is, and what it cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from audits.reports.words.terms import Text

_AROUND: Final[Mapping[str, Text]] = {
    "oversight.kicker": {"en": "Oversight report", "de": "Bericht zur Aufsicht"},
    "oversight.reviews": {"en": "Reviews", "de": "Prüfungen"},
    "oversight.reviewers": {"en": "Reviewers", "de": "Prüfende"},
    "oversight.section.answer": {"en": "The answer", "de": "Die Antwort"},
    "oversight.section.measures": {"en": "What was measured", "de": "Was gemessen wurde"},
    "oversight.section.bands": {
        "en": "Changed, beside how often the machine is wrong",
        "de": "Geändert, und wie oft die Software falsch liegt",
    },
    "oversight.section.agreement": {"en": "Do people agree?", "de": "Sind sich Menschen einig?"},
    "oversight.section.vigilance": {
        "en": "Does attention tire?",
        "de": "Lässt die Aufmerksamkeit nach?",
    },
    "oversight.section.disparity": {
        "en": "Overrides by group, at the same score",
        "de": "Änderungen nach Gruppen, bei gleicher Bewertung",
    },
    "oversight.section.queues": {
        "en": "Who waits, and whom the machine gets wrong",
        "de": "Wer wartet, und bei wem die Software irrt",
    },
    "oversight.section.appeals": {"en": "Who objected", "de": "Wer widersprochen hat"},
    "oversight.section.people": {"en": "Person by person", "de": "Einzelne Prüfende"},
    "oversight.section.speaks": {
        "en": "When each measure can speak",
        "de": "Ab wann jedes Maß etwas aussagt",
    },
    "oversight.section.methods": {
        "en": "What each measure is, and what it cannot say",
        "de": "Was jedes Maß ist, und was es nicht sagen kann",
    },
    "oversight.measures.lead": {
        "en": "No single share proves or disproves oversight. Read them together, with the range that chance allows.",
        "de": "Kein Anteil allein beweist oder widerlegt Aufsicht. Lesen Sie sie zusammen, mit dem Bereich, den der Zufall zulässt.",
    },
    "oversight.measures.figure": {"en": "Shares of all reviewers", "de": "Anteile aller Prüfenden"},
    "oversight.measures.one": {"en": "Shares of one reviewer", "de": "Anteile einer Person"},
    "oversight.person.own": {
        "en": "What was counted of these reviews, and what chance allows.",
        "de": "Was bei diesen Prüfungen gezählt wurde, und was der Zufall zulässt.",
    },
    "oversight.person.all": {
        "en": "The reviews are too few to say anything of one person, so all people of this decision point are shown together.",
        "de": "Die Prüfungen sind zu wenige, um über eine einzelne Person etwas zu sagen; deshalb stehen hier alle dieser Entscheidungsstelle zusammen.",
    },
    "oversight.measures.sentence": {
        "en": "{enough} of {of} shares rest on enough to be judged.",
        "de": "{enough} von {of} Anteilen beruhen auf genug, um beurteilt zu werden.",
    },
    "oversight.shares.described": {
        "en": "Each line is a share: the mark is what was counted, the stroke is what chance allows. Grey rests on too little.",
        "de": "Jede Zeile ist ein Anteil: Die Marke ist, was gezählt wurde, der Strich, was der Zufall zulässt. Grau beruht auf zu wenig.",
    },
    "oversight.legend.share": {"en": "the share", "de": "der Anteil"},
    "oversight.head.measure": {"en": "Measure", "de": "Maß"},
    "oversight.head.share": {"en": "Share", "de": "Anteil"},
    "oversight.head.standing": {"en": "Does it rest on enough?", "de": "Beruht es auf genug?"},
    "oversight.head.sign": {"en": "Sign", "de": "Zeichen"},
    "oversight.head.found": {"en": "Found", "de": "Gefunden"},
    "oversight.head.limit": {"en": "Counts as a sign", "de": "Gilt als Zeichen"},
    "oversight.head.met": {"en": "Is it there?", "de": "Liegt es vor?"},
    "oversight.head.band": {"en": "How sure", "de": "Wie sicher"},
    "oversight.head.changed": {"en": "Changed by people", "de": "Von Menschen geändert"},
    "oversight.head.error": {"en": "Machine wrong", "de": "Software falsch"},
    "oversight.head.says": {"en": "Together", "de": "Zusammen"},
    "oversight.head.cannot": {"en": "What it cannot say", "de": "Was es nicht sagen kann"},
    "oversight.head.alpha": {"en": "Agreement (alpha)", "de": "Einigkeit (Alpha)"},
    "oversight.head.cases": {"en": "Cases", "de": "Fälle"},
    "oversight.head.direction": {"en": "Override", "de": "Änderung"},
    "oversight.head.other": {"en": "Compared with", "de": "Verglichen mit"},
    "oversight.head.within": {
        "en": "Difference at the same score",
        "de": "Unterschied bei gleicher Bewertung",
    },
    "oversight.by.confidence": {
        "en": "By how sure the machine was",
        "de": "Danach, wie sicher die Software war",
    },
    "oversight.disparity.lead": {
        "en": "A difference is a reason to look, and no proof of ill will: a machine that errs more about one group is also overridden more there.",
        "de": "Ein Unterschied ist ein Anlass hinzusehen und kein Beweis für böse Absicht: Eine Software, die bei einer Gruppe öfter irrt, wird dort auch öfter geändert.",
    },
    "oversight.appeals.lead": {
        "en": "Few appeals may mean few mistakes, or that not everybody knows how to object, or dares to.",
        "de": "Wenige Widersprüche können wenige Fehler bedeuten, oder dass nicht jeder weiß, wie man widerspricht, oder es nicht wagt.",
    },
    "oversight.waits.title": {"en": "How long people waited", "de": "Wie lange Menschen warteten"},
    "oversight.aside.sentences": {"en": "In sentences", "de": "In Sätzen"},
    "oversight.signs.title": {"en": "The five signs", "de": "Die fünf Zeichen"},
    "oversight.sources.title": {
        "en": "By where the right answer is known from",
        "de": "Danach, woher die richtige Antwort bekannt ist",
    },
    "oversight.yes": {"en": "yes", "de": "ja"},
    "oversight.no": {"en": "no", "de": "nein"},
    "oversight.unknown": {"en": "not known yet", "de": "noch nicht bekannt"},
    "oversight.enough": {"en": "enough", "de": "genug"},
    "oversight.nothing_yet": {
        "en": "There is nothing to compare yet.",
        "de": "Es gibt noch nichts zu vergleichen.",
    },
    "oversight.band": {"en": "{low} to {high} sure", "de": "{low} bis {high} sicher"},
    "oversight.band_all": {"en": "all", "de": "alle"},
    "oversight.none": {
        "en": "{measure}: there is nothing to count yet, so nothing is claimed.",
        "de": "{measure}: Es gibt noch nichts zu zählen, also wird nichts behauptet.",
    },
    "oversight.needed": {
        "en": "Too few: {count} more are needed.",
        "de": "Zu wenige: Es fehlen noch {count}.",
    },
    "oversight.needed.weeks": {
        "en": "Too few: {count} more are needed, at the present volume in about {weeks}.",
        "de": "Zu wenige: Es fehlen noch {count}, beim jetzigen Umfang in etwa {weeks}.",
    },
    "oversight.cost.title": {"en": "What measuring took", "de": "Was das Messen gekostet hat"},
    "oversight.head.part": {"en": "Part", "de": "Teil"},
    "oversight.head.minutes": {"en": "Minutes", "de": "Minuten"},
    "oversight.part.gold": {"en": "gold cases", "de": "Goldfälle"},
    "oversight.part.check": {"en": "checks of released decisions", "de": "Nachprüfungen"},
    "oversight.part.double": {"en": "second reviews", "de": "Zweitprüfungen"},
    "oversight.part.judge_first": {
        "en": "judging first, beyond the usual time",
        "de": "zuerst urteilen, über die übliche Zeit hinaus",
    },
    "oversight.cost.expected": {
        "en": "Measuring has taken nothing yet; gold cases and second reviews will add about {share} to what is reviewed.",
        "de": "Das Messen hat noch nichts gekostet; Goldfälle und Zweitprüfungen werden etwa {share} zusätzlich ausmachen.",
    },
    "oversight.cost.expected.minutes": {
        "en": "Measuring has taken nothing yet; gold cases and second reviews will add about {share} to what is reviewed, {minutes} a week.",
        "de": "Das Messen hat noch nichts gekostet; Goldfälle und Zweitprüfungen werden etwa {share} zusätzlich ausmachen, {minutes} in der Woche.",
    },
    "oversight.cost.measured": {
        "en": "Gold cases, checks, second reviews and judging first took {share} of the measured time.",
        "de": "Goldfälle, Nachprüfungen, Zweitprüfungen und das Zuerst-Urteilen nahmen {share} der gemessenen Zeit.",
    },
    "oversight.cost.measured.minutes": {
        "en": "Gold cases, checks, second reviews and judging first took {share} of the measured time, {minutes} a week.",
        "de": "Goldfälle, Nachprüfungen, Zweitprüfungen und das Zuerst-Urteilen nahmen {share} der gemessenen Zeit, {minutes} in der Woche.",
    },
    "oversight.cost.most": {
        "en": "At most {most} of it is allowed.",
        "de": "Erlaubt sind höchstens {most} davon.",
    },
    "oversight.cost.most.minutes": {
        "en": "The settings allow {most} a week.",
        "de": "Die Einstellungen erlauben {most} in der Woche.",
    },
    "oversight.cost.lower.gold": {
        "en": "That is more than is allowed: give fewer gold cases.",
        "de": "Das ist mehr als erlaubt: Geben Sie weniger Goldfälle.",
    },
    "oversight.cost.lower.check": {
        "en": "That is more than is allowed: lower the share of released decisions that is checked.",
        "de": "Das ist mehr als erlaubt: Senken Sie den Anteil freigegebener Entscheidungen, der nachgeprüft wird.",
    },
    "oversight.cost.lower.double": {
        "en": "That is more than is allowed: have fewer cases reviewed twice.",
        "de": "Das ist mehr als erlaubt: Lassen Sie weniger Fälle doppelt prüfen.",
    },
    "oversight.cost.lower.judge_first": {
        "en": "That is more than is allowed: have fewer cases judged first.",
        "de": "Das ist mehr als erlaubt: Lassen Sie weniger Fälle zuerst beurteilen.",
    },
    "oversight.no_ranking.title": {"en": "This is no ranking", "de": "Das ist keine Rangliste"},
    "oversight.no_ranking": {
        "en": "Figures of people are there to help them, are shown to them first, and are never published. Whoever is measured by a target learns to meet it: a quota of changes gets changes, not care.",
        "de": "Zahlen zu einzelnen Menschen sollen ihnen helfen, werden ihnen zuerst gezeigt und nie veröffentlicht. Wer an einer Vorgabe gemessen wird, lernt, sie zu erfüllen: Eine Änderungsquote bringt Änderungen, keine Sorgfalt.",
    },
}

_ALARM: Final[Mapping[str, Text]] = {
    "oversight.subject.all": {"en": "All reviewers together", "de": "Alle Prüfenden zusammen"},
    "oversight.word.raised": {"en": "Look into it", "de": "Nachgehen"},
    "oversight.word.quiet": {"en": "No alarm", "de": "Kein Alarm"},
    "oversight.word.not_enough_evidence": {"en": "Not enough evidence", "de": "Zu wenig bekannt"},
    "oversight.headline.raised": {
        "en": "Some of what is seen looks like accepting without looking. This rests on {reviews} reviews.",
        "de": "Manches sieht danach aus, dass übernommen wird, ohne hinzusehen. Das beruht auf {reviews} Prüfungen.",
    },
    "oversight.headline.quiet": {
        "en": "Nothing looks like accepting without looking. This rests on {reviews} reviews.",
        "de": "Nichts sieht danach aus, dass übernommen wird, ohne hinzusehen. Das beruht auf {reviews} Prüfungen.",
    },
    "oversight.headline.not_enough_evidence": {
        "en": "Whether people really look cannot be told yet: {reviews} reviews do not say enough. That is no pass.",
        "de": "Ob Menschen wirklich hinsehen, lässt sich noch nicht sagen: {reviews} Prüfungen reichen dafür nicht aus. Bestanden ist damit nichts.",
    },
    "oversight.raised.by_gold": {
        "en": "Of {of} known mistakes, {part} were caught; from a careful reviewer, at least {least} would be expected. A careful one is wrongly noticed like this in {wrongly} of cases.",
        "de": "Von {of} bekannten Fehlern wurden {part} bemerkt; von sorgfältig Prüfenden wären mindestens {least} zu erwarten. Sorgfältige fallen so in {wrongly} der Fälle zu Unrecht auf.",
    },
    "oversight.raised.by_signs": {
        "en": "{count} of the five signs are there: {signs}.",
        "de": "{count} der fünf Zeichen liegen vor: {signs}.",
    },
    "oversight.quiet.excused": {
        "en": "Several of the five signs are there, yet the known mistakes were caught as a careful reviewer catches them. Whoever knows the cases well may simply be quick and brief, so this is no alarm.",
        "de": "Mehrere der fünf Zeichen liegen vor, aber die bekannten Fehler wurden so bemerkt, wie es bei Sorgfalt zu erwarten ist. Wer die Fälle gut kennt, ist vielleicht nur schnell und knapp; deshalb ist das kein Alarm.",
    },
    "oversight.quiet.why": {
        "en": "The known mistakes were caught as a careful reviewer catches them.",
        "de": "Die bekannten Fehler wurden so bemerkt, wie es bei Sorgfalt zu erwarten ist.",
    },
    "oversight.unknown.why": {
        "en": "Of the five signs, {unknown} cannot be told yet, so that an alarm can still follow.",
        "de": "Von den fünf Zeichen lassen sich {unknown} noch nicht beurteilen, sodass noch ein Alarm folgen kann.",
    },
    "oversight.unknown.gold": {
        "en": "Known mistakes put among the cases so far: {of}; at least {least} are needed to tell.",
        "de": "Bekannte Fehler bisher unter den Fällen: {of}; mindestens {least} sind nötig, um etwas zu sagen.",
    },
    "oversight.todo.title": {"en": "What to do", "de": "Was zu tun ist"},
    "oversight.todo.raised": {
        "en": "Talk with the people concerned first, and let them comment. Then have more cases judged before the proposal is shown, ask a second reviewer, and make time. Write down what was done.",
        "de": "Sprechen Sie zuerst mit den Betroffenen, und lassen Sie sie Stellung nehmen. Lassen Sie dann mehr Fälle beurteilen, bevor der Vorschlag zu sehen ist, ziehen Sie jemanden hinzu und schaffen Sie Zeit. Halten Sie fest, was getan wurde.",
    },
    "oversight.todo.quiet": {
        "en": "Nothing needs to be done. Keep gold cases coming: quiet holds for what was seen.",
        "de": "Es muss nichts getan werden. Sorgen Sie weiter für Goldfälle: Die Ruhe gilt nur für das, was zu sehen war.",
    },
    "oversight.todo.not_enough_evidence": {
        "en": "See below when each measure can speak. Known mistakes tell soonest: six of them suffice.",
        "de": "Unten steht, ab wann jedes Maß etwas aussagt. Am schnellsten sprechen bekannte Fehler: Sechs davon genügen.",
    },
    "oversight.sign.accepts_all": {
        "en": "nearly everything is accepted though the machine errs",
        "de": "fast alles wird übernommen, obwohl die Software irrt",
    },
    "oversight.sign.too_fast": {
        "en": "most verdicts come before half of the page can be read",
        "de": "die meisten Urteile fallen, bevor die halbe Seite zu lesen ist",
    },
    "oversight.sign.misses_gold": {
        "en": "most known mistakes are missed",
        "de": "die meisten bekannten Fehler werden übersehen",
    },
    "oversight.sign.opens_little": {
        "en": "what must be looked at is mostly not opened",
        "de": "was anzusehen ist, wird meist nicht geöffnet",
    },
    "oversight.sign.same_reasons": {
        "en": "reasons are nearly all the same",
        "de": "die Begründungen sind fast alle gleich",
    },
    "oversight.found.accepts_all": {"en": "{value} accepted", "de": "{value} übernommen"},
    "oversight.found.too_fast": {
        "en": "median {value} times the least time",
        "de": "Median das {value}-Fache der Mindestzeit",
    },
    "oversight.found.misses_gold": {
        "en": "with luck {value} caught",
        "de": "mit Glück {value} bemerkt",
    },
    "oversight.found.opens_little": {"en": "{value} opened", "de": "{value} geöffnet"},
    "oversight.found.same_reasons": {"en": "{value} repeated", "de": "{value} wiederholt"},
    "oversight.rests_on": {"en": "of {count}", "de": "von {count}"},
    "oversight.limit.accepts_all": {
        "en": "{limit} or more accepted while {error} or more are wrong",
        "de": "{limit} oder mehr übernommen, während {error} oder mehr falsch sind",
    },
    "oversight.limit.too_fast": {
        "en": "below {limit} times the least time",
        "de": "unter dem {limit}-Fachen der Mindestzeit",
    },
    "oversight.limit.misses_gold": {
        "en": "even with luck below {limit} caught",
        "de": "selbst mit Glück unter {limit} bemerkt",
    },
    "oversight.limit.opens_little": {"en": "below {limit}", "de": "unter {limit}"},
    "oversight.limit.same_reasons": {"en": "above {limit}", "de": "über {limit}"},
}

_NAMES: Final[Mapping[str, Text]] = {
    "oversight.name.changed": {"en": "proposals changed", "de": "geänderte Vorschläge"},
    "oversight.name.error": {"en": "machine wrong", "de": "Software falsch"},
    "oversight.name.over": {
        "en": "wrong proposals accepted",
        "de": "falsche Vorschläge übernommen",
    },
    "oversight.name.under": {"en": "right proposals changed", "de": "richtige Vorschläge geändert"},
    "oversight.name.put_right": {
        "en": "changed to what was right",
        "de": "zum Richtigen geändert",
    },
    "oversight.name.disagreed": {
        "en": "first judged otherwise",
        "de": "zuerst anders geurteilt",
    },
    "oversight.name.switched": {
        "en": "own judgement given up",
        "de": "eigenes Urteil aufgegeben",
    },
    "oversight.name.wrong": {
        "en": "given up for a wrong proposal",
        "de": "für einen falschen Vorschlag aufgegeben",
    },
    "oversight.name.below_floor": {
        "en": "shorter than reading takes",
        "de": "kürzer, als Lesen dauert",
    },
    "oversight.name.opened": {"en": "all evidence opened", "de": "alle Unterlagen geöffnet"},
    "oversight.name.caught": {"en": "known mistakes caught", "de": "bekannte Fehler bemerkt"},
    "oversight.name.false_alarms": {
        "en": "right gold cases changed",
        "de": "richtige Goldfälle geändert",
    },
    "oversight.name.repeated": {"en": "reasons repeated", "de": "Begründungen wiederholt"},
    "oversight.name.short": {"en": "reasons very short", "de": "Begründungen sehr kurz"},
    "oversight.name.revealed": {
        "en": "masked details revealed",
        "de": "Verdecktes aufgedeckt",
    },
    "oversight.name.queued": {
        "en": "had to wait for a person",
        "de": "musste auf einen Menschen warten",
    },
    "oversight.name.automated": {
        "en": "wrong, of those made without a person",
        "de": "falsch, unter denen ohne einen Menschen",
    },
    "oversight.name.appealed": {"en": "decisions appealed", "de": "angefochtene Entscheidungen"},
    "oversight.name.overturned": {"en": "appeals upheld", "de": "erfolgreiche Widersprüche"},
    "oversight.source.gold": {"en": "gold cases", "de": "Goldfälle"},
    "oversight.source.double": {"en": "second reviews", "de": "Zweitprüfungen"},
    "oversight.source.appeal": {"en": "appeals", "de": "Widersprüche"},
    "oversight.source.later": {"en": "what turned out later", "de": "was sich später zeigte"},
    "oversight.path.automated": {"en": "made by the machine", "de": "von der Software getroffen"},
    "oversight.path.reviewed": {
        "en": "decided by a person",
        "de": "von einem Menschen entschieden",
    },
    "oversight.direction.against": {"en": "against the person", "de": "zulasten der Person"},
    "oversight.direction.for": {"en": "for the person", "de": "zugunsten der Person"},
    "oversight.agreement.between_people": {
        "en": "people with each other",
        "de": "Menschen untereinander",
    },
    "oversight.agreement.with_machine": {
        "en": "people with the machine",
        "de": "Menschen mit der Software",
    },
    "oversight.agreement.own_second_look": {
        "en": "one person with their own second look",
        "de": "eine Person mit ihrem eigenen zweiten Blick",
    },
    "oversight.by.position": {
        "en": "By place in the session",
        "de": "Nach der Stelle in der Sitzung",
    },
    "oversight.by.hour": {"en": "By hour", "de": "Nach der Uhrzeit"},
    "oversight.position": {"en": "case {low} to {high}", "de": "{low}. bis {high}. Fall"},
    "oversight.position.open": {"en": "case {low} and later", "de": "ab dem {low}. Fall"},
    "oversight.hour": {"en": "{low} to {high} o’clock", "de": "{low} bis {high} Uhr"},
}

_SAID: Final[Mapping[str, Text]] = {
    "oversight.said.changed": {
        "en": "Of {of} reviewed proposals, people changed {part} ({share}).",
        "de": "Von {of} geprüften Vorschlägen haben Menschen {part} ({share}) geändert.",
    },
    "oversight.said.error": {
        "en": "Of {of} reviewed proposals of which it turned out what was right, {part} ({share}) were wrong.",
        "de": "Von {of} geprüften Vorschlägen, bei denen sich zeigte, was richtig war, waren {part} ({share}) falsch.",
    },
    "oversight.said.over": {
        "en": "Of {of} proposals known to be wrong, {part} ({share}) were accepted.",
        "de": "Von {of} nachweislich falschen Vorschlägen wurden {part} ({share}) übernommen.",
    },
    "oversight.said.under": {
        "en": "Of {of} proposals known to be right, {part} ({share}) were changed.",
        "de": "Von {of} nachweislich richtigen Vorschlägen wurden {part} ({share}) geändert.",
    },
    "oversight.said.put_right": {
        "en": "Of {of} wrong proposals that were changed, {part} ({share}) got the right outcome.",
        "de": "Von {of} geänderten falschen Vorschlägen bekamen {part} ({share}) das richtige Ergebnis.",
    },
    "oversight.said.disagreed": {
        "en": "Of {of} cases judged before the proposal was shown, {part} ({share}) were first judged otherwise than the machine did.",
        "de": "Von {of} Fällen, die vor dem Blick auf den Vorschlag beurteilt wurden, wurden {part} ({share}) zuerst anders beurteilt als von der Software.",
    },
    "oversight.said.switched": {
        "en": "Of {of} first judgements that differed from the proposal, {part} ({share}) were given up for it.",
        "de": "Von {of} ersten Urteilen, die vom Vorschlag abwichen, wurden {part} ({share}) für ihn aufgegeben.",
    },
    "oversight.said.wrong": {
        "en": "Of {of} judgements that were given up and whose right answer is known, {part} ({share}) gave way to a wrong proposal.",
        "de": "Von {of} aufgegebenen Urteilen, deren richtige Antwort bekannt ist, wichen {part} ({share}) einem falschen Vorschlag.",
    },
    "oversight.said.below_floor": {
        "en": "Of {of} reviews whose time was measured, {part} ({share}) took less time than reading half of the page.",
        "de": "Von {of} Prüfungen mit gemessener Zeit dauerten {part} ({share}) kürzer, als die halbe Seite zu lesen.",
    },
    "oversight.said.opened": {
        "en": "Of {of} reviews with evidence that must be looked at, all of it was opened in {part} ({share}).",
        "de": "Von {of} Prüfungen mit Unterlagen, die anzusehen sind, wurden bei {part} ({share}) alle geöffnet.",
    },
    "oversight.said.caught": {
        "en": "Of {of} known mistakes put among the cases, {part} ({share}) were caught.",
        "de": "Von {of} bekannten Fehlern unter den Fällen wurden {part} ({share}) bemerkt.",
    },
    "oversight.said.false_alarms": {
        "en": "Of {of} gold cases whose proposal was right, {part} ({share}) were changed.",
        "de": "Von {of} Goldfällen mit richtigem Vorschlag wurden {part} ({share}) geändert.",
    },
    "oversight.said.repeated": {
        "en": "Of {of} reasons, {part} ({share}) repeat an earlier one of the same person word for word.",
        "de": "Von {of} Begründungen wiederholen {part} ({share}) wörtlich eine frühere derselben Person.",
    },
    "oversight.said.short": {
        "en": "Of {of} reasons, {part} ({share}) are shorter than 15 letters.",
        "de": "Von {of} Begründungen sind {part} ({share}) kürzer als 15 Buchstaben.",
    },
    "oversight.said.revealed": {
        "en": "Of {of} reviews, {part} ({share}) revealed what is masked.",
        "de": "Von {of} Prüfungen deckten {part} ({share}) Verdecktes auf.",
    },
    "oversight.said.queued": {
        "en": "Of {of} decisions about {group}, {part} ({share}) had to wait for a person.",
        "de": "Von {of} Entscheidungen über {group} mussten {part} ({share}) auf einen Menschen warten.",
    },
    "oversight.said.automated": {
        "en": "Of {of} decisions about {group} that were made without a person and whose right answer is known, {part} ({share}) were wrong.",
        "de": "Von {of} Entscheidungen über {group}, die ohne einen Menschen fielen und deren richtige Antwort bekannt ist, waren {part} ({share}) falsch.",
    },
    "oversight.said.appealed": {
        "en": "Of {of} decisions, {part} ({share}) were appealed.",
        "de": "Von {of} Entscheidungen wurden {part} ({share}) angefochten.",
    },
    "oversight.said.overturned": {
        "en": "Of {of} appeals that are answered, {part} ({share}) were upheld.",
        "de": "Von {of} beantworteten Widersprüchen hatten {part} ({share}) Erfolg.",
    },
    "oversight.said.appealed_by": {
        "en": "Of {of} decisions about {group}, {part} ({share}) were appealed.",
        "de": "Von {of} Entscheidungen über {group} wurden {part} ({share}) angefochten.",
    },
    "oversight.said.overturned_by": {
        "en": "Of {of} answered appeals of {group}, {part} ({share}) were upheld.",
        "de": "Von {of} beantworteten Widersprüchen von {group} hatten {part} ({share}) Erfolg.",
    },
    "oversight.dwell": {
        "en": "Half of the reviews took at least {median} times the least time for reading; allowing for chance, {low} to {high} times.",
        "de": "Die Hälfte der Prüfungen dauerte mindestens das {median}-Fache der Mindestzeit zum Lesen; mit dem Zufall gerechnet das {low}- bis {high}-Fache.",
    },
    "oversight.dwell.unmeasured": {
        "en": "The time of {count} reviews could not be measured, as on pages without scripts.",
        "de": "Die Zeit von {count} Prüfungen ließ sich nicht messen, wie auf Seiten ohne Skripte.",
    },
    "oversight.appeals.waiting": {
        "en": "{count} appeals still wait for an answer.",
        "de": "{count} Widersprüche warten noch auf eine Antwort.",
    },
}

_FINDINGS: Final[Mapping[str, Text]] = {
    "oversight.overriding.far_below_error": {
        "en": "Far less is changed than is wrong: even with luck, less than a quarter.",
        "de": "Es wird weit weniger geändert, als falsch ist: selbst mit Glück weniger als ein Viertel.",
    },
    "oversight.overriding.in_keeping": {
        "en": "What is changed is not far below what is wrong.",
        "de": "Geändert wird nicht weit weniger, als falsch ist.",
    },
    "oversight.overriding.too_few": {
        "en": "There are too few reviews to compare.",
        "de": "Für einen Vergleich sind es zu wenige Prüfungen.",
    },
    "oversight.overriding.error_unknown": {
        "en": "How often the machine is wrong is known of too few cases, and without that a share of changes says nothing.",
        "de": "Wie oft die Software falsch liegt, ist von zu wenigen Fällen bekannt, und ohne das sagt der Anteil der Änderungen nichts.",
    },
    "oversight.catching.too_few_caught": {
        "en": "Of {of} known mistakes, fewer than {least} were caught: that alone is an alarm.",
        "de": "Von {of} bekannten Fehlern wurden weniger als {least} bemerkt: Das allein ist ein Alarm.",
    },
    "oversight.catching.caught": {
        "en": "Known mistakes were caught as often as a careful reviewer may be expected to. Somebody who catches {bad} of them or less would have been noticed 95 times of 100.",
        "de": "Bekannte Fehler wurden so oft bemerkt, wie es bei Sorgfalt zu erwarten ist. Wer höchstens {bad} davon bemerkt, wäre in 95 von 100 Fällen aufgefallen.",
    },
    "oversight.catching.too_few": {
        "en": "There are too few known mistakes to tell whether they are caught.",
        "de": "Es sind zu wenige bekannte Fehler, um zu sagen, ob sie bemerkt werden.",
    },
    "oversight.agreeing.closer_to_machine": {
        "en": "People agree with the machine more than with each other, by more than chance explains. That is what following looks like.",
        "de": "Menschen sind sich mit der Software mehr einig als untereinander, mehr als der Zufall erklärt. So sieht Folgen aus.",
    },
    "oversight.agreeing.as_close": {
        "en": "People do not agree with the machine more than with each other, as far as can be seen.",
        "de": "Soweit sich erkennen lässt, sind sich Menschen mit der Software nicht mehr einig als untereinander.",
    },
    "oversight.agreeing.too_few": {
        "en": "Too few cases were judged by two people to tell whether they agree.",
        "de": "Zu wenige Fälle wurden von zwei Menschen beurteilt, um ihre Einigkeit zu beurteilen.",
    },
    "oversight.agreeing.undefined": {
        "en": "Nearly every case got the same outcome, so that agreement cannot be told from habit.",
        "de": "Fast jeder Fall bekam dasselbe Ergebnis, sodass sich Einigkeit nicht von Gewohnheit unterscheiden lässt.",
    },
    "oversight.alpha.said": {
        "en": "Agreement, {who}: {alpha}, on a scale where 1 is always and 0 is what chance gives; allowing for chance, {low} to {high}. It rests on {cases} cases.",
        "de": "Einigkeit, {who}: {alpha}, auf einer Skala, auf der 1 immer heißt und 0 nur Zufall; mit dem Zufall gerechnet {low} bis {high}. Das beruht auf {cases} Fällen.",
    },
    "oversight.alpha.plain": {
        "en": "Agreement, {who}: {alpha}, on a scale where 1 is always and 0 is what chance gives. From {cases} cases it cannot be told how far chance moves that.",
        "de": "Einigkeit, {who}: {alpha}, auf einer Skala, auf der 1 immer heißt und 0 nur Zufall. Aus {cases} Fällen lässt sich nicht sagen, wie weit der Zufall das verschiebt.",
    },
    "oversight.alpha.none": {
        "en": "Agreement, {who}: it cannot be told from {cases} cases.",
        "de": "Einigkeit, {who}: Aus {cases} Fällen lässt sie sich nicht angeben.",
    },
    "oversight.vigilance.differs": {
        "en": "{measure}: that differs by more than chance explains (p {p}). People choose their hours and cases differ, so look before you conclude.",
        "de": "{measure}: Das unterscheidet sich mehr, als der Zufall erklärt (p {p}). Menschen wählen ihre Zeiten, und Fälle sind verschieden; sehen Sie also hin, bevor Sie schließen.",
    },
    "oversight.vigilance.alike": {
        "en": "{measure}: no difference beyond chance is seen (p {p}).",
        "de": "{measure}: Ein Unterschied über den Zufall hinaus ist nicht zu sehen (p {p}).",
    },
    "oversight.vigilance.unknown": {
        "en": "{measure}: there is nothing to compare yet.",
        "de": "{measure}: Es gibt noch nichts zu vergleichen.",
    },
    "oversight.leaning.more": {
        "en": "At the same score, people override {direction} more often for {group} than for {reference}: {difference}, allowing for chance {low} to {high}. That may also stem from the machine erring more about one of them.",
        "de": "Bei gleicher Bewertung ändern Menschen {direction} öfter bei {group} als bei {reference}: {difference}, mit dem Zufall gerechnet {low} bis {high}. Das kann auch daher kommen, dass die Software bei einer der beiden öfter irrt.",
    },
    "oversight.leaning.less": {
        "en": "At the same score, people override {direction} less often for {group} than for {reference}: {difference}, allowing for chance {low} to {high}. That may also stem from the machine erring more about one of them.",
        "de": "Bei gleicher Bewertung ändern Menschen {direction} seltener bei {group} als bei {reference}: {difference}, mit dem Zufall gerechnet {low} bis {high}. Das kann auch daher kommen, dass die Software bei einer der beiden öfter irrt.",
    },
    "oversight.leaning.even": {
        "en": "At the same score, people are not seen to override {direction} more or less often for {group} than for {reference}, beyond what chance explains.",
        "de": "Bei gleicher Bewertung ist nicht zu sehen, dass Menschen {direction} bei {group} öfter oder seltener ändern als bei {reference}, über den Zufall hinaus.",
    },
    "oversight.leaning.too_few": {
        "en": "Whether people override {direction} more or less often for {group} than for {reference} cannot be told yet.",
        "de": "Ob Menschen {direction} bei {group} öfter oder seltener ändern als bei {reference}, lässt sich noch nicht sagen.",
    },
    "oversight.leaning.undefined": {
        "en": "For {group} and {reference}, nothing was overridden {direction}, or they share no score; so they cannot be compared.",
        "de": "Bei {group} und {reference} wurde nichts {direction} geändert, oder sie haben keine Bewertung gemeinsam; deshalb lassen sie sich nicht vergleichen.",
    },
    "oversight.person.pooled": {
        "en": "Too few reviews for figures of one person: {count} more are needed. These reviews are part of the figures of all.",
        "de": "Zu wenige Prüfungen für Zahlen zu einer Person: Es fehlen noch {count}. Diese Prüfungen stecken in den Zahlen aller.",
    },
    "oversight.person.pooled.weeks": {
        "en": "Too few reviews for figures of one person: {count} more are needed, at the present volume in about {weeks}. These reviews are part of the figures of all.",
        "de": "Zu wenige Prüfungen für Zahlen zu einer Person: Es fehlen noch {count}, beim jetzigen Umfang in etwa {weeks}. Diese Prüfungen stecken in den Zahlen aller.",
    },
}

_METHODS: Final[Mapping[str, Text]] = {
    "oversight.method.overrides": {"en": "Overrides (M1)", "de": "Änderungen (M1)"},
    "oversight.method.overrides.says": {
        "en": "How often people change what was proposed, beside how often the machine is wrong when it is as sure.",
        "de": "Wie oft Menschen Vorgeschlagenes ändern, neben der Angabe, wie oft die Software falsch liegt, wenn sie ebenso sicher ist.",
    },
    "oversight.method.overrides.cannot": {
        "en": "Whether the right cases were changed. Changing little is right where the machine is right.",
        "de": "Ob die richtigen Fälle geändert wurden. Wenig zu ändern ist richtig, wo die Software recht hat.",
    },
    "oversight.method.reliance": {
        "en": "Reliance (M2)",
        "de": "Verlass auf die Software (M2)",
    },
    "oversight.method.reliance.says": {
        "en": "How often wrong proposals are accepted and right ones changed. Good is both low.",
        "de": "Wie oft falsche Vorschläge übernommen und richtige geändert werden. Gut ist beides niedrig.",
    },
    "oversight.method.reliance.cannot": {
        "en": "Anything of cases whose right answer nobody knows. Appealed and gold cases were chosen, and are told apart.",
        "de": "Etwas über Fälle, deren richtige Antwort niemand kennt. Angefochtene und Goldfälle sind ausgewählt und stehen einzeln da.",
    },
    "oversight.method.switches": {
        "en": "Judgement given up (M3)",
        "de": "Aufgegebenes Urteil (M3)",
    },
    "oversight.method.switches.says": {
        "en": "How often people who first judged otherwise end with the machine.",
        "de": "Wie oft Menschen, die zuerst anders urteilten, am Ende der Software folgen.",
    },
    "oversight.method.switches.cannot": {
        "en": "That giving up is bad: where the proposal was right, it is learning.",
        "de": "Dass Aufgeben schlecht ist: Wo der Vorschlag stimmte, ist es Lernen.",
    },
    "oversight.method.dwell": {"en": "Time (M4)", "de": "Zeit (M4)"},
    "oversight.method.dwell.says": {
        "en": "Seconds for which the page was visible and in use, over the time that reading half of it takes.",
        "de": "Sekunden, in denen die Seite sichtbar und in Gebrauch war, im Verhältnis zur Zeit, die halbe Seite zu lesen.",
    },
    "oversight.method.dwell.cannot": {
        "en": "That a quick verdict is wrong, or that a slow one was thought about.",
        "de": "Dass ein schnelles Urteil falsch ist oder ein langsames durchdacht.",
    },
    "oversight.method.opened": {"en": "Evidence opened (M5)", "de": "Geöffnete Unterlagen (M5)"},
    "oversight.method.opened.says": {
        "en": "Whether everything that must be looked at was opened or scrolled.",
        "de": "Ob alles, was anzusehen ist, geöffnet oder durchgesehen wurde.",
    },
    "oversight.method.opened.cannot": {
        "en": "Whether what was opened was read.",
        "de": "Ob Geöffnetes auch gelesen wurde.",
    },
    "oversight.method.agreement": {"en": "Agreement (M6)", "de": "Einigkeit (M6)"},
    "oversight.method.agreement.says": {
        "en": "How much two people who judge the same case apart agree, beyond chance; and how much they agree with the machine.",
        "de": "Wie sehr zwei Menschen, die denselben Fall getrennt beurteilen, über den Zufall hinaus einig sind, und wie sehr mit der Software.",
    },
    "oversight.method.agreement.cannot": {
        "en": "Who is right: people may err alike.",
        "de": "Wer recht hat: Menschen können gleich irren.",
    },
    "oversight.method.gold": {"en": "Gold cases (M7)", "de": "Goldfälle (M7)"},
    "oversight.method.gold.says": {
        "en": "How many of the known mistakes put among the cases are caught.",
        "de": "Wie viele der bekannten Fehler unter den Fällen bemerkt werden.",
    },
    "oversight.method.gold.cannot": {
        "en": "How mistakes of another kind fare. A gold case that looks made up measures nothing.",
        "de": "Wie es Fehlern anderer Art ergeht. Ein Goldfall, der gestellt wirkt, misst nichts.",
    },
    "oversight.method.disparity": {
        "en": "Overrides by group (M8)",
        "de": "Änderungen nach Gruppen (M8)",
    },
    "oversight.method.disparity.says": {
        "en": "Whether people override more often against or for one group than another at the same score, over all reviewers together.",
        "de": "Ob Menschen bei gleicher Bewertung bei einer Gruppe öfter zulasten oder zugunsten ändern, über alle Prüfenden zusammen.",
    },
    "oversight.method.disparity.cannot": {
        "en": "Why: a machine that errs more about one group is also overridden more there.",
        "de": "Warum: Eine Software, die bei einer Gruppe öfter irrt, wird dort auch öfter geändert.",
    },
    "oversight.method.queues": {"en": "Queues (M9)", "de": "Warteschlangen (M9)"},
    "oversight.method.queues.says": {
        "en": "Who had to wait for a person and how long, and how often the machine alone was wrong.",
        "de": "Wer wie lange auf einen Menschen warten musste, und wie oft die Software allein falsch lag.",
    },
    "oversight.method.queues.cannot": {
        "en": "Whether waiting harmed anybody.",
        "de": "Ob das Warten jemandem geschadet hat.",
    },
    "oversight.method.vigilance": {"en": "Vigilance (M10)", "de": "Wachsamkeit (M10)"},
    "oversight.method.vigilance.says": {
        "en": "Whether mistakes are let through more often late in a session or at some hours.",
        "de": "Ob Fehler spät in einer Sitzung oder zu manchen Stunden öfter durchgehen.",
    },
    "oversight.method.vigilance.cannot": {
        "en": "That tiredness is the cause: cases may differ by the hour.",
        "de": "Dass Müdigkeit die Ursache ist: Fälle können je nach Stunde verschieden sein.",
    },
    "oversight.method.appeals": {"en": "Appeals (M11)", "de": "Widersprüche (M11)"},
    "oversight.method.appeals.says": {
        "en": "How often people object, and how often another person then finds the decision wrong.",
        "de": "Wie oft Menschen widersprechen, und wie oft ein anderer die Entscheidung dann falsch findet.",
    },
    "oversight.method.appeals.cannot": {
        "en": "That few appeals mean few mistakes: not everybody knows how, or dares.",
        "de": "Dass wenige Widersprüche wenige Fehler bedeuten: Nicht jeder weiß wie, und nicht jeder wagt es.",
    },
    "oversight.method.reasons": {"en": "Reasons (M12)", "de": "Begründungen (M12)"},
    "oversight.method.reasons.says": {
        "en": "Whether reasons are written for the case or repeated, and how often masked details are revealed.",
        "de": "Ob Begründungen für den Fall geschrieben oder wiederholt werden, und wie oft Verdecktes aufgedeckt wird.",
    },
    "oversight.method.reasons.cannot": {
        "en": "Whether a reason is good. Alike cases deserve alike reasons.",
        "de": "Ob eine Begründung gut ist. Gleiche Fälle verdienen gleiche Begründungen.",
    },
    "oversight.method.alarm": {"en": "The alarm", "de": "Der Alarm"},
    "oversight.method.alarm.says": {
        "en": "Two of five signs together over at least {reviews} reviews where gold cases do not show that mistakes are caught, or too few known mistakes caught alone.",
        "de": "Zwei von fünf Zeichen zusammen über mindestens {reviews} Prüfungen, solange Goldfälle nicht zeigen, dass Fehler bemerkt werden, oder allein zu wenige bemerkte bekannte Fehler.",
    },
    "oversight.method.alarm.cannot": {
        "en": "That somebody did wrong. It is a reason to talk.",
        "de": "Dass jemand etwas falsch gemacht hat. Es ist ein Anlass zu reden.",
    },
}

OVERSEEING: Final[Mapping[str, Text]] = {
    **_AROUND,
    **_ALARM,
    **_NAMES,
    **_SAID,
    **_FINDINGS,
    **_METHODS,
}
"""Every sentence of a report on oversight."""

SOURCES: Final[Mapping[str, str]] = {
    "overrides": "Wilson (1927), JASA 22, 209–212",
    "reliance": "Schemmer et al. (2023), IUI; Buçinca et al. (2021), CSCW",
    "switches": "Fogliato et al. (2022), FAccT",
    "dwell": "Brysbaert (2019), Journal of Memory and Language 109, 104047",
    "opened": "EDPS (2025), TechDispatch 2/2025",
    "agreement": "Krippendorff (2011); Zapf et al. (2016), BMC Medical Research Methodology 16, 93",
    "gold": "Hofer and Schwaninger (2005); Riz à Porta et al. (2022)",
    "disparity": "Mantel and Haenszel (1959), JNCI 22, 719–748; Albright (2019)",
    "queues": "Jones et al. (2021), ICLR; Newcombe (1998), Statistics in Medicine 17, 873–890",
    "vigilance": "Pearson’s chi-squared, simulated where counts are small",
    "appeals": "Regulation (EU) 2016/679, Article 22(3)",
    "reasons": "Green (2022), Computer Law and Security Review 45, 105681",
    "alarm": "–",
}
"""Where each measure, or the evidence for it, comes from."""
