"""Every chart of every report: what it says, that it says it the same way each time, and that it can be drawn anywhere."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from audits.reports.blocks import Figure, Gallery
from audits.reports.charts import paint
from audits.reports.charts.contributions import Part, contributions
from audits.reports.charts.evidence import Evidence, evidence
from audits.reports.charts.figure import Table, header, row
from audits.reports.charts.growth import Size, growth
from audits.reports.charts.intersections import intersections
from audits.reports.charts.ratios import ratios
from audits.reports.charts.rows import Row
from audits.reports.charts.stacks import Bar, labels, mix
from audits.reports.charts.stages import Rate
from audits.reports.document import document
from audits.reports.words import Words
from tests.fairness_samples import SAMPLES, sample, sample_whatif

WORDS = Words(language="en")
TABLE = Table(header=header("Group", "Figure", figures=1), rows=(row("a", "1"),))


@cache
def figures() -> tuple[Figure, ...]:
    """Give every figure of all samples, and those that only other pages draw."""
    found = []
    for name in SAMPLES:
        whatif = sample_whatif() if name == "staged" else None
        told = document(sample(name), language="en", whatif=whatif)
        found += [
            figure
            for section in told.sections
            for block in section.blocks
            if isinstance(block, Gallery)
            for figure in block.figures
        ]
    return (*found, grown())


def grown() -> Figure:
    points = [
        Evidence(at=f"2026-{1 + day // 28:02}-{1 + day % 28:02}", log10_e=day / 40)
        for day in range(200)
    ]
    return evidence("grown", points, threshold=3.3, watch=2.0, words=WORDS)


def elements(figure: Figure) -> Iterator[ET.Element]:
    return ET.fromstring(figure.svg).iter()


def test_every_kind_of_chart_is_drawn_by_some_report() -> None:
    kinds = {figure.id.partition("-")[0] for figure in figures()}
    assert kinds >= {
        "panel", "rates", "compared", "map", "labels", "risk", "auc", "scoring", "calibration",
        "waits", "mix", "rules", "facts", "whatif", "grown",
    }  # fmt: skip


def test_every_chart_has_a_title_a_description_a_sentence_and_its_figures_as_a_table() -> None:
    for figure in figures():
        assert figure.title, figure.id
        assert figure.description, figure.id
        assert figure.sentence, figure.id
        assert figure.table.rows, figure.id
        assert figure.table_title, figure.id
        for line in figure.table.rows:
            assert len(line) == len(figure.table.header), figure.id


def test_no_chart_carries_a_colour_a_style_or_a_script() -> None:
    for figure in figures():
        for node in elements(figure):
            assert node.tag.rpartition("}")[2] not in {"style", "script", "image", "a"}
            assert "style" not in node.attrib
            assert not any(name.startswith("on") for name in node.attrib)
            assert node.get("fill", "none").startswith(("none", "url(#"))
            assert "stroke" not in node.attrib


def test_every_class_of_a_chart_has_a_look() -> None:
    known = set(paint.selectors()) | {"chart", "chart-key"}
    used = {
        name
        for figure in figures()
        for markup in (figure.svg, *(key.svg for key in figure.legend))
        for classes in re.findall(r'class="([^"]*)"', markup)
        for name in classes.split()
    }
    assert used <= known | {"chart-heat", "chart-tone-0"}


def test_every_reference_inside_a_chart_leads_somewhere() -> None:
    for figure in figures():
        ids = {node.get("id") for node in elements(figure)} - {None}
        assert len(ids) == figure.svg.count(' id="'), figure.id
        assert set(re.findall(r'href="#([^"]+)"', figure.svg)) <= ids
        assert set(re.findall(r"url\(#([^)]+)\)", figure.svg)) <= ids


def test_no_writing_is_smaller_than_eleven_pixels_on_any_screen() -> None:
    """Places across are shares of the width and nothing is scaled, so a size in the sheet is the size on the screen."""
    sizes = [float(look["font-size"][:-2]) for _, look in paint.RULES if "font-size" in look]
    assert min(sizes) >= 11
    for figure in figures():
        assert "viewBox" not in figure.svg
        for node in elements(figure):
            for name in ("x", "x1", "x2", "width"):
                value = node.get(name)
                if value is not None and node.tag.rpartition("}")[2] not in {"pattern", "svg"}:
                    inside_pattern = figure.svg.count(f'{name}="{value}"') and value == "0"
                    assert value.endswith("%") or inside_pattern, (figure.id, name, value)


def test_everything_lies_within_the_width() -> None:
    for figure in figures():
        for value in re.findall(r'\b(?:x|x1|x2)="([-\d.]+)%"', figure.svg):
            assert -0.01 <= float(value) <= 100.01, figure.id


def test_the_same_figures_give_the_same_letters() -> None:
    first = [grown().svg, *(figure.svg for figure in figures()[:40])]
    figures.cache_clear()
    assert [grown().svg, *(figure.svg for figure in figures()[:40])] == first


# ------------------------------------------------------------------------------ one by one


def rows() -> list[Row]:
    return [
        Row(label="inside", value=1.0, low=0.9, high=1.1, text="1.00", verdict="pass"),
        Row(label="outside", value=0.5, low=0.4, high=0.6, text="0.50", verdict="breach"),
        Row(
            label="unknown",
            value=0.85,
            low=0.6,
            high=1.2,
            text="0.85",
            verdict="not_enough_evidence",
        ),
        Row(label="none", value=None, text="cannot be estimated", verdict="not_estimable"),
    ]


def drawn_ratios(compared: list[Row], **more: float) -> Figure:
    return ratios(
        "r", compared, words=WORDS, title="T", sentence="S", table=TABLE, reference="ref", **more
    )


def test_a_verdict_is_told_by_shape_and_hatching_and_not_by_colour_alone() -> None:
    figure = drawn_ratios(rows(), tolerance=0.8)
    for mark in ("pass", "breach", "unsure"):
        assert f'href="#r-{mark}"' in figure.svg
    assert 'fill="url(#r-hatch)"' in figure.svg


def test_the_legend_explains_what_is_drawn_and_nothing_else() -> None:
    told = {key.text for key in drawn_ratios(rows()[:1], tolerance=0.8).legend}
    assert "within what is tolerated" in told
    assert "breach" not in told
    assert "cannot be estimated" not in told
    assert "watch line" not in told
    assert "watch line" in {
        key.text for key in drawn_ratios(rows(), tolerance=0.8, watch=0.9).legend
    }


def test_what_lies_beyond_the_scale_is_drawn_as_an_arrow() -> None:
    far = Row(label="far", value=0.9, low=0.0001, high=900, text="0.90", enough=False)
    figure = drawn_ratios([*rows()[:2], far])
    assert 'href="#r-beyond-left"' in figure.svg
    assert 'href="#r-beyond-right"' in figure.svg


def test_a_name_longer_than_a_telephone_is_wide_is_cut_in_the_chart_alone() -> None:
    name = "people of " + "very " * 20 + "long names"
    figure = drawn_ratios([Row(label=name, value=1.0, low=0.9, high=1.1, text="1.00")])
    longest = max(
        len("".join(node.itertext())) for node in elements(figure) if node.tag.endswith("text")
    )
    assert longest <= 60


def test_a_field_that_nobody_is_in_is_hatched_and_one_of_few_is_bare() -> None:
    figure = intersections(
        "m",
        ["a", "b"],
        ["x", "y"],
        {
            ("a", "x"): (Rate(value=0.2, low=0.1, high=0.3), 400),
            ("a", "y"): (Rate(value=0.9, low=0.5, high=1.0, enough=False), 3),
            ("b", "x"): (Rate(value=None), 0),
        },
        words=WORDS,
        title="T",
        sentence="S",
        table=TABLE,
    )
    assert figure.svg.count("chart-hatched") == 2
    assert "chart-few" in figure.svg
    assert {key.text for key in figure.legend} >= {"too few to judge", "cannot be estimated"}


def test_shades_begin_at_half_of_the_highest_so_that_no_trifle_looks_large() -> None:
    cells = {
        ("a", name): (Rate(value=value, low=0, high=1), 400)
        for name, value in (("x", 0.50), ("y", 0.52))
    }
    figure = intersections(
        "m", ["a"], ["x", "y"], cells, words=WORDS, title="T", sentence="S", table=TABLE
    )
    assert "chart-heat-0" not in figure.svg.partition("legend")[0]


def test_many_outcomes_are_gathered_and_each_part_has_its_letter() -> None:
    kinds = [f"kind {place}" for place in range(12)]
    bars = [Bar(label="a", parts=[1 / 12] * 12), Bar(label="nobody", parts=[])]
    figure = mix("x", bars, kinds, words=WORDS, title="T", sentence="S", table=TABLE)
    assert len(figure.legend) == 7
    assert figure.legend[-1].text.endswith("all others")
    assert ">A</text>" in figure.svg
    assert "chart-hatched" in figure.svg


def test_what_will_never_be_known_is_hatched() -> None:
    bars = [Bar(label="a", parts=[0.5, 0.2, 0.3])]
    figure = labels("x", bars, words=WORDS, title="T", sentence="S", table=TABLE)
    assert "chart-hatched" in figure.svg


def test_what_goes_the_other_way_than_the_whole_takes_from_it() -> None:
    parts = [
        Part(label="a", value=-0.3),
        Part(label="b", value=0.1),
        Part(label="all", value=-0.2, total=True),
    ]
    figure = contributions(
        "x", parts, words=WORDS, title="T", sentence="S", table=TABLE, written=str
    )
    drawn = re.findall(r"chart-(for|against|total)", figure.svg)
    assert drawn == ["for", "against", "total"]


@pytest.mark.parametrize(
    ("newest", "said"), [(1.0, "an alarm begins at"), (2.5, "past the watch line"), (4.0, "Since ")]
)
def test_evidence_says_where_it_stands(newest: float, said: str) -> None:
    points = [Evidence(at="2026-11-01", log10_e=0.1), Evidence(at="2026-11-20", log10_e=newest)]
    figure = evidence("e", points, threshold=3.3, watch=2.0, words=WORDS)
    assert said in figure.sentence
    assert ("chart-mark bad" in figure.svg) == (newest > 3.3)


def test_evidence_may_stand_against_how_many_decisions_were_seen() -> None:
    points = [Evidence(at=200 * place, log10_e=place / 2) for place in range(1, 6)]
    figure = evidence("e", points, threshold=3.3, words=WORDS)
    assert "1,000" in figure.sentence


def test_evidence_of_nothing_is_an_empty_field() -> None:
    figure = evidence("e", [], threshold=3.3, words=WORDS)
    assert figure.sentence == "Nothing has been observed yet."


def test_a_growing_log_is_drawn_up_to_its_present_size() -> None:
    began = datetime(2026, 11, 1, tzinfo=UTC)
    sizes = [Size(at=began + timedelta(days=day), entries=day * day * 10) for day in range(11)]
    figure = growth("log-growth", sizes, words=WORDS)
    assert figure.sentence.replace("\N{NO-BREAK SPACE}", " ") == (
        "1,000 entries since 1 November 2026; half of them came after 9 November 2026."
    )
    assert len([one for one in elements(figure) if one.get("class") == "chart-line"]) == 10
    assert [cells[1].text for cells in figure.table.rows][-1] == "1,000"

    young = growth("log-growth", [sizes[0], Size(at=began, entries=7)], words=WORDS)
    assert young.sentence.replace("\N{NO-BREAK SPACE}", " ") == "7 entries since 1 November 2026."
