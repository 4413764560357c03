"""Rates of groups as rows of a chart, as cells of a table, and as sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from audits.reports.blocks import Cell, Column, Figure, Table
from audits.reports.charts.rates import rates
from audits.reports.charts.rows import Row
from audits.reports.charts.stages import Rate
from audits.reports.sections.view import (
    Json,
    View,
    capital,
    interval,
    is_hidden,
    largest,
    number,
    part,
)
from audits.reports.words import numbers


def interval_of(one: Json, metric: str) -> tuple[float, float] | None:
    return interval(part(one, "intervals").get(metric))


def parts_of(one: Json, metric: str) -> tuple[float, float] | None:
    """Take numerator and denominator of a rate."""
    found = part(one, "of").get(metric)
    if not isinstance(found, Sequence) or isinstance(found, str) or len(found) != 2:
        return None
    above, below = number(found[0]), number(found[1])
    return None if above is None or below is None else (above, below)


def stage_of(one: Json) -> str:
    return str(one.get("stage") or "")


def absent(view: View, one: Json) -> str:
    """Say in a word why there is no figure."""
    return view.say("hidden" if is_hidden(one) else "not_estimable.short")


def is_enough(view: View, one: Json, metric: str) -> bool:
    """Say whether a rate's own denominator is large enough to rest a judgement on."""
    counted = parts_of(one, metric)
    if counted is None:
        return bool(one.get("enough"))
    return counted[1] >= view.enough


# ------------------------------------------------------------------------------ sentences


def sentence(view: View, one: Json, metric: str) -> str:
    """Say a rate of a group with the counts it is made of and what chance allows."""
    value, counted = number(one.get(metric)), parts_of(one, metric)
    stage = stage_of(one)
    group, name = view.people(one), view.words.metric(metric, stage)
    if value is None and is_hidden(one):
        return view.say("rate.hidden", group=group, metric=name, fewest=view.hides_below)
    if value is None:
        return view.say("rate.not_estimable", group=group, metric=name)
    if metric == "treatment_equality":
        written = numbers.plain(value, view.language)
        return view.say(
            "composite.plain", group=group, metric=view.words.metric_name(metric), value=written
        )
    share = numbers.share(value, view.language)
    said = None
    if counted is not None:
        said = view.words.counted(
            metric,
            stage,
            of=view.words.decisions(counted[1]),
            part=numbers.count(counted[0], view.language),
            share=share,
            group=group,
        )
    if said is None:
        said = view.say("rate.plain", group=group, metric=name, share=share)
    found = interval_of(one, metric)
    if found is not None:
        low, high = (numbers.share(bound, view.language) for bound in found)
        said = f"{said} {view.say('rate.interval', low=low, high=high)}"
    if not is_enough(view, one, metric):
        few = view.say("rate.few", enough=numbers.count(view.enough, view.language))
        said = f"{said} {few}"
    return said


def summary(view: View, groups: Sequence[Json], metric: str) -> str:
    """Say for which group a rate is highest and for which it is lowest, among those large enough."""
    firm = [
        one
        for one in groups
        if number(one.get(metric)) is not None and is_enough(view, one, metric)
    ]
    if len(firm) < 2:
        if len(firm) == 1:
            return sentence(view, firm[0], metric)
        return view.say("summary.too_few", enough=numbers.count(view.enough, view.language))
    low, high = (pick(firm, key=lambda one: number(one.get(metric)) or 0.0) for pick in (min, max))
    lowest, highest = (numbers.share(number(one.get(metric)), view.language) for one in (low, high))
    if lowest == highest:
        name = view.words.metric(metric, stage_of(low))
        return view.say("summary.alike", metric=name, share=lowest)
    return view.say(
        "summary.extremes",
        metric=view.words.metric(metric, stage_of(low)),
        high_group=view.label(high),
        high=highest,
        low_group=view.label(low),
        low=lowest,
    )


# ------------------------------------------------------------------------------ cells and rows


