"""The mix of outcomes: what each group was offered or where it was sent, how often that was right, and how people rated it."""

from __future__ import annotations

from audits.reports.blocks import (
    Aside,
    Block,
    Cell,
    Column,
    Figure,
    Gallery,
    Listing,
    Points,
    Section,
    Table,
)
from audits.reports.charts.figure import header
from audits.reports.charts.stacks import Bar, mix
from audits.reports.sections.view import Json, View, interval, item_of, largest, number, part, rows
from audits.reports.words import numbers

_STAGES = ("proposal", "outcome")


def section(view: View) -> Section | None:
    """Tell the mix of outcomes by group; None where there is none."""
    found = part(view.report, "mix")
    blocks: list[Block] = []
    for stage in (stage for stage in _STAGES if stage in view.stages or not view.done_as_proposed):
        figures = tuple(
            figure
            for place, one in enumerate(rows(part(found, "stages"), stage))
            if _is_worth_drawing(view, one)
            and (figure := _figure(view, stage, place, one)) is not None
        )
        if figures:
            blocks.append(Gallery(title=view.say(f"stage.{stage}"), figures=figures))
            points = tuple(
                sentence
                for one in rows(part(found, "stages"), stage)
                if _is_worth_drawing(view, one)
                for sentence in _sentences(view, stage, one)
            )
            blocks.append(Aside(title=view.say("aside.mix"), blocks=(Points(items=points),)))
    blocks += _wrong_team(view, part(found, "wrong_team"))
    blocks += _acceptance(view, part(found, "acceptance"))
    blocks += _ratings(view)
    if not blocks:
        return None
    return Section(
        id="mix",
        title=view.say("section.mix"),
        lead=(view.say("mix.lead"),),
        blocks=tuple(blocks),
    )


def _is_worth_drawing(view: View, one: Json) -> bool:
    """Leave out crossed attributes, and two outcomes whose rate is told elsewhere."""
    if "*" in str(one.get("by")):
        return False
    said_elsewhere = len(one.get("outcomes", [])) <= 2 and view.measures_selection
    return not (said_elsewhere and view.report.get("kind") == "scoring")


def _figure(view: View, stage: str, place: int, one: Json) -> Figure | None:
    outcomes = [str(name) for name in one.get("outcomes", [])]
    groups = rows(one, "groups")
    if not outcomes or not groups:
        return None
    # The most frequent outcomes first, so that what is rare is what is drawn together.
    totals = {
        name: sum(number(part(group, "counts").get(name)) or 0 for group in groups)
        for name in outcomes
    }
    ordered = sorted(outcomes, key=lambda name: -totals[name])
    kinds = [view.words.outcome(name) for name in ordered]
    bars = [
        Bar(
            label=view.label(group),
            parts=[number(part(group, "shares").get(name)) or 0.0 for name in ordered],
            note=numbers.count(number(group.get("count")) or 0, view.language),
            enough=bool(group.get("enough")),
        )
        for group in largest(groups)
    ]
    item = tuple(sorted(str(one.get("by", "")).split("*")))
    among = "mix.among_positive" if one.get("among") == "positive" else "mix.among_all"
    return mix(
        "-".join(["mix", stage, str(place), *item]),
        bars,
        kinds,
        words=view.words,
        title=view.say(among, attribute=view.item_title(item)),
        sentence=_tested(view, part(one, "test")),
        table=_table(view, groups, ordered),
    )


def _tested(view: View, test: Json) -> str:
    p, strength = number(test.get("p_value")), number(test.get("cramers_v"))
    if p is None or strength is None:
        return view.say("mix.untested")
    size = "slight" if strength < 0.1 else "moderate" if strength < 0.3 else "strong"
    kind = "differs" if p < 0.05 else "may_be_alike"
    return view.say(
        f"mix.{kind}",
        p=numbers.probability(p, view.language),
        size=view.say(f"mix.{size}"),
        v=numbers.plain(strength, view.language),
    )


