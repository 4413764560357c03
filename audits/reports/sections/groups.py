"""By group: how often each got what the policy measures, proposed and done, with every count."""

from __future__ import annotations

from audits.reports.blocks import Aside, Block, Figure, Gallery, Heading, Listing, Points, Section
from audits.reports.sections import counting
from audits.reports.sections.view import Item, View, number, part, rows
from audits.reports.words import numbers

#: The rates of each stage that are told here; those of right and wrong have a section of their own.
OF_STAGE = {
    "proposal": ("selection_rate",),
    "outcome": ("selection_rate",),
    "routing": ("review_rate", "refused_rate", "automated_share"),
    "review": ("override_rate", "toward_rate", "away_rate", "lapsed_rate"),
    "appeal": ("appeal_rate", "upheld_rate"),
}


def section(view: View) -> Section | None:
    """Tell each group's rates at each stage; None where no group is known."""
    blocks = [block for item in view.items() if len(item) == 1 for block in _attribute(view, item)]
    if not blocks:
        return None
    return Section(
        id="groups",
        title=view.say("section.groups"),
        lead=(view.say("groups.lead"),),
        blocks=tuple(blocks),
    )


def _attribute(view: View, item: Item) -> list[Block]:
    blocks: list[Block] = []
    figures = [figure for stage in view.stages for figure in _figures(view, stage, item)]
    tables = [
        Listing(
            title=view.say(f"stage.{stage}"),
            table=counting.table(view, view.groups(stage, item), _known(view, stage, item)),
        )
        for stage in (*view.stages, "appeal")
        if view.groups(stage, item)
    ]
    if not tables:
        return []
    blocks.append(Heading(text=view.item_title(item)))
    if figures:
        blocks.append(Gallery(figures=tuple(figures)))
    if view.report.get("preset"):
        # What a law or a guideline asks for is shown at once.
        blocks.append(tables.pop(0))
    if tables:
        title = view.say("aside.tables", attribute=view.item_name(item))
        blocks.append(Aside(title=title, blocks=tuple(tables)))
    points = tuple(
        counting.sentence(view, one, metric)
        for stage in (*view.stages, "appeal")
        for metric in _known(view, stage, item)
        for one in view.groups(stage, item)
    )
    if points:
        title = view.say("aside.sentences", attribute=view.item_name(item))
        blocks.append(Aside(title=title, blocks=(Points(items=points),)))
    return blocks


def _known(view: View, stage: str, item: Item) -> list[str]:
    """List the rates of a stage that any group has counts for."""
    return [
        metric
        for metric in OF_STAGE[stage]
        if any(
            number(one.get(metric)) is not None or counting.parts_of(one, metric) is not None
            for one in view.groups(stage, item)
        )
        and (
            metric not in {"selection_rate", "toward_rate", "away_rate"} or view.measures_selection
        )
    ]


def _figures(view: View, stage: str, item: Item) -> list[Figure]:
    metric = OF_STAGE[stage][0]
    groups = view.groups(stage, item)
    if metric not in _known(view, stage, item) or not groups:
        return []
    title = view.say(f"panel.{stage}", positive=view.words.positives())
    return [
        counting.figure(
            view,
            "-".join(["rates", stage, *item]),
            metric,
            groups,
            title=title,
            overall=number(part(view.stage(stage), "overall").get(metric)),
        )
    ]


def tested(view: View, item: Item) -> tuple[str, ...]:
    """Say whether the groups of an attribute may be alike at all, and which two are furthest apart."""
    said: list[str] = []
    for stage in view.stages:
        for one in rows(view.stage(stage), "homogeneity"):
            if tuple(sorted(str(one.get("by", "")).split("*"))) != item:
                continue
            metric = view.words.metric_name(str(one.get("metric")), stage)
            p = numbers.probability(number(one.get("p_value")), view.language)
            spread = number(one.get("excess_sd"))
            text = view.say("homogeneity", metric=metric, p=p, stage=view.say(f"stage.{stage}"))
            if spread:
                size = numbers.size_in_points(spread, view.language)
                text = f"{text} {view.say('homogeneity.spread', spread=size)}"
            elif spread is not None:
                text = f"{text} {view.say('homogeneity.chance')}"
            said.append(text)
    return tuple(said)
