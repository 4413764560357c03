import string

import pytest

from policies.document import Disposition, load
from policies.reasons import Reason, ReasonCode
from policies.texts import (
    DISPOSITIONS,
    FOR_SUBJECTS,
    LANGUAGES,
    SENTENCES,
    band,
    render,
    render_for_subject,
    shown,
)
from tests.unit.policies.examples import RETENTION

POLICY = load(RETENTION)


def doubt(confidence: float, threshold: float = 0.8) -> Reason:
    return Reason(
        code=ReasonCode.CONFIDENCE_BELOW,
        rule="review.confidence_below",
        params={"confidence": confidence, "threshold": threshold},
    )


def test_every_code_has_its_sentences_in_every_language_with_the_same_slots():
    for table in (SENTENCES, FOR_SUBJECTS):
        assert set(table) == set(ReasonCode)
        for by_language in table.values():
            assert set(by_language) == set(LANGUAGES)
            slots = [
                {name for _, name, _, _ in string.Formatter().parse(text) if name}
                for text in by_language.values()
            ]
            assert all(names == slots[0] for names in slots)
    assert set(DISPOSITIONS) == set(Disposition)


def test_doubt_is_said_in_figures():
    assert render(doubt(0.71), POLICY, "en") == "Confidence 0.71 is below 0.80."
    assert render(doubt(0.71), POLICY, "de-AT") == "Die Sicherheit 0,71 liegt unter 0,80."


def test_figures_that_differ_look_different():
    assert render(doubt(0.7999), POLICY, "en") == "Confidence 0.7999 is below 0.8000."


def test_a_rule_speaks_for_itself_where_it_can():
    own = Reason(code=ReasonCode.RULE_MATCHED, rule="big-discount")
    other = Reason(code=ReasonCode.RULE_MATCHED, rule="another")
    because = "Discounts on large contracts are decided by a person."
    assert render(own, POLICY, "fr") == because
    assert render_for_subject(own, POLICY, "en") == because
    assert render(other, POLICY, "en") == "Rule “another” applies."
    assert render_for_subject(other, POLICY, "de") == "Eine unserer Regeln gilt für solche Fälle."


def test_a_fact_goes_by_its_label():
    reason = Reason(
        code=ReasonCode.FACT_ABSENT, rule="r", params={"fact": "features.tenure_months"}
    )
    assert render(reason, POLICY, "en") == "Rule “r” needs “Months as a customer”, which is absent."
    assert (
        render(reason, POLICY, "de") == "Die Regel „r“ braucht „Monate als Kunde“, und das fehlt."
    )


@pytest.mark.parametrize("code", ReasonCode)
def test_a_reason_without_its_params_is_said_all_the_same(code):
    assert render(Reason(code=code, rule="r"), POLICY, "en")


def test_a_subject_is_told_no_figure():
    assert not any(digit in render_for_subject(doubt(0.71), POLICY, "en") for digit in "0123456789")


@pytest.mark.parametrize(
    ("confidence", "code"),
    [
        (1, "clear"),
        (0.9, "clear"),
        (0.89, "likely"),
        (0.7, "likely"),
        (0.69, "unsure"),
        (0, "unsure"),
        (None, "unknown"),
    ],
)
def test_confidence_is_shown_as_a_band(confidence, code):
    assert band(confidence, "en").code == code
    assert band(confidence, "de").text != band(confidence, "en").text


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (True, "yes", "ja"),
        (None, "nothing", "nichts"),
        (0.5, "0.5", "0,5"),
        (3, "3", "3"),
        (["a", "b"], "a, b", "a, b"),
        ([], "–", "–"),
        ("x", "x", "x"),
    ],
)
def test_a_value_is_shown_as_people_write_it(value, english, german):
    assert (shown(value, "en"), shown(value, "de")) == (english, german)
