"""Write a document as one page that stands alone: readable by anybody, for good, with its figures and signature inside.

The page needs nothing from anywhere and runs no script. It carries the report as JSON, so that figures can be computed
again, and the page drawn again and compared to the letter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from typing import Final

from audits.reports.blocks import (
    Answer,
    Answers,
    Aside,
    Block,
    Cell,
    Facts,
    Figure,
    Gallery,
    Heading,
    Listing,
    Note,
    Points,
    Section,
    Table,
)
from audits.reports.charts import paint
from audits.reports.document import Document
from audits.reports.words.sentences import SENTENCES

#: Tables of more columns may be wider than a small screen, and are scrolled.
_FITS: Final = 5
_PAGE_COLOURS: Final = (
    "--paper:#f9fcfc;--calm-soft:#edf1f1;--good-soft:#e3f8e9;--warn-soft:#fff2da;--bad-soft:#ffefed;",
    "--paper:#0f1519;--calm-soft:#232a2d;--good-soft:#183022;--warn-soft:#3b2a15;--bad-soft:#401f1d;",
)
_LOGO: Final = (
    '<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path class="mark-legs" d="M3.5 20.5 12 3.5l8.5 17" fill="none" '
    'stroke="#132027" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/>'
    '<circle class="mark-person" fill="#006474" cx="12" cy="17.2" r="3.1"/></svg>'
)
_DATA: Final = re.compile(
    r'<script type="application/json" id="(report|signature)" data-escaped="([0-9 ]*)">(.*?)</script>',
    re.DOTALL,
)


class NotAReport(ValueError):
    """Raised where a page does not carry a report as this module writes it."""


class Html(str):
    """Markup that is safe to place as it is; any other text is escaped."""

    __slots__ = ()


def element(name: str, *children: str, **attributes: str | bool) -> Html:
    """Write an element; underscores at the end of an attribute's name are dropped, those within are hyphens."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{escape(str(value), quote=True)}"')
        for key, value in attributes.items()
        if value is not False and value != ""
    )
    inner = "".join(
        child if isinstance(child, Html) else escape(child, quote=False) for child in children
    )
    return Html(f"<{name}{written}>{inner}</{name}>")


def joined(parts: Iterator[Html] | list[Html]) -> Html:
    return Html("".join(parts))


# ------------------------------------------------------------------------------ the page


def html(document: Document, *, report_json: str, signature: str | None) -> str:
    """Write the page.

    ``report_json`` is embedded letter by letter, so that its digest holds; ``signature`` is the signed note on it.
    """
    language = document.language
    head = (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="generator" content="Answerable">\n'
        f"<title>{escape(document.title)} · {escape(document.kicker)}</title>\n<style>\n{sheet()}</style>\n</head>\n"
    )
    body = element(
        "body",
        element("a", SENTENCES["page.skip"][language], class_="skip", href="#main"),
        element(
            "div",
            _top(document),
            element("div", _contents(document), _main(document, signature), class_="body"),
            class_="sheet",
        ),
        _data("report", report_json),
        _data("signature", json.dumps(signature, ensure_ascii=False)),
    )
    return f"{head}{body}\n</html>\n"


def sheet() -> str:
    """Give the page's style: by day, by night and on paper."""
    day = _PAGE_COLOURS[0] + paint.page_variables(night=False)
    night = _PAGE_COLOURS[1] + paint.page_variables(night=True)
    own = files("audits.reports").joinpath("page.css").read_text(encoding="utf-8")
    return (
        f":root{{{day}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{night}}}}}\n"
        f"{own}\n@media screen{{\n{paint.page_sheet()}\n}}\n"
    )


def _top(document: Document) -> Html:
    facts = [
        element("div", element("dt", name), element("dd", text)) for name, text in document.meta
    ]
    return element(
        "header",
        element("p", Html(_LOGO), document.kicker, class_="kicker"),
        element("h1", document.title),
        element(
            "div",
            element("span", document.word, class_=f"badge {document.tone}"),
            element("p", document.headline),
            class_="verdict",
        ),
        element("dl", *facts, class_="meta"),
        class_="top",
    )


def _contents(document: Document) -> Html:
    links = [
        element("li", element("a", section.title, href=f"#{section.id}"))
        for section in document.sections
    ]
    return element(
        "nav",
        element("h2", document.contents, id="contents"),
        element("ol", *links),
        class_="toc",
        aria_labelledby="contents",
    )


def _main(document: Document, signature: str | None) -> Html:
    sections = [_section(section) for section in document.sections]
    return element("main", *sections, _signed(document.language, signature), id="main")


def _signed(language: str, signature: str | None) -> Html:
    said = SENTENCES["page.signed" if signature else "page.unsigned"][language]
    title = element("h2", SENTENCES["page.signature"][language], id="signed")
    note = [element("pre", signature)] if signature else []
    return element(
        "section", title, element("p", said), *note, class_="signed", aria_labelledby="signed"
    )


# ------------------------------------------------------------------------------ sections and blocks


def _section(section: Section) -> Html:
    """Write a section; what has a title inside it stands one level below the heading before it."""
    level, drawn = 3, []
    for block in section.blocks:
        drawn.append(_block(block, level))
        level = 4 if isinstance(block, Heading) else level
    return element(
        "section",
        element("h2", section.title, id=section.id),
        *(element("p", sentence) for sentence in section.lead),
        *drawn,
        class_="report-section",
        aria_labelledby=section.id,
    )


