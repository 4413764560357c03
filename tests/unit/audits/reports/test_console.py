"""The console's macros draw the same document as the stand-alone page."""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
import pytest

from audits.reports.document import Document, document
from tests.fairness_samples import SAMPLES, sample, sample_whatif
from tests.unit.audits.reports.test_document import texts
from tests.unit.audits.reports.test_page import Elements

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WEB = Path(__file__).parents[4] / "web"
SHEETS = ("tokens", "base", "layout", "components", "utilities", "charts")


def told(name: str) -> Document:
    return document(
        sample(name), language="en", whatif=sample_whatif() if name == "staged" else None
    )


@cache
def drawn(name: str) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(WEB / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    template = environment.from_string(
        '{% from "components/report.html" import report with context %}<main class="main"><h1>Report</h1>{{ report(told) }}</main>'
    )
    return template.render(told=told(name))


def sheet() -> str:
    return "\n".join(
        (WEB / "static" / "css" / f"{name}.css").read_text(encoding="utf-8") for name in SHEETS
    )


@pytest.mark.parametrize("name", list(SAMPLES))
def test_every_text_of_a_document_is_on_the_page(name: str) -> None:
    shown = unescape(re.sub(r"<[^>]*>", "", drawn(name)))
    shown_plain = " ".join(shown.split())
    for section in told(name).sections:
        for text in texts(section):
            if not text.startswith("<svg"):
                assert " ".join(text.split()) in shown_plain, text


@pytest.mark.parametrize("name", ["staged", "not_measured", "published"])
def test_what_is_drawn_is_well_formed_and_carries_no_style(name: str) -> None:
    elements = Elements(drawn(name))
    assert not elements.open
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    for tag, attributes in elements.found:
        assert "style" not in attributes
        assert tag != "script"
        assert (attributes.get("href") or "#").startswith("#")


def test_every_class_that_is_used_has_a_rule() -> None:
    used = {
        name
        for _, attributes in Elements(drawn("staged")).found
        for name in (attributes.get("class") or "").split()
    }
    rules = set(re.findall(r"\.([a-zA-Z][\w-]*)", sheet()))
    assert used - rules <= {"info", "chart-heat", "chart-tone-0"}


def test_the_sheet_adds_to_a_layer_and_names_no_colour_of_its_own() -> None:
    own = (WEB / "static" / "css" / "charts.css").read_text(encoding="utf-8")
    assert own.count("@layer") == 1
    assert "@layer components {" in own
    outside = re.sub(r"--chart-[\w-]+: light-dark\([^;]*;", "", own)
    assert not re.search(r"#[0-9a-f]{3,8}\b|oklch\(|rgb\(", outside)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "scheme"), [(1280, "dark"), pytest.param(320, "light", marks=pytest.mark.full)]
)
def test_the_console_shows_a_report_that_everybody_can_use(
    browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    file = tmp_path / "console.html"
    file.write_text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Report</title><style>'
        f"{sheet()}</style></head><body>{drawn('compas')}</body></html>",
        encoding="utf-8",
    )
    opened = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened.goto(file.as_uri())
    opened.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(opened)
    assert not found.violations_count, found.generate_report()
    assert opened.evaluate("document.documentElement.scrollWidth") == width
    opened.close()
