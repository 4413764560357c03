"""Declare the shape of a policy document: every key, its kind, its bounds, and where it is enforced.

From these declarations come the checks on loading, the problems for keys that are not known or not enforced, and the
JSON Schema that editors use.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, ClassVar, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from policies.source import member

SLUG = r"[a-z0-9][a-z0-9-]{0,62}"
FACT_NAME = r"[a-z_][a-z0-9_]{0,62}"
LANGUAGE = r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*"
OUTCOME_NAME = r"[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,98}[^\s\x00-\x1f\x7f])?"
DURATION = r"[0-9]{1,6}[smhd]"
FALSE_ALARMS = r"1 per [1-9][0-9]{0,3}[dwy]"
RATIO_METRICS = ("selection_rate_ratio", "review_rate_ratio", "tpr_ratio", "fpr_ratio")
DIFFERENCE_METRICS = (
    "selection_rate_difference",
    "review_rate_difference",
    "tpr_difference",
    "fpr_difference",
    "accuracy_difference",
    "automated_error_difference",
)
#: What is held against a limit by itself, without groups.
RATE_METRICS = ("automated_error", "overdue_share")
MONITOR_METRICS = RATIO_METRICS + DIFFERENCE_METRICS + RATE_METRICS
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

MOST_RULES = 200
MOST_FEATURES = 500
MOST_OUTCOMES = 1000
MOST_TESTS = 1000
MOST_MONITORS = 50


class Word(fields.Field[str]):
    """Text of a given form."""

    def __init__(
        self,
        pattern: str = "",
        expected: str = "text",
        *,
        one_of: tuple[str, ...] = (),
        **more: Any,
    ) -> None:
        """Take the form as a pattern with a name for it, or as the list of words that are accepted."""
        super().__init__(**more)
        self.pattern, self.expected, self.one_of = pattern, expected, one_of

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if self.one_of and (not isinstance(value, str) or value not in self.one_of):
            raise ValidationError(f"expected one of {', '.join(self.one_of)}; got {_shown(value)}")
        if not isinstance(value, str):
            raise ValidationError(
                f"expected {self.expected}; got {_shown(value)}" + _quote_hint(value)
            )
        if not value.strip():
            raise ValidationError(f"expected {self.expected}; got an empty text")
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise ValidationError(f"expected {self.expected}; got {_shown(value)}")
        return value

    def described(self) -> dict[str, Any]:
        """Describe this in JSON Schema."""
        if self.one_of:
            return {"enum": list(self.one_of)}
        return {"type": "string", "minLength": 1} | (
            {"pattern": f"^{self.pattern}$"} if self.pattern else {}
        )


class Words(fields.Field[dict[str, str]]):
    """A text for people: as such (English), or by language with ``en`` among them."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> dict[str, str]:
        if isinstance(value, str) and value.strip():
            return {"en": value}
        if not isinstance(value, dict) or not value:
            raise ValidationError(
                f"expected a text, or texts by language as in {{en: ...}}; got {_shown(value)}"
            )
        wrong = {}
        for language, text in value.items():
            if not re.fullmatch(LANGUAGE, language):
                wrong[language] = [
                    f"expected a language such as en or de-AT; got {_shown(language)}"
                ]
            elif not isinstance(text, str) or not text.strip():
                wrong[language] = [f"expected a text; got {_shown(text)}{_quote_hint(text)}"]
        if wrong:
            raise ValidationError(wrong)
        if "en" not in value:
            raise ValidationError(
                "a text by language needs one in English (en), which stands in where others lack"
            )
        return dict(value)

    def described(self) -> dict[str, Any]:
        """Describe this in JSON Schema."""
        text = {"type": "string", "minLength": 1}
        by_language = {
            "type": "object",
            "required": ["en"],
            "propertyNames": {"pattern": f"^{LANGUAGE}$"},
            "additionalProperties": text,
        }
        return {"anyOf": [text, by_language]}


