"""Who could confirm what another asks for?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from governance.identities.models import Person
from governance.permissions import Permission, Role, of_roles


def people_who_may(session: Session, permission: Permission, now: datetime) -> Sequence[str]:
    """Return the ids of all people who have the permission and could sign in now.

    Somebody who was invited and has no password yet does not count.
    """
    people = session.execute(
        sa.select(Person.id, Person.roles)
        .where(
            Person.disabled_at.is_(None),
            Person.password_hash.is_not(None),
            sa.or_(Person.expires_at.is_(None), Person.expires_at > now),
        )
        .order_by(Person.id)
    )
    return [
        person for person, roles in people if permission in of_roles(frozenset(map(Role, roles)))
    ]
