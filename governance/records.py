"""All tables, imported in one place, so that metadata is whole wherever it is asked for."""

from __future__ import annotations

from governance.decisions import models as decisions
from governance.holds import models as holds
from governance.identities import models as identities
from governance.installation import models as installation
from governance.jobs import models as jobs
from governance.ledger import models as ledger
from governance.points import models as points
from governance.queues import models as queues
from governance.requests import models as requests
from governance.reviews import models as reviews
from governance.storage.base import Base
from governance.subjects import models as subjects

__all__ = [
    "Base",
    "decisions",
    "holds",
    "identities",
    "installation",
    "jobs",
    "ledger",
    "points",
    "queues",
    "requests",
    "reviews",
    "subjects",
]

metadata = Base.metadata
