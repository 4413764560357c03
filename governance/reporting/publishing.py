"""A signed report as it may be published: what would tell of a handful of people is hidden, and so are the counts behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from audits.fairness.suppression import DEFAULT_K, suppressed
from governance.errors import FieldProblem, InvalidInput
from governance.keyring import Keyring
from governance.reporting import signing
from governance.reporting.making import MadeReport

#: Counts of fewer people than this are hidden where nothing else is asked for, and what may be asked for.
HIDE_BELOW: Final = DEFAULT_K
MOST: Final = 1000


def published(made: MadeReport, keyring: Keyring, origin: str, hide_below: int) -> MadeReport:
    """Return a signed report without what tells of fewer people than ``hide_below``; it says what it was made from, and is signed too.

    Raises:
        InvalidInput: ``hide_below`` is not from 1 to 1000.
    """
    if not 1 <= hide_below <= MOST:
        detail = (
            f"Expected a number of people from 1 to {MOST}, such as {HIDE_BELOW}; got {hide_below}."
        )
        raise InvalidInput(detail, [FieldProblem(pointer="/hide_below", detail=detail)])
    document = document_of(made, hide_below)
    sealed = signing.signed(document, signing.key_of(keyring, origin))
    return MadeReport(
        view=made.view,
        document=document,
        text=sealed.text,
        note=sealed.note,
        hides_below=hide_below,
    )


def document_of(made: MadeReport, hide_below: int) -> dict[str, Any]:
    """Return what a published report says."""
    return {**suppressed(made.document, k=hide_below), "published_from": made.view.digest}


def hides_below(document: Mapping[str, Any]) -> int | None:
    """Return below how many people a report hides figures, None where it is no published one."""
    found = document.get("suppression")
    k = found.get("k") if isinstance(found, Mapping) else None
    return k if type(k) is int and 1 <= k <= MOST else None
