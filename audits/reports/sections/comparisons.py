"""Comparisons: each group beside the one it is compared with, drawn, listed and said."""

from __future__ import annotations

from typing import Final

from audits.reports.blocks import Aside, Block, Figure, Gallery, Heading, Points, Section
from audits.reports.sections import comparing, groups
from audits.reports.sections.view import (
    Item,
    Json,
    View,
    number,
    part,
)
from audits.reports.words import numbers

#: What is drawn at each stage besides all that has a verdict; every comparison is in the tables.
_DRAWN: Final = {
    "proposal": ("selection_rate_ratio", "selection_rate_difference"),
    "routing": ("review_rate_difference", "automated_error_difference"),
    "review": ("override_rate_difference",),
    "outcome": ("selection_rate_ratio", "selection_rate_difference"),
}


def section(view: View) -> Section | None:
    """Compare the groups of single attributes; None where nothing is compared."""
    blocks = [block for item in view.items() if len(item) == 1 for block in attribute(view, item)]
    if not blocks:
        return None
    return Section(
        id="comparisons",
        title=view.say("section.comparisons"),
        lead=(view.say("comparisons.lead"), view.say("comparisons.chance")),
        blocks=tuple(blocks),
    )


def attribute(view: View, item: Item) -> list[Block]:
    """Draw, list and say what is compared by one attribute or by several crossed."""
    galleries = [
        Gallery(title=view.say(f"stage.{stage}"), figures=figures)
        for stage in view.stages
        if (figures := _figures(view, stage, item))
    ]
    tables = [
        comparing.listing(view, view.say(f"stage.{stage}"), compared)
        for stage in view.stages
        if (compared := view.comparisons(stage, item))
    ]
    if not tables:
        return []
    blocks: list[Block] = [Heading(text=view.item_title(item)), *galleries]
    whole = (*groups.tested(view, item), *worst(view, item))
    name = view.item_name(item)
    if whole:
        title = view.say("aside.whole", attribute=name)
        blocks.append(Aside(title=title, blocks=(Points(items=whole),)))
    blocks.append(Aside(title=view.say("aside.comparisons", attribute=name), blocks=tuple(tables)))
    points = tuple(
        comparing.sentence(view, one)
        for stage in view.stages
        for one in view.comparisons(stage, item)
    )
    title = view.say("aside.comparison_sentences", attribute=name)
    blocks.append(Aside(title=title, blocks=(Points(items=points),)))
    return blocks


def _figures(view: View, stage: str, item: Item) -> tuple[Figure, ...]:
    compared = view.comparisons(stage, item)
    metrics = dict.fromkeys(str(one.get("metric")) for one in compared)
    judged = {str(one.get("metric")) for one in compared if one.get("tolerance") is not None}
    limited = any(
        one.get("tolerance") is not None
        for told in view.stages
        for one in view.comparisons(told, item)
    )
    found = []
    for metric in metrics:
        # Where attributes meet there are many groups: only what has a limit is drawn.
        wanted = judged if len(item) > 1 and limited else {*judged, *_DRAWN[stage]}
        if metric not in wanted:
            continue
        own = [one for one in compared if one.get("metric") == metric]
        if all(number(one.get("value")) is None for one in own):
            continue
        figure = comparing.figure(view, "-".join(["compared", stage, metric, *item]), metric, own)
        if figure is not None:
            found.append(figure)
    return tuple(found)


def worst(view: View, item: Item) -> tuple[str, ...]:
    """Name the two groups that are furthest apart, which is asked for and proves nothing."""
    said = []
    for stage in view.stages:
        for metric, one in _worst_of(view, stage, item):
            between, value = one.get("between"), number(one.get("value"))
            if value is None or not isinstance(between, list) or len(between) != 2:
                continue
            if comparing.is_ratio(metric):
                written = view.say("worst.ratio", value=numbers.ratio(value, view.language))
            else:
                written = numbers.size_in_points(value, view.language)
            said.append(
                view.say(
                    "worst",
                    stage=view.say(f"stage.{stage}"),
                    metric=view.words.metric(comparing.base(metric), stage),
                    low=view.words.group(between[0]),
                    high=view.words.group(between[1]),
                    value=written,
                )
            )
    return (*said, view.say("worst.caution")) if said else ()


def _worst_of(view: View, stage: str, item: Item) -> list[tuple[str, Json]]:
    """Take the widest gaps between the groups of one attribute in what is drawn of a stage."""
    found = part(view.stage(stage), "worst_by")
    by_name = {tuple(sorted(name.split("*"))): gaps for name, gaps in found.items()}
    gaps = by_name.get(item, part(view.stage(stage), "worst"))
    told = []
    for metric in gaps:
        one = part(gaps, metric)
        between = one.get("between")
        if isinstance(between, list) and between and tuple(sorted(between[0])) == item:
            told.append((metric, one))
    return told
