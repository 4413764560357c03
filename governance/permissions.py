"""Who may do what: a closed vocabulary ``subject:action`` and the roles made of it.

Kept in alphabetical order. A route names one of these, or says that it is open to nobody in particular.
"""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    """One thing that somebody may do."""

    ACCOUNT_USE = "account:use"
    APPEALS_OPEN = "appeals:open"
    ARRIVALS_REPORT = "arrivals:report"
    CASES_DECIDE = "cases:decide"
    CASES_INFORM = "cases:inform"
    CASES_READ = "cases:read"
    DECISIONS_CREATE = "decisions:create"
    DECISIONS_READ = "decisions:read"
    DECISIONS_WITHDRAW = "decisions:withdraw"
    EXPLANATIONS_AUDIT = "explanations:audit"
    EXPLANATIONS_READ = "explanations:read"
    EXPLANATIONS_REVIEW = "explanations:review"
    FEEDBACK_REPORT = "feedback:report"
    GOLD_MANAGE = "gold:manage"
    GROUPS_RECORD = "groups:record"
    HOLDS_LIFT = "holds:lift"
    HOLDS_SET = "holds:set"
    IMPORTS_RUN = "imports:run"
    INCIDENTS_HANDLE = "incidents:handle"
    INCIDENTS_READ = "incidents:read"
    KEYS_MANAGE = "keys:manage"
    LOG_READ = "log:read"
    OVERSIGHT_PEOPLE = "oversight:people"
    PEOPLE_MANAGE = "people:manage"
    POINTS_READ = "points:read"
    POLICIES_DRAFT = "policies:draft"
    POLICIES_PUBLISH = "policies:publish"
    POLICIES_READ = "policies:read"
    QUEUES_MANAGE = "queues:manage"
    REPORTS_MAKE = "reports:make"
    REPORTS_READ = "reports:read"
    REQUESTS_READ = "requests:read"
    SETTINGS_MANAGE = "settings:manage"
    STATUS_READ = "status:read"
    SUBJECTS_ASK = "subjects:ask"
    SUBJECTS_ERASE = "subjects:erase"
    SUBJECTS_EXPORT = "subjects:export"
    SUBJECTS_HOLD = "subjects:hold"
    SUBJECTS_MARK = "subjects:mark"
    SUBJECTS_READ = "subjects:read"
    TRUTH_REPORT = "truth:report"
    WEBHOOKS_MANAGE = "webhooks:manage"


DESCRIPTIONS: dict[Permission, str] = {
    Permission.ACCOUNT_USE: "Use one's own account: password, second factor, tokens, language.",
    Permission.APPEALS_OPEN: "Enter the objection of the person concerned to a decision that one may see.",
    Permission.ARRIVALS_REPORT: "Say how many decisions were asked for by an app's own count: an app its own.",
    Permission.CASES_DECIDE: "Claim and decide cases of one's queues, and what is done instead: pass on, put off, hand over, escalate, ask, comment.",
    Permission.CASES_INFORM: "Answer a question that was asked about a decision of one's own.",
    Permission.CASES_READ: "See the cases of one's queues.",
    Permission.DECISIONS_CREATE: "Ask for a decision.",
    Permission.DECISIONS_READ: "See decisions: an app its own, a manager those of its queues, an auditor all.",
    Permission.DECISIONS_WITHDRAW: "Withdraw a decision of one's own that waits for a person.",
    Permission.EXPLANATIONS_AUDIT: "Read the explanation made for auditors.",
    Permission.EXPLANATIONS_READ: "Read the explanation made for the person concerned.",
    Permission.EXPLANATIONS_REVIEW: "Read the explanation made for reviewers.",
    Permission.FEEDBACK_REPORT: "Report how the person concerned rated a decision.",
    Permission.GOLD_MANAGE: "Make known cases of resolved ones that one may read, look at them, and retire them.",
    Permission.GROUPS_RECORD: "Record group attributes of decisions into the vault, later; nobody reads them there.",
    Permission.HOLDS_LIFT: "Ask that a hold be lifted, and confirm what another asked.",
    Permission.HOLDS_SET: "Put a decision point, or all, on hold.",
    Permission.IMPORTS_RUN: "Import files of past decisions and of ground truth.",
    Permission.INCIDENTS_HANDLE: "Say what is done about an incident, and close it.",
    Permission.INCIDENTS_READ: "See monitors and incidents.",
    Permission.KEYS_MANAGE: "Make and revoke app keys.",
    Permission.LOG_READ: "Read the audit log and verify it.",
    Permission.OVERSIGHT_PEOPLE: "See the figures of each person whose work is measured, a week after that person.",
    Permission.PEOPLE_MANAGE: "Invite, change and disable people, and confirm who confirms.",
    Permission.POINTS_READ: "See what may be asked of a decision point.",
    Permission.POLICIES_DRAFT: "Write a draft of a policy.",
    Permission.POLICIES_PUBLISH: "Confirm a draft or a step back that another person asked for.",
    Permission.POLICIES_READ: "Read policies and their versions.",
    Permission.QUEUES_MANAGE: "Change queues, their working hours and their members.",
    Permission.REPORTS_MAKE: "Make and sign a report.",
    Permission.REPORTS_READ: "Read reports, which hold counts by group.",
    Permission.REQUESTS_READ: "See what waits for a second person.",
    Permission.SETTINGS_MANAGE: "Change the business's settings.",
    Permission.STATUS_READ: "See the status page.",
    Permission.SUBJECTS_ASK: "Enter what a person concerned asks for: a copy of their data, or to be erased.",
    Permission.SUBJECTS_ERASE: "Ask that a person concerned be erased, confirm what another asked, and refuse to erase.",
    Permission.SUBJECTS_EXPORT: "Make the copy of all that is held about a person concerned, and answer who asks for one.",
    Permission.SUBJECTS_HOLD: "Set a legal hold, which keeps a person concerned from being erased, and lift it.",
    Permission.SUBJECTS_MARK: "Have a person always decide about a subject, and take that back.",
    Permission.SUBJECTS_READ: "See what persons concerned ask for, and until when an answer is due.",
    Permission.TRUTH_REPORT: "Report what turned out to be right for a decision that one may see.",
    Permission.WEBHOOKS_MANAGE: "Say where apps are told what became of their decisions, look at what was delivered, and send it again.",
}


