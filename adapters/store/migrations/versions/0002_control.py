"""Commands, alerts, the operator's halt, the last agreed switch of Prefect, missed slots."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA = "app"
KEY = sa.Text(collation="C")
INSTANT = sa.DateTime(timezone=True)
NOW = sa.text("clock_timestamp()")


def upgrade():
    _accounts()
    _commands()
    _alerts()
    _statuses("'running', 'done', 'skipped', 'failed', 'missed'")


def downgrade():
    op.execute("delete from app.cycles where status = 'missed'")
    _statuses("'running', 'done', 'skipped', 'failed'")
    op.drop_table("alerts", schema=SCHEMA)
    op.drop_table("commands", schema=SCHEMA)
    op.drop_column("accounts", "schedule_seen", schema=SCHEMA)
    op.drop_column("accounts", "operator_state", schema=SCHEMA)


def _accounts():
    op.add_column(
        "accounts",
        sa.Column("operator_state", sa.Text(), nullable=False, server_default=sa.text("'active'")),
        schema=SCHEMA,
    )
    op.add_column("accounts", sa.Column("schedule_seen", sa.Boolean(), nullable=True), schema=SCHEMA)
    op.create_check_constraint(
        op.f("ck_accounts_operator_state"),
        "accounts",
        "operator_state in ('active', 'halted')",
        schema=SCHEMA,
    )


def _commands():
    op.create_table(
        "commands",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", KEY, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "arguments", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'")
        ),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False, server_default=sa.text("'pending'")),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("real_created_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("real_finished_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "kind in ('pause', 'resume', 'stop', 'panic', 'flatten', 'release')",
            name=op.f("ck_commands_kind"),
        ),
        sa.CheckConstraint(
            "state in ('pending', 'done', 'failed')", name=op.f("ck_commands_state")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["app.accounts.id"], name=op.f("fk_commands_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commands")),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_commands_pending",
        "commands",
        ["id"],
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "ix_commands_account_id_id", "commands", ["account_id", sa.text("id desc")], schema=SCHEMA
    )


def _alerts():
    op.create_table(
        "alerts",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", KEY, nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("real_raised_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("real_seen_at", INSTANT, nullable=False, server_default=NOW),
        sa.Column("real_cleared_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "severity in ('warning', 'critical')", name=op.f("ck_alerts_severity")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["app.accounts.id"], name=op.f("fk_alerts_account_id_accounts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        schema=SCHEMA,
    )
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["account_id", "code"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("real_cleared_at is null"),
        postgresql_nulls_not_distinct=True,
    )


def _statuses(values):
    op.drop_constraint("ck_cycles_status", "cycles", schema=SCHEMA)
    op.create_check_constraint(
        op.f("ck_cycles_status"), "cycles", f"status in ({values})", schema=SCHEMA
    )
