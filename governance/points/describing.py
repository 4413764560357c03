"""What may be asked of a decision point, told to app developers: its features as JSON Schema, and an example."""

from __future__ import annotations

from typing import Any

from policies.document import Disposition, Feature, FeatureType, Policy, Requirement

_TYPES = {
    FeatureType.STRING: "string",
    FeatureType.INTEGER: "integer",
    FeatureType.NUMBER: "number",
    FeatureType.BOOLEAN: "boolean",
    FeatureType.ARRAY: "array",
}
_TO_A_PERSON = "Other values are accepted and go to a person."


def features_schema(policy: Policy, language: str | None = None) -> dict[str, Any]:
    """Return the facts of a decision point as JSON Schema (draft 2020-12).

    A request whose facts do not fit in type or presence is refused; a value outside its bounds or its list goes to a person.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            name: _feature_schema(feature, language) for name, feature in policy.features.items()
        },
        "required": [name for name, feature in policy.features.items() if feature.required],
        "additionalProperties": False,
    }


def example_request(policy: Policy) -> dict[str, Any]:
    """Return a decision request that this decision point takes: what the policy's own tests give, if it has any."""
    test = next(
        (test for test in policy.tests if test.expect.disposition is Disposition.RELEASE),
        next(iter(policy.tests), None),
    )
    if test is None:
        features = {
            name: _example(feature) for name, feature in policy.features.items() if feature.required
        }
        named = [name for name, outcome in policy.outcomes.items() if not outcome.fallback]
        outcome, confidence = next(iter(named), policy.fallback), 0.91
    else:
        features, outcome = dict(test.given.features), test.given.outcome
        confidence = 0.91 if test.given.confidence is None else test.given.confidence
    request: dict[str, Any] = {"decision_point": policy.decision_point}
    if policy.require & {Requirement.SUBJECT, Requirement.GROUPS} or policy.groups:
        request["subject"] = {"ref": "cust-4711"}
        if Requirement.GROUPS in policy.require:
            request["subject"]["groups"] = dict.fromkeys(policy.groups, "unknown")
    request["features"] = features
    request["proposal"] = {"outcome": outcome, "confidence": confidence}
    if Requirement.REASONS in policy.require:
        feature = next(iter(policy.features), "reason")
        request["proposal"]["reasons"] = [{"feature": feature, "contribution": 0.42}]
    return request


def _feature_schema(feature: Feature, language: str | None) -> dict[str, Any]:
    kind = _TYPES[feature.type]
    schema: dict[str, Any] = {
        "title": feature.label.in_(language),
        "type": [kind, "null"] if feature.nullable else kind,
    }
    limits: dict[str, Any] = {}
    if feature.values is not None:
        limits["enum"] = list(feature.values)
    if feature.minimum is not None:
        limits["minimum"] = feature.minimum
    if feature.maximum is not None:
        limits["maximum"] = feature.maximum
    if feature.type is FeatureType.ARRAY:
        schema["items"] = {"type": "string"} | limits
    else:
        if feature.nullable and "enum" in limits:
            limits["enum"].append(None)
        schema |= limits
    if limits:
        schema["description"] = _TO_A_PERSON
    return schema


def _example(feature: Feature) -> Any:
    if feature.type is FeatureType.BOOLEAN:
        return True
    if feature.type is FeatureType.ARRAY:
        return [feature.values[0] if feature.values else "example"]
    if feature.values:
        return feature.values[0]
    if feature.type is FeatureType.STRING:
        return "example"
    low = 1 if feature.minimum is None else feature.minimum
    figure = low if feature.maximum is None else min(low, feature.maximum)
    if feature.type is FeatureType.INTEGER:
        return int(figure)
    return figure
