"""Scores: how well they rank, whether they hold true in each group, and what deciding alone costs in errors."""

from __future__ import annotations

from typing import Final

from audits.reports.blocks import (
    Aside,
    Block,
    Cell,
    Column,
    Figure,
    Gallery,
    Heading,
    Listing,
    Points,
    Section,
    Table,
)
from audits.reports.charts.calibration import Line, calibration
from audits.reports.charts.figure import header, row
from audits.reports.charts.rates import rates
from audits.reports.charts.risk_coverage import Point, risk_coverage
from audits.reports.charts.rows import Row
from audits.reports.sections.view import (
    Item,
    Json,
    View,
    capital,
    interval,
    item_of,
    largest,
    number,
    part,
    rows,
)
from audits.reports.words import numbers, terms

#: Bins of fewer decisions are left out of the drawing; the table has them.
_FEWEST: Final = 10
#: Shares decided alone at which each group's figures are listed.
_COVERAGES: Final = ("0.9", "0.8", "0.7", "0.5")


def section(view: View) -> Section | None:
    """Tell what scores are worth; None where no proposal came with a confidence."""
    scores = part(view.report, "scores")
    if not scores:
        return None
    blocks: list[Block] = []
    curve = _risk_coverage(view, part(scores, "risk_coverage"))
    if curve is not None:
        blocks += [Gallery(figures=(curve,)), *_by_group(view, part(scores, "risk_coverage"))]
    for item in view.items():
        if len(item) > 1:
            continue
        figures = [
            figure
            for figure in (
                _auc(view, part(scores, "auc"), item),
                _scoring_rate(view, scores, item),
                _calibration(view, part(scores, "calibration"), item),
            )
            if figure is not None
        ]
        if figures:
            blocks += [Heading(text=view.item_title(item)), Gallery(figures=tuple(figures))]
            blocks += _sentences(view, scores, item)
    if not blocks:
        return None
    lead = [view.say("scores.lead" if scores.get("binary") else "scores.lead_unranked")]
    median = number(scores.get("median_score"))
    if median is not None:
        lead.append(view.say("scores.median", median=numbers.share(median, view.language)))
    return Section(
        id="scores",
        title=view.say("section.scores"),
        lead=tuple(lead),
        blocks=tuple(blocks),
    )


def _of(found: Json, name: str, item: Item) -> list[Json]:
    return [one for one in rows(found, name) if item_of(one) == item]


# ------------------------------------------------------------------------------ ranking


def _auc(view: View, auc: Json, item: Item) -> Figure | None:
    groups = _of(auc, "groups", item)
    if not any(number(one.get("value")) is not None for one in groups):
        return None
    lines = [
        row(
            view.label(one),
            numbers.plain(number(one.get("value")), view.language),
            _plain_range(view, one.get("interval")),
        )
        for one in groups
    ]
    return rates(
        "-".join(["auc", *item]),
        [_plain_row(view, one) for one in largest(groups)],
        words=view.words,
        title=view.say("auc.title"),
        sentence=view.say("auc.sentence", overall=_auc_value(view, part(auc, "overall"))),
        table=Table(
            header=header(
                *(view.say(head) for head in ("head.group", "head.value", "head.interval")),
                figures=2,
            ),
            rows=tuple(lines),
        ),
        overall=number(part(auc, "overall").get("value")),
        plain=True,
    )


def _auc_value(view: View, one: Json) -> str:
    return numbers.plain(number(one.get("value")), view.language)


def _plain_range(view: View, found: object) -> str:
    bounds = interval(found)
    if bounds is None:
        return numbers.DASH
    low, high = (numbers.plain(bound, view.language) for bound in bounds)
    return view.say("range", low=low, high=high)


def _plain_row(view: View, one: Json) -> Row:
    value, bounds = number(one.get("value")), interval(one.get("interval"))
    text = view.say("not_estimable.short")
    if value is not None:
        text = f"{numbers.plain(value, view.language)}  ({_plain_range(view, one.get('interval'))})"
    return Row(
        label=view.label(one),
        value=value,
        low=None if bounds is None else bounds[0],
        high=None if bounds is None else bounds[1],
        text=text,
        enough=bool(one.get("enough")),
    )


