"""Pages that bring in what was decided before: choose a file, say what its columns mean, try it, import it, and go on to what it means."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any, Final

from flask import Response, current_app, request, stream_with_context, url_for

from governance.errors import AnswerableError, FieldProblem, InvalidInput, NotFound
from governance.identities.queries import names_of
from governance.imports import service
from governance.imports.fields import Misfit, MisfitCode
from governance.imports.service import ImportedBefore
from governance.imports.states import Form as FileForm
from governance.imports.states import Kind, RunStatus
from governance.imports.views import Offered, RunView
from governance.permissions import Permission
from policies.document import Policy
from web import authentication, uploads
from web.console import forms
from web.console.shell import blueprint, go, render, tell
from web.console.speech import gettext as _
from web.console.speech import language, ngettext
from web.console.times import moment, moment_or_none
from web.console.views.imports import (
    ColumnRow,
    FieldGroup,
    ImportPage,
    ImportRow,
    ImportsPage,
    RefusedRow,
)
from web.console.views.shell import Choice, Form
from web.downloads import attachment
from web.security import requires

_OF_A_PAGE: Final = 100
#: Refused lines that the page shows; the file has all.
_SHOWN: Final = 20
_BLANKS: Final = re.compile(r"[\s.]+")
_LONGEST_KEPT: Final = 60
_MEGABYTES: Final = service.MOST_BYTES // 1_000_000


@blueprint.url_value_preprocessor
def _take_large_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Let whoever may import send a file, before anything reads the form."""
    if endpoint == "console.upload_import" and request.method == "POST":
        try:
            authentication.actor().require(Permission.IMPORTS_RUN)
        except AnswerableError:
            return
        uploads.expect(service.MOST_BYTES)


@blueprint.get("/imports")
@requires(Permission.IMPORTS_RUN)
def imports() -> Response:
    """Show what was imported, and a form for a file."""
    return _overview(Form(values={"kind": Kind.DECISIONS.value}))


@blueprint.post("/imports")
@requires(Permission.IMPORTS_RUN)
def upload_import() -> Response:
    """Take a file in, and go on to what its columns mean."""
    kind, point = forms.text("kind"), forms.text("point")
    try:
        name, pieces = uploads.pieces_of("file")
        if not name:
            raise _misfit("file", _("Choose a file."))
        if kind not in set(Kind):
            raise _misfit("kind", _("Say what the file holds."))
        if not point:
            raise _misfit("point", _("Choose the decision point."))
        run = service.take_in(
            authentication.installation(),
            authentication.actor(),
            kind=Kind(kind),
            point=point,
            file_name=name,
            chunks=pieces,
        )
    except (InvalidInput, NotFound) as error:
        return _overview(_told_again(error), status=422)
    return go("import_run", import_id=run.id)


@blueprint.get("/imports/<import_id>")
@requires(Permission.IMPORTS_RUN)
def import_run(import_id: str) -> Response:
    """Show an import at whatever stage it is."""
    return _stage(import_id)


@blueprint.post("/imports/<import_id>/columns")
@requires(Permission.IMPORTS_RUN)
def try_import(import_id: str) -> Response:
    """Keep what the columns were said to mean, and have the file tried."""
    answerable, actor = authentication.installation(), authentication.actor()
    seen = service.offered(answerable, actor, import_id)
    said = {
        column.name: forms.text(f"column-{at}")
        for at, column in enumerate(seen.understanding.columns)
        if column.name and f"column-{at}" in request.form
    }
    try:
        service.try_out(answerable, actor, import_id, said or None)
    except InvalidInput:
        return _stage(import_id, asks=True, status=422)
    return go("import_run", import_id=import_id)


@blueprint.post("/imports/<import_id>/start")
@requires(Permission.IMPORTS_RUN)
def start_import(import_id: str) -> Response:
    """Have the file imported."""
    try:
        run = service.start(
            authentication.installation(),
            authentication.actor(),
            import_id,
            again=forms.flag("again"),
        )
    except ImportedBefore:
        return _stage(import_id, twin=True, status=409)
    except InvalidInput:
        return _stage(import_id, asks=True, status=422)
    if run.id != import_id and run.status is RunStatus.DONE:
        tell(
            "info",
            _("This file was imported before, so there is nothing new in it."),
            _("Here is what it came to."),
        )
    elif run.id != import_id:
        tell("info", _("This file was begun before. It goes on with what was not taken yet."))
    return go("import_run", import_id=run.id)


@blueprint.post("/imports/<import_id>/discard")
@requires(Permission.IMPORTS_RUN)
def discard_import(import_id: str) -> Response:
    """Forget a file that was not imported, or stop while it is."""
    with authentication.installation().work(authentication.actor()) as work:
        run = service.get(work, import_id)
        service.discard(work, import_id)
    if run.status is RunStatus.OPEN or run.trial:
        tell("good", _("%(file)s was forgotten. Nothing of it was stored.", file=run.file_name))
        return go("imports")
    tell("good", _("The import was stopped."))
    return go("import_run", import_id=import_id)


