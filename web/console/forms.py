"""What was typed into a form: read, and told again with what was wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from flask import request

from governance.errors import AnswerableError, FieldProblem, InvalidInput
from governance.subjects.files import MOST_BYTES, MOST_FILES
from web.console.speech import gettext as _
from web.console.times import day_begins, in_zone
from web.console.views.shell import Form

#: What no form gives back: nobody wants a password to stand in a page.
_NEVER_TOLD_AGAIN = frozenset({"csrf_token", "current", "password", "again", "code", "file"})


def text(name: str) -> str:
    """Return what was typed into a field, without blanks around it."""
    return request.form.get(name, "").strip()


def ticked(name: str) -> list[str]:
    """Return which boxes of a name were ticked, each once."""
    return list(dict.fromkeys(request.form.getlist(name)))


def flag(name: str) -> bool:
    """Tell whether a single box was ticked."""
    return name in request.form


def end_of_day(name: str) -> datetime | None:
    """Return the end of the day that a date field names, in the person's zone; None where it is empty.

    Raises:
        InvalidInput: it is no date.
    """
    said = text(name)
    if not said:
        return None
    begins = day_begins(said, after=1)
    if begins is None:
        detail = _("Give a date like 2027-03-01.")
        raise InvalidInput(detail, [FieldProblem(pointer=f"/{name}", detail=detail)])
    return begins


def files_misfit() -> str:
    """Say which files can be sent, where some could not."""
    return _(
        "At most %(files)s files of up to %(megabytes)s MB each: PDF, PNG, JPEG or plain text. Choose them again.",
        files=MOST_FILES,
        megabytes=MOST_BYTES // 1_000_000,
    )


def last_day(instant: datetime | None) -> str:
    """Return the last whole day before an instant, as a date field takes it; empty where there is none."""
    if instant is None:
        return ""
    return f"{in_zone(instant) - timedelta(microseconds=1):%Y-%m-%d}"


def typed(*lists: str) -> dict[str, object]:
    """Return everything that was typed, to fill the form again; ``lists`` are rows of ticks."""
    values: dict[str, object] = {
        name: value for name, value in request.form.items() if name not in _NEVER_TOLD_AGAIN
    }
    return values | {name: ticked(name) for name in lists}


def told_again(
    error: AnswerableError, *lists: str, fields: Mapping[str, str] | None = None
) -> Form:
    """Return the form as it was typed, with what was wrong beside its fields.

    ``fields`` says under which name the form has what the error names otherwise.
    """
    problems = error.problems if isinstance(error, InvalidInput) else ()
    by_field: dict[str, str] = {}
    for problem in problems:
        name = problem.pointer.removeprefix("/").partition("/")[0]
        by_field.setdefault((fields or {}).get(name, name), problem.detail)
    if not by_field or "" in by_field:
        return Form(values=typed(*lists), error=error.detail)
    return Form(values=typed(*lists), errors=by_field)
