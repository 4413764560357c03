"""The answer first: a calm line for each attribute, what it means, and the stages side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from audits.reports.blocks import (
    Answer,
    Answers,
    Block,
    Cell,
    Column,
    Figure,
    Gallery,
    Note,
    Section,
    Table,
)
from audits.reports.charts.stages import Rate, StageColumn, stages
from audits.reports.sections import comparing, counting
from audits.reports.sections.view import Item, Json, View, largest, number, part
from audits.reports.words import numbers, terms

#: Lines of groups that the panel shows; the table beside it shows all.
_PANEL_GROUPS: Final = 12
#: What each stage is told by, and the scale it is drawn on.
_PANEL: Final = (
    ("proposal", "selection_rate", "selection"),
    ("routing", "review_rate", "routing"),
    ("review", "override_rate", "review"),
    ("outcome", "selection_rate", "selection"),
)
_SENTENCES: Final = 2
#: Verdicts in the order in which they are told.
_GRAVEST: Final = ("breach", "not_enough_evidence", "not_estimable", "pass", "none")


def section(view: View) -> Section:
    """Tell what the report comes to."""
    blocks: list[Block] = []
    answers = sorted(
        (_answer(view, item) for item in view.items()),
        key=lambda one: _GRAVEST.index(one.verdict),
    )
    if view.verdict == "not_measured" or not answers:
        blocks.append(not_measured(view))
    else:
        blocks.append(Answers(items=tuple(answers)))
    preset = preset_note(view)
    if preset is not None:
        blocks.append(preset)
    if view.verdict in {"breach", "not_enough_evidence", "pass", "not_estimable"} and answers:
        blocks.append(
            Note(
                tone="info",
                title=view.say("means.title"),
                sentences=(view.say(f"means.{view.verdict}"),),
            )
        )
    panels = [panel for item in view.items() if len(item) == 1 for panel in _panels(view, item)]
    if panels:
        blocks.append(Gallery(figures=tuple(panels)))
    return Section(id="answer", title=view.say("section.answer"), blocks=tuple(blocks))


def headline(view: View) -> str:
    """Say the report's verdict in one sentence, with how much it rests on."""
    proposal = view.stage("proposal")
    judged = [
        one
        for stage in view.stages
        for one in view.comparisons(stage)
        if one.get("verdict") is not None
    ]
    breaches = [one for one in judged if one.get("verdict") == "breach"]
    return view.say(
        f"headline.{view.verdict}"
        if judged or view.verdict != "not_estimable"
        else "headline.no_limit",
        decisions=view.words.decisions(number(proposal.get("decisions")) or 0),
        breaches=numbers.count(len(breaches), view.language),
        compared=numbers.count(len(judged), view.language),
    )


def not_measured(view: View) -> Note:
    return Note(
        tone="bad",
        title=view.say("not_measured.title"),
        sentences=(view.say("not_measured.why"), view.say("not_measured.todo")),
    )


def preset_note(view: View) -> Note | None:
    """Say which law or guideline the report follows, and what that does not say."""
    preset = terms.preset(view.report.get("preset"))
    if preset is None or view.report.get("preset") is None:
        return None
    language = view.language
    kind = view.say("preset.law" if preset.is_law else "preset.guideline")
    told = [
        view.say(
            "preset.source",
            kind=kind,
            source=preset.source,
            date=numbers.date(preset.date, language),
        ),
        preset.says[language],
        preset.does_not_say[language],
    ]
    if preset.left_out is not None:
        told.append(preset.left_out[language])
    return Note(tone="info", title=preset.title[language], sentences=tuple(told))


# ------------------------------------------------------------------------------ one attribute


def _answer(view: View, item: Item) -> Answer:
    compared = [one for stage in view.stages for one in view.comparisons(stage, item)]
    judged = [one for one in compared if one.get("verdict") is not None]
    verdict = _overall(judged)
    return Answer(
        verdict=verdict if judged else "none",
        tone=terms.TONES[verdict] if judged else "calm",
        word=terms.VERDICTS[verdict][view.language] if judged else view.say("answer.no_limit"),
        subject=view.item_title(item),
        sentences=_answer_sentences(view, item, judged, compared, verdict),
    )


def _overall(judged: Sequence[Json]) -> str:
    given = {str(one["verdict"]) for one in judged}
    if "breach" in given:
        return "breach"
    if "not_enough_evidence" in given or given == {"pass", "not_estimable"}:
        return "not_enough_evidence"
    return "pass" if "pass" in given else "not_estimable"