class Flag(fields.Field[bool]):
    """True or false."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError(f"expected true or false; got {_shown(value)}")
        return value

    def described(self) -> dict[str, Any]:
        """Describe this in JSON Schema."""
        return {"type": "boolean"}


class Figure(fields.Field[float]):
    """A number within bounds, both included."""

    def __init__(
        self,
        lowest: float | None = None,
        highest: float | None = None,
        *,
        whole: bool = False,
        **more: Any,
    ) -> None:
        """Take the bounds, and whether only whole numbers are meant."""
        super().__init__(**more)
        self.lowest, self.highest, self.whole = lowest, highest, whole

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:
        kinds = (int,) if self.whole else (int, float)
        low = -math.inf if self.lowest is None else self.lowest
        high = math.inf if self.highest is None else self.highest
        if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
            bounds = "" if self.lowest is None else f" from {self.lowest:g} to {self.highest:g}"
            raise ValidationError(
                f"expected a {'whole ' if self.whole else ''}number{bounds}; got {_shown(value)}"
                + _mapping_hint(value)
            )
        return value

    def described(self) -> dict[str, Any]:
        """Describe this in JSON Schema."""
        bounds = {"minimum": self.lowest, "maximum": self.highest}
        kind = {"type": "integer" if self.whole else "number"}
        return kind | {name: bound for name, bound in bounds.items() if bound is not None}


class Duration(fields.Field[timedelta]):
    """A length of time such as 10s, 15m, 4h or 2d."""

    def __init__(self, longest: timedelta, shortest: timedelta = timedelta(0), **more: Any) -> None:
        """Take the longest and the shortest that are accepted."""
        super().__init__(**more)
        self.longest, self.shortest = longest, shortest

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> timedelta:
        if not isinstance(value, str) or not re.fullmatch(DURATION, value):
            raise ValidationError(
                f"expected a length of time such as 10s, 15m, 4h or 2d; got {_shown(value)}"
            )
        length = timedelta(**{_UNITS[value[-1]]: int(value[:-1])})
        if not self.shortest <= length <= self.longest:
            least, most = duration_text(self.shortest), duration_text(self.longest)
            raise ValidationError(f"expected a length of time from {least} to {most}; got {value}")
        return length

    def described(self) -> dict[str, Any]:
        """Describe this in JSON Schema."""
        return {"type": "string", "pattern": f"^{DURATION}$"}


class OneOrMore(fields.Field[tuple[str, ...]]):
    """A text, or a list of texts without repetition."""

    def __init__(self, expected: str, **more: Any) -> None:
        """Take a name for what is expected."""
        super().__init__(**more)
        self.expected = expected

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> tuple[str, ...]:
        listed = value if isinstance(value, list) else [value]
        if not listed or any(not isinstance(one, str) or not one.strip() for one in listed):
            raise ValidationError(f"expected {self.expected}; got {_shown(value)}")
        if len(set(listed)) < len(listed):
            raise ValidationError("something stands here twice; remove one")
        return tuple(listed)

    def described(self) -> dict[str, Any]:
        """Describe this in JSON Schema."""
        text = {"type": "string", "minLength": 1}
        return {"anyOf": [text, {"type": "array", "minItems": 1, "items": text}]}


class Value(fields.Field[Any]):
    """Any JSON value; what it must be depends on other parts of the policy."""

    def described(self) -> dict[str, Any]:
        """Describe this in JSON Schema."""
        return {}


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _quote_hint(value: object) -> str:
    return (
        "; put it in quotation marks"
        if isinstance(value, bool | int | float) or value is None
        else ""
    )


def _mapping_hint(value: object) -> str:
    return (
        "; target_error is not enforced by this version"
        if isinstance(value, dict) and "target_error" in value
        else ""
    )


def duration_text(length: timedelta) -> str:
    """Write a length of time as a policy does, in the largest unit that leaves no rest."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


class Shape(Schema):
    """A group of keys; the contract's keys that this version does not enforce are named to be refused."""

    not_enforced: ClassVar[frozenset[str]] = frozenset()

    class Meta:
        """Leave unknown keys to ``unknown_keys``, which finds them all at once and says what each is."""

        unknown = EXCLUDE
        ordered = True


class FeatureShape(Shape):
    """One declared fact."""

    type = Word(one_of=("string", "integer", "number", "boolean", "array"), required=True)
    required = Flag(load_default=True)
    nullable = Flag(load_default=False)
    minimum = Figure(load_default=None)
    maximum = Figure(load_default=None)
    values = fields.List(Value(), load_default=None)
    label = Words(load_default=None)
    changeable = Flag(load_default=True)
    stratum = Flag(load_default=False)
    mask = Flag(load_default=False)
    proxy = Flag(load_default=False)
    burdening = Flag(load_default=False)
    correctable = Flag(load_default=True)


