"""Who does something: an app, a person or a part of the service itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from governance.errors import NotAllowed
from governance.permissions import Permission, Role


class ActorKind(StrEnum):
    """What sort of actor it is."""

    APP = "app"
    PERSON = "person"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Whoever acts, as the key, the token, the session or the command line told; never as a body claimed.

    ``id`` is an app's or a person's id, or a service's name (``cli``, ``worker``). ``points`` limits an app to some
    decision points (None: all). ``queues`` are those a person is a member of. ``ends_at`` is when the token ends that the actor came with. ``os_user`` is the operating system's user of a command.
    """

    kind: ActorKind
    id: str
    name: str
    permissions: frozenset[Permission]
    roles: frozenset[Role] = frozenset()
    queues: frozenset[str] = frozenset()
    points: frozenset[str] | None = None
    key_id: str | None = None
    ends_at: datetime | None = None
    os_user: str | None = None
    language: str = "en"
    time_zone: str = "UTC"

    def may(self, permission: Permission) -> bool:
        """Tell whether this actor has the permission."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise unless this actor has the permission.

        Raises:
            NotAllowed: it has not.
        """
        if permission not in self.permissions:
            raise NotAllowed(
                f"This needs the permission {permission}, which {self.name} does not have."
            )

    @property
    def reference(self) -> str:
        """Return ``kind:id``, as rows and entries name the actor."""
        return f"{self.kind}:{self.id}"


def service(name: str, *, os_user: str | None = None) -> Actor:
    """Return a part of the service as an actor that may do everything; ``cli`` names the operating system's user."""
    return Actor(
        kind=ActorKind.SERVICE,
        id=name,
        name=f"service:{name}",
        permissions=frozenset(Permission),
        os_user=os_user,
    )
