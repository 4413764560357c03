"""The verifier works where nothing is installed but cryptography."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.exports import busy_log, write_export

ROOT = Path(__file__).parents[2]
ALONE = """
import sys

ALLOWED = {*sys.stdlib_module_names, "cryptography", "cffi", "_cffi_backend"}


class Blocked:
    def find_spec(self, name, path=None, target=None):
        first, _, rest = name.partition(".")
        if first == "audits":
            if rest and rest.partition(".")[0] not in ("log", "sentences", "verifying"):
                raise ModuleNotFoundError(f"{name} is not part of the verifier")
        elif first not in ALLOWED:
            raise ModuleNotFoundError(f"{name} is not installed")
        return None


sys.meta_path.insert(0, Blocked())
sys.path.insert(0, sys.argv.pop(1))
from audits.verifying.command import main

code = main(sys.argv[1:])
loaded = {name.partition(".")[0] for name in sys.modules}
assert not loaded & {"orjson", "sqlalchemy", "flask", "click", "governance", "web", "policies"}
sys.exit(code)
"""


def verify(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(ROOT), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_verifies_with_the_standard_library_and_cryptography_alone(tmp_path: Path) -> None:
    log = busy_log()
    log.promise(300)
    export = write_export(tmp_path / "export", log, disclose=(300,), prove=(300,))

    said = verify(export, "--json", "--jobs", "2")

    assert said.stderr == ""
    assert said.returncode == 0
    assert json.loads(said.stdout)["result"] == "verified"


def test_it_says_how_it_is_used() -> None:
    assert "0 verified, 1 tampered, 2 incomplete, 3 could not be run" in verify("--help").stdout
    assert verify().returncode == 3
