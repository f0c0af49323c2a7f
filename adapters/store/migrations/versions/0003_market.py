"""Passes of the market collector, how often it comes, and the weight that all processes share."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SCHEMA = "app"
KEY = sa.Text(collation="C")
INSTANT = sa.DateTime(timezone=True)


def upgrade():
    op.add_column("arena", sa.Column("collect_seconds", sa.Integer(), nullable=True), schema=SCHEMA)
    _passes()
    _budgets()


def downgrade():
    op.drop_table("weight_budgets", schema=SCHEMA)
    op.drop_table("market_passes", schema=SCHEMA)
    op.drop_column("arena", "collect_seconds", schema=SCHEMA)


def _passes():
    op.create_table(
        "market_passes",
        sa.Column("market", KEY, nullable=False),
        sa.Column("slot", INSTANT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("quotes", postgresql.JSONB(), nullable=True),
        sa.Column("series", postgresql.JSONB(), nullable=True),
        sa.Column("real_started_at", INSTANT, nullable=False),
        sa.Column("real_finished_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "state in ('collecting', 'done')", name=op.f("ck_market_passes_state")
        ),
        sa.CheckConstraint(
            "state <> 'done' or (quotes is not null and series is not null"
            " and real_finished_at is not null)",
            name=op.f("ck_market_passes_done_is_complete"),
        ),
        sa.PrimaryKeyConstraint("market", "slot", name=op.f("pk_market_passes")),
        schema=SCHEMA,
    )


def _budgets():
    op.create_table(
        "weight_budgets",
        sa.Column("scope", KEY, nullable=False),
        sa.Column("limit_weight", sa.Integer(), nullable=False),
        sa.Column("window_seconds", sa.Integer(), nullable=False),
        sa.Column("spent", postgresql.JSONB(), nullable=False),
        sa.Column("real_blocked_until", INSTANT, nullable=True),
        sa.Column("block_reason", sa.Text(), nullable=True),
        sa.Column("spent_ever", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("refused_ever", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.CheckConstraint("limit_weight > 0", name=op.f("ck_weight_budgets_limit_positive")),
        sa.CheckConstraint("window_seconds > 0", name=op.f("ck_weight_budgets_window_positive")),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_weight_budgets")),
        schema=SCHEMA,
    )
