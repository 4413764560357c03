"""Every code that a report may hold has words in both languages, and every sentence is whole in both."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import audits.reports
from audits.fairness import causes, metrics, report, stages, whatif
from audits.fairness.comparisons import DISPARITIES, Chosen, Reason, Verdict
from audits.fairness.counts import Stage
from audits.fairness.metrics import Labels, Metric
from audits.fairness.presets import DEFAULT_SOURCE, PRESETS
from audits.fairness.stages import Limit, Method
from audits.oversight import agreement, alarm, disparity, gold, overrides, records
from audits.oversight.report import _STANDS
from audits.reports.sections.comparing import base
from audits.reports.words import codes, numbers, overseeing, terms
from audits.reports.words.sentences import SENTENCES

SOURCES = sorted(Path(audits.reports.__file__).parent.rglob("*.py"))
SLOT = re.compile(r"\{(\w+)\}")


def texts() -> Iterator[tuple[str, Mapping[str, str]]]:
    """Give every text of the package with what it is of."""
    yield from SENTENCES.items()
    for name, table in {
        "composite": terms.COMPOSITES,
        "verdict": terms.VERDICTS,
        "stage": terms.STAGES,
        "kind": terms.KINDS,
        "attribute": terms.ATTRIBUTES,
        "source": terms.SOURCES,
        "reason": codes.REASONS,
        "exclusion": codes.EXCLUSIONS,
        "limit": codes.LIMITS,
        "chosen": codes.CHOSEN,
        "cannot tell": codes.CANNOT_TELL,
        "unsplit": codes.UNSPLIT,
        "built-in reason": codes.BUILT_IN_REASONS,
    }.items():
        for code, text in table.items():
            yield f"{name} {code}", text
    for code, metric in terms.METRICS.items():
        yield f"metric {code}", metric.name
        yield f"metric {code}, counted", metric.counted
        yield f"metric {code}, in the end", metric.in_the_end or metric.name
        yield f"metric {code}, done", metric.done or metric.counted
    for code, method in codes.METHODS.items():
        yield f"method {code}", method.title
        yield f"method {code}, says", method.says
    for code, state in codes.LABEL_STATES.items():
        yield f"labels {code}", state.title
        for why in state.why:
            yield f"labels {code}, why", why


def test_every_text_is_whole_in_both_languages() -> None:
    found = [problem for of, text in texts() for problem in _problems(of, text)]
    assert not found


def _problems(of: str, text: Mapping[str, str]) -> Iterator[str]:
    if set(text) != set(numbers.LANGUAGES):
        yield f"{of} is not in {numbers.LANGUAGES}"
        return
    if sorted(set(SLOT.findall(text["en"]))) != sorted(set(SLOT.findall(text["de"]))):
        yield f"{of} has other slots in German"
    for language, said in text.items():
        if not said or said != said.strip():
            yield f"{of} says nothing in {language}, or has spaces around it"
        if '"' in said:
            yield f"{of} has straight quotation marks in {language}"
        opened, closed = ("“", "”") if language == "en" else ("„", "“")
        if said.count(opened) != said.count(closed):
            yield f"{of} opens a quotation in {language} that it does not close"


def _written(found: Mapping[str, object], wanted: set[str]) -> set[str]:
    return wanted - set(found)


def test_every_figure_of_a_group_has_a_name_and_a_sentence() -> None:
    assert not _written({**terms.METRICS, **terms.COMPOSITES}, {str(metric) for metric in Metric})


def test_every_comparison_is_of_something_that_has_a_name() -> None:
    assert not _written({**terms.METRICS, **terms.COMPOSITES}, {base(name) for name in DISPARITIES})
    assert "equalized_odds" in terms.COMPOSITES


def test_every_verdict_has_a_word_a_tone_and_a_meaning() -> None:
    verdicts = {str(verdict) for verdict in Verdict} | {"no_verdict"}
    assert not _written(terms.VERDICTS, verdicts)
    assert not _written(terms.TONES, verdicts)
    assert not _written(SENTENCES, {f"headline.{verdict}" for verdict in verdicts})
    told = verdicts - {"not_measured", "no_verdict"}
    assert not _written(SENTENCES, {f"means.{verdict}" for verdict in told})
    assert not _written(SENTENCES, {f"summary.{verdict}" for verdict in told})


def test_every_stage_has_a_title() -> None:
    assert not _written(terms.STAGES, {str(stage) for stage in Stage})


@pytest.mark.parametrize(
    ("table", "known"),
    [
        (codes.REASONS, Reason),
        (codes.METHODS, Method),
        (codes.LIMITS, Limit),
        (codes.CHOSEN, Chosen),
        (codes.LABEL_STATES, Labels),
    ],
    ids=["reasons", "methods", "limits", "chosen", "labels"],
)
def test_every_code_is_explained(table: Mapping[str, object], known: type[Reason]) -> None:
    assert not _written(table, {str(code) for code in known})


def test_every_exclusion_is_explained() -> None:
    told = set(re.findall(r'"code": "(\w+)"', inspect.getsource(stages)))
    told |= set(re.findall(r'return "(\w+)"', inspect.getsource(metrics._left_out)))
    told |= {"waiting", "withdrawn"}
    assert told >= {"unknown_group", "below_share", "not_mature", "no_proposal", "no_outcome"}
    assert not _written(codes.EXCLUSIONS, told)


def test_everything_that_another_threshold_cannot_tell_is_said() -> None:
    source = inspect.getsource(whatif._cannot_tell)
    told = set(re.findall(r'append\("(\w+)"\)', source)) | {"people", "rules"}
    assert not _written(codes.CANNOT_TELL, told)


def test_every_reason_not_to_split_a_difference_is_said() -> None:
    told = set(re.findall(r'"reason": "(\w+)"', inspect.getsource(causes)))
    assert told
    assert not _written(codes.UNSPLIT, told)


def test_every_preset_speaks_both_languages_and_its_source_is_named() -> None:
    for preset in PRESETS.values():
        for text in (preset.title, preset.says, preset.does_not_say, preset.left_out):
            assert text is None or set(text) >= set(numbers.LANGUAGES)
        for tolerance in preset.tolerances or ():
            assert tolerance.source in terms.SOURCES
    assert DEFAULT_SOURCE in terms.SOURCES


def test_every_kind_of_section_of_a_report_is_known() -> None:
    wanted = {"scores", "waits", "mix", "conditional", "ratings", "reasons", "exclusions", "limits"}
    source = inspect.getsource(report.fairness_report)
    assert all(f'"{name}"' in source for name in wanted)


@pytest.mark.parametrize(
    ("names", "known"),
    [
        (("word", "headline", "todo"), alarm.State),
        (("sign", "limit"), alarm.Sign),
        (("overriding",), overrides.Overriding),
        (("catching",), gold.Catching),
        (("agreeing",), agreement.Agreeing),
        (("leaning",), disparity.Leaning),
        (("direction",), disparity.Direction),
        (("source",), records.TruthFrom),
        (("path",), records.Path),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else None,
)
def test_every_finding_of_oversight_is_said(names: tuple[str, ...], known: type[Reason]) -> None:
    assert not _written(SENTENCES, {f"oversight.{name}.{code}" for name in names for code in known})


def test_every_measure_of_oversight_tells_what_it_is_and_what_it_cannot_say() -> None:
    assert set(overseeing.SOURCES) >= set(_STANDS)
    assert len(overseeing.SOURCES) == 13  # M1 to M12, and the alarm.
    for name in overseeing.SOURCES:
        wanted = {f"oversight.method.{name}{part}" for part in ("", ".says", ".cannot")}
        assert not _written(SENTENCES, wanted)


# ------------------------------------------------------------------------------ what is asked for


def _calls() -> Iterator[str]:
    """Give every sentence that is asked for by its whole name."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "say"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                yield node.args[0].value


def test_every_sentence_that_is_asked_for_is_there() -> None:
    asked = set(_calls())
    assert len(asked) > 100
    assert asked <= set(SENTENCES), asked - set(SENTENCES)


def test_no_sentence_is_there_in_vain() -> None:
    wanted = [
        re.compile(pattern)
        for source in SOURCES
        if source.name not in {"prose.py", "sentences.py", "overseeing.py"}
        for pattern in _patterns_in(source)
    ]
    vain = [name for name in SENTENCES if not any(pattern.fullmatch(name) for pattern in wanted)]
    assert not vain


def _patterns_in(source: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 60:
            yield re.escape(node.value)
        if isinstance(node, ast.JoinedStr):
            parts = [
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"[\w.]+"
                for part in node.values
            ]
            if any(isinstance(part, ast.Constant) for part in node.values):
                yield "".join(parts)
