from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from policies.conditions import LONGEST_CONDITION, Broken, Conditions, Fact, FactType, faults

FEATURES = {
    "age": Fact(type=FactType.INTEGER),
    "charges": Fact(type=FactType.NUMBER),
    "name": Fact(type=FactType.STRING),
    "nick": Fact(type=FactType.STRING, optional=True),
    "tags": Fact(type=FactType.ARRAY),
    "score": Fact(type=FactType.NUMBER, nullable=True),
    "known": Fact(type=FactType.BOOLEAN, nullable=True),
}
FACTS = {
    "features.age": 40,
    "features.charges": 100.5,
    "features.name": "Zoë",
    "features.tags": ["a", "b"],
    "features.score": None,
    "features.known": None,
    "proposal.outcome": "offer",
    "proposal.confidence": 0.9,
    "subject.known": True,
    "context.now": datetime(2026, 11, 21, 10, tzinfo=UTC),
    "context.hour": 10,
    "context.weekday": 6,
}


def said(condition: str, facts: dict | None = None):
    assert faults([condition], FEATURES) == [()]
    (answer,) = Conditions([condition], FEATURES).ask(FACTS if facts is None else facts)
    return answer


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        ('features.age > 30 && proposal.outcome == "offer"', True),
        ("features.charges > 100", True),
        ("features.charges == 100 || features.charges in [1, 2]", False),
        ("features.charges * 2 >= 201", True),
        ("1 + features.charges > 102", False),
        ("features.age / 2 == 20", True),
        ("features.age > 39.5", True),
        ('"a" in features.tags', True),
        ("features.tags.exists(t, t == 'c')", False),
        ("features.tags + ['c'] == ['a', 'b', 'c']", True),
        ('features.name == "Zoë" // a comment', True),
        ("has(features.nick) && features.nick == 'x'", False),
        ("!has( features . nick )", True),
        ("has(features.age)", True),
        ('"has(features.nick)" == features.name', False),
        ("features.score == null", True),
        ("features.known != true", True),
        ("context.now > timestamp('2026-01-01T00:00:00Z') + duration('24h')", True),
        ("context.weekday in [6, 7] && context.hour < 12", True),
        ("subject.known", True),
    ],
)
def test_a_condition_says_what_it_means(condition, answer):
    assert said(condition) is answer


@pytest.mark.parametrize(
    ("condition", "line", "column", "detail"),
    [
        ("features.agee > 1", 1, 1, "did you mean features.age?"),
        ("features.zip > 1", 1, 1, "declare it under features"),
        ("true &&\n  has(features.nik)", 2, 7, "did you mean features.nick?"),
        ("features.age > 'x'", 1, 14, "'>' cannot be applied to integer and string"),
        ("has(features.nick) && features.age > 'x'", 1, 36, "integer and string"),
        ("features.score > 'x'", 1, 16, "number or null and string"),
        ("features.age", 1, 1, "this one gives: integer"),
        ("features.age > ", 1, 16, "Syntax error"),
        ("features == 3", 1, 1, "not a fact by itself"),
        (".features.age > 3", 1, 1, "begins with a word"),
        ("has(3)", 1, 1, "has() asks for one fact"),
        ("has_features.age", 1, 1, "not declared"),
        ("proposal.outcomes == 'x'", 1, 1, "did you mean proposal.outcome?"),
        ("groups.gender == 'female'", 1, 7, "undeclared reference"),
        ("subject.groups == 'female'", 1, 1, "not declared"),
        ("features.age.__class__ == 1", 1, 13, "cannot be the operand"),
        ("features.tags.all(a, features.tags.exists(b, a == b))", 1, 36, "inside another loop"),
        ("x" * (LONGEST_CONDITION + 1), 1, 1, "at most 4000 characters"),
    ],
)
def test_a_fault_is_found_when_the_policy_is_loaded(condition, line, column, detail):
    ((found,),) = faults([condition], FEATURES)
    assert (found.line, found.column) == (line, column)
    assert detail in found.detail


def test_an_absent_fact_breaks_the_rule_that_uses_it():
    answer = said("features.nick == 'x'")
    assert isinstance(answer, Broken)
    assert answer.absent == ("features.nick",)


def test_an_absent_fact_breaks_the_rule_even_where_the_rest_would_settle_it():
    assert isinstance(said("false && features.nick == 'x'"), Broken)


def test_one_broken_condition_leaves_the_others_their_answer():
    conditions = Conditions(["features.age > 1", "features.age / 0 > 1", "false"], FEATURES)
    first, broken, last = conditions.ask(FACTS)
    assert (first, last) == (True, False)
    assert broken == Broken(detail="divide by zero")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("features.age", "text"),
        ("features.age", 2**70),
        ("features.name", "\ud800"),
        ("features.tags", [1]),
        ("features.charges", object()),
    ],
)
def test_a_value_of_another_kind_breaks_the_rule_and_raises_nothing(name, value):
    conditions = Conditions([f"{name} == {name}"], FEATURES)
    (answer,) = conditions.ask(FACTS | {name: value})
    assert isinstance(answer, Broken)


def test_null_in_a_comparison_by_size_is_broken_and_not_false():
    assert isinstance(said("features.score > 1"), Broken)


def test_a_nullable_number_is_divided_as_a_number():
    assert said("features.score / 2 > 1", FACTS | {"features.score": 3}) is True


def test_the_names_and_figures_of_a_condition_are_known():
    conditions = Conditions(
        ["features.age > 30 && has(features.nick) && 'features.name' == 'x'"], FEATURES
    )
    assert conditions.names == (("features.age", "features.nick"),)
    assert conditions.literals == ((30.0,),)
    assert not conditions.use_earlier
    assert Conditions(["context.earlier.count_30d > 1"], FEATURES).use_earlier


def test_sixteen_threads_share_one_without_mixing_their_answers():
    conditions = Conditions([f"features.age == {age}" for age in range(16)], FEATURES)

    def ask(age: int) -> bool:
        expected = tuple(age == other for other in range(16))
        return all(conditions.ask(FACTS | {"features.age": age}) == expected for _ in range(200))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(16)))
