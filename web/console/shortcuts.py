"""What single keys do, as a page for whoever has no scripts or wants to read it at leisure."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response

from governance.permissions import Permission
from web.console.shell import blueprint, keys_act, render
from web.console.speech import gettext as _
from web.console.views.beside import KeyRow, ShortcutsPage
from web.security import requires


@blueprint.get("/shortcuts")
@requires(Permission.ACCOUNT_USE)
def shortcuts() -> Response:
    """Show what single keys do."""
    return render("shortcuts", ShortcutsPage(groups=tuple(_keys()), on=keys_act()))


def _keys() -> Iterator[tuple[str, tuple[KeyRow, ...]]]:
    yield (
        _("Everywhere"),
        (
            KeyRow(key="?", does=_("Show the keys of the page")),
            KeyRow(key="Z", does=_("Take the last verdict back")),
            KeyRow(key="Esc", does=_("Leave a field, or close what is open")),
        ),
    )
    yield (
        _("In the queue"),
        (
            KeyRow(key="N", does=_("Take the next case, or go back to yours")),
            KeyRow(key="J", does=_("Next in the list")),
            KeyRow(key="K", does=_("The one before in the list")),
            KeyRow(key="↵", does=_("Open it")),
        ),
    )
    yield (
        _("On a case"),
        (
            KeyRow(key="N", does=_("Take this case")),
            KeyRow(key="1", does=_("Approve")),
            KeyRow(key="2", does=_("Change")),
            KeyRow(key="3", does=_("Reject")),
            KeyRow(key="↵", does=_("Decide")),
            KeyRow(key="S", does=_("Pass it on")),
            KeyRow(key="H", does=_("Later")),
            KeyRow(key="O", does=_("Hand over")),
            KeyRow(key="Q", does=_("Ask the app")),
            KeyRow(key="E", does=_("Escalate")),
            KeyRow(key="B", does=_("Give back")),
            KeyRow(key="C", does=_("Comment")),
            KeyRow(key="R", does=_("Show what is masked")),
            KeyRow(key="L", does=_("Similar earlier cases")),
            KeyRow(key="P", does=_("What the policy says")),
            KeyRow(key="W", does=_("This automation is wrong")),
        ),
    )
