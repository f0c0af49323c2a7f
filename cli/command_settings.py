"""What every command needs first: the settings, the effective environment, and common options."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from adapters.config.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="Data folder; as PERPFLOW_HOME.")]


def command_settings(**overrides: object) -> tuple[Settings, dict[str, str]]:
    """Settings and environment (`.env` beneath the real one); `overrides` are by variable.

    Raises `ConfigurationError`.
    """
    from adapters.config.settings import effective_environment, load_settings

    environ = effective_environment(os.environ, Path.cwd())
    return load_settings(environ, overrides), environ


def print_json(document: object) -> None:
    """The one document of a command's `--json`."""
    typer.echo(json.dumps(document, indent=2))