class OutcomeShape(Shape):
    """One declared outcome."""

    label = Words(load_default=None)
    favourable = Flag(load_default=False)
    fallback = Flag(load_default=False)


class ProposalShape(Shape):
    """Where proposals come from."""

    not_enforced = frozenset({"model"})

    source = Word(one_of=("app",), required=True, data_key="from")
    confidence = Word(one_of=("required", "none"), load_default="required")


class OverdueShape(Shape):
    """What happens to a case that nobody decided in time."""

    escalate_to = Word(
        SLUG, "a queue's name in lower-case letters, digits and hyphens", load_default=None
    )
    then = Word(one_of=("fallback",), load_default="fallback")


class ReviewShape(Shape):
    """How people decide here."""

    queue = Word(SLUG, "a queue's name in lower-case letters, digits and hyphens", required=True)
    confidence_below = Figure(0, 1, load_default=None)
    due_in = Duration(timedelta(days=365), timedelta(minutes=1), load_default=None)
    when_overdue = fields.Nested(OverdueShape, load_default=dict)
    sign_offs = Figure(1, 5, whole=True, load_default=1)
    undo = Duration(timedelta(minutes=10), load_default=timedelta(seconds=10))
    judge_first = Figure(0, 1, load_default=0.0)
    sample = Figure(0, 1, load_default=0.0)
    double = Figure(0, 1, load_default=0.0)
    gold = Figure(0, 0.5, load_default=0.0)


class AppealsShape(Shape):
    """How objections of the persons concerned are answered."""

    queue = Word(
        SLUG, "a queue's name in lower-case letters, digits and hyphens", load_default=None
    )
    due_in = Duration(timedelta(days=365), timedelta(days=1), load_default=timedelta(days=30))


class RuleShape(Shape):
    """One rule."""

    name = Word(SLUG, "a name in lower-case letters, digits and hyphens", required=True)
    when = Word(expected="a condition", required=True)
    then = Word(one_of=("release", "review", "refuse"), required=True)
    sensitive = Flag(load_default=False)
    queue = Word(
        SLUG, "a queue's name in lower-case letters, digits and hyphens", load_default=None
    )
    due_in = Duration(timedelta(days=365), timedelta(minutes=1), load_default=None)
    sign_offs = Figure(1, 5, whole=True, load_default=None)
    judge_first = Flag(load_default=False)
    because = Words(load_default=None)


class GivenProposalShape(Shape):
    """The proposal of a test."""

    outcome = Word(expected="an outcome", required=True)
    confidence = Figure(0, 1, load_default=None)
    source = Word(expected="a source such as app:crm", load_default="app:test")


class GivenEarlierShape(Shape):
    """What a test says of the subject's earlier decisions."""

    count_30d = Figure(0, 1_000_000, whole=True, load_default=0)
    last_outcome = Word(expected="an outcome", load_default=None)
    last_at = Word(expected="a time such as 2026-11-21T10:00:00Z", load_default=None)


class GivenContextShape(Shape):
    """The circumstances of a test."""

    now = Word(expected="a time such as 2026-11-21T10:00:00Z", load_default=None)
    zone = Word(expected="a time zone such as Europe/Vienna", load_default=None)
    language = Word(LANGUAGE, "a language such as en or de-AT", load_default=None)
    channel = Word(expected="a channel", load_default=None)
    earlier = fields.Nested(GivenEarlierShape, load_default=dict)


class GivenSubjectShape(Shape):
    """What a test says of the subject."""

    known = Flag(load_default=True)


class GivenShape(Shape):
    """The case of a test."""

    features = fields.Dict(keys=Word(), values=Value(allow_none=True), load_default=dict)
    proposal = fields.Nested(GivenProposalShape, required=True)
    subject = fields.Nested(GivenSubjectShape, load_default=dict)
    context = fields.Nested(GivenContextShape, load_default=dict)
    person_requested = Flag(load_default=False)


