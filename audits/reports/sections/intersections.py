"""Groups that several attributes make together: where two differences meet, and where there are too few to say."""

from __future__ import annotations

from audits.reports.blocks import Aside, Block, Figure, Gallery, Heading, Listing, Points, Section
from audits.reports.charts.intersections import intersections
from audits.reports.charts.stages import Rate
from audits.reports.sections import comparisons, counting
from audits.reports.sections.view import Item, View, number, part

#: Lines and columns that a heat map is drawn with.
_MOST_COLUMNS = 8
_MOST_LINES = 16
_DRAWN = (("proposal", "selection_rate"), ("outcome", "selection_rate"), ("routing", "review_rate"))


def section(view: View) -> Section | None:
    """Tell the groups of every crossing that was asked for; None where none was."""
    blocks: list[Block] = []
    for item in view.items():
        if len(item) > 1:
            blocks += _crossing(view, item)
    if not blocks:
        return None
    return Section(
        id="intersections",
        title=view.say("section.intersections"),
        lead=(view.say("intersections.lead"),),
        blocks=tuple(blocks),
    )


def _crossing(view: View, item: Item) -> list[Block]:
    drawn = [pair for pair in _DRAWN if pair[0] in view.stages]
    figures = tuple(
        figure for stage, metric in drawn if (figure := _map(view, stage, metric, item)) is not None
    )
    compared = comparisons.attribute(view, item)
    if not figures and not compared:
        return []
    blocks: list[Block] = [Heading(text=view.item_title(item))]
    if figures:
        blocks.append(Gallery(figures=figures))
    told = [(stage, metric) for stage, metric in drawn if _known(view, stage, metric, item)]
    name = view.item_name(item)
    if told:
        tables = tuple(
            Listing(
                title=view.say(f"stage.{stage}"),
                table=counting.table(view, view.groups(stage, item), [metric]),
            )
            for stage, metric in told
        )
        blocks.append(Aside(title=view.say("aside.tables", attribute=name), blocks=tables))
        points = tuple(
            counting.sentence(view, one, metric)
            for stage, metric in told
            for one in view.groups(stage, item)
        )
        title = view.say("aside.sentences", attribute=name)
        blocks.append(Aside(title=title, blocks=(Points(items=points),)))
    return blocks + [block for block in compared if not isinstance(block, Heading)]


def _known(view: View, stage: str, metric: str, item: Item) -> bool:
    return any(number(one.get(metric)) is not None for one in view.groups(stage, item))


def _map(view: View, stage: str, metric: str, item: Item) -> Figure | None:
    groups = view.groups(stage, item)
    if not _known(view, stage, metric, item):
        return None
    # The attribute with fewer values goes across, so that fields stay wide on a small screen.
    across = min(item, key=lambda name: (len({part(one, "group")[name] for one in groups}), name))
    rest = [name for name in item if name != across]
    columns = list(dict.fromkeys(str(part(one, "group")[across]) for one in groups))
    lines = list(
        dict.fromkeys(" · ".join(str(part(one, "group")[name]) for name in rest) for one in groups)
    )
    if len(columns) > _MOST_COLUMNS or len(lines) > _MOST_LINES:
        return None
    cells: dict[tuple[str, str], tuple[Rate, int]] = {}
    for one in groups:
        line = " · ".join(str(part(one, "group")[name]) for name in rest)
        counted = counting.parts_of(one, metric)
        amount = counted[1] if counted is not None else number(one.get("count")) or 0
        cells[line, str(part(one, "group")[across])] = (
            counting.rate(view, one, metric),
            int(amount),
        )
    return intersections(
        "-".join(["map", stage, metric, *item]),
        sorted(lines),
        sorted(columns),
        cells,
        words=view.words,
        title=view.say(f"panel.{stage}", positive=view.words.positives()),
        sentence=counting.summary(view, groups, metric),
        table=counting.table(view, groups, [metric]),
    )
