"""The plain build: what one writes first. Marshmallow, the ORM, three rows and a commit for each request; no encryption, no signed log.

It is here to be compared with, and runs under gunicorn with threads, as such a service would.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import Flask, request
from marshmallow import RAISE, Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class _Base(DeclarativeBase):
    pass


class _Decision(_Base):
    __tablename__ = "plain_decisions"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    point: Mapped[str]
    status: Mapped[str]
    outcome: Mapped[str]
    confidence: Mapped[float]
    recorded_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))


class _Payload(_Base):
    __tablename__ = "plain_payloads"

    decision_id: Mapped[str] = mapped_column(sa.ForeignKey("plain_decisions.id"), primary_key=True)
    body: Mapped[str] = mapped_column(sa.Text)


class _Record(_Base):
    __tablename__ = "plain_records"

    id: Mapped[str] = mapped_column(sa.String(36), primary_key=True)
    decision_id: Mapped[str] = mapped_column(sa.ForeignKey("plain_decisions.id"))
    digest: Mapped[str]


class _Subject(Schema):
    class Meta:
        unknown = RAISE

    ref = fields.String(required=True)
    groups = fields.Dict(keys=fields.String(), values=fields.String())


class _Features(Schema):
    class Meta:
        unknown = RAISE

    tenure_months = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    monthly_charges = fields.Float(required=True, validate=validate.Range(min=0))
    contract = fields.String(
        required=True, validate=validate.OneOf(["month-to-month", "one-year", "two-year"])
    )


class _Proposal(Schema):
    class Meta:
        unknown = RAISE

    outcome = fields.String(required=True)
    confidence = fields.Float(required=True, validate=validate.Range(0, 1))
    alternatives = fields.List(fields.Dict())
    reasons = fields.List(fields.Dict())


class _Request(Schema):
    class Meta:
        unknown = RAISE

    decision_point = fields.String(required=True)
    subject = fields.Nested(_Subject)
    features = fields.Nested(_Features, required=True)
    proposal = fields.Nested(_Proposal, required=True)


def make_tables(url: str) -> None:
    """Make the tables, once, before several processes serve."""
    engine = sa.create_engine(url)
    _Base.metadata.create_all(engine)
    engine.dispose()


def app() -> Flask:
    """Return the application over the database of ``PLAIN_DATABASE_URL``."""
    flask = Flask(__name__)
    engine = sa.create_engine(os.environ["PLAIN_DATABASE_URL"])
    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def _prepare(connection, _) -> None:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA busy_timeout=15000")

    schema = _Request()

    @flask.post("/api/v1/decisions")
    def decide() -> tuple[dict[str, str], int]:
        body = schema.load(request.get_json())
        proposal, features = body["proposal"], body["features"]
        review = proposal["confidence"] < 0.8 or (
            features["monthly_charges"] > 100 and proposal["outcome"] == "offer_discount"
        )
        text = json.dumps(body, sort_keys=True)
        decision = _Decision(
            id=str(uuid.uuid4()),
            point=body["decision_point"],
            status="in_review" if review else "released",
            outcome=proposal["outcome"],
            confidence=proposal["confidence"],
            recorded_at=datetime.now(UTC),
        )
        with Session(engine) as session:
            session.add(decision)
            session.add(_Payload(decision_id=decision.id, body=text))
            session.add(
                _Record(
                    id=str(uuid.uuid4()),
                    decision_id=decision.id,
                    digest=hashlib.sha256(text.encode()).hexdigest(),
                )
            )
            answer = {"id": decision.id, "status": decision.status, "outcome": decision.outcome}
            session.commit()
        return answer, 201

    return flask
