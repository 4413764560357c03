"""Right and wrong: of how many decisions the right answer is known, and how errors fall on the groups."""

from __future__ import annotations

from typing import Final

from audits.reports.blocks import (
    Aside,
    Block,
    Cell,
    Figure,
    Gallery,
    Heading,
    Listing,
    Note,
    Points,
    Section,
    Table,
)
from audits.reports.charts.figure import header
from audits.reports.charts.stacks import Bar, labels
from audits.reports.sections import counting
from audits.reports.sections.view import Item, Json, View, capital, interval, number, part, rows
from audits.reports.words import codes, numbers

#: Rates that need the right answer, in the order that they are told in.
METRICS: Final = (
    "tpr", "fpr", "fnr", "tnr", "precision", "fdr", "for", "npv",
    "accuracy", "exact_accuracy", "base_rate", "treatment_equality",
)  # fmt: skip
_DRAWN: Final = ("tpr", "fpr", "precision", "accuracy")
_STAGES: Final = ("proposal", "outcome")


def section(view: View) -> Section | None:
    """Tell what is known of right and wrong; None where no stage says anything of labels."""
    blocks: list[Block] = []
    for stage in _STAGES:
        if stage in view.stages and part(view.stage(stage), "labels"):
            blocks += _stage(view, stage)
    if not blocks:
        return None
    return Section(
        id="errors",
        title=view.say("section.errors"),
        lead=(view.say("errors.lead"),),
        blocks=tuple(blocks),
    )


def _stage(view: View, stage: str) -> list[Block]:
    known = part(view.stage(stage), "labels")
    state = str(known.get("state") or "none")
    blocks: list[Block] = []
    if stage == "proposal" or known != part(view.stage("proposal"), "labels"):
        blocks.append(_state(view, known, state))
    for item in view.items():
        if len(item) > 1:
            continue
        # What was done in the end has the same labels; its figures stand in the tables.
        figures = _coverage(view, stage, item) if stage == "proposal" else []
        if state != "none" and stage == "proposal":
            figures += _rates(view, stage, item)
        if figures:
            blocks.append(Gallery(title=view.item_title(item), figures=tuple(figures)))
        if state != "none":
            blocks += _tables(view, stage, item)
        blocks += _bounds(view, stage, item)
    unequal = _inequality(view, stage)
    if unequal:
        blocks.append(Aside(title=view.say("aside.inequality"), blocks=(Points(items=unequal),)))
    return [Heading(text=view.say(f"stage.{stage}")), *blocks] if blocks else []


def _inequality(view: View, stage: str) -> tuple[str, ...]:
    """Say in one figure each how unevenly right and wrong decisions fall on people."""
    found = part(view.stage(stage), "inequality")
    entropy, theil = number(found.get("generalized_entropy")), number(found.get("theil"))
    if entropy is None or theil is None:
        return ()
    said = [
        view.say(
            "inequality",
            entropy=numbers.plain(entropy, view.language, 3),
            theil=numbers.plain(theil, view.language, 3),
        )
    ]
    for by, value in part(found, "between").items():
        between = number(value)
        if between is not None:
            item = tuple(sorted(str(by).split("*")))
            name, written = view.item_name(item), numbers.plain(between, view.language, 3)
            said.append(view.say("inequality.between", attribute=name, between=written))
    return tuple(said)


def _state(view: View, known: Json, state: str) -> Note:
    """Say what the labels allow to be said, and why some rates are not shown."""
    counted = {name: number(known.get(name)) or 0.0 for name in ("known", "not_yet", "never")}
    whole = sum(counted.values())
    slots = {name: numbers.count(figure, view.language) for name, figure in counted.items()}
    share = numbers.share(counted["known"] / whole, view.language) if whole else numbers.DASH
    said = [view.say("labels.counted", **slots, share=share, of=view.words.decisions(whole))]
    young = number(known.get("not_mature")) or 0
    if young:
        said.append(view.say("labels.not_mature", count=view.words.decisions(young)))
    kind = str(known.get("reason") or state)
    told = (
        codes.LABEL_STATES.get(kind)
        or codes.LABEL_STATES.get(state)
        or codes.LABEL_STATES["selective"]
    )
    said += [text[view.language].format(positive=view.words.positives()) for text in told.why]
    return Note(
        tone=told.tone,
        title=told.title[view.language].format(positive=view.words.positives()),
        sentences=tuple(said),
    )


