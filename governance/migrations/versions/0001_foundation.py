"""The foundation: all tables of the first release.

Later migrations expand first and contract in a release of their own, so that programs of two releases can run side by side.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from governance.storage.base import Id, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

#: Entries, their places and decisions' ids are only ever inserted; the log finds what a trigger cannot stop.
_APPEND_ONLY = ("log_records", "log_leaves")


def _refuse_changes() -> None:
    """Make the database itself refuse to change what is append-only: a speed bump, not the proof."""
    if op.get_bind().dialect.name == "sqlite":
        for table in _APPEND_ONLY:
            for act in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in _APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    # Hashes do not compress, and pending rows come and go by the thousand.
    op.execute("ALTER TABLE log_tiles ALTER hashes SET STORAGE EXTERNAL")
    op.execute(
        "ALTER TABLE log_pending SET (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000)"
    )


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "apps",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apps")),
        sa.UniqueConstraint("name", name=op.f("uq_apps_name")),
    )
    op.create_table(
        "business_settings",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("changed_at", Instant(length=27), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_business_settings")),
    )
    op.create_table(
        "decision_points",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", Instant(length=27), nullable=False),
        sa.Column("live_version", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_decision_points")),
    )
    op.create_table(
        "decisions",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("policy_digest", sa.String(length=71), nullable=False),
        sa.Column("app_id", Id(length=36), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("rollout", sa.String(length=8), nullable=False),
        sa.Column("disposition", sa.String(length=8), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("proposed_outcome", sa.String(length=200), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("queue", sa.String(length=63), nullable=True),
        sa.Column("due_at", Instant(length=27), nullable=True),
        sa.Column("recorded_at", Instant(length=27), nullable=False),
        sa.Column("occurred_at", Instant(length=27), nullable=True),
        sa.Column("person_requested", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("channel", sa.String(length=64), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("body_digest", sa.String(length=64), nullable=True),
        sa.Column("idempotency_key", sa.String(length=200), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("outcome", sa.String(length=200), nullable=True),
        sa.Column("decided_at", Instant(length=27), nullable=True),
        sa.Column("effective_at", Instant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint(
            "app_id", "idempotency_key", name=op.f("uq_decisions_app_id_idempotency_key")
        ),
    )
    op.create_index(
        "ix_decisions_app_recorded", "decisions", ["app_id", "recorded_at", "id"], unique=False
    )
    op.create_index(
        "ix_decisions_point_recorded", "decisions", ["point", "recorded_at", "id"], unique=False
    )
    op.create_index("ix_decisions_recorded", "decisions", ["recorded_at", "id"], unique=False)
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("created_at", Instant(length=27), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("fingerprints", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("unique_key", sa.String(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("run_at", Instant(length=27), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", Instant(length=27), nullable=True),
        sa.Column("lease_by", sa.String(), nullable=True),
        sa.Column("done_at", Instant(length=27), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_jobs_unique_key")),
    )
    op.create_index("ix_jobs_due", "jobs", ["done_at", "run_at"], unique=False)
    op.create_table(
        "log_checkpoints",
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("signed_at", Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "size", name=op.f("pk_log_checkpoints")),
    )
    op.create_table(
        "log_leaves",
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("record_id", Id(length=36), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("integrated_at", Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "leaf_index", name=op.f("pk_log_leaves")),
        sa.UniqueConstraint("record_id", name=op.f("uq_log_leaves_record_id")),
    )
    op.create_table(
        "log_quarantine",
        sa.Column("record_id", Id(length=36), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("found_at", Instant(length=27), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_log_quarantine")),
    )
    op.create_table(
        "log_records",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("recorded_at", Instant(length=27), nullable=False),
        sa.Column("decision_id", Id(length=36), nullable=True),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_records")),
    )
    op.create_index(
        op.f("ix_log_records_decision_id"), "log_records", ["decision_id"], unique=False
    )
    op.create_table(
        "log_tiles",
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", "level", "idx", name=op.f("pk_log_tiles")),
    )
    op.create_table(
        "logs",
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("vkey", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("min_index", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", Instant(length=27), nullable=False),
        sa.Column("last_tick_at", Instant(length=27), nullable=True),
        sa.Column("closed_at", Instant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_logs")),
        sa.UniqueConstraint("origin", name=op.f("uq_logs_origin")),
    )
    op.create_table(
        "part_states",
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("seen_at", Instant(length=27), nullable=False),
        sa.Column("failing_since", Instant(length=27), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("part", name=op.f("pk_part_states")),
    )
    op.create_table(
        "people",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("mail_notices", sa.Boolean(), nullable=False),
        sa.Column("mailed_at", Instant(length=27), nullable=True),
        sa.Column("created_at", Instant(length=27), nullable=False),
        sa.Column("expires_at", Instant(length=27), nullable=True),
        sa.Column("disabled_at", Instant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("email", name=op.f("uq_people_email")),
    )
    op.create_table(
        "queues",
        sa.Column("name", sa.String(length=63), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("calendar", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("created_at", Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_queues")),
    )
    op.create_table(
        "requests",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("requested_at", Instant(length=27), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("closed_at", Instant(length=27), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("closing_reason", sa.String(), nullable=True),
        sa.Column("single_handed", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    op.create_index(op.f("ix_requests_status"), "requests", ["status"], unique=False)
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", Instant(length=27), nullable=False),
        sa.Column("blocked_until", Instant(length=27), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_failures")),
    )
    op.create_table(
        "subject_keys",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("subject_tag", sa.String(length=64), nullable=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("kek_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", Instant(length=27), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subject_keys")),
    )
    op.create_index(
        op.f("ix_subject_keys_subject_tag"), "subject_keys", ["subject_tag"], unique=False
    )
    op.create_table(
        "app_keys",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("app_id", Id(length=36), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("points", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(length=27), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires_at", Instant(length=27), nullable=True),
        sa.Column("revoked_at", Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(["app_id"], ["apps.id"], name=op.f("fk_app_keys_app_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_keys")),
    )
    op.create_index(op.f("ix_app_keys_app_id"), "app_keys", ["app_id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("queue", sa.String(length=63), nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("opened_at", Instant(length=27), nullable=False),
        sa.Column("due_at", Instant(length=27), nullable=True),
        sa.Column("due_seconds", sa.Integer(), nullable=True),
        sa.Column("escalate_to", sa.String(length=63), nullable=True),
        sa.Column("escalated_at", Instant(length=27), nullable=True),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("sign_offs", sa.Integer(), nullable=False),
        sa.Column("approvable", sa.Boolean(), nullable=False),
        sa.Column("undo_seconds", sa.Integer(), nullable=False),
        sa.Column("claimed_by", Id(length=36), nullable=True),
        sa.Column("claimed_at", Instant(length=27), nullable=True),
        sa.Column("claimed_until", Instant(length=27), nullable=True),
        sa.Column("first_claimed_at", Instant(length=27), nullable=True),
        sa.Column("closed_at", Instant(length=27), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_cases_decision_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index(op.f("ix_cases_decision_id"), "cases", ["decision_id"], unique=False)
    op.create_index(
        "ix_cases_queue_status_due", "cases", ["queue", "status", "due_at", "id"], unique=False
    )
    op.create_index("ix_cases_status_due", "cases", ["status", "due_at"], unique=False)
    op.create_table(
        "group_vault",
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("key_id", Id(length=36), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["key_id"], ["subject_keys.id"], name=op.f("fk_group_vault_key_id")
        ),
        sa.PrimaryKeyConstraint("decision_id", name=op.f("pk_group_vault")),
    )
    op.create_index(op.f("ix_group_vault_key_id"), "group_vault", ["key_id"], unique=False)
    op.create_table(
        "holds",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("set_at", Instant(length=27), nullable=False),
        sa.Column("set_by", sa.String(), nullable=False),
        sa.Column("lifted_at", Instant(length=27), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["point"], ["decision_points.name"], name=op.f("fk_holds_point")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index(op.f("ix_holds_lifted_at"), "holds", ["lifted_at"], unique=False)
    op.create_table(
        "log_pending",
        sa.Column("record_id", Id(length=36), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["log_records.id"], name=op.f("fk_log_pending_record_id")
        ),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_log_pending")),
    )
    op.create_table(
        "payloads",
        sa.Column("record_id", Id(length=36), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("key_id", Id(length=36), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["subject_keys.id"], name=op.f("fk_payloads_key_id")),
        sa.PrimaryKeyConstraint("record_id", "name", name=op.f("pk_payloads")),
    )
    op.create_index(op.f("ix_payloads_key_id"), "payloads", ["key_id"], unique=False)
    op.create_table(
        "personal_tokens",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(length=27), nullable=False),
        sa.Column("expires_at", Instant(length=27), nullable=False),
        sa.Column("revoked_at", Instant(length=27), nullable=True),
        sa.Column("last_used_at", Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_personal_tokens_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_personal_tokens")),
    )
    op.create_index(
        op.f("ix_personal_tokens_person_id"), "personal_tokens", ["person_id"], unique=False
    )
    op.create_table(
        "policy_versions",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("point", sa.String(length=63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=71), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("drafted_at", Instant(length=27), nullable=False),
        sa.Column("drafted_by", sa.String(), nullable=False),
        sa.Column("published_at", Instant(length=27), nullable=True),
        sa.Column("published_by", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["point"], ["decision_points.name"], name=op.f("fk_policy_versions_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_versions")),
        sa.UniqueConstraint("point", "version", name=op.f("uq_policy_versions_point_version")),
    )
    op.create_table(
        "queue_members",
        sa.Column("queue", sa.String(length=63), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_queue_members_person_id")
        ),
        sa.ForeignKeyConstraint(["queue"], ["queues.name"], name=op.f("fk_queue_members_queue")),
        sa.PrimaryKeyConstraint("queue", "person_id", name=op.f("pk_queue_members")),
    )
    op.create_index(
        op.f("ix_queue_members_person_id"), "queue_members", ["person_id"], unique=False
    )
    op.create_table(
        "sessions",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("created_at", Instant(length=27), nullable=False),
        sa.Column("last_seen_at", Instant(length=27), nullable=False),
        sa.Column("expires_at", Instant(length=27), nullable=False),
        sa.Column("second_factor_due", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id")),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_person_id"), "sessions", ["person_id"], unique=False)
    op.create_table(
        "sign_in_links",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("created_at", Instant(length=27), nullable=False),
        sa.Column("expires_at", Instant(length=27), nullable=False),
        sa.Column("used_at", Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sign_in_links_person_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_links")),
    )
    op.create_index(
        op.f("ix_sign_in_links_person_id"), "sign_in_links", ["person_id"], unique=False
    )
    op.create_table(
        "verdicts",
        sa.Column("id", Id(length=36), nullable=False),
        sa.Column("case_id", Id(length=36), nullable=False),
        sa.Column("decision_id", Id(length=36), nullable=False),
        sa.Column("person_id", Id(length=36), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=200), nullable=False),
        sa.Column("decides", sa.Boolean(), nullable=False),
        sa.Column("given_at", Instant(length=27), nullable=False),
        sa.Column("claimed_at", Instant(length=27), nullable=True),
        sa.Column("undone_at", Instant(length=27), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_verdicts_case_id")),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_verdicts_decision_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_verdicts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
    )
    op.create_index(op.f("ix_verdicts_case_id"), "verdicts", ["case_id"], unique=False)
    op.create_index(op.f("ix_verdicts_decision_id"), "verdicts", ["decision_id"], unique=False)
    op.create_index(op.f("ix_verdicts_person_id"), "verdicts", ["person_id"], unique=False)
    op.create_index(
        "uq_verdicts_standing",
        "verdicts",
        ["case_id", "person_id"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    _refuse_changes()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index(
        "uq_verdicts_standing",
        table_name="verdicts",
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.drop_index(op.f("ix_verdicts_person_id"), table_name="verdicts")
    op.drop_index(op.f("ix_verdicts_decision_id"), table_name="verdicts")
    op.drop_index(op.f("ix_verdicts_case_id"), table_name="verdicts")
    op.drop_table("verdicts")
    op.drop_index(op.f("ix_sign_in_links_person_id"), table_name="sign_in_links")
    op.drop_table("sign_in_links")
    op.drop_index(op.f("ix_sessions_person_id"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(op.f("ix_queue_members_person_id"), table_name="queue_members")
    op.drop_table("queue_members")
    op.drop_table("policy_versions")
    op.drop_index(op.f("ix_personal_tokens_person_id"), table_name="personal_tokens")
    op.drop_table("personal_tokens")
    op.drop_index(op.f("ix_payloads_key_id"), table_name="payloads")
    op.drop_table("payloads")
    op.drop_table("log_pending")
    op.drop_index(op.f("ix_holds_lifted_at"), table_name="holds")
    op.drop_table("holds")
    op.drop_index(op.f("ix_group_vault_key_id"), table_name="group_vault")
    op.drop_table("group_vault")
    op.drop_index("ix_cases_status_due", table_name="cases")
    op.drop_index("ix_cases_queue_status_due", table_name="cases")
    op.drop_index(op.f("ix_cases_decision_id"), table_name="cases")
    op.drop_table("cases")
    op.drop_index(op.f("ix_app_keys_app_id"), table_name="app_keys")
    op.drop_table("app_keys")
    op.drop_index(op.f("ix_subject_keys_subject_tag"), table_name="subject_keys")
    op.drop_table("subject_keys")
    op.drop_table("sign_in_failures")
    op.drop_index(op.f("ix_requests_status"), table_name="requests")
    op.drop_table("requests")
    op.drop_table("queues")
    op.drop_table("people")
    op.drop_table("part_states")
    op.drop_table("logs")
    op.drop_table("log_tiles")
    op.drop_index(op.f("ix_log_records_decision_id"), table_name="log_records")
    op.drop_table("log_records")
    op.drop_table("log_quarantine")
    op.drop_table("log_leaves")
    op.drop_table("log_checkpoints")
    op.drop_index("ix_jobs_due", table_name="jobs")
    op.drop_table("jobs")
    op.drop_table("installation")
    op.drop_index("ix_decisions_recorded", table_name="decisions")
    op.drop_index("ix_decisions_point_recorded", table_name="decisions")
    op.drop_index("ix_decisions_app_recorded", table_name="decisions")
    op.drop_table("decisions")
    op.drop_table("decision_points")
    op.drop_table("business_settings")
    op.drop_table("apps")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
