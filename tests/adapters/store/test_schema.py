from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, NullPool, create_engine, text

from adapters.store.errors import SchemaMismatch
from adapters.store.schema import (
    alembic_config,
    check_revision,
    current_revision,
    head_revision,
    upgrade,
)
from adapters.store.tables import metadata

pytestmark = pytest.mark.db

CATALOGUE = {
    "columns": """
        select table_name, column_name, data_type, is_nullable, collation_name, identity_generation,
               column_default
        from information_schema.columns where table_schema = 'app'""",
    "constraints": """
        select conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        from pg_constraint where connamespace = 'app'::regnamespace""",
    "indexes": "select tablename, indexname, indexdef from pg_indexes where schemaname = 'app'",
    "partitioning": """
        select partrelid::regclass::text, pg_get_partkeydef(partrelid)
        from pg_partitioned_table""",
}


def catalogue(conn: Connection) -> dict[str, set[tuple[object, ...]]]:
    return {
        name: {tuple(row) for row in conn.execute(text(query)) if "alembic" not in str(row[0])}
        for name, query in CATALOGUE.items()
    }


def test_migrations_build_exactly_the_tables_in_code(engine: Engine, empty_database_url: str):
    other = create_engine(empty_database_url, poolclass=NullPool)
    with other.begin() as conn:
        conn.execute(text("create schema app"))
        metadata.create_all(conn)
    with engine.connect() as migrated, other.connect() as created:
        found, wanted = catalogue(migrated), catalogue(created)
    for part in CATALOGUE:
        assert found[part] == wanted[part], part
    assert len(wanted["constraints"]) > 60


def test_alembic_sees_no_difference_even_with_partitions(engine: Engine):
    with engine.begin() as conn:
        conn.execute(text("select app.ensure_partition('diary', '2026-11-20T00:00Z')"))
        command.check(alembic_config(conn))


def test_six_starters_at_once_upgrade_a_fresh_database(empty_database_url: str):
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(upgrade, empty_database_url) for _ in range(6)]:
            done.result()
    engine = create_engine(empty_database_url, poolclass=NullPool)
    with engine.connect() as conn:
        assert current_revision(conn) == head_revision()
        check_revision(conn)


def test_a_failed_upgrade_leaves_nothing_behind(empty_database_url: str):
    engine = create_engine(empty_database_url, poolclass=NullPool)
    with engine.begin() as conn:
        conn.execute(text("create schema part"))  # collides at the very end of the first revision
    with pytest.raises(Exception, match='schema "part" already exists'):
        upgrade(empty_database_url)
    with engine.connect() as conn:
        assert conn.scalar(text("select to_regnamespace('app')")) is None


def test_an_empty_database_is_refused_with_the_command_to_run(empty_database_url: str):
    engine = create_engine(empty_database_url, poolclass=NullPool)
    with engine.connect() as conn, pytest.raises(SchemaMismatch, match="run perpflow up"):
        check_revision(conn)


def test_a_database_of_a_newer_version_is_refused_and_untouched(engine: Engine, database_url: str):
    with engine.begin() as conn:
        conn.execute(text("update app.alembic_version set version_num = '9999'"))
    words = f"9999.*{head_revision()}.*newer version"
    with pytest.raises(SchemaMismatch, match=words):
        upgrade(database_url)
    with engine.connect() as conn:
        with pytest.raises(SchemaMismatch, match=words):
            check_revision(conn)
        assert current_revision(conn) == "9999"


def test_the_last_revision_can_be_taken_back_and_applied_again(engine: Engine, database_url: str):
    with engine.begin() as conn:
        before = catalogue(conn)
        command.downgrade(alembic_config(conn), "-1")
    upgrade(database_url)
    with engine.connect() as conn:
        assert catalogue(conn) == before
