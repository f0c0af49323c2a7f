"""The options of `accounts add`, as the one document that every description of an account becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.config.model_checks import is_openrouter
from adapters.config.one_account import account_of_options
from adapters.config.problems import KeyPath
from adapters.config.yaml_document import Document
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed

_MODEL: KeyPath = ("llm_model",)
_BASE_URL: KeyPath = ("openrouter", "base_url")
_API_KEY: KeyPath = ("openrouter", "api_key")
_USUAL_KEY = "env:OPENROUTER_API_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOptions:
    """What was typed."""

    plain: Mapping[KeyPath, tuple[str, str | None]]
    """(option, text) by key path; None for one that is not given."""
    named: Mapping[str, tuple[str, tuple[str, ...]]]
    """(option, texts of the form name=value) by section; a dot in a name goes a level down."""

    @property
    def given(self) -> list[str]:
        """Names of the options that were given."""
        plain = [option for option, text in self.plain.values() if text is not None]
        return plain + [option for option, pairs in self.named.values() if pairs]

    @property
    def takes_usual_key(self) -> bool:
        """A model at OpenRouter takes the key that `.env` holds, unless another one is named."""
        texts = {path: text for path, (_, text) in self.plain.items()}
        is_there = texts[_MODEL] is not None and is_openrouter(texts[_BASE_URL])
        return is_there and texts[_API_KEY] is None


def options_document(options: AddOptions) -> Document:
    """The document of these options.

    Raises `CommandFailed` for what is not of the form name=value.
    """
    values = dict(options.plain)
    if options.takes_usual_key:
        values[_API_KEY] = ("--api-key", _USUAL_KEY)
    for section, (option, pairs) in options.named.items():
        for pair in pairs:
            name, separator, text = pair.partition("=")
            name = name.strip()
            if not separator or not all(name.split(".")):
                raise CommandFailed(
                    ExitCode.WRONG_USAGE, f"{option} {pair!r} is not of the form name=value"
                )
            values[(section, *name.split("."))] = (f"{option} {name}", text.strip())
    _require_no_section_with_a_value(values)
    return account_of_options(values)


def _require_no_section_with_a_value(values: Mapping[KeyPath, tuple[str, str | None]]) -> None:
    for path, (option, _) in values.items():
        for length in range(1, len(path)):
            above = values.get(path[:length])
            if above is not None:
                raise CommandFailed(
                    ExitCode.WRONG_USAGE, f"{above[0]} has no value of its own beside {option}"
                )