def _table(view: View, groups: list[Json], outcomes: list[str]) -> Table:
    heads = (
        Column(text=view.say("head.group")),
        Column(text=view.say("head.decisions"), figures=True),
        *(Column(text=view.words.outcome(name), figures=True) for name in outcomes),
    )
    lines = []
    for group in groups:
        cells = [
            Cell(
                text=view.label(group), small="" if group.get("enough") else view.say("legend.few")
            ),
            Cell(text=numbers.count(number(group.get("count")) or 0, view.language)),
        ]
        for name in outcomes:
            bounds = interval(part(group, "intervals").get(name))
            small = numbers.count(number(part(group, "counts").get(name)) or 0, view.language)
            if bounds is not None:
                low, high = (numbers.bare_share(bound, view.language) for bound in bounds)
                small = f"{small} · {view.say('range', low=low, high=high)}"
            cells.append(
                Cell(
                    text=numbers.share(number(part(group, "shares").get(name)), view.language),
                    small=small,
                    tone="" if group.get("enough") else "quiet",
                )
            )
        lines.append(tuple(cells))
    return Table(header=heads, rows=tuple(lines))


def _sentences(view: View, stage: str, one: Json) -> list[str]:
    """Say of each group which outcomes it got, the most frequent first."""
    said = []
    for group in rows(one, "groups"):
        shares = sorted(
            ((number(share) or 0.0, str(name)) for name, share in part(group, "shares").items()),
            key=lambda pair: -pair[0],
        )
        listed = [
            view.say(
                "mix.part",
                outcome=numbers.quoted(view.words.outcome(name), view.language),
                share=numbers.share(share, view.language),
            )
            for share, name in shares
            if share > 0
        ]
        said.append(
            view.say(
                f"mix.group.{stage}",
                group=view.people(group),
                of=view.words.decisions(number(group.get("count")) or 0),
                outcomes=numbers.joined(listed, view.language),
            )
        )
    return said


# ------------------------------------------------------------------------------ of each kind


def _wrong_team(view: View, found: Json) -> list[Block]:
    blocks: list[Block] = []
    for stage in _STAGES:
        groups = [one for one in rows(found, stage) if number(one.get("rate")) is not None]
        if not groups or stage not in view.stages:
            continue
        lines = tuple(
            (
                Cell(text=view.label(one)),
                _rate_cell(view, one, "rate", "interval", counts=one.get("of")),
                _points_cell(view, one),
            )
            for one in groups
        )
        heads = (view.say("head.group"), view.say("head.wrong_team"), view.say("head.difference"))
        blocks.append(
            Listing(
                title=view.say("wrong_team.title", stage=view.say(f"stage.{stage}")),
                table=Table(header=header(*heads, figures=2), rows=lines),
                sentences=tuple(_wrong_team_sentence(view, one) for one in groups),
            )
        )
    return blocks


def _wrong_team_sentence(view: View, one: Json) -> str:
    of = one.get("of")
    wrong, whole = (number(figure) or 0 for figure in of) if isinstance(of, list) else (0, 0)
    return view.say(
        "wrong_team.group",
        group=view.people(one),
        of=view.words.decisions(whole),
        part=numbers.count(wrong, view.language),
        share=numbers.share(number(one.get("rate")), view.language),
    )


def _rate_cell(view: View, one: Json, rate: str, bounds: str, *, counts: object = None) -> Cell:
    small = []
    if isinstance(counts, list) and len(counts) == 2:
        above, below = (numbers.count(number(figure) or 0, view.language) for figure in counts)
        small.append(view.say("part_of", part=above, of=below))
    found = interval(one.get(bounds))
    if found is not None:
        low, high = (numbers.bare_share(bound, view.language) for bound in found)
        small.append(view.say("range", low=low, high=high))
    return Cell(
        text=numbers.share(number(one.get(rate)), view.language),
        small=" · ".join(small),
        tone="" if one.get("enough", True) else "quiet",
    )


def _points_cell(view: View, one: Json) -> Cell:
    found = interval(one.get("difference_interval"))
    small = ""
    if found is not None:
        low, high = (numbers.bare_points(bound, view.language) for bound in found)
        small = view.say("range", low=low, high=high)
    return Cell(text=numbers.points(number(one.get("difference")), view.language), small=small)


