from __future__ import annotations

import pytest

from adapters.store.commands import (
    CommandKind,
    CommandState,
    finish_command,
    load_commands,
    note_waiting,
    pending_commands,
    save_command,
)
from adapters.store.errors import StoreError

pytestmark = pytest.mark.db


def ask(conn, **changes):
    values = {"kind": CommandKind.FLATTEN, "account_id": "acc1", "requested_by": "cli"}
    return save_command(conn, **(values | changes))


def test_a_command_waits_until_its_outcome_is_recorded_and_then_keeps_it(conn):
    first, second = ask(conn, arguments={"reason": "fire"}), ask(conn, account_id=None)
    assert [command.id for command in pending_commands(conn)] == [first, second]
    assert finish_command(conn, first, state=CommandState.DONE, outcome="closed BTC")
    assert not finish_command(conn, first, state=CommandState.FAILED, outcome="twice")
    [done] = load_commands(conn, [first])
    assert (done.state, done.outcome, done.arguments) == ("done", "closed BTC", {"reason": "fire"})
    assert done.real_finished_at >= done.real_created_at
    assert [command.account_id for command in pending_commands(conn)] == [None]


def test_a_command_that_is_true_at_once_is_never_pending(conn):
    panic = ask(conn, kind=CommandKind.PANIC, state=CommandState.DONE, outcome="halted")
    assert pending_commands(conn) == ()
    assert load_commands(conn, [panic])[0].real_finished_at is not None


def test_what_a_command_waits_for_is_noted_only_while_it_waits(conn):
    command = ask(conn)
    note_waiting(conn, command, "a running cycle")
    assert pending_commands(conn)[0].outcome == "a running cycle"
    finish_command(conn, command, state=CommandState.DONE, outcome="closed")
    note_waiting(conn, command, "a running cycle")
    assert load_commands(conn, [command])[0].outcome == "closed"


def test_an_unknown_command_is_named(conn):
    with pytest.raises(StoreError, match="no command 99"):
        load_commands(conn, [99])