def _block(block: Block, level: int) -> Html:
    match block:
        case Answers():
            return element("ul", *map(_answer, block.items), class_="answers")
        case Gallery():
            title = [element(f"h{level}", block.title)] if block.title else []
            figures = [_figure(figure) for figure in block.figures]
            return element(
                "div", *title, element("div", *figures, class_="figures"), class_="gallery"
            )
        case Listing():
            return _listing(block, level)
        case Facts():
            return _facts(block)
        case Note():
            return element(
                "div",
                element("strong", block.title),
                *(element("p", sentence) for sentence in block.sentences),
                class_=f"note {block.tone}",
            )
        case Points():
            return _points(block)
        case Aside():
            inner = [_block(one, level) for one in block.blocks]
            return element(
                "details", element("summary", block.title), element("div", *inner), class_="aside"
            )
        case Heading():
            return element("h3", block.text)


def _answer(answer: Answer) -> Html:
    return element(
        "li",
        element(
            "div",
            element("span", answer.subject),
            element("span", answer.word, class_=f"badge {answer.tone}"),
            class_="what",
        ),
        element("div", *(element("p", sentence) for sentence in answer.sentences)),
    )


def _figure(figure: Figure) -> Html:
    legend = [
        element("li", Html(paint.painted(key.svg)), element("span", key.text))
        for key in figure.legend
    ]
    classes = [
        name for name, holds in (("wide", figure.wide), ("elsewhere", figure.elsewhere)) if holds
    ]
    # The table stands beside the figure, not in it, so that paper keeps a drawing whole and may part a long table.
    return element(
        "div",
        element(
            "figure",
            element(
                "figcaption",
                element("p", figure.title, class_="title"),
                element("p", figure.sentence, class_="sentence"),
            ),
            Html(paint.painted(figure.svg)),
            *([element("ul", *legend, class_="chart-legend")] if legend else []),
        ),
        element(
            "details",
            element("summary", figure.table_title),
            element("p", figure.description),
            _table(figure.table, figure.title),
        ),
        class_=" ".join(["figure", *classes]),
    )


def _listing(listing: Listing, level: int) -> Html:
    return element(
        "div",
        element(f"h{level}", listing.title),
        *(element("p", sentence) for sentence in listing.sentences),
        _table(listing.table, listing.title),
        class_="listing",
    )


def _facts(facts: Facts) -> Html:
    return element(
        "dl",
        *(element("div", element("dt", name), element("dd", text)) for name, text in facts.items),
        class_="facts",
    )


def _points(points: Points) -> Html:
    return element("ul", *(element("li", sentence) for sentence in points.items), class_="points")


def _table(table: Table, name: str) -> Html:
    heads = [
        element("th", column.text, scope="col", class_="end" if column.figures else "")
        for column in table.header
    ]
    lines = []
    for row in table.rows:
        cells = [element("th", *_inside(row[0]), scope="row")]
        for column, cell in zip(table.header[1:], row[1:], strict=True):
            quiet = "quiet" if cell.tone == "quiet" else ""
            classes = " ".join(filter(None, ("end" if column.figures else "", quiet)))
            inner = element("span", *_inside(cell))
            cells.append(element("td", inner, class_=classes, data_label=column.text))
        lines.append(element("tr", *cells))
    caption = [element("caption", table.caption)] if table.caption else []
    drawn = element(
        "table",
        *caption,
        element("thead", element("tr", *heads)),
        element("tbody", *lines),
        class_="folds",
    )
    if len(table.header) <= _FITS:
        return element("div", drawn, class_="scroller")
    return element("div", drawn, class_="scroller", tabindex="0", role="group", aria_label=name)


def _inside(cell: Cell) -> list[Html]:
    tone = cell.tone if cell.tone in {"good", "warn", "bad", "calm"} else ""
    text = (
        element("span", cell.text, class_=f"badge {tone}")
        if tone
        else Html(escape(cell.text, quote=False))
    )
    return [text, element("small", cell.small)] if cell.small else [text]


# ------------------------------------------------------------------------------ what the page carries


def _data(name: str, text: str) -> Html:
    """Embed JSON so that nothing in it can end the script, and note where, so that it can be taken out to the letter."""
    places = " ".join(str(match.start()) for match in re.finditer("<", text))
    safe = text.replace("<", "\\u003c")
    return Html(
        f'\n<script type="application/json" id="{name}" data-escaped="{places}">{safe}</script>'
    )


def extract(text: str) -> tuple[str, str | None]:
    """Take the report's JSON and its signature out of a page, both to the letter.

    Raises:
        NotAReport: the page does not carry exactly one report as this module writes it.
    """
    carried = _carried(text)
    try:
        signature = json.loads(carried["signature"])
    except ValueError as error:
        raise NotAReport("The signature inside the page cannot be read.") from error
    if signature is not None and not isinstance(signature, str):
        raise NotAReport("The signature inside the page is no text.")
    return carried["report"], signature


def _carried(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, places, inner in _DATA.findall(text):
        if name in found:
            raise NotAReport(f"The page carries more than one {name}.")
        found[name] = _unescaped(inner, [int(place) for place in places.split()])
    for name in ("report", "signature"):
        if name not in found:
            raise NotAReport(f"The page carries no {name}; it is not a report of this software.")
    return found


def _unescaped(text: str, places: list[int]) -> str:
    parts: list[str] = []
    at = length = 0
    for place in places:
        end = at + place - length
        if not text.startswith("\\u003c", end):
            raise NotAReport("The report inside the page was changed.")
        parts += [text[at:end], "<"]
        length = place + 1
        at = end + len("\\u003c")
    return "".join([*parts, text[at:]])