def cell(view: View, one: Json, metric: str) -> Cell:
    """Write a rate with its counts and interval below it."""
    value, counted, found = number(one.get(metric)), parts_of(one, metric), interval_of(one, metric)
    tone = "" if is_enough(view, one, metric) else "quiet"
    if value is None:
        return Cell(text=numbers.DASH, small=absent(view, one), tone="quiet")
    if metric == "treatment_equality":
        return Cell(text=numbers.plain(value, view.language), tone=tone)
    small = []
    if counted is not None:
        above, below = (numbers.count(figure, view.language) for figure in counted)
        small.append(view.say("part_of", part=above, of=below))
    if found is not None and not math.isinf(found[1]):
        low, high = (numbers.bare_share(bound, view.language) for bound in found)
        small.append(view.say("range", low=low, high=high))
    return Cell(text=numbers.share(value, view.language), small=" · ".join(small), tone=tone)


def rate(view: View, one: Json, metric: str) -> Rate:
    """Take a rate for a panel or a heat map."""
    found = interval_of(one, metric)
    return Rate(
        value=number(one.get(metric)),
        low=None if found is None else found[0],
        high=None if found is None else found[1],
        enough=is_enough(view, one, metric),
    )


def chart_row(view: View, one: Json, metric: str) -> Row:
    value, found = number(one.get(metric)), interval_of(one, metric)
    text = absent(view, one)
    if value is not None:
        text = numbers.share(value, view.language)
        if found is not None:
            low, high = (numbers.bare_share(bound, view.language) for bound in found)
            text = f"{text}  ({view.say('range', low=low, high=high)})"
    counted = parts_of(one, metric)
    amount = counted[1] if counted is not None else number(one.get("count"))
    return Row(
        label=view.label(one),
        note="" if amount is None else numbers.count(amount, view.language),
        value=value,
        low=None if found is None else found[0],
        high=None if found is None else found[1],
        text=text,
        enough=is_enough(view, one, metric),
    )


def table(
    view: View, groups: Sequence[Json], metrics: Sequence[str], *, shares: bool = True
) -> Table:
    """List groups with how many decisions each has and the rates wanted, one a line."""
    stage = stage_of(groups[0]) if groups else ""
    impact = "selection_rate" in metrics and any(
        number(one.get("impact_ratio")) is not None for one in groups
    )
    heads = [
        Column(text=view.say("head.group")),
        Column(text=view.say("head.decisions"), figures=True),
        *(
            Column(text=capital(view.words.metric_name(metric, stage)), figures=True)
            for metric in metrics
        ),
        *([Column(text=view.say("head.impact_ratio"), figures=True)] if impact else []),
    ]
    lines = []
    for one in groups:
        found = number(one.get("count"))
        count_ = view.say("hidden") if found is None else numbers.count(found, view.language)
        share = number(one.get("share"))
        small = (
            view.say("of_all", share=numbers.share(share, view.language))
            if share and shares
            else ""
        )
        lines.append(
            (
                Cell(text=view.label(one), small=_remark(view, one)),
                Cell(text=count_, small=small),
                *(cell(view, one, metric) for metric in metrics),
                *([_impact(view, one)] if impact else []),
            )
        )
    return Table(header=tuple(heads), rows=tuple(lines))


def _impact(view: View, one: Json) -> Cell:
    """Write how many times as high a group's rate is as the highest group's."""
    ratio = number(one.get("impact_ratio"))
    return Cell(text=numbers.ratio(ratio, view.language), tone="quiet" if ratio is None else "")


def _remark(view: View, one: Json) -> str:
    if one.get("below_share"):
        return view.say("group.below_share")
    if is_hidden(one):
        return ""
    return "" if one.get("enough", True) else view.say("legend.few")


def figure(
    view: View,
    name: str,
    metric: str,
    groups: Sequence[Json],
    *,
    title: str,
    overall: float | None = None,
) -> Figure:
    """Draw one rate of several groups."""
    drawn = rates(
        name,
        [chart_row(view, one, metric) for one in largest(groups)],
        words=view.words,
        title=title,
        sentence=summary(view, groups, metric),
        table=table(view, groups, [metric]),
        overall=overall,
    )
    return replace(drawn, elsewhere=True)
