"""Check and evaluate the conditions of rules, which are CEL expressions over typed facts.

The only module that knows the CEL engine. Its peculiarities stop here:

* A fact is one variable with a dotted name (``features.age``), so that a typo or a wrong type is found when a policy is
  loaded, and an absent fact is an error rather than a default.
* ``has(features.age)`` is not understood of such a variable; it becomes a variable of its own, written over the same
  columns so that positions in messages stay true.
* A number accepts an integer beside it, which CEL's own operators refuse; so the operators are declared anew.
* A nullable fact is type-checked as CEL's wrapper type, for which plain Python values cannot be given; it is evaluated
  as a dynamic one.
* A failed evaluation comes back as a value, and text that is not Unicode as an exception. Anything but true or false
  is ``Broken`` here.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache, cached_property
from typing import Any, Final

from cel_expr_python import cel

LONGEST_CONDITION = 4000
"""Characters a condition may have."""

UNSPEAKABLE: Final = frozenset({"true", "false", "null", "in"})
"""Names that a fact cannot have, because a condition could not say them."""


class FactType(StrEnum):
    """What kind of value a fact has."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ARRAY = "array"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A declared fact: its type, whether it may be absent, whether it may be null."""

    type: FactType
    optional: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with a condition, with line and column (from 1) inside it."""

    line: int
    column: int
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A condition that could not be answered; ``absent`` names the facts it used that were not there."""

    detail: str
    absent: tuple[str, ...] = ()


Answer = bool | Broken

STANDING: Final[Mapping[str, Fact]] = {
    "proposal.outcome": Fact(type=FactType.STRING, optional=True),
    "proposal.confidence": Fact(type=FactType.NUMBER, optional=True),
    "proposal.source": Fact(type=FactType.STRING, optional=True),
    "subject.known": Fact(type=FactType.BOOLEAN),
    "context.now": Fact(type=FactType.TIMESTAMP),
    "context.hour": Fact(type=FactType.INTEGER),
    "context.weekday": Fact(type=FactType.INTEGER),
    "context.language": Fact(type=FactType.STRING, optional=True),
    "context.channel": Fact(type=FactType.STRING, optional=True),
    "context.earlier.count_30d": Fact(type=FactType.INTEGER),
    "context.earlier.last_outcome": Fact(type=FactType.STRING, optional=True),
    "context.earlier.last_at": Fact(type=FactType.TIMESTAMP, optional=True),
}
"""The facts that every condition may use beside the features."""

# The condition as CEL's lexer sees it, as far as needed to find names: what is skipped, strings, numbers, words, signs.
_TOKEN = re.compile(
    r"(?P<skip>\s+|//[^\n]*)"
    r'|(?P<string>(?:[bB]?[rR]|[rR][bB])(?:"""[\s\S]*?"""|\'\'\'[\s\S]*?\'\'\'|"[^"\n]*"|\'[^\'\n]*\')'
    r'|[bB]?(?:"""(?:\\[\s\S]|[^\\])*?"""|\'\'\'(?:\\[\s\S]|[^\\])*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'))'
    r"|(?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?[uU]?)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>[\s\S])"
)
_Overload = tuple[str, tuple[str, ...], str]
_ROOTS: Final = frozenset({"features", "proposal", "subject", "context"})
_LOOPS: Final = frozenset({"all", "exists", "exists_one", "map", "filter"})
_PRESENT: Final = "has_"
_OURS: Final = frozenset(_PRESENT + root for root in _ROOTS)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int


def _tokens(source: str) -> list[_Token]:
    found = (
        _Token(match.lastgroup or "", match.group(), match.start())
        for match in _TOKEN.finditer(source)
    )
    return [token for token in found if token.kind != "skip"]


def _place(source: str, offset: int) -> tuple[int, int]:
    before = source[:offset]
    return before.count("\n") + 1, offset - before.rfind("\n")


@dataclass(frozen=True, slots=True)
class _Reading:
    """A condition rewritten for the engine, and what it uses."""

    source: str
    names: tuple[str, ...]
    presences: tuple[str, ...]
    literals: tuple[int | float, ...]
    faults: tuple[Fault, ...]


