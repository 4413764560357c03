"""The log's files as a program reads them that knows nothing but C2SP tlog-tiles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audits.log.bundles import bundle_path, parse_bundle
from audits.log.entries import EntryKind
from audits.log.notes import VerifyingKey, open_checkpoint
from audits.log.proofs import parse_proof
from audits.log.tiles import root_of, tile_path, tiles_of
from audits.log.tree import inclusion_holds, leaf_hash
from governance.actors import service
from governance.ledger import epochs, publishing
from governance.ledger.sequencing import drain
from governance.reporting import log_exports

CLI = service("cli")
A_YEAR = "public, max-age=31536000, immutable"


@pytest.fixture
def logged(served):
    """A service whose signed log has 300 entries and more."""
    with served.answerable.work(CLI) as work:
        for number in range(300):
            work.record(EntryKind.ACCESS_READ, data={"n": number})
    drain(served.answerable)
    publishing.publish(served.answerable)
    return served


def get(served, path, who=None, **headers):
    if who is not None:
        headers["Authorization"] = f"Bearer {served.secrets[who]}"
    return served.client.get(path, headers=headers)


def rebuilt(served, prefix):
    """Read a whole log as a program would, and return its checkpoint after checking it."""
    note = get(served, f"{prefix}/checkpoint").text
    vkey = get(served, f"{prefix}/log.vkey").text.strip()
    signed = open_checkpoint(note, [VerifyingKey.parse(vkey)])
    hashes = {}
    for level, index, width in tiles_of(signed.size):
        hashes[level, index] = get(served, f"{prefix}/{tile_path(level, index, width)}").data
        if level == 0:
            bundle = get(served, f"{prefix}/{bundle_path(index, width)}", "Cleo").data
            read = b"".join(map(leaf_hash, parse_bundle(bundle, width)))
            assert read == hashes[level, index]
    assert root_of(signed.size, lambda level, index: hashes.get((level, index))) == signed.root
    return signed


def test_the_whole_log_is_read_and_checked_by_its_files_alone(logged) -> None:
    signed = rebuilt(logged, "/log")
    assert rebuilt(logged, "/log/epochs/1") == signed

    with logged.answerable.work(CLI) as work:
        epochs.new_epoch(work, reason="The test wants another.")
    publishing.publish(logged.answerable, epoch=1)
    assert get(logged, "/log/checkpoint").status_code == 404
    drain(logged.answerable)
    publishing.publish(logged.answerable)

    assert rebuilt(logged, "/log").origin.endswith("/2")
    assert rebuilt(logged, "/log/epochs/1").size > signed.size


def test_caches_keep_what_never_changes_and_the_checkpoint_for_a_second(logged) -> None:
    checkpoint = get(logged, "/log/checkpoint")
    assert checkpoint.content_type == "text/plain; charset=utf-8"
    assert checkpoint.headers["Cache-Control"] == "public, max-age=1"
    for path in ("/log/tile/0/000", "/log/tile/0/001.p/3", "/log/tile/0/000.p/255"):
        answer = get(logged, path)
        assert answer.content_type == "application/octet-stream"
        assert answer.headers["Cache-Control"] == A_YEAR
        again = get(logged, path, **{"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    assert get(logged, "/log/tile/0/000.p/255").data == get(logged, "/log/tile/0/000").data[:-32]
    entries = get(logged, "/log/tile/entries/000", "Cleo", **{"Accept-Encoding": "gzip"})
    assert entries.headers["Cache-Control"].startswith("private")
    assert entries.headers["Content-Encoding"] == "gzip"


NO_PLACES = [
    "tile/0/0",
    "tile/0/x000/000",
    "tile/00/000",
    "tile/0/000.p/256",
    "tile/0/000.p/0",
    "tile/0/002",
    "tile/0/001",
    "tile/1/000.p/2",
    "tile/8/000.p/1",
    "tile/63/000.p/1",
    "tile/64/000",
    "tile/0/x999/x999/x999/x999/x999/999",
    "tile/entries/x01",
    "epochs/2/checkpoint",
    "epochs/01/checkpoint",
    "epochs/0/tile/0/000",
    "epochs/x/log.vkey",
]


def test_an_address_that_names_no_signed_tile_is_not_found(logged) -> None:
    for path in NO_PLACES:
        answer = get(logged, f"/log/{path}", "Cleo")
        assert answer.status_code == 404, path
        assert answer.content_type == "application/problem+json"
        assert answer.headers["Cache-Control"] == "no-store"


def test_entries_are_for_who_may_read_the_log_alone(logged) -> None:
    for path in ("/log/tile/entries/000", "/log/epochs/1/tile/entries/000", "/log/tile/entries/9"):
        assert get(logged, path).status_code == 401
        for who in ("Ada", "Anna", "crm"):
            refused = get(logged, path, who)
            assert refused.status_code == 403
            assert refused.content_type == "application/problem+json"
    assert get(logged, "/log/tile/entries/000", "Cleo").status_code == 200


def test_hashes_are_for_nobody_else_either_where_the_setting_says_so(logged) -> None:
    logged.answerable.settings = replace(logged.answerable.settings, log_public=False)
    for path in ("/log/checkpoint", "/log/log.vkey", "/log/tile/0/000", "/log/epochs/1/checkpoint"):
        assert get(logged, path).status_code == 401
        assert get(logged, path, "crm").status_code == 403
        assert get(logged, path, "Cleo").headers["Cache-Control"].startswith("private")


def test_a_decision_is_proven_once_the_log_is_signed_over_it(served) -> None:
    made = served.ask().json
    path = made["links"]["proof"].removeprefix(served.answerable.settings.public_url)
    waits = served.call("crm", "GET", path)
    assert (waits.status_code, waits.headers["Retry-After"]) == (404, "1")
    assert waits.json["type"].endswith("/problems/not-proven-yet")

    drain(served.answerable)
    publishing.publish(served.answerable)

    proven = served.call("crm", "GET", path)
    assert proven.content_type == "text/plain; charset=utf-8"
    assert f'{made["id"]}.tlog-proof"' in proven.headers["Content-Disposition"]
    proof = parse_proof(proven.text)
    vkey = VerifyingKey.parse(get(served, "/log/log.vkey").text.strip())
    signed = open_checkpoint(proof.checkpoint, [vkey])
    place = served.call("Cleo", "GET", f"/log/entries/{made['id']}").json
    assert place["place"]["index"] == proof.index
    assert inclusion_holds(
        index=proof.index,
        size=signed.size,
        leaf=leaf_hash(place["entry"].encode()),
        proof=proof.hashes,
        root=signed.root,
    )


def test_a_proof_is_for_who_may_see_the_decision(served) -> None:
    made = served.ask().json
    path = f"/decisions/{made['id']}/proof"
    assert served.call("Anna", "GET", path).status_code == 403
    for who, where in (("shop", path), ("crm", f"/decisions/{served.answerable.new_id()}/proof")):
        refused = served.call(who, "GET", where)
        assert (refused.status_code, refused.json["type"][-9:]) == (404, "not-found")


def test_an_export_is_asked_for_and_taken(logged) -> None:
    assert logged.call("Ada", "POST", "/log/exports", json={}).status_code == 403
    asked = logged.call("Cleo", "POST", "/log/exports", json={"since": "2026-11-01T00:00:00Z"})
    assert (asked.status_code, asked.json["status"]) == (202, "asked")
    path = f"/log/exports/{asked.json['id']}"
    assert logged.call("Cleo", "GET", f"{path}/file").status_code == 409

    log_exports.run(logged.answerable, "tests")

    made = logged.call("Cleo", "GET", path).json
    assert logged.call("Cleo", "GET", "/log/exports").json["exports"] == [made]
    taken = logged.call("Cleo", "GET", f"{path}/file")
    assert taken.content_type == "application/zip"
    assert (made["status"], made["size"]) == ("made", len(taken.data))
    assert logged.call("Ada", "GET", f"{path}/file").status_code == 403
    assert logged.call("Cleo", "GET", "/log/exports/1/file").status_code == 404