def _acceptance(view: View, found: Json) -> list[Block]:
    """Put beside each other how often something was chosen for a group and how often that was right."""
    blocks: list[Block] = []
    for stage in _STAGES:
        told = [one for one in rows(found, stage) if len(item_of(one)) == 1 and one.get("outcome")]
        if not told or stage not in view.stages:
            continue
        positive = set(view.words.positive)
        offered = [one for one in told if str(one["outcome"]) in positive] or told
        others = [one for one in told if one not in offered]
        blocks.append(
            Listing(
                title=view.say("acceptance.title", stage=view.say(f"stage.{stage}")),
                table=_acceptance_table(view, offered),
                sentences=(view.say("acceptance.lead"),),
            )
        )
        points = tuple(
            view.say(
                "acceptance.group",
                group=view.people(one),
                outcome=numbers.quoted(view.words.outcome(str(one["outcome"])), view.language),
                exposure=numbers.share(number(one.get("exposure")), view.language),
                labelled=numbers.count(number(one.get("labelled")) or 0, view.language),
                rate=numbers.share(number(one.get("rate")), view.language),
            )
            for one in told
            if number(one.get("rate")) is not None
        )
        if points:
            blocks.append(Aside(title=view.say("aside.acceptance"), blocks=(Points(items=points),)))
        if others:
            table = Listing(
                title=view.say("acceptance.others"), table=_acceptance_table(view, others)
            )
            blocks.append(Aside(title=view.say("acceptance.others"), blocks=(table,)))
    return blocks


def _acceptance_table(view: View, told: list[Json]) -> Table:
    return Table(
        header=(
            Column(text=view.say("head.group")),
            Column(text=view.say("head.outcome")),
            Column(text=view.say("head.exposure"), figures=True),
            Column(text=view.say("head.accepted"), figures=True),
        ),
        rows=tuple(
            (
                Cell(text=view.label(one)),
                Cell(text=view.words.outcome(str(one["outcome"]))),
                _rate_cell(view, one, "exposure", "exposure_interval"),
                _rate_cell(
                    view, one, "rate", "interval", counts=[one.get("accepted"), one.get("labelled")]
                ),
            )
            for one in told
        ),
    )


def _ratings(view: View) -> list[Block]:
    blocks: list[Block] = []
    for scale in rows(view.report, "ratings"):
        name = str(scale.get("scale"))
        groups = rows(scale, "groups")
        if not groups or name not in {"csat", "ces", "nps"}:
            continue
        share = numbers.signed_share if name == "nps" else numbers.share
        lines = []
        for one in groups:
            means = interval(one.get("mean_interval"))
            low, high = (numbers.plain(bound, view.language) for bound in means or (0.0, 0.0))
            bounds = interval(one.get("interval"))
            ends = [numbers.bare_share(bound, view.language) for bound in bounds or ()]
            lines.append(
                (
                    Cell(
                        text=view.label(one),
                        small="" if one.get("enough") else view.say("legend.few"),
                    ),
                    Cell(text=numbers.count(number(one.get("count")) or 0, view.language)),
                    Cell(
                        text=numbers.plain(number(one.get("mean")), view.language),
                        small=view.say("range", low=low, high=high) if means else "",
                    ),
                    Cell(
                        text=share(number(one.get("share")), view.language),
                        small=view.say("range", low=ends[0], high=ends[1]) if ends else "",
                    ),
                )
            )
        heads = (
            view.say("head.group"),
            view.say("head.ratings"),
            view.say("head.mean"),
            view.say(f"ratings.{name}.share"),
        )
        overall = part(scale, "overall")
        blocks.append(
            Listing(
                title=view.say(f"ratings.{name}.title"),
                table=Table(header=header(*heads, figures=3), rows=tuple(lines)),
                sentences=(
                    view.say(
                        f"ratings.{name}.said",
                        count=numbers.count(number(overall.get("count")) or 0, view.language),
                        mean=numbers.plain(number(overall.get("mean")), view.language),
                        share=share(number(overall.get("share")), view.language),
                    ),
                    view.say("ratings.chosen"),
                ),
            )
        )
    return blocks