# ------------------------------------------------------------------------------ scoring rates


def _scoring_rate(view: View, scores: Json, item: Item) -> Figure | None:
    groups = _of(scores, "scoring_rate", item)
    if not groups:
        return None
    drawn = []
    lines = []
    for one in groups:
        value, bounds = number(one.get("rate")), interval(one.get("interval"))
        text = numbers.share(value, view.language)
        low, high = (numbers.bare_share(bound, view.language) for bound in bounds or (0.0, 1.0))
        drawn.append(
            Row(
                label=view.label(one),
                note=numbers.count(number(one.get("count")) or 0, view.language),
                value=value,
                low=None if bounds is None else bounds[0],
                high=None if bounds is None else bounds[1],
                text=f"{text}  ({view.say('range', low=low, high=high)})" if bounds else text,
                enough=bool(one.get("enough")),
            )
        )
        ratio = number(one.get("ratio"))
        lines.append(
            (
                Cell(
                    text=view.label(one),
                    small=view.say("group.below_share") if one.get("below_share") else "",
                ),
                Cell(
                    text=text,
                    small=view.say(
                        "part_of",
                        part=numbers.count(number(one.get("above")) or 0, view.language),
                        of=numbers.count(number(one.get("count")) or 0, view.language),
                    ),
                ),
                Cell(
                    text=view.say("scoring.highest")
                    if one.get("highest")
                    else numbers.ratio(ratio, view.language),
                    small=""
                    if one.get("highest")
                    else _ratio_range(view, one.get("ratio_interval")),
                ),
            )
        )
    firm = [one for one in groups if one.get("enough")] or groups
    low_one = min(firm, key=lambda one: number(one.get("rate")) or 0.0)
    high_one = max(firm, key=lambda one: number(one.get("rate")) or 0.0)
    return rates(
        "-".join(["scoring-rate", *item]),
        drawn,
        words=view.words,
        title=capital(view.words.metric_name("scoring_rate")),
        sentence=view.say(
            "summary.extremes",
            metric=view.words.metric("scoring_rate"),
            high_group=view.label(high_one),
            high=numbers.share(number(high_one.get("rate")), view.language),
            low_group=view.label(low_one),
            low=numbers.share(number(low_one.get("rate")), view.language),
        ),
        table=Table(
            header=header(
                view.say("head.group"),
                capital(view.words.metric_name("scoring_rate")),
                view.say("head.impact_ratio"),
                figures=2,
            ),
            rows=tuple(lines),
        ),
        overall=None,
    )


def _ratio_range(view: View, found: object) -> str:
    bounds = interval(found)
    if bounds is None:
        return ""
    low, high = (numbers.ratio(bound, view.language) for bound in bounds)
    return view.say("range", low=low, high=high)


# ------------------------------------------------------------------------------ calibration


def _calibration(view: View, found: Json, item: Item) -> Figure | None:
    bins = [one for one in _of(found, "bins", item) if (number(one.get("count")) or 0) > 0]
    if not bins:
        return None
    by_group: dict[str, list[Json]] = {}
    for one in bins:
        by_group.setdefault(view.label(one), []).append(one)
    lines = []
    for label, own in sorted(
        by_group.items(), key=lambda pair: -sum(number(one.get("count")) or 0 for one in pair[1])
    ):
        points = [
            (said, came, interval(one.get("interval")))
            for one in own
            if (number(one.get("count")) or 0) >= _FEWEST
            and (said := number(one.get("mean_score"))) is not None
            and (came := number(one.get("observed"))) is not None
        ]
        if points:
            lines.append(Line(label=label, points=points))
    if not lines:
        return None
    table = Table(
        header=(
            Column(text=view.say("head.group")),
            Column(text=view.say("head.said"), figures=True),
            Column(text=view.say("head.came"), figures=True),
            Column(text=view.say("head.interval"), figures=True),
            Column(text=view.say("head.decisions"), figures=True),
        ),
        rows=tuple(
            row(
                view.label(one),
                numbers.share(number(one.get("mean_score")), view.language),
                numbers.share(number(one.get("observed")), view.language),
                _share_range(view, one.get("interval")),
                numbers.count(number(one.get("count")) or 0, view.language),
            )
            for one in bins
        ),
    )
    return calibration(
        "-".join(["calibration", *item]),
        lines,
        words=view.words,
        title=view.say("calibration.title"),
        sentence=_large_summary(view, found, item),
        table=table,
    )


