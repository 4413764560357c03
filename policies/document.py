"""Read a policy document: one text in, one checked and typed policy out, or every problem with its line.

A policy is immutable and identified by its digest, which is taken over what the document says and not over how it is
laid out: comments, order of keys and quotation marks do not change it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError

from policies.conditions import UNSPEAKABLE, Fact, FactType, faults
from policies.reasons import ReasonCode
from policies.schema import (
    MOST_FEATURES,
    MOST_MONITORS,
    MOST_OUTCOMES,
    MOST_RULES,
    MOST_TESTS,
    NOT_ENFORCED_VALUES,
    RATE_METRICS,
    RATIO_METRICS,
    PolicyShape,
    refused,
    unknown_keys,
)
from policies.source import Problem, Source, member, read

__all__ = [
    "MOST_PROBLEMS",
    "Appeals",
    "Disposition",
    "Expectation",
    "Feature",
    "FeatureType",
    "Given",
    "Kind",
    "Measure",
    "Monitor",
    "Outcome",
    "Overdue",
    "Policy",
    "PolicyInvalid",
    "PolicyTest",
    "Problem",
    "ProposalSource",
    "Requirement",
    "Review",
    "Rollout",
    "Rule",
    "Text",
    "digest_of",
    "facts_of",
    "load",
]

MOST_PROBLEMS = 200
"""Problems that are told at once; a text with more is probably no policy at all."""


class Kind(StrEnum):
    """What the automated decision does."""

    ROUTING = "routing"
    SCORING = "scoring"
    PERSONALIZATION = "personalization"


class Rollout(StrEnum):
    """Whether the policy decides, or only records what it would have decided."""

    LIVE = "live"
    OBSERVE = "observe"


class FeatureType(StrEnum):
    """What kind of value a feature has; an array is a list of strings."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ARRAY = "array"


class Disposition(StrEnum):
    """What a policy says of a proposal."""

    RELEASE = "release"
    REVIEW = "review"
    REFUSE = "refuse"


class Requirement(StrEnum):
    """What a request must bring along."""

    SUBJECT = "subject"
    GROUPS = "groups"
    REASONS = "reasons"


