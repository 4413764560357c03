"""The body of a decision request: what is taken, what is a mistake, and that both ways of reading agree."""

from __future__ import annotations

import copy
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.errors import InvalidInput
from web.api.bodies import MOST_BYTES, decode
from web.api.decision_body import _thorough, parse, parse_fitting, parse_line
from web.problems import NotJson, TooLarge

WHOLE = {
    "decision_point": "retention-offer",
    "subject": {"ref": "cust-4711", "groups": {"gender": "female", "age_band": "60+"}},
    "features": {"tenure_months": 3, "monthly_charges": 89.5, "contract": "month-to-month"},
    "proposal": {
        "outcome": "offer_discount",
        "confidence": 0.71,
        "alternatives": [{"outcome": "no_offer", "confidence": 0.29}],
        "reasons": [{"feature": "tenure_months", "contribution": 0.42}],
    },
    "person_requested": False,
    "occurred_at": "2026-11-21T10:00:00Z",
    "channel": "web",
    "language": "en",
    "sequence": 1017,
    "metadata": {"ticket": "T-1"},
    "hand_over": {
        "transcript": [{"from": "customer", "text": "Where is it?", "at": "2026-11-21T09:59:00Z"}],
        "tried": ["Looked the order up."],
        "stopped_because": "They asked twice.",
        "draft": "It is on its way.",
    },
}
LEAST = {"decision_point": "retention-offer", "features": {}}


def raw(document: object) -> bytes:
    return json.dumps(document).encode()


def with_field(path: tuple, value: object) -> dict:
    document = copy.deepcopy(WHOLE)
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return document


def problems(body: bytes) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        parse(body)
    return {each.pointer: each.detail for each in caught.value.problems}


def test_a_whole_request_takes_the_fast_way() -> None:
    parsed = parse_fitting(raw(WHOLE))
    assert parsed is not None
    assert parsed.request.proposal.reasons[0].contribution == 0.42
    assert parsed.request.subject.groups == {"gender": "female", "age_band": "60+"}


def test_the_digest_does_not_depend_on_how_the_body_is_laid_out() -> None:
    spaced = json.dumps(WHOLE, indent=3, sort_keys=True).encode()
    escaped = raw(WHOLE).replace(b"month-to", b"mon\\u0074h-to")
    assert parse(raw(WHOLE)).digest == parse(spaced).digest == parse(escaped).digest
    assert parse(raw(WHOLE)).digest != parse(raw(with_field(("channel",), "app"))).digest


def test_the_digest_is_the_same_on_both_ways() -> None:
    body = raw(WHOLE)
    assert parse_fitting(body).digest == _thorough(decode(body)).digest


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("decision_point",), 7),
        (("decision_point",), ""),
        (("decision_point",), None),
        (("features",), []),
        (("features",), None),
        (("subject", "ref"), ""),
        (("subject", "ref"), "x" * 201),
        (("subject", "name"), "Dov"),
        (("subject", "groups"), None),
        (("subject", "groups", "gender"), 1),
        (("subject", "groups", "gender"), None),
        (("proposal", "outcome"), None),
        (("proposal", "confidence"), 1.01),
        (("proposal", "confidence"), -0.01),
        (("proposal", "confidence"), "0.5"),
        (("proposal", "confidence"), True),
        (("proposal", "alternatives", 0, "confidence"), 2),
        (("proposal", "alternatives", 0, "score"), 1),
        (("proposal", "alternatives"), {}),
        (("proposal", "alternatives"), [{"outcome": "a"}] * 51),
        (("proposal", "reasons"), [{"feature": "a", "contribution": 1}] * 201),
        (("proposal", "reasons", 0, "feature"), ""),
        (("proposal", "reasons", 0, "contribution"), "much"),
        (("proposal", "reasons", 0, "contribution"), None),
        (("person_requested",), 1),
        (("person_requested",), "true"),
        (("person_requested",), None),
        (("occurred_at",), "yesterday"),
        (("occurred_at",), "2026-11-21T10:00:00"),
        (("occurred_at",), "20261121T100000Z"),
        (("channel",), "x" * 65),
        (("language",), "e"),
        (("language",), "en\n"),
        (("language",), "en_US"),
        (("sequence",), -1),
        (("sequence",), 2**53),
        (("sequence",), 1.5),
        (("sequence",), "1"),
        (("metadata",), {str(n): n for n in range(51)}),
        (("metadata",), None),
        (("hand_over", "mood"), "cross"),
        (("hand_over", "transcript"), [{"from": "bot", "text": "Hm."}] * 201),
        (("hand_over", "transcript", 0, "from"), "somebody"),
        (("hand_over", "transcript", 0, "text"), "x" * 8193),
        (("hand_over", "transcript", 0, "at"), "just now"),
        (("hand_over", "tried", 0), ""),
        (("hand_over", "draft"), ""),
        (("colour",), "red"),
    ],
)
def test_a_mistake_is_named_by_its_pointer(path: tuple, value: object) -> None:
    body = raw(with_field(path, value))
    assert parse_fitting(body) is None
    assert "".join(f"/{step}" for step in path) in problems(body)


