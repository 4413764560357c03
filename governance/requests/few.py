"""The setting that a business's people are few: who turns it on lets one person confirm alone later."""

from __future__ import annotations

from typing import Final

from governance.errors import Conflict
from governance.installation.service import apply, business_settings
from governance.permissions import Permission
from governance.requests import service
from governance.requests.eligible import people_who_may
from governance.requests.service import RequestView, confirmable
from governance.work import Work

KIND: Final = "settings.people_few"


def change_people_few(work: Work, *, value: bool, reason: str = "") -> RequestView | None:
    """Ask that the setting be turned on or off; None says that it was done at once.

    It is done at once while fewer than two people could confirm it.

    Raises:
        Conflict: it is as asked already, or the same is asked for.
    """
    work.require(Permission.SETTINGS_MANAGE)
    if business_settings(work.session).people_few == value:
        raise Conflict(f"The setting is {'on' if value else 'off'} already.")
    if len(people_who_may(work.session, Permission.PEOPLE_MANAGE, work.now)) < 2:
        apply(work, {"people_few": value}, bootstrap=True)
        return None
    return service.make(work, KIND, {"value": value}, reason)


@confirmable(KIND, ask=Permission.SETTINGS_MANAGE, confirm=Permission.PEOPLE_MANAGE)
def _execute(work: Work, request: RequestView) -> None:
    apply(work, {"people_few": request.details["value"]}, request=request.id)