class Role(StrEnum):
    """What a person is here to do; a person may have several."""

    MANAGER = "manager"
    PUBLISHER = "publisher"
    AUDITOR = "auditor"
    ADMIN = "admin"


_EVERYBODY = frozenset(
    {
        Permission.ACCOUNT_USE,
        Permission.POINTS_READ,
        Permission.POLICIES_READ,
        Permission.STATUS_READ,
    }
)

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.MANAGER: _EVERYBODY
    | {
        Permission.APPEALS_OPEN,
        Permission.CASES_DECIDE,
        Permission.CASES_READ,
        Permission.DECISIONS_READ,
        Permission.EXPLANATIONS_READ,
        Permission.EXPLANATIONS_REVIEW,
        Permission.FEEDBACK_REPORT,
        Permission.HOLDS_LIFT,
        Permission.HOLDS_SET,
        Permission.INCIDENTS_READ,
        Permission.REQUESTS_READ,
        Permission.SUBJECTS_ASK,
        Permission.SUBJECTS_MARK,
        Permission.TRUTH_REPORT,
    },
    # Known cases are made by who answers for the policy, and by who reads all decisions and decides none.
    Role.PUBLISHER: _EVERYBODY
    | {
        Permission.GOLD_MANAGE,
        Permission.HOLDS_LIFT,
        Permission.HOLDS_SET,
        Permission.INCIDENTS_HANDLE,
        Permission.INCIDENTS_READ,
        Permission.POLICIES_DRAFT,
        Permission.POLICIES_PUBLISH,
        Permission.REPORTS_READ,
        Permission.REQUESTS_READ,
    },
    Role.AUDITOR: _EVERYBODY
    | {
        Permission.DECISIONS_READ,
        Permission.EXPLANATIONS_AUDIT,
        Permission.EXPLANATIONS_READ,
        Permission.EXPLANATIONS_REVIEW,
        Permission.GOLD_MANAGE,
        Permission.INCIDENTS_READ,
        Permission.LOG_READ,
        Permission.OVERSIGHT_PEOPLE,
        Permission.REPORTS_MAKE,
        Permission.REPORTS_READ,
        Permission.REQUESTS_READ,
        Permission.SUBJECTS_EXPORT,
        Permission.SUBJECTS_HOLD,
        Permission.SUBJECTS_READ,
    },
    Role.ADMIN: _EVERYBODY
    | {
        Permission.ARRIVALS_REPORT,
        Permission.GROUPS_RECORD,
        Permission.HOLDS_LIFT,
        Permission.HOLDS_SET,
        Permission.IMPORTS_RUN,
        Permission.INCIDENTS_HANDLE,
        Permission.INCIDENTS_READ,
        Permission.KEYS_MANAGE,
        Permission.OVERSIGHT_PEOPLE,
        Permission.PEOPLE_MANAGE,
        Permission.POLICIES_DRAFT,
        Permission.QUEUES_MANAGE,
        Permission.REPORTS_MAKE,
        Permission.REPORTS_READ,
        Permission.REQUESTS_READ,
        Permission.SETTINGS_MANAGE,
        Permission.SUBJECTS_ASK,
        Permission.SUBJECTS_ERASE,
        Permission.SUBJECTS_EXPORT,
        Permission.SUBJECTS_HOLD,
        Permission.SUBJECTS_READ,
        Permission.WEBHOOKS_MANAGE,
    },
}

#: What an app key's scope opens. An app never claims, decides, publishes, resumes or erases.
SCOPE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    "decisions:write": frozenset(
        {
            Permission.APPEALS_OPEN,
            Permission.ARRIVALS_REPORT,
            Permission.CASES_INFORM,
            Permission.DECISIONS_CREATE,
            Permission.DECISIONS_READ,
            Permission.DECISIONS_WITHDRAW,
            Permission.EXPLANATIONS_READ,
            Permission.FEEDBACK_REPORT,
            Permission.POINTS_READ,
            Permission.SUBJECTS_ASK,
            Permission.SUBJECTS_MARK,
            Permission.TRUTH_REPORT,
        }
    ),
    "decisions:read": frozenset(
        {Permission.DECISIONS_READ, Permission.EXPLANATIONS_READ, Permission.POINTS_READ}
    ),
}

#: The roles that confirm what two people must do: giving or taking one is itself a request.
CONFIRMING_ROLES = frozenset({Role.PUBLISHER, Role.ADMIN})


def of_roles(roles: frozenset[Role]) -> frozenset[Permission]:
    """Return all that these roles together permit."""
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))
