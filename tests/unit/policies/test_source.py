import pytest

from policies.source import read


def details(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.detail) for problem in read(text).problems]


def test_words_that_yaml_takes_for_booleans_stay_words():
    source = read("values: [yes, no, on, off, true, ~, 010, 1_000, 4:30, 2026-11-21]")
    values = ["yes", "no", "on", "off", True, None, "010", "1_000", "4:30", "2026-11-21"]
    assert source.document == {"values": values}


def test_json_is_read_too_with_its_surrogate_pairs():
    text = '{"a": 1, "b": [0.5, -2e3, null, "\\ud83d\\ude00"]}'
    assert read(text).document == {"a": 1, "b": [0.5, -2000.0, None, "😀"]}


def test_json_may_be_indented_with_tabs():
    assert read('{\n\t"a": "x\\ty",\n\t"b": [1]\n}').document == {"a": "x\ty", "b": [1]}


def test_a_key_that_stands_twice_is_a_problem_at_the_second():
    assert details("a: 1\nb: 2\na: 3") == [(3, "the key 'a' stands here twice; remove one")]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: &x 1\nb: *x", 1, "anchors"),
        ("a: *x", 1, "aliases"),
        ("a: !!python/name:os.system x", 1, "tags"),
        ("a: b: c", 1, "not readable as YAML"),
        ("a: 1\n---\nb: 2", 2, "not readable as YAML"),
        ("", 1, "empty"),
        ("a: " + "[" * 40, 1, "nested deeper"),
        ("a: 99999999999999999", 1, "2^53"),
        ("a: 1e999", 1, "too large"),
        ('a: "\\0"', 1, "U+0000"),
        ('a: "\\ud800"', 1, "surrogate"),
        ("? [a, b]\n: 1", 1, "a key must be text"),
        ("#" * 300_000, 1, "256 kB"),
        ("a: \ud800", 1, "surrogate"),
    ],
)
def test_what_json_cannot_say_is_refused_with_its_line(text, line, said):
    ((found, detail),) = details(text)
    assert found == line
    assert said in detail


def test_a_problem_stands_at_its_key_or_at_what_is_around_it():
    source = read("a:\n  b:\n    c: 1")
    assert source.problem("/a/b/c", "x").line == 3
    assert source.problem("/a/b/missing", "x").line == 2
    assert source.problem("/nowhere/at/all", "x").line == 1


@pytest.mark.parametrize(
    ("text", "inside", "place"),
    [
        ("when: a > b", (1, 5), (1, 11)),
        ('when: "a > b"', (1, 5), (1, 12)),
        ("when: |\n  a > b\n  && c", (2, 4), (3, 6)),
        ("when: >\n  a > b\n  && c", (1, 9), (1, 7)),
    ],
)
def test_a_place_inside_a_text_is_found_in_the_document(text, inside, place):
    problem = read(text).problem_inside("/when", *inside, "x")
    assert (problem.line, problem.column) == place
