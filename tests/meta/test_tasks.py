"""The Makefile: it lists itself, and says one sentence where a machine lacks something."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="There is no make here.")


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin"},
    )


def test_make_alone_lists_every_task() -> None:
    done = make()
    assert done.returncode == 0
    phony = re.search(
        r"^\.PHONY: (.*)$", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert phony is not None
    for task in set(phony[1].split()) - {"browser"}:
        assert re.search(rf"^  {task} +\w", done.stdout, re.MULTILINE), f"{task} is not listed"


def test_a_python_that_cannot_run_is_one_clear_sentence(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    done = make(f"VENV={venv}", "PYTHON=/nowhere/python3", f"{venv}/bin/python")
    assert done.returncode != 0
    assert (
        "No Python 3.11 to 3.14 with its venv module was found at /nowhere/python3" in done.stderr
    )
    assert "Traceback" not in done.stderr
    assert not venv.exists()


def test_a_shim_that_only_prints_an_error_is_passed_over(tmp_path: Path) -> None:
    shim = tmp_path / "python3"
    shim.write_text("#!/bin/sh\necho 'no such version' >&2\nexit 127\n", encoding="utf-8")
    shim.chmod(0o755)
    done = make(f"VENV={tmp_path / 'venv'}", f"PYTHON={shim}", f"{tmp_path / 'venv'}/bin/python")
    assert done.returncode != 0
    assert "No Python" in done.stderr


def test_a_browser_that_cannot_run_is_one_clear_sentence() -> None:
    done = make("browser", "CHROMIUM=/nowhere/chromium")
    assert done.returncode != 0
    assert "CHROMIUM=/nowhere/chromium cannot be run" in done.stderr
