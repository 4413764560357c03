"""What counts by group show of oversight: overrides at the same score, who waits and is misjudged, and who objected."""

from __future__ import annotations

from dataclasses import replace

from audits.reports.blocks import (
    Aside,
    Block,
    Cell,
    Gallery,
    Heading,
    Listing,
    Points,
    Section,
    Table,
)
from audits.reports.charts.differences import differences
from audits.reports.charts.figure import Figure, header
from audits.reports.charts.rows import Row
from audits.reports.sections import oversight_shares as telling
from audits.reports.sections import waits
from audits.reports.sections.oversight_shares import Told, named
from audits.reports.sections.view import (
    Item,
    Json,
    View,
    capital,
    interval,
    item_of,
    number,
    part,
    rows,
)
from audits.reports.words import numbers


def disparity(view: View) -> Section | None:
    """Tell how overrides of groups compare at the same score, and which way; None where nothing can be compared."""
    listed = rows(part(part(view.report, "groups"), "overrides"), "comparisons")
    if not listed:
        return None
    items = list(dict.fromkeys((item_of(one), str(one.get("direction"))) for one in listed))
    figures = tuple(
        _differences(
            view,
            item,
            direction,
            [one for one in listed if item_of(one) == item and one.get("direction") == direction],
        )
        for item, direction in items
    )
    points = tuple(leaning(view, one) for one in listed)
    return Section(
        id="disparity",
        title=view.say("oversight.section.disparity"),
        lead=(view.say("oversight.disparity.lead"),),
        blocks=(
            Gallery(figures=figures),
            Listing(title=view.say("oversight.section.disparity"), table=_table(view, listed)),
            Points(items=points),
        ),
    )


def leaning(view: View, one: Json) -> str:
    """Say what the comparison of a group with its reference comes to."""
    says = str(one.get("says") or "too_few")
    difference, bounds = number(one.get("difference")), interval(one.get("difference_interval"))
    slots = {
        "direction": view.say(f"oversight.direction.{one.get('direction')}"),
        "group": view.people(one),
        "reference": view.words.people(part(one, "reference")),
    }
    if says in {"more", "less"} and difference is not None and bounds is not None:
        low, high = (numbers.points(edge, view.language) for edge in bounds)
        slots |= {"difference": numbers.points(difference, view.language), "low": low, "high": high}
    elif says in {"more", "less"}:
        says = "undefined"
    said = view.say(f"oversight.leaning.{says}", **slots)
    return " ".join(filter(None, (said, telling.missing(view, one))))


def _differences(view: View, item: Item, direction: str, listed: list[Json]) -> Figure:
    title = f"{view.item_title(item)}: {view.say(f'oversight.direction.{direction}')}"
    compared = []
    for one in listed:
        difference, bounds = number(one.get("difference")), interval(one.get("difference_interval"))
        compared.append(
            Row(
                label=view.label(one),
                value=difference,
                low=None if bounds is None else bounds[0],
                high=None if bounds is None else bounds[1],
                text=numbers.points(difference, view.language),
                enough=bool(one.get("enough")),
            )
        )
    return differences(
        "-".join(["oversight", direction, *item]),
        compared,
        words=view.words,
        title=title,
        sentence=" ".join(leaning(view, one) for one in listed[:1]),
        table=_table(view, listed),
        reference=view.words.group(part(listed[0], "reference")),
    )


def _table(view: View, listed: list[Json]) -> Table:
    heads = (
        "head.group",
        "oversight.head.direction",
        "oversight.head.share",
        "oversight.head.other",
        "oversight.head.within",
        "head.p_within",
    )
    lines = []
    for one in listed:
        bounds = interval(one.get("difference_interval"))
        small = ""
        if bounds is not None:
            low, high = (numbers.bare_points(edge, view.language) for edge in bounds)
            small = view.say("range", low=low, high=high)
        lines.append(
            (
                Cell(text=view.label(one)),
                Cell(text=view.say(f"oversight.direction.{one.get('direction')}")),
                telling.cell(view, part(one, "own")),
                telling.cell(view, part(one, "other")),
                Cell(
                    text=numbers.points(number(one.get("difference")), view.language),
                    small=small,
                    tone="" if one.get("enough") else "quiet",
                ),
                Cell(text=numbers.probability(number(one.get("p_holm")), view.language)),
            )
        )
    return Table(header=header(*(view.say(head) for head in heads)), rows=tuple(lines))


def queues(view: View) -> Section | None:
    """Tell who had to wait for a person and whom the machine alone got wrong; None without counts."""
    found = part(part(view.report, "groups"), "queues")
    blocks = [
        *_by_group(view, "queued", rows(found, "queued"), "queued"),
        *_by_group(view, "automated", rows(found, "wrong"), "automated"),
    ]
    # Waits are those of fairness reports, and are told as these tell them.
    told = {
        "waits": part(found, "waits"),
        "measure": {"enough": part(view.report, "plan").get("group")},
        "by": list(part(view.report, "groups").get("attributes") or ()),
    }
    waited = waits.section(replace(view, report=told))
    if waited is not None:
        blocks += [
            Heading(text=view.say("oversight.waits.title")),
            Points(items=waited.lead),
            *waited.blocks,
        ]
    if not blocks:
        return None
    return Section(id="queues", title=view.say("oversight.section.queues"), blocks=tuple(blocks))


def appeals(view: View) -> Section | None:
    """Tell who objected and how often that was upheld, over all, by path and by group; None without counts."""
    found = part(part(view.report, "groups"), "appeals")
    appealed = part(found, "appealed")
    if number(appealed.get("rate")) is None:
        return None
    told = [named(view, name, part(found, name)) for name in ("appealed", "overturned")]
    for one in rows(found, "by_path"):
        path = view.say(f"oversight.path.{one.get('path')}")
        told += [
            Told(
                label=f"{capital(path)}: {view.say(f'oversight.name.{name}')}",
                said=name,
                share=part(one, name),
            )
            for name in ("appealed", "overturned")
        ]
    title = view.say("oversight.section.appeals")
    said = [telling.sentence(view, one) for one in told[:2]]
    waiting = number(found.get("waiting")) or 0
    if waiting:
        count = numbers.count(waiting, view.language)
        said.append(view.say("oversight.appeals.waiting", count=count))
    blocks: list[Block] = [
        Gallery(figures=(telling.figure(view, "oversight-appeals", told, title=title),)),
        Points(items=tuple(said)),
        *_by_group(view, "appealed", rows(found, "appealed_by_group"), "appealed_by"),
        *_by_group(view, "overturned", rows(found, "overturned_by_group"), "overturned_by"),
    ]
    return Section(
        id="appeals",
        title=title,
        lead=(view.say("oversight.appeals.lead"),),
        blocks=tuple(blocks),
    )


def _by_group(view: View, name: str, listed: list[Json], said: str) -> list[Block]:
    """Draw one share of each group, and say it."""
    if not listed:
        return []
    title = capital(view.say(f"oversight.name.{name}"))
    told = [
        Told(label=view.label(one), said=said, share=one, group=view.people(one)) for one in listed
    ]
    return [
        Gallery(figures=(telling.figure(view, f"oversight-by-{name}", told, title=title),)),
        Aside(
            title=view.say("oversight.aside.sentences"),
            blocks=(Points(items=tuple(telling.sentence(view, one) for one in told)),),
        ),
    ]