@blueprint.get("/imports/<import_id>/refused.csv")
@requires(Permission.IMPORTS_RUN)
def refused_lines(import_id: str) -> Response:
    """Give all refused lines of an import as a file."""
    found = service.every_refused(authentication.installation(), authentication.actor(), import_id)

    def lines() -> Iterator[str]:
        # Excel reads UTF-8 where a file begins with this mark.
        yield "\ufeffline,problem\r\n"
        for one in found:
            written = io.StringIO()
            csv.writer(written).writerow((one.line, one.problem))
            yield written.getvalue()

    return attachment(
        stream_with_context(lines()), "text/csv; charset=utf-8", f"refused-{import_id}.csv"
    )


# ------------------------------------------------------------------------------------ the overview


def _overview(form: Form, *, status: int = 200) -> Response:
    actor = authentication.actor()
    with authentication.installation().look(actor) as work:
        runs = service.list_runs(work, limit=_OF_A_PAGE)
        names = names_of(work.session, [run.started_by for run in runs])
        live = work.configuration.live
        rows = tuple(_row(run, names, _title(run, live)) for run in runs)
        points = tuple(
            Choice(value=point, label=found.policy.title.in_(language()))
            for point, found in sorted(live.items())
        )
    page = ImportsPage(
        rows=rows,
        kinds=tuple(_kinds(may_record=actor.may(Permission.GROUPS_RECORD))),
        points=points,
        most=_MEGABYTES,
        facts=_required(next(iter(live.values())).policy) if len(live) == 1 else (),
        policies=url_for("console.policies"),
        form=form,
    )
    return render("imports", page, current="imports", status=status)


def _required(policy: Policy) -> tuple[str, ...]:
    return tuple(one.label.in_(language()) for one in policy.features.values() if one.required)


def _kinds(*, may_record: bool) -> Iterator[Choice]:
    yield Choice(
        value=Kind.DECISIONS,
        label=_("Past decisions"),
        hint=_("What was decided, when, and on what facts."),
    )
    yield Choice(
        value=Kind.GROUND_TRUTH,
        label=_("What turned out right"),
        hint=_("For decisions that are here already."),
    )
    if may_record:
        yield Choice(
            value=Kind.GROUPS,
            label=_("Group attributes"),
            hint=_("Kept apart from everything else; they leave only as counts."),
        )


def _told_again(error: AnswerableError) -> Form:
    form = forms.told_again(error)
    if form.error:
        # What is wrong with a file is said beside it.
        return Form(values=form.values, errors={"file": form.error})
    return form


def _misfit(name: str, detail: str) -> InvalidInput:
    return InvalidInput(detail, [FieldProblem(pointer=f"/{name}", detail=detail)])


def _title(run: RunView, live: Any) -> str:
    found = live.get(run.point)
    return run.point if found is None else str(found.policy.title.in_(language()))


def _row(run: RunView, names: dict[str, str], title: str) -> ImportRow:
    named = names[run.started_by]
    by = _("the command line") if named == run.started_by else named
    return ImportRow(
        id=run.id,
        file=run.file_name,
        kind=_kind(run.kind),
        point=title,
        state=_state(run),
        begun=moment(run.started_at),
        by=by,
        accepted=run.accepted,
        known=run.known,
        refused=run.refused,
    )


def _kind(kind: Kind) -> str:
    return {
        Kind.DECISIONS: _("Past decisions"),
        Kind.GROUND_TRUTH: _("What turned out right"),
        Kind.GROUPS: _("Group attributes"),
    }[kind]


def _state(run: RunView) -> str:
    if run.status is RunStatus.OPEN:
        return "columns"
    if run.status is RunStatus.DONE and run.trial:
        return "tried"
    return run.status.value


# --------------------------------------------------------------------------------------- one import


