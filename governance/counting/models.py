"""The count tables. ``grp`` is canonical JSON of the group attributes that are known; ``day`` is an ISO date in UTC."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from governance.storage.base import Base, Instant

_POINT = sa.String(63)
_DAY = sa.String(10)
_GROUP = sa.String(1000)


class CellRow(Base):
    """So many decisions of one stage; the words are those of ``audits.fairness.counts``."""

    __tablename__ = "fairness_cells"
    __table_args__ = ({"sqlite_with_rowid": False},)

    point: Mapped[str] = mapped_column(_POINT, primary_key=True)
    stage: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    day: Mapped[str] = mapped_column(_DAY, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    grp: Mapped[str] = mapped_column(_GROUP, primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    truth: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    imported: Mapped[bool] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)


class ScoreRow(Base):
    """So many proposals with one confidence, in millionths."""

    __tablename__ = "fairness_scores"
    __table_args__ = ({"sqlite_with_rowid": False},)

    point: Mapped[str] = mapped_column(_POINT, primary_key=True)
    day: Mapped[str] = mapped_column(_DAY, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    grp: Mapped[str] = mapped_column(_GROUP, primary_key=True)
    result: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    confidence: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)


class ScoreStep(Base):
    """How coarse the confidences of one day are kept, in millionths, and under which day; days without a row keep them exactly."""

    __tablename__ = "fairness_score_steps"

    point: Mapped[str] = mapped_column(_POINT, primary_key=True)
    day: Mapped[str] = mapped_column(_DAY, primary_key=True)
    step: Mapped[int]
    kept_as: Mapped[str] = mapped_column(_DAY)


class WaitRow(Base):
    """So many decisions that waited at most so many minutes for a person; 0 stands for longer than the last class."""

    __tablename__ = "fairness_waits"
    __table_args__ = ({"sqlite_with_rowid": False},)

    point: Mapped[str] = mapped_column(_POINT, primary_key=True)
    day: Mapped[str] = mapped_column(_DAY, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    grp: Mapped[str] = mapped_column(_GROUP, primary_key=True)
    at_most: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)


class StratumRow(Base):
    """So many decisions of a stage whose feature has this value."""

    __tablename__ = "fairness_strata"
    __table_args__ = ({"sqlite_with_rowid": False},)

    point: Mapped[str] = mapped_column(_POINT, primary_key=True)
    stage: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    day: Mapped[str] = mapped_column(_DAY, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    grp: Mapped[str] = mapped_column(_GROUP, primary_key=True)
    feature: Mapped[str] = mapped_column(sa.String(63), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    positive: Mapped[bool] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)


class ReasonRow(Base):
    """How often a rule or a feature was a reason; ``total`` sums a feature's contributions in millionths."""

    __tablename__ = "fairness_reasons"
    __table_args__ = ({"sqlite_with_rowid": False},)

    point: Mapped[str] = mapped_column(_POINT, primary_key=True)
    day: Mapped[str] = mapped_column(_DAY, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    grp: Mapped[str] = mapped_column(_GROUP, primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)
    total: Mapped[int] = mapped_column(sa.BigInteger)


class RatingRow(Base):
    """So many ratings of one scale."""

    __tablename__ = "fairness_ratings"
    __table_args__ = ({"sqlite_with_rowid": False},)

    point: Mapped[str] = mapped_column(_POINT, primary_key=True)
    day: Mapped[str] = mapped_column(_DAY, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    grp: Mapped[str] = mapped_column(_GROUP, primary_key=True)
    scale: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    rating: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)


class OverrideRow(Base):
    """So many proposals that a person judged: in which band of confidence, whether positive, and whether the person turned them round."""

    __tablename__ = "oversight_overrides"
    __table_args__ = ({"sqlite_with_rowid": False},)

    point: Mapped[str] = mapped_column(_POINT, primary_key=True)
    day: Mapped[str] = mapped_column(_DAY, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    grp: Mapped[str] = mapped_column(_GROUP, primary_key=True)
    band: Mapped[str] = mapped_column(sa.String(9), primary_key=True)
    positive: Mapped[bool] = mapped_column(primary_key=True)
    overridden: Mapped[bool] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)


class PathRow(Base):
    """So many decisions that were made, by a machine or by a person, and what became of an appeal; ``appeal`` is empty where none stands."""

    __tablename__ = "oversight_paths"
    __table_args__ = ({"sqlite_with_rowid": False},)

    point: Mapped[str] = mapped_column(_POINT, primary_key=True)
    day: Mapped[str] = mapped_column(_DAY, primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    grp: Mapped[str] = mapped_column(_GROUP, primary_key=True)
    path: Mapped[str] = mapped_column(sa.String(9), primary_key=True)
    appeal: Mapped[str] = mapped_column(sa.String(9), primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)


class GroupValue(Base):
    """A value that a group attribute has had at a point. Beyond so many, further ones are counted as others."""

    __tablename__ = "fairness_group_values"

    point: Mapped[str] = mapped_column(_POINT, primary_key=True)
    attribute: Mapped[str] = mapped_column(sa.String(63), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(200), primary_key=True)


class Reconciliation(Base):
    """One comparison of the counts with the rows they are made of."""

    __tablename__ = "fairness_reconciliations"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    started_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime] = mapped_column(Instant)
    decisions: Mapped[int] = mapped_column(sa.BigInteger)
    cells: Mapped[int]
    differing: Mapped[int]


class ErasedCount(Base):
    """What decisions that were erased had added to one row of a count table, so that the counts still add up to something that is there.

    ``digest`` is the SHA-256 of ``key``, which is canonical JSON of that row's key; the table ``decisions`` counts the decisions themselves.
    """

    __tablename__ = "erased_counts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    counted: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    key: Mapped[str] = mapped_column(sa.Text)
    n: Mapped[int] = mapped_column(sa.BigInteger)
    total: Mapped[int] = mapped_column(sa.BigInteger)
