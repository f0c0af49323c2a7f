"""A part in the care of a keeper: real processes, short patience."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.keeper import Keeper, PartState, Patience
from cli.up.keepers import Keepers
from cli.up.kept_process import KeptProcess, lives_on
from cli.up.parts import PartCommand, describe_exit
from cli.up.processes import kill, marked
from tests.waiting import until

RUN = f"keeper-{os.getpid()}"
QUICK = Patience(
    first_pause=0.05,
    longest_pause=0.2,
    tries=3,
    start_seconds=5.0,
    hung_seconds=0.4,
    look_every=0.02,
    ask_every=0.02,
)
SLEEP = "import time; time.sleep(60)"
DIES = "print('no such table: money', flush=True); raise SystemExit(4)"


@dataclass
class Care:
    """Parts under test and what was said about them."""

    folder: Path
    keepers: Keepers = field(default_factory=Keepers)
    said: list[str] = field(default_factory=list)

    def part(self, code: str, name: str = "part", **options: object) -> KeptProcess:
        command = PartCommand(
            name=name,
            arguments=[sys.executable, "-c", code],
            environment=dict(os.environ),
            grace_seconds=1.0,
        )
        values = {"check": lives_on(0.1), **options}
        return KeptProcess(
            name=name,
            command=lambda: command,
            run_id=RUN,
            folder=self.folder,
            logs=self.folder / "logs",
            **values,
        )

    def keep(self, part: KeptProcess, patience: Patience = QUICK, *needs: Keeper) -> Keeper:
        keeper = Keeper(
            part,
            tell=lambda name, text: self.said.append(f"{name} {text}"),
            changed=lambda: None,
            patience=patience,
            needs=needs,
        )
        return self.keepers.begin(keeper)


@pytest.fixture
async def care(tmp_path: Path) -> AsyncIterator[Care]:
    made = Care(tmp_path)
    yield made
    await made.keepers.let_go()
    kill(marked(RUN))


async def given_up(care: Care) -> CommandFailed:
    with pytest.raises(CommandFailed) as refusal:
        async with asyncio.timeout(20):
            await care.keepers.until_failure()
    return refusal.value


async def test_a_part_that_is_killed_comes_back_and_one_message_says_everything(care: Care) -> None:
    part = care.part(SLEEP, name="api")
    keeper = care.keep(part)
    await care.keepers.until_ready(keeper)
    first = part.pid

    os.kill(first, signal.SIGKILL)
    await until(lambda: keeper.restarts == 1)
    await care.keepers.until_ready(keeper)

    assert part.pid != first
    assert keeper.state is PartState.RUNNING
    assert care.said[0] == (
        "api was killed by SIGKILL (9), as the system does when memory runs out; "
        f"try 2 in 0.05 s; its log is {part.log}"
    )
    assert care.said[1].startswith("api is back after ")
    assert care.said[1].endswith(f"as process {part.pid}")


async def test_a_part_that_never_gets_ready_is_given_up_with_its_last_words(care: Care) -> None:
    part = care.part(DIES, name="prefect", check=lives_on(3.0))
    care.keep(part)

    refusal = await given_up(care)

    assert refusal.code is ExitCode.FAILED
    assert "prefect ended by itself with status 4" in str(refusal)
    assert "never been ready in 3 tries" in str(refusal)
    assert str(part.log) in str(refusal)
    assert str(refusal).endswith("no such table: money")
    assert len(care.said) == 2


async def test_a_program_that_cannot_be_run_is_given_up_with_the_cause(care: Care) -> None:
    part = care.part(SLEEP)
    part.command = lambda: PartCommand(
        name="part", arguments=["/no/such/program"], environment={}, grace_seconds=1.0
    )
    care.keep(part)

    refusal = await given_up(care)

    assert "could not be started" in str(refusal)
    assert "No such file or directory: '/no/such/program'" in str(refusal)


async def test_a_part_that_once_worked_is_never_given_up(care: Care, tmp_path: Path) -> None:
    # Ready once, then broken for good: as when the disk is full, which somebody will mend.
    broken = tmp_path / "broken"
    part = care.part(f"import os, time; time.sleep(0 if os.path.exists({str(broken)!r}) else 60)")
    keeper = care.keep(part)
    await care.keepers.until_ready(keeper)
    broken.touch()

    os.kill(part.pid, signal.SIGKILL)
    await until(lambda: keeper.restarts >= QUICK.tries + 2)
    broken.unlink()
    async with asyncio.timeout(15):
        await care.keepers.until_ready(keeper)

    assert keeper.state is PartState.RUNNING


async def test_the_pause_grows_from_failure_to_failure_and_has_an_end(care: Care) -> None:
    care.keep(care.part(DIES, check=lives_on(3.0)), replace(QUICK, tries=5))

    await given_up(care)

    pauses = [said.split(" in ")[1].split(" s;")[0] for said in care.said]
    assert pauses == ["0.05", "0.1", "0.2", "0.2"]


async def test_after_a_life_that_was_long_enough_the_pauses_begin_anew(care: Care) -> None:
    part = care.part(SLEEP)
    keeper = care.keep(part, replace(QUICK, well_after=0.05))

    for restarts in (1, 2, 3):
        await care.keepers.until_ready(keeper)
        await asyncio.sleep(0.1)
        os.kill(part.pid, signal.SIGTERM)
        await until(lambda count=restarts: keeper.restarts == count)
        await until(keeper.ready.is_set)

    failures = [said for said in care.said if "was killed" in said]
    assert len(failures) == 3
    assert all("try 2 in 0.05 s" in said for said in failures)


async def test_a_part_that_lives_but_does_not_answer_is_ended_and_started_again(
    care: Care,
) -> None:
    answers = asyncio.Event()
    answers.set()

    async def check(part: KeptProcess) -> bool:
        return answers.is_set()

    part = care.part(SLEEP, name="prefect", check=check)
    keeper = care.keep(part)
    await care.keepers.until_ready(keeper)
    first = part.pid

    answers.clear()
    await until(lambda: keeper.restarts == 1)
    answers.set()
    await care.keepers.until_ready(keeper)

    assert "prefect lives but has not answered for 0.4 s" in care.said[0]
    assert not psutil.pid_exists(first)
    assert part.pid != first


async def test_a_part_of_which_nothing_can_be_known_is_left_alone(care: Care) -> None:
    known: list[bool | None] = [True]

    async def check(part: KeptProcess) -> bool | None:
        return known[0]

    part = care.part(SLEEP, name="worker", check=check)
    keeper = care.keep(part, replace(QUICK, hung_seconds=0.1))
    await care.keepers.until_ready(keeper)

    known[0] = None
    await asyncio.sleep(0.4)

    assert keeper.restarts == 0
    assert keeper.state is PartState.RUNNING


async def test_what_a_dead_part_left_running_ends_before_it_starts_again(care: Care) -> None:
    code = (
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {SLEEP!r}], start_new_session=True)\n"
        "time.sleep(60)\n"
    )
    living: list[list[int]] = []

    async def look() -> None:
        living.append([process.pid for process in marked(RUN, "worker")])

    part = care.part(code, name="worker", before_restart=look)
    keeper = care.keep(part)
    await care.keepers.until_ready(keeper)
    await until(lambda: len(marked(RUN, "worker")) == 2)

    os.kill(part.pid, signal.SIGKILL)
    await until(lambda: keeper.restarts == 1)
    await care.keepers.until_ready(keeper)

    assert living == [[]]


async def test_a_part_waits_for_what_it_needs_also_at_a_restart(care: Care) -> None:
    may_answer = asyncio.Event()

    async def check(part: KeptProcess) -> bool:
        return may_answer.is_set()

    database = care.part(SLEEP, name="postgres", check=check)
    needed = care.keep(database, replace(QUICK, hung_seconds=30.0))
    part = care.part(SLEEP, name="api")
    keeper = care.keep(part, QUICK, needed)
    await asyncio.sleep(0.2)
    assert keeper.state is PartState.WAITING
    may_answer.set()
    await care.keepers.until_ready(keeper)

    may_answer.clear()
    os.kill(database.pid, signal.SIGKILL)
    await until(lambda: needed.restarts == 1)
    os.kill(part.pid, signal.SIGKILL)
    await until(lambda: keeper.state is PartState.WAITING)
    may_answer.set()
    await care.keepers.until_ready(keeper)

    assert keeper.restarts == 1


async def test_a_restart_can_be_ordered(care: Care) -> None:
    part = care.part(SLEEP, name="api")
    keeper = care.keep(part)
    await care.keepers.until_ready(keeper)

    care.keepers.restart("api", "has to follow the database")
    await until(lambda: keeper.restarts == 1)
    await care.keepers.until_ready(keeper)

    assert "api has to follow the database; try 2" in care.said[0]


async def test_letting_go_restarts_nothing_and_ends_nothing(care: Care) -> None:
    part = care.part(SLEEP)
    await care.keepers.until_ready(care.keep(part))

    await care.keepers.let_go()
    assert part.ending() is None
    part.stop()
    await asyncio.sleep(0.2)

    assert part.ending() is not None
    assert care.said == []


async def test_a_part_given_up_ends_the_wait_for_another(care: Care) -> None:
    async def never(part: KeptProcess) -> bool:
        return False

    slow = care.keep(care.part(SLEEP, name="prefect", check=never))
    care.keep(care.part(DIES, name="api", check=lives_on(3.0)))

    with pytest.raises(CommandFailed, match="api ended by itself"):
        async with asyncio.timeout(20):
            await care.keepers.until_ready(slow)


async def test_the_records_tell_what_every_part_does(care: Care) -> None:
    part = care.part(SLEEP, name="api")
    await care.keepers.until_ready(care.keep(part))

    (record,) = care.keepers.records()

    assert (record.name, record.pid, record.state) == ("api", part.pid, "running")
    assert (record.restarts, record.last_failure, record.log) == (0, "", str(part.log))
    assert abs(time.time() - record.since) < 10


@given(st.integers(min_value=1, max_value=10_000))
def test_pauses_double_up_to_the_longest(failures: int) -> None:
    patience = Patience()

    pause = patience.pause_after(failures)

    assert 1.0 <= pause <= 60.0
    assert patience.pause_after(failures + 1) == min(60.0, pause * 2)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "ended by itself with status 0"),
        (7, "ended by itself with status 7"),
        (-15, "was killed by SIGTERM (15)"),
        (-11, "was killed by SIGSEGV (11)"),
        (-40, "was killed by signal 40 (40)"),
    ],
)
def test_an_exit_status_is_said_in_words(status: int, words: str) -> None:
    assert describe_exit(status) == words
