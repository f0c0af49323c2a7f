"""A part of the arena that the bench starts: a process whose CPU and memory are counted.

It carries the marks of `cli.up.processes`, so that whatever it started can be found and ended.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from bench.runtime.meters import GroupMeter, Meter, TreeMeter
from cli.up.processes import PART_VARIABLE, RUN_VARIABLE, kill, marked

STOP_SECONDS = 5.0
_TAIL_BYTES = 3_000


class Part:
    """One child process and what it starts."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        environment: Mapping[str, str],
        *,
        home: Path,
        run_id: str,
        group: GroupMeter | None,
    ) -> None:
        """Starts it at once; its output goes to `home/<name>.log`."""
        self.name = name
        self.log = home / f"{name}.log"
        self._run_id = run_id
        work = home / "work"
        work.mkdir(exist_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                arguments if group is None else group.entering(arguments),
                env={**environment, RUN_VARIABLE: run_id, PART_VARIABLE: name},
                cwd=work,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.meter: Meter = group or TreeMeter(self._process.pid)

    def stop(self) -> None:
        """Ask it to stop, then kill it and everything that carries its mark."""
        self._process.terminate()
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        kill(marked(self._run_id, self.name))

    def wait_until_healthy(self, url: str, seconds: float) -> None:
        """Until it answers 200. Raises `RuntimeError` with the end of its log when it does not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(url, timeout=2, trust_env=False).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.2)
        tail = self.log.read_bytes()[-_TAIL_BYTES:].decode(errors="replace")
        raise RuntimeError(f"{self.name} did not answer at {url}: {tail}")
