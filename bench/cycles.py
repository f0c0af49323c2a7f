"""What a trading cycle costs under each way of starting flow runs, side by side in one invocation.

`python -m bench.cycles --accounts 20 100 --arms process serve warm --rounds 1 --json out.json`.
Every arm runs the real `trade_account` flow in a fresh arena of its own; see bench/README.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from adapters.store.embedded.server import EmbeddedServer
from bench.runtime.cell import RESULT
from bench.runtime.machine import describe_machine
from bench.runtime.meters import remove_groups
from bench.runtime.spec import ARMS, CellSpec
from bench.runtime.table import grouped, render
from cli.up.processes import kill, marked

_START_SECONDS = 600.0
"""Server start, registering, warming up and the idle span, on a busy machine."""
_TAIL = 3_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure every cell, print as it goes, write the JSON; 1 when a cell has no result."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    head = describe_machine()
    cells: list[dict[str, Any]] = []
    try:
        for spec in build_specs(options):
            print(f"... {spec.label}", file=sys.stderr, flush=True)
            cells.append({"spec": asdict(spec), **_run_cell(spec, keep=options.keep)})
            print(_one_line(cells[-1]), file=sys.stderr, flush=True)
            _write(options.json, head, cells)
    except KeyboardInterrupt:
        print("interrupted: what follows is what there is", file=sys.stderr)
    print(f"{head['processor']}, {head['cores']} cores, load {head['load_before']}, {head['date']}")
    print(render(cells))
    return 0 if cells and all(cell.get("summary") for cell in cells) else 1


def build_specs(options: argparse.Namespace) -> list[CellSpec]:
    """The cells in the order of measurement: arms in turn within each round."""
    specs: list[CellSpec] = []
    for number in range(1, options.rounds + 1):
        if options.single:
            specs += [_spec(options, arm, 1, number, options.single) for arm in options.arms]
        for count in options.accounts:
            for arm in options.arms:
                bearable = count if arm == "warm" else min(count, options.stock_accounts)
                specs.append(_spec(options, arm, bearable, number, 0))
    # Two counts above the bearable one are the same cell of a stock arm.
    return list({(spec.key, spec.round): spec for spec in specs}.values())


def _spec(
    options: argparse.Namespace, arm: str, accounts: int, number: int, slots: int
) -> CellSpec:
    return CellSpec(
        arm=arm,
        accounts=accounts,
        round=number,
        runs_at_once=options.runs_at_once.get(arm, options.runs_at_once.get("")),
        prefetch_seconds=options.prefetch_seconds,
        single_slots=slots,
        # A cold start takes longer than a few seconds; slots must not queue behind each other.
        single_every=options.single_every or (10.0 if arm == "warm" else 40.0),
        lead=options.lead,
        time_limit=options.time_limit,
        idle_limit=options.idle_limit,
        server_env=dict(options.server_env),
        worker_env=dict(options.worker_env),
    )


def _run_cell(spec: CellSpec, *, keep: bool) -> dict[str, Any]:
    """The result of a cell, or `error` with the end of what it said."""
    with _throw_away(keep=keep) as (home, run_id):
        log = home / "cell.log"
        command = [sys.executable, "-m", "bench.runtime.cell", str(home), run_id]
        limit = spec.time_limit + spec.lead_seconds + spec.single_slots * spec.single_every
        with log.open("wb") as output:
            cell = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT
            )
            try:
                cell.communicate(spec.to_json().encode(), timeout=limit + _START_SECONDS)
            except subprocess.TimeoutExpired:
                return {"error": f"the cell did not end within {limit + _START_SECONDS:.0f} s"}
            finally:
                cell.kill()
                cell.wait()
        if (home / RESULT).exists():
            return json.loads((home / RESULT).read_text())
        return {"error": _last_words(log.read_text(errors="replace"))}


@contextmanager
def _throw_away(*, keep: bool) -> Iterator[tuple[Path, str]]:
    """A folder and a mark; afterwards nothing that carries the mark runs and the folder is gone."""
    home, run_id = Path(tempfile.mkdtemp(prefix="perpflow-bench-")), uuid.uuid4().hex
    home.chmod(0o711)  # as root the database runs as another user, which must be able to pass
    try:
        yield home, run_id
    finally:
        kill(marked(run_id))
        with suppress(Exception):
            EmbeddedServer(home / "data").down()
        remove_groups(run_id)
        if keep:
            print(f"kept: {home}", file=sys.stderr)
        else:
            shutil.rmtree(home, ignore_errors=True)


def _last_words(log: str) -> str:
    lines = [line for line in log[-_TAIL:].splitlines() if line.strip()]
    return lines[-1] if lines else "the cell ended without a word"


def _one_line(cell: dict[str, Any]) -> str:
    figures = grouped([cell]).get(cell["spec"]["arm"], {})
    told = ", ".join(f"{name} {value:.2f}" for name, value in figures.items() if value is not None)
    return f"    {told}" + (f" [{cell['error']}]" if cell.get("error") else "")


def _write(path: Path | None, head: dict[str, object], cells: list[dict[str, Any]]) -> None:
    if path is not None:
        path.write_text(json.dumps({"machine": head, "cells": cells}, indent=1) + "\n")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; `runs_at_once` by arm, under the empty name for all of them."""
    parser = argparse.ArgumentParser(prog="python -m bench.cycles", description=__doc__)
    add = parser.add_argument
    add("--accounts", type=int, nargs="*", default=[20], help="accounts due at once")
    add("--stock-accounts", type=int, default=20, help="at most so many in arms other than warm")
    add("--arms", nargs="+", choices=ARMS, default=["process", "serve", "warm"])
    add("--rounds", type=int, default=1, help="medians are taken over rounds")
    add("--runs-at-once", type=_limit, action="append", default=[], metavar="[ARM=]N")
    add("--prefetch-seconds", type=int, help="default: as perpflow up chooses")
    add("--single", type=int, default=0, metavar="K", help="also one account, K slots in a row")
    add("--single-every", type=float, help="seconds between those slots; 10, cold arms 40")
    add("--lead", type=float, help="seconds from registering to the due instant")
    add("--time-limit", type=float, default=900.0, help="seconds per arm after the due instant")
    add("--idle-limit", type=float, default=60.0, help="longest span for the idle figure")
    add("--server-env", type=_pair, action="append", default=[], metavar="K=V")
    add("--worker-env", type=_pair, action="append", default=[], metavar="K=V")
    add("--json", type=Path, help="write everything here after each cell")
    add("--keep", action="store_true", help="keep the temporary folders with their logs")
    options = parser.parse_args(arguments)
    options.runs_at_once = dict(options.runs_at_once)
    return options


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _limit(text: str) -> tuple[str, int]:
    """`12` for every arm, `warm=12` for one."""
    arm, _, number = text.rpartition("=")
    if arm and arm not in ARMS:
        raise argparse.ArgumentTypeError(f"{arm!r} is no arm; known: {', '.join(ARMS)}")
    return arm, int(number)


if __name__ == "__main__":
    sys.exit(main())
