"""`perpflow up`: check, start, watch, stop."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from datetime import UTC, datetime

from rich.console import Console

from adapters.config.settings import Settings
from cli.console import stdout_console
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.leaderboard import fetch_leaderboard, show_leaderboard
from cli.up import orchestration, store
from cli.up.clock import has_ended
from cli.up.plan import UpPlan, make_plan, prepare_folder, require_ports
from cli.up.processes import kill, marked
from cli.up.progress import Progress
from cli.up.record import exclusive, load_record, remove_record
from cli.up.running import Running, start
from cli.up.stopping import stop
from cli.version import installed_version

WATCH_SECONDS = 2.0
_LOST_DATABASE_SECONDS = 30.0


def run_up(
    settings: Settings, environ: Mapping[str, str], *, once: bool, new_link: bool
) -> ExitCode:
    """The whole life of one arena. Raises `ConfigurationError` and `CommandFailed`."""
    progress = Progress(Console(stderr=True))
    plan = make_plan(settings, environ, once=once, new_link=new_link)
    prepare_folder(plan.home)
    with exclusive(plan.home):
        _end_leftovers(plan, progress)
        require_ports(plan)
        progress.say(_heading(plan))
        for remark in plan.market.remarks:
            progress.note("market", remark)
        os.chdir(plan.work)
        try:
            return asyncio.run(_live(Running(plan=plan, progress=progress)))
        finally:
            remove_record(plan.home)


async def _live(running: Running) -> ExitCode:
    stopping = asyncio.Event()
    received: list[signal.Signals] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            # Started in the background or under nohup: we go on ignoring it. A handler instead of
            # SIG_IGN, because children inherit that, and Prefect's worker stops itself by SIGINT.
            signal.signal(number, lambda _number, _frame: None)
            continue
        asyncio.get_running_loop().add_signal_handler(
            number, _note_signal, number, received, stopping
        )
    working = asyncio.ensure_future(_work(running, stopping))
    waiting = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            working.cancel()
            await asyncio.wait({working})
    finally:
        waiting.cancel()
        running.progress.say("stopping; positions stay as they are")
        await stop(running)
        running.progress.say("stopped")
    if received:
        return ExitCode.INTERRUPTED if received[0] is signal.SIGINT else ExitCode.DONE
    return working.result()


def _note_signal(
    number: signal.Signals, received: list[signal.Signals], stopping: asyncio.Event
) -> None:
    received.append(number)
    stopping.set()


async def _work(running: Running, stopping: asyncio.Event) -> ExitCode:
    try:
        await start(running)
    finally:
        _show_operator_link(running)
    _show_where(running)
    if running.plan.once:
        return await _finish_once(running)
    await _watch(running, stopping)
    return ExitCode.DONE


async def _watch(running: Running, stopping: asyncio.Event) -> None:
    """Notes that the arena lives, and notices when a part of it does not."""
    failing_since: datetime | None = None
    ended = False
    assert running.database is not None and running.arena is not None  # noqa: S101, PT018 - started
    while not stopping.is_set():
        for part in running.parts:
            orchestration.require_alive(part)
        now = datetime.now(UTC)
        try:
            await asyncio.to_thread(store.note_alive, running.database.engine, running.arena)
            failing_since = None
        except Exception as error:
            failing_since = failing_since or now
            if (now - failing_since).total_seconds() > _LOST_DATABASE_SECONDS:
                raise CommandFailed(
                    ExitCode.UNREACHABLE,
                    f"the database has not answered for {_LOST_DATABASE_SECONDS:.0f} s "
                    f"({type(error).__name__}); see {running.plan.home / 'postgres'}",
                ) from error
        if not ended and has_ended(running.arena, real=now):
            ended = True
            await orchestration.end_schedules(running.deployment_ids)
            running.progress.note("market", "the recorded data has come to its end; time stands")
        await asyncio.sleep(WATCH_SECONDS)


async def _finish_once(running: Running) -> ExitCode:
    assert running.worker is not None  # noqa: S101 - started
    with running.progress.waiting("cycles", "every account decides once"):
        failed = await orchestration.run_once(running.deployment_ids, running.worker)
    rows = await asyncio.to_thread(fetch_leaderboard, running.plan.local_url)
    show_leaderboard(rows, stdout_console())
    for account_id in failed:
        running.progress.note("cycle", f"{account_id} failed; see {running.plan.logs}/worker.log")
    return ExitCode.PARTLY_DONE if failed else ExitCode.DONE


def _show_where(running: Running) -> None:
    plan, progress = running.plan, running.progress
    progress.say("")
    progress.say(f"Dashboard      {plan.url}")
    if running.operator_token is None and plan.is_public:
        progress.say("Operator link  was shown when it was made; another: perpflow up --new-link")
    progress.say(f"Prefect        {plan.prefect.ui_url}")
    progress.say(f"Data           {plan.home}")
    if not plan.once:
        progress.say("Ctrl-C stops the arena and keeps positions.")


def _show_operator_link(running: Running) -> None:
    """Also after a failed start: a token that nobody has seen would be of no use."""
    if running.operator_token is None:
        return
    progress = running.progress
    progress.say("")
    progress.say(f"Operator link  {running.plan.url}/#token={running.operator_token}")
    progress.say("               shown this once: it allows changes, and reading from elsewhere")


def _end_leftovers(plan: UpPlan, progress: Progress) -> None:
    """Processes of a start that was killed; the lock is ours, so nobody owns them."""
    record = load_record(plan.home)
    left = marked(record.run_id) if record is not None else []
    if left:
        progress.note("leftovers", f"ending {len(left)} processes of a start that was killed")
        kill(left)


def _heading(plan: UpPlan) -> str:
    count = len(plan.accounts)
    market = "simulated" if plan.market.source == "simulated" else "recorded"
    speed = "one cycle each" if plan.once else f"{plan.settings.speed:g} times real time"
    return (
        f"perpflow {installed_version()}   PAPER   {plan.accounts_source}: {count} accounts on the "
        f"{market} market {plan.market.name}, {speed}"
    )
