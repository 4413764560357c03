"""What contributes to a difference: which rules, which facts, and how much of it goes with what the groups are made of."""

from __future__ import annotations

from typing import Final

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
from audits.reports.charts.contributions import Part, contributions
from audits.reports.sections.view import Item, Json, View, interval, item_of, number, part, rows
from audits.reports.words import codes, numbers

#: Parts that are drawn one by one; the rest together.
_MOST: Final = 8
#: Groups that are drawn for each attribute, those furthest from the one compared with first.
_GROUPS: Final = 3


def section(view: View) -> Section | None:
    """Tell what differences are made of; None where nothing is there to be split."""
    blocks: list[Block] = []
    for item in view.items():
        if len(item) == 1:
            blocks += _attribute(view, item)
    if not blocks:
        return None
    return Section(
        id="causes",
        title=view.say("section.causes"),
        lead=(view.say("causes.lead"), view.say("causes.caution")),
        blocks=tuple(blocks),
    )


def _attribute(view: View, item: Item) -> list[Block]:
    compared = [
        one for one in rows(part(view.report, "reasons"), "comparisons") if item_of(one) == item
    ]
    figures: list[Figure] = []
    said: list[str] = []
    for name, draw, told in (
        ("review", _rules, _rules_said),
        ("positive", _facts, _facts_said),
        ("contributions", _means, _means_said),
    ):
        shown = sorted(
            (one for one in compared if part(one, name)),
            key=lambda one: -abs(number(part(one, name).get("difference")) or 0.0),
        )[:_GROUPS]
        for one in shown:
            figure = draw(view, one, item) if _beyond_chance(part(one, name)) else None
            sentence = told(view, one)
            if figure is not None:
                figures.append(figure)
            elif sentence:
                said.append(sentence)
        if name == "positive" and any(figure.id.startswith("facts") for figure in figures):
            break
    said += [
        sentence
        for one in compared
        for found in rows(one, "strata")
        if (sentence := _strata(view, one, found))
    ]
    if not figures and not said:
        return []
    blocks: list[Block] = [Heading(text=view.item_title(item))]
    if figures:
        blocks.append(Gallery(figures=tuple(figures)))
    if said:
        blocks.append(Points(items=tuple(dict.fromkeys(said))))
    return blocks


def _beyond_chance(found: Json) -> bool:
    """Say whether a difference is more than chance explains; one without an interval is taken as it is."""
    bounds = interval(found.get("interval"))
    return bounds is None or not bounds[0] <= 0 <= bounds[1]


# ------------------------------------------------------------------------------ rules


def _rules(view: View, one: Json, item: Item) -> Figure | None:
    found = part(one, "review")
    rules = rows(found, "rules")
    if not rules:
        return None
    parts = [
        Part(
            label=_rule_name(view, rule),
            value=number(rule.get("contribution")) or 0.0,
            low=_low(rule.get("interval")),
            high=_high(rule.get("interval")),
            text=numbers.points(number(rule.get("contribution")), view.language),
        )
        for rule in rules
    ]
    heads = (
        Column(text=view.say("head.rule")),
        Column(text=view.say("head.adds"), figures=True),
        Column(text=view.label(one), figures=True),
        Column(text=view.words.group(part(one, "reference")), figures=True),
    )
    lines = []
    for rule in rules:
        given = part(rule, "given")
        lines.append(
            (
                Cell(text=_rule_name(view, rule)),
                Cell(
                    text=numbers.points(number(rule.get("contribution")), view.language),
                    small=_range(view, rule.get("interval")),
                ),
                _given(view, given.get("of")),
                _given(view, given.get("reference_of")),
            )
        )
    return _figure(
        view,
        "-".join(["rules", *item, *part(one, "group").values()]),
        parts,
        number(found.get("difference")) or 0.0,
        title=view.say(
            "causes.rules",
            group=view.label(one),
            reference=view.words.group(part(one, "reference")),
        ),
        sentence=_rules_said(view, one),
        table=Table(header=heads, rows=tuple(lines)),
        one=one,
    )


