"""The versions that matter when something is reported."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PAIRED = ("prefect", "fastapi", "sqlalchemy", "pydantic", "numpy", "ta-lib")
"""Packages whose combination has mattered before."""


def installed_version() -> str:
    """Of perpflow."""
    return version("perpflow")


def versions() -> dict[str, str]:
    """perpflow, Python, platform and the packages of `PAIRED`, by name."""
    found = {"perpflow": installed_version(), "python": platform.python_version()}
    found["platform"] = platform.platform()
    for name in PAIRED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
