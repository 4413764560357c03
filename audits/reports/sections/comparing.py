"""Comparisons as rows of a chart, as lines of a table, and as sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from audits.reports.blocks import Cell, Column, Figure, Listing, Table
from audits.reports.charts.differences import differences
from audits.reports.charts.ratios import ratios
from audits.reports.charts.rows import Row
from audits.reports.sections.view import (
    DIFFERENCE,
    MOST_GROUPS,
    RATIO,
    Json,
    View,
    capital,
    interval,
    is_hidden,
    number,
    part,
)
from audits.reports.words import codes, numbers, terms

#: Groups that one sentence names before it says how many more there are.
_NAMED: Final = 4


def base(metric: str) -> str:
    """Give the rate that a comparison compares."""
    return metric.removesuffix(RATIO).removesuffix(DIFFERENCE)


def is_ratio(metric: str) -> bool:
    return metric.endswith(RATIO)


def title(view: View, metric: str, stage: str = "") -> str:
    """Name a comparison: what is compared, and how."""
    kind = "title.ratio" if is_ratio(metric) else "title.difference"
    return view.say(kind, metric=capital(view.words.metric_name(base(metric), stage)))


# ------------------------------------------------------------------------------ figures


def value_text(view: View, one: Json) -> str:
    """Write the figure of a comparison: 0.86 times, +11.2 points."""
    value = number(one.get("value"))
    if value is None:
        return view.say("hidden" if is_hidden(one) else "not_estimable.short")
    if is_ratio(str(one.get("metric"))):
        return numbers.ratio(value, view.language, beside=number(one.get("tolerance")))
    return numbers.points(value, view.language)


def interval_text(view: View, one: Json) -> str:
    """Write what chance allows a comparison to be."""
    found = interval(one.get("interval"))
    if found is None:
        return ""
    low, high = (_bound(view, one, bound) for bound in found)
    return view.say("range", low=low, high=high)


def _bound(view: View, one: Json, bound: float) -> str:
    if math.isinf(bound):
        return "∞"
    if is_ratio(str(one.get("metric"))):
        return numbers.ratio(bound, view.language, beside=number(one.get("tolerance")))
    return numbers.bare_points(bound, view.language)


def tolerated_text(view: View, one: Json) -> str:
    """Write what is tolerated: 0.8 to 1.25 times, up to 10 points."""
    tolerance = number(one.get("tolerance"))
    if tolerance is None:
        return numbers.DASH
    if is_ratio(str(one.get("metric"))):
        return view.say(
            "tolerated.ratio",
            low=numbers.trimmed(tolerance, view.language),
            high=numbers.trimmed(1 / tolerance, view.language),
        )
    return view.say("tolerated.difference", size=numbers.size_in_points(tolerance, view.language))


# ------------------------------------------------------------------------------ sentences


def sentences(view: View, one: Json) -> tuple[str, ...]:
    """Say a comparison: how far apart the two are, what chance allows, the verdict, and what would settle it."""
    return (_said(view, one), *_judged(view, one), *significance(view, one))


def sentence(view: View, one: Json) -> str:
    return " ".join(sentences(view, one))


def brief(view: View, one: Json) -> str:
    """Say a comparison in one line, where its attribute is known from around it."""
    metric, value = str(one.get("metric")), number(one.get("value"))
    found = interval(one.get("interval"))
    if value is None or found is None or math.isinf(found[1]):
        return sentence(view, one)
    kind = "ratio" if is_ratio(metric) else "higher" if value >= 0 else "lower"
    slots = {
        "metric": view.words.metric(base(metric), str(one.get("stage") or "")),
        "group": numbers.quoted(view.label(one), view.language),
        "reference": numbers.quoted(view.words.group(part(one, "reference")), view.language),
        "value": value_text(view, one),
        "size": numbers.size_in_points(value, view.language),
        "interval": interval_text(view, one),
        "tolerated": tolerated_text(view, one),
    }
    if one.get("verdict") is None:
        return view.say(f"brief.{kind}.unjudged", **slots)
    said = view.say(f"brief.{kind}", **slots)
    if one.get("verdict") != "not_enough_evidence":
        return said
    few = (
        ""
        if one.get("enough")
        else view.say("verdict.too_few", enough=numbers.count(view.enough, view.language))
    )
    return " ".join(filter(None, (said, few, needed(view, one))))


def _said(view: View, one: Json) -> str:
    metric = str(one.get("metric"))
    value, found = number(one.get("value")), interval(one.get("interval"))
    slots = {
        "metric": view.words.metric(base(metric), str(one.get("stage") or "")),
        "group": view.people(one),
        "reference": view.words.people(part(one, "reference")),
    }
    if value is None and is_hidden(one):
        return view.say("compare.hidden", **slots, fewest=view.hides_below)
    if value is None:
        reason = codes.REASONS.get(str(one.get("reason")))
        because = reason[view.language] if reason else view.say("verdict.not_estimable")
        return f"{view.say('compare.not_estimable', **slots)} {because}"
    low, high = found or (value, value)
    if is_ratio(metric):
        written = numbers.ratio(value, view.language, beside=number(one.get("tolerance")))
        if math.isinf(high):
            return view.say("compare.ratio_open", **slots, value=written)
        return view.say(
            "compare.ratio",
            **slots,
            value=written,
            low=_bound(view, one, low),
            high=_bound(view, one, high),
        )
    kind = "same" if round(value, 4) == 0 else "higher" if value > 0 else "lower"
    return view.say(
        f"compare.{kind}",
        **slots,
        size=numbers.size_in_points(value, view.language),
        low=numbers.bare_points(low, view.language),
        high=numbers.points(high, view.language),
    )


def _judged(view: View, one: Json) -> list[str]:
    verdict = one.get("verdict")
    if verdict is None:
        return []
    if verdict == "not_estimable":
        return []
    slots = {
        "tolerated": tolerated_text(view, one),
        "enough": numbers.count(view.enough, view.language),
    }
    if verdict == "not_enough_evidence" and not one.get("enough"):
        said = [view.say("verdict.too_few", **slots)]
    else:
        said = [view.say(f"verdict.{verdict}", **slots)]
    if verdict == "not_enough_evidence":
        said.append(needed(view, one))
    if verdict == "pass" and _past_watch(one):
        watch = number(one.get("watch")) or 0.0
        written = (
            numbers.trimmed(watch, view.language)
            if is_ratio(str(one.get("metric")))
            else numbers.size_in_points(watch, view.language)
        )
        said.append(view.say("verdict.watch", watch=written))
    return said


def significance(view: View, one: Json) -> tuple[str, ...]:
    """Say practical beside statistical significance, where a preset asks for both."""
    found = part(one, "significance")
    practical, statistical = found.get("practical"), found.get("statistical")
    if not isinstance(practical, bool) or not isinstance(statistical, bool):
        return ()
    z = numbers.plain(number(found.get("z")), view.language, 1)
    return (
        view.say("significance.practical" if practical else "significance.not_practical"),
        view.say("significance.statistical" if statistical else "significance.chance", z=z),
    )


def _past_watch(one: Json) -> bool:
    watch, value = number(one.get("watch")), number(one.get("value"))
    if watch is None or value is None:
        return False
    if is_ratio(str(one.get("metric"))):
        return not watch <= value <= 1 / watch
    return abs(value) > watch


def needed(view: View, one: Json) -> str:
    """Say what would settle a verdict that rests on too little."""
    count, weeks = number(one.get("needed_count")), number(one.get("needed_weeks"))
    if count is None:
        return view.say("needed.never")
    slots = {"count": numbers.about(count, view.language), "group": view.people(one)}
    if weeks is None:
        return view.say("needed.count", **slots)
    return view.say("needed.with_weeks", **slots, weeks=view.words.weeks(weeks))


def summary(view: View, compared: Sequence[Json]) -> str:
    """Say what the comparisons of one figure amount to."""
    said: list[str] = []
    for verdict in ("breach", "not_enough_evidence", "not_estimable", "pass"):
        those = [one for one in compared if one.get("verdict") == verdict]
        if those:
            said.append(view.say(f"summary.{verdict}", groups=named(view, those)))
    if not said:
        known = [one for one in compared if number(one.get("value")) is not None]
        firm = [one for one in known if one.get("enough")] or known
        if not firm:
            return view.say("summary.nothing")
        farthest = max(firm, key=distance)
        said.append(
            view.say(
                "summary.farthest", group=view.label(farthest), value=value_text(view, farthest)
            )
        )
        said.append(view.say("verdict.none"))
    return " ".join(said)


def named(view: View, those: Sequence[Json]) -> str:
    """List groups with their figures, the farthest from even first, and say how many more there are."""
    ordered = sorted(those, key=lambda one: -distance(one))
    parts = [
        view.say("summary.group", group=view.label(one), value=value_text(view, one))
        if number(one.get("value")) is not None
        else view.label(one)
        for one in ordered[:_NAMED]
    ]
    if len(ordered) > _NAMED:
        rest = len(ordered) - _NAMED
        key = "summary.one_more" if rest == 1 else "summary.more"
        parts.append(view.say(key, count=numbers.count(rest, view.language)))
    return numbers.joined(parts, view.language)


def distance(one: Json) -> float:
    value = number(one.get("value"))
    if value is None:
        return -1.0
    if is_ratio(str(one.get("metric"))):
        return abs(math.log(value)) if value > 0 else math.inf
    return abs(value)


# ------------------------------------------------------------------------------ rows, tables, charts


def chart_row(view: View, one: Json) -> Row:
    found, value = interval(one.get("interval")), number(one.get("value"))
    bounds = interval_text(view, one)
    text = value_text(view, one)
    if value is not None and not is_ratio(str(one.get("metric"))):
        text = numbers.bare_points(value, view.language, sign=True)
    return Row(
        label=view.label(one),
        value=value,
        low=None if found is None or value is None else found[0],
        high=None if found is None or value is None else found[1],
        text=f"{text}  ({bounds})" if bounds and value is not None else text,
        verdict=one.get("verdict"),
        enough=bool(one.get("enough")),
    )


def verdict_cell(view: View, one: Json) -> Cell:
    """Write the verdict, and below it why there is none or what would settle it."""
    verdict = one.get("verdict")
    reason = codes.REASONS.get(str(one.get("reason")))
    small = reason[view.language] if reason else ""
    if is_hidden(one):
        return Cell(text=numbers.DASH, tone="quiet")
    if verdict is None:
        return Cell(text=numbers.DASH, small=small, tone="quiet")
    if verdict == "not_enough_evidence":
        small = needed(view, one)
    small = " ".join(filter(None, (small, *significance(view, one))))
    return Cell(
        text=terms.VERDICTS[verdict][view.language],
        small=small,
        tone=terms.TONES[verdict],
    )


def table(view: View, compared: Sequence[Json]) -> Table:
    """List the comparisons of one figure, one a line; what all share stands above."""
    heads = (
        Column(text=view.say("head.group")),
        Column(text=view.say("head.figure"), figures=True),
        Column(text=view.say("head.interval"), figures=True),
        Column(text=view.say("head.verdict")),
    )
    first = compared[0]
    caption = view.say(
        "compare.caption" if first.get("tolerance") is None else "compare.caption_tolerated",
        reference=view.words.group(part(first, "reference")),
        tolerated=tolerated_text(view, first),
    )
    rows = tuple((Cell(text=view.label(one)), *_cells(view, one)) for one in compared)
    return Table(header=heads, rows=rows, caption=caption)


def whole_table(view: View, compared: Sequence[Json]) -> Table:
    """List comparisons of any kind, one a line, each with all that belongs to it."""
    heads = (
        Column(text=view.say("head.group")),
        Column(text=view.say("head.metric")),
        Column(text=view.say("head.compared")),
        Column(text=view.say("head.tolerated")),
        Column(text=view.say("head.figure"), figures=True),
        Column(text=view.say("head.interval"), figures=True),
        Column(text=view.say("head.verdict")),
    )
    rows = tuple(
        (
            Cell(text=view.label(one)),
            Cell(text=title(view, str(one.get("metric")), str(one.get("stage") or ""))),
            Cell(text=view.words.group(part(one, "reference"))),
            Cell(text=tolerated_text(view, one)),
            *_cells(view, one),
        )
        for one in compared
    )
    return Table(header=heads, rows=rows)


def _cells(view: View, one: Json) -> tuple[Cell, Cell, Cell]:
    tone = "" if one.get("enough") else "quiet"
    return (
        Cell(text=value_text(view, one), small=_counts(view, one), tone=tone),
        Cell(text=interval_text(view, one) or numbers.DASH, tone=tone),
        verdict_cell(view, one),
    )


def _counts(view: View, one: Json) -> str:
    """Write the counts that a comparison of two rates rests on."""
    pairs = one.get("of")
    if not isinstance(pairs, list) or len(pairs) != 1 or len(pairs[0]) != 4:
        return ""
    part_, of, other, other_of = (numbers.count(figure, view.language) for figure in pairs[0])
    return view.say("compare.counts", part=part_, of=of, other=other, other_of=other_of)


def figure(view: View, name: str, metric: str, compared: Sequence[Json]) -> Figure | None:
    """Draw the comparisons of one metric by one attribute; None where there is none to draw."""
    shown = sorted(
        compared, key=lambda one: (number(one.get("value")) is None, not one.get("enough"))
    )
    shown = [one for one in compared if one in shown[:MOST_GROUPS]]
    if not shown:
        return None
    draw = ratios if is_ratio(metric) else differences
    tolerance = next((number(one.get("tolerance")) for one in compared), None)
    return draw(
        name,
        [chart_row(view, one) for one in shown],
        words=view.words,
        title=title(view, metric, str(shown[0].get("stage") or "")),
        sentence=summary(view, compared),
        table=table(view, compared),
        reference=view.words.group(part(shown[0], "reference")),
        tolerance=tolerance,
        watch=next((number(one.get("watch")) for one in compared), None),
    )


def listing(view: View, heading: str, compared: Sequence[Json]) -> Listing:
    return Listing(title=heading, table=whole_table(view, compared))
