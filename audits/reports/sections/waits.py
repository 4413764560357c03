"""Waits: how long the decisions of each group waited for a person."""

from __future__ import annotations

from audits.reports.blocks import Aside, Block, Cell, Figure, Gallery, Points, Section, Table
from audits.reports.charts.figure import header
from audits.reports.charts.waits import Wait, at_most, said, waits
from audits.reports.sections.view import (
    Item,
    Json,
    View,
    interval,
    item_of,
    largest,
    number,
    part,
    rows,
)
from audits.reports.words import numbers


def section(view: View) -> Section | None:
    """Tell who waited how long; None where nobody waited."""
    found = part(view.report, "waits")
    if not found:
        return None
    overall = part(found, "overall")
    lead = [
        view.say(
            "waits.overall",
            count=view.words.decisions(number(overall.get("count")) or 0),
            half=said(overall.get("median"), view.words),
            nine=said(overall.get("p90"), view.words),
        ),
        view.say("waits.lead"),
    ]
    blocks: list[Block] = []
    figures = [
        figure
        for item in view.items()
        if len(item) == 1 and (figure := _figure(view, found, item)) is not None
    ]
    if figures:
        blocks.append(Gallery(figures=tuple(figures)))
    points = tuple(_sentence(view, one) for one in rows(found, "groups"))
    if points:
        blocks.append(Aside(title=view.say("aside.waits"), blocks=(Points(items=points),)))
    return Section(
        id="waits", title=view.say("section.waits"), lead=tuple(lead), blocks=tuple(blocks)
    )


def _figure(view: View, found: Json, item: Item) -> Figure | None:
    groups = [one for one in rows(found, "groups") if item_of(one) == item]
    if not groups:
        return None
    return waits(
        "-".join(["waits", *item]),
        [
            Wait(
                label=view.label(one),
                half=at_most(one.get("median")),
                nine=at_most(one.get("p90")),
                text=view.say(
                    "waits.text",
                    half=said(one.get("median"), view.words),
                    nine=said(one.get("p90"), view.words),
                ),
                enough=bool(one.get("enough")),
            )
            for one in largest(groups)
        ],
        words=view.words,
        title=view.item_title(item),
        sentence=_summary(view, groups),
        table=_table(view, groups),
    )


def _summary(view: View, groups: list[Json]) -> str:
    firm = [one for one in groups if one.get("enough")]
    if len(firm) < 2:
        return view.say("summary.too_few", enough=numbers.count(view.enough, view.language))

    def longest(one: Json) -> float:
        end = at_most(one.get("median"))
        return float("inf") if end is None else end

    low, high = min(firm, key=longest), max(firm, key=longest)
    if longest(low) == longest(high):
        return view.say("waits.alike", half=said(low.get("median"), view.words))
    return view.say(
        "waits.extremes",
        high_group=view.label(high),
        high=said(high.get("median"), view.words),
        low_group=view.label(low),
        low=said(low.get("median"), view.words),
    )


def _table(view: View, groups: list[Json]) -> Table:
    heads = (
        "head.group",
        "head.decisions",
        "head.half",
        "head.nine",
        "head.over_4h",
        "head.over_24h",
    )
    return Table(
        header=header(*(view.say(head) for head in heads), figures=5),
        rows=tuple(
            (
                Cell(
                    text=view.label(one), small="" if one.get("enough") else view.say("legend.few")
                ),
                Cell(text=numbers.count(number(one.get("count")) or 0, view.language)),
                Cell(text=said(one.get("median"), view.words)),
                Cell(text=said(one.get("p90"), view.words)),
                *(_longer(view, part(one, name)) for name in ("over_4h", "over_24h")),
            )
            for one in groups
        ),
    )


def _longer(view: View, one: Json) -> Cell:
    rate, bounds = number(one.get("rate")), interval(one.get("interval"))
    small = ""
    if bounds is not None:
        low, high = (numbers.bare_share(bound, view.language) for bound in bounds)
        small = view.say("range", low=low, high=high)
    return Cell(text=numbers.share(rate, view.language), small=small)


def _sentence(view: View, one: Json) -> str:
    over = part(one, "over_24h")
    return view.say(
        "waits.group",
        group=view.people(one),
        count=view.words.decisions(number(one.get("count")) or 0),
        half=said(one.get("median"), view.words),
        nine=said(one.get("p90"), view.words),
        hours=numbers.share(number(part(one, "over_4h").get("rate")), view.language),
        share=numbers.share(number(over.get("rate")), view.language),
    )
