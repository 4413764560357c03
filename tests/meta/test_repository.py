"""The repository itself: nothing of somebody else's, nothing of one machine's, every exception with its reason."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
NOT_TEXT = {".png", ".ico", ".woff2", ".gz"}

# Joined from halves, so that this file does not find itself.
OF_ONE_MACHINE = re.compile(
    r"(?<![\w.\-])/" + r"work/|/tmp/" + r"plan|/root/" + r"\.|/home/" + r"\w+/"
)
OF_A_REGISTRY = re.compile(
    r"files\.python"
    r"hosted|pypi"
    r"\.org/simple|registry\."
    r"npmjs|--(?:extra-)?index-"
    r"url"
)
SOMEBODY_ELSES = re.compile(
    r"sourceMapping" + r"URL|@lic" + r"ense|Copyright" + r" \(c\)|jQuery" + r" v|Bootstrap" + r" v"
)
ANOTHER_HOST = re.compile(
    r"https?://(?!www\.w3\.org/|127\.0\.0\.1|localhost|[\w.]*example\.(?:com|org))[\w.]+"
)


def tracked() -> list[Path]:
    """Return the files that are, or would be, part of a commit."""
    found = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode != 0:
        pytest.skip("There is no git here, so it is not known which files are the repository's.")
    paths = (REPOSITORY / name for name in found.stdout.split("\0") if name)
    return sorted(path for path in paths if path.is_file())


def lines_that_match(pattern: re.Pattern[str], paths: list[Path]) -> Iterator[str]:
    for path in paths:
        if path.suffix in NOT_TEXT or path.name == "LICENSE":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if pattern.search(line):
                yield f"{path.relative_to(REPOSITORY)}:{number}: {line.strip()[:120]}"


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        pytest.param(OF_ONE_MACHINE, "a path of one machine", id="machine"),
        pytest.param(OF_A_REGISTRY, "a package registry's address", id="registry"),
        pytest.param(SOMEBODY_ELSES, "a mark of a copied file", id="copied"),
    ],
)
def test_no_file_names(pattern: re.Pattern[str], why: str) -> None:
    found = list(lines_that_match(pattern, tracked()))
    assert not found, f"These lines hold {why}:\n" + "\n".join(found)


def test_the_patterns_find_what_they_are_for() -> None:
    assert OF_ONE_MACHINE.search("open('/" + "work/main/x')")
    assert not OF_ONE_MACHINE.search("see network/work/ and /worker")
    assert OF_A_REGISTRY.search("pip install --index-" + "url x")
    assert SOMEBODY_ELSES.search("/*! jQuery" + " v3.7 */")
    assert ANOTHER_HOST.search('src="https://cdn.jsdelivr.net/x.js"')
    assert not ANOTHER_HOST.search('xmlns="http://www.w3.org/2000/svg"')


def test_pages_load_nothing_from_another_host() -> None:
    kinds = {".css", ".js", ".mjs", ".html", ".svg", ".j2"}
    pages = [p for p in tracked() if p.suffix in kinds and p.is_relative_to(REPOSITORY / "web")]
    found = list(lines_that_match(ANOTHER_HOST, pages))
    assert not found, "These lines name another host:\n" + "\n".join(found)


def test_no_file_is_larger_than_a_person_can_read() -> None:
    large = [
        f"{path.relative_to(REPOSITORY)}: {path.stat().st_size // 1000} kB"
        for path in tracked()
        if path.stat().st_size > (1_000_000 if path.suffix in NOT_TEXT else 500_000)
    ]
    assert not large, "Too large to be our own work:\n" + "\n".join(large)


def test_every_exception_to_a_linter_rule_has_its_reason_on_its_line() -> None:
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    ignored = text.split("\nignore = [\n")[1].split("\n]")[0].splitlines()
    bare = [line.strip() for line in ignored if not re.fullmatch(r'\s+"[A-Z0-9]+", # \S.*\.', line)]
    assert not bare, f"These exceptions give no reason: {bare}"


def test_every_silenced_line_says_which_rule_it_silences() -> None:
    bare = re.compile(r"#\s*(?:noqa(?!:)|type:\s*ignore(?!\[))")
    sources = [path for path in tracked() if path.suffix == ".py" and path != Path(__file__)]
    found = list(lines_that_match(bare, sources))
    assert not found, "These lines silence every rule at once:\n" + "\n".join(found)


def test_the_changelog_tells_of_this_version() -> None:
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(
        rf"^## .*{re.escape(PYPROJECT['project']['version'])}", changelog, re.MULTILINE
    )


def test_the_licence_is_whole() -> None:
    text = (REPOSITORY / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("package", ["policies", "audits", "governance", "web"])
def test_every_package_says_what_it_is_for(package: str) -> None:
    opening = (REPOSITORY / package / "__init__.py").read_text(encoding="utf-8")
    assert opening.startswith('"""')
