import importlib
import json

import jsonschema
import pytest

from policies.document import load
from policies.schema import ENFORCED, PolicyShape, accepted_keys, duration_text, json_schema
from tests.unit.policies.examples import BARE, RETENTION, TICKETS


def test_every_accepted_key_is_enforced_somewhere_and_nothing_else_is_claimed():
    assert sorted(accepted_keys()) == sorted(ENFORCED)


@pytest.mark.parametrize("place", sorted(set(ENFORCED.values())))
def test_the_place_where_a_key_is_enforced_exists(place):
    package, module, *names = place.split(".")
    found = importlib.import_module(f"{package}.{module}")
    if hasattr(found, "__path__"):
        found = importlib.import_module(f"{package}.{module}.{names.pop(0)}")
    for name in names:
        fields = getattr(found, "__dataclass_fields__", {})
        found = fields[name] if name in fields else getattr(found, name)


def test_no_key_is_both_accepted_and_refused():
    def shapes(shape):
        yield shape
        for field in shape.fields.values():
            inner = field
            while hasattr(inner, "inner") or getattr(inner, "value_field", None) is not None:
                inner = getattr(inner, "inner", None) or inner.value_field
            if hasattr(inner, "schema"):
                yield from shapes(inner.schema)

    for shape in shapes(PolicyShape()):
        known = {field.data_key or name for name, field in shape.fields.items()}
        assert not known & shape.not_enforced


@pytest.mark.parametrize("text", [RETENTION, TICKETS, BARE])
def test_the_published_schema_accepts_what_loads(text):
    jsonschema.Draft202012Validator.check_schema(json_schema())
    jsonschema.Draft202012Validator(json_schema()).validate(load(text).document)


def test_the_published_schema_refuses_unknown_keys_and_is_json():
    document = load(BARE).document | {"jurisdiction": ["gdpr"]}
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(document)
    assert json.loads(json.dumps(json_schema())) == json_schema()


def test_a_duration_is_written_in_its_largest_unit():
    field = PolicyShape().fields["review"].schema.fields["due_in"]
    for text in ("60s", "15m", "4h", "2d", "25h", "90m"):
        assert duration_text(field.deserialize(text)) == {"60s": "1m"}.get(text, text)
