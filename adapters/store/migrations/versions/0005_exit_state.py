"""State of exits, keyed by position, and the conditions of exit plans."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

SCHEMA = "app"
KEY = sa.Text(collation="C")
INSTANT = sa.DateTime(timezone=True)
PLANS = ("decisions", "trades")


def upgrade():
    for table in PLANS:
        op.add_column(
            table,
            sa.Column(
                "exit_conditions",
                postgresql.JSONB(),
                nullable=False,
                server_default=sa.text("'[]'"),
            ),
            schema=SCHEMA,
        )
    op.create_table(
        "exit_states",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("symbol", KEY, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("entry_price", sa.Numeric(), nullable=False),
        sa.Column("measured_from", INSTANT, nullable=False),
        sa.Column("best_price", sa.Numeric(), nullable=False),
        sa.Column("looked_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "direction in ('long', 'short')", name=op.f("ck_exit_states_direction")
        ),
        sa.CheckConstraint(
            "entry_price > 0 and best_price > 0", name=op.f("ck_exit_states_prices_positive")
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "symbol", "opened_at", "direction", name=op.f("pk_exit_states")
        ),
        schema=SCHEMA,
    )


def downgrade():
    op.drop_table("exit_states", schema=SCHEMA)
    for table in PLANS:
        op.drop_column(table, "exit_conditions", schema=SCHEMA)
