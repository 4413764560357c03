"""How it was measured: what is tolerated and why, methods, what is left out, limits, versions."""

from __future__ import annotations

from audits.reports.blocks import Block, Cell, Facts, Heading, Listing, Points, Section, Table
from audits.reports.charts.figure import header, row
from audits.reports.sections import comparing
from audits.reports.sections.view import Json, View, capital, is_hidden, number, part, rows
from audits.reports.words import codes, numbers, terms


def methods(view: View) -> Section:
    """Tell how figures were computed, and by what they are judged."""
    blocks: list[Block] = [Facts(items=_measure(view))]
    tolerances = rows(view.measure, "tolerances")
    if tolerances:
        blocks.append(
            Listing(title=view.say("tolerances.title"), table=_tolerances(view, tolerances))
        )
    named = [str(code) for code in view.report.get("methods", [])]
    if named:
        lines = tuple(_method(view, code) for code in named)
        heads = (view.say("head.method"), view.say("head.meaning"), view.say("head.source"))
        blocks.append(
            Listing(title=view.say("methods.title"), table=Table(header=header(*heads), rows=lines))
        )
    return Section(
        id="methods",
        title=view.say("section.methods"),
        lead=(view.say("methods.lead", confidence=_confidence(view)), view.say("methods.judged")),
        blocks=tuple(blocks),
    )


def _confidence(view: View) -> str:
    return numbers.trimmed((number(view.measure.get("confidence")) or 0.95) * 100, view.language)


def _measure(view: View) -> tuple[tuple[str, str], ...]:
    references = []
    seen = set()
    for stage in part(view.report, "stages").values():
        for one in rows(stage, "references") if isinstance(stage, dict) else []:
            group = one.get("group")
            if not isinstance(group, dict) or str(one.get("by")) in seen:
                continue
            seen.add(str(one.get("by")))
            chosen = codes.CHOSEN.get(str(one.get("chosen")), codes.CHOSEN["largest"])
            item = tuple(sorted(str(one.get("by")).split("*")))
            references.append(
                (
                    view.item_title(item),
                    chosen[view.language].format(
                        group=numbers.quoted(view.words.group(group), view.language)
                    ),
                )
            )
    facts = [
        (
            view.say("fact.positive"),
            view.words.positives() if view.measures_selection else view.say("fact.no_positive"),
        ),
        *references,
        (
            view.say("fact.enough"),
            view.say("fact.enough_of", count=numbers.count(view.enough, view.language)),
        ),
    ]
    days = number(view.measure.get("maturity_days")) or 0
    if days:
        facts.append(
            (
                view.say("fact.maturity"),
                view.say("fact.days", count=numbers.count(days, view.language)),
            )
        )
    return tuple(facts)


def _tolerances(view: View, tolerances: list[Json]) -> Table:
    heads = ("head.metric", "head.attribute", "head.tolerated", "head.watch", "head.source")
    lines = []
    for one in tolerances:
        metric = str(one.get("metric"))
        by = one.get("by")
        name = (
            view.item_title(tuple(sorted(str(by).split("*")))) if by else view.say("tolerances.all")
        )
        watch = number(one.get("watch"))
        source = terms.SOURCES.get(str(one.get("source")))
        lines.append(
            row(
                comparing.title(view, metric)
                if metric not in terms.METRICS
                else capital(view.words.metric_name(metric)),
                name,
                comparing.tolerated_text(view, {"metric": metric, "tolerance": one.get("value")}),
                numbers.DASH
                if watch is None
                else comparing.tolerated_text(view, {"metric": metric, "tolerance": watch}),
                source[view.language] if source else str(one.get("source") or numbers.DASH),
            )
        )
    return Table(header=header(*(view.say(head) for head in heads)), rows=tuple(lines))


def _method(view: View, code: str) -> tuple[Cell, ...]:
    known = codes.METHODS.get(code)
    if known is None:
        return row(code, numbers.DASH, numbers.DASH)
    return row(
        known.title[view.language], known.says[view.language], Cell(text=known.source, tone="quiet")
    )


