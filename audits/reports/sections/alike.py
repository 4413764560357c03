"""Among those who are alike: whether a difference remains within the classes of what may rightly matter."""

from __future__ import annotations

from audits.reports.blocks import Aside, Block, Cell, Column, Listing, Note, Points, Section, Table
from audits.reports.sections.view import STAGES, Json, View, interval, item_of, number, part, rows
from audits.reports.words import numbers


def section(view: View) -> Section | None:
    """Tell the comparisons within classes; None where the policy names no fact that may matter."""
    found = [
        one for one in rows(view.report, "conditional") if number(one.get("difference")) is not None
    ]
    if not found:
        return None
    blocks: list[Block] = []
    found.sort(
        key=lambda one: STAGES.index(str(one.get("stage"))) if one.get("stage") in STAGES else 9
    )
    turned = [one for one in found if one.get("reversed") and _beyond_chance(one)]
    if turned:
        sentences = tuple(_reversed(view, one) for one in turned)
        blocks.append(
            Note(tone="warn", title=view.say("alike.reversed.title"), sentences=sentences)
        )
    single = [one for one in found if len(item_of(one)) == 1]
    crossed = [one for one in found if len(item_of(one)) > 1]
    if single:
        blocks.append(Listing(title=view.say("alike.table"), table=_table(view, single)))
    if crossed:
        table = Listing(title=view.say("alike.table"), table=_table(view, crossed))
        blocks.append(Aside(title=view.say("aside.alike_crossed"), blocks=(table,)))
    points = tuple(_sentence(view, one) for one in found)
    blocks.append(Aside(title=view.say("aside.alike"), blocks=(Points(items=points),)))
    strata = tuple(_strata(view, one) for one in found)
    blocks.append(Aside(title=view.say("aside.classes"), blocks=strata))
    return Section(
        id="alike",
        title=view.say("section.alike"),
        lead=(view.say("alike.lead"),),
        blocks=tuple(blocks),
    )


def _beyond_chance(one: Json) -> bool:
    bounds = interval(one.get("difference_interval"))
    return bounds is not None and not bounds[0] <= 0 <= bounds[1]


def _slots(view: View, one: Json) -> dict[str, str]:
    difference = number(one.get("difference")) or 0.0
    low, high = interval(one.get("difference_interval")) or (difference, difference)
    return {
        "feature": numbers.quoted(view.words.feature(str(one.get("feature"))), view.language),
        "metric": view.words.metric("selection_rate", str(one.get("stage") or "")),
        "group": view.people(one),
        "reference": view.words.people(part(one, "reference")),
        "crude": numbers.points(number(one.get("crude_difference")), view.language),
        "within": numbers.points(difference, view.language),
        "low": numbers.bare_points(low, view.language),
        "high": numbers.points(high, view.language),
    }


def _sentence(view: View, one: Json) -> str:
    said = view.say("alike.said", **_slots(view, one))
    left_out = number(one.get("left_out")) or 0
    if left_out:
        said = f"{said} {view.say('alike.left_out', count=view.words.decisions(left_out))}"
    return said


def _reversed(view: View, one: Json) -> str:
    return view.say("alike.reversed", **_slots(view, one))


def _table(view: View, found: list[Json]) -> Table:
    heads = (
        Column(text=view.say("head.group")),
        Column(text=view.say("head.compared")),
        Column(text=view.say("head.stage")),
        Column(text=view.say("head.stratum")),
        Column(text=view.say("head.crude"), figures=True),
        Column(text=view.say("head.within"), figures=True),
        Column(text=view.say("head.p_within"), figures=True),
    )
    lines = []
    for one in found:
        slots = _slots(view, one)
        lines.append(
            (
                Cell(text=view.label(one)),
                Cell(text=view.words.group(part(one, "reference"))),
                Cell(text=view.say(f"stage.{one.get('stage', 'proposal')}")),
                Cell(text=view.words.feature(str(one.get("feature")))),
                Cell(text=slots["crude"]),
                Cell(
                    text=slots["within"],
                    small=view.say("range", low=slots["low"], high=slots["high"])
                    if one.get("difference_interval")
                    else "",
                ),
                Cell(text=numbers.probability(number(one.get("p_value")), view.language)),
            )
        )
    return Table(header=heads, rows=tuple(lines))


def _strata(view: View, one: Json) -> Listing:
    heads = (
        Column(text=view.words.feature(str(one.get("feature")))),
        Column(text=view.label(one), figures=True),
        Column(text=view.words.group(part(one, "reference")), figures=True),
    )
    return Listing(
        title=view.say(
            "alike.classes",
            group=view.label(one),
            reference=view.words.group(part(one, "reference")),
            stage=view.say(f"stage.{one.get('stage', 'proposal')}"),
        ),
        table=Table(
            header=heads,
            rows=tuple(
                (
                    Cell(text=str(stratum.get("value"))),
                    *(_rate(view, part(stratum, side)) for side in ("group", "reference")),
                )
                for stratum in rows(one, "strata")
            ),
        ),
    )


def _rate(view: View, one: Json) -> Cell:
    of = one.get("of")
    small = ""
    if isinstance(of, list) and len(of) == 2:
        above, below = (numbers.count(number(figure) or 0, view.language) for figure in of)
        small = view.say("part_of", part=above, of=below)
    return Cell(text=numbers.share(number(one.get("rate")), view.language), small=small)
