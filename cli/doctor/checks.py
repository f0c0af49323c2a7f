"""What `perpflow doctor` looks at: each check is one function with one result and one fix.

The order is that of dependence: the machine, the packages, the configuration, what runs. A check
reads; it starts nothing and writes nothing but a temporary file in the data folder.
"""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path

import psutil

from adapters.config.problems import ConfigurationError
from adapters.config.settings import Settings
from cli.configuration import validate
from cli.failures import CommandFailed
from cli.up.ports import is_free
from cli.up.record import is_running
from deployments.prefect_settings import LOOPBACK

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 13)
ENOUGH_DISK_BYTES = 2_000_000_000
LITTLE_DISK_BYTES = 500_000_000
ENOUGH_MEMORY_BYTES = 1_500_000_000
_GIGA = 1_000_000_000


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of the report."""

    name: str
    verdict: Verdict
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the checks look at."""

    settings: Settings
    environ: Mapping[str, str]


Check = Callable[[Surroundings], Result]


def check_python(_: Surroundings) -> Result:
    """Tested versions only."""
    text = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    fits = OLDEST_PYTHON <= sys.version_info[:2] <= NEWEST_PYTHON
    fix = "use Python 3.11 to 3.13, e.g. uv venv --python 3.12"
    return _result("python", holds=fits, text=text, fix=fix)


def check_disk(around: Surroundings) -> Result:
    """Room for the database and logs."""
    place = next(
        folder
        for folder in [around.settings.home, *around.settings.home.parents]
        if folder.exists()
    )
    free = shutil.disk_usage(place).free
    text = f"{free / _GIGA:.1f} GB free for {around.settings.home}"
    fix = "make room, or set PERPFLOW_HOME to a folder on another disk"
    if free < LITTLE_DISK_BYTES:
        return Result(name="disk", verdict=Verdict.FAIL, text=text, fix=fix)
    return _result(
        "disk", holds=free >= ENOUGH_DISK_BYTES, text=text, fix=fix, otherwise=Verdict.WARN
    )


def check_memory(_: Surroundings) -> Result:
    """Prefect needs some 350 MB, each cycle 200 MB while it runs."""
    free = psutil.virtual_memory().available
    text = f"{free / _GIGA:.1f} GB of memory available, {psutil.cpu_count() or 1} cores"
    enough = free >= ENOUGH_MEMORY_BYTES
    return _result(
        "memory", holds=enough, text=text, fix="close other programs", otherwise=Verdict.WARN
    )


def check_folder(around: Surroundings) -> Result:
    """The data folder, or the nearest folder above it that exists, can be written."""
    home = around.settings.home
    place = next(folder for folder in [home, *home.parents] if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            writable = True
    except OSError:
        writable = False
    text = f"data folder {home}" + ("" if place == home else " (made at the first start)")
    fix = "set PERPFLOW_HOME to a folder that you may write to"
    return _result("folder", holds=writable, text=text, fix=fix)


def check_ports(around: Surroundings) -> Result:
    """Free, or held by our own arena."""
    settings = around.settings
    wanted = (
        ("--port", settings.api_host, settings.api_port),
        ("--prefect-port", LOOPBACK, settings.prefect_port),
    )
    if is_running(settings.home):
        return Result(
            name="ports", verdict=Verdict.OK, text="held by the arena that runs in this data folder"
        )
    taken = [(option, port) for option, host, port in wanted if not is_free(host, port)]
    text = f"ports {settings.api_port} and {settings.prefect_port} are free"
    if taken:
        text = f"taken by another program: {', '.join(str(port) for _, port in taken)}"
    fix = "choose others: perpflow up " + " ".join(f"{name} {port + 1}" for name, port in taken)
    return _result("ports", holds=not taken, text=text, fix=fix)


def check_talib(_: Surroundings) -> Result:
    """The indicator library loads and computes."""
    try:
        import numpy
        import talib

        last = float(talib.SMA(numpy.arange(10.0), timeperiod=3)[-1])
    except Exception as error:  # noqa: BLE001 - a broken native library may raise anything
        text = f"TA-Lib does not load: {type(error).__name__}: {error}"
        return _result("ta-lib", holds=False, text=text, fix="uv pip install --reinstall ta-lib")
    text = f"TA-Lib {version('ta-lib')} computes"
    return _result("ta-lib", holds=last == 8.0, text=text, fix="uv pip install --reinstall ta-lib")


def check_packages(_: Surroundings) -> Result:
    """Prefect 3.8's server fails to start with a newer FastAPI."""
    prefect, fastapi = version("prefect"), version("fastapi")
    text = f"Prefect {prefect} with FastAPI {fastapi}"
    fits = _numbers(prefect) >= (3, 8) and _numbers(prefect) < (3, 9)
    fits = fits and _numbers(fastapi) < (0, 151)
    fix = "uv sync, which takes the pair that was tested: Prefect 3.8 and FastAPI below 0.151"
    return _result("packages", holds=fits, text=text, fix=fix)


def check_configuration(around: Surroundings) -> Result:
    """Accounts file, variables, market."""
    try:
        text = validate(around.settings, around.environ)
    except ConfigurationError as error:
        count = len(error.problems)
        text = f"{count} problem(s), the first: {error.problems[0]}"
        return _result(
            "config", holds=False, text=text, fix="perpflow config validate lists all of them"
        )
    except CommandFailed as failure:
        return _result(
            "config", holds=False, text=str(failure), fix="correct the named option or variable"
        )
    return _result("config", holds=True, text=text, fix="")


def check_env_file(_: Surroundings) -> Result:
    """Secrets must not be readable by everybody."""
    path = Path(".env")
    if not path.is_file():
        return Result(name=".env", verdict=Verdict.SKIP, text="there is no .env here")
    is_private = not path.stat().st_mode & 0o077
    text = ".env is readable by its owner only" if is_private else ".env is readable by others"
    return _result(
        ".env", holds=is_private, text=text, fix="chmod 600 .env", otherwise=Verdict.WARN
    )


def _result(
    name: str,
    *,
    holds: bool,
    text: str,
    fix: str,
    otherwise: Verdict = Verdict.FAIL,
) -> Result:
    verdict = Verdict.OK if holds else otherwise
    return Result(name=name, verdict=verdict, text=text, fix="" if holds else fix)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])