class _Reader:
    """Go through a condition once, noting what it uses and writing its ``has()`` over."""

    def __init__(self, source: str, facts: Mapping[str, Fact]) -> None:
        self.source = source
        self.facts = facts
        self.tokens = _tokens(source)
        self.written = list(source)
        self.names: dict[str, None] = {}
        self.presences: dict[str, None] = {}
        self.literals: list[int | float] = []
        self.faults: list[Fault] = []
        self.open_loops: list[bool] = []

    def read(self) -> _Reading:
        at = 0
        while at < len(self.tokens):
            at = self.step(at)
        return _Reading(
            "".join(self.written),
            tuple(self.names),
            tuple(self.presences),
            tuple(self.literals),
            tuple(self.faults),
        )

    def step(self, at: int) -> int:
        """Take in what stands here, and say where to go on."""
        token, before = self.tokens[at], self.text(at - 1)
        if token.kind == "number":
            self.literal(at)
        elif token.kind == "sign":
            self.bracket(at)
        elif token.kind == "word" and before == ".":
            if not self.is_operand(at - 2):
                self.fault(at - 1, "a name begins with a word, not with a dot")
        elif token.text == "has" and self.text(at + 1) == "(":
            return self.presence(at)
        elif token.kind == "word" and token.text in _ROOTS:
            return self.name(at)
        elif token.text in _OURS:
            self.fault(at, f"{token.text} is not declared; ask has() of a fact")
        return at + 1

    def text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) else ""

    def fault(self, at: int, detail: str) -> None:
        line, column = _place(self.source, self.tokens[at].start)
        self.faults.append(Fault(line=line, column=column, detail=detail))

    def is_operand(self, at: int) -> bool:
        """Say whether what stands here can have a member: a name, a literal, or something in brackets."""
        if at < 0:
            return False
        return self.tokens[at].kind in ("word", "string", "number") or self.text(at) in (
            ")",
            "]",
            "}",
        )

    def literal(self, at: int) -> None:
        text = self.text(at).rstrip("uU")
        value = int(text, 16) if text[:2].lower() == "0x" else float(text)
        self.literals.append(value)
        if self.text(at - 1) == "-":
            # A sign or a subtraction: without reading the grammar both stay possible.
            self.literals.append(-value)

    def bracket(self, at: int) -> None:
        if self.text(at) in ("(", "[", "{"):
            loop = self.text(at) == "(" and self.text(at - 1) in _LOOPS and self.text(at - 2) == "."
            if loop and any(self.open_loops):
                detail = "() inside another loop is refused; ask for one thing at a time"
                self.fault(at - 1, self.text(at - 1) + detail)
            self.open_loops.append(loop)
        elif self.text(at) in (")", "]", "}") and self.open_loops:
            self.open_loops.pop()

    def named(self, at: int) -> tuple[str | None, int]:
        """Read the longest declared name that begins here, and where it ends."""
        name, end = self.text(at), at + 1
        declared: tuple[str, int] | None = None
        while (
            self.text(end) == "."
            and end + 1 < len(self.tokens)
            and self.tokens[end + 1].kind == "word"
        ):
            name, end = f"{name}.{self.text(end + 1)}", end + 2
            if name in self.facts:
                declared = (name, end)
        return declared or (None if name in _ROOTS else name, end)

    def name(self, at: int) -> int:
        name, end = self.named(at)
        if name is None:
            root = self.text(at)
            example = next(
                (fact for fact in self.facts if fact.startswith(root + ".")), f"{root}.name"
            )
            self.fault(at, f"{root!r} is not a fact by itself; name one, as in {example}")
        elif name not in self.facts:
            self.fault(at, _undeclared(name, self.facts))
        else:
            self.names[name] = None
        return end

    def presence(self, at: int) -> int:
        name, end = self.named(at + 2) if self.text(at + 2) in _ROOTS else (None, at + 2)
        if name is None or self.text(end) != ")":
            self.fault(at, "has() asks for one fact by its name, as in has(features.age)")
            return at + 1
        if name not in self.facts:
            self.fault(at + 2, _undeclared(name, self.facts))
            return end + 1
        self.presences[name] = None
        start, stop = self.tokens[at].start, self.tokens[end].start + 1
        # Line breaks inside the call are put behind it, so that every later line keeps its number.
        breaks = "\n" * self.source[start:stop].count("\n")
        instead = (_PRESENT + name).ljust(stop - start) + breaks
        self.written[start:stop] = [instead] + [""] * (stop - start - 1)
        return end + 1