def _rule_name(view: View, rule: Json) -> str:
    name = str(rule.get("name") or "")
    known = codes.BUILT_IN_REASONS.get(name)
    return known[view.language] if known else name


def _rules_said(view: View, one: Json) -> str:
    found = part(one, "review")
    rules = rows(found, "rules")
    if not rules:
        return ""
    slots = {
        "group": view.people(one),
        "reference": view.words.people(part(one, "reference")),
        "rate": numbers.share(number(found.get("rate")), view.language),
        "reference_rate": numbers.share(number(found.get("reference_rate")), view.language),
        "difference": numbers.points(number(found.get("difference")), view.language),
        "rule": numbers.quoted(_rule_name(view, rules[0]), view.language),
        "part": numbers.points(number(rules[0].get("contribution")), view.language),
    }
    said = view.say("causes.rules.said", **slots)
    return f"{said} {view.say('causes.overlap')}" if found.get("overlap") else said


def _given(view: View, of: object) -> Cell:
    if not isinstance(of, list) or len(of) != 2:
        return Cell(text=numbers.DASH, tone="quiet")
    above, below = (number(figure) or 0.0 for figure in of)
    counted = view.say(
        "part_of", part=numbers.count(above, view.language), of=numbers.count(below, view.language)
    )
    return Cell(text=numbers.share(above / below if below else None, view.language), small=counted)


# ------------------------------------------------------------------------------ facts


def _facts(view: View, one: Json, item: Item) -> Figure | None:
    """Draw how much of a difference in positive proposals each fact explains, and how much nothing does."""
    found = part(one, "positive")
    explained, unexplained = number(found.get("explained")), number(found.get("unexplained"))
    if explained is None or unexplained is None:
        return None
    features = rows(found, "features")
    shown = features[:_MOST]
    parts = [
        Part(
            label=view.words.feature(str(feature.get("feature"))),
            value=number(feature.get("contribution")) or 0.0,
            text=numbers.points(number(feature.get("contribution")), view.language),
        )
        for feature in shown
    ]
    rest = sum(number(feature.get("contribution")) or 0.0 for feature in features[_MOST:])
    if features[_MOST:]:
        parts.append(
            Part(
                label=view.say("causes.rest"), value=rest, text=numbers.points(rest, view.language)
            )
        )
    if not features:
        parts.append(
            Part(
                label=view.say("causes.explained"),
                value=explained,
                text=numbers.points(explained, view.language),
            )
        )
    parts.append(
        Part(
            label=view.say("causes.unexplained"),
            value=unexplained,
            text=numbers.points(unexplained, view.language),
        )
    )
    table = Table(
        header=(
            Column(text=view.say("head.feature")),
            Column(text=view.say("head.adds"), figures=True),
        ),
        rows=tuple((Cell(text=each.label), Cell(text=each.text)) for each in parts),
    )
    return _figure(
        view,
        "-".join(["facts", *item, *part(one, "group").values()]),
        parts,
        number(found.get("difference")) or 0.0,
        title=view.say(
            "causes.facts",
            group=view.label(one),
            reference=view.words.group(part(one, "reference")),
        ),
        sentence=_facts_said(view, one),
        table=table,
        one=one,
    )


def _facts_said(view: View, one: Json) -> str:
    found = part(one, "positive")
    slots = {
        "group": view.people(one),
        "reference": view.words.people(part(one, "reference")),
        "metric": view.words.metric("selection_rate"),
        "difference": numbers.points(number(found.get("difference")), view.language),
        "explained": numbers.points(number(found.get("explained")), view.language),
        "unexplained": numbers.points(number(found.get("unexplained")), view.language),
    }
    reason = codes.UNSPLIT.get(str(found.get("reason")))
    if reason is not None:
        return reason[view.language]
    if number(found.get("explained")) is None:
        return ""
    said = [view.say("causes.facts.said", **slots)]
    if found.get("direction") == "opposite":
        said.append(view.say("causes.opposite", **slots))
    said.append(view.say("causes.assumes"))
    return " ".join(said)


