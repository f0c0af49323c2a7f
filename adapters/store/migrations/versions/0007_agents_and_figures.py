"""Blends, scans and figures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCHEMA = "app"


def upgrade():
    op.add_column(
        "decisions", sa.Column("votes", postgresql.JSONB(), nullable=True), schema=SCHEMA
    )
    op.add_column("trades", sa.Column("leverage", sa.Integer(), nullable=True), schema=SCHEMA)


def downgrade():
    op.drop_column("trades", "leverage", schema=SCHEMA)
    op.drop_column("decisions", "votes", schema=SCHEMA)
