"""State of risk that survives a restart."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SCHEMA = "app"
KEY = sa.Text(collation="C")
INSTANT = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "risk_days",
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("day", INSTANT, nullable=False),
        sa.Column("start_equity", sa.Numeric(), nullable=False),
        sa.Column("lowest_equity", sa.Numeric(), nullable=False),
        sa.CheckConstraint("start_equity > 0", name=op.f("ck_risk_days_start_positive")),
        sa.CheckConstraint(
            "lowest_equity <= start_equity", name=op.f("ck_risk_days_lowest_not_above_start")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["app.accounts.id"], name=op.f("fk_risk_days_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_risk_days")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_trades_account_id_closed",
        "trades",
        ["account_id", sa.text("closed_at desc")],
        schema=SCHEMA,
        postgresql_where=sa.text("status = 'closed'"),
    )


def downgrade():
    op.drop_index("ix_trades_account_id_closed", "trades", schema=SCHEMA)
    op.drop_table("risk_days", schema=SCHEMA)
