"""What a document says around its figures: titles, what to know first, what a verdict means and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from audits.reports.words.terms import Text

PROSE: Final[Mapping[str, Text]] = {
    # ------------------------------------------------------------------------------ the document
    "document.kicker": {"en": "Fairness report", "de": "Fairnessbericht"},
    "document.contents": {"en": "Contents", "de": "Inhalt"},
    "meta.business": {"en": "Business", "de": "Betrieb"},
    "meta.point": {"en": "Decision point", "de": "Entscheidungspunkt"},
    "meta.kind": {"en": "Kind", "de": "Art"},
    "meta.window": {"en": "Window", "de": "Zeitraum"},
    "meta.decisions": {"en": "Decisions", "de": "Entscheidungen"},
    "meta.by": {"en": "By", "de": "Nach"},
    "meta.made": {"en": "Made", "de": "Erstellt"},
    "section.answer": {"en": "The answer", "de": "Die Antwort"},
    "section.groups": {"en": "By group", "de": "Nach Gruppen"},
    "section.comparisons": {"en": "Compared", "de": "Im Vergleich"},
    "section.intersections": {"en": "Where attributes meet", "de": "Wo Merkmale zusammentreffen"},
    "section.alike": {"en": "Among those who are alike", "de": "Unter Gleichen"},
    "section.errors": {"en": "Right and wrong", "de": "Richtig und falsch"},
    "section.scores": {"en": "How sure the software is", "de": "Wie sicher die Software ist"},
    "section.waits": {"en": "How long people waited", "de": "Wie lange Menschen warteten"},
    "section.mix": {"en": "Who gets what", "de": "Wer was bekommt"},
    "section.causes": {"en": "What contributes", "de": "Was dazu beiträgt"},
    "section.whatif": {
        "en": "What another threshold would give",
        "de": "Was eine andere Schwelle ergäbe",
    },
    "section.methods": {"en": "How it was measured", "de": "Wie gemessen wurde"},
    "section.exclusions": {"en": "What is left out", "de": "Was außen vor bleibt"},
    "section.limits": {
        "en": "What to know before relying on it",
        "de": "Was man wissen muss, bevor man sich darauf verlässt",
    },
    "section.versions": {"en": "Window and versions", "de": "Zeitraum und Versionen"},
    # ------------------------------------------------------------------------------ the answer
    "headline.breach": {
        "en": "Groups are treated differently beyond what is tolerated, in {breaches} of {compared} comparisons. This rests on {decisions}.",
        "de": "Gruppen werden unterschiedlicher behandelt als toleriert, in {breaches} von {compared} Vergleichen. Das beruht auf {decisions}.",
    },
    "headline.pass": {
        "en": "In all {compared} comparisons, the groups lie within what is tolerated. This rests on {decisions}.",
        "de": "In allen {compared} Vergleichen liegen die Gruppen in dem Rahmen, der toleriert wird. Das beruht auf {decisions}.",
    },
    "headline.not_enough_evidence": {
        "en": "There is no breach in {compared} comparisons, but for some of them too little is known for a verdict. This rests on {decisions}.",
        "de": "In {compared} Vergleichen ist nichts überschritten, aber für manche davon ist zu wenig bekannt, um zu urteilen. Das beruht auf {decisions}.",
    },
    "headline.not_estimable": {
        "en": "None of the {compared} comparisons can be estimated from {decisions}.",
        "de": "Keiner der {compared} Vergleiche lässt sich aus {decisions} bestimmen.",
    },
    "headline.no_limit": {
        "en": "Nothing was compared with a limit, so there is no verdict. The figures rest on {decisions}.",
        "de": "Nichts wurde mit einer Grenze verglichen, daher gibt es kein Urteil. Die Zahlen beruhen auf {decisions}.",
    },
    "headline.no_verdict": {
        "en": "The figures follow without a verdict, because the rule that they follow sets no limit. They rest on {decisions}.",
        "de": "Die Zahlen folgen ohne Urteil, weil die Regel, nach der sie gebildet sind, keine Grenze setzt. Sie beruhen auf {decisions}.",
    },
    "headline.not_measured": {
        "en": "Whether groups are treated alike is not known: no group is recorded for any of {decisions}.",
        "de": "Ob Gruppen gleich behandelt werden, ist nicht bekannt: Bei {decisions} ist keine Gruppe erfasst.",
    },
    "not_measured.title": {
        "en": "Fairness is not measured here",
        "de": "Fairness wird hier nicht gemessen",
    },
    "not_measured.why": {
        "en": "Without knowing who belongs to which group, nobody can tell whether groups are treated alike. Not measured is not a pass.",
        "de": "Ohne zu wissen, wer zu welcher Gruppe gehört, kann niemand sagen, ob Gruppen gleich behandelt werden. Nicht gemessen heißt nicht bestanden.",
    },
    "not_measured.todo": {
        "en": "To change that: name the attributes under groups in the policy, and send each decision with subject.groups (such as gender and age band), or upload them later, as a file or with “answerable import groups”. They are kept apart, are never used to decide, and leave only as counts.",
        "de": "So ändern Sie das: Nennen Sie die Merkmale in der Richtlinie unter groups, und senden Sie jede Entscheidung mit subject.groups (etwa Geschlecht und Altersgruppe), oder laden Sie sie später hoch, als Datei oder mit „answerable import groups“. Sie werden getrennt verwahrt, nie zum Entscheiden benutzt und nur als Anzahlen ausgegeben.",
    },
    "means.title": {"en": "What that means", "de": "Was das bedeutet"},
    "means.breach": {
        "en": "A breach is a finding about figures: a group is treated differently by more than this business tolerates, and by more than chance explains. It does not say why, nor that anybody meant it, nor that it is unlawful. Somebody has to look at it, and “What contributes” is where to begin.",
        "de": "Eine Überschreitung ist ein Befund über Zahlen: Eine Gruppe wird um mehr anders behandelt, als dieser Betrieb toleriert, und um mehr, als der Zufall erklärt. Sie sagt nicht, warum, nicht, dass es jemand wollte, und nicht, dass es rechtswidrig ist. Jemand muss es sich ansehen; „Was dazu beiträgt“ ist der Ort, um anzufangen.",
    },
    "means.pass": {
        "en": "Within what is tolerated means: even allowing for chance, no group compared is further away than this business tolerates. It does not mean that all are treated alike, and it says nothing of groups that are not recorded.",
        "de": "Im Rahmen heißt: Auch mit dem Zufall gerechnet ist keine verglichene Gruppe weiter entfernt, als dieser Betrieb toleriert. Es heißt nicht, dass alle gleich behandelt werden, und sagt nichts über Gruppen, die nicht erfasst sind.",
    },
    "means.not_enough_evidence": {
        "en": "Not enough evidence is not a pass: the groups may be treated alike, and they may not. How many decisions would settle it stands beside each.",
        "de": "Zu wenig bekannt heißt nicht bestanden: Vielleicht werden die Gruppen gleich behandelt, vielleicht nicht. Wie viele Entscheidungen es klären würden, steht jeweils dabei.",
    },
    "means.not_estimable": {
        "en": "What cannot be estimated is neither a pass nor a breach. The policy may name what is measured (measure.positive) and what is tolerated (fairness).",
        "de": "Was nicht bestimmbar ist, ist weder bestanden noch überschritten. Die Richtlinie kann nennen, was gemessen (measure.positive) und was toleriert wird (fairness).",
    },
    "answer.passes": {
        "en": "All {count} comparisons lie within what is tolerated. The closest to the limit:",
        "de": "Alle {count} Vergleiche liegen im Rahmen. Am nächsten an der Grenze:",
    },
    "answer.passes.one": {
        "en": "The one comparison lies within what is tolerated.",
        "de": "Der eine Vergleich liegt im Rahmen.",
    },
    "answer.more": {
        "en": "The same holds of {count} more comparisons, listed below.",
        "de": "Dasselbe gilt für {count} weitere Vergleiche, die unten stehen.",
    },
    "answer.one_more": {
        "en": "The same holds of one more comparison, listed below.",
        "de": "Dasselbe gilt für einen weiteren Vergleich, der unten steht.",
    },
    "answer.also_unsure": {
        "en": "In {count} other comparisons too little is known for a verdict.",
        "de": "In {count} weiteren Vergleichen ist für ein Urteil zu wenig bekannt.",
    },
    "answer.one_unsure": {
        "en": "In one other comparison too little is known for a verdict.",
        "de": "In einem weiteren Vergleich ist für ein Urteil zu wenig bekannt.",
    },
    "answer.no_limit": {"en": "No limit set", "de": "Keine Grenze gesetzt"},
    "answer.unjudged": {
        "en": "That is the group furthest away. There is no verdict, because no limit is set.",
        "de": "Das ist die am weitesten entfernte Gruppe. Ein Urteil gibt es nicht, weil keine Grenze gesetzt ist.",
    },
    "answer.one_group": {
        "en": "There is only one group, so there is nothing to compare it with.",
        "de": "Es gibt nur eine Gruppe, also nichts, womit sie zu vergleichen wäre.",
    },
    "answer.no_groups": {
        "en": "It is not recorded for anybody, so nothing can be said.",
        "de": "Das ist bei niemandem erfasst, daher lässt sich nichts sagen.",
    },
    "preset.law": {"en": "Law", "de": "Gesetz"},
    "preset.guideline": {
        "en": "Guideline or convention, not a law",
        "de": "Leitfaden oder Übereinkunft, kein Gesetz",
    },
    "preset.source": {"en": "{kind}: {source}, {date}.", "de": "{kind}: {source}, {date}."},
    # ------------------------------------------------------------------------------ the panel
    "panel.title": {
        "en": "From proposal to outcome, by {attribute}",
        "de": "Vom Vorschlag zum Ergebnis, nach {attribute}",
    },
    "panel.proposal": {"en": "Proposed {positive}", "de": "Vorschlag {positive}"},
    "panel.routing": {"en": "Sent to a person", "de": "Einem Menschen vorgelegt"},
    "panel.review": {"en": "Changed by people", "de": "Von Menschen geändert"},
    "panel.outcome": {"en": "In the end {positive}", "de": "Am Ende {positive}"},
    "panel.proposal.said": {
        "en": "The software proposed {positive} most often for {high_group} ({high}) and least often for {low_group} ({low}).",
        "de": "Die Software schlug {positive} am häufigsten für {high_group} vor ({high}) und am seltensten für {low_group} ({low}).",
    },
    "panel.routing.said": {
        "en": "Having to wait for a person was most frequent for {high_group} ({high}) and least frequent for {low_group} ({low}).",
        "de": "Auf einen Menschen warten mussten am häufigsten {high_group} ({high}) und am seltensten {low_group} ({low}).",
    },
    "panel.review.said": {
        "en": "People changed most of what they decided for {high_group} ({high}) and least for {low_group} ({low}).",
        "de": "Menschen änderten das meiste, was sie zu entscheiden hatten, bei {high_group} ({high}) und das wenigste bei {low_group} ({low}).",
    },
    "panel.outcome.said": {
        "en": "In the end, {positive} was most frequent for {high_group} ({high}) and least frequent for {low_group} ({low}).",
        "de": "Am Ende war {positive} bei {high_group} am häufigsten ({high}) und bei {low_group} am seltensten ({low}).",
    },
    "panel.as_proposed": {
        "en": "In the end exactly what was proposed was done, so that it is told once only.",
        "de": "Am Ende wurde genau das Vorgeschlagene getan; es wird daher nur einmal erzählt.",
    },
    "panel.largest": {
        "en": "The {count} largest groups are drawn; the table has all.",
        "de": "Gezeichnet sind die {count} größten Gruppen; die Tabelle hat alle.",
    },
    # ------------------------------------------------------------------------------ what figures amount to
    "summary.breach": {
        "en": "Outside what is tolerated: {groups}.",
        "de": "Außerhalb des Tolerierten: {groups}.",
    },
    "summary.pass": {"en": "Within what is tolerated: {groups}.", "de": "Im Rahmen: {groups}."},
    "summary.not_enough_evidence": {
        "en": "Not enough evidence: {groups}.",
        "de": "Zu wenig bekannt: {groups}.",
    },
    "summary.not_estimable": {
        "en": "Cannot be estimated: {groups}.",
        "de": "Nicht bestimmbar: {groups}.",
    },
    "summary.group": {"en": "{group} ({value})", "de": "{group} ({value})"},
    "summary.more": {"en": "{count} more", "de": "{count} weitere"},
    "summary.one_more": {"en": "1 more", "de": "1 weitere"},
    "summary.nothing": {
        "en": "There is nothing to compare.",
        "de": "Es gibt nichts zu vergleichen.",
    },
    "summary.farthest": {
        "en": "Furthest from the group compared with: {group} ({value}).",
        "de": "Am weitesten von der Vergleichsgruppe entfernt: {group} ({value}).",
    },
    "summary.extremes": {
        "en": "The {metric} is highest for {high_group} ({high}) and lowest for {low_group} ({low}), of the groups large enough to judge.",
        "de": "Der {metric} ist am höchsten für {high_group} ({high}) und am niedrigsten für {low_group} ({low}), unter den Gruppen, die groß genug für ein Urteil sind.",
    },
    "summary.alike": {
        "en": "The {metric} is {share} in every group large enough to judge.",
        "de": "Der {metric} beträgt {share} in jeder Gruppe, die groß genug für ein Urteil ist.",
    },
    "summary.too_few": {
        "en": "Fewer than two groups have at least {enough} decisions, so nothing is said of which is highest.",
        "de": "Weniger als zwei Gruppen haben mindestens {enough} Entscheidungen, daher wird nichts dazu gesagt, welche am höchsten liegt.",
    },
    "title.ratio": {"en": "{metric}: how many times as high", "de": "{metric}: wievielmal so hoch"},
    "title.difference": {"en": "{metric}: difference", "de": "{metric}: Unterschied"},
    "of_all": {"en": "{share} of all", "de": "{share} von allen"},
    "group.below_share": {"en": "below 2 % of all", "de": "unter 2 % von allen"},
    "compare.caption": {"en": "Compared with {reference}.", "de": "Verglichen mit {reference}."},
    "compare.caption_tolerated": {
        "en": "Compared with {reference}; tolerated is {tolerated}.",
        "de": "Verglichen mit {reference}; toleriert wird {tolerated}.",
    },
    "compare.counts": {
        "en": "{part} of {of} against {other} of {other_of}",
        "de": "{part} von {of} gegen {other} von {other_of}",
    },
    # ------------------------------------------------------------------------------ asides
    "aside.tables": {
        "en": "All figures by {attribute}, as tables",
        "de": "Alle Zahlen nach {attribute}, als Tabellen",
    },
    "aside.sentences": {
        "en": "All figures by {attribute}, in sentences",
        "de": "Alle Zahlen nach {attribute}, in Sätzen",
    },
    "aside.whole": {
        "en": "All groups at once by {attribute}: could it be chance, and which two are furthest apart",
        "de": "Alle Gruppen zugleich nach {attribute}: Kann es Zufall sein, und welche zwei liegen am weitesten auseinander",
    },
    "aside.comparisons": {
        "en": "All comparisons by {attribute}, as tables",
        "de": "Alle Vergleiche nach {attribute}, als Tabellen",
    },
    "aside.comparison_sentences": {
        "en": "All comparisons by {attribute}, in sentences",
        "de": "Alle Vergleiche nach {attribute}, in Sätzen",
    },
    "aside.errors": {
        "en": "All figures of right and wrong by {attribute}, as tables",
        "de": "Alle Zahlen zu richtig und falsch nach {attribute}, als Tabellen",
    },
    "aside.error_sentences": {
        "en": "All figures of right and wrong by {attribute}, in sentences",
        "de": "Alle Zahlen zu richtig und falsch nach {attribute}, in Sätzen",
    },
    "aside.bounds": {
        "en": "Between what the rates that are not shown must lie, by {attribute}",
        "de": "Wozwischen die nicht gezeigten Anteile liegen müssen, nach {attribute}",
    },
    "aside.coverage": {
        "en": "What one threshold for all does to each group",
        "de": "Was eine Schwelle für alle mit jeder Gruppe macht",
    },
    "aside.score_sentences": {
        "en": "The scores by {attribute}, in sentences",
        "de": "Die Bewertungen nach {attribute}, in Sätzen",
    },
    "aside.waits": {
        "en": "The waits of each group, in sentences",
        "de": "Die Wartezeiten jeder Gruppe, in Sätzen",
    },
    "aside.mix": {
        "en": "The outcomes of each group, in sentences",
        "de": "Die Ergebnisse jeder Gruppe, in Sätzen",
    },
    "aside.acceptance": {
        "en": "What was offered and taken, in sentences",
        "de": "Was angeboten und angenommen wurde, in Sätzen",
    },
    "aside.alike": {"en": "These comparisons in sentences", "de": "Diese Vergleiche in Sätzen"},
    "aside.alike_crossed": {
        "en": "The same where attributes meet",
        "de": "Dasselbe, wo Merkmale zusammentreffen",
    },
    "aside.classes": {"en": "Each class by itself", "de": "Jede Klasse für sich"},
    # ------------------------------------------------------------------------------ by group, compared, crossed
    "groups.lead": {
        "en": "How often each group met each step. A group drawn in grey is too small to rest a judgement on.",
        "de": "Wie oft jede Gruppe jeden Schritt erlebte. Eine grau gezeichnete Gruppe ist zu klein für ein Urteil.",
    },
    "comparisons.lead": {
        "en": "Each group beside the one it is compared with. Where nothing divides them, a ratio is 1 and a difference 0.",
        "de": "Jede Gruppe neben der, mit der sie verglichen wird. Wo nichts sie trennt, ist ein Verhältnis 1 und ein Unterschied 0.",
    },
    "comparisons.chance": {
        "en": "A verdict is given only where the whole range that chance allows lies on one side of the limit.",
        "de": "Ein Urteil gibt es nur, wo alles, was der Zufall zulässt, auf einer Seite der Grenze liegt.",
    },
    "intersections.lead": {
        "en": "What is even by each attribute alone may be uneven where they meet. The more is crossed, the fewer are left in each group.",
        "de": "Was nach jedem Merkmal allein gleich ist, kann ungleich sein, wo sie zusammentreffen. Je mehr gekreuzt wird, desto weniger bleiben in jeder Gruppe.",
    },
    "worst.caution": {
        "en": "The two groups furthest apart are given because it is often asked for. Among many small groups the gap looks large even where all are treated alike, so it has no verdict.",
        "de": "Die zwei am weitesten entfernten Gruppen stehen hier, weil oft danach gefragt wird. Bei vielen kleinen Gruppen wirkt der Abstand auch dann groß, wenn alle gleich behandelt werden; daher gibt es dazu kein Urteil.",
    },
    # ------------------------------------------------------------------------------ alike
    "alike.lead": {
        "en": "A group may get something less often because it differs in what may rightly matter. Here only those are compared who are alike in that, and then all classes are taken together.",
        "de": "Eine Gruppe kann etwas seltener bekommen, weil sie sich in dem unterscheidet, worauf es ankommen darf. Hier werden nur die verglichen, die sich darin gleichen, und dann alle Klassen zusammengenommen.",
    },
    "alike.table": {
        "en": "Over all and among those who are alike",
        "de": "Insgesamt und unter Gleichen",
    },
    "alike.said": {
        "en": "Over all, the {metric} of {group} differs from that of {reference} by {crude}. Among those alike in {feature} it differs by {within}; allowing for chance, by {low} to {high}.",
        "de": "Insgesamt unterscheidet sich der {metric} bei {group} von dem bei {reference} um {crude}. Unter denen, die sich in {feature} gleichen, sind es {within}; mit dem Zufall gerechnet {low} bis {high}.",
    },
    "alike.left_out": {
        "en": "Left out, because the other group has none like them: {count}.",
        "de": "Nicht verglichen, weil die andere Gruppe keine solchen hat: {count}.",
    },
    "alike.reversed.title": {
        "en": "Among those who are alike, a difference turns round",
        "de": "Unter Gleichen kehrt sich ein Unterschied um",
    },
    "alike.reversed": {
        "en": "Over all, the {metric} of {group} differs from that of {reference} by {crude}; among those alike in {feature} by {within}. Which of the two counts depends on whether {feature} may rightly matter.",
        "de": "Insgesamt unterscheidet sich der {metric} bei {group} von dem bei {reference} um {crude}; unter denen, die sich in {feature} gleichen, um {within}. Welches von beiden zählt, hängt davon ab, ob es auf {feature} ankommen darf.",
    },
    "alike.classes": {
        "en": "{group} and {reference}: {stage}",
        "de": "{group} und {reference}: {stage}",
    },
    # ------------------------------------------------------------------------------ right and wrong
    "errors.lead": {
        "en": "Whether a decision was right shows only later, and not always. What can be said of errors depends on what is known.",
        "de": "Ob eine Entscheidung richtig war, zeigt sich erst später und nicht immer. Was sich über Fehler sagen lässt, hängt davon ab, was bekannt ist.",
    },
    "errors.table": {
        "en": "Figures that need the right answer",
        "de": "Zahlen, die die richtige Antwort brauchen",
    },
    "errors.bounds": {
        "en": "For {group}, the {metric} must lie between {low} and {high}, whatever the answers are that nobody knows.",
        "de": "Für {group} muss der {metric} zwischen {low} und {high} liegen, wie auch immer die Antworten lauten, die niemand kennt.",
    },
    "aside.inequality": {
        "en": "How unevenly right and wrong decisions fall on people",
        "de": "Wie ungleich richtige und falsche Entscheidungen auf Menschen fallen",
    },
    "inequality": {
        "en": "In one figure, how unevenly right and wrong decisions fall on people is {entropy} (generalized entropy) or {theil} (Theil); 0 is where all fare alike.",
        "de": "Wie ungleich richtige und falsche Entscheidungen auf Menschen fallen, ist in einer Zahl {entropy} (verallgemeinerte Entropie) oder {theil} (Theil); 0 ist, wo es allen gleich ergeht.",
    },
    "inequality.between": {
        "en": "Of the first, {between} lies between groups by {attribute}.",
        "de": "Von der ersten liegen {between} zwischen Gruppen nach {attribute}.",
    },
    "labels.title": {"en": "Is the right answer known?", "de": "Ist die richtige Antwort bekannt?"},
    "labels.share": {"en": "known: {share}", "de": "bekannt: {share}"},
    "labels.counted": {
        "en": "Of {of}, the right answer is known for {known} ({share}), not known yet for {not_yet}, and will never be known for {never}.",
        "de": "Von {of} ist die richtige Antwort bei {known} ({share}) bekannt, bei {not_yet} noch nicht und bei {never} nie.",
    },
    "labels.not_mature": {
        "en": "{count} are too young to be counted here.",
        "de": "{count} sind zu neu, um hier zu zählen.",
    },
    # ------------------------------------------------------------------------------ scores
    "scores.lead": {
        "en": "With each proposal the software says how sure it is. That should be worth the same in every group.",
        "de": "Mit jedem Vorschlag sagt die Software, wie sicher sie ist. Das sollte in jeder Gruppe gleich viel wert sein.",
    },
    "scores.lead_unranked": {
        "en": "With each proposal the software says how sure it is. There are more than two outcomes, so this is the chance that the proposal is right.",
        "de": "Mit jedem Vorschlag sagt die Software, wie sicher sie ist. Es gibt mehr als zwei Ergebnisse, daher ist das die Chance, dass der Vorschlag richtig ist.",
    },
    "scores.median": {
        "en": "Half of all scores lie at {median} or below.",
        "de": "Die Hälfte aller Bewertungen liegt bei {median} oder darunter.",
    },
    "scoring.highest": {"en": "highest", "de": "höchster"},
    "auc.title": {
        "en": "How well scores tell right from wrong",
        "de": "Wie gut Bewertungen Richtiges von Falschem trennen",
    },
    "auc.sentence": {
        "en": "Taken at random, one for whom the outcome was right has the higher score than one for whom it was wrong with a probability of {overall}; 0.5 is a guess, 1 is perfect.",
        "de": "Zufällig herausgegriffen hat jemand, für den das Ergebnis richtig war, mit einer Wahrscheinlichkeit von {overall} die höhere Bewertung als jemand, für den es falsch war; 0,5 ist geraten, 1 ist vollkommen.",
    },
    "auc.group": {
        "en": "For {group}, in about {share} of 100 pairs the one for whom the outcome was right has the higher score ({value}; allowing for chance {low} to {high}).",
        "de": "Für {group} hat in etwa {share} von 100 Paaren die Person, für die das Ergebnis richtig war, die höhere Bewertung ({value}; mit dem Zufall gerechnet {low} bis {high}).",
    },
    "auc.not_estimable": {
        "en": "For {group}, how well scores tell right from wrong cannot be estimated.",
        "de": "Für {group} lässt sich nicht bestimmen, wie gut Bewertungen Richtiges von Falschem trennen.",
    },
    "calibration.title": {
        "en": "Does what is said come true?",
        "de": "Trifft ein, was gesagt wird?",
    },
    "calibration.down": {"en": "↑ how often it came true", "de": "↑ wie oft es eintraf"},
    "calibration.across": {
        "en": "how sure the software was →",
        "de": "wie sicher die Software war →",
    },
    "calibration.diagonal": {"en": "said and true alike", "de": "gesagt wie eingetroffen"},
    "calibration.summary.more": {
        "en": "More came true than was said for {groups}: there the software says too little.",
        "de": "Für {groups} traf mehr ein, als gesagt wurde: Dort sagt die Software zu wenig.",
    },
    "calibration.summary.fewer": {
        "en": "Less came true than was said for {groups}: there the software says too much.",
        "de": "Für {groups} traf weniger ein, als gesagt wurde: Dort sagt die Software zu viel.",
    },
    "calibration.summary.fits": {
        "en": "As much came true as was said, allowing for chance, for {groups}.",
        "de": "Für {groups} traf so viel ein, wie gesagt wurde, wenn man den Zufall einrechnet.",
    },
    "calibration.positive.fits": {
        "en": "Of {of} about {group}, by the scores {expected} should have turned out {positive}, and {observed} did: chance explains the rest.",
        "de": "Von {of} über {group} hätte sich den Bewertungen nach bei {expected} {positive} als richtig erweisen müssen, und bei {observed} war es so: Den Rest erklärt der Zufall.",
    },
    "calibration.positive.more": {
        "en": "Of {of} about {group}, by the scores {expected} should have turned out {positive}, and {observed} did: the scores are too low for this group.",
        "de": "Von {of} über {group} hätte sich den Bewertungen nach bei {expected} {positive} als richtig erweisen müssen, und bei {observed} war es so: Für diese Gruppe sind die Bewertungen zu niedrig.",
    },
    "calibration.positive.fewer": {
        "en": "Of {of} about {group}, by the scores {expected} should have turned out {positive}, and {observed} did: the scores are too high for this group.",
        "de": "Von {of} über {group} hätte sich den Bewertungen nach bei {expected} {positive} als richtig erweisen müssen, und bei {observed} war es so: Für diese Gruppe sind die Bewertungen zu hoch.",
    },
    "calibration.right.fits": {
        "en": "Of {of} about {group}, by what the software said {expected} should have been right, and {observed} were: chance explains the rest.",
        "de": "Von {of} über {group} hätten nach den Angaben der Software {expected} richtig sein müssen, und {observed} waren es: Den Rest erklärt der Zufall.",
    },
    "calibration.right.more": {
        "en": "Of {of} about {group}, by what the software said {expected} should have been right, and {observed} were: it is less sure for this group than it could be.",
        "de": "Von {of} über {group} hätten nach den Angaben der Software {expected} richtig sein müssen, und {observed} waren es: Bei dieser Gruppe ist sie weniger sicher, als sie sein könnte.",
    },
    "calibration.right.fewer": {
        "en": "Of {of} about {group}, by what the software said {expected} should have been right, and {observed} were: it is too sure for this group.",
        "de": "Von {of} über {group} hätten nach den Angaben der Software {expected} richtig sein müssen, und {observed} waren es: Bei dieser Gruppe ist sie sich zu sicher.",
    },
    "coverage.title": {
        "en": "What deciding alone costs in errors",
        "de": "Was Alleinentscheiden an Fehlern kostet",
    },
    "coverage.whole": {
        "en": "If the software decided {coverage} alone, {error} would be wrong.",
        "de": "Entschiede die Software {coverage} allein, so wären {error} falsch.",
    },
    "coverage.surest": {
        "en": "If it decided only the surest {coverage}, {error} of those would be wrong.",
        "de": "Entschiede sie nur die sichersten {coverage}, so wären davon {error} falsch.",
    },
    "coverage.today": {
        "en": "Today it decides {coverage} alone, and {error} of those turned out wrong.",
        "de": "Heute entscheidet sie {coverage} allein, und {error} davon erwiesen sich als falsch.",
    },
    "coverage.area": {
        "en": "Over all shares that the software could decide alone, {area} would be wrong on average.",
        "de": "Über alle Anteile hinweg, die die Software allein entscheiden könnte, wären im Mittel {area} falsch.",
    },
    "coverage.surest_head": {"en": "Surest {coverage} alone", "de": "Sicherste {coverage} allein"},
    "coverage.all_head": {"en": "All alone: wrong", "de": "Alles allein: falsch"},
    "coverage.cell": {"en": "{review} to people", "de": "{review} zu Menschen"},
    "coverage.cell_wrong": {"en": "{error} of the rest wrong", "de": "{error} vom Rest falsch"},
    "coverage.group": {
        "en": "Of the decisions about {group}, {full} would be wrong if the software decided all alone. If it decided the surest {at} of all decisions alone, {review} of this group's would go to a person, and {error} of the rest would be wrong.",
        "de": "Von den Entscheidungen über {group} wären {full} falsch, entschiede die Software alles allein. Entschiede sie die sichersten {at} aller Entscheidungen allein, so kämen von dieser Gruppe {review} zu einem Menschen, und vom Rest wären {error} falsch.",
    },
    # ------------------------------------------------------------------------------ waits
    "waits.overall": {
        "en": "{count} waited for a person: half of them {half} at most, nine in ten {nine} at most.",
        "de": "{count} warteten auf einen Menschen: die Hälfte höchstens {half}, neun von zehn höchstens {nine}.",
    },
    "waits.lead": {
        "en": "Waits are counted in classes, so each is known as “at most”. What still waits is not counted.",
        "de": "Wartezeiten sind in Klassen gezählt, jede ist daher als „höchstens“ bekannt. Was noch wartet, ist nicht gezählt.",
    },
    "waits.text": {
        "en": "half {half}, nine in ten {nine}",
        "de": "Hälfte {half}, neun von zehn {nine}",
    },
    "waits.half": {
        "en": "half waited at most so long",
        "de": "die Hälfte wartete höchstens so lange",
    },
    "waits.nine": {
        "en": "to what nine in ten waited at most",
        "de": "bis dorthin, was neun von zehn höchstens warteten",
    },
    "waits.longer": {"en": "more than {time}", "de": "mehr als {time}"},
    "waits.alike": {
        "en": "In every group large enough to judge, half waited {half} at most.",
        "de": "In jeder Gruppe, die groß genug für ein Urteil ist, wartete die Hälfte höchstens {half}.",
    },
    "waits.extremes": {
        "en": "Half of {high_group} waited up to {high}, half of {low_group} up to {low}.",
        "de": "Die Hälfte von {high_group} wartete bis zu {high}, die Hälfte von {low_group} bis zu {low}.",
    },
    "waits.group": {
        "en": "Of {count} about {group} that waited for a person, half waited {half} at most and nine in ten {nine} at most; {hours} waited longer than four hours, {share} longer than a day.",
        "de": "Von {count} über {group}, die auf einen Menschen warteten, wartete die Hälfte höchstens {half} und neun von zehn höchstens {nine}; {hours} warteten länger als vier Stunden, {share} länger als einen Tag.",
    },
    # ------------------------------------------------------------------------------ mix
    "mix.lead": {
        "en": "Which outcomes each group got. A mix may differ with good reason, so there is no verdict on it.",
        "de": "Welche Ergebnisse jede Gruppe bekam. Eine Verteilung darf mit gutem Grund verschieden sein, daher gibt es kein Urteil dazu.",
    },
    "mix.among_all": {"en": "{attribute}: all outcomes", "de": "{attribute}: alle Ergebnisse"},
    "mix.among_positive": {
        "en": "{attribute}: among the measured outcomes",
        "de": "{attribute}: unter den gemessenen Ergebnissen",
    },
    "mix.untested": {
        "en": "There are too few to tell whether the groups share one mix.",
        "de": "Es sind zu wenige, um zu sagen, ob die Gruppen dieselbe Verteilung haben.",
    },
    "mix.differs": {
        "en": "The groups do not share one mix: if they did, chance would do this with a probability of {p}. How strongly they differ: {size} ({v} on a scale from 0 to 1).",
        "de": "Die Gruppen haben nicht dieselbe Verteilung: Hätten sie sie, so käme das durch Zufall mit einer Wahrscheinlichkeit von {p} vor. Wie stark sie sich unterscheiden: {size} ({v} auf einer Skala von 0 bis 1).",
    },
    "mix.may_be_alike": {
        "en": "The groups may share one mix: chance would make differences like these with a probability of {p}. How strongly they differ: {size} ({v} on a scale from 0 to 1).",
        "de": "Die Gruppen haben vielleicht dieselbe Verteilung: Solche Unterschiede kämen durch Zufall mit einer Wahrscheinlichkeit von {p} vor. Wie stark sie sich unterscheiden: {size} ({v} auf einer Skala von 0 bis 1).",
    },
    "mix.slight": {"en": "slightly", "de": "wenig"},
    "mix.moderate": {"en": "moderately", "de": "mäßig"},
    "mix.strong": {"en": "strongly", "de": "stark"},
    "mix.part": {"en": "{outcome} in {share}", "de": "{outcome} bei {share}"},
    "mix.group.proposal": {
        "en": "For {of} about {group}, the software proposed {outcomes}.",
        "de": "Bei {of} über {group} schlug die Software vor: {outcomes}.",
    },
    "mix.group.outcome": {
        "en": "{of} about {group} ended with {outcomes}.",
        "de": "{of} über {group} endeten mit {outcomes}.",
    },
    "wrong_team.title": {
        "en": "Sent to the wrong place: {stage}",
        "de": "An die falsche Stelle gegeben: {stage}",
    },
    "wrong_team.group": {
        "en": "Of {of} about {group} whose right place is known, {part} ({share}) went to a wrong one.",
        "de": "Von {of} über {group}, deren richtige Stelle bekannt ist, gingen {part} ({share}) an eine falsche.",
    },
    "acceptance.title": {
        "en": "Offered and taken: {stage}",
        "de": "Angeboten und angenommen: {stage}",
    },
    "acceptance.lead": {
        "en": "A group that is offered something less often and takes it as often as others is passed over. One that takes it less often may just not want it.",
        "de": "Eine Gruppe, der etwas seltener angeboten wird und die es ebenso oft annimmt, wird übergangen. Eine, die es seltener annimmt, will es vielleicht nur nicht.",
    },
    "acceptance.others": {
        "en": "The same for all other outcomes",
        "de": "Dasselbe für alle übrigen Ergebnisse",
    },
    "acceptance.group": {
        "en": "For {group}, {outcome} was chosen in {exposure}; of {labelled} of these whose right answer is known, it was right in {rate}.",
        "de": "Für {group} wurde {outcome} bei {exposure} gewählt; von {labelled} davon, deren richtige Antwort bekannt ist, war es bei {rate} richtig.",
    },
    "ratings.csat.title": {
        "en": "How content people were (CSAT)",
        "de": "Wie zufrieden Menschen waren (CSAT)",
    },
    "ratings.ces.title": {"en": "How easy it was (CES)", "de": "Wie einfach es war (CES)"},
    "ratings.nps.title": {
        "en": "Whether people would recommend it (NPS)",
        "de": "Ob Menschen es empfehlen würden (NPS)",
    },
    "ratings.csat.share": {"en": "Content (4 or 5)", "de": "Zufrieden (4 oder 5)"},
    "ratings.ces.share": {"en": "Easy (5 to 7)", "de": "Einfach (5 bis 7)"},
    "ratings.nps.share": {"en": "Promoters less detractors", "de": "Fürsprecher minus Kritiker"},
    "ratings.csat.said": {
        "en": "{count} people rated it {mean} of 5 on average; {share} were content.",
        "de": "{count} Menschen gaben im Mittel {mean} von 5; {share} waren zufrieden.",
    },
    "ratings.ces.said": {
        "en": "{count} people rated it {mean} of 7 on average; {share} found it easy.",
        "de": "{count} Menschen gaben im Mittel {mean} von 7; {share} fanden es einfach.",
    },
    "ratings.nps.said": {
        "en": "{count} people rated it {mean} of 10 on average; those who would recommend it less those who would not are {share}.",
        "de": "{count} Menschen gaben im Mittel {mean} von 10; wer es empfehlen würde minus wer nicht, das sind {share}.",
    },
    "ratings.chosen": {
        "en": "Those who rate choose to, and may not be like the others.",
        "de": "Wer bewertet, entscheidet sich dafür und ist vielleicht anders als die übrigen.",
    },
    # ------------------------------------------------------------------------------ what contributes
    "causes.lead": {
        "en": "Each difference is split into parts that add up to it.",
        "de": "Jeder Unterschied ist in Teile zerlegt, die sich zu ihm ergänzen.",
    },
    "causes.caution": {
        "en": "A part says where a difference sits, not that it is wrong to be there, and not what would happen if it were gone.",
        "de": "Ein Teil sagt, wo ein Unterschied sitzt, nicht, dass er dort falsch ist, und nicht, was ohne ihn geschähe.",
    },
    "causes.rules": {
        "en": "Which rules keep {group} from automation more than {reference}",
        "de": "Welche Regeln {group} mehr als {reference} von der Automatik fernhalten",
    },
    "causes.rules.said": {
        "en": "Of the decisions about {group}, {rate} were not made by the software alone; about {reference} it is {reference_rate}, a difference of {difference}. The largest part is {rule}: {part}.",
        "de": "Von den Entscheidungen über {group} traf die Software {rate} nicht allein; bei {reference} sind es {reference_rate}, ein Unterschied von {difference}. Den größten Teil macht {rule} aus: {part}.",
    },
    "causes.overlap": {
        "en": "Some decisions have several reasons; each reason takes its share by how often it was given.",
        "de": "Manche Entscheidungen haben mehrere Gründe; jeder bekommt seinen Teil danach, wie oft er genannt wurde.",
    },
    "causes.facts": {
        "en": "What the difference between {group} and {reference} rests on",
        "de": "Worauf der Unterschied zwischen {group} und {reference} beruht",
    },
    "causes.facts.said": {
        "en": "The {metric} of {group} differs from that of {reference} by {difference}. The reasons that the software gave explain {explained} of it; {unexplained} nothing that was given explains.",
        "de": "Der {metric} bei {group} unterscheidet sich von dem bei {reference} um {difference}. Die Gründe, die die Software angab, erklären davon {explained}; {unexplained} erklärt nichts von dem, was angegeben wurde.",
    },
    "causes.opposite": {
        "en": "The reasons given speak for the other group than the proposals favour.",
        "de": "Die angegebenen Gründe sprechen für die andere Gruppe als die, die die Vorschläge begünstigen.",
    },
    "causes.assumes": {
        "en": "This takes the reasons to be as logistic regression and boosted trees give them (log odds).",
        "de": "Das setzt voraus, dass die Gründe so angegeben sind, wie logistische Regression und verstärkte Bäume sie geben (logarithmierte Chancen).",
    },
    "causes.explained": {"en": "reasons given, together", "de": "angegebene Gründe, zusammen"},
    "causes.unexplained": {
        "en": "explained by nothing given",
        "de": "durch nichts Angegebenes erklärt",
    },
    "causes.rest": {"en": "all other facts", "de": "alle übrigen Angaben"},
    "causes.means": {
        "en": "Which facts speak more for {group} than for {reference}",
        "de": "Welche Angaben mehr für {group} als für {reference} sprechen",
    },
    "causes.means.more": {
        "en": "Of the reasons that the software gave, {feature} speaks most for {group}, compared with {reference}.",
        "de": "Von den Gründen, die die Software angab, spricht {feature} am meisten für {group}, verglichen mit {reference}.",
    },
    "causes.means.less": {
        "en": "Of the reasons that the software gave, {feature} speaks most against {group}, compared with {reference}.",
        "de": "Von den Gründen, die die Software angab, spricht {feature} am meisten gegen {group}, verglichen mit {reference}.",
    },
    "causes.strata": {
        "en": "The {metric} of {group} differs from that of {reference} by {difference}. Of this, {composition} goes with how the groups are spread over {feature}, and {within} remains among those who are alike in it.",
        "de": "Der {metric} bei {group} unterscheidet sich von dem bei {reference} um {difference}. Davon gehen {composition} damit einher, wie die Gruppen über {feature} verteilt sind, und {within} bleiben unter denen, die sich darin gleichen.",
    },
    "causes.less": {"en": "← less for {group}", "de": "← weniger für {group}"},
    "causes.more": {"en": "more for {group} →", "de": "mehr für {group} →"},
    # ------------------------------------------------------------------------------ what if
    "whatif.lead": {
        "en": "Below a threshold a decision goes to a person. Nothing here is applied by itself, and no group is ever looked at when deciding.",
        "de": "Unter einer Schwelle wird eine Entscheidung einem Menschen vorgelegt. Nichts davon wird von selbst angewandt, und beim Entscheiden wird nie auf eine Gruppe gesehen.",
    },
    "whatif.title": {
        "en": "Load, error and disparity by threshold",
        "de": "Aufwand, Fehler und Unterschied je Schwelle",
    },
    "whatif.load": {"en": "Sent to a person", "de": "Einem Menschen vorgelegt"},
    "whatif.error": {
        "en": "Wrong, of those decided without a person",
        "de": "Falsch, von denen ohne einen Menschen",
    },
    "whatif.disparity": {
        "en": "{group} sent to a person more than {reference}, in points",
        "de": "{group} mehr vorgelegt als {reference}, in Punkten",
    },
    "whatif.today": {
        "en": "Today's threshold of {threshold} sends {load} to a person and leaves {error} of the rest wrong.",
        "de": "Die heutige Schwelle von {threshold} legt {load} einem Menschen vor und lässt vom Rest {error} falsch.",
    },
    "whatif.today_unknown": {
        "en": "Today's threshold of {threshold} sends {load} to a person. How wrong the rest is cannot be estimated.",
        "de": "Die heutige Schwelle von {threshold} legt {load} einem Menschen vor. Wie falsch der Rest ist, lässt sich nicht bestimmen.",
    },
    "whatif.no_current": {
        "en": "The policy sets no threshold today.",
        "de": "Die Richtlinie setzt heute keine Schwelle.",
    },
    "whatif.is_current": {"en": "today", "de": "heute"},
    "whatif.targets": {
        "en": "How sure must the machine be?",
        "de": "Wie sicher muss die Maschine sein?",
    },
    "whatif.target": {
        "en": "To leave surely fewer than {error} wrong: a person decides below {threshold}.",
        "de": "Damit sicher weniger als {error} falsch bleiben: Unter {threshold} entscheidet ein Mensch.",
    },
    "whatif.no_target": {
        "en": "For fewer than {errors} wrong, what is known so far shows no threshold that would do.",
        "de": "Für weniger als {errors} falsche zeigt das bisher Bekannte keine Schwelle, die genügt.",
    },
    "whatif.cannot": {"en": "What this cannot tell", "de": "Was sich so nicht sagen lässt"},
    # ------------------------------------------------------------------------------ how it was measured
    "fact.positive": {"en": "Measured outcome", "de": "Gemessenes Ergebnis"},
    "fact.no_positive": {
        "en": "none named (measure.positive)",
        "de": "keines genannt (measure.positive)",
    },
    "fact.enough": {"en": "A verdict rests on", "de": "Ein Urteil stützt sich auf"},
    "fact.enough_of": {
        "en": "at least {count} decisions of each group",
        "de": "mindestens {count} Entscheidungen jeder Gruppe",
    },
    "fact.maturity": {
        "en": "What turned out right counts after",
        "de": "Was richtig war, zählt nach",
    },
    "fact.days": {"en": "{count} days", "de": "{count} Tagen"},
    "tolerances.title": {
        "en": "What is tolerated, and who says so",
        "de": "Was toleriert wird und wer das sagt",
    },
    "tolerances.all": {"en": "every attribute", "de": "jedes Merkmal"},
    "methods.title": {"en": "Methods", "de": "Verfahren"},
    "methods.lead": {
        "en": "Every figure comes from counts of decisions. “What chance allows” is the range in which the true figure lies in {confidence} of 100 such reports.",
        "de": "Jede Zahl stammt aus Anzahlen von Entscheidungen. „Was der Zufall zulässt“ ist der Bereich, in dem der wahre Wert in {confidence} von 100 solchen Berichten liegt.",
    },
    "methods.judged": {
        "en": "A pass needs the whole range inside what is tolerated, a breach the whole range outside, also after correcting for the number of comparisons. Everything else is not enough evidence.",
        "de": "Im Rahmen ist, wessen ganzer Bereich innerhalb des Tolerierten liegt; überschritten, wessen ganzer Bereich außerhalb liegt, auch nach der Korrektur für die Zahl der Vergleiche. Alles andere ist zu wenig bekannt.",
    },
    "exclusions.lead": {
        "en": "Nothing is dropped in silence. This is not in the figures above, or not in all of them:",
        "de": "Nichts fällt stillschweigend weg. Dies ist in den Zahlen oben nicht enthalten, oder nicht in allen:",
    },
    "exclusions.none": {"en": "Nothing was left out.", "de": "Es wurde nichts ausgelassen."},
    "exclusions.other": {"en": "{code}: {count}.", "de": "{code}: {count}."},
    "limits.hidden": {
        "en": "This report is for publication: figures of fewer than {fewest} people are hidden, and others from which those would follow.",
        "de": "Dieser Bericht ist zum Veröffentlichen: Zahlen von weniger als {fewest} Menschen sind verborgen, und andere, aus denen diese folgen würden.",
    },
    "limits.cause": {
        "en": "Figures by group show differences, not their causes. Whether a difference is fair is for people to judge.",
        "de": "Zahlen nach Gruppen zeigen Unterschiede, nicht deren Ursachen. Ob ein Unterschied gerecht ist, müssen Menschen beurteilen.",
    },
    "limits.law": {
        "en": "A verdict here is by the tolerance that is named above. It is not a legal opinion.",
        "de": "Ein Urteil hier folgt der oben genannten Toleranz. Es ist keine Rechtsauskunft.",
    },
    "versions.window": {
        "en": "Decisions from {since} to {until} are counted, both days included (UTC).",
        "de": "Gezählt sind Entscheidungen vom {since} bis {until}, beide Tage eingeschlossen (UTC).",
    },
    "versions.pending": {
        "en": "{count} changes are not counted yet.",
        "de": "{count} Änderungen sind noch nicht gezählt.",
    },
    "versions.all_counted": {
        "en": "All changes are counted.",
        "de": "Alle Änderungen sind gezählt.",
    },
    "versions.imported": {
        "en": "{count} were brought in from before.",
        "de": "{count} wurden aus früherer Zeit übernommen.",
    },
    "versions.appeals": {
        "en": "The persons concerned objected to {count}; {answered} of them were answered so far, and {upheld} changed.",
        "de": "Widerspruch gab es gegen {count}; {answered} davon sind bisher beantwortet und {upheld} geändert.",
    },
    "versions.appeals_hidden": {
        "en": "There were objections; how many is not told, because they are of so few.",
        "de": "Es gab Widersprüche; wie viele, wird nicht gesagt, weil es so wenige sind.",
    },
    "versions.no_appeals": {
        "en": "No appeals are recorded.",
        "de": "Es sind keine Widersprüche erfasst.",
    },
    "versions.title": {"en": "Who made the decisions", "de": "Wer die Entscheidungen traf"},
    # ------------------------------------------------------------------------------ heads of these tables
    "head.accepted": {"en": "Right where chosen", "de": "Richtig, wo gewählt"},
    "head.attribute": {"en": "By", "de": "Nach"},
    "head.crude": {"en": "Over all", "de": "Insgesamt"},
    "head.difference": {"en": "Difference", "de": "Unterschied"},
    "head.exposure": {"en": "Chosen for", "de": "Gewählt für"},
    "head.impact_ratio": {
        "en": "Impact ratio: times the highest",
        "de": "Impact ratio: Vielfaches des höchsten",
    },
    "head.mean": {"en": "Mean", "de": "Mittel"},
    "head.method": {"en": "Method", "de": "Verfahren"},
    "head.outcome": {"en": "Outcome", "de": "Ergebnis"},
    "head.over_24h": {"en": "Longer than a day", "de": "Länger als ein Tag"},
    "head.over_4h": {"en": "Longer than 4 hours", "de": "Länger als 4 Stunden"},
    "head.p_within": {"en": "p", "de": "p"},
    "head.ratings": {"en": "Ratings", "de": "Bewertungen"},
    "head.source": {"en": "Source", "de": "Quelle"},
    "head.stage": {"en": "Stage", "de": "Stufe"},
    "head.watch": {"en": "Watch line", "de": "Beobachtungsgrenze"},
    "head.within": {"en": "Among those alike", "de": "Unter Gleichen"},
    "head.wrong_team": {"en": "Wrong place", "de": "Falsche Stelle"},
    # ------------------------------------------------------------------------------ the stand-alone page
    "page.signature": {"en": "Signature", "de": "Signatur"},
    "page.signed": {
        "en": "This report is signed. Whoever changes a figure in this file breaks the signature: check it with “answerable report verify”.",
        "de": "Dieser Bericht ist signiert. Wer in dieser Datei eine Zahl ändert, bricht die Signatur: Prüfen Sie sie mit „answerable report verify“.",
    },
    "page.unsigned": {
        "en": "This report is not signed. Its figures are in this file as JSON and can be computed again with “answerable report verify”.",
        "de": "Dieser Bericht ist nicht signiert. Seine Zahlen liegen in dieser Datei als JSON und lassen sich mit „answerable report verify“ nachrechnen.",
    },
    "page.skip": {"en": "Skip to the report", "de": "Zum Bericht"},
    "page.figures": {"en": "The figures as a table", "de": "Die Zahlen als Tabelle"},
}
"""Sentences that stand around the figures."""
