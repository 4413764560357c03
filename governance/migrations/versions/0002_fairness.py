"""Fairness: ground truth, feedback, deltas and counts, monitors and incidents, reports, imports.

Decisions that are there already are handed to the counts as deltas, so that nothing of the past is missing.
"""

from __future__ import annotations

from datetime import datetime

import orjson
import sqlalchemy as sa
from alembic import op

from governance.clock import parse_rfc3339
from governance.storage.base import Id, Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_BATCH = 2000
_DECIDED = ("approved", "changed", "rejected", "lapsed")


def upgrade() -> None:
    """Make the tables, and have what was decided so far counted."""
    op.create_index(
        "ix_decisions_point_happened",
        "decisions",
        ["point", sa.text("coalesce(occurred_at, recorded_at)"), "id"],
        unique=False,
    )
    op.create_table(
        "count_deltas",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("was", sa.Text(), nullable=True),
        sa.Column("now", sa.Text(), nullable=False),
        sa.Column("ready_at", Instant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_count_deltas")),
    )
    op.create_table(
        "fairness_cells",
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("stage", sa.String(length=8), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("grp", sa.String(length=1000), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("truth", sa.String(length=200), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "point",
            "stage",
            "day",
            "version",
            "grp",
            "value",
            "truth",
            "imported",
            name=op.f("pk_fairness_cells"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fairness_group_values",
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("attribute", sa.String(length=63), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint(
            "point", "attribute", "value", name=op.f("pk_fairness_group_values")
        ),
    )
    op.create_table(
        "fairness_ratings",
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("grp", sa.String(length=1000), nullable=False),
        sa.Column("scale", sa.String(length=8), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "point", "day", "version", "grp", "scale", "rating", name=op.f("pk_fairness_ratings")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fairness_reasons",
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("grp", sa.String(length=1000), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "point", "day", "version", "grp", "kind", "name", name=op.f("pk_fairness_reasons")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fairness_reconciliations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("started_at", Instant(length=27), nullable=False),
        sa.Column("finished_at", Instant(length=27), nullable=False),
        sa.Column("decisions", sa.BigInteger(), nullable=False),
        sa.Column("cells", sa.Integer(), nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fairness_reconciliations")),
    )
    op.create_table(
        "fairness_score_steps",
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("kept_as", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("point", "day", name=op.f("pk_fairness_score_steps")),
    )
    op.create_table(
        "fairness_scores",
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("grp", sa.String(length=1000), nullable=False),
        sa.Column("result", sa.String(length=2), nullable=False),
        sa.Column("confidence", sa.Integer(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "point",
            "day",
            "version",
            "grp",
            "result",
            "confidence",
            name=op.f("pk_fairness_scores"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fairness_strata",
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("stage", sa.String(length=8), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("grp", sa.String(length=1000), nullable=False),
        sa.Column("feature", sa.String(length=63), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("positive", sa.Boolean(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "point",
            "stage",
            "day",
            "version",
            "grp",
            "feature",
            "value",
            "positive",
            name=op.f("pk_fairness_strata"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fairness_waits",
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("grp", sa.String(length=1000), nullable=False),
        sa.Column("at_most", sa.Integer(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "point", "day", "version", "grp", "at_most", name=op.f("pk_fairness_waits")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "feedback",
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("scale", sa.String(length=8), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("reported_at", Instant(length=27), nullable=False),
        sa.Column("reported_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", "scale", name=op.f("pk_feedback")),
    )
    op.create_table(
        "ground_truths",
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("outcome", sa.String(length=200), nullable=True),
        sa.Column("known_at", Instant(length=27), nullable=True),
        sa.Column("reported_at", Instant(length=27), nullable=False),
        sa.Column("reported_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_ground_truths")),
    )
    op.create_table(
        "monitors",
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("grp", sa.String(length=200), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("acted", sa.String(length=10), nullable=False),
        sa.Column("started_at", Instant(length=27), nullable=False),
        sa.Column("updated_at", Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("point", "name", "grp", name=op.f("pk_monitors")),
    )
    op.create_table(
        "incidents",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("monitor", sa.String(length=200), nullable=False),
        sa.Column("grp", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("opened_at", Instant(length=27), nullable=False),
        sa.Column("hold_id", Id(length=36), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("closed_at", Instant(length=27), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(
        "ix_incidents_status_opened", "incidents", ["status", "opened_at"], unique=False
    )
    op.create_table(
        "reports",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=False),
        sa.Column("until", sa.String(length=10), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("made_at", Instant(length=27), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index("ix_reports_point_made", "reports", ["point", "made_at"], unique=False)
    op.create_table(
        "home_visits",
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("last_at", Instant(length=27), nullable=False),
        sa.Column("before_at", Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_home_visits_person_id")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_home_visits")),
    )
    op.create_table(
        "import_runs",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("started_at", Instant(length=27), nullable=False),
        sa.Column("started_by", sa.String(length=80), nullable=False),
        sa.Column("finished_at", Instant(length=27), nullable=True),
        sa.Column("key_id", Id(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["key_id"], ["subject_keys.id"], name=op.f("fk_import_runs_key_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_runs")),
        sa.UniqueConstraint("digest", name=op.f("uq_import_runs_digest")),
    )
    op.create_table(
        "import_references",
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_import_references")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "incident_notes",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("incident_id", Id(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("at", Instant(length=27), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_incident_notes_incident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_notes")),
    )
    op.create_index(
        op.f("ix_incident_notes_incident_id"), "incident_notes", ["incident_id"], unique=False
    )
    op.create_table(
        "report_files",
        sa.Column("report_id", Id(length=36), nullable=False),
        sa.Column("form", sa.String(length=8), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("asked_at", Instant(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_report_files_report_id")
        ),
        sa.PrimaryKeyConstraint("report_id", "form", "language", name=op.f("pk_report_files")),
    )
    op.create_table(
        "saved_views",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(length=27), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_saved_views_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_saved_views_person_id_name")),
    )
    op.create_index(op.f("ix_saved_views_person_id"), "saved_views", ["person_id"], unique=False)
    op.create_table(
        "import_parts",
        sa.Column("run_id", Id(length=36), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["import_runs.id"], name=op.f("fk_import_parts_run_id")
        ),
        sa.PrimaryKeyConstraint("run_id", "what", "number", name=op.f("pk_import_parts")),
    )

    if op.get_bind().dialect.name == "postgresql":
        # Deltas come and go by the thousand.
        op.execute(
            "ALTER TABLE count_deltas SET (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000)"
        )
    _hand_over()


def _hand_over() -> None:
    """Owe a delta for each decision, in the words of ``governance.deltas.states`` as this version writes them."""
    connection = op.get_bind()
    after = ""
    page = sa.text(
        "SELECT d.id, d.status, d.outcome, d.imported, d.recorded_at, d.decided_at, c.due_at FROM decisions d "
        "LEFT JOIN cases c ON c.decision_id = d.id AND c.purpose = 'decide' "
        "WHERE CAST(d.id AS VARCHAR(36)) > :after ORDER BY CAST(d.id AS VARCHAR(36)) LIMIT :many"
    )
    deltas = sa.table("count_deltas", sa.column("decision_id", Id), sa.column("now", sa.Text))
    while True:
        rows = connection.execute(page, {"after": after, "many": _BATCH}).all()
        if not rows:
            return
        connection.execute(
            deltas.insert(), [{"decision_id": str(row.id), "now": _state(row)} for row in rows]
        )
        after = str(rows[-1].id)


def _state(row: sa.Row) -> str:
    said: dict[str, object] = {"s": row.status, "o": row.outcome}
    decided, due = _instant(row.decided_at), _instant(row.due_at)
    recorded = _instant(row.recorded_at)
    if row.status in _DECIDED and decided is not None and recorded is not None and not row.imported:
        said["w"] = max(0, int((decided - recorded).total_seconds()))
        if due is not None and decided > due:
            said["l"] = True
    return orjson.dumps(said).decode()


def _instant(value: datetime | str | None) -> datetime | None:
    return parse_rfc3339(value) if isinstance(value, str) else value


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("import_parts")
    op.drop_index(op.f("ix_saved_views_person_id"), table_name="saved_views")
    op.drop_table("saved_views")
    op.drop_table("report_files")
    op.drop_index(op.f("ix_incident_notes_incident_id"), table_name="incident_notes")
    op.drop_table("incident_notes")
    op.drop_table("import_references")
    op.drop_table("import_runs")
    op.drop_table("home_visits")
    op.drop_index("ix_reports_point_made", table_name="reports")
    op.drop_table("reports")
    op.drop_index("ix_incidents_status_opened", table_name="incidents")
    op.drop_table("incidents")
    op.drop_table("monitors")
    op.drop_table("ground_truths")
    op.drop_table("feedback")
    op.drop_table("fairness_waits")
    op.drop_table("fairness_strata")
    op.drop_table("fairness_scores")
    op.drop_table("fairness_score_steps")
    op.drop_table("fairness_reconciliations")
    op.drop_table("fairness_reasons")
    op.drop_table("fairness_ratings")
    op.drop_table("fairness_group_values")
    op.drop_table("fairness_cells")
    op.drop_table("count_deltas")
    op.drop_index("ix_decisions_point_happened", table_name="decisions")