def _coverage(view: View, stage: str, item: Item) -> list[Figure]:
    by_group = [
        one
        for one in rows(part(view.stage(stage), "labels"), "by_group")
        if tuple(sorted(part(one, "group"))) == item
    ]
    bars, lines = [], []
    for one in by_group:
        counted = [number(one.get(name)) or 0.0 for name in ("known", "not_yet", "never")]
        whole = sum(counted)
        share = numbers.share(number(one.get("coverage")), view.language)
        written = [numbers.count(figure, view.language) for figure in counted]
        lines.append(
            (Cell(text=view.label(one)), *(Cell(text=text) for text in written), Cell(text=share))
        )
        if whole:
            bars.append(
                Bar(
                    label=view.label(one),
                    parts=[figure / whole for figure in counted],
                    note=view.say("labels.share", share=share),
                )
            )
    if not bars or all(bar.parts[0] == 1 for bar in bars):
        return []
    heads = ("group", "known", "not_yet", "never", "coverage")
    return [
        labels(
            "-".join(["labels", stage, *item]),
            bars,
            words=view.words,
            title=view.say("labels.title"),
            sentence=_coverage_sentence(view, by_group),
            table=Table(
                header=header(*(view.say(f"head.{name}") for name in heads), figures=4),
                rows=tuple(lines),
            ),
        )
    ]


def _coverage_sentence(view: View, by_group: list[Json]) -> str:
    known = [one for one in by_group if number(one.get("coverage")) is not None]
    if len(known) < 2:
        return view.say("summary.nothing")
    low = min(known, key=lambda one: number(one.get("coverage")) or 0.0)
    high = max(known, key=lambda one: number(one.get("coverage")) or 0.0)
    return view.say(
        "summary.extremes",
        metric=view.words.metric("label_coverage"),
        high_group=view.label(high),
        high=numbers.share(number(high.get("coverage")), view.language),
        low_group=view.label(low),
        low=numbers.share(number(low.get("coverage")), view.language),
    )


def _rates(view: View, stage: str, item: Item) -> list[Figure]:
    groups = view.groups(stage, item)
    overall = part(view.stage(stage), "overall")
    return [
        counting.figure(
            view,
            "-".join(["rates", stage, metric, *item]),
            metric,
            groups,
            title=capital(view.words.metric_name(metric, stage)),
            overall=number(overall.get(metric)),
        )
        for metric in _DRAWN
        if any(number(one.get(metric)) is not None for one in groups)
    ]


def _tables(view: View, stage: str, item: Item) -> list[Block]:
    groups = view.groups(stage, item)
    told = [
        metric for metric in METRICS if any(number(one.get(metric)) is not None for one in groups)
    ]
    if not told:
        return []
    name = view.item_name(item)
    halves = [told[place : place + 4] for place in range(0, len(told), 4)]
    tables = tuple(
        Listing(
            title=view.say("errors.table"), table=counting.table(view, groups, half, shares=False)
        )
        for half in halves
    )
    points = tuple(counting.sentence(view, one, metric) for metric in told for one in groups)
    return [
        Aside(title=view.say("aside.errors", attribute=name), blocks=tables),
        Aside(
            title=view.say("aside.error_sentences", attribute=name), blocks=(Points(items=points),)
        ),
    ]


def _bounds(view: View, stage: str, item: Item) -> list[Block]:
    """Tell between what a rate must lie, whatever the answers are that nobody knows."""
    said = []
    for one in view.groups(stage, item):
        for metric, found in part(one, "bounds").items():
            bounds = interval(found)
            if bounds is not None:
                said.append(
                    view.say(
                        "errors.bounds",
                        metric=view.words.metric(metric, stage),
                        group=view.people(one),
                        low=numbers.share(bounds[0], view.language),
                        high=numbers.share(bounds[1], view.language),
                    )
                )
    if not said:
        return []
    title = view.say("aside.bounds", attribute=view.item_name(item))
    return [Aside(title=title, blocks=(Points(items=tuple(said)),))]
