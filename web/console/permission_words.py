"""What each permission opens, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from governance.permissions import Permission
from web.console.speech import gettext as _


def permission_words() -> Mapping[Permission, str]:
    """Return what each permission opens."""
    return {
        Permission.ACCOUNT_USE: _("use the own account"),
        Permission.APPEALS_OPEN: _("enter objections of the persons concerned"),
        Permission.ARRIVALS_REPORT: _("say how many decisions were asked for"),
        Permission.CASES_DECIDE: _("decide cases of the own queues"),
        Permission.CASES_INFORM: _("answer questions about its own decisions"),
        Permission.CASES_READ: _("see cases of the own queues"),
        Permission.DECISIONS_CREATE: _("ask for decisions"),
        Permission.DECISIONS_READ: _("see decisions"),
        Permission.DECISIONS_WITHDRAW: _("withdraw decisions that wait"),
        Permission.EXPLANATIONS_AUDIT: _("read explanations for auditors"),
        Permission.EXPLANATIONS_READ: _("read explanations for the person concerned"),
        Permission.EXPLANATIONS_REVIEW: _("read explanations for reviewers"),
        Permission.FEEDBACK_REPORT: _("report how decisions were rated"),
        Permission.GOLD_MANAGE: _("make known cases and retire them"),
        Permission.GROUPS_RECORD: _("record group attributes later"),
        Permission.HOLDS_LIFT: _("ask that holds be lifted, and confirm it"),
        Permission.HOLDS_SET: _("put decision points on hold"),
        Permission.IMPORTS_RUN: _("import files of the past"),
        Permission.INCIDENTS_HANDLE: _("say what is done about incidents, and close them"),
        Permission.INCIDENTS_READ: _("see monitors and incidents"),
        Permission.KEYS_MANAGE: _("make and revoke app keys"),
        Permission.LOG_READ: _("read the log and check it"),
        Permission.OVERSIGHT_PEOPLE: _("see the figures of each person, a week after that person"),
        Permission.PEOPLE_MANAGE: _("manage people"),
        Permission.POINTS_READ: _("see what may be asked"),
        Permission.POLICIES_DRAFT: _("write drafts of policies"),
        Permission.POLICIES_PUBLISH: _("confirm policies of others"),
        Permission.POLICIES_READ: _("read policies"),
        Permission.QUEUES_MANAGE: _("change queues and their hours"),
        Permission.REPORTS_MAKE: _("make and sign reports"),
        Permission.REPORTS_READ: _("read reports"),
        Permission.REQUESTS_READ: _("see what waits for a second person"),
        Permission.SETTINGS_MANAGE: _("change the settings"),
        Permission.STATUS_READ: _("see the status"),
        Permission.SUBJECTS_ASK: _("enter what persons concerned ask for"),
        Permission.SUBJECTS_ERASE: _("ask that persons concerned be erased, and confirm it"),
        Permission.SUBJECTS_EXPORT: _("make copies of what is held about persons concerned"),
        Permission.SUBJECTS_HOLD: _("keep persons concerned from being erased, and end that"),
        Permission.SUBJECTS_MARK: _("have a person always decide about somebody"),
        Permission.SUBJECTS_READ: _("see what persons concerned ask for"),
        Permission.TRUTH_REPORT: _("report what turned out to be right"),
        Permission.WEBHOOKS_MANAGE: _("look after webhooks"),
    }
