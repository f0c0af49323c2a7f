"""Paper twins of live accounts: whose decision a decision repeats, and what an entry was sized with."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

SCHEMA = "app"


def upgrade():
    op.add_column("decisions", sa.Column("equity", sa.Numeric(), nullable=True), schema=SCHEMA)
    op.add_column(
        "decisions", sa.Column("twin_decision_id", sa.Uuid(), nullable=True), schema=SCHEMA
    )
    op.create_foreign_key(
        op.f("fk_decisions_twin_decision_id_decisions"),
        "decisions",
        "decisions",
        ["twin_decision_id"],
        ["id"],
        source_schema=SCHEMA,
        referent_schema=SCHEMA,
    )
    op.create_index(
        "ix_decisions_twin_decision_id",
        "decisions",
        ["twin_decision_id"],
        schema=SCHEMA,
        postgresql_where=sa.text("twin_decision_id is not null"),
    )
    op.add_column(
        "intents",
        sa.Column("real_unknown_at", sa.DateTime(timezone=True), nullable=True),
        schema=SCHEMA,
    )


def downgrade():
    op.drop_column("intents", "real_unknown_at", schema=SCHEMA)
    op.drop_index("ix_decisions_twin_decision_id", "decisions", schema=SCHEMA)
    op.drop_column("decisions", "twin_decision_id", schema=SCHEMA)
    op.drop_column("decisions", "equity", schema=SCHEMA)
