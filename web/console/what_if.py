"""From a breach to what could be done: what makes the differences, what another threshold would give, and the policy with it to try."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from flask import Response, request

from audits.fairness import whatif as thresholds
from audits.reports.blocks import Cell, Figure, Gallery, Section
from audits.reports.document import Document
from audits.reports.sections import comparing
from audits.reports.sections.view import View
from audits.reports.words import numbers
from governance.counting import reading
from governance.errors import InvalidInput
from governance.permissions import Permission
from governance.reporting import fairness as reporting
from governance.reporting import whatif as reporting_whatif
from governance.reporting.access import note_reading
from governance.work import Work
from policies.document import Policy, PolicyInvalid
from web import authentication
from web.console import kept_counts, policy_words
from web.console.fairness import document_of, misfit, view_of, window_of
from web.console.shell import blueprint, render
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.fairness import Change, Effect, WhatIfPage, Window
from web.downloads import attachment
from web.security import requires

_SELECTED: Final = "selection_rate_ratio"
_FIGURE: Final = re.compile(r"""confidence_below["']?\s*:\s*(?P<figure>[0-9.]+)""")


@blueprint.get("/reports/fairness/<point>/what-if")
@requires(Permission.REPORTS_READ)
def what_if(point: str) -> Response:
    """Show what makes the differences, and what another threshold would give."""
    with authentication.installation().look(authentication.actor()) as work:
        policy = reading.live_policy(work, point)
        try:
            window = window_of(work, policy)
            wanted = _asked_threshold()
        except InvalidInput as error:
            page = WhatIfPage(window=misfit(work, policy, error))
            return render("what_if", page, current="reports", status=422)
        page = _page(work, policy, window, wanted)
    note_reading(work.answerable, work.actor, what="report.what_if", point=point)
    return render("what_if", page, current="reports")


@blueprint.get("/reports/fairness/<point>/what-if/policy")
@requires(Permission.REPORTS_READ)
def what_if_policy(point: str) -> Response:
    """Hand over the live policy with another threshold and nothing else changed."""
    wanted = _asked_threshold()
    with authentication.installation().look(authentication.actor()) as work:
        present = reading.live_policy(work, point).review.confidence_below or 0.0
        chosen = present if wanted is None else wanted
        text = _policy_with(work, point, chosen)
    return attachment(text, "text/yaml; charset=utf-8", f"{point}-below-{chosen:g}.yaml")


def _asked_threshold() -> float | None:
    """Return the threshold that is asked for.

    Raises:
        InvalidInput: it is no number from 0 to 1.
    """
    said = request.args.get("threshold", "").strip().replace(",", ".")
    if not said:
        return None
    try:
        found = float(said)
    except ValueError:
        found = -1.0
    return reporting_whatif.checked(round(found, 6))


def _page(work: Work, policy: Policy, window: Window, wanted: float | None) -> WhatIfPage:
    counts = kept_counts.read(work, window.point, window.since, window.until).counts
    current = policy.review.confidence_below
    found = reporting.figures_of(counts, by=window.by, preset=window.preset or None)
    looked_at = thresholds.thresholds(counts, found["by"], current)
    grid = [one["threshold"] for one in looked_at["thresholds"]]
    if wanted is not None and grid and wanted not in grid:
        looked_at = thresholds.thresholds(counts, found["by"], current, sorted({*grid, wanted}))
        grid = [one["threshold"] for one in looked_at["thresholds"]]
    told = document_of(policy, counts, found, looked_at)
    section = _section(told, "whatif")
    if section is None:
        return WhatIfPage(window=window, causes=_section(told, "causes"))
    at_present = None if current is None else grid.index(current)
    chosen = grid.index(wanted) if wanted is not None else at_present or 0
    view = view_of(policy, counts, found)
    return WhatIfPage(
        window=window,
        causes=_section(told, "causes"),
        whatif=section,
        thresholds=tuple(grid),
        texts=tuple(numbers.trimmed(one, language(), 3) for one in grid),
        chosen=chosen,
        current=at_present,
        effects=(*_effects(_figure(section)), *_selected(view, looked_at["thresholds"])),
        change=_change(work, policy, grid, chosen, at_present),
        may_draft=work.actor.may(Permission.POLICIES_DRAFT),
    )


def _section(told: Document, name: str) -> Section | None:
    return next((section for section in told.sections if section.id == name), None)


def _figure(section: Section) -> Figure:
    galleries = (block for block in section.blocks if isinstance(block, Gallery))
    return next(figure for gallery in galleries for figure in gallery.figures)


def _effects(figure: Figure) -> Iterator[Effect]:
    """Take from the figure's table what each threshold gives: load, error, and who is sent to a person more often."""
    for place, column in enumerate(figure.table.header):
        if place:
            yield Effect(name=column.text, at=tuple(row[place] for row in figure.table.rows))


def _selected(view: View, looked_at: Sequence[Mapping[str, Any]]) -> Iterator[Effect]:
    """Follow the comparison of positive proposals that lies farthest from even, among what the machine would decide alone."""
    found = [
        one
        for one in view.comparisons("proposal")
        if one["metric"] == _SELECTED and one["value"] is not None and len(one["group"]) == 1
    ]
    firm = [one for one in found if one["enough"]] or found
    if not firm:
        return
    wanted = max(firm, key=comparing.distance)
    cells = []
    for threshold in looked_at:
        alike = [one for one in threshold["comparisons"] if _same(one, wanted)]
        one: Mapping[str, Any] = alike[0] if alike else {}
        if one.get("value") is None:
            cells.append(Cell(text=numbers.DASH))
            continue
        value, bounds = comparing.value_text(view, one), comparing.interval_text(view, one)
        cells.append(Cell(text=value, small=bounds))
    name = _(
        "%(positive)s without a person: how many times as often for %(group)s as for %(reference)s",
        positive=view.words.positives(),
        group=view.label(wanted),
        reference=view.words.group(wanted["reference"]),
    )
    judged = wanted.get("tolerance") is not None
    limit = _("tolerated: %(limit)s", limit=comparing.tolerated_text(view, wanted))
    yield Effect(name=name, at=tuple(cells), tolerated=limit if judged else "")


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one[name] == other[name] for name in ("metric", "group", "reference"))


def _policy_with(work: Work, point: str, threshold: float) -> str:
    """Return the live policy's text with another threshold.

    Raises:
        InvalidInput: the text cannot say it, or would say something else too.
    """
    try:
        return reporting_whatif.policy_with(work, point, threshold)
    except PolicyInvalid as error:
        raise InvalidInput(str(error)) from error


def _change(
    work: Work, policy: Policy, grid: Sequence[float], chosen: int, current: int | None
) -> Change | None:
    """Show what the chosen threshold changes in the policy's text; None where it cannot be changed by itself.

    Where the present one is chosen, another stands in for what may be chosen next.
    """
    place = chosen if chosen != current else next(at for at in range(len(grid)) if at != current)
    try:
        after = _policy_with(work, policy.decision_point, grid[place]).splitlines()
    except InvalidInput:
        return None
    new, gone = policy_words.difference(policy.text.splitlines(), after)
    for number in new:
        line = after[number - 1]
        found = _FIGURE.search(line)
        if found is not None:
            begin, end = found.span("figure")
            return Change(
                gone=gone,
                line=number,
                before=line[:begin],
                figure=line[begin:end],
                behind=line[end:],
            )
    return None
