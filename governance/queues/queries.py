"""Which members work a queue now."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from governance.queues.models import Competence, Queue, QueueMember


def works(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition under which a ``QueueMember`` works the queue: it asks for no competence, or theirs is valid."""
    required = sa.select(Queue.name).where(
        Queue.name == QueueMember.queue, Queue.competence_since.is_not(None)
    )
    valid = sa.select(Competence.queue).where(
        Competence.queue == QueueMember.queue,
        Competence.person_id == QueueMember.person_id,
        Competence.ends_at > now,
    )
    return sa.or_(~required.correlate(QueueMember).exists(), valid.correlate(QueueMember).exists())
