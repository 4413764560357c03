"""The documentation: generated pages are what the program says, links lead somewhere, numbers have no gaps."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from docs import generate
from policies import document

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *REPOSITORY.glob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def test_the_reference_is_what_the_program_says() -> None:
    assert generate.differences() == []


def test_a_stale_missing_or_left_over_page_is_noticed(tmp_path: Path) -> None:
    for name, make in generate.PAGES.items():
        (tmp_path / name).write_text(make(), encoding="utf-8")
    assert generate.differences(tmp_path) == []

    settings = tmp_path / "settings.md"
    settings.write_text(settings.read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    (tmp_path / "errors.md").unlink()
    (tmp_path / "old.md").write_text("", encoding="utf-8")
    found = "\n".join(generate.differences(tmp_path))
    assert "settings.md is not what" in found
    assert "errors.md is not what" in found
    assert "old.md is made by no function" in found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_every_link_leads_somewhere(path: Path) -> None:
    targets = [
        target for target in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in target
    ]
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert not missing, f"{path.name} links to what is not there: {missing}"


def test_every_page_can_be_reached_from_the_first() -> None:
    reached: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md" or not path.exists():
            continue
        reached.add(path)
        links = (
            target
            for target in LINK.findall(path.read_text(encoding="utf-8"))
            if "://" not in target
        )
        waiting += [(path.parent / target).resolve() for target in links]
    assert sorted(set(DOCS.rglob("*.md")) - reached) == []


def test_design_decisions_are_numbered_dated_and_listed() -> None:
    records = sorted((DOCS / "adr").glob("[0-9]*.md"))
    assert [int(path.name[:4]) for path in records] == list(range(1, len(records) + 1))
    listing = (DOCS / "adr" / "index.md").read_text(encoding="utf-8")
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {int(path.name[:4])}. ")
        assert re.search(
            r"^Status: (accepted|replaced by \d{4}), \d{4}-\d\d-\d\d$", text, re.MULTILINE
        )
        assert f"({path.name})" in listing


def test_the_map_of_files_is_true() -> None:
    text = (DOCS / "explanation" / "a-request-on-its-way.md").read_text(encoding="utf-8")
    named = re.findall(
        r"`((?:web|governance|policies|audits)/[\w/.]+)`", text.split("## The way")[0]
    )
    missing = [name for name in named if not (REPOSITORY / name).exists()]
    assert named
    assert not missing, f"The map names what is not there: {missing}"


def policies_in_the_docs() -> list[str]:
    block = re.compile(r"^```yaml\n(decision_point:.*?)^```", re.MULTILINE | re.DOTALL)
    return [text for path in PAGES for text in block.findall(path.read_text(encoding="utf-8"))]


def test_every_policy_in_the_docs_is_accepted() -> None:
    found = policies_in_the_docs()
    assert found
    for text in found:
        policy = document.load(text)
        assert policy.tests, f"{policy.decision_point} shows no test"


def test_the_help_of_every_command_has_an_example() -> None:
    bare = [
        name
        for name, command, context in generate.every_command()
        if not isinstance(command, click.Group) and "Example" not in command.get_help(context)
    ]
    assert not bare, f"The help of these shows no example: {bare}"
