"""What another threshold would give: load, error and disparity side by side. Nothing is applied by itself."""

from __future__ import annotations

from collections.abc import Sequence

from audits.reports.blocks import (
    Block,
    Cell,
    Column,
    Figure,
    Gallery,
    Heading,
    Points,
    Section,
    Table,
)
from audits.reports.charts.whatif import Strip, whatif
from audits.reports.sections.view import Json, View, interval, item_of, number, part, rows
from audits.reports.words import codes, numbers


def section(view: View, found: Json) -> Section | None:
    """Tell what thresholds would give, from ``audits.fairness.whatif.thresholds``; None where there is nothing to look at."""
    thresholds = rows(found, "thresholds")
    if len(thresholds) < 2:
        return None
    blocks: list[Block] = [Gallery(figures=(figure(view, found),))]
    targets = _targets(view, found)
    if targets:
        blocks += [Heading(text=view.say("whatif.targets")), Points(items=targets)]
    cannot = tuple(
        codes.CANNOT_TELL[code][view.language]
        for code in found.get("cannot_tell", [])
        if code in codes.CANNOT_TELL
    )
    if cannot:
        blocks += [Heading(text=view.say("whatif.cannot")), Points(items=cannot)]
    return Section(
        id="whatif",
        title=view.say("section.whatif"),
        lead=(view.say("whatif.lead"),),
        blocks=tuple(blocks),
    )


def _targets(view: View, found: Json) -> tuple[str, ...]:
    """Say below which threshold people must decide for each error that may be left; nothing where none can be promised."""
    known = [one for one in rows(found, "targets") if number(one.get("threshold")) is not None]
    unknown = [one for one in rows(found, "targets") if number(one.get("threshold")) is None]
    if not known:
        return ()
    told = [
        view.say(
            "whatif.target",
            error=numbers.share(number(one.get("error")), view.language),
            threshold=numbers.trimmed(number(one.get("threshold")) or 0.0, view.language, 3),
        )
        for one in known
    ]
    if unknown:
        errors = [numbers.share(number(one.get("error")), view.language) for one in unknown]
        told.append(
            view.say(
                "whatif.no_target", errors=numbers.joined(errors, view.language, alternative=True)
            )
        )
    return tuple(told)


def figure(view: View, found: Json) -> Figure:
    """Draw load, error and the disparity of the group that is furthest apart today."""
    thresholds = rows(found, "thresholds")
    current = number(found.get("current"))
    disparity = _disparity(view, thresholds, current)
    strips = [
        Strip(
            title=view.say("whatif.load"),
            values=[number(one.get("load")) for one in thresholds],
            intervals=[interval(one.get("load_interval")) for one in thresholds],
            written=lambda value: numbers.tick_share(value, view.language),
        ),
        Strip(
            title=view.say("whatif.error"),
            values=[number(one.get("error")) for one in thresholds],
            intervals=[interval(one.get("error_interval")) for one in thresholds],
            written=lambda value: numbers.tick_share(value, view.language),
        ),
    ]
    if disparity is not None:
        strips.append(disparity)
    return whatif(
        "whatif",
        [number(one.get("threshold")) or 0.0 for one in thresholds],
        strips,
        current=current,
        words=view.words,
        title=view.say("whatif.title"),
        sentence=_sentence(view, thresholds),
        table=_table(view, thresholds, disparity),
    )


def _disparity(view: View, thresholds: Sequence[Json], current: float | None) -> Strip | None:
    """Follow the comparison of review rates that is widest at the present threshold."""
    if not thresholds:
        return None
    today = next(
        (one for one in thresholds if one.get("current")), thresholds[len(thresholds) // 2]
    )
    candidates = [
        one
        for one in rows(today, "comparisons")
        if one.get("metric") == "review_rate_difference"
        and len(item_of(one)) == 1
        and number(one.get("value")) is not None
    ]
    firm = [one for one in candidates if one.get("enough")] or candidates
    if not firm:
        return None
    wanted = max(firm, key=lambda one: abs(number(one.get("value")) or 0.0))
    followed = [
        next(
            (
                one
                for one in rows(threshold, "comparisons")
                if one.get("metric") == wanted.get("metric")
                and part(one, "group") == part(wanted, "group")
                and part(one, "reference") == part(wanted, "reference")
            ),
            {},
        )
        for threshold in thresholds
    ]
    return Strip(
        title=view.say(
            "whatif.disparity",
            group=view.label(wanted),
            reference=view.words.group(part(wanted, "reference")),
        ),
        values=[number(one.get("value")) for one in followed],
        intervals=[interval(one.get("interval")) for one in followed],
        written=lambda value: numbers.signed_trimmed(value * 100, view.language),
    )


def _sentence(view: View, thresholds: Sequence[Json]) -> str:
    today = next((one for one in thresholds if one.get("current")), None)
    if today is None:
        return view.say("whatif.no_current")
    slots = {
        "threshold": numbers.trimmed(number(today.get("threshold")) or 0.0, view.language, 3),
        "load": numbers.share(number(today.get("load")), view.language),
        "error": numbers.share(number(today.get("error")), view.language),
    }
    known = "whatif.today" if number(today.get("error")) is not None else "whatif.today_unknown"
    return view.say(known, **slots)


def _table(view: View, thresholds: Sequence[Json], disparity: Strip | None) -> Table:
    heads = [
        Column(text=view.say("head.threshold"), figures=True),
        Column(text=view.say("whatif.load"), figures=True),
        Column(text=view.say("whatif.error"), figures=True),
    ]
    if disparity is not None:
        heads.append(Column(text=disparity.title, figures=True))
    lines = []
    for place, one in enumerate(thresholds):
        cells = [
            Cell(
                text=numbers.trimmed(number(one.get("threshold")) or 0.0, view.language, 3),
                small=view.say("whatif.is_current") if one.get("current") else "",
            ),
            _share(view, one, "load"),
            _share(view, one, "error"),
        ]
        if disparity is not None:
            bounds = disparity.intervals[place]
            ends = [numbers.bare_points(bound, view.language) for bound in bounds or ()]
            cells.append(
                Cell(
                    text=numbers.points(disparity.values[place], view.language),
                    small=view.say("range", low=ends[0], high=ends[1]) if ends else "",
                )
            )
        lines.append(tuple(cells))
    return Table(header=tuple(heads), rows=tuple(lines))


def _share(view: View, one: Json, name: str) -> Cell:
    bounds = interval(one.get(f"{name}_interval"))
    ends = [numbers.bare_share(bound, view.language) for bound in bounds or ()]
    return Cell(
        text=numbers.share(number(one.get(name)), view.language),
        small=view.say("range", low=ends[0], high=ends[1]) if ends else "",
    )
