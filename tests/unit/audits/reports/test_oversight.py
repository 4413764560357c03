from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from audits.oversight.records import GroupCounts
from audits.oversight.report import oversight_report
from audits.reports import page
from audits.reports.blocks import Answers, Gallery, Points
from audits.reports.document import Document
from audits.reports.oversight import document
from audits.reports.words import numbers
from tests.overseen import (
    HONEST,
    POINT,
    STAMPER,
    doubled,
    drawn_cases,
    group_counts,
    review,
    reviewed,
)
from tests.unit.audits.reports.test_document import texts
from tests.unit.audits.reports.test_page import Elements

GAP = numbers.NO_BREAK
LANGUAGES = ("en", "de")
WINDOW = {"decision_point": POINT, "since": "2026-10-01", "until": "2026-10-28"}


@cache
def reports() -> dict[str, dict[str, Any]]:
    """Make reports of every kind: all measured, a stamper alone, somebody careful alone, little known, nothing known."""
    cases = drawn_cases()
    honest = list(reviewed(HONEST, cases, 200, seed=3))
    stamping = list(reviewed(STAMPER, cases, 200, seed=4))
    few = list(reviewed(replace(HONEST, name="newcomer"), cases, 30, seed=5))
    everybody = [*honest, *stamping, *few]
    nobody = GroupCounts(attributes=("gender",))
    return {
        "whole": oversight_report(
            doubled(everybody), group_counts(everybody), people=True, **WINDOW
        ),
        "stamping": oversight_report([one for one, _ in stamping], nobody, **WINDOW),
        "careful": oversight_report([one for one, _ in honest], nobody, **WINDOW),
        "little": oversight_report([review()] * 40, nobody, people=True, **WINDOW),
        "nothing": oversight_report([], GroupCounts(), **WINDOW),
        "absent": {},
    }


NAMES = ("whole", "stamping", "careful", "little", "nothing", "absent")


def told(name: str, language: str = "en", **more: Any) -> Document:
    return document(reports()[name], language=language, **more)


def section(found: Document, name: str) -> str:
    return " ".join(texts(next(one for one in found.sections if one.id == name)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_report_is_told_in_both_languages(name: str, language: str) -> None:
    for text in texts(told(name, language)):
        assert not re.search(r"\bNone\b|\bnan\b|\binf\b|[{}]", text), text


@pytest.mark.parametrize("name", NAMES)
def test_german_is_german(name: str) -> None:
    english = re.compile(r"\b(the|people with|decisions|allowing|between|reviews|chance)\b")
    for text in texts(told(name, "de")):
        if not re.search(r"\(\d{4}\)|simulated", text):  # A source is in its own language.
            assert not english.search(text), text


@pytest.mark.parametrize("name", NAMES)
def test_no_two_things_of_a_document_have_one_id(name: str) -> None:
    found = told(name)
    ids = [one.id for one in found.sections] + [
        figure.id
        for one in found.sections
        for block in one.blocks
        if isinstance(block, Gallery)
        for figure in block.figures
    ]
    assert len(ids) == len(set(ids))


def test_it_reads_as_people_ask() -> None:
    assert [one.id for one in told("whole").sections] == [
        "answer", "measures", "bands", "agreement", "vigilance", "disparity", "queues", "appeals",
        "people", "speaks", "methods",
    ]  # fmt: skip


def test_the_verdict_is_that_of_the_alarm() -> None:
    assert (told("stamping").verdict, told("stamping").tone) == ("raised", "bad")
    assert (told("careful").verdict, told("careful").tone) == ("quiet", "good")
    for name in ("little", "nothing", "absent"):
        assert (told(name).verdict, told(name).tone) == ("not_enough_evidence", "warn")


def test_an_alarm_says_what_raised_it_and_what_to_do() -> None:
    answer = section(told("stamping"), "answer")
    assert re.search(r"Of 10 known mistakes, \d were caught", answer)
    assert "of the five signs are there: most verdicts come before half of the page" in answer
    assert "Talk with the people concerned first" in answer


def test_quick_and_brief_people_who_catch_mistakes_raise_no_alarm_and_are_told_why() -> None:
    brisk = replace(HONEST, pace=0.7, alike=0.97)
    reviews = [one for one, _ in reviewed(brisk, drawn_cases(), 200, seed=8)]
    report = oversight_report(reviews, GroupCounts(), **WINDOW)

    assert report["measures"]["alarm"]["state"] == "quiet"
    assert "may simply be quick and brief" in section(document(report, language="en"), "answer")
    assert "may simply be quick and brief" not in section(told("stamping"), "answer")


def test_silence_is_no_pass() -> None:
    found = told("little")
    assert "That is no pass." in found.headline
    assert "Of the five signs, 5 cannot be told yet" in section(found, "answer")


def test_what_is_missing_is_told_in_weeks() -> None:
    found = section(told("little"), "speaks")
    assert "Too few: 6 more are needed, at the present volume in about 12 weeks." in found
    assert "in etwa 12 Wochen" in section(told("little", "de"), "speaks")


def test_what_is_not_known_is_not_written_as_nothing() -> None:
    found = told("nothing")
    assert f"0.0{GAP}%" not in section(found, "measures")
    assert "there is nothing to count yet, so nothing is claimed" in section(found, "measures")


def test_every_figure_of_the_measures_is_a_sentence_with_its_counts() -> None:
    report = reports()["whole"]
    hits, of = report["measures"]["gold"]["caught"]["of"]
    rate = numbers.share(hits / of, "en")
    wanted = f"Of {of} known mistakes put among the cases, {hits} ({rate}) were caught."
    assert wanted in section(told("whole"), "measures")


def test_people_stand_in_the_order_of_their_names_and_never_by_a_figure() -> None:
    names = {"honest": "Zoe", "stamper": "Ben", "colleague": "Kim", "newcomer": "Ada"}
    found = told("whole", people=names)
    (answers,) = (
        block
        for one in found.sections
        if one.id == "people"
        for block in one.blocks
        if isinstance(block, Answers)
    )

    assert [one.subject for one in answers.items] == ["Ada", "Ben", "Kim", "Zoe"]
    by_name = {one.subject: one for one in answers.items}
    assert by_name["Ben"].verdict == "raised"
    assert "These reviews are part of the figures of all." in by_name["Ada"].sentences[0]
    assert "never published" in section(found, "people")
    assert "people" not in [one.id for one in told("careful").sections]


def test_groups_are_compared_with_the_direction_told() -> None:
    found = told("whole")
    (points,) = (
        block
        for one in found.sections
        if one.id == "disparity"
        for block in one.blocks
        if isinstance(block, Points)
    )
    assert any("against the person" in one for one in points.items)
    assert any("for the person" in one for one in points.items)
    assert "errs more about one group" in section(found, "disparity") or "errs more" in section(
        found, "disparity"
    )


def test_waits_are_told_as_fairness_reports_tell_them() -> None:
    assert "How long people waited" in section(told("whole"), "queues")
    assert "waits-gender" in page.html(told("whole"), report_json="{}", signature=None)


def test_each_measure_tells_what_it_cannot_say() -> None:
    assert section(told("nothing"), "methods").count("(M") == 12


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_it_is_drawn_as_a_page_as_fairness_reports_are(name: str, language: str) -> None:
    report = json.dumps(reports()[name])
    written = page.html(told(name, language, title="Credit"), report_json=report, signature=None)

    assert Elements(written).open == []
    assert page.extract(written) == (report, None)


def test_the_same_report_is_told_the_same_way() -> None:
    assert told("whole") == told("whole")