def exclusions(view: View) -> Section:
    """Tell what is not in the figures, and how much of it there is."""
    found = [
        one
        for one in rows(view.report, "exclusions", hidden=True)
        if is_hidden(one) or number(one.get("count"))
    ]
    if not found:
        return Section(
            id="exclusions",
            title=view.say("section.exclusions"),
            lead=(view.say("exclusions.none"),),
        )
    at_stages: dict[str, list[str]] = {}
    for one in found:
        at_stages.setdefault(_exclusion(view, one), []).append(str(one.get("stage") or ""))
    gathered: dict[tuple[str, ...], list[str]] = {}
    for sentence, where in at_stages.items():
        gathered.setdefault(tuple(where), []).append(sentence)
    blocks: list[Block] = []
    for stages, sentences in gathered.items():
        names = [terms.STAGES[stage][view.language] for stage in stages if stage in terms.STAGES]
        if names:
            blocks.append(Heading(text="; ".join(names)))
        blocks.append(Points(items=tuple(sentences)))
    return Section(
        id="exclusions",
        title=view.say("section.exclusions"),
        lead=(view.say("exclusions.lead"),),
        blocks=tuple(blocks),
    )


def _exclusion(view: View, one: Json) -> str:
    code = str(one.get("code"))
    known = codes.EXCLUSIONS.get(code)
    count = (
        view.say("hidden")
        if is_hidden(one)
        else view.words.decisions(number(one.get("count")) or 0)
    )
    if known is None:
        return view.say("exclusions.other", code=code, count=count)
    item = tuple(sorted(str(one.get("by") or "").split("*")))
    return known[view.language].format(
        count=count,
        by=view.item_name(item) if one.get("by") else "",
        group=capital(view.people(one)),
        share=numbers.share(number(one.get("share")), view.language),
    )


def limits(view: View) -> Section:
    """Tell what to know before relying on the report."""
    found = tuple(
        codes.LIMITS[code][view.language] if code in codes.LIMITS else code
        for code in map(str, view.report.get("limits", []))
    )
    always = [view.say("limits.cause"), view.say("limits.law")]
    if part(view.report, "suppression"):
        always.insert(0, view.say("limits.hidden", fewest=view.hides_below))
    return Section(
        id="limits", title=view.say("section.limits"), blocks=(Points(items=(*found, *always)),)
    )


def versions(view: View) -> Section:
    """Tell which policy versions made the decisions, and what is not counted yet."""
    heads = (view.say("head.version"), view.say("head.decisions"))
    found = rows(view.report, "policy_versions")
    blocks: list[Block] = []
    if found:
        lines = tuple(
            row(
                numbers.count(number(one.get("version")) or 0, view.language),
                numbers.count(number(one.get("decisions")) or 0, view.language),
            )
            for one in found
        )
        blocks.append(
            Listing(
                title=view.say("versions.title"),
                table=Table(header=header(*heads, figures=1), rows=lines),
            )
        )
    pending = number(view.report.get("pending")) or 0
    imported = number(view.stage("proposal").get("imported")) or 0
    lead = [
        view.say("versions.window", since=_day(view, "since"), until=_day(view, "until")),
        view.say("versions.pending", count=numbers.count(pending, view.language))
        if pending
        else view.say("versions.all_counted"),
    ]
    if imported:
        lead.append(view.say("versions.imported", count=view.words.decisions(imported)))
    if view.stage("appeal"):
        lead.append(_appeals(view))
    return Section(
        id="versions", title=view.say("section.versions"), lead=tuple(lead), blocks=tuple(blocks)
    )


def _appeals(view: View) -> str:
    """Say how many objected and how many of them were right; what is hidden is not told."""
    stage = view.stage("appeal")
    if stage.get("state") == "none_recorded":
        return view.say("versions.no_appeals")
    counts = part(part(stage, "overall"), "counts")
    told = {name: number(counts.get(name)) for name in ("objected", "upheld", "dismissed")}
    if None in told.values():
        return view.say("versions.appeals_hidden")
    objected, upheld, dismissed = (int(value or 0) for value in told.values())
    return view.say(
        "versions.appeals",
        count=view.words.decisions(objected),
        answered=numbers.count(upheld + dismissed, view.language),
        upheld=numbers.count(upheld, view.language),
    )


def _day(view: View, name: str) -> str:
    value = view.report.get(name)
    return numbers.date(value if isinstance(value, str) else None, view.language)
