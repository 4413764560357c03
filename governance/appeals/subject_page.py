"""What the person concerned is told on their page, and what they may do there; the link stands for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from governance.actors import Actor, service
from governance.appeals import people_only
from governance.appeals import service as appeals
from governance.appeals.people_only import Marked
from governance.appeals.views import Standing
from governance.application import Answerable
from governance.decisions import service as decisions
from governance.decisions import subject_links
from governance.decisions.subject_links import SubjectLink
from governance.decisions.views import DecisionView
from governance.errors import NotFound
from governance.explanations import service as explanations
from governance.installation.service import business_settings
from governance.permissions import Permission
from governance.points import queries as points
from governance.work import Work
from policies.document import Policy
from policies.explanations import Explanation

#: All that the link lets somebody do; the log names them as this part of the service, for nobody knows who they are.
_MAY = frozenset(
    {
        Permission.APPEALS_OPEN,
        Permission.DECISIONS_READ,
        Permission.EXPLANATIONS_READ,
        Permission.SUBJECTS_ASK,
        Permission.SUBJECTS_MARK,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectPage:
    """All that the page shows. ``marked`` is None where nobody knows whom the decision is about, ``keep`` where its content is kept for good."""

    business: str
    time_zone: str
    decision: DecisionView
    policy: Policy
    explanation: Explanation
    standing: Standing
    marked: Marked | None
    keep: timedelta | None


def actor() -> Actor:
    """Return the person concerned as an actor."""
    return replace(service("portal"), permissions=_MAY)


def link_of(answerable: Answerable, token: str) -> SubjectLink | None:
    """Return what a link says, also one that has ended; None where it is none of ours."""
    return subject_links.read(answerable.keyring, token)


def business_name(work: Work) -> str:
    """Return the name of the business, for pages that show nothing else."""
    return business_settings(work.session).business_name


def read(work: Work, decision_id: str, *, language: str | None) -> SubjectPage:
    """Return the page of the person concerned, in a language (None: the decision's, where it has one of ours).

    What came in the place of a decision shows the page of the one that was asked for.

    Raises:
        NotFound: there is no such decision.
    """
    standing = appeals.standing(work, decision_id)
    view = decisions.get(work, standing.decision_id)
    business = business_settings(work.session)
    live = work.configuration.live.get(view.point)
    marked = None
    if view.subject_ref is not None:
        marked = people_only.state_of(work, view.subject_ref)
    return SubjectPage(
        business=business.business_name,
        time_zone=work.configuration.time_zone,
        decision=view,
        policy=points.engine_of(work, view.point, view.policy_version).policy,
        explanation=explanations.explain(
            work, standing.decision_id, language=language or view.language or "en"
        ),
        standing=standing,
        marked=marked,
        keep=None if live is None else live.policy.keep,
    )


def is_people_only(work: Work, decision_id: str) -> bool | None:
    """Return whether a person always decides about whom a decision is about, None where nobody knows whom, or may not be told.

    Raises:
        NotFound: there is no such decision for the actor.
    """
    if not work.actor.may(Permission.SUBJECTS_MARK):
        return None
    reference = appeals.subject_of(work, decision_id)
    return None if reference is None else people_only.state_of(work, reference).people_only


def set_people_only(work: Work, decision_id: str, *, wanted: bool) -> None:
    """Have a person always decide about whom a decision is about, or lift that.

    Raises:
        NotFound: there is no such decision, or nobody knows whom it is about.
        NotAllowed: as ``people_only.lift``.
    """
    reference = appeals.subject_of(work, decision_id)
    if reference is None:
        raise NotFound("Nobody knows whom this decision is about.")
    change = people_only.mark if wanted else people_only.lift
    change(work, reference, decision_id=decision_id)
