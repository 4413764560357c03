"""Reading decision points and policy versions."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from governance.errors import NotFound
from governance.points.models import PolicyVersion
from governance.work import Work
from policies.rulings import Engine

#: The largest number that a version can have in both databases.
_LAST_VERSION: Final = 2**31 - 1


def version_row(work: Work, point: str, version: int) -> PolicyVersion:
    """Return one version's row.

    Raises:
        NotFound: there is no such version.
    """
    row = None
    if 0 < version <= _LAST_VERSION:
        row = work.session.execute(
            sa.select(PolicyVersion).where(
                PolicyVersion.point == point, PolicyVersion.version == version
            )
        ).scalar_one_or_none()
    if row is None:
        raise NotFound(f"The decision point {point!r} has no policy version {version}.")
    return row


def engine_of(work: Work, point: str, version: int) -> Engine:
    """Return the compiled policy of a version; versions never change, so it is read once a process."""
    cache = work.answerable.configuration
    known = cache.known_version(point, version)
    if known is None:
        row = version_row(work, point, version)
        known = cache.remember_version(point, version, row.digest, row.text)
    return known
