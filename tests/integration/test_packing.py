"""One pack of evidence: whole, named by the log, and found out where a letter of it was changed."""

from __future__ import annotations

import hashlib
import io
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from audits.log.notes import VerifyingKey, open_note
from governance.actors import service
from governance.auditing import draws, packing
from governance.cli import answerable as command
from governance.counting import folding
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import Conflict, NotAllowed, NotFound
from governance.ledger import publishing
from governance.ledger.sequencing import drain
from governance.operations import verifying
from governance.reporting import crosschecking
from tests import accounts, people, retention
from tests.conftest import Beginning


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make reports as a base installation does, which takes no seconds to import fairlearn."""
    monkeypatch.setattr(crosschecking, "installed", lambda: False)


def fill(answerable) -> None:
    accounts.join(answerable, "Cleo", "auditor")
    people.publish(answerable, retention.POLICY)
    shop = people.app(answerable)
    for number in (1, 2, 4):
        decisions.ask(answerable, shop, Asked(request=retention.request(sequence=number)))
    drain(answerable)
    publishing.publish(answerable)
    with answerable.work(service("cli")) as work:
        draws.ask(work, wanted=1)
    drain(answerable)
    publishing.publish(answerable)
    draws.settle_due(answerable)
    while folding.fold(answerable):
        pass
    answerable.clock.advance(days=1)


@pytest.fixture
def beginning() -> Beginning:
    return Beginning("packing", fill)


@pytest.fixture
def cleo(answerable, begun):
    return people.person(answerable, "Cleo")


def test_a_pack_is_whole_named_by_the_log_and_checked_with_common_tools(
    answerable, cleo, tmp_path: Path
):
    folder = tmp_path / "pack"
    made = packing.to_folder(answerable, cleo, folder)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {
        "README.md",
        "appeals.json",
        "arrived.json",
        "checkpoint",
        "draws.json",
        f"fairness/{retention.POINT}.html",
        f"fairness/{retention.POINT}.json",
        "incidents.json",
        "log.vkey",
        f"oversight/{retention.POINT}.html",
        f"oversight/{retention.POINT}.json",
        "pack.json",
        "people.json",
        f"policies/{retention.POINT}.json",
        f"policies/{retention.POINT}/1.yaml",
        "requests.json",
        "settings.json",
        "verification.json",
    } == {one for one in files if not one.startswith(("log/", "SHA256SUMS"))}
    assert {"log/manifest.json", "log/checkpoint", "log/log.vkey"} < files
    assert made.files == len(files)
    checking = ["sha256sum", "--strict", "-c", "SHA256SUMS"]
    assert subprocess.run(checking, cwd=folder, capture_output=True, check=False).returncode == 0
    index = (folder / "SHA256SUMS").read_bytes()
    assert index.count(b"\n") == len(files) - 2
    (entry,) = [
        one
        for one in accounts.entries(answerable, "report.made")
        if one["data"]["report"] == "pack"
    ]
    assert entry["id"] == made.id
    assert entry["actor"] == {"type": "person", "ref": cleo.id}
    assert entry["data"]["digest"] == made.digest == f"sha256:{hashlib.sha256(index).hexdigest()}"
    key = VerifyingKey.parse(entry["data"]["signed_by"])
    note = open_note((folder / "SHA256SUMS.note").read_text(), [key])
    assert note.body == f"answerable pack\n{made.id}\n{made.digest}\n"
    (folder / "people.json").write_bytes((folder / "people.json").read_bytes() + b" ")
    assert subprocess.run(checking, cwd=folder, capture_output=True, check=False).returncode == 1
    assert [one for one in verifying.verify(answerable).findings if "report" in one.what] == []


def test_what_a_pack_tells_is_what_the_installation_knows(answerable, cleo):
    held = io.BytesIO()
    packing.to_archive(answerable, cleo, held, points=[retention.POINT], longest_log=2)
    with zipfile.ZipFile(held) as archive:
        told = {
            name: orjson.loads(archive.read(name))
            for name in archive.namelist()
            if name.endswith(".json")
        }
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert [one["name"] for one in told["people.json"]["people"]] == ["Cleo"]
    assert told["people.json"]["changes"][0]["data"]["roles"] == ["auditor"]
    (app,) = told["arrived.json"]["apps"]
    assert app["counted"]["missing"] == 1
    assert [(one["first"], one["last"]) for one in app["missing"]["stretches"]] == [(3, 3)]
    assert told["draws.json"][0]["draw"]["drawn"] == 1
    (version,) = told[f"policies/{retention.POINT}.json"]
    assert (version["version"], version["in_force"], "text" in version) == (1, True, False)
    assert told["pack.json"]["left_out"][1]["part"] == "log/"
    # Nobody who was decided about, no address of anybody and no secret leaves in a pack.
    for kept in (b"cust-4711", b"cleo@corner.example", b"ans_"):
        assert kept not in everything


def test_a_pack_is_made_for_those_alone_who_may_and_of_what_there_is(answerable, cleo, tmp_path):
    with pytest.raises(NotAllowed):
        packing.to_archive(answerable, people.person(answerable, "Anna"), io.BytesIO())
    with pytest.raises(NotFound):
        packing.to_archive(answerable, cleo, io.BytesIO(), points=["no-such-point"])
    (tmp_path / "something").touch()
    with pytest.raises(Conflict):
        packing.to_folder(answerable, cleo, tmp_path)
    assert not accounts.entries(answerable, "report.made")


def test_the_command_writes_a_pack_and_tells_what_never_arrived(answerable, begun, tmp_path):
    home = str(answerable.settings.home)
    address = ["--home", home]
    out = tmp_path / "evidence.zip"
    environment = {"ANSWERABLE_DATABASE_URL": answerable.settings.database_url or ""}
    runner = CliRunner(env={name: value for name, value in environment.items() if value})
    ran = runner.invoke(command, [*address, "audit", "pack", "--verify", "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    assert "The log names it in entry" in ran.output
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        assert orjson.loads(archive.read("verification.json"))["last"] is not None
    assert list(tmp_path.glob("*.part")) == []
    ran = runner.invoke(command, [*address, "audit", "arrived"])
    assert ran.exit_code == 1, ran.output
    assert "shop: 3 to 3 never arrived" in ran.output
    since = (answerable.clock.now() + timedelta(days=2)).date().isoformat()
    ran = runner.invoke(command, [*address, "audit", "arrived", "--since", since, "--json"])
    assert (ran.exit_code, orjson.loads(ran.output)["apps"]) == (0, [])