def _answer_sentences(
    view: View, item: Item, judged: Sequence[Json], compared: Sequence[Json], verdict: str
) -> tuple[str, ...]:
    if not compared:
        known = any(view.groups(stage, item) for stage in view.stages)
        return (view.say("answer.one_group" if known else "answer.no_groups"),)
    if not judged:
        return (*_farthest(view, compared), view.say("answer.unjudged"))
    told = sorted(
        (one for one in judged if one["verdict"] == verdict),
        key=lambda one: -comparing.distance(one),
    )
    shown = [comparing.brief(view, one) for one in told[:_SENTENCES]]
    if verdict == "pass" and len(told) == 1:
        shown = [view.say("answer.passes.one"), *shown]
    elif verdict == "pass":
        said = view.say("answer.passes", count=numbers.count(len(told), view.language))
        shown = [said, *shown[:1]]
    elif len(told) > _SENTENCES:
        key = "answer.one_more" if len(told) == _SENTENCES + 1 else "answer.more"
        shown.append(view.say(key, count=numbers.count(len(told) - _SENTENCES, view.language)))
    unsure = [one for one in judged if one["verdict"] == "not_enough_evidence"]
    if verdict == "breach" and unsure:
        key = "answer.one_unsure" if len(unsure) == 1 else "answer.also_unsure"
        shown.append(view.say(key, count=numbers.count(len(unsure), view.language)))
    return tuple(shown)


def _farthest(view: View, compared: Sequence[Json]) -> list[str]:
    """Say, without a verdict, which group is furthest away in what is compared first."""
    first = [
        one
        for one in compared
        if one.get("metric") == compared[0].get("metric") and number(one.get("value")) is not None
    ]
    firm = [one for one in first if one.get("enough")] or first
    farthest = sorted(firm, key=lambda one: -comparing.distance(one))
    return [comparing.brief(view, one) for one in farthest[:1]]


# ------------------------------------------------------------------------------ the panel


def _panels(view: View, item: Item) -> list[Figure]:
    """Draw the stages side by side for one attribute; nothing where fewer than two have figures."""
    everybody: dict[tuple[str, ...], Json] = {}
    for stage, _, _ in _PANEL:
        for one in view.groups(stage, item):
            everybody.setdefault(tuple(part(one, "group").values()), one)
    shown = largest(everybody.values(), _PANEL_GROUPS)
    columns = [
        (stage, metric, scale)
        for stage, metric, scale in _PANEL
        if any(number(one.get(metric)) is not None for one in view.groups(stage, item))
    ]
    if not shown or len(columns) < 2:
        return []
    drawn = [
        StageColumn(
            head=view.say(f"panel.{stage}", positive=view.words.positives()),
            rates=[_rate_at(view, stage, metric, item, one) for one in shown],
            overall=number(part(view.stage(stage), "overall").get(metric)),
            scale=scale,
        )
        for stage, metric, scale in columns
    ]
    told = [
        view.say(f"panel.{stage}.said", positive=view.words.positives(), **extremes)
        for stage, metric, _ in columns
        if stage in view.stages
        if (extremes := _extremes(view, stage, metric, item))
    ]
    if not told:
        told.append(view.say("summary.too_few", enough=numbers.count(view.enough, view.language)))
    if view.done_as_proposed:
        told.append(view.say("panel.as_proposed"))
    if len(everybody) > len(shown):
        told.append(view.say("panel.largest", count=numbers.count(len(shown), view.language)))
    name = "-".join(["panel", *item])
    return [
        stages(
            name,
            [view.label(one) for one in shown],
            drawn,
            words=view.words,
            title=view.say("panel.title", attribute=view.item_name(item)),
            sentence=" ".join(told),
            table=_panel_table(view, item, columns, list(everybody.values())),
        )
    ]


def _rate_at(view: View, stage: str, metric: str, item: Item, wanted: Json) -> Rate | None:
    for one in view.groups(stage, item):
        if part(one, "group") == part(wanted, "group"):
            return counting.rate(view, one, metric)
    return None


def _extremes(view: View, stage: str, metric: str, item: Item) -> dict[str, str]:
    firm = [
        one
        for one in view.groups(stage, item)
        if number(one.get(metric)) is not None and counting.is_enough(view, one, metric)
    ]
    if len(firm) < 2:
        return {}
    low = min(firm, key=lambda one: number(one.get(metric)) or 0.0)
    high = max(firm, key=lambda one: number(one.get(metric)) or 0.0)
    return {
        "high_group": view.label(high),
        "high": numbers.share(number(high.get(metric)), view.language),
        "low_group": view.label(low),
        "low": numbers.share(number(low.get(metric)), view.language),
    }


def _panel_table(
    view: View, item: Item, columns: Sequence[tuple[str, str, str]], groups: Sequence[Json]
) -> Table:
    heads = [Column(text=view.say("head.group"))]
    heads += [
        Column(text=view.say(f"panel.{stage}", positive=view.words.positives()), figures=True)
        for stage, _, _ in columns
    ]
    lines = []
    for wanted in groups:
        line = [Cell(text=view.label(wanted))]
        for stage, metric, _ in columns:
            found = [
                one
                for one in view.groups(stage, item)
                if part(one, "group") == part(wanted, "group")
            ]
            line.append(
                counting.cell(view, found[0], metric)
                if found
                else Cell(text=numbers.DASH, tone="quiet")
            )
        lines.append(tuple(line))
    return Table(header=tuple(heads), rows=tuple(lines))