class ExpectShape(Shape):
    """What a test expects of the ruling."""

    disposition = Word(one_of=("release", "review", "refuse"), required=True)
    rule = Word(expected="a rule's name", load_default=None)
    reason = Word(expected="a reason's code", load_default=None)
    outcome = Word(expected="an outcome", load_default=None)
    queue = Word(
        SLUG, "a queue's name in lower-case letters, digits and hyphens", load_default=None
    )
    sensitive = Flag(load_default=None)
    sign_offs = Figure(1, 5, whole=True, load_default=None)


class MeasureShape(Shape):
    """How the decision point is measured."""

    positive = OneOrMore("an outcome, or a list of outcomes", load_default=None)
    reference = fields.Dict(
        keys=Word(FACT_NAME, "the name of a group attribute"),
        values=Word(expected="one of its values"),
        load_default=dict,
    )
    enough = Figure(1, 1_000_000, whole=True, load_default=100)
    maturity = Duration(timedelta(days=3650), load_default=timedelta(0))


class MonitorShape(Shape):
    """One standing check, looked at with every block of decisions."""

    metric = Word(one_of=MONITOR_METRICS, required=True)
    by = Word(FACT_NAME, "the name of a group attribute", load_default=None)
    stage = Word(one_of=("proposal", "outcome"), load_default=None)
    tolerance = Figure(0, 1, required=True)
    watch = Figure(0, 1, load_default=None)
    block = Figure(20, 100_000, whole=True, load_default=200)
    false_alarms = Word(
        FALSE_ALARMS,
        "how seldom it may alarm without cause, such as 1 per 5y",
        load_default="1 per 5y",
    )
    on_breach = Word(one_of=("alert", "review_all"), load_default="alert")


class RetentionShape(Shape):
    """How long what was said of persons is kept."""

    keep = Duration(timedelta(days=3650), timedelta(days=30), required=True)


class OwnTestShape(Shape):
    """One of the policy's own tests."""

    name = Word(expected="a sentence", required=True)
    given = fields.Nested(GivenShape, required=True)
    expect = fields.Nested(ExpectShape, required=True)


class PolicyShape(Shape):
    """The whole document."""

    not_enforced = frozenset({"jurisdiction"})

    decision_point = Word(
        SLUG, "a name of up to 63 lower-case letters, digits and hyphens", required=True
    )
    kind = Word(one_of=("routing", "scoring", "personalization"), required=True)
    title = Words(required=True)
    purpose = Words(required=True)
    owner = Word(SLUG, "the owner's name in lower-case letters, digits and hyphens", required=True)
    stakes = Word(one_of=("low", "high"), load_default="low")
    rollout = Word(one_of=("live", "observe"), load_default="live")
    features = fields.Dict(
        keys=Word(FACT_NAME, "a name of lower-case letters, digits and underscores"),
        values=fields.Nested(FeatureShape),
        required=True,
    )
    groups = fields.List(
        Word(FACT_NAME, "a name of lower-case letters, digits and underscores"), load_default=list
    )
    require = fields.List(Word(one_of=("subject", "groups", "reasons")), load_default=list)
    outcomes = fields.Dict(
        keys=Word(OUTCOME_NAME, "an outcome of up to 100 characters on one line"),
        values=fields.Nested(OutcomeShape),
        required=True,
    )
    proposal = fields.Nested(
        ProposalShape, load_default=lambda: {"source": "app", "confidence": "required"}
    )
    review = fields.Nested(ReviewShape, required=True)
    appeals = fields.Nested(
        AppealsShape, load_default=lambda: {"queue": None, "due_in": timedelta(days=30)}
    )
    rules = fields.List(fields.Nested(RuleShape), load_default=list)
    measure = fields.Nested(MeasureShape, load_default=dict)
    fairness = fields.List(fields.Nested(MonitorShape), load_default=list)
    notice = Words(load_default=None)
    retention = fields.Nested(RetentionShape, load_default=lambda: {"keep": None})
    tests = fields.List(fields.Nested(OwnTestShape), load_default=list)


NOT_ENFORCED_VALUES: Final[Mapping[str, tuple[object, ...]]] = {
    "/proposal/from": ("model",),
}
"""Values that the contract knows and this version does not enforce, by the pointer of their key."""


