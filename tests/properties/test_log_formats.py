from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.log import tiles, tree
from audits.log.bundles import MalformedBundle, bundle_path, parse_bundle, write_bundle
from audits.log.proofs import MalformedProof, TlogProof, parse_proof, steps, write_proof
from audits.log.tiles import TileAt, parse_tile_path

HASHES = st.binary(min_size=32, max_size=32)
PROOFS = st.builds(
    TlogProof,
    index=st.integers(0, 2**62),
    hashes=st.lists(HASHES, max_size=63).map(tuple),
    checkpoint=st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1).map(
        lambda text: f"origin\n{text}\n"
    ),
    extra=st.none() | st.binary(max_size=80),
)


@given(
    level=st.none() | st.integers(0, 63),
    index=st.integers(0, 10**18 - 1),
    width=st.integers(1, 256),
)
def test_every_tile_has_one_path_and_it_reads_back(
    level: int | None, index: int, width: int
) -> None:
    path = bundle_path(index, width) if level is None else tiles.tile_path(level, index, width)

    assert parse_tile_path(path.removeprefix("tile/")) == TileAt(level, index, width)


@given(
    st.from_regex(r"(entries|[0-9]{1,3})/(x?[0-9]{2,4}/){0,3}x?[0-9]{2,4}(\.p/[0-9]{1,4})?\n?")
    | st.text(max_size=20)
)
def test_a_path_that_is_read_is_the_one_path_of_what_it_names(path: str) -> None:
    at = parse_tile_path(path)

    if at is not None:
        written = (
            bundle_path(at.index, at.width)
            if at.level is None
            else tiles.tile_path(at.level, at.index, at.width)
        )
        assert written == f"tile/{path}"


@given(st.lists(st.binary(max_size=70), min_size=1, max_size=256))
def test_a_bundle_reads_back_and_no_shorter_part_of_it_does(entries: list[bytes]) -> None:
    bundle = write_bundle(entries)

    assert parse_bundle(bundle, len(entries)) == entries
    for cut in (1, len(entries[-1]) + 1):
        if cut < len(bundle):
            try:
                assert len(parse_bundle(bundle[:-cut])) < len(entries)
            except MalformedBundle:
                continue


@given(PROOFS)
def test_a_proof_reads_back(proof: TlogProof) -> None:
    assert parse_proof(write_proof(proof)) == proof


@given(PROOFS, st.data())
def test_a_bent_proof_is_refused_or_says_what_it_says(
    proof: TlogProof, data: st.DataObject
) -> None:
    text = write_proof(proof)
    at = data.draw(st.integers(0, len(text) - 1))
    bent = text[:at] + data.draw(st.sampled_from(["", "\n", " ", "0", "=", "é"])) + text[at + 1 :]

    try:
        read = parse_proof(bent)
    except MalformedProof:
        return
    assert write_proof(read) == bent


@given(st.integers(1, 600), st.data())
def test_the_steps_of_a_proof_are_nodes_of_the_tree_and_end_at_its_root(
    size: int, data: st.DataObject
) -> None:
    leaves = [sha256(str(number).encode()).digest() for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    hashes = tree.inclusion_proof(index, size, lambda start, end: tree.root(leaves[start:end]))

    taken = list(steps(index, size, leaves[index], hashes))

    assert [step.node for step in taken] == [
        tree.root(leaves[step.start : step.end]) for step in taken
    ]
    assert (taken[-1].node if taken else leaves[index]) == tree.root(leaves)
    for wrong in (hashes[:-1], [*hashes, bytes(32)]):
        if wrong != hashes:
            with pytest.raises(ValueError, match="The path of leaf"):
                list(steps(index, size, leaves[index], wrong))
