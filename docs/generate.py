"""Write the reference pages from the program itself, or check that they are what it would write.

Run as ``python -m docs.generate`` from the repository's root, with ``--check`` to write nothing and exit 1 where
a page is missing, stale or left over. Each page is made by one function of ``PAGES``.
"""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

REFERENCE = Path(__file__).with_name("reference")
MADE_BY = "<!-- Written by docs/generate.py; change the program, then run `make format`. -->"


def page(title: str, introduction: str, *blocks: str) -> str:
    """Return a Markdown page."""
    return "\n\n".join([MADE_BY, f"# {title}", introduction, *blocks]) + "\n"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


def first_sentence(docstring: str | None) -> str:
    """Return a docstring's first paragraph on one line.

    Raises:
        ValueError: there is none.
    """
    if not docstring:
        raise ValueError("a documented class has no docstring; give it one")
    return " ".join(docstring.strip().split("\n\n")[0].split())


def as_json(document: Mapping[str, Any]) -> str:
    """Return a document as it is checked in."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


# ---------------------------------------------------------------------------------- the pages


def settings() -> str:
    from governance.settings import Settings

    rows = []
    for field in fields(Settings):
        default = "" if field.default is None else f"`{field.default}`"
        rows.append(
            [
                f"`{field.name}`",
                f"`ANSWERABLE_{field.name.upper()}`",
                default,
                field.metadata["help"] + (" Secret." if field.metadata["secret"] else ""),
            ]
        )
    return page(
        "Settings",
        "Settings of one process come from `answerable.toml` in the home folder and from variables of the environment; "
        "a variable wins. All mistakes are reported at once. What people of the business may change stands on the "
        "settings page instead.",
        table(["In answerable.toml", "Variable", "Default", "What it does"], rows),
    )


def permissions() -> str:
    from governance.permissions import (
        DESCRIPTIONS,
        ROLE_PERMISSIONS,
        SCOPE_PERMISSIONS,
        Permission,
        Role,
    )

    def marks(permission: Permission) -> list[str]:
        return ["yes" if permission in ROLE_PERMISSIONS[role] else "" for role in Role]

    return page(
        "Permissions and roles",
        "A route names the permission it needs, as `subject:action`, or says that it is open to nobody in particular. "
        "A person has the permissions of all their roles, an app those of its key's scopes.",
        "## Roles",
        table(
            ["Permission", "Opens", *(role.value for role in Role)],
            [[f"`{each}`", DESCRIPTIONS[each], *marks(each)] for each in Permission],
        ),
        "## Scopes of app keys",
        table(
            ["Scope", "Permissions"],
            [
                [f"`{scope}`", ", ".join(f"`{each}`" for each in sorted(opened))]
                for scope, opened in SCOPE_PERMISSIONS.items()
            ],
        ),
    )


def errors() -> str:
    from governance.errors import AnswerableError
    from web import problems

    # Importing the whole API makes every kind of error known.
    from web.api import openapi  # noqa: F401

    known = sorted(
        {
            error.code: (error, told.status)
            for error, told in reversed(problems.kinds().items())
            if error is not AnswerableError
        }.items()
    )
    return page(
        "Errors",
        "The API answers a failure with a problem document (RFC 9457, `application/problem+json`). Its `type` ends in one "
        "of these codes, its `detail` says what was wrong, what was expected and what to do, and `errors` points at each "
        "mistaken field.",
        table(
            ["Code", "Status", "Meaning"],
            [
                [f"`{code}`", str(status), first_sentence(error.__doc__)]
                for code, (error, status) in known
            ],
        ),
    )


def entry_kinds() -> str:
    from audits.log.entries import EntryKind, describe

    return page(
        "Kinds of log entries",
        "Each act on Answerable writes one entry, in the transaction of the act. An entry holds codes, ids and numbers; "
        "what was said stands in encrypted payloads, to which the entry commits.",
        table(
            ["Kind", "What happened", "Written by"],
            [[f"`{kind}`", describe(kind).what, describe(kind).written_by] for kind in EntryKind],
        ),
    )


def policy_schema() -> str:
    from policies.schema import json_schema

    return as_json(json_schema())


def every_command() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield each command with its whole name, groups before what they hold."""
    from governance.cli import answerable

    def below(
        command: click.Command, name: str, parent: click.Context | None
    ) -> Iterator[tuple[str, click.Command, click.Context]]:
        # The width is fixed, so that the page does not depend on the terminal it was made in.
        context = click.Context(
            command, info_name=name, parent=parent, terminal_width=100, max_content_width=100
        )
        yield context.command_path, command, context
        if isinstance(command, click.Group):
            for each in command.list_commands(context):
                found = command.get_command(context, each)
                assert found is not None
                yield from below(found, each, context)

    yield from below(answerable, "answerable", None)


def commands() -> str:
    return page(
        "Commands",
        "What `--help` says of every command. A command exits with 0 when it did what was asked, and otherwise says in one "
        "sentence what is wrong.",
        *(
            f"## {name}\n\n```text\n{command.get_help(context).strip()}\n```"
            for name, command, context in every_command()
        ),
    )


def openapi() -> str:
    """Return what a running service says of itself at /api/openapi.json."""
    from web.api.openapi import described

    return as_json(described())


PAGES: dict[str, Callable[[], str]] = {
    "entry-kinds.md": entry_kinds,
    "errors.md": errors,
    "permissions.md": permissions,
    "policy.schema.json": policy_schema,
    "settings.md": settings,
    "commands.md": commands,
    "openapi.json": openapi,
}


# -------------------------------------------------------------------------- writing and checking


def differences(folder: Path = REFERENCE) -> list[str]:
    """Return a sentence and a diff for each page that is not what the program would write."""
    found = []
    for name, make in PAGES.items():
        path = folder / name
        expected = make()
        present = path.read_text(encoding="utf-8") if path.exists() else ""
        if present != expected:
            diff = difflib.unified_diff(
                present.splitlines(),
                expected.splitlines(),
                str(path),
                "as generated",
                lineterm="",
                n=1,
            )
            found.append(
                "\n".join([f"{path} is not what the program says; run `make format`.", *diff])
            )
    found += [
        f"{path} is made by no function of docs/generate.py; delete it."
        for path in sorted(folder.iterdir())
        if path.name not in PAGES
    ]
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or with ``--check`` compare them."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 on a difference"
    )
    if parser.parse_args(arguments).check:
        found = differences()
        print("\n\n".join(found) or f"{len(PAGES)} reference pages are up to date.")
        return 1 if found else 0
    REFERENCE.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (REFERENCE / name).write_text(make(), encoding="utf-8")
    print(f"Wrote {len(PAGES)} reference pages to {REFERENCE}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
