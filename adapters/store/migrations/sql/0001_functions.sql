-- Partitions, events and append-only tables. Frozen with revision 0001.

create schema part;

-- The monthly partition of app.<parent> that contains `at`; true when it was made just now.
-- LIKE + ATTACH instead of PARTITION OF: the latter waits for every open reader of the parent.
create function app.ensure_partition(parent text, at timestamptz) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set timezone = 'UTC'
set lock_timeout = '30s'
as $$
declare
    first_day timestamptz := date_trunc('month', at);
    next_month timestamptz := first_day + interval '1 month';
    name text := parent || to_char(first_day, '_YYYY_MM');
begin
    if to_regclass(format('part.%I', name)) is not null then
        return false;
    end if;
    if not exists (
        select from pg_class
        where oid = to_regclass(format('app.%I', parent)) and relkind = 'p'
    ) then
        raise exception 'app.% is not a partitioned table', parent using errcode = 'undefined_table';
    end if;
    perform pg_advisory_xact_lock(7303011, hashtext(name));
    -- A query, because to_regclass may answer from a cache older than the lock.
    if exists (
        select from pg_class where relname = name and relnamespace = 'part'::regnamespace
    ) then
        return false;
    end if;
    execute format('create table part.%I (like app.%I including all excluding identity)', name, parent);
    execute format(
        'alter table app.%I attach partition part.%I for values from (%L) to (%L)',
        parent, name, first_day, next_month
    );
    return true;
end
$$;

-- The only way into app.events. The lock makes the order of ids the order of commits, so that
-- "id greater than the last one I saw" never skips an event. Call it last before the commit.
create function app.emit_event(
    at timestamptz, account_id text, channel text, kind text, payload jsonb
) returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    number bigint;
begin
    perform pg_advisory_xact_lock(7303012);
    insert into app.events (at, account_id, channel, kind, payload)
    values (emit_event.at, emit_event.account_id, emit_event.channel, emit_event.kind,
            emit_event.payload)
    returning events.id into number;
    perform pg_notify('app_events', number::text);
    return number;
end
$$;

create function app.refuse_change() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'app.% is append-only: % is refused', tg_table_name, lower(tg_op)
        using errcode = 'restrict_violation';
end
$$;

create trigger append_only before update or delete on app.fills
    for each row execute function app.refuse_change();
create trigger append_only before update or delete on app.income
    for each row execute function app.refuse_change();
create trigger append_only before update or delete on app.account_versions
    for each row execute function app.refuse_change();
-- Old events are deleted by retention, never rewritten.
create trigger append_only before update on app.events
    for each row execute function app.refuse_change();
create trigger never_emptied before truncate on app.fills
    for each statement execute function app.refuse_change();
create trigger never_emptied before truncate on app.income
    for each statement execute function app.refuse_change();
create trigger never_emptied before truncate on app.account_versions
    for each statement execute function app.refuse_change();