def test_all_mistakes_are_listed_at_once() -> None:
    document = with_field(("proposal", "confidence"), 7)
    document["channel"] = 3
    del document["features"]
    assert set(problems(raw(document))) == {"/proposal/confidence", "/channel", "/features"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"decision_point":"p","features":{"a":NaN}}', "/features/a"),
        (b'{"decision_point":"p","features":{"a":-Infinity}}', "/features/a"),
        (b'{"decision_point":"p","features":{"a":1e400}}', "/features/a"),
        (b'{"decision_point":"p","features":{"a":9007199254740993}}', "/features/a"),
        (b'{"decision_point":"p","features":{"a":[0,-9007199254740993]}}', "/features/a/1"),
        (b'{"decision_point":"p","features":{"a":' + b"9" * 5000 + b"}}", "/features/a"),
        (b'{"decision_point":"p","features":{"a":1,"a":2}}', "/features/a"),
        (b'{"decision_point":"p","decision_point":"q","features":{}}', "/decision_point"),
        (b'{"decision_point":"p","features":{"a":1,"a":2,"b":"\\u0022"}}', "/features/a"),
        (b'{"decision_point":"p","features":{"a":{"b/c~":1,"b/c~":1}}}', "/features/a/b~1c~0"),
        (b'{"decision_point":"p","features":{"a":"x\\u0000y"}}', "/features/a"),
        (b'{"decision_point":"p","features":{"a":"\\ud800"}}', "/features/a"),
        (b'{"decision_point":"p","features":{"\\ud800":1}}', "/features/\\ud800"),
    ],
)
def test_what_json_readers_disagree_on_is_refused_with_its_place(body: bytes, pointer: str) -> None:
    assert pointer in problems(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nothing",
        b'{"a":1}{"b":2}',
        b'{"decision_point":"\xff"}',
        b'\xef\xbb\xbf{"decision_point":"p","features":{}}',
        b'{"a":"\n"}',
        b'{"decision_point":"p","features":{"a":' + b"[" * 31 + b"]" * 31 + b"}}",
        b"[" * 200_000,
    ],
)
def test_what_cannot_be_read_is_said_to_be_unreadable(body: bytes) -> None:
    with pytest.raises(NotJson):
        parse(body)


def test_thirty_two_levels_are_not_too_deep() -> None:
    deep = b'{"decision_point":"p","features":{"a":' + b"[" * 30 + b"]" * 30 + b"}}"
    assert parse(deep) == _thorough(decode(deep))


def test_many_brackets_beside_each_other_are_not_deep() -> None:
    document = with_field(("features", "list"), [[] for _ in range(100)])
    assert parse_fitting(raw(document)) is not None


def test_a_body_of_more_than_a_megabyte_is_too_large() -> None:
    with pytest.raises(TooLarge):
        parse(raw(with_field(("features", "a"), "x" * MOST_BYTES)))


