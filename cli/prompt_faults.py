"""What is wrong with a prompt that an account names: it is not there, or its file is no prompt."""

from __future__ import annotations

from pathlib import Path

from adapters.config.problems import closest
from adapters.prompts.load import load_prompt, prompt_names
from cli.prompt_files import PROMPTS_FOLDER, PROMPTS_VARIABLE
from trading.errors import InvalidRecord, UnknownName


class PromptFaults:
    """Says what is wrong with a prompt of a folder, in words behind the key that names it."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def __call__(self, name: str) -> str | None:
        try:
            load_prompt(name, self._folder)
        except UnknownName:
            names = prompt_names(self._folder)
            question = closest(name, names)
            return (
                f"is {name!r}, and there is no such prompt; there are {', '.join(names)}"
                f"{' (' + question + ')' if question else ''}; {self._where(name)}"
            )
        except (InvalidRecord, OSError) as error:
            return f"is {name!r}, which cannot be used: {error}"
        return None

    def _where(self, name: str) -> str:
        if self._folder is not None:
            return f"your own are read from {self._folder}"
        return (
            f"your own is {name}.md in a folder `{PROMPTS_FOLDER}` beside the accounts file, or in the one"
            f" that {PROMPTS_VARIABLE} names"
        )