class PolicyInvalid(Exception):
    """The text is not a policy; ``problems`` says all that is wrong, in the order of the text."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Take the problems, at least one."""
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class Text(Mapping[str, str]):
    """A text for people, by language; English is always there."""

    __slots__ = ("_by_language",)

    def __init__(self, by_language: Mapping[str, str]) -> None:
        """Take the texts; ``en`` must be among them."""
        self._by_language = MappingProxyType(dict(by_language))
        if "en" not in self._by_language:
            raise ValueError("a text needs one in English (en)")

    def __getitem__(self, language: str) -> str:
        """Give the text in exactly this language."""
        return self._by_language[language]

    def __iter__(self) -> Iterator[str]:
        """Go through the languages."""
        return iter(self._by_language)

    def __len__(self) -> int:
        """Count the languages."""
        return len(self._by_language)

    def __hash__(self) -> int:
        """Hash by content, as equality compares."""
        return hash(frozenset(self._by_language.items()))

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return isinstance(other, Text) and dict(self) == dict(other)

    def __repr__(self) -> str:
        """Show the content."""
        return f"Text({dict(self._by_language)!r})"

    def language_for(self, language: str | None) -> str:
        """Say which language is given where this one is asked for: itself, its main language, or English."""
        for candidate in (language or "en", (language or "en").partition("-")[0]):
            if candidate in self._by_language:
                return candidate
        return "en"

    def in_(self, language: str | None) -> str:
        """Give the text in this language, in its main language, or in English."""
        return self._by_language[self.language_for(language)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A fact that decisions are made on; bounds are included, ``values`` lists all that are expected.

    What is a ``mask`` is hidden from reviewers unless revealed; a ``proxy`` too, because it gives a group away. What is ``burdening`` is shown only when opened.
    """

    name: str
    type: FeatureType
    required: bool = True
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str | float, ...] | None = None
    label: Text
    changeable: bool = True
    stratum: bool = False
    mask: bool = False
    proxy: bool = False
    burdening: bool = False
    correctable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Something that can be decided."""

    name: str
    label: Text
    favourable: bool = False
    fallback: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalSource:
    """Where proposals come from, and whether they must come with a confidence."""

    source: str = "app"
    confidence: str = "required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """What happens to a case that nobody decided in time: another queue first, then the fallback outcome."""

    escalate_to: str | None = None
    then: str = "fallback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """How people decide at this point.

    Shares, from 0 to 1: ``judge_first`` of the cases they judge before they see the proposal, ``sample`` of what is released
    they look at afterwards, ``double`` of the cases they decide are judged by somebody else too, who sees no proposal, and ``gold`` of
    what each person decides are cases with a known answer.
    """

    queue: str
    confidence_below: float | None = None
    due_in: timedelta | None = None
    when_overdue: Overdue = field(default_factory=Overdue)
    sign_offs: int = 1
    undo: timedelta = timedelta(seconds=10)
    judge_first: float = 0.0
    sample: float = 0.0
    double: float = 0.0
    gold: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeals:
    """How objections are answered: in which queue (None: where people review), and within how many days of the calendar."""

    queue: str | None = None
    due_in: timedelta = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A condition and what follows from it; ``line`` is where it begins in the text."""

    name: str
    when: str
    then: Disposition
    sensitive: bool = False
    queue: str | None = None
    due_in: timedelta | None = None
    sign_offs: int | None = None
    judge_first: bool = False
    because: Text | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How the decision point is measured.

    ``positive`` are the outcomes whose rates are compared, ``reference`` the value of a group attribute that others are
    compared with, ``enough`` the smallest number a verdict rests on; ground truth counts of decisions older than ``maturity``.
    """

    positive: tuple[str, ...] | None = None
    reference: Mapping[str, str] = field(default_factory=dict)
    enough: int = 100
    maturity: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """One standing check; ``name`` tells it from the policy's others.

    ``tolerance`` is the lowest ratio, or the largest difference or rate, that is tolerated; ``watch`` is stricter.
    """

    metric: str
    by: str | None = None
    stage: str = "proposal"
    tolerance: float
    watch: float | None = None
    block: int = 200
    false_alarms: str = "1 per 5y"
    on_breach: str = "alert"

    @property
    def name(self) -> str:
        """Name the check by what it looks at."""
        return f"{self.stage}:{self.metric}" + (f":{self.by}" if self.by else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What one of the policy's own tests gives."""

    features: Mapping[str, Any]
    outcome: str
    confidence: float | None = None
    source: str = "app:test"
    subject_known: bool = True
    person_requested: bool = False
    now: datetime | None = None
    zone: str | None = None
    language: str | None = None
    channel: str | None = None
    earlier_count_30d: int = 0
    earlier_last_outcome: str | None = None
    earlier_last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What one of the policy's own tests expects; what is None is not looked at."""

    disposition: Disposition
    rule: str | None = None
    reason: str | None = None
    outcome: str | None = None
    queue: str | None = None
    sensitive: bool | None = None
    sign_offs: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTest:
    """One of the policy's own tests; ``line`` is where it begins in the text."""

    name: str
    given: Given
    expect: Expectation
    line: int


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy: what governs one decision point. Two are equal when their digests are."""

    digest: str
    text: str = field(compare=False, repr=False)
    document: Mapping[str, Any] = field(compare=False, repr=False)
    decision_point: str = field(compare=False)
    kind: Kind = field(compare=False)
    title: Text = field(compare=False)
    purpose: Text = field(compare=False)
    owner: str = field(compare=False)
    stakes: str = field(compare=False)
    rollout: Rollout = field(compare=False)
    features: Mapping[str, Feature] = field(compare=False)
    groups: tuple[str, ...] = field(compare=False)
    require: frozenset[Requirement] = field(compare=False)
    outcomes: Mapping[str, Outcome] = field(compare=False)
    proposal: ProposalSource = field(compare=False)
    review: Review = field(compare=False)
    appeals: Appeals = field(compare=False)
    rules: tuple[Rule, ...] = field(compare=False)
    measure: Measure = field(compare=False)
    monitors: tuple[Monitor, ...] = field(compare=False)
    notice: Text | None = field(compare=False)
    #: How long what was said of persons is kept once a decision is settled; None: for good.
    keep: timedelta | None = field(compare=False)
    tests: tuple[PolicyTest, ...] = field(compare=False)

    @property
    def fallback(self) -> str:
        """Name the outcome that rejected, refused and lapsed decisions get."""
        return next(outcome.name for outcome in self.outcomes.values() if outcome.fallback)

    @property
    def positive(self) -> frozenset[str]:
        """Name the outcomes whose rates are compared: those under ``measure``, else the favourable ones."""
        if self.measure.positive is not None:
            return frozenset(self.measure.positive)
        return frozenset(outcome.name for outcome in self.outcomes.values() if outcome.favourable)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Name the group attributes that are measured; where work is routed, the language is always one."""
        if self.kind is Kind.ROUTING and "language" not in self.groups:
            return (*self.groups, "language")
        return self.groups

    @property
    def masked(self) -> frozenset[str]:
        """Name the facts that reviewers do not see unless they reveal them."""
        return frozenset(one.name for one in self.features.values() if one.mask or one.proxy)

    @property
    def judge_first(self) -> float:
        """Return the probability with which people judge before they see the proposal, where no rule says more."""
        return 1.0 if self.stakes == "high" else self.review.judge_first

    @property
    def appeals_queue(self) -> str:
        """Name the queue in which objections are answered."""
        return self.appeals.queue or self.review.queue

    @property
    def queues(self) -> tuple[str, ...]:
        """Name every queue that this policy can send a case to, each once."""
        named = [
            self.review.queue,
            self.review.when_overdue.escalate_to,
            self.appeals.queue,
            *(rule.queue for rule in self.rules),
        ]
        return tuple(dict.fromkeys(queue for queue in named if queue))

    def rule(self, name: str) -> Rule | None:
        """Find a rule by its name."""
        return next((rule for rule in self.rules if rule.name == name), None)


def load(text: str) -> Policy:
    """Read and check a policy.

    Raises:
        PolicyInvalid: with every problem found (the first 200 of many), each with its line.
    """
    source = read(text)
    problems = list(source.problems)
    if source.document is None and problems:
        raise PolicyInvalid(tuple(problems))
    if not isinstance(source.document, dict):
        raise PolicyInvalid(
            (
                source.problem(
                    "", "a policy is a set of keys with values, such as decision_point: ..."
                ),
            )
        )
    shape = PolicyShape()
    found: list[tuple[str, str]] = list(unknown_keys(source.document, shape))
    data: dict[str, Any] = {}
    try:
        data = shape.load(source.document)
    except ValidationError as error:
        wrong = list(_flattened(error.normalized_messages()))
        found += [
            (pointer, _said_better(source.document, pointer, detail)) for pointer, detail in wrong
        ]
        # What is sound by itself is checked further, so that the author sees all problems in one go.
        broken = {pointer.split("/")[1] for pointer, _ in wrong if pointer}
        data = {
            key: value for key, value in dict(error.valid_data or {}).items() if key not in broken
        }
    found += _disagreements(data)
    problems += [source.problem(pointer, detail) for pointer, detail in found]
    problems += _wrong_conditions(source, data)
    if problems:
        told = sorted(set(problems))
        if len(told) > MOST_PROBLEMS:
            rest = source.problem(
                "", f"and {len(told) - MOST_PROBLEMS} more problems; correct these first"
            )
            told = [*told[:MOST_PROBLEMS], rest]
        raise PolicyInvalid(tuple(told))
    return _policy(source, data)


def digest_of(document: Mapping[str, Any]) -> str:
    """Identify a policy by what it says: SHA-256 of the document as JSON with sorted keys."""
    canonical = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def _flattened(messages: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Turn marshmallow's tree of messages into pointers with details."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            # For the keys and values of a mapping marshmallow adds a level that the document does not have.
            passing = (
                key in ("key", "value")
                and isinstance(inner, list | dict)
                and pointer.count("/") == 2
            )
            outside = pointer.split("/")[1] if "/" in pointer else ""
            if key == "_schema" or (passing and outside in ("features", "outcomes")):
                yield from _flattened(inner, pointer)
            else:
                yield from _flattened(inner, member(pointer, key))
    else:
        for message in messages:
            yield pointer, _in_our_words(str(message), pointer)


def _in_our_words(message: str, pointer: str) -> str:
    key = pointer.rpartition("/")[2]
    return {
        "Missing data for required field.": f"{key!r} is needed here",
        "Field may not be null.": "expected a value; got nothing",
        "Not a valid list.": "expected a list",
        "Not a valid mapping type.": "expected keys with values",
        "Invalid input type.": "expected keys with values",
    }.get(message, message)


def _said_better(document: Any, pointer: str, detail: str) -> str:
    """Replace the detail where the value is one that the contract knows and this version does not enforce."""
    values = NOT_ENFORCED_VALUES.get(pointer)
    if values is None:
        return detail
    value = document
    for key in pointer.split("/")[1:]:
        value = value.get(key) if isinstance(value, dict) else None
    return refused(f"{pointer[1:].replace('/', '.')}: {value}") if value in values else detail


def _disagreements(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Find what is well-formed by itself and wrong together."""
    yield from _too_many(data)
    features = data.get("features", {})
    for name, feature in features.items():
        yield from _feature_problems(name, feature)
    for at, group in enumerate(data.get("groups", [])):
        if group in features:
            yield (
                f"/groups/{at}",
                f"{group!r} is also a feature; a group attribute is seen by no rule and no reviewer",
            )
        if group in data["groups"][:at]:
            yield f"/groups/{at}", f"{group!r} stands here twice; remove one"
    if "groups" in data and not data["groups"] and "groups" in data.get("require", []):
        yield "/require", "groups are required, but none are declared under groups"
    if "outcomes" in data:
        yield from _outcome_problems(data["outcomes"])
    review = data.get("review")
    if review and review["when_overdue"].get("escalate_to") == review["queue"]:
        yield (
            "/review/when_overdue/escalate_to",
            "an overdue case must go to another queue than review.queue",
        )
    if review and review["when_overdue"].get("escalate_to") and review["due_in"] is None:
        yield "/review/when_overdue", "nothing is ever overdue without review.due_in; add it"
    yield from _confidence_problems(data)
    yield from _rule_problems(data.get("rules", []))
    yield from _measure_problems(data)
    yield from _monitor_problems(data)
    yield from _test_problems(data)


def _confidence_problems(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Find what does not fit a policy whose proposals come without a confidence."""
    review = data.get("review")
    if not review or data.get("proposal", {}).get("confidence") != "none":
        return
    if not review.get("sample"):
        yield (
            "/proposal/confidence",
            "without a confidence nobody sees how sure the machine is; add review.sample, above 0, so that people look at a share of what is released",
        )
    if review.get("confidence_below") is not None:
        yield (
            "/review/confidence_below",
            "the proposals come without a confidence (proposal.confidence: none); remove one of the two",
        )


def _too_many(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    most = {
        "rules": MOST_RULES,
        "features": MOST_FEATURES,
        "outcomes": MOST_OUTCOMES,
        "tests": MOST_TESTS,
        "fairness": MOST_MONITORS,
    }
    for key, limit in most.items():
        if len(data.get(key, ())) > limit:
            yield f"/{key}", f"at most {limit} {key}; this policy has {len(data[key])}"


def _feature_problems(name: str, feature: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    pointer, kind = member("/features", name), feature["type"]
    if name in UNSPEAKABLE:
        yield (
            pointer,
            f"a feature cannot be called {name!r}: conditions have another meaning for the word",
        )
    minimum, maximum, values = feature["minimum"], feature["maximum"], feature["values"]
    for key, bound in (("minimum", minimum), ("maximum", maximum)):
        if bound is not None and kind not in ("integer", "number"):
            yield (
                f"{pointer}/{key}",
                f"only an integer or a number has a {key}; {name!r} is of type {kind}",
            )
    if minimum is not None and maximum is not None and minimum > maximum:
        yield f"{pointer}/minimum", f"the minimum {minimum} is above the maximum {maximum}"
    if values is None:
        return
    if kind == "boolean":
        yield f"{pointer}/values", "a boolean is true or false; remove values"
        return
    if not values:
        yield (
            f"{pointer}/values",
            "an empty list would expect no value at all; name values or remove it",
        )
    seen: list[object] = []
    for at, value in enumerate(values):
        if not _is_of(value, kind):
            yield (
                f"{pointer}/values/{at}",
                f"expected a value of type {kind}, as {name!r} is declared",
            )
        elif value in seen:
            yield f"{pointer}/values/{at}", "this value stands here twice; remove one"
        seen.append(value)


def _is_of(value: object, kind: str) -> bool:
    if kind in ("string", "array"):
        return isinstance(value, str)
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (
        kind == "number" and isinstance(value, float) and math.isfinite(value)
    )


def _outcome_problems(outcomes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    fallbacks = [name for name, outcome in outcomes.items() if outcome["fallback"]]
    if not fallbacks:
        yield (
            "/outcomes",
            "one outcome must be the fallback, for what is rejected, refused or lapsed; add fallback: true",
        )
    for name in fallbacks[1:]:
        yield (
            f"{member('/outcomes', name)}/fallback",
            f"{fallbacks[0]!r} is the fallback already; only one can be",
        )


def _rule_problems(rules: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    names = Counter(rule["name"] for rule in rules)
    for at, rule in enumerate(rules):
        if names[rule["name"]] > 1 and any(rule["name"] == other["name"] for other in rules[:at]):
            yield (
                f"/rules/{at}/name",
                f"another rule is called {rule['name']!r}; each needs a name of its own",
            )
        for key in ("queue", "due_in", "sign_offs"):
            if rule[key] is not None and rule["then"] != Disposition.REVIEW:
                yield (
                    f"/rules/{at}/{key}",
                    f"only a rule that says review has {key}; this one says {rule['then']}",
                )


def _positive(data: Mapping[str, Any]) -> frozenset[str]:
    named = data.get("measure", {}).get("positive")
    if named is not None:
        return frozenset(named)
    return frozenset(name for name, raw in data.get("outcomes", {}).items() if raw["favourable"])


def _attributes(data: Mapping[str, Any]) -> tuple[str, ...]:
    language = ("language",) if data.get("kind") == Kind.ROUTING else ()
    return (*data.get("groups", ()), *language)


def _measure_problems(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    measure, outcomes = data.get("measure"), data.get("outcomes")
    if not measure:
        return
    if outcomes and measure["positive"] is not None:
        for name in measure["positive"]:
            if name not in outcomes:
                yield "/measure/positive", f"no outcome is called {name!r}"
        if set(outcomes) <= set(measure["positive"]):
            yield "/measure/positive", "where every outcome is positive there is nothing to compare"
    if "groups" in data:
        for name in measure["reference"]:
            if name not in _attributes(data):
                yield member("/measure/reference", name), f"{name!r} is not declared under groups"


def _monitor_problems(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    names: list[tuple[object, ...]] = []
    for at, monitor in enumerate(data.get("fairness", [])):
        pointer, metric = f"/fairness/{at}", monitor["metric"]
        alone, ratio = metric in RATE_METRICS, metric in RATIO_METRICS
        if alone and monitor["by"] is not None:
            yield f"{pointer}/by", f"{metric} is held against a limit by itself; remove by"
        if not alone and monitor["by"] is None:
            yield f"{pointer}/by", f"{metric} compares groups; name an attribute under by"
        if (
            monitor["by"] is not None
            and "groups" in data
            and monitor["by"] not in _attributes(data)
        ):
            yield f"{pointer}/by", f"{monitor['by']!r} is not declared under groups"
        if monitor["by"] is not None and monitor["by"] not in data.get("measure", {}).get(
            "reference", ()
        ):
            yield (
                f"{pointer}/by",
                f"a check by {monitor['by']} needs the value to compare with: add it to measure.reference",
            )
        if monitor["stage"] is not None and not metric.startswith("selection_rate"):
            yield f"{pointer}/stage", "only a rate of selection is looked at by stage; remove it"
        if "outcomes" in data and not alone and not _positive(data) and _needs_positive(metric):
            yield (
                f"{pointer}/metric",
                f"{metric} needs measure.positive, or an outcome that is favourable",
            )
        low, high = (0, 1) if ratio else (-1, 1)
        if not low < monitor["tolerance"] < high and (ratio or monitor["tolerance"] == 1):
            yield f"{pointer}/tolerance", "expected a number between 0 and 1, neither included"
        watch = monitor["watch"]
        if watch is not None and (
            watch <= monitor["tolerance"] if ratio else watch >= monitor["tolerance"]
        ):
            yield (
                f"{pointer}/watch",
                "the watch level is reached before the tolerance: "
                + ("above it for a ratio" if ratio else "below it for a difference or a share"),
            )
        if ratio and watch is not None and watch >= 1:
            yield f"{pointer}/watch", "a ratio of 1 is even; watch must be below it"
        name = (metric, monitor["by"], monitor["stage"] or "proposal")
        if name in names:
            yield pointer, f"another check looks at {metric} already; remove one"
        names.append(name)


def _needs_positive(metric: str) -> bool:
    return metric.startswith(("selection_rate", "tpr", "fpr"))


def _test_problems(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    names = {rule["name"] for rule in data.get("rules", [])} if "rules" in data else None
    for at, test in enumerate(data.get("tests", [])):
        pointer, given, expect = f"/tests/{at}", test["given"], test["expect"]
        for path, value in (
            ("context/now", given["context"].get("now")),
            ("context/earlier/last_at", given["context"].get("earlier", {}).get("last_at")),
        ):
            if value is not None and _instant(value) is None:
                yield f"{pointer}/given/{path}", "expected a time such as 2026-11-21T10:00:00Z"
        zone = given["context"].get("zone")
        if zone is not None and not _is_zone(zone):
            yield (
                f"{pointer}/given/context/zone",
                f"{zone!r} is not a time zone; expected one such as Europe/Vienna",
            )
        if names is not None and expect["rule"] is not None and expect["rule"] not in names:
            yield f"{pointer}/expect/rule", f"no rule is called {expect['rule']!r}"
        if expect["reason"] is not None and expect["reason"] not in set(ReasonCode):
            yield (
                f"{pointer}/expect/reason",
                f"no reason has the code {expect['reason']!r}; one of {', '.join(ReasonCode)}",
            )
        if (
            "outcomes" in data
            and expect["outcome"] is not None
            and expect["outcome"] not in data["outcomes"]
        ):
            yield f"{pointer}/expect/outcome", f"no outcome is called {expect['outcome']!r}"


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def facts_of(features: Mapping[str, Feature]) -> dict[str, Fact]:
    """Declare the features to the conditions."""
    return {
        name: Fact(
            type=FactType(feature.type), optional=not feature.required, nullable=feature.nullable
        )
        for name, feature in features.items()
    }


def _wrong_conditions(source: Source, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Check every condition that is a text, also of rules that are wrong otherwise."""
    rules = source.document.get("rules")
    if "features" not in data or not isinstance(rules, list) or len(rules) > MOST_RULES:
        return
    facts = {
        name: Fact(
            type=FactType(raw["type"]), optional=not raw["required"], nullable=raw["nullable"]
        )
        for name, raw in data["features"].items()
        if name not in UNSPEAKABLE
    }
    written = {
        at: rule["when"]
        for at, rule in enumerate(rules)
        if isinstance(rule, dict) and isinstance(rule.get("when"), str) and rule["when"].strip()
    }
    for at, found in zip(written, faults(list(written.values()), facts), strict=True):
        for fault in found:
            yield source.problem_inside(f"/rules/{at}/when", fault.line, fault.column, fault.detail)


def _policy(source: Source, data: Mapping[str, Any]) -> Policy:
    def line(pointer: str) -> int:
        return source.positions[pointer].line

    return Policy(
        digest=digest_of(source.document),
        text=source.text,
        document=source.document,
        decision_point=data["decision_point"],
        kind=Kind(data["kind"]),
        title=Text(data["title"]),
        purpose=Text(data["purpose"]),
        owner=data["owner"],
        stakes=data["stakes"],
        rollout=Rollout(data["rollout"]),
        features=MappingProxyType(
            {name: _feature(name, raw) for name, raw in data["features"].items()}
        ),
        groups=tuple(data["groups"]),
        require=frozenset(Requirement(name) for name in data["require"]),
        outcomes=MappingProxyType(
            {name: _outcome(name, raw) for name, raw in data["outcomes"].items()}
        ),
        proposal=ProposalSource(**data["proposal"]),
        review=Review(
            **data["review"] | {"when_overdue": Overdue(**data["review"]["when_overdue"])}
        ),
        appeals=Appeals(**data["appeals"]),
        rules=tuple(_rule(raw, line(f"/rules/{at}")) for at, raw in enumerate(data["rules"])),
        measure=_measure(data["measure"]),
        monitors=tuple(_monitor(raw) for raw in data["fairness"]),
        notice=Text(data["notice"]) if data["notice"] else None,
        keep=data["retention"]["keep"],
        tests=tuple(_test(raw, line(f"/tests/{at}")) for at, raw in enumerate(data["tests"])),
    )


def _label(name: str, raw: Mapping[str, str] | None) -> Text:
    return Text(raw) if raw else Text({"en": name.replace("_", " ").capitalize()})


def _feature(name: str, raw: Mapping[str, Any]) -> Feature:
    values = tuple(raw["values"]) if raw["values"] is not None else None
    more = {"type": FeatureType(raw["type"]), "values": values, "label": _label(name, raw["label"])}
    return Feature(**{"name": name, **raw, **more})


def _outcome(name: str, raw: Mapping[str, Any]) -> Outcome:
    return Outcome(**{"name": name, **raw, "label": _label(name, raw["label"])})


def _rule(raw: Mapping[str, Any], line: int) -> Rule:
    because = Text(raw["because"]) if raw["because"] else None
    return Rule(**{**raw, "then": Disposition(raw["then"]), "because": because, "line": line})


def _measure(raw: Mapping[str, Any]) -> Measure:
    return Measure(**{**raw, "reference": MappingProxyType(dict(raw.get("reference", {})))})


def _monitor(raw: Mapping[str, Any]) -> Monitor:
    routed = raw["metric"].startswith(("review_rate", "automated_error", "overdue_share"))
    stage = raw["stage"] or ("routing" if routed else "proposal")
    return Monitor(**{**raw, "stage": stage})


def _test(raw: Mapping[str, Any], line: int) -> PolicyTest:
    given, context = raw["given"], raw["given"]["context"]
    earlier = context.get("earlier", {})
    case = Given(
        features=MappingProxyType(given["features"]),
        outcome=given["proposal"]["outcome"],
        confidence=given["proposal"]["confidence"],
        source=given["proposal"]["source"],
        subject_known=given["subject"].get("known", True),
        person_requested=given["person_requested"],
        now=_instant(context["now"]) if context.get("now") else None,
        zone=context.get("zone"),
        language=context.get("language"),
        channel=context.get("channel"),
        earlier_count_30d=earlier.get("count_30d", 0),
        earlier_last_outcome=earlier.get("last_outcome"),
        earlier_last_at=_instant(earlier["last_at"]) if earlier.get("last_at") else None,
    )
    expect = Expectation(
        **{**raw["expect"], "disposition": Disposition(raw["expect"]["disposition"])}
    )
    return PolicyTest(name=raw["name"], given=case, expect=expect, line=line)
