"""What reviews show by themselves: the alarm and its signs, every measure, people one by one, and when each measure can speak."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from audits.reports.blocks import (
    Answer,
    Answers,
    Aside,
    Block,
    Cell,
    Gallery,
    Listing,
    Note,
    Points,
    Section,
    Table,
)
from audits.reports.charts.figure import header
from audits.reports.sections import oversight_shares as telling
from audits.reports.sections.oversight_shares import Told, named
from audits.reports.sections.view import Json, View, capital, interval, number, part, rows
from audits.reports.words import numbers, overseeing

TONES: Final = {"raised": "bad", "quiet": "good", "not_enough_evidence": "warn"}

#: The shares that a selection of reviews gives, by measure and name, in the order that they are told in.
_SHARES: Final = (
    ("overrides", "changed"),
    ("overrides", "error"),
    ("reliance", "over"),
    ("reliance", "under"),
    ("reliance", "put_right"),
    ("switches", "disagreed"),
    ("switches", "switched"),
    ("switches", "wrong"),
    ("dwell", "below_floor"),
    ("opened", "opened"),
    ("gold", "caught"),
    ("gold", "false_alarms"),
    ("reasons", "repeated"),
    ("reasons", "short"),
    ("reasons", "revealed"),
)
_AGREEMENTS: Final = ("between_people", "with_machine", "own_second_look")


def state_of(measures: Json) -> str:
    """Give what the alarm says; of what is no report, that nothing is known."""
    state = str(part(measures, "alarm").get("state"))
    return state if state in TONES else "not_enough_evidence"


# ------------------------------------------------------------------------------ the answer


def answer(view: View) -> Section:
    """Tell what the alarm says of all together, why, and what to do."""
    measures = part(view.report, "measures")
    state = state_of(measures)
    blocks: list[Block] = [
        Answers(items=(_answer(view, view.say("oversight.subject.all"), measures),)),
        Note(
            tone="info",
            title=view.say("oversight.todo.title"),
            sentences=(view.say(f"oversight.todo.{state}"),),
        ),
        Listing(
            title=view.say("oversight.signs.title"),
            table=_signs(view, part(measures, "alarm")),
        ),
        Note(
            tone="info",
            title=view.say("oversight.no_ranking.title"),
            sentences=(view.say("oversight.no_ranking"),),
        ),
    ]
    return Section(id="answer", title=view.say("oversight.section.answer"), blocks=tuple(blocks))


def headline(view: View) -> str:
    state = state_of(part(view.report, "measures"))
    reviews = numbers.count(number(view.report.get("reviews")) or 0, view.language)
    return view.say(f"oversight.headline.{state}", reviews=reviews)


def _answer(view: View, subject: str, measures: Json) -> Answer:
    state = state_of(measures)
    return Answer(
        verdict=state,
        tone=TONES[state],
        word=view.say(f"oversight.word.{state}"),
        subject=subject,
        sentences=tuple(why(view, measures)),
    )


def why(view: View, measures: Json) -> list[str]:
    """Say what raises the alarm, why it is quiet, or what is missing."""
    alarm, gold = part(measures, "alarm"), part(measures, "gold")
    state = state_of(measures)
    if state == "quiet":
        return [
            view.say("oversight.quiet.excused" if alarm.get("excused") else "oversight.quiet.why")
        ]
    said = []
    hits, of = telling.parts(part(gold, "caught"))
    rule = part(gold, "rule")
    if state == "raised":
        if alarm.get("by_gold"):
            said.append(_missed(view, hits, of, rule))
        if alarm.get("by_signs"):
            met = [one for one in rows(alarm, "signs") if one.get("met")]
            names = [view.say(f"oversight.sign.{one.get('sign')}") for one in met]
            said.append(
                view.say(
                    "oversight.raised.by_signs",
                    count=numbers.count(len(met), view.language),
                    signs="; ".join(names),
                )
            )
        return said
    if gold.get("says") != "caught":
        least = number(part(part(gold, "caught"), "needed").get("least"))
        if least is not None:
            said.append(
                view.say(
                    "oversight.unknown.gold",
                    of=numbers.count(of, view.language),
                    least=numbers.count(least, view.language),
                )
            )
    unknown = number(alarm.get("unknown")) or 0
    if unknown:
        said.append(
            view.say("oversight.unknown.why", unknown=numbers.count(unknown, view.language))
        )
    said.append(telling.missing(view, alarm))
    return [one for one in said if one]


def _missed(view: View, hits: int, of: int, rule: Json) -> str:
    return view.say(
        "oversight.raised.by_gold",
        of=numbers.count(of, view.language),
        part=numbers.count(hits, view.language),
        least=numbers.count(number(rule.get("flag_below")) or 0, view.language),
        wrongly=numbers.share(number(rule.get("wrongly")), view.language),
    )


def _signs(view: View, alarm: Json) -> Table:
    heads = (
        "oversight.head.sign",
        "oversight.head.found",
        "oversight.head.limit",
        "oversight.head.met",
    )
    lines = []
    for one in rows(alarm, "signs"):
        sign, met = str(one.get("sign")), one.get("met")
        known = "oversight.unknown" if met is None else "oversight.yes" if met else "oversight.no"
        slots = {"limit": _limit(view, sign, one.get("limit"))}
        if sign == "accepts_all":
            slots["error"] = _limit(view, sign, one.get("error_limit"))
        count = numbers.count(number(one.get("of")) or 0, view.language)
        lines.append(
            (
                Cell(text=capital(view.say(f"oversight.sign.{sign}"))),
                _found(view, sign, one.get("value"), view.say("oversight.rests_on", count=count)),
                Cell(text=view.say(f"oversight.limit.{sign}", **slots)),
                Cell(text=view.say(known), tone="quiet" if met is None else "bad" if met else ""),
            )
        )
    return Table(header=header(*(view.say(head) for head in heads)), rows=tuple(lines))


def _found(view: View, sign: str, value: object, rests_on: str) -> Cell:
    figure = number(value)
    if figure is None:
        return Cell(text=numbers.DASH, tone="quiet")
    written = numbers.plain if sign == "too_fast" else numbers.share
    said = view.say(f"oversight.found.{sign}", value=written(figure, view.language))
    return Cell(text=said, small=rests_on)


def _limit(view: View, sign: str, value: object) -> str:
    figure = number(value) or 0.0
    written = numbers.trimmed if sign == "too_fast" else numbers.tick_share
    return written(figure, view.language)


# ------------------------------------------------------------------------------ every measure


def _told(view: View, measures: Json) -> list[Told]:
    found = []
    for measure, name in _SHARES:
        held = part(measures, measure)
        found.append(
            named(view, name, part(part(held, "overall") if measure == "overrides" else held, name))
        )
    return found


def measures(view: View, *, title: str = "oversight.measures.figure") -> Section:
    """Draw every share, and say each, with what gold cases, time and overrides come to."""
    found = part(view.report, "measures")
    told = _told(view, found)
    sentences = [telling.sentence(view, one) for one in told]
    sentences += [*_dwell(view, part(found, "dwell")), _caught(view, part(found, "gold"))]
    figure = telling.figure(view, "oversight-shares", told, title=view.say(title))
    blocks: list[Block] = [
        Gallery(figures=(figure,)),
        Aside(
            title=view.say("oversight.aside.sentences"),
            blocks=(Points(items=tuple(one for one in sentences if one)),),
        ),
    ]
    sources = rows(part(found, "reliance"), "by_source")
    if sources:
        blocks.append(_sources(view, sources))
    return Section(
        id="measures",
        title=view.say("oversight.section.measures"),
        lead=(view.say("oversight.measures.lead"),),
        blocks=tuple(blocks),
    )


def _dwell(view: View, dwell: Json) -> list[str]:
    said = []
    median, bounds = number(dwell.get("median")), interval(dwell.get("interval"))
    if median is not None and bounds is not None:
        low, high = (numbers.plain(edge, view.language) for edge in bounds)
        said.append(
            view.say(
                "oversight.dwell", median=numbers.plain(median, view.language), low=low, high=high
            )
        )
    unmeasured = number(dwell.get("not_measured")) or 0
    if unmeasured:
        count = numbers.count(unmeasured, view.language)
        said.append(view.say("oversight.dwell.unmeasured", count=count))
    return said


def _caught(view: View, gold: Json) -> str:
    says, rule = gold.get("says"), part(gold, "rule")
    if says is None:
        return ""
    if says == "too_few_caught":
        return view.say(
            "oversight.catching.too_few_caught",
            of=numbers.count(telling.parts(part(gold, "caught"))[1], view.language),
            least=numbers.count(number(rule.get("flag_below")) or 0, view.language),
        )
    if says == "caught":
        bad = numbers.share(number(rule.get("bad")), view.language)
        return view.say("oversight.catching.caught", bad=bad)
    return view.say("oversight.catching.too_few")


def _sources(view: View, sources: list[Json]) -> Listing:
    heads = (view.say("head.source"), *(_head(view, name) for name in ("over", "under")))
    return Listing(
        title=view.say("oversight.sources.title"),
        table=Table(
            header=header(*heads),
            rows=tuple(
                (
                    Cell(text=capital(view.say(f"oversight.source.{one.get('source')}"))),
                    *(telling.cell(view, part(one, name)) for name in ("over", "under")),
                )
                for one in sources
            ),
        ),
    )


def _head(view: View, name: str) -> str:
    return capital(view.say(f"oversight.name.{name}"))


def bands(view: View) -> Section | None:
    """Set what people change beside how often the machine is wrong, by how sure it is; None without a proposal."""
    found = part(part(view.report, "measures"), "overrides")
    overall = part(found, "overall")
    if not overall:
        return None
    lines = [(view.say("oversight.band_all"), overall)]
    for one in rows(found, "bands"):
        low, high = (
            numbers.tick_share(number(one.get(edge)) or 0.0, view.language)
            for edge in ("from", "to")
        )
        lines.append((view.say("oversight.band", low=low, high=high), one))
    told = [
        Told(
            label=f"{capital(label)}: {view.say(f'oversight.name.{name}')}",
            said=name,
            share=part(one, name),
        )
        for label, one in lines
        for name in ("changed", "error")
    ]
    heads = ("band", "changed", "error", "says")
    table = Table(
        header=header(*(view.say(f"oversight.head.{head}") for head in heads)),
        rows=tuple(
            (
                Cell(text=capital(label)),
                telling.cell(view, part(one, "changed")),
                telling.cell(view, part(one, "error")),
                Cell(text=_says(view, one)),
            )
            for label, one in lines
        ),
    )
    figure = telling.figure(
        view, "oversight-bands", told, title=view.say("oversight.by.confidence")
    )
    return Section(
        id="bands",
        title=view.say("oversight.section.bands"),
        lead=(_says(view, overall),),
        blocks=(
            Gallery(figures=(figure,)),
            Listing(title=view.say("oversight.head.says"), table=table),
        ),
    )


def _says(view: View, one: Json) -> str:
    return view.say(f"oversight.overriding.{one.get('says', 'too_few')}")


def agreement(view: View) -> Section | None:
    """Tell how much people agree with each other, with the machine, and with themselves; None of no report."""
    found = part(part(view.report, "measures"), "agreement")
    if not found:
        return None
    told = [(name, part(found, name)) for name in _AGREEMENTS]
    told = [(name, one) for name, one in told if name != "own_second_look" or one.get("units")]
    heads = ("oversight.head.measure", "oversight.head.alpha", "oversight.head.cases")
    return Section(
        id="agreement",
        title=view.say("oversight.section.agreement"),
        lead=(view.say(f"oversight.agreeing.{found.get('says', 'too_few')}"),),
        blocks=(
            Listing(
                title=view.say("oversight.section.agreement"),
                table=Table(
                    header=header(*(view.say(head) for head in heads), figures=2),
                    rows=tuple(_alpha(view, name, one) for name, one in told),
                ),
            ),
            Points(items=tuple(_agreed(view, name, one) for name, one in told)),
        ),
    )


def _alpha(view: View, name: str, one: Json) -> tuple[Cell, ...]:
    bounds = interval(one.get("interval"))
    small = ""
    if bounds is not None:
        low, high = (numbers.plain(edge, view.language) for edge in bounds)
        small = view.say("range", low=low, high=high)
    return (
        Cell(text=capital(view.say(f"oversight.agreement.{name}"))),
        Cell(
            text=numbers.plain(number(one.get("alpha")), view.language),
            small=small,
            tone="" if one.get("enough") else "quiet",
        ),
        Cell(text=numbers.count(number(one.get("units")) or 0, view.language)),
    )


def _agreed(view: View, name: str, one: Json) -> str:
    alpha, bounds = number(one.get("alpha")), interval(one.get("interval"))
    who = view.say(f"oversight.agreement.{name}")
    cases = numbers.count(number(one.get("units")) or 0, view.language)
    if alpha is None:
        said = view.say("oversight.alpha.none", who=who, cases=cases)
    elif bounds is None:
        written = numbers.plain(alpha, view.language)
        said = view.say("oversight.alpha.plain", who=who, alpha=written, cases=cases)
    else:
        low, high = (numbers.plain(edge, view.language) for edge in bounds)
        written = numbers.plain(alpha, view.language)
        said = view.say(
            "oversight.alpha.said", who=who, alpha=written, low=low, high=high, cases=cases
        )
    return " ".join(filter(None, (said, telling.missing(view, one))))


def vigilance(view: View) -> Section | None:
    """Tell whether mistakes go through more often late in a session or at some hours; None where neither is known."""
    found = part(part(view.report, "measures"), "vigilance")
    figures, sentences = [], []
    for by in ("position", "hour"):
        held = part(found, f"by_{by}")
        listed = rows(held, "rows")
        for name in ("over", "caught"):
            told = [
                Told(label=_band(view, by, one), said=name, share=part(one, name)) for one in listed
            ]
            if not any(number(one.share.get("rate")) is not None for one in told):
                continue
            title = f"{view.say(f'oversight.by.{by}')}: {view.say(f'oversight.name.{name}')}"
            figures.append(telling.figure(view, f"oversight-{by}-{name}", told, title=title))
            sentences.append(_differs(view, title, number(held.get(name))))
    if not figures:
        return None
    return Section(
        id="vigilance",
        title=view.say("oversight.section.vigilance"),
        blocks=(Gallery(figures=tuple(figures)), Points(items=tuple(sentences))),
    )


def _band(view: View, by: str, one: Json) -> str:
    first, last = number(one.get("from")) or 0, number(one.get("to"))
    low = numbers.count(first, view.language)
    if by == "hour":
        high = numbers.count((last or 0) + 1, view.language)
        return capital(view.say("oversight.hour", low=low, high=high))
    if last is None:
        return capital(view.say("oversight.position.open", low=low))
    high = numbers.count(last, view.language)
    return capital(view.say("oversight.position", low=low, high=high))


def _differs(view: View, title: str, p_value: float | None) -> str:
    if p_value is None:
        return view.say("oversight.vigilance.unknown", measure=title)
    p = numbers.probability(p_value, view.language)
    if p_value <= 0.05:
        return view.say("oversight.vigilance.differs", measure=title, p=p)
    return view.say("oversight.vigilance.alike", measure=title, p=p)


# ------------------------------------------------------------------------------ people


def people(view: View, names: Mapping[str, str]) -> Section | None:
    """Tell of each person what can be told, in the order of their names, which is no ranking; None where nobody asked for it."""
    listed = rows(view.report, "people")
    if not listed:
        return None
    answers = sorted(
        (_person(view, one, names) for one in listed), key=lambda one: one.subject.casefold()
    )
    return Section(
        id="people",
        title=view.say("oversight.section.people"),
        lead=(view.say("oversight.no_ranking"),),
        blocks=(Answers(items=tuple(answers)),),
    )


def person(view: View, one: Json, name: str) -> Section:
    """Tell one person what their own figures come to, and which signs are there; of few reviews, what is missing."""
    found = part(one, "measures")
    blocks: list[Block] = [
        Answers(items=(_person(view, one, {str(one.get("reviewer")): name}),)),
    ]
    if found:
        blocks.append(
            Listing(
                title=view.say("oversight.signs.title"), table=_signs(view, part(found, "alarm"))
            )
        )
    blocks.append(
        Note(
            tone="info",
            title=view.say("oversight.no_ranking.title"),
            sentences=(view.say("oversight.no_ranking"),),
        )
    )
    return Section(id="answer", title=view.say("oversight.section.answer"), blocks=tuple(blocks))


def _person(view: View, one: Json, names: Mapping[str, str]) -> Answer:
    reviewer = str(one.get("reviewer"))
    subject = names.get(reviewer, reviewer)
    found = part(one, "measures")
    if found:
        return _answer(view, subject, found)
    gold, needed = part(one, "gold"), part(one, "needed")
    missed = gold.get("says") == "too_few_caught"
    state = "raised" if missed else "not_enough_evidence"
    count = numbers.count(number(needed.get("count")) or 0, view.language)
    weeks = number(needed.get("weeks"))
    pooled = (
        view.say("oversight.person.pooled", count=count)
        if weeks is None
        else view.say("oversight.person.pooled.weeks", count=count, weeks=view.words.weeks(weeks))
    )
    sentences = [pooled]
    if missed:
        hits, of = telling.parts(part(gold, "caught"))
        sentences.insert(0, _missed(view, hits, of, part(gold, "rule")))
    return Answer(
        verdict=state,
        tone=TONES[state],
        word=view.say(f"oversight.word.{state}"),
        subject=subject,
        sentences=tuple(sentences),
    )


# ------------------------------------------------------------------------------ what it rests on


def speaks(view: View) -> Section | None:
    """Tell when each measure can first speak at the present volume, and what that costs; None of no report."""
    listed = rows(view.report, "speaks")
    if not listed:
        return None
    heads = ("oversight.head.measure", "oversight.head.standing")
    lines = tuple(
        (
            Cell(text=view.say(f"oversight.method.{one.get('measure')}")),
            Cell(
                text=telling.missing(view, one)
                or view.say("oversight.enough" if one.get("enough") else "oversight.nothing_yet"),
                tone="" if one.get("enough") else "quiet",
            ),
        )
        for one in listed
    )
    return Section(
        id="speaks",
        title=view.say("oversight.section.speaks"),
        lead=tuple(_cost(view, part(view.report, "cost"))),
        blocks=(
            Listing(
                title=view.say("oversight.section.speaks"),
                table=Table(header=header(*(view.say(head) for head in heads)), rows=lines),
            ),
            *_cost_parts(view, part(view.report, "cost")),
        ),
    )


def _cost(view: View, cost: Json) -> list[str]:
    share, most = number(cost.get("share")), number(cost.get("most"))
    if share is None or most is None:
        return []
    minutes, allowed = number(cost.get("minutes_a_week")), number(cost.get("most_minutes"))
    code = "measured" if cost.get("measured") else "expected"
    said = [
        view.say(f"oversight.cost.{code}", share=numbers.share(share, view.language))
        if minutes is None
        else view.say(
            f"oversight.cost.{code}.minutes",
            minutes=numbers.duration(minutes, view.language),
            share=numbers.share(share, view.language),
        ),
        view.say("oversight.cost.most", most=numbers.share(most, view.language))
        if allowed is None
        else view.say("oversight.cost.most.minutes", most=numbers.duration(allowed, view.language)),
    ]
    if cost.get("within") is False:
        dearest = max(rows(cost, "parts"), key=lambda one: number(one.get("seconds")) or 0.0)
        spent = number(dearest.get("seconds"))
        part_of = dearest.get("part") if spent else "double"
        said.append(view.say(f"oversight.cost.lower.{part_of}"))
    return said


def _cost_parts(view: View, cost: Json) -> list[Listing]:
    listed = [one for one in rows(cost, "parts") if number(one.get("reviews"))]
    if not listed:
        return []
    heads = ("oversight.head.part", "oversight.reviews", "oversight.head.minutes")
    return [
        Listing(
            title=view.say("oversight.cost.title"),
            table=Table(
                header=header(*(view.say(head) for head in heads), figures=2),
                rows=tuple(
                    (
                        Cell(text=capital(view.say(f"oversight.part.{one.get('part')}"))),
                        Cell(text=numbers.count(number(one.get("reviews")) or 0, view.language)),
                        Cell(
                            text=numbers.plain(
                                (number(one.get("seconds")) or 0) / 60, view.language
                            )
                        ),
                    )
                    for one in listed
                ),
            ),
        )
    ]


def methods(view: View) -> Section:
    """Tell what each measure is, what it cannot say, and where it comes from."""
    heads = ("oversight.head.measure", "head.meaning", "oversight.head.cannot", "head.source")
    reviews = number(part(view.report, "plan").get("reviews")) or 0
    lines = []
    for name, source in overseeing.SOURCES.items():
        slots = {"reviews": numbers.count(reviews, view.language)} if name == "alarm" else {}
        lines.append(
            (
                Cell(text=view.say(f"oversight.method.{name}")),
                Cell(text=view.say(f"oversight.method.{name}.says", **slots)),
                Cell(text=view.say(f"oversight.method.{name}.cannot")),
                Cell(text=source),
            )
        )
    return Section(
        id="methods",
        title=view.say("oversight.section.methods"),
        blocks=(
            Listing(
                title=view.say("oversight.section.methods"),
                table=Table(header=header(*(view.say(head) for head in heads)), rows=tuple(lines)),
            ),
        ),
    )
