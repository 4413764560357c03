from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audits.fairness.report import fairness_report
from audits.reports.blocks import Answers, Aside, Gallery, Note, Points
from audits.reports.document import Document, document
from audits.reports.words import numbers
from tests.fairness_samples import (
    SAMPLES,
    compas_counts,
    nothing_counts,
    sample,
    sample_whatif,
)
from tests.fairness_tables import NO, YES, cell, counts, group

GAP = numbers.NO_BREAK
LANGUAGES = ("en", "de")


def told(name: str, language: str = "en", **more: Any) -> Document:
    return document(sample(name), language=language, **more)


def texts(value: object) -> Iterator[str]:
    """Give every text of a document, wherever it stands; markup and ids are none."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from texts(one)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name not in {"id", "svg", "tone", "verdict", "drawn", "language", "block"}:
                yield from texts(getattr(value, field.name))


def said(document_: Document) -> str:
    return " ".join(texts(document_))


def points(document_: Document, section: str) -> list[str]:
    found = next(one for one in document_.sections if one.id == section)
    return [
        sentence
        for block in found.blocks
        for inner in (block.blocks if isinstance(block, Aside) else (block,))
        if isinstance(inner, Points)
        for sentence in inner.items
    ]


def names(document_: Document) -> list[str]:
    return [section.id for section in document_.sections]


# ------------------------------------------------------------------------------ every report


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", list(SAMPLES))
def test_every_report_is_told_in_both_languages(name: str, language: str) -> None:
    whatif = sample_whatif() if name == "staged" else None
    found = told(name, language, whatif=whatif)
    assert found.title
    assert found.headline
    for text in texts(found):
        assert not re.search(r"\bNone\b|\bnan\b|\binf\b|[{}]", text), text
        assert "  " not in text.replace("  (", " (").strip() or GAP in text or len(text) < 60


@pytest.mark.parametrize("name", list(SAMPLES))
def test_german_is_german(name: str) -> None:
    english = re.compile(r"\b(the|people with|decisions|allowing|between|tolerated|chance)\b")
    for text in texts(told(name, "de")):
        if "et al" in text or re.search(r"\(\d{4}\)|CFR|\d{4}\), ", text):
            continue  # The title of a paper or a paragraph of law is in its own language.
        assert not english.search(text), text


@pytest.mark.parametrize("name", list(SAMPLES))
def test_the_answer_comes_first_and_what_it_rests_on_last(name: str) -> None:
    found = names(told(name))
    assert found[0] == "answer"
    assert found[-4:] == ["methods", "exclusions", "limits", "versions"]
    assert len(found) == len(set(found))


@pytest.mark.parametrize("name", list(SAMPLES))
def test_no_two_things_of_a_document_have_one_id(name: str) -> None:
    found = told(name)
    ids = names(found) + [
        figure.id
        for section in found.sections
        for block in section.blocks
        if isinstance(block, Gallery)
        for figure in block.figures
    ]
    assert len(ids) == len(set(ids))


def test_the_order_is_that_in_which_people_ask() -> None:
    found = names(told("staged", whatif=sample_whatif()))
    assert found == [
        "answer", "groups", "comparisons", "intersections", "alike", "errors", "scores", "waits", "mix",
        "causes", "whatif", "methods", "exclusions", "limits", "versions",
    ]  # fmt: skip


def test_the_same_report_is_told_the_same_way() -> None:
    assert told("staged", whatif=sample_whatif()) == told("staged", whatif=sample_whatif())


# ------------------------------------------------------------------------------ figures as sentences


@pytest.mark.parametrize("stage", ["proposal", "routing", "review", "outcome"])
def test_every_figure_of_every_group_has_a_sentence(stage: str) -> None:
    report = sample("staged")
    told_ = told("staged")
    sentences = [
        *points(told_, "groups"),
        *points(told_, "errors"),
        *points(told_, "intersections"),
    ]
    crossed = {"selection_rate", "review_rate"}
    left_to_itself = {
        "automated_error",
        "review_error",
        "label_coverage",
        "exact_accuracy",
        "treatment_equality",
    }
    checked = 0
    for one in report["stages"][stage]["groups"]:
        for metric, of in one["of"].items():
            value = one[metric]
            if value is None or of is None or metric in left_to_itself:
                continue
            if len(one["group"]) > 1 and (metric not in crossed or stage == "review"):
                continue
            written = (numbers.count(of[0], "en"), numbers.share(value, "en"))
            values = [f"“{group_}”" for group_ in one["group"].values()]
            assert any(
                all(part in sentence for part in (*written, *values)) for sentence in sentences
            ), (stage, metric, one["group"], written)
            checked += 1
    assert checked > 5


def test_every_comparison_has_a_sentence_with_its_figure_and_its_range() -> None:
    report = sample("staged")
    told_ = told("staged")
    sentences = [*points(told_, "comparisons"), *points(told_, "intersections")]
    checked = 0
    for stage in ("proposal", "routing", "review", "outcome"):
        for one in report["stages"][stage]["comparisons"]:
            if one["value"] is None or not one["metric"].endswith("_ratio"):
                continue
            value = numbers.ratio(one["value"], "en", beside=one["tolerance"])
            low = numbers.ratio(one["interval"][0], "en", beside=one["tolerance"])
            assert any(f" {value} times" in text and low in text for text in sentences), one
            checked += 1
    assert checked > 20


def test_a_rate_is_said_with_its_counts_and_what_chance_allows() -> None:
    assert (
        f"Of 3,696 decisions about people with race “African-American”, 2,174 (58.8{GAP}%) were proposed as “High risk”. "
        f"Chance alone would put the true share between 57.2{GAP}% and 60.4{GAP}%."
    ) in points(told("compas"), "groups")


def test_the_same_rate_in_german() -> None:
    assert (
        f"Von 3.696 Entscheidungen über Menschen mit „ethnische Zuordnung: African-American“ lautete bei 2.174 (58,8{GAP}%) "
        f"der Vorschlag „Hohes Risiko“. Mit dem Zufall gerechnet liegt der wahre Anteil zwischen 57,2{GAP}% und 60,4{GAP}%."
    ) in points(told("compas", "de"), "groups")


def test_what_is_not_enough_says_what_would_settle_it() -> None:
    report = sample("compas")
    one = next(
        one
        for one in report["stages"]["proposal"]["comparisons"]
        if one["metric"] == "selection_rate_ratio" and one["group"] == {"race": "Hispanic"}
    )
    assert one["verdict"] == "not_enough_evidence"
    needed = numbers.about(one["needed_count"], "en")
    text = " ".join(points(told("compas"), "comparisons"))
    assert (
        f"About {needed} decisions about people with race “Hispanic” would settle it, about "
        in text
    )
    assert "not enough for a verdict: tolerated is 0.8 to 1.25 times" in text


def test_a_group_of_few_is_named_as_such_and_has_no_verdict() -> None:
    text = " ".join(points(told("compas"), "groups"))
    assert "Of 18 decisions about people with race “Native American”" in text
    assert "That is fewer than 100, too few to rest a judgement on." in text


# ------------------------------------------------------------------------------ answers


def answers(document_: Document) -> dict[str, Any]:
    blocks = document_.sections[0].blocks
    found = next(block for block in blocks if isinstance(block, Answers))
    return {answer.subject: answer for answer in found.items}


def test_each_attribute_has_its_verdict_in_a_line() -> None:
    found = answers(told("staged"))
    assert set(found) == {"Age", "Gender", "Age and gender"}
    assert found["Age"].verdict == "breach"
    assert "“60+”" in found["Age"].sentences[0]


def test_the_gravest_verdict_comes_first() -> None:
    even = [
        cell(group(area=area, zone=zone), 2000, value)
        for area in ("a", "b")
        for zone, value in (("x", YES), ("y", NO))
    ]
    report = fairness_report(counts(even), by=["area", "zone"])
    found = answers(document(report, language="en"))
    assert [(answer.subject, answer.verdict) for answer in found.values()] == [
        ("Zone", "breach"),
        ("Area", "pass"),
    ]


def test_the_headline_counts_what_was_compared_once_where_nothing_was_changed() -> None:
    assert told("compas").headline.startswith(
        "Groups are treated differently beyond what is tolerated, in 3 of 10 comparisons."
    )


def test_a_report_without_groups_is_not_measured_and_says_what_to_do() -> None:
    found = told("not_measured")
    assert found.verdict == "not_measured"
    assert found.tone == "bad"
    note = next(block for block in found.sections[0].blocks if isinstance(block, Note))
    assert note.tone == "bad"
    assert any("subject.groups" in text and "upload" in text for text in note.sentences)


def test_a_report_of_nothing_is_told_too() -> None:
    found = told("nothing")
    assert found.verdict == "not_measured"
    assert "0 decisions" in found.headline


# ------------------------------------------------------------------------------ what is not said


def test_selective_labels_hide_what_they_cannot_tell_and_say_why() -> None:
    found = told("selective")
    section = next(one for one in found.sections if one.id == "errors")
    note = next(block for block in section.blocks if isinstance(block, Note))
    assert note.tone == "warn"
    assert note.title == "What turned out right is known only where “Offer a discount” was decided"
    assert any("every group would look perfect" in text for text in note.sentences)
    drawn = [
        figure.id
        for block in section.blocks
        if isinstance(block, Gallery)
        for figure in block.figures
    ]
    assert any("precision" in name for name in drawn)
    assert not any(re.search(r"tpr|fpr|accuracy", name) for name in drawn)
    assert any("must lie between" in text for text in points(found, "errors"))


def test_the_law_of_new_york_city_sets_no_threshold_and_gives_no_verdict() -> None:
    found = told("nyc_ll144")
    assert found.verdict == "no_verdict"
    text = said(found)
    assert "The law sets no threshold, so there is no verdict here." in text
    assert f"5{GAP}July 2023" in text
    assert "a breach" not in text.replace("a breach the whole", "")
    assert all(answer.verdict == "none" for answer in answers(found).values())


def test_a_guideline_is_called_a_guideline_and_tells_practical_beside_statistical() -> None:
    text = said(told("four_fifths"))
    assert "Guideline or convention, not a law" in text
    assert "Practically significant: below four fifths of the highest." in text
    assert "Statistically significant: " in text


def test_groups_that_are_left_out_are_listed_with_their_size() -> None:
    found = next(one for one in told("four_fifths").sections if one.id == "exclusions")
    text = " ".join(texts(found))
    assert "People with race “Native American”: 18 decisions" in text
    assert "is not compared" in text


def test_a_published_report_says_that_it_hides_and_why() -> None:
    text = said(told("published"))
    assert "figures of fewer than 40 people are hidden" in text
    assert "because it would tell of fewer than 40 people" in text


def test_a_tolerance_that_nobody_set_is_told_as_a_guideline() -> None:
    plain = fairness_report(
        counts([cell(group(gender="f"), 200, YES), cell(group(gender="m"), 200, NO)])
    )
    assert "nobody has set it: the four-fifths guideline" in said(document(plain, language="en"))


def test_what_the_report_does_not_know_is_not_told() -> None:
    strange = {**sample("compas"), "limits": ["of_tomorrow"], "methods": ["unheard_of"]}
    text = said(document(strange, language="en"))
    assert "of_tomorrow" in text
    assert "unheard_of" in text


def test_labels_are_those_given_or_those_that_the_report_carries() -> None:
    assert "“High risk”" in said(told("compas"))
    named = told("compas", outcome_labels={"yes": {"en": "Keep"}, "no": {"en": "Release"}})
    assert "“Keep”" in said(named)
    assert "“yes”" in said(told("four_fifths"))


def test_a_report_may_lack_whatever_another_release_does_not_write() -> None:
    core = {
        name: sample("compas")[name]
        for name in ("decision_point", "since", "until", "by", "stages", "verdict")
    }
    assert document(core, language="en").headline
    assert document({}, language="en").verdict == "not_measured"
    assert document(fairness_report(nothing_counts()), language="fr").language == "en"


# ------------------------------------------------------------------------------ anything at all

names_ = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(
    lambda text: text.strip() and text != "unknown"
)
tables = st.lists(
    st.tuples(names_, st.sampled_from(["f", "m"]), st.sampled_from([YES, NO]), st.sampled_from([YES, NO, "", " never"]), st.integers(0, 400)),
    max_size=14,
)  # fmt: skip


@given(tables)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_counts_are_told_in_both_languages(table: list[tuple[str, str, str, str, int]]) -> None:
    cells = [
        cell(group(race=race, sex=sex), count, value, truth)
        for race, sex, value, truth, count in table
    ]
    report = fairness_report(counts(cells), by=["race", "sex", "race*sex"])
    for language in LANGUAGES:
        found = document(report, language=language)
        assert found.sections[0].id == "answer"
        assert not any("None" in text for text in texts(found) if not table)


def test_renaming_groups_changes_names_alone() -> None:
    one = document(fairness_report(compas_counts()), language="en")
    report = fairness_report(compas_counts())
    renamed = _renamed(report)
    other = document(renamed, language="en")
    assert said(one).replace("Hispanic", "Zebra") == said(other)


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _renamed(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one) for one in value]
    return "Zebra" if value == "Hispanic" else value