def _read(source: str, facts: Mapping[str, Fact]) -> _Reading:
    return _Reader(source, facts).read()


def _undeclared(name: str, facts: Mapping[str, Fact]) -> str:
    family = {
        fact.rpartition(".")[2]: fact
        for fact in facts
        if fact.rpartition(".")[0] == name.rpartition(".")[0]
    }
    close = get_close_matches(name.rpartition(".")[2], family, n=1, cutoff=0.7)
    hint = f"; did you mean {family[close[0]]}?" if close else ""
    if not hint and name.startswith("features."):
        hint = "; declare it under features"
    return f"{name} is not declared{hint}"


def _operators() -> Iterator[tuple[str, list[_Overload]]]:
    """List CEL's operators with the mixed overloads for a number beside an integer added to its own."""
    mixed: tuple[tuple[str, tuple[str, ...]], ...] = (
        ("int64_double", ("int", "double")),
        ("double_int64", ("double", "int")),
    )
    ordered = ("bool", "int", "uint", "double", "string", "bytes", "timestamp", "duration")
    for sign, name in (
        ("_<_", "less"),
        ("_<=_", "less_equals"),
        ("_>_", "greater"),
        ("_>=_", "greater_equals"),
    ):
        own: list[_Overload] = [(f"{name}_{kind}", (kind, kind), "bool") for kind in ordered]
        yield sign, own + [(f"{name}_{suffix}", pair, "bool") for suffix, pair in mixed]
    for sign, name in (("_==_", "equals"), ("_!=_", "not_equals")):
        yield (
            sign,
            [(name, ("A", "A"), "bool")] + [(f"{name}_{s}", pair, "bool") for s, pair in mixed],
        )
    yield (
        "@in",
        [
            ("in_list", ("A", "list<A>"), "bool"),
            ("in_map", ("A", "map<A,B>"), "bool"),
            ("in_list_int64_double", ("int", "list<double>"), "bool"),
            ("in_list_double_int64", ("double", "list<int>"), "bool"),
        ],
    )
    times = {
        "_+_": [("timestamp", "duration"), ("duration", "timestamp"), ("duration", "duration")],
        "_-_": [("timestamp", "timestamp"), ("timestamp", "duration"), ("duration", "duration")],
    }
    for sign, (name, kinds) in {
        "_+_": ("add", ("int", "uint", "double", "string", "bytes", "list<A>")),
        "_-_": ("subtract", ("int", "uint", "double")),
        "_*_": ("multiply", ("int", "uint", "double")),
        "_/_": ("divide", ("int", "uint", "double")),
    }.items():
        own = [(f"{name}_{kind.partition('<')[0]}", (kind, kind), kind) for kind in kinds]
        for left, right in times.get(sign, ()):
            result = "duration" if left == right else "timestamp"
            own.append((f"{name}_{left}_{right}", (left, right), result))
        yield sign, own + [(f"{name}_{suffix}", pair, "double") for suffix, pair in mixed]


def _type_text(kind: str) -> str:
    if kind in ("A", "B"):
        return f"{{type_name: {kind}, is_type_param: true}}"
    name, _, params = kind.rstrip(">").partition("<")
    inside = ", ".join(_type_text(param) for param in params.split(",")) if params else ""
    return f"{{type_name: {name}, params: [{inside}]}}"


@cache
def _language() -> Any:
    """Make the configuration of the condition language, once a process."""
    excluded, declared = [], []
    for sign, overloads in _operators():
        excluded.append(f'    - name: "{sign}"')
        declared.append(f'  - name: "{sign}"\n    overloads:')
        for identity, parameters, result in overloads:
            arguments = ", ".join(_type_text(kind) for kind in parameters)
            declared.append(
                f"      - {{id: {identity}, args: [{arguments}], return: {_type_text(result)}}}"
            )
    text = ["stdlib:", "  exclude_functions:", *excluded, "functions:", *declared]
    return cel.NewEnvConfigFromYaml("\n".join(text))


