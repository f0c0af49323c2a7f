"""`perpflow up`: check, start, watch, stop."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import Mapping
from pathlib import Path

import httpx
import psutil
from rich.console import Console

from adapters.config.settings import Settings
from cli.console import stdout_console
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.leaderboard import fetch_leaderboard, mode_words, show_leaderboard
from cli.prompt_files import PROMPTS_VARIABLE, with_prompts
from cli.up.detaching import detach
from cli.up.logs import log_files
from cli.up.place import ArenaPlace, prepare_folder, require_ports
from cli.up.processes import end_in_order
from cli.up.progress import Progress
from cli.up.record import RunRecord, exclusive, load_record, remove_record
from cli.up.registrar import PlanFacts
from cli.up.registrar_child import RegistrarChild
from cli.up.running import Running
from cli.up.starting import start
from cli.up.stopping import stop
from cli.up.watching import watch
from cli.version import installed_version


def run_up(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    once: bool,
    new_link: bool,
    in_background: bool = False,
) -> ExitCode:
    """The whole life of one arena, or its start when it goes on in the background.

    Raises `ConfigurationError` and `CommandFailed`.
    """
    place = ArenaPlace(
        settings=settings,
        environ=with_prompts(settings, environ),
        once=once,
        new_link=new_link,
    )
    if not in_background:
        return _run(place, Progress(Console(stderr=True)))
    if once:
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            "--once ends by itself and --detach is for an arena that stays; leave one of them out",
        )
    forked = detach()
    if isinstance(forked, ExitCode):
        return forked
    progress = Progress(Console(stderr=True, force_terminal=False))
    progress.when_ready = lambda: forked(log_files(place.home)["up"])
    return _run(place, progress)


def _run(place: ArenaPlace, progress: Progress) -> ExitCode:
    run_id = uuid.uuid4().hex
    registrar = RegistrarChild(place, run_id=run_id)
    try:
        facts: PlanFacts = registrar.ask("plan")
        prepare_folder(place.home)
        with exclusive(place.home):
            progress.keep_log(log_files(place.home)["up"])
            _end_leftovers(place.home, progress)
            require_ports(place)
            progress.say(_heading(place, facts))
            for remark in facts.remarks:
                progress.note("market", remark)
            if facts.models:
                progress.note("models", facts.models)
            os.chdir(place.work)
            try:
                return asyncio.run(_live(place, progress, registrar, _new_record(place, run_id)))
            except CommandFailed as failure:
                progress.log_failure(str(failure))
                raise
            finally:
                remove_record(place.home)
    finally:
        registrar.close()


async def _live(
    place: ArenaPlace, progress: Progress, registrar: RegistrarChild, record: RunRecord
) -> ExitCode:
    api = place.prefect.api_url
    async with httpx.AsyncClient(base_url=api, timeout=10.0, trust_env=False) as prefect:
        running = Running(
            place=place, progress=progress, registrar=registrar, record=record, prefect=prefect
        )
        return await _start_and_stop(running)


async def _start_and_stop(running: Running) -> ExitCode:
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
    working = asyncio.ensure_future(_work(running))
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


async def _work(running: Running) -> ExitCode:
    try:
        await start(running)
    finally:
        _show_operator_link(running)
    if running.place.once:
        return await _finish_once(running)
    running.registrar.close()
    _show_where(running)
    running.progress.leave_starter()
    await watch(running)
    return ExitCode.DONE


async def _finish_once(running: Running) -> ExitCode:
    place = running.place
    _show_where(running)
    with running.progress.waiting("cycles", "every account decides once"):
        failed: tuple[str, ...] = await running.ask("run_once")
    rows = await asyncio.to_thread(fetch_leaderboard, place.local_url)
    show_leaderboard(rows, stdout_console())
    for account_id in failed:
        running.progress.note("cycle", f"{account_id} failed; see {place.logs}/worker.log")
    return ExitCode.PARTLY_DONE if failed else ExitCode.DONE


def _show_where(running: Running) -> None:
    place, progress = running.place, running.progress
    progress.say("")
    progress.say(f"Dashboard      {place.url}")
    if _token(running) is None and place.is_public:
        progress.say("Operator link  was shown when it was made; another: perpflow up --new-link")
    progress.say(f"Prefect        {place.prefect.ui_url}")
    progress.say(f"Data           {place.home}")
    progress.say(f"Logs           {place.logs}, or: perpflow logs")
    if progress.is_detached:
        progress.say("It runs in the background: perpflow status, perpflow down (positions stay).")
    elif not place.once:
        progress.say("Ctrl-C stops the arena and keeps positions.")


def _show_operator_link(running: Running) -> None:
    """Also after a failed start: a token that nobody has seen would be of no use."""
    token = _token(running)
    if token is None:
        return
    progress = running.progress
    progress.say("")
    progress.say_to_operator(f"Operator link  {running.place.url}/#token={token}")
    progress.say("               shown this once: it allows changes, and reading from elsewhere")


def _token(running: Running) -> str | None:
    return None if running.prepared is None else running.prepared.operator_token


def _end_leftovers(home: Path, progress: Progress) -> None:
    """Processes of a start that was killed; the lock is ours, so nobody owns them."""
    record = load_record(home)
    left = [] if record is None else end_in_order(record.run_id)
    if left:
        progress.note("leftovers", f"ended {left} processes of a start that was killed")


def _new_record(place: ArenaPlace, run_id: str) -> RunRecord:
    me = psutil.Process()
    return RunRecord(
        run_id=run_id,
        pid=me.pid,
        create_time=me.create_time(),
        url=place.url,
        prefect_url=place.prefect.ui_url,
        prompts=place.environ.get(PROMPTS_VARIABLE),
    )


def _heading(place: ArenaPlace, facts: PlanFacts) -> str:
    market = place.settings.market
    usual = "in real time" if market == "aster" else f"{place.settings.speed:g} times real time"
    speed = "one cycle each" if place.once else usual
    return (
        f"perpflow {installed_version()}   {mode_words(facts.modes)}   {facts.accounts_source}: {facts.accounts} "
        f"accounts on the {market} market {facts.market}, {speed}"
    )
