"""What stands beside a case: earlier decisions, similar cases, the chat, and how often such proposals are wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, Final

from babel.dates import format_skeleton
from flask import Response, url_for

from governance.clock import parse_rfc3339
from governance.decisions.masking import PACKET
from governance.decisions.views import DecisionView
from governance.permissions import Permission
from governance.reviews import beside
from governance.reviews.beside import DecidedBy, EarlierDecision, Objection, WrongLikeThis
from governance.reviews.purposes import APPEAL
from governance.reviews.views import CaseView
from governance.work import Work
from policies.document import Policy
from policies.texts import fact_label, shown
from web import authentication
from web.console import telling, times
from web.console.shell import blueprint, render
from web.console.speech import gettext as _
from web.console.speech import language
from web.console.views.beside import (
    Beside,
    ChatView,
    DifferenceRow,
    EarlierRow,
    SimilarPage,
    SimilarRow,
    TurnRow,
)
from web.console.views.shell import Moment
from web.security import requires

#: From this rate on "1 in N" says less than so many in a hundred.
_OFTEN: Final = 0.4


@blueprint.get("/cases/<case_id>/similar")
@requires(Permission.CASES_READ)
def similar(case_id: str) -> Response:
    """Show the decided cases that are most like a case."""
    with authentication.installation().look(authentication.actor()) as work:
        found = beside.similar(work, case_id)
        policy = found.policy
        page = SimilarPage(
            case_id=case_id,
            point=policy.title.in_(language()),
            looked_through=found.looked_through,
            rows=tuple(
                SimilarRow(
                    outcome=telling.outcome_label(policy, one.outcome),
                    at=times.moment(one.decided_at),
                    truth=telling.outcome_label(policy, one.truth),
                    right=one.truth == one.outcome,
                    differs=tuple(
                        DifferenceRow(
                            label=fact_label(each.feature, policy, language()),
                            here=_value(policy, each.feature, each.here),
                            there=_value(policy, each.feature, each.there),
                        )
                        for each in one.differs
                    ),
                )
                for one in found.cases
            ),
        )
    return render("similar", page, current="queue")


def of_case(work: Work, view: CaseView) -> Beside:
    """Return what stands beside a case for whoever reads it."""
    actor = authentication.actor()
    appeal = view.purpose == APPEAL
    counted = None if appeal else beside.wrong_like_this(work, view.id)
    return Beside(
        earlier=tuple(_earlier(one, leads=not appeal) for one in beside.earlier(work, view.id)),
        wrong="" if counted is None else _wrong(counted),
        warnings=() if counted is None else tuple(_warnings(counted)),
        chat=chat_of(view.decision, view.policy),
        may_doubt=actor.may(Permission.CASES_DECIDE),
        stop_href=url_for("console.hold", point=view.point)
        if actor.may(Permission.HOLDS_SET)
        else "",
    )


def _earlier(one: EarlierDecision, *, leads: bool) -> EarlierRow:
    by = {
        DecidedBy.SOFTWARE: _("by software"),
        DecidedBy.PERSON: _("by a person"),
        DecidedBy.CLOCK: _("by the clock, as nobody decided in time"),
    }
    objections = {
        Objection.OPEN: _("objected to, not answered yet"),
        Objection.UPHELD: _("objected to, and upheld"),
        Objection.DISMISSED: _("objected to, and dismissed"),
        Objection.WITHDRAWN: _("objected to, and taken back"),
    }
    open_still = _("withdrawn") if one.status == "withdrawn" else _("not decided yet")
    return EarlierRow(
        point=one.policy.title.in_(language()),
        outcome=telling.outcome_label(one.policy, one.outcome) or open_still,
        by="" if one.decided_by is None else by[one.decided_by],
        at=times.moment(one.at),
        objections=tuple(objections[each] for each in one.objections),
        href=url_for("console.decision", decision_id=one.id) if leads else "",
    )


def _value(policy: Policy, name: str, value: Any) -> str:
    if policy.features[name].burdening:
        return ""
    return _("not given") if value is None else shown(value, language())


# ------------------------------------------------------------------- how often such are wrong


def _wrong(counted: WrongLikeThis) -> str:
    """Say in words how often proposals like this were wrong, with how sure that is."""
    if counted.rate is None or counted.low is None or counted.high is None:
        return _(
            "Too few like this are known to say how often they are wrong: %(known)s so far, and %(needed)s are needed.",
            known=counted.known,
            needed=counted.needed,
        )
    if counted.wrong == 0:
        return _(
            "Of %(known)s like this whose outcome became known, none was wrong (at most about 1 in %(most)s).",
            known=counted.known,
            most=_one_in(counted.high),
        )
    if counted.high > _OFTEN:
        return _(
            "Of %(known)s like this whose outcome became known, about %(rate)s in 100 were wrong (%(low)s to %(high)s).",
            known=counted.known,
            rate=round(counted.rate * 100),
            low=round(counted.low * 100),
            high=round(counted.high * 100),
        )
    return _(
        "Of %(known)s like this whose outcome became known, about 1 in %(rate)s were wrong (1 in %(low)s to 1 in %(high)s).",
        known=counted.known,
        rate=_one_in(counted.rate),
        low=_one_in(counted.low),
        high=_one_in(counted.high),
    )


def _one_in(rate: float) -> int:
    return round(1 / rate)


def _warnings(counted: WrongLikeThis) -> Iterator[str]:
    if counted.until is None:
        return
    if counted.rate is not None:
        yield _("Counted up to %(day)s.", day=_day(counted.until))
    if counted.stale:
        yield _(
            "The newest of them is long past, and the software may have changed since: %(day)s.",
            day=_day(counted.until),
        )
    if counted.selective:
        yield _(
            "Hardly any of what no person looked at is among them, so they may be harder than others."
        )


def _day(written: str) -> str:
    day = datetime.combine(date.fromisoformat(written), time())
    return format_skeleton("yMMMd", day, locale=times.locale())


# ------------------------------------------------------------------------------------- the chat


def chat_of(decision: DecisionView, policy: Policy) -> ChatView | None:
    """Show what a chat handed over, None where there was none."""
    packet = decision.hand_over
    if PACKET in decision.masked:
        return ChatView(masked=True)
    if not packet or not any(packet.values()):
        return None
    burdens = any(one.burdening for one in policy.features.values())
    whole = burdens or telling.folds_all()
    turns = tuple(_turn(each, whole=whole) for each in packet.get("transcript", ()))
    words = sum(len(turn.text.split()) for turn in turns)
    return ChatView(
        words=None if whole else next((one for one in turns if one.who == "customer"), None),
        turns=turns,
        tried=tuple(packet.get("tried", ())),
        stopped_because=packet.get("stopped_because") or "",
        draft=packet.get("draft") or "",
        folded=words if whole else 0,
    )


def _turn(turn: Mapping[str, Any], *, whole: bool) -> TurnRow:
    """Show what was said; where the whole transcript is folded, its parts are not."""
    return TurnRow(
        who=turn["from"],
        text=turn["text"],
        at=_moment(turn.get("at")),
        folded=0 if whole else telling.folded(turn["text"]),
    )


def _moment(written: str | None) -> Moment | None:
    try:
        return None if written is None else times.moment(parse_rfc3339(written))
    except (ValueError, OverflowError):
        return None
