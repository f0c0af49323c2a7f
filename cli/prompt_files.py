"""Which folder holds the user's own prompts. Light to import: the supervising process asks it.

`PERPFLOW_PROMPTS`, else `prompts` beside the accounts file, else `prompts` of the working folder. An arena
that runs keeps the folder it was started with: its worker reads it at every cycle.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from adapters.config.folders import ACCOUNTS_FILE
from adapters.config.problems import variable_refused
from adapters.config.settings import Settings
from cli.up.record import is_running, load_record

PROMPTS_VARIABLE = "PERPFLOW_PROMPTS"
PROMPTS_FOLDER = "prompts"


def prompt_folder(settings: Settings) -> Path | None:
    """Absolute; None where there is none. Raises `ConfigurationError` for a variable without one."""
    chosen = settings.prompts
    if chosen is not None:
        folder = chosen.expanduser().absolute()
        if not folder.is_dir():
            text = f"is {chosen}, which is no folder"
            raise variable_refused(PROMPTS_VARIABLE, text, "make it, or remove the variable")
        return folder
    accounts = Path(ACCOUNTS_FILE) if settings.config is None else settings.config.expanduser()
    folder = accounts.absolute().parent / PROMPTS_FOLDER
    return folder if folder.is_dir() else None


def prompt_folder_of_arena(settings: Settings) -> Path | None:
    """That of the arena which runs; the one that the next `up` would use when none does."""
    record = load_record(settings.home) if is_running(settings.home) else None
    if record is None:
        return prompt_folder(settings)
    return None if record.prompts is None else Path(record.prompts)


def with_prompts(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the parts: they run in another folder, so they are told this one."""
    folder = prompt_folder(settings)
    return {**environ, **({} if folder is None else {PROMPTS_VARIABLE: str(folder)})}
