"""`answerable policy`: check policies, and publish them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from governance.cli import opening
from governance.cli.opening import as_json
from governance.points.checking import CheckedPolicy, check

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.group(epilog="Example: answerable policy check policies/*.yaml")
def policy() -> None:
    """Check and publish policies."""


@policy.command("check", epilog="Example: answerable policy check policies/retention-offer.yaml")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@as_json
def check_files(*, files: Sequence[Path], as_json: bool) -> None:
    """Check schema, conditions and the policy's own tests of each FILE.

    Needs no installation. Exits with 1 if any file has a problem; remarks alone are none.
    """
    found = [(str(file), check(_read(file))) for file in files]
    if as_json:
        opening.print_json([_document(name, checked) for name, checked in found])
    else:
        for name, checked in found:
            _print(name, checked)
    if not all(checked.ok for _, checked in found):
        sys.exit(1)


@policy.command(
    epilog="Example: answerable policy publish retention-offer.yaml --reason 'First version'"
)
@click.argument("file", type=_FILE)
@click.option("--reason", default="", help="Why, for the person who confirms it.")
@as_json
def publish(*, file: Path, reason: str, as_json: bool) -> None:
    """Make a draft of FILE that a second person approves.

    While the installation has no people yet, it is published at once, and logged as bootstrap.
    """
    from governance.points import service

    text = _read(file)
    checked = check(text)
    if not checked.ok:
        _print(str(file), checked, to_stderr=True)
        raise click.ClickException(f"{file} was not published; nothing was stored.")
    with opening.installation() as answerable, answerable.work(opening.actor()) as work:
        if service.has_people(work):
            view = service.draft(work, text, reason)
        else:
            view = service.bootstrap_publish(work, text)
    if as_json:
        opening.print_json(
            {
                "point": view.point,
                "version": view.version,
                "digest": view.digest,
                "state": view.state,
                "request": view.request_id,
            }
        )
    elif view.request_id is None:
        click.echo(f"Version {view.version} of {view.point} is live ({view.digest}).")
    else:
        click.echo(
            f"Version {view.version} of {view.point} is a draft ({view.digest}). "
            f"A publisher must confirm the request {view.request_id}, signed in, before it is live."
        )


def _read(file: Path) -> str:
    try:
        with click.open_file(str(file), "rb") as stream:
            text: str = stream.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{file} is not UTF-8 text (byte {error.start}).") from error
    return text


def _print(name: str, checked: CheckedPolicy, *, to_stderr: bool = False) -> None:
    for problem in checked.problems:
        where = f" ({problem.pointer})" if problem.pointer else ""
        click.echo(
            f"{name}:{problem.line}:{problem.column}: error: {problem.detail}{where}",
            err=to_stderr,
        )
    for test in checked.failed:
        click.echo(f"{name}:{test.line}: test failed: {test.name}: {test.detail}", err=to_stderr)
    for remark in checked.remarks:
        click.echo(f"{name}:{remark.line}: remark: {remark.detail} [{remark.code}]", err=to_stderr)
    if checked.ok and checked.policy is not None:
        count = len(checked.tests)
        click.echo(
            f"{name}: {checked.policy.decision_point} is fine; "
            f"{count} test{'s' if count != 1 else ''} passed ({checked.policy.digest}).",
            err=to_stderr,
        )


def _document(name: str, checked: CheckedPolicy) -> dict[str, Any]:
    return {
        "file": name,
        "ok": checked.ok,
        "decision_point": None if checked.policy is None else checked.policy.decision_point,
        "digest": None if checked.policy is None else checked.policy.digest,
        "problems": [
            {
                "line": problem.line,
                "column": problem.column,
                "pointer": problem.pointer,
                "detail": problem.detail,
            }
            for problem in checked.problems
        ],
        "tests": [
            {"name": test.name, "line": test.line, "passed": test.passed, "detail": test.detail}
            for test in checked.tests
        ],
        "remarks": [
            {"line": remark.line, "code": remark.code, "detail": remark.detail}
            for remark in checked.remarks
        ],
    }
