from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.fairness.report import fairness_report
from audits.reports import page
from audits.reports.document import document
from tests.fairness_samples import SAMPLES, sample, sample_whatif
from tests.fairness_tables import NO, YES, cell, counts, group

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Page

NOTE = "answerable.example/reports\n5\nabc=\n\n— answerable.example/reports Az3grl\n"


def page_of(name: str = "compas", language: str = "en", signature: str | None = NOTE) -> str:
    report = sample(name)
    whatif = sample_whatif() if name == "staged" else None
    told = document(report, language=language, title="Title", made_at="2026-11-21", whatif=whatif)
    return page.html(told, report_json=json.dumps(report), signature=signature)


class Elements(HTMLParser):
    """Gather start tags, and complain of what is not closed in order."""

    VOID = frozenset({"meta", "br", "link", "img", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


# ------------------------------------------------------------------------------ what it carries


@given(st.text(), st.none() | st.text())
def test_any_report_and_signature_come_out_as_they_went_in(
    report: str, signature: str | None
) -> None:
    told = document({}, language="en")
    written = page.html(told, report_json=report, signature=signature)
    assert page.extract(written) == (report, signature)


@pytest.mark.parametrize(
    "text", ["</script><script>alert(1)</script>", "<!--<script>", "\\u003c", "\\\\u003c<\\u003C"]
)
def test_nothing_in_a_report_can_end_the_script_that_holds_it(text: str) -> None:
    report = json.dumps({"note": text})
    written = page.html(document({}, language="en"), report_json=report, signature=text)
    assert page.extract(written) == (report, text)
    scripts = [attributes for tag, attributes in Elements(written).found if tag == "script"]
    assert [one["id"] for one in scripts] == ["report", "signature"]
    assert {one["type"] for one in scripts} == {"application/json"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html></html>",
        '<script type="application/json" id="report" data-escaped="">{}</script>',
        '<script type="application/json" id="report" data-escaped="3">{}</script>' * 2,
    ],
)
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(page.NotAReport):
        page.extract(text)


def test_two_reports_in_one_page_are_refused() -> None:
    written = page_of()
    script = re.search(
        r'<script type="application/json" id="report".*?</script>', written, re.DOTALL
    )
    assert script is not None
    with pytest.raises(page.NotAReport, match="more than one"):
        page.extract(written + script[0])


# ------------------------------------------------------------------------------ what it is


@pytest.mark.parametrize("name", list(SAMPLES))
def test_a_page_is_well_formed_and_stands_alone(name: str) -> None:
    written = page_of(name)
    elements = Elements(written)
    assert not elements.open
    tags = {tag for tag, _ in elements.found}
    assert not tags & {"link", "img", "iframe", "form", "input", "object"}
    for tag, attributes in elements.found:
        assert "style" not in attributes
        assert not any(key.startswith("on") for key in attributes)
        for key in ("src", "href"):
            assert (attributes.get(key) or "#").startswith("#"), (tag, attributes)
    assert "@import" not in written
    assert "url(http" not in written


def test_every_id_is_there_once_and_every_link_leads_somewhere() -> None:
    found = Elements(page_of("staged")).found
    ids = [attributes["id"] for _, attributes in found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in found:
        target = attributes.get("href")
        if target:
            assert target.removeprefix("#") in ids
        for named in (attributes.get("aria-labelledby") or "").split():
            assert named in ids


def test_titles_go_down_one_level_at_a_time() -> None:
    levels = [
        int(tag[1]) for tag, _ in Elements(page_of("staged")).found if re.fullmatch(r"h[1-6]", tag)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_names_of_groups_are_written_and_never_read_as_markup() -> None:
    evil = '<img src=x onerror="alert(1)">&amp;'
    report = fairness_report(
        counts([cell(group(race=evil), 300, YES, YES), cell(group(race="b"), 300, NO, NO)])
    )
    written = page.html(
        document(report, language="en", title=evil), report_json=json.dumps(report), signature=evil
    )
    assert not any(tag == "img" for tag, _ in Elements(written).found)
    assert "&lt;img src=x onerror=" in written


def test_a_signature_is_shown_and_its_absence_is_said() -> None:
    assert "— answerable.example/reports Az3grl" in page_of()
    assert "This report is signed." in page_of()
    assert "This report is not signed." in page_of(signature=None)
    assert "Dieser Bericht ist nicht signiert." in page_of(language="de", signature=None)


def test_every_cell_of_a_folding_table_says_what_it_is() -> None:
    cells = [attributes for tag, attributes in Elements(page_of("staged")).found if tag == "td"]
    assert cells
    assert all(attributes.get("data-label") for attributes in cells)


def test_the_sheet_has_a_rule_for_day_night_paper_and_small_screens() -> None:
    sheet = page.sheet()
    for wanted in ("prefers-color-scheme:dark", "@media print", "max-width: 44rem", "@page"):
        assert wanted in sheet
    # What draws paper knows neither these functions nor nested rules.
    assert not re.search(r"oklch|light-dark|color-mix|@layer|:has\(", sheet)
    night = re.search(r"prefers-color-scheme:dark\)\{:root\{([^}]*)\}", sheet)
    day = re.search(r"^:root\{([^}]*)\}", sheet)
    assert night is not None
    assert day is not None
    names = [set(re.findall(r"--[\w-]+", found[1])) for found in (day, night)]
    assert names[0] == names[1]
    assert set(re.findall(r"var\((--[\w-]+)\)", sheet)) <= names[0]


# ------------------------------------------------------------------------------ as it is seen


@pytest.mark.browser
@pytest.mark.parametrize(
    ("name", "width", "scheme"),
    [
        pytest.param("compas", 1280, "light", marks=pytest.mark.full),
        ("compas", 320, "dark"),
        ("not_measured", 320, "light"),
    ],
)
def test_a_browser_finds_nothing_in_the_way_of_anybody(
    browser: Browser, tmp_path: Path, name: str, width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    opened = _opened(browser, tmp_path, name, width, scheme)
    found = Axe().run(opened)
    assert not found.violations_count, found.generate_report()
    opened.close()


@pytest.mark.browser
def test_a_page_fits_a_telephone_and_its_charts_can_be_read_there(
    browser: Browser, tmp_path: Path
) -> None:
    opened = _opened(browser, tmp_path, "staged", 320, "light")
    assert opened.evaluate("document.documentElement.scrollWidth") == 320
    sizes = opened.evaluate(
        "[...document.querySelectorAll('svg text')].map(one => one.getBoundingClientRect().height)"
    )
    assert len(sizes) > 300
    assert min(sizes) >= 11
    opened.close()


def _opened(browser: Browser, folder: Path, name: str, width: int, scheme: str) -> Page:
    """Open a report with all that is folded in it."""
    file = folder / f"{name}.html"
    file.write_text(page_of(name), encoding="utf-8")
    opened = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened.goto(file.as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    return opened


def test_paper_can_be_drawn_and_no_rule_for_it_is_ignored(
    caplog: pytest.LogCaptureFixture,
) -> None:
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:
        pytest.skip(f"PAPER CANNOT BE DRAWN HERE: {error}")
    drawn = HTML(string=page_of("four_fifths")).render()
    assert len(drawn.pages) > 3
    said = {record.getMessage() for record in caplog.records if record.name == "weasyprint"}
    # What is for screens alone, and what opens folded parts on paper in browsers, is rightly passed over.
    own = re.compile(r"screen|details-content")
    assert not {text for text in said if not own.search(text)}