def _means(view: View, one: Json, item: Item) -> Figure | None:
    """Draw by fact how much more the proposals' reasons speak for one group than for the other."""
    found = part(one, "contributions")
    features = rows(found, "features")
    if not features:
        return None
    parts = [
        Part(
            label=view.words.feature(str(feature.get("feature"))),
            value=number(feature.get("difference")) or 0.0,
            text=numbers.signed_plain(number(feature.get("difference")) or 0.0, view.language),
        )
        for feature in features[:_MOST]
    ]
    lines = tuple(
        (
            Cell(text=view.words.feature(str(feature.get("feature")))),
            Cell(
                text=numbers.signed_plain(number(feature.get("difference")) or 0.0, view.language)
            ),
            Cell(text=numbers.signed_plain(number(feature.get("mean")) or 0.0, view.language)),
            Cell(
                text=numbers.signed_plain(
                    number(feature.get("reference_mean")) or 0.0, view.language
                )
            ),
        )
        for feature in features
    )
    table = Table(
        header=(
            Column(text=view.say("head.feature")),
            Column(text=view.say("head.adds"), figures=True),
            Column(text=view.label(one), figures=True),
            Column(text=view.words.group(part(one, "reference")), figures=True),
        ),
        rows=lines,
    )
    return _figure(
        view,
        "-".join(["means", *item, *part(one, "group").values()]),
        parts,
        number(found.get("difference")) or 0.0,
        title=view.say(
            "causes.means",
            group=view.label(one),
            reference=view.words.group(part(one, "reference")),
        ),
        sentence=_means_said(view, one),
        table=table,
        one=one,
        points=False,
    )


def _means_said(view: View, one: Json) -> str:
    features = rows(part(one, "contributions"), "features")
    if not features:
        return ""
    strongest = features[0]
    kind = "more" if (number(strongest.get("difference")) or 0.0) > 0 else "less"
    return view.say(
        f"causes.means.{kind}",
        feature=numbers.quoted(view.words.feature(str(strongest.get("feature"))), view.language),
        group=view.people(one),
        reference=view.words.people(part(one, "reference")),
    )


# ------------------------------------------------------------------------------ strata


def _strata(view: View, one: Json, found: Json) -> str:
    composition, within = number(found.get("composition")), number(found.get("within"))
    if composition is None or within is None:
        return ""
    return view.say(
        "causes.strata",
        feature=numbers.quoted(view.words.feature(str(found.get("feature"))), view.language),
        group=view.people(one),
        reference=view.words.people(part(one, "reference")),
        metric=view.words.metric("selection_rate"),
        difference=numbers.points(number(found.get("difference")), view.language),
        composition=numbers.points(composition, view.language),
        within=numbers.points(within, view.language),
    )


# ------------------------------------------------------------------------------ drawing


def _figure(
    view: View,
    name: str,
    parts: list[Part],
    difference: float,
    *,
    title: str,
    sentence: str,
    table: Table,
    one: Json,
    points: bool = True,
) -> Figure:
    def written(figure: float) -> str:
        if points:
            return numbers.signed_trimmed(figure * 100, view.language)
        return numbers.signed_trimmed(figure, view.language)

    text = (
        numbers.points(difference, view.language)
        if points
        else numbers.signed_plain(difference, view.language)
    )
    total = Part(label=view.say("contributions.total"), value=difference, text=text, total=True)
    return contributions(
        name,
        [*parts[: _MOST + 2], total],
        words=view.words,
        title=title,
        sentence=sentence,
        table=table,
        written=written,
        lower=view.say("causes.less", group=view.label(one)),
        higher=view.say("causes.more", group=view.label(one)),
    )


def _low(found: object) -> float | None:
    bounds = interval(found)
    return None if bounds is None else bounds[0]


def _high(found: object) -> float | None:
    bounds = interval(found)
    return None if bounds is None else bounds[1]


def _range(view: View, found: object) -> str:
    bounds = interval(found)
    if bounds is None:
        return ""
    low, high = (numbers.bare_points(bound, view.language) for bound in bounds)
    return view.say("range", low=low, high=high)
