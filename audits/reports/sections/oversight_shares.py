"""Shares of an oversight report: each as a line of a chart, a line of a table, and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audits.reports.blocks import Cell, Figure, Table
from audits.reports.charts.figure import header
from audits.reports.charts.rows import Row
from audits.reports.charts.shares import shares
from audits.reports.sections.view import Json, View, capital, interval, number, part
from audits.reports.words import numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A share to tell: what it is called, which sentence says it, its figures, and whom it is about, if anybody in particular."""

    label: str
    said: str
    share: Json
    group: str = ""


def named(view: View, name: str, share: Json, *, said: str = "", group: str = "") -> Told:
    """Tell a share by its own name."""
    return Told(
        label=capital(view.say(f"oversight.name.{name}")),
        said=said or name,
        share=share,
        group=group,
    )


def parts(share: Json) -> tuple[int, int]:
    """Take the counts a share is made of."""
    of = share.get("of")
    if not isinstance(of, list | tuple) or len(of) != 2:
        return 0, 0
    return int(number(of[0]) or 0), int(number(of[1]) or 0)


def sentence(view: View, told: Told) -> str:
    """Say a share with its counts, what chance allows, and what is missing for a judgement."""
    hits, of = parts(told.share)
    rate, bounds = number(told.share.get("rate")), interval(told.share.get("interval"))
    if rate is None:
        nothing = view.say("oversight.none", measure=told.label)
        return " ".join(filter(None, (nothing, missing(view, told.share))))
    slots = {
        "of": numbers.count(of, view.language),
        "part": numbers.count(hits, view.language),
        "share": numbers.share(rate, view.language),
    }
    if told.group:
        slots["group"] = told.group
    said = [view.say(f"oversight.said.{told.said}", **slots)]
    if bounds is not None:
        low, high = (numbers.share(edge, view.language) for edge in bounds)
        said.append(view.say("rate.interval", low=low, high=high))
    said.append(missing(view, told.share))
    return " ".join(filter(None, said))


def missing(view: View, standing: Json) -> str:
    """Say how much more is needed and when it will be there; nothing where it is enough."""
    needed = part(standing, "needed")
    if not needed:
        return ""
    count, weeks = number(needed.get("count")) or 0, number(needed.get("weeks"))
    counted = numbers.count(count, view.language)
    if weeks is None:
        return view.say("oversight.needed", count=counted)
    return view.say("oversight.needed.weeks", count=counted, weeks=view.words.weeks(weeks))


def written(view: View, share: Json) -> str:
    """Write a share with what chance allows."""
    rate, bounds = number(share.get("rate")), interval(share.get("interval"))
    if rate is None:
        return numbers.DASH
    text = numbers.share(rate, view.language)
    if bounds is None:
        return text
    low, high = (numbers.bare_share(edge, view.language) for edge in bounds)
    return f"{text}  ({view.say('range', low=low, high=high)})"


def cell(view: View, share: Json) -> Cell:
    """Write a share with its counts and what chance allows below it."""
    rate, bounds = number(share.get("rate")), interval(share.get("interval"))
    tone = "" if share.get("enough") else "quiet"
    if rate is None:
        return Cell(text=numbers.DASH, tone="quiet")
    hits, of = (numbers.count(count, view.language) for count in parts(share))
    small = [view.say("part_of", part=hits, of=of)]
    if bounds is not None:
        low, high = (numbers.bare_share(edge, view.language) for edge in bounds)
        small.append(view.say("range", low=low, high=high))
    return Cell(text=numbers.share(rate, view.language), small=" · ".join(small), tone=tone)


def row(view: View, told: Told) -> Row:
    bounds = interval(told.share.get("interval"))
    return Row(
        label=told.label,
        note=numbers.count(parts(told.share)[1], view.language),
        value=number(told.share.get("rate")),
        low=None if bounds is None else bounds[0],
        high=None if bounds is None else bounds[1],
        text=written(view, told.share),
        enough=bool(told.share.get("enough")),
    )


def table(view: View, told: Sequence[Told]) -> Table:
    heads = ("oversight.head.measure", "oversight.head.share", "oversight.head.standing")
    return Table(
        header=header(*(view.say(head) for head in heads)),
        rows=tuple(
            (
                Cell(text=one.label),
                cell(view, one.share),
                Cell(text=missing(view, one.share) or view.say("oversight.enough")),
            )
            for one in told
        ),
    )


def figure(view: View, name: str, told: Sequence[Told], *, title: str) -> Figure:
    """Draw shares one below another."""
    enough = sum(bool(one.share.get("enough")) for one in told)
    return shares(
        name,
        [row(view, one) for one in told],
        words=view.words,
        title=title,
        sentence=view.say(
            "oversight.measures.sentence",
            enough=numbers.count(enough, view.language),
            of=numbers.count(len(told), view.language),
        ),
        table=table(view, told),
    )
