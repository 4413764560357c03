"""The status page: each part of the service, and what to do about one that fails."""

from __future__ import annotations

import platform
from importlib.metadata import version

from flask import Response

from governance.operations import status as operations
from governance.operations.status import Part
from governance.permissions import Permission
from web import authentication
from web.console.sentences import spoken
from web.console.shell import blueprint, render
from web.console.speech import gettext as _
from web.console.times import moment, moment_or_none, now
from web.console.views.trust import PartRow, StatusPage
from web.security import requires


@blueprint.get("/status")
@requires(Permission.STATUS_READ)
def status() -> Response:
    """Show how each part is."""
    answerable = authentication.installation()
    titles = part_titles()
    parts = tuple(
        PartRow(
            name=one.part,
            title=titles[one.part],
            state=one.state,
            detail=spoken(one.detail),
            since=moment_or_none(one.since),
            todo=spoken(one.todo),
        )
        for one in operations.status(answerable, authentication.actor())
    )
    about = (
        (_("Python"), platform.python_version()),
        (_("Database"), "SQLite" if answerable.database.is_sqlite else "PostgreSQL"),
        (_("Address"), answerable.settings.public_url),
    )
    page = StatusPage(
        parts=parts, checked=moment(now()), version=version("answerable"), about=about
    )
    return render("status", page, current="status")


def part_titles() -> dict[str, str]:
    """Return what each part is called."""
    return {
        Part.DATABASE: _("Database"),
        Part.SCHEMA: _("Schema"),
        Part.DISK: _("Disk"),
        Part.CLOCK: _("Clock"),
        Part.WORKER: _("Background work"),
        Part.SEQUENCER: _("Sequencer of the log"),
        Part.CHECKPOINT: _("Checkpoints of the log"),
        Part.HIGH_WATER: _("High-water mark of the log"),
        Part.MIRROR: _("Copy of the log as files"),
        Part.WITNESSES: _("Witnesses of the log"),
        Part.ANCHORS: _("Anchors of the log"),
        Part.RECEIPTS: _("Receipts"),
        Part.VERIFICATION: _("Checks of the log"),
        Part.LOG_EXPORTS: _("Exports of the log"),
        Part.OVERDUE: _("Overdue cases"),
        Part.NOTICES: _("Notices to people"),
        Part.MAIL: _("Mail"),
        Part.WEBHOOKS: _("Webhooks"),
        Part.COUNTS: _("Counts by group"),
        Part.RECONCILIATION: _("Comparison of the counts"),
        Part.MONITORS: _("Monitors"),
        Part.OVERSIGHT: _("Figures of oversight"),
        Part.REPORTS: _("Reports"),
        Part.IMPORTS: _("Imports"),
        Part.RETENTION: _("Retention"),
        Part.KEKS: _("Key-encryption key"),
        Part.ERASING: _("Erasures"),
        Part.CLEANING: _("Tidying up"),
    }