def _share_range(view: View, found: object) -> str:
    bounds = interval(found)
    if bounds is None:
        return numbers.DASH
    low, high = (numbers.share(bound, view.language) for bound in bounds)
    return view.say("range", low=low, high=high)


def _fit(one: Json) -> str:
    """Say whether more came true than was said, fewer, or as many as chance allows."""
    bounds = interval(one.get("interval"))
    if bounds is not None and bounds[0] > 1:
        return "more"
    return "fewer" if bounds is not None and bounds[1] < 1 else "fits"


def _large(found: Json, item: Item) -> list[Json]:
    return [
        one
        for one in _of(found, "in_the_large", item)
        if number(one.get("count")) and number(one.get("expected")) is not None
    ]


def _large_summary(view: View, found: Json, item: Item) -> str:
    """Say for which groups the software is too sure, not sure enough, or right about how sure it is."""
    said = []
    for kind in ("more", "fewer", "fits"):
        labels = [view.label(one) for one in _large(found, item) if _fit(one) == kind]
        if labels:
            groups = numbers.joined(labels, view.language)
            said.append(view.say(f"calibration.summary.{kind}", groups=groups))
    return " ".join(said)


def _in_the_large(view: View, found: Json, item: Item) -> list[str]:
    """Say of each group how many were expected by what was said, and how many came."""
    of = "positive" if found.get("of") == "positive" else "right"
    return [
        view.say(
            f"calibration.{of}.{_fit(one)}",
            group=view.people(one),
            of=view.words.decisions(number(one.get("count")) or 0),
            expected=numbers.count(number(one.get("expected")) or 0, view.language),
            observed=numbers.count(number(one.get("observed")) or 0, view.language),
            positive=view.words.positives(),
        )
        for one in _large(found, item)
    ]


# ------------------------------------------------------------------------------ risk and coverage


def _point(one: Json) -> Point | None:
    coverage, error = number(one.get("coverage")), number(one.get("error"))
    if coverage is None or error is None:
        return None
    return Point(coverage=coverage, error=error, interval=interval(one.get("interval")))


def _risk_coverage(view: View, found: Json) -> Figure | None:
    points = [point for one in rows(found, "points") if (point := _point(one)) is not None]
    if not points:
        return None
    operating = _point(part(found, "operating_point"))
    lines = [
        row(
            numbers.share(number(one.get("coverage")), view.language),
            numbers.share(number(one.get("error")), view.language),
            _share_range(view, one.get("interval")),
            numbers.plain(number(one.get("threshold")), view.language, 3),
        )
        for one in rows(found, "points")
    ]
    return risk_coverage(
        "risk-coverage",
        points,
        words=view.words,
        title=view.say("coverage.title"),
        sentence=_coverage_sentence(view, points, operating, number(found.get("aurc"))),
        table=Table(
            header=header(
                *(
                    view.say(head)
                    for head in ("head.alone", "head.wrong", "head.interval", "head.threshold")
                ),
                figures=4,
            ),
            rows=tuple(lines),
        ),
        operating=operating,
    )


