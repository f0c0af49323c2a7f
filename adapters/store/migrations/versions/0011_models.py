"""Language models: what they were asked, and how decisions turned out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SCHEMA = "app"
KEY = sa.Text(collation="C")
INSTANT = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "model_calls",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("replay_of", sa.Uuid(), nullable=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("real_started_at", INSTANT, nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        *(
            sa.Column(name, sa.Text(), nullable=is_nullable)
            for name, is_nullable in (
                ("host", False),
                ("model_asked", False),
                ("model_used", True),
                ("prompt_name", False),
                ("prompt_version", False),
                ("form", False),
                ("outcome", False),
                ("reason", False),
                ("reply_text", True),
            )
        ),
        sa.Column("reading", postgresql.JSONB(), nullable=True),
        sa.Column("call", postgresql.JSONB(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=True),
        sa.Column("answer_tokens", sa.BigInteger(), nullable=True),
        sa.Column("known_cost", sa.Numeric(), nullable=False),
        sa.Column("billed", sa.Integer(), nullable=False),
        sa.Column("unknown_costs", sa.Integer(), nullable=False),
        sa.Column("known_tokens", sa.BigInteger(), nullable=False),
        sa.Column("unknown_usages", sa.Integer(), nullable=False),
        sa.Column(
            "words",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple', coalesce(left(reply_text, 200000), ''))", persisted=True
            ),
        ),
        sa.CheckConstraint(
            "purpose in ('decide', 'correct', 'preview', 'replay')",
            name=op.f("ck_model_calls_purpose"),
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["app.accounts.id"], name=op.f("fk_model_calls_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["app.cycles.id"], name=op.f("fk_model_calls_cycle_id_cycles")
        ),
        sa.ForeignKeyConstraint(
            ["replay_of"], ["app.model_calls.id"], name=op.f("fk_model_calls_replay_of_model_calls")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_calls")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_model_calls_account_id_at",
        "model_calls",
        ["account_id", sa.text("at desc"), sa.text("id desc")],
        schema=SCHEMA,
    )
    op.create_index(
        "ix_model_calls_account_id_started",
        "model_calls",
        ["account_id", "real_started_at"],
        schema=SCHEMA,
    )
    op.create_index(
        "ix_model_calls_words", "model_calls", ["words"], schema=SCHEMA, postgresql_using="gin"
    )
    op.create_index(
        "ix_model_calls_at",
        "model_calls",
        [sa.text("at desc"), sa.text("id desc")],
        schema=SCHEMA,
    )
    op.add_column("decisions", sa.Column("model_call_id", sa.Uuid(), nullable=True), schema=SCHEMA)
    op.create_foreign_key(
        op.f("fk_decisions_model_call_id_model_calls"),
        "decisions",
        "model_calls",
        ["model_call_id"],
        ["id"],
        source_schema=SCHEMA,
        referent_schema=SCHEMA,
    )
    op.create_index(
        "ix_decisions_model_call_id",
        "decisions",
        ["model_call_id"],
        schema=SCHEMA,
        postgresql_where=sa.text("model_call_id is not null"),
    )
    op.create_table(
        "decision_outcomes",
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("horizon", sa.Text(), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("known_at", INSTANT, nullable=False),
        sa.Column("price", sa.Numeric(), nullable=False),
        sa.Column("move_ratio", sa.Numeric(), nullable=False),
        sa.Column("result_ratio", sa.Numeric(), nullable=True),
        sa.Column("net_pnl", sa.Numeric(), nullable=True),
        sa.CheckConstraint(
            "horizon in ('1h', '4h', 'close')", name=op.f("ck_decision_outcomes_horizon")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["app.accounts.id"],
            name=op.f("fk_decision_outcomes_account_id_accounts"),
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["app.decisions.id"],
            name=op.f("fk_decision_outcomes_decision_id_decisions"),
        ),
        sa.PrimaryKeyConstraint("decision_id", "horizon", name=op.f("pk_decision_outcomes")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_decision_outcomes_account_id_known",
        "decision_outcomes",
        ["account_id", sa.text("known_at desc")],
        schema=SCHEMA,
    )


def downgrade():
    op.drop_table("decision_outcomes", schema=SCHEMA)
    op.drop_column("decisions", "model_call_id", schema=SCHEMA)
    op.drop_table("model_calls", schema=SCHEMA)
