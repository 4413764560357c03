"""What app developers are told of a decision point."""

from __future__ import annotations

import jsonschema
import pytest

from governance.points.describing import example_request, features_schema
from policies.document import load
from policies.rulings import Contribution, Engine, Proposal

WITHOUT_TESTS = """\
decision_point: everything
kind: scoring
title: {en: Everything}
purpose: {en: Every kind of fact.}
owner: nobody
features:
  words: {type: string}
  chosen: {type: string, values: [a, b], nullable: true}
  many: {type: array, values: [x, y]}
  whole: {type: integer, minimum: 2, maximum: 9}
  low: {type: number, maximum: 0.5}
  yes_or_no: {type: boolean}
  perhaps: {type: number, required: false, label: {en: Perhaps, de: Vielleicht}}
groups: [gender]
require: [subject, groups, reasons]
outcomes:
  good: {label: {en: Good}}
  bad: {label: {en: Bad}, fallback: true}
proposal: {from: app, confidence: required}
review: {queue: people}
"""


def test_the_example_is_a_request_that_is_taken_without_surprise():
    policy = load(WITHOUT_TESTS)
    example = example_request(policy)
    checked = Engine(policy).check(
        features=example["features"],
        proposal=Proposal(
            outcome=example["proposal"]["outcome"],
            confidence=example["proposal"]["confidence"],
            reasons=tuple(Contribution(**reason) for reason in example["proposal"]["reasons"]),
        ),
        subject=example["subject"]["ref"],
        groups=example["subject"]["groups"],
    )
    assert checked.problems == ()
    assert checked.surprises == ()
    jsonschema.validate(example["features"], features_schema(policy))


def test_the_schema_tells_types_bounds_and_labels():
    schema = features_schema(load(WITHOUT_TESTS), "de")
    jsonschema.Draft202012Validator.check_schema(schema)
    facts = schema["properties"]
    assert facts["chosen"]["type"] == ["string", "null"]
    assert facts["chosen"]["enum"] == ["a", "b", None]
    assert facts["many"]["items"] == {"type": "string", "enum": ["x", "y"]}
    assert (facts["whole"]["minimum"], facts["whole"]["maximum"]) == (2, 9)
    assert facts["perhaps"]["title"] == "Vielleicht"
    assert "perhaps" not in schema["required"]
    assert "go to a person" in facts["whole"]["description"]
    assert "description" not in facts["words"]


@pytest.mark.parametrize("unfit", [{}, {"words": 1}, {"more": True}])
def test_the_schema_refuses_what_the_decision_point_refuses(unfit):
    policy = load(WITHOUT_TESTS)
    facts = example_request(policy)["features"] | unfit
    if not unfit:
        del facts["words"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(facts, features_schema(policy))