def _arithmetic() -> dict[str, Callable[..., Any]]:
    """Give the mixed arithmetic that the engine does not have; comparisons of mixed kinds it has."""
    signs = {
        "add": operator.add,
        "subtract": operator.sub,
        "multiply": operator.mul,
        "divide": operator.truediv,
    }
    return {
        f"{name}_{suffix}": act
        for name, act in signs.items()
        for suffix in ("int64_double", "double_int64")
    }


def _cel_type(fact: Fact, *, checking: bool) -> Any:
    plain = {
        FactType.STRING: (cel.Type.STRING, "google.protobuf.StringValue"),
        FactType.INTEGER: (cel.Type.INT, "google.protobuf.Int64Value"),
        FactType.NUMBER: (cel.Type.DOUBLE, "google.protobuf.DoubleValue"),
        FactType.BOOLEAN: (cel.Type.BOOL, "google.protobuf.BoolValue"),
        FactType.TIMESTAMP: (cel.Type.TIMESTAMP, None),
        FactType.ARRAY: (cel.Type.List(cel.Type.STRING), None),
    }
    kind, wrapper = plain[fact.type]
    if not fact.nullable:
        return kind
    return cel.Type(wrapper) if checking and wrapper else cel.Type.DYN


def _environment(facts: Mapping[str, Fact], *, checking: bool) -> Any:
    variables = {name: _cel_type(fact, checking=checking) for name, fact in facts.items()}
    variables |= {_PRESENT + name: cel.Type.BOOL for name in facts}
    return cel.NewEnv(config=_language(), variables=variables, function_impls=_arithmetic())


_PLACED = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_OPERATOR_NAMES = re.compile(r"'(?:_([^_ ]+)_|@(in)|([!-])_)'")
_TYPE_NAMES: Final = {
    "wrapper(int)": "integer or null",
    "wrapper(double)": "number or null",
    "wrapper(string)": "string or null",
    "wrapper(bool)": "boolean or null",
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
    "null_type": "null",
    "double": "number",
    "int": "integer",
    "bool": "boolean",
}
_TYPES = re.compile("|".join(rf"(?<![\w.]){re.escape(name)}(?!\w)" for name in _TYPE_NAMES))


def _plain_words(message: str) -> str:
    """Say the engine's message in the words of a policy."""
    mismatch = re.match(r"found no matching overload for (.+) applied to '(.*)'\Z", message)
    if mismatch is None:
        return message.partition(" (in container")[0]
    name = _OPERATOR_NAMES.sub(
        lambda m: next(part for part in m.groups() if part), mismatch.group(1)
    ).strip("'")
    types = _TYPES.sub(
        lambda m: _TYPE_NAMES[m.group()], mismatch.group(2).removeprefix("(").removesuffix(")")
    )
    return f"{name!r} cannot be applied to {types.replace(', ', ' and ')}"


def _faults_of(error: RuntimeError) -> list[Fault]:
    placed = _PLACED.findall(str(error))
    if not placed:
        return [Fault(line=1, column=1, detail=str(error).splitlines()[0])]
    return [
        Fault(line=int(line), column=int(column), detail=_plain_words(text))
        for line, column, text in placed
    ]


def declared(features: Mapping[str, Fact]) -> dict[str, Fact]:
    """Give every fact that conditions may use, by its full name."""
    return {f"features.{name}": fact for name, fact in features.items()} | dict(STANDING)


def faults(conditions: Sequence[str], features: Mapping[str, Fact]) -> list[tuple[Fault, ...]]:
    """Check each condition against the declared facts; an empty tuple says that it is sound."""
    facts = declared(features)
    try:
        environment = _environment(facts, checking=True)
    except RuntimeError as error:
        return [tuple(_faults_of(error)) for _ in conditions]
    return [tuple(_check(condition, facts, environment)) for condition in conditions]


def _check(condition: str, facts: Mapping[str, Fact], environment: Any) -> list[Fault]:
    if len(condition) > LONGEST_CONDITION:
        detail = f"a condition has at most {LONGEST_CONDITION} characters; make two rules of it"
        return [Fault(line=1, column=1, detail=detail)]
    reading = _read(condition, facts)
    if reading.faults:
        return list(reading.faults)
    try:
        compiled = environment.compile(reading.source)
    except RuntimeError as error:
        return _faults_of(error)
    result = compiled.return_type()
    if result != cel.Type.BOOL:
        name = _TYPE_NAMES.get(result.name().lower(), result.name().lower())
        return [
            Fault(
                line=1,
                column=1,
                detail=f"a condition must say true or false; this one gives: {name}",
            )
        ]
    return []