def refused(key: str) -> str:
    """Say that the contract knows this, and that this version does nothing with it."""
    return f"{key} is not enforced by this version, so it is refused; remove it"


def unknown_keys(document: Any, shape: Shape, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Find every key that the shape does not have, at any depth, and say what is wrong with it."""
    if not isinstance(document, dict):
        return
    known = {field.data_key or name: field for name, field in shape.fields.items()}
    for key, value in document.items():
        at = member(pointer, key)
        if key in shape.not_enforced:
            yield at, refused(key)
        elif key not in known:
            close = get_close_matches(key, known, n=1, cutoff=0.6)
            yield (
                at,
                f"unknown key {key!r}"
                + (f"; did you mean {close[0]!r}?" if close else "; remove it"),
            )
        else:
            yield from _unknown_inside(value, known[key], at)


def _unknown_inside(
    value: Any, field: fields.Field[Any], pointer: str
) -> Iterator[tuple[str, str]]:
    if isinstance(field, fields.Nested):
        yield from unknown_keys(value, _shape(field), pointer)
    elif isinstance(field, fields.List) and isinstance(value, list):
        for at, item in enumerate(value):
            yield from _unknown_inside(item, field.inner, member(pointer, at))
    elif (
        isinstance(field, fields.Dict) and isinstance(value, dict) and field.value_field is not None
    ):
        for key, item in value.items():
            yield from _unknown_inside(item, field.value_field, member(pointer, key))


def _shape(field: fields.Nested) -> Shape:
    schema = field.schema
    if not isinstance(schema, Shape):
        raise TypeError(f"{field.name} must nest a Shape")
    return schema


def accepted_keys(shape: Shape | None = None, path: str = "") -> Iterator[str]:
    """List every key that a policy may have, as dotted paths; ``*`` stands for a name of the author's choice."""
    for name, field in (shape or PolicyShape()).fields.items():
        key = f"{path}{field.data_key or name}"
        yield key
        inner: Any = field
        while isinstance(inner, fields.List | fields.Dict):
            if isinstance(inner, fields.Dict):
                key += ".*"
                inner = inner.value_field
            else:
                inner = inner.inner
        if isinstance(inner, fields.Nested):
            yield from accepted_keys(_shape(inner), f"{key}.")


def json_schema() -> dict[str, Any]:
    """Describe a policy document in JSON Schema (draft 2020-12), for editors; loading checks more than it can say."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An Answerable policy",
        "description": "One policy document governs one decision point. A key that is not described here is refused.",
    } | _described_shape(PolicyShape())


def _described_shape(shape: Shape) -> dict[str, Any]:
    known = {field.data_key or name: field for name, field in shape.fields.items()}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": sorted(key for key, field in known.items() if field.required),
        "properties": {key: _described(field) for key, field in known.items()},
    }


def _described(field: Any) -> dict[str, Any]:
    if isinstance(field, fields.Nested):
        return _described_shape(_shape(field))
    if isinstance(field, fields.List):
        return {"type": "array", "items": _described(field.inner)}
    if isinstance(field, fields.Dict):
        return {
            "type": "object",
            "propertyNames": _described(field.key_field),
            "additionalProperties": _described(field.value_field),
        }
    described: dict[str, Any] = field.described()
    return described


ENFORCED: Final[Mapping[str, str]] = {
    "decision_point": "policies.document.load",
    "kind": "policies.document.load",
    "title": "policies.document.Policy.title",
    "purpose": "policies.explanations.explain",
    "owner": "policies.document.Policy.owner",
    "stakes": "policies.rulings.Engine.rule",
    "rollout": "policies.rulings.Engine.rule",
    "features": "policies.rulings.Engine.check",
    "features.*.type": "policies.rulings.Engine.check",
    "features.*.required": "policies.rulings.Engine.check",
    "features.*.nullable": "policies.rulings.Engine.check",
    "features.*.minimum": "policies.rulings.Engine.check",
    "features.*.maximum": "policies.rulings.Engine.check",
    "features.*.values": "policies.rulings.Engine.check",
    "features.*.label": "policies.explanations.explain",
    "features.*.changeable": "policies.explanations.explain",
    "features.*.stratum": "governance.counting.contributions.strata_of",
    "features.*.mask": "governance.decisions.masking.hidden_from",
    "features.*.proxy": "governance.decisions.masking.hidden_from",
    "features.*.burdening": "web.console.telling.facts",
    "features.*.correctable": "policies.corrections.correctable",
    "groups": "policies.rulings.Engine.check",
    "require": "policies.rulings.Engine.check",
    "outcomes": "policies.rulings.Engine.rule",
    "outcomes.*.label": "policies.explanations.explain",
    "outcomes.*.favourable": "policies.explanations.explain",
    "outcomes.*.fallback": "policies.rulings.Engine.rule",
    "proposal": "policies.rulings.Engine.check",
    "proposal.from": "policies.rulings.Engine.check",
    "proposal.confidence": "policies.rulings.Engine.check",
    "review": "policies.rulings.Engine.rule",
    "review.queue": "policies.rulings.Engine.rule",
    "review.confidence_below": "policies.rulings.Engine.rule",
    "review.due_in": "policies.rulings.Engine.rule",
    "review.when_overdue": "policies.rulings.Engine.rule",
    "review.when_overdue.escalate_to": "policies.rulings.Engine.rule",
    "review.when_overdue.then": "policies.rulings.Engine.rule",
    "review.sign_offs": "policies.rulings.Engine.rule",
    "review.undo": "policies.rulings.Engine.rule",
    "review.judge_first": "policies.rulings.Engine.rule",
    "review.sample": "governance.decisions.preparing.prepare",
    "review.double": "governance.reviews.doubles.open_for",
    "review.gold": "governance.reviews.gold.serve",
    "appeals": "policies.document.Policy.appeals_queue",
    "appeals.queue": "policies.document.Policy.appeals_queue",
    "appeals.due_in": "governance.appeals.service.open_appeal",
    "rules": "policies.rulings.Engine.rule",
    "rules.name": "policies.rulings.Engine.rule",
    "rules.when": "policies.conditions.Conditions.ask",
    "rules.then": "policies.rulings.Engine.rule",
    "rules.sensitive": "policies.rulings.Engine.rule",
    "rules.queue": "policies.rulings.Engine.rule",
    "rules.due_in": "policies.rulings.Engine.rule",
    "rules.sign_offs": "policies.rulings.Engine.rule",
    "rules.judge_first": "policies.rulings.Engine.rule",
    "rules.because": "policies.texts.render",
    "measure": "governance.counting.measuring.measure_of",
    "measure.positive": "policies.document.Policy.positive",
    "measure.reference": "governance.counting.measuring.measure_of",
    "measure.enough": "governance.counting.measuring.measure_of",
    "measure.maturity": "governance.counting.measuring.measure_of",
    "fairness": "governance.monitors.watching.monitors_of",
    "fairness.metric": "governance.monitors.watching.monitors_of",
    "fairness.by": "governance.monitors.watching.monitors_of",
    "fairness.stage": "governance.monitors.watching.monitors_of",
    "fairness.tolerance": "governance.monitors.watching.monitors_of",
    "fairness.watch": "governance.monitors.watching.monitors_of",
    "fairness.block": "governance.monitors.watching.monitors_of",
    "fairness.false_alarms": "governance.monitors.watching.monitors_of",
    "fairness.on_breach": "governance.monitors.acting.act",
    "notice": "policies.document.Policy.notice",
    "retention": "governance.operations.retention.prune",
    "retention.keep": "governance.operations.retention.prune",
    "tests": "policies.selftest.run",
} | {
    f"tests.{key}": "policies.selftest.run"
    for key in [
        "name",
        "given",
        "expect",
        "given.features",
        "given.proposal",
        "given.proposal.outcome",
        "given.proposal.confidence",
        "given.proposal.source",
        "given.subject",
        "given.subject.known",
        "given.context",
        "given.context.now",
        "given.context.zone",
        "given.context.language",
        "given.context.channel",
        "given.context.earlier",
        "given.context.earlier.count_30d",
        "given.context.earlier.last_outcome",
        "given.context.earlier.last_at",
        "given.person_requested",
        "expect.disposition",
        "expect.rule",
        "expect.reason",
        "expect.outcome",
        "expect.queue",
        "expect.sensitive",
        "expect.sign_offs",
    ]
}
"""Where each accepted key takes effect; a test holds this table against the shapes and the code."""
