"""What columns mean: by what is said of them, else by their names, and never by two meanings at once."""

from __future__ import annotations

import pytest

from governance.errors import InvalidInput
from governance.imports.fields import MisfitCode, delimiter_of, understood
from governance.imports.states import Kind
from policies import document
from tests.retention import POLICY

POLICY_OF_OFFERS = document.load(POLICY)
NEEDED = ["outcome", "occurred_at", "tenure_months", "monthly_charges", "contract"]


def meanings(names: list[str], kind: Kind = Kind.DECISIONS, **said: str) -> dict[str, str]:
    return understood(kind, POLICY_OF_OFFERS, names, said).mapping


def codes(names: list[str], kind: Kind = Kind.DECISIONS, **said: str) -> list[MisfitCode]:
    return [one.code for one in understood(kind, POLICY_OF_OFFERS, names, said).problems]


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("tenure_months", "features.tenure_months"),
        ("Tenure Months", "features.tenure_months"),
        ("Months as a customer", "features.tenure_months"),
        ("gender", "subject.groups.gender"),
        ("age-band", "subject.groups.age_band"),
        ("subject.groups.gender", "subject.groups.gender"),
        ("id", "reference"),
        ("Reference", "reference"),
        ("Datum", "occurred_at"),
        ("confidence", "proposal.confidence"),
        ("proposed", "proposal.outcome"),
        ("subject", "subject.ref"),
        ("metadata.ticket", "metadata.ticket"),
    ],
)
def test_a_column_means_what_its_name_says(column: str, field: str) -> None:
    assert meanings([column]) == {column: field}


@pytest.mark.parametrize("column", ["customer", "shoe size", "decided", "age", "", "metadata."])
def test_a_name_that_says_nothing_here_is_passed_over(column: str) -> None:
    found = understood(Kind.DECISIONS, POLICY_OF_OFFERS, [column], {})
    assert found.mapping == {}
    assert found.unused == ((column,) if column else ())


def test_what_is_said_wins_over_the_name_and_takes_its_meaning_from_others() -> None:
    assert meanings(["outcome", "done"], done="outcome") == {"done": "outcome"}
    assert meanings(["outcome", "gender"], gender="") == {"outcome": "outcome"}


def test_a_fact_called_like_a_field_is_the_fact() -> None:
    policy = document.load(
        POLICY.replace("  message:", "  channel: {type: string, label: {en: Channel}}\n  message:")
    )
    found = understood(Kind.DECISIONS, policy, ["channel"], {})
    assert found.mapping == {"channel": "features.channel"}


def test_all_that_keeps_a_table_from_being_taken_is_said_at_once() -> None:
    assert codes(NEEDED) == []
    assert codes(["outcome", "confidence"]) == [MisfitCode.MISSING, MisfitCode.CONFIDENCE_ALONE]
    assert codes([*NEEDED, "x"], x="outcome") == []
    assert codes([*NEEDED, "x", "y"], x="verdict", y="verdict") == [MisfitCode.MEANT_TWICE]
    assert codes(["x"], Kind.GROUND_TRUTH) == [MisfitCode.NO_DECISION, MisfitCode.NO_TRUTH]
    assert codes(["subject"], Kind.GROUPS) == [MisfitCode.NO_GROUP]
    assert codes(["subject", "gender"], Kind.GROUPS) == []
    found = understood(Kind.DECISIONS, POLICY_OF_OFFERS, ["outcome"], {})
    with pytest.raises(InvalidInput, match=r"No column gives occurred_at, features\.tenure_months"):
        found.check("october.csv")


def test_a_policy_that_measures_no_groups_takes_none() -> None:
    policy = document.load(POLICY.replace("groups: [gender, age_band]\n", ""))
    found = understood(Kind.GROUPS, policy, ["subject", "gender"], {})
    assert [one.code for one in found.problems] == [MisfitCode.NO_GROUPS_DECLARED]


@pytest.mark.parametrize(
    ("names", "said", "told"),
    [
        (["a", "b", "a"], {}, "names a more than once"),
        (["a"], {"b": "outcome"}, "has no column b; its columns are a"),
        (["a"], {"a": "features.shoe"}, "cannot mean 'features.shoe'"),
        (["a"] * 501, {}, "more than once"),
        ([f"c{n}" for n in range(501)], {}, "at most 500 columns"),
        (["x" * 201], {}, "at most 200 characters"),
    ],
)
def test_a_header_that_cannot_be_used_is_refused(
    names: list[str], said: dict[str, str], told: str
) -> None:
    with pytest.raises(InvalidInput, match=told):
        understood(Kind.DECISIONS, POLICY_OF_OFFERS, names, said)


@pytest.mark.parametrize(
    ("header", "delimiter"),
    [("a,b;c,d", ","), ("a;b;c,d", ";"), ("a\tb", "\t"), ("a", ","), ('"a,b,c";d', ";")],
)
def test_columns_are_parted_by_what_stands_there_most(header: str, delimiter: str) -> None:
    assert delimiter_of(header) == delimiter