def test_something_else_than_an_object_is_a_mistake_of_the_whole() -> None:
    assert problems(b"[]") == {"": "Expected an object."}


def test_a_number_may_have_many_digits_behind_its_point() -> None:
    assert parse_fitting(raw(with_field(("features", "a"), 0.1234567890123456789))) is not None


def test_a_line_of_a_batch_may_carry_its_key_and_has_the_digest_of_the_body_alone() -> None:
    line = parse_line(raw({**WHOLE, "idempotency_key": "k-1"}))
    assert (line.idempotency_key, line.digest) == ("k-1", parse(raw(WHOLE)).digest)
    assert parse_line(raw(WHOLE)).idempotency_key is None


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 201, 5, None])
def test_a_key_that_is_none_is_refused_beside_the_other_mistakes(key: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_line(raw({"decision_point": "p", "idempotency_key": key}))
    assert {each.pointer for each in caught.value.problems} == {"/idempotency_key", "/features"}


# Values that lie on the borders, each of which some reader somewhere takes.
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**54), 2**54),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "en", "2026-11-21T10:00:00Z", '"', "\\", "é", "\U0001f600", "x" * 70]),
    st.text(max_size=5),
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
paths = st.sampled_from(
    [
        (name, *rest)
        for name in WHOLE
        for rest in (
            [()] if not isinstance(WHOLE[name], dict) else [(), *((k,) for k in WHOLE[name])]
        )
    ]
    + [
        ("proposal", "reasons", 0, "contribution"),
        ("proposal", "alternatives", 0, "confidence"),
        ("new",),
    ]
)
edits = st.lists(st.tuples(paths, values | st.just(...)), max_size=3)
texts = st.sampled_from(
    [
        (b'"web"', b'"w\\u0065b"'),
        (b'"web"', b'"w\\u0022b"'),
        (b'"web"', b'"w\\u0000b"'),
        (b'"web"', b'"\\ud83d\\ude00"'),
        (b'"web"', b'"\\ud83d"'),
        (b"1017", b"1017.0"),
        (b"1017", b"1e3"),
        (b"1017", b"-0"),
        (b"1017", b"9007199254740992"),
        (b"1017", b"18446744073709551616"),
        (b"0.71", b"1"),
        (b"0.71", b"7.1e-1"),
        (b"0.71", b"1e-400"),
        (b"0.71", b"-0.0"),
        (b"0.71", b"NaN"),
        (b"89.5", b"1e400"),
        (b"89.5", b"-0"),
        (b"89.5", b"9007199254740993.0"),
        (b"89.5", b"90071992547409931e3"),
        (b'"channel"', b'"language"'),
        (b'"channel"', b'"chann\\u0065l"'),
        (b'"channel": "web"', b'"channel": "a", "channel": "web"'),
        (b'"channel": "web"', b'"channel": "\\"\\"", "channel": "web"'),
        (b'"tenure_months": 3', b'"tenure_months": 3, "tenure_months": "\\u0022\\u0022"'),
        (b"{", b" {\t"),
        (b"true", b"True"),
        (b"/", b"\\/"),
    ]
)


def same(one: object, other: object) -> bool:
    """Compare values as JSON tells them apart: 1, 1.0 and true are three."""
    return repr(msgspec.to_builtins(one)) == repr(msgspec.to_builtins(other))


@given(edits=edits, rewritten=st.lists(texts, max_size=3))
def test_what_the_fast_way_takes_the_thorough_one_takes_with_an_equal_value(
    edits: list, rewritten: list
) -> None:
    document = copy.deepcopy(WHOLE)
    for path, value in edits:
        inner = document
        try:
            for step in path[:-1]:
                inner = inner[step]
            if value is ...:
                del inner[path[-1]]
            else:
                inner[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue
    body = raw(document)
    for old, new in rewritten:
        body = body.replace(old, new, 1)
    fast = parse_fitting(body)
    if fast is None:
        return
    thorough = _thorough(decode(body))
    assert fast == thorough
    assert same(fast.request, thorough.request)
