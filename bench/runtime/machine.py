"""What the figures were measured on: machine, load, versions, date. No host name, no paths."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import psutil

from cli.version import versions


def describe_machine() -> dict[str, object]:
    """For the head of the results."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": psutil.cpu_count(logical=True),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "load_before": [round(each, 2) for each in os.getloadavg()],
        "versions": versions(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown"
    return next(
        (line.split(":", 1)[1].strip() for line in lines if "model name" in line), "unknown"
    )
