"""How much of a live account's position is not its own: stored, no longer guessed from trades."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

SCHEMA = "app"


def upgrade():
    op.add_column(
        "positions",
        sa.Column("foreign_quantity", sa.Numeric(), nullable=False, server_default=sa.text("0")),
        schema=SCHEMA,
    )
    op.execute(
        f"""
        update {SCHEMA}.positions p
        set foreign_quantity = p.quantity - coalesce(
            (select t.open_quantity from {SCHEMA}.trades t
             where t.account_id = p.account_id and t.symbol = p.symbol and t.status = 'open'), 0)
        from {SCHEMA}.accounts a
        where a.id = p.account_id and a.mode = 'live'
        """
    )


def downgrade():
    op.drop_column("positions", "foreign_quantity", schema=SCHEMA)