class Conditions:
    """The conditions of one policy, ready to be asked.

    Threads may share one. The engine's own objects are made at the first question in each process, so that a process
    that forks after loading has its own.
    """

    def __init__(self, conditions: Sequence[str], features: Mapping[str, Fact]) -> None:
        facts = declared(features)
        readings = [_read(condition, facts) for condition in conditions]
        self._sources = [reading.source for reading in readings]
        self.names: tuple[tuple[str, ...], ...] = tuple(
            tuple(dict.fromkeys((*reading.names, *reading.presences))) for reading in readings
        )
        """For each condition, the facts it looks at."""
        self.literals: tuple[tuple[int | float, ...], ...] = tuple(
            reading.literals for reading in readings
        )
        """For each condition, the numbers written in it."""
        self.used: frozenset[str] = frozenset(name for names in self.names for name in names)
        self.unguarded = [
            tuple(
                name
                for name in reading.names
                if facts[name].optional and name not in reading.presences
            )
            for reading in readings
        ]
        self._needed = tuple({name: None for names in self.unguarded for name in names})
        self._presences = tuple({name: None for reading in readings for name in reading.presences})
        self._facts = {name: facts[name] for name in facts if name in self.used}
        self._floats = tuple(
            name
            for name, fact in self._facts.items()
            if fact.type is FactType.NUMBER and fact.nullable
        )

    @property
    def use_earlier(self) -> bool:
        """Say whether any condition looks at the subject's earlier decisions."""
        return any(name.startswith("context.earlier.") for name in self.used)

    @cached_property
    def _prepared(self) -> tuple[Any, list[Any]]:
        environment = _environment(self._facts, checking=False)
        # Each condition ends in a line break, because it may end in a comment.
        together = environment.compile(
            "[" + ", ".join(f"({source}\n)" for source in self._sources) + "]"
        )
        return together, [environment.compile(source) for source in self._sources]

    def ask(self, facts: Mapping[str, object]) -> tuple[Answer, ...]:
        """Answer every condition from the facts that are there; absent facts are left out of the mapping."""
        if not self._sources:
            return ()
        data = dict(facts)
        for name in self._presences:
            data[_PRESENT + name] = name in facts
        for name in self._floats:
            # Beside a dynamic type the engine would divide integers as integers.
            if type(data.get(name)) is int:
                data[name] = float(data[name])  # type: ignore[arg-type]  # the line above says it is an int
        together, alone = self._prepared
        for name in self._needed:
            if name not in facts:
                return tuple(
                    self._ask_one(at, condition, data) for at, condition in enumerate(alone)
                )
        try:
            answers = together.eval(data=data).plain_value()
        except Exception:  # noqa: BLE001  # the engine raises what it likes; each rule is asked by itself below
            answers = None
        if type(answers) is list and all(type(answer) is bool for answer in answers):
            return tuple(answers)
        return tuple(self._ask_one(at, condition, data) for at, condition in enumerate(alone))

    def _ask_one(self, at: int, condition: Any, data: Mapping[str, object]) -> Answer:
        absent = tuple(name for name in self.unguarded[at] if name not in data)
        if absent:
            # Even where the rest of the condition would settle it: a rule is not to depend on luck with its facts.
            return Broken(
                detail=f"{absent[0]} is absent, and the condition does not ask has()", absent=absent
            )
        try:
            value = condition.eval(data=data)
            answer = value.plain_value()
        except Exception as error:  # noqa: BLE001  # whatever the engine raises, the rule is broken and a person decides
            return Broken(detail=_reason(str(error)))
        if type(answer) is bool:
            return answer
        if value.type() == cel.Type.ERROR:
            missing = _MISSING.search(str(answer))
            return Broken(detail=_reason(str(answer)), absent=(missing["name"],) if missing else ())
        return Broken(detail="the condition gave neither true nor false")


_MISSING = re.compile(r'No value with name "(?P<name>[^"]+)" found in Activation')


def _reason(message: str) -> str:
    missing = _MISSING.search(message)
    if missing:
        return f"{missing['name']} is absent"
    return message.partition(": ")[2].splitlines()[0][:200] if ": " in message else message[:200]
