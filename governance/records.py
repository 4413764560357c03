"""All tables, imported in one place, so that metadata is whole wherever it is asked for."""

from __future__ import annotations

from governance.appeals import models as appeals
from governance.auditing import models as auditing
from governance.counting import models as counting
from governance.decisions import models as decisions
from governance.deltas import models as deltas
from governance.erasing import models as erasing
from governance.gold import models as gold
from governance.holds import models as holds
from governance.identities import models as identities
from governance.imports import models as imports
from governance.installation import models as installation
from governance.jobs import models as jobs
from governance.ledger import models as ledger
from governance.monitors import models as monitors
from governance.overseeing import models as overseeing
from governance.points import models as points
from governance.queues import models as queues
from governance.reporting import models as reporting
from governance.requests import models as requests
from governance.reviews import models as reviews
from governance.rights import models as rights
from governance.storage.base import Base
from governance.subjects import models as subjects
from governance.truth import models as truth
from governance.webhooks import models as webhooks

__all__ = [
    "Base",
    "appeals",
    "auditing",
    "counting",
    "decisions",
    "deltas",
    "erasing",
    "gold",
    "holds",
    "identities",
    "imports",
    "installation",
    "jobs",
    "ledger",
    "monitors",
    "overseeing",
    "points",
    "queues",
    "reporting",
    "requests",
    "reviews",
    "rights",
    "subjects",
    "truth",
    "webhooks",
]

metadata = Base.metadata