def _stage(
    import_id: str, *, asks: bool = False, twin: bool = False, status: int = 200
) -> Response:
    answerable, actor = authentication.installation(), authentication.actor()
    with answerable.look(actor) as work:
        run = service.get(work, import_id)
        names = names_of(work.session, [run.started_by])
        configuration = work.configuration
        title = _title(run, configuration.live)
        waiting = service.being_counted(work) if run.status is RunStatus.DONE else 0
    row = _row(run, names, title)
    settled = row.state in ("columns", "tried")
    seen = service.offered(answerable, actor, import_id) if run.here and settled else None
    live = configuration.live.get(run.point)
    policy = None if live is None else live.policy
    refused = (
        service.refused(answerable, actor, import_id, limit=_SHOWN)
        if run.listed and row.state not in ("waiting", "running")
        else []
    )
    page = ImportPage(
        row=row,
        point=title,
        columns=() if seen is None else tuple(_column(seen, at) for at in range(_count(seen))),
        meanings=() if seen is None or policy is None else tuple(_meanings(seen, policy)),
        asks=asks or row.state == "columns",
        problems=()
        if seen is None or policy is None
        else tuple(_said(one, policy, run.kind) for one in seen.understanding.problems),
        lines=run.lines,
        done=run.done,
        percent=min(100, run.done * 100 // run.lines) if run.lines else 0,
        refused=tuple(RefusedRow(line=one.line, problem=one.problem) for one in refused),
        listed=run.listed,
        here=run.here,
        trial=run.trial,
        known_by_reference="reference" in run.columns.values()
        or (run.form is FileForm.NDJSON and run.kind is Kind.DECISIONS),
        problem=run.problem or "",
        twin=twin,
        zone=configuration.time_zone,
        report=_report(run.point),
        waits=waiting > 0,
        finished=moment_or_none(run.finished_at),
    )
    return render("import", page, current="imports", status=status)


def _report(point: str) -> str:
    """Return where the figures of a decision point are, empty for somebody who may not see them."""
    if not authentication.actor().may(Permission.REPORTS_READ):
        return ""
    if "console.fairness" not in current_app.view_functions:
        return ""
    return url_for("console.fairness", point=point)


def _count(seen: Offered) -> int:
    return len(seen.understanding.columns)


def _column(seen: Offered, at: int) -> ColumnRow:
    column = seen.understanding.columns[at]
    hidden = {field.name for field in seen.fields if field.secret}
    return ColumnRow(
        field=f"column-{at}",
        name=column.name,
        chosen=column.field,
        keep=f"metadata.{_BLANKS.sub('_', column.name)[:_LONGEST_KEPT]}"
        if seen.run.kind is Kind.DECISIONS
        else "",
        samples=seen.samples[at],
        hidden=column.field in hidden,
    )


def _meanings(seen: Offered, policy: Policy) -> Iterator[FieldGroup]:
    """Yield what columns may mean, in groups; what every line needs comes first."""
    needed = [one for one in seen.fields if one.required]
    facts = [one for one in seen.fields if one.name.startswith("features.") and not one.required]
    secret = [one for one in seen.fields if one.secret and not one.required]
    others = [one for one in seen.fields if one not in [*needed, *facts, *secret]]
    for title, found in (
        (_("Every line needs"), needed),
        (_("Facts"), facts),
        (_("Group attributes"), secret),
        (_("Also known"), others),
    ):
        if found:
            yield FieldGroup(
                title=title,
                choices=tuple(
                    Choice(value=one.name, label=_meaning(one.name, policy, seen.run.kind))
                    for one in found
                ),
            )


def _meaning(name: str, policy: Policy, kind: Kind) -> str:
    prefix, _dot, last = name.rpartition(".")
    if prefix == "features":
        return policy.features[last].label.in_(language())
    if prefix in ("groups", "subject.groups"):
        return _("%(name)s (group attribute)", name=last)
    if name == "outcome" and kind is Kind.GROUND_TRUTH:
        return _("What would have been right")
    return {
        "outcome": _("What was decided"),
        "occurred_at": _("When it was decided"),
        "reference": _("Your reference of the decision"),
        "subject.ref": _("Who it is about (customer number)"),
        "subject": _("Who it is about (customer number)"),
        "proposal.outcome": _("What the machine proposed"),
        "proposal.confidence": _("How sure the machine was, 0 to 1"),
        "verdict": _("What a person said of it"),
        "ground_truth": _("What turned out right"),
        "language": _("Language"),
        "channel": _("Channel"),
        "sequence": _("Counter"),
        "person_requested": _("Whether a person was asked for"),
        "decision_id": _("Answerable's number of the decision"),
        "never": _("Whether nobody will ever know"),
        "known_at": _("Since when it is known"),
    }.get(name, name)


def _said(misfit: Misfit, policy: Policy, kind: Kind) -> str:
    names = ", ".join(
        _("“%(words)s”", words=_meaning(name, policy, kind)) for name in misfit.fields
    )
    count = len(misfit.fields)
    match misfit.code:
        case MisfitCode.MEANT_TWICE:
            return _("Several columns are said to mean the same: %(names)s.", names=names)
        case MisfitCode.MISSING:
            return ngettext(
                "Every line needs %(names)s, and no column gives it.",
                "Every line needs %(names)s, and no columns give them.",
                count,
                names=names,
            )
        case MisfitCode.CONFIDENCE_ALONE:
            return _("A column says how sure the machine was, and none what it proposed.")
        case MisfitCode.NO_DECISION:
            return _("No column says which decision a line is about.")
        case MisfitCode.NO_TRUTH:
            return _("No column says what turned out right.")
        case MisfitCode.NO_GROUPS_DECLARED:
            return _("The policy of this decision point declares no group attributes.")
    return _("No column gives a group attribute. The policy declares: %(names)s.", names=names)
