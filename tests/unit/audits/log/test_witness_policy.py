from __future__ import annotations

import pytest

from audits.log.cosignatures import CosigningKey
from audits.log.notes import SigningKey
from audits.log.witness_policy import MalformedPolicy, WitnessPolicy

LOG = SigningKey(name="log.corner.example/1", seed=bytes(range(32))).verifying_key
KEYS = [
    CosigningKey(name=f"witness.example/{n}", seed=bytes([n]) * 32).verifying_key for n in range(6)
]
VKEYS = [key.encode() for key in KEYS]


def policy(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


NESTED = policy(
    "# Two houses; both must have looked.",
    f"log {LOG.encode()} https://log.corner.example/",
    "",
    f"witness X1 {VKEYS[0]}  https://x1.example/",
    f"\twitness X2 {VKEYS[1]}",
    f"witness X3 {VKEYS[2]}",
    "group X 2 X1 X2 X3",
    f"witness Y1 {VKEYS[3]}",
    f"witness Y2 {VKEYS[4]}",
    "group Y any Y1 Y2",
    "group both all X Y",
    "quorum both",
)


def test_a_quorum_of_groups_is_met_only_when_each_group_is() -> None:
    read = WitnessPolicy.parse(NESTED)

    assert read.is_met([KEYS[0], KEYS[2], KEYS[4]])
    assert read.is_met(KEYS)
    assert not read.is_met([KEYS[0], KEYS[1], KEYS[2]])
    assert not read.is_met([KEYS[0], KEYS[3], KEYS[4]])
    assert not read.is_met([KEYS[0], KEYS[0], KEYS[3]])
    assert not read.is_met([])


def test_what_is_written_reads_back_the_same() -> None:
    read = WitnessPolicy.parse(NESTED)

    assert read.logs[0].key == LOG
    assert read.logs[0].url == "https://log.corner.example/"
    assert read.witnesses[0].url == "https://x1.example/"
    assert WitnessPolicy.parse(read.encode()) == read
    octets = b"witness w\xe9 " + f"{VKEYS[0]}\n".encode() + b"quorum w\xe9\n"
    assert WitnessPolicy.parse(octets).encode() == octets


def test_no_cosignature_is_asked_for_with_the_quorum_none() -> None:
    assert WitnessPolicy.parse(b"quorum none\n").is_met([])


W = f"witness w {VKEYS[0]}"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (policy(W), "quorum"),
        (b"", "quorum"),
        (policy("quorum none", "quorum none"), "Line 2 .* one quorum"),
        (policy("quorum w", W), "Line 1 .* not defined above"),
        (b"quorum none", "newline"),
        (b"quorum none\r\n", "control"),
        (policy("quorums none"), "begins with"),
        (policy(W, f"witness w {VKEYS[1]}", "quorum w"), "Line 2 .* taken"),
        (policy(f"witness none {VKEYS[0]}", "quorum none"), "taken"),
        (policy(W, f"witness v {VKEYS[0]}", "quorum w"), "key of v"),
        (policy(f"log {LOG.encode()}", f"log {LOG.encode()}", "quorum none"), "another log"),
        (policy(f"log {VKEYS[0]}", "quorum none"), "type 0x01"),
        (policy(f"witness w {LOG.encode()}", "quorum w"), "type 0x04"),
        (policy(W, "group g 0 w", "quorum g"), "1 to 1"),
        (policy(W, "group g 2 w", "quorum g"), "1 to 1"),
        (policy(W, "group g 01 w", "quorum g"), "1 to 1"),
        (policy(W, "group g all", "quorum g"), "is given as"),
        (policy(W, "group g all w w", "quorum g"), "member already"),
        (policy(W, "group g all w", "group h all w", "quorum g"), "member already"),
        (policy(W, "group g all g", "quorum g"), "not defined above"),
        (policy(W, "group g all none", "quorum g"), "not defined above"),
        (policy("quorum none now"), "quorum is given as"),
        (b"witness w w\xff+00000000+AAAA\nquorum w\n", "Line 1"),
    ],
)
def test_a_line_that_is_not_understood_is_refused_with_its_number(text: bytes, why: str) -> None:
    with pytest.raises(MalformedPolicy, match=why):
        WitnessPolicy.parse(text)
