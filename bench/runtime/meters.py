"""CPU time and memory of a part of the arena: a process, everything it starts, and what died.

Where the system lets us make a control group, the kernel counts, dead children included. Elsewhere
the living processes of the tree are summed with what they have reaped; a child whose parent died
before it is then lost. CPU in seconds, memory in bytes (proportional set size).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import psutil

_NANOSECONDS = 1_000_000_000
_MICROSECONDS = 1_000_000


class Meter(Protocol):
    """What is asked of a part."""

    def cpu_seconds(self) -> float:
        """Used since the part began."""
        ...

    def pids(self) -> list[int]: ...


class GroupMeter:
    """A control group of version 1 (cpuacct) or 2."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, pid: int) -> None:
        """Count this process, and its children from now on, here."""
        (self._folder / "cgroup.procs").write_text(str(pid))

    def entering(self, arguments: list[str]) -> list[str]:
        """The command that enters the group and then becomes `arguments`."""
        script = 'echo $$ > "$0" && exec "$@"'
        return ["sh", "-c", script, str(self._folder / "cgroup.procs"), *arguments]

    def cpu_seconds(self) -> float:
        version_1 = self._folder / "cpuacct.usage"
        if version_1.exists():
            return int(version_1.read_text()) / _NANOSECONDS
        return used_microseconds((self._folder / "cpu.stat").read_text()) / _MICROSECONDS

    def pids(self) -> list[int]:
        return [int(line) for line in (self._folder / "cgroup.procs").read_text().split()]


class TreeMeter:
    """A process and its descendants."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)

    def cpu_seconds(self) -> float:
        total = 0.0
        for pid in self.pids():
            with suppress(psutil.Error):
                total += tree_share(psutil.Process(pid).cpu_times())
        return total

    def pids(self) -> list[int]:
        with suppress(psutil.Error):
            return [self._root.pid, *(p.pid for p in self._root.children(recursive=True))]
        return []


def tree_share(times: object) -> float:
    """A process's own CPU time and that of the children it has reaped."""
    names = ("user", "system", "children_user", "children_system")
    return float(sum(getattr(times, name, 0.0) for name in names))


def used_microseconds(cpu_stat: str) -> int:
    """`usage_usec` of a version 2 group's `cpu.stat`."""
    fields = dict(line.split() for line in cpu_stat.splitlines() if line.strip())
    return int(fields["usage_usec"])


def make_groups(run_id: str, parts: tuple[str, ...]) -> dict[str, GroupMeter] | None:
    """A control group for each part; None where none may be made."""
    for base in _mounts():
        root = base / f"perpflow-bench-{run_id[:12]}"
        try:
            root.mkdir()
            folders = {part: root / part for part in parts}
            for folder in folders.values():
                folder.mkdir()
            meters = {part: GroupMeter(folder) for part, folder in folders.items()}
            for meter in meters.values():
                meter.cpu_seconds()
        except (OSError, KeyError, ValueError):
            remove_groups(run_id)
            continue
        return meters
    return None


def remove_groups(run_id: str) -> None:
    """Take away the (empty) groups of a run."""
    for base in _mounts():
        root = base / f"perpflow-bench-{run_id[:12]}"
        with suppress(OSError):
            for folder in [*root.glob("*/"), root]:
                folder.rmdir()


def _mounts() -> list[Path]:
    """Where groups that count CPU time may be made: version 1 first, it counts in every kernel."""
    with suppress(OSError):
        rows = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
        ones = [Path(r[1]) for r in rows if r[2] == "cgroup" and "cpuacct" in r[3].split(",")]
        twos = [Path(r[1]) for r in rows if r[2] == "cgroup2"]
        return [base for base in [*ones[:1], *twos[:1]] if os.access(base, os.W_OK)]
    return []


class MemoryWatch:
    """Samples the memory of the parts in a thread and keeps the peaks.

    Reading a large process's memory map costs milliseconds, so the pause is at least ten times as
    long as the last sample took: the watch must not be what is measured.
    """

    def __init__(self, meters: Mapping[str, Meter], seconds: float = 1.0) -> None:
        self._meters = meters
        self._seconds = seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peaks: dict[str, int] = {}

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=30)

    def peak_mb(self) -> dict[str, float]:
        return {part: size / 1e6 for part, size in self.peaks.items()}

    def _watch(self) -> None:
        pause = 0.0
        while not self._over.wait(pause):
            began = time.monotonic()
            now = {part: memory_of(meter.pids()) for part, meter in self._meters.items()}
            now["all"] = sum(now.values())
            self.peaks = {part: max(size, self.peaks.get(part, 0)) for part, size in now.items()}
            pause = max(self._seconds, 10 * (time.monotonic() - began))


def memory_of(pids: list[int]) -> int:
    """Proportional set size in bytes; processes that have gone count nothing."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            total += pss_bytes(Path(f"/proc/{pid}/smaps_rollup").read_text())
    return total


def pss_bytes(rollup: str) -> int:
    """The `Pss` line of a `smaps_rollup`, which is in kB."""
    lines = (line.split() for line in rollup.splitlines() if line.startswith("Pss:"))
    return sum(int(words[1]) * 1024 for words in lines)