def _coverage_sentence(
    view: View, points: list[Point], operating: Point | None, area: float | None
) -> str:
    whole = max(points, key=lambda point: point.coverage)
    said = [
        view.say(
            "coverage.whole",
            coverage=numbers.share(whole.coverage, view.language),
            error=numbers.share(whole.error, view.language),
        )
    ]
    half = min(points, key=lambda point: abs(point.coverage - 0.5))
    if half is not whole:
        said.append(
            view.say(
                "coverage.surest",
                coverage=numbers.share(half.coverage, view.language),
                error=numbers.share(half.error, view.language),
            )
        )
    if area is not None:
        said.append(view.say("coverage.area", area=numbers.share(area, view.language)))
    if operating is not None:
        said.append(
            view.say(
                "coverage.today",
                coverage=numbers.share(operating.coverage, view.language),
                error=numbers.share(operating.error, view.language),
            )
        )
    return " ".join(said)


def _by_group(view: View, found: Json) -> list[Block]:
    """Say what one threshold for all would do to each group."""
    said = []
    for one in rows(found, "groups"):
        full = number(one.get("error_full"))
        shares, errors = part(one, "review_share_at"), part(one, "error_at")
        at = "0.8" if "0.8" in shares else next(iter(shares), None)
        review = number(shares.get(at)) if at is not None else None
        error = number(errors.get(at)) if at is not None else None
        if full is None or review is None or error is None or at is None:
            continue
        said.append(
            view.say(
                "coverage.group",
                group=view.people(one),
                full=numbers.share(full, view.language),
                at=numbers.share(float(at), view.language),
                review=numbers.share(review, view.language),
                error=numbers.share(error, view.language),
            )
        )
    if not said:
        return []
    listing = Listing(
        title=view.say("aside.coverage"), table=_coverage_table(view, rows(found, "groups"))
    )
    return [Aside(title=view.say("aside.coverage"), blocks=(Points(items=tuple(said)), listing))]


def _coverage_table(view: View, groups: list[Json]) -> Table:
    """List by group what deciding alone more or less would send to people and leave wrong."""
    known = [at for at in _COVERAGES if any(at in part(one, "review_share_at") for one in groups)]
    heads = [
        Column(text=view.say("head.group")),
        Column(text=view.say("coverage.all_head"), figures=True),
        *(
            Column(
                text=view.say(
                    "coverage.surest_head", coverage=numbers.tick_share(float(at), view.language)
                ),
                figures=True,
            )
            for at in known
        ),
    ]
    lines = []
    for one in groups:
        cells = [
            Cell(text=view.label(one)),
            Cell(text=numbers.share(number(one.get("error_full")), view.language)),
        ]
        for at in known:
            review = numbers.share(number(part(one, "review_share_at").get(at)), view.language)
            error = numbers.share(number(part(one, "error_at").get(at)), view.language)
            cells.append(
                Cell(
                    text=view.say("coverage.cell", review=review),
                    small=view.say("coverage.cell_wrong", error=error),
                    tone="" if one.get("enough") else "quiet",
                )
            )
        lines.append(tuple(cells))
    return Table(header=tuple(heads), rows=tuple(lines))


def _sentences(view: View, scores: Json, item: Item) -> list[Block]:
    known = terms.METRICS["scoring_rate"]
    said = [
        known.counted[view.language].format(
            of=view.words.decisions(number(one.get("count")) or 0),
            part=numbers.count(number(one.get("above")) or 0, view.language),
            share=numbers.share(number(one.get("rate")), view.language),
            group=view.people(one),
        )
        for one in _of(scores, "scoring_rate", item)
    ]
    for one in _of(part(scores, "auc"), "groups", item):
        value, bounds = number(one.get("value")), interval(one.get("interval"))
        if value is None or bounds is None:
            said.append(view.say("auc.not_estimable", group=view.people(one)))
            continue
        low, high = (numbers.plain(bound, view.language) for bound in bounds)
        said.append(
            view.say(
                "auc.group",
                group=view.people(one),
                share=numbers.count(value * 100, view.language),
                value=numbers.plain(value, view.language),
                low=low,
                high=high,
            )
        )
    said += _in_the_large(view, part(scores, "calibration"), item)
    if not said:
        return []
    title = view.say("aside.score_sentences", attribute=view.item_name(item))
    return [Aside(title=title, blocks=(Points(items=tuple(said)),))]
