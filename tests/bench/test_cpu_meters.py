"""CPU time and memory of a part, counted on real processes, dead children included."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest

from bench.runtime.meters import (
    GroupMeter,
    Meter,
    TreeMeter,
    make_groups,
    memory_of,
    pss_bytes,
    remove_groups,
    used_microseconds,
)

BURN_IN_A_CHILD = """
import os, sys, time
child = os.fork()
if not child:
    until = time.process_time() + 0.3
    while time.process_time() < until:
        pass
    os._exit(0)
os.waitpid(child, 0)
print("burnt", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def groups() -> Iterator[dict[str, GroupMeter]]:
    run_id = uuid.uuid4().hex
    made = make_groups(run_id, ("part",))
    if made is None:
        pytest.skip("no control group may be made here")
    yield made
    remove_groups(run_id)


def start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def require_dead_child_is_counted(process: subprocess.Popen[bytes], meter: Meter) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == b"burnt\n"
    assert process.pid in meter.pids()
    assert 0.25 < meter.cpu_seconds() < 5.0
    assert memory_of(meter.pids()) > 1_000_000
    process.communicate()


def test_a_tree_counts_the_child_that_has_ended() -> None:
    process = start([sys.executable, "-c", BURN_IN_A_CHILD])
    require_dead_child_is_counted(process, TreeMeter(process.pid))


def test_a_control_group_counts_the_child_that_has_ended(groups: dict[str, GroupMeter]) -> None:
    group = groups["part"]
    process = start(group.entering([sys.executable, "-c", BURN_IN_A_CHILD]))
    require_dead_child_is_counted(process, group)
    assert group.pids() == []
    assert group.cpu_seconds() > 0.25


def test_a_part_that_has_gone_has_no_memory_and_no_processes() -> None:
    process = start([sys.executable, "-c", ""])
    meter = TreeMeter(process.pid)
    process.communicate()
    assert meter.pids() == []
    assert meter.cpu_seconds() == 0.0
    assert memory_of([process.pid]) == 0


def test_the_kernels_words_are_read_in_their_units() -> None:
    assert used_microseconds("usage_usec 1500\nuser_usec 1000\nsystem_usec 500\n") == 1500
    assert pss_bytes("Rss:    900 kB\nPss:    512 kB\nPss_Dirty:  100 kB\n") == 512 * 1024
