"""Where perpflow keeps its data on this machine: one folder for everything it writes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_data_path

HOME_VARIABLE = "PERPFLOW_HOME"
ACCOUNTS_FILE = "accounts.yaml"
"""In the working folder; read where nobody names another one."""
SYSTEM_FOLDER = Path("/var/lib/perpflow")
"""For root: a database server without privileges cannot enter root's home."""


def data_folder(environ: Mapping[str, str], *, is_root: bool) -> Path:
    """The absolute data folder; it may not exist yet.

    `PERPFLOW_HOME` wins; else root uses the system's folder and everybody else the user's own
    (which needs a home: without one the system's temporary folder would lose the arena).
    """
    chosen = environ.get(HOME_VARIABLE, "").strip()
    if chosen:
        return Path(os.path.abspath(os.path.expanduser(chosen)))
    if is_root:
        return SYSTEM_FOLDER
    return user_data_path("perpflow", appauthor=False).absolute()


def running_as_root() -> bool:
    """False where there is no such notion."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
