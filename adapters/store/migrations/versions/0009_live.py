"""Live accounts: who may trade real money, and cycles that only watch."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SCHEMA = "app"
KEY = sa.Text(collation="C")
INSTANT = sa.DateTime(timezone=True)
STILL_OPEN = sa.text("real_ended_at is null")


def upgrade():
    _set_triggers("'schedule', 'manual', 'watch'")
    op.add_column("intents", sa.Column("exit_code", sa.Text(), nullable=True), schema=SCHEMA)
    op.create_table(
        "live_permits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", KEY, nullable=False),
        sa.Column("venue", sa.Text(), nullable=False),
        sa.Column("network", sa.Text(), nullable=False),
        sa.Column("fingerprint", KEY, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("opening_wallet", sa.Numeric(), nullable=False),
        sa.Column("opening_equity", sa.Numeric(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("checks", postgresql.JSONB(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column(
            "real_granted_at",
            INSTANT,
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("real_ended_at", INSTANT, nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["app.accounts.id"], name=op.f("fk_live_permits_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_permits")),
        schema=SCHEMA,
    )
    for name, column in (("account", "account_id"), ("fingerprint", "fingerprint")):
        op.create_index(
            f"uq_live_permits_{name}",
            "live_permits",
            [column],
            unique=True,
            schema=SCHEMA,
            postgresql_where=STILL_OPEN,
        )


def downgrade():
    op.drop_table("live_permits", schema=SCHEMA)
    op.drop_column("intents", "exit_code", schema=SCHEMA)
    op.execute("update app.cycles set trigger = 'manual' where trigger = 'watch'")
    _set_triggers("'schedule', 'manual'")


def _set_triggers(allowed):
    op.drop_constraint(op.f("ck_cycles_trigger"), "cycles", schema=SCHEMA, type_="check")
    op.create_check_constraint(
        op.f("ck_cycles_trigger"), "cycles", f"trigger in ({allowed})", schema=SCHEMA
    )
