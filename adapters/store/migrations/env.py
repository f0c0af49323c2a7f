"""Run by Alembic on the connection that `adapters.store.schema` opened; the caller commits.

Only schema `app` is compared with the tables in code: partitions live in schema `part`, where
Alembic would otherwise propose to remove them.
"""

from alembic import context
from sqlalchemy import text

from adapters.store.tables import SCHEMA, metadata


def include_name(name, type_, _parents):
    """Schema `app` and what is in it."""
    return name == SCHEMA if type_ == "schema" else True


connection = context.config.attributes["connection"]
connection.execute(text(f"create schema if not exists {SCHEMA}"))
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_schemas=True,
    include_name=include_name,
    version_table_schema=SCHEMA,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
