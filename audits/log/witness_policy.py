"""Which logs are known, which witnesses, and how many of them must have cosigned a checkpoint?

C2SP tlog-policy, read strictly: a line that is not understood is an error, not a comment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from audits.log.cosignatures import CosignerKey
from audits.log.notes import NoteRefused, VerifyingKey

#: The quorum of a policy that asks for no cosignature.
NONE: Final = "none"
MAX_BYTES: Final = 1_000_000
_SPACE: Final = re.compile(r"[ \t]+")
_FORBIDDEN: Final = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


class MalformedPolicy(ValueError):
    """Raised where a policy cannot be relied on; the message names the line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLog:
    """A log whose checkpoints are accepted, and where it is reached."""

    key: VerifyingKey
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWitness:
    """A witness, the name that the policy has for it, and its submission prefix."""

    name: str
    key: CosignerKey
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyGroup:
    """A group that has cosigned when ``threshold`` of its members have."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessPolicy:
    """Logs, witnesses, groups in the order of their definition, and the name of the quorum."""

    logs: tuple[PolicyLog, ...] = ()
    witnesses: tuple[PolicyWitness, ...] = ()
    groups: tuple[PolicyGroup, ...] = ()
    quorum: str = NONE

    @classmethod
    def parse(cls, text: bytes) -> WitnessPolicy:
        """Read a policy file.

        Raises:
            MalformedPolicy: a line is not as tlog-policy asks for.
        """
        return _Reader().read(text)

    def encode(self) -> bytes:
        """Write the file that ``parse`` and other tools read."""
        lines = [_line("log", one.key.encode(), one.url) for one in self.logs]
        lines += [_line("witness", one.name, one.key.encode(), one.url) for one in self.witnesses]
        lines += [_line("group", one.name, str(one.threshold), *one.members) for one in self.groups]
        lines.append(_line("quorum", self.quorum))
        return "".join(lines).encode("utf-8", "surrogateescape")

    def is_met(self, cosigners: Iterable[CosignerKey]) -> bool:
        """Say whether those who cosigned a checkpoint are a quorum."""
        if self.quorum == NONE:
            return True
        keys = set(cosigners)
        met = {one.name for one in self.witnesses if one.key in keys}
        for group in self.groups:
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(group.name)
        return self.quorum in met


class _Reader:
    """Reads a policy line by line; a name must be defined before it is used, so nothing can go in circles."""

    def __init__(self) -> None:
        self._logs: list[PolicyLog] = []
        self._witnesses: list[PolicyWitness] = []
        self._groups: list[PolicyGroup] = []
        self._quorum: str | None = None
        self._names: set[str] = {NONE}
        self._members: set[str] = set()

    def read(self, text: bytes) -> WitnessPolicy:
        if len(text) > MAX_BYTES:
            raise MalformedPolicy(f"A policy has at most {MAX_BYTES} bytes; this has {len(text)}.")
        if _FORBIDDEN.search(text):
            raise MalformedPolicy(
                "A policy holds no control characters but tabs and newlines; this does."
            )
        # Names are octets to the policy; this keeps each octet, valid UTF-8 or not.
        *lines, rest = text.decode("utf-8", "surrogateescape").split("\n")
        if rest:
            raise MalformedPolicy("A policy's last line must end in a newline.")
        for number, line in enumerate(lines, start=1):
            stripped = line.strip(" \t")
            if not stripped or stripped.startswith("#"):
                continue
            word, *items = _SPACE.split(stripped)
            try:
                self._take(word, items)
            except (MalformedPolicy, NoteRefused) as error:
                raise MalformedPolicy(f"Line {number} of the policy: {error}") from None
            except UnicodeEncodeError:
                raise MalformedPolicy(
                    f"Line {number} of the policy: a key's name is valid UTF-8; this is not."
                ) from None
        if self._quorum is None:
            raise MalformedPolicy(
                "A policy says its quorum in one line, such as `quorum none`; this has no such line."
            )
        return WitnessPolicy(
            logs=tuple(self._logs),
            witnesses=tuple(self._witnesses),
            groups=tuple(self._groups),
            quorum=self._quorum,
        )

    def _take(self, word: str, items: list[str]) -> None:
        if word == "log":
            self._log(items)
        elif word == "witness":
            self._witness(items)
        elif word == "group":
            self._group(items)
        elif word == "quorum":
            self._set_quorum(items)
        else:
            raise MalformedPolicy(
                f"a line begins with log, witness, group or quorum; this begins with {word!r}."
            )

    def _log(self, items: list[str]) -> None:
        if len(items) not in (1, 2):
            raise MalformedPolicy("a log is given as `log VKEY [URL]`.")
        key = VerifyingKey.parse(items[0])
        if any(one.key.public == key.public for one in self._logs):
            raise MalformedPolicy(f"the key of {key.name} is that of another log above.")
        self._logs.append(PolicyLog(key=key, url=items[1] if items[1:] else None))

    def _witness(self, items: list[str]) -> None:
        if len(items) not in (2, 3):
            raise MalformedPolicy("a witness is given as `witness NAME VKEY [URL]`.")
        name = self._new_name(items[0])
        key = CosignerKey.parse(items[1])
        if any(one.key.public == key.public for one in self._witnesses):
            raise MalformedPolicy(f"the key of {name} is that of another witness above.")
        self._witnesses.append(
            PolicyWitness(name=name, key=key, url=items[2] if items[2:] else None)
        )

    def _group(self, items: list[str]) -> None:
        if len(items) < 3:
            raise MalformedPolicy("a group is given as `group NAME all|any|COUNT MEMBER ...`.")
        name, count, *members = items
        self._new_name(name)
        for member in members:
            if member in (NONE, name) or member not in self._names:
                raise MalformedPolicy(f"{member!r} is not defined above, so it can be no member.")
            if member in self._members:
                raise MalformedPolicy(f"{member!r} is a member already; a name is one only once.")
            self._members.add(member)
        if count == "all":
            threshold = len(members)
        elif count == "any":
            threshold = 1
        elif _COUNT.fullmatch(count) and int(count) <= len(members):
            threshold = int(count)
        else:
            raise MalformedPolicy(
                f"a group of {len(members)} has a count of 1 to {len(members)}, all or any; not {count!r}."
            )
        self._groups.append(PolicyGroup(name=name, threshold=threshold, members=tuple(members)))

    def _set_quorum(self, items: list[str]) -> None:
        if len(items) != 1:
            raise MalformedPolicy("the quorum is given as `quorum NAME`, or `quorum none`.")
        if self._quorum is not None:
            raise MalformedPolicy("a policy has one quorum; another stands above.")
        if items[0] not in self._names:
            raise MalformedPolicy(f"{items[0]!r} is not defined above, so it can be no quorum.")
        self._quorum = items[0]

    def _new_name(self, name: str) -> str:
        if name in self._names:
            raise MalformedPolicy(f"the name {name!r} is taken; give each its own.")
        self._names.add(name)
        return name


def _line(*items: str | None) -> str:
    return " ".join(item for item in items if item is not None) + "\n"
