"""Where the accounts of a start or an `apply` come from: a file, variables, or nowhere.

A file that was named wins. Without one, `accounts.yaml` of the working folder and variables that
describe accounts are two answers to one question: refused, naming both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from adapters.config.accounts_file import Loaded, read_accounts
from adapters.config.environment_accounts import (
    EnvironmentShape,
    announces_several,
    environment_document,
    find_shape,
)
from adapters.config.folders import ACCOUNTS_FILE
from adapters.config.model_checks import PromptFault
from adapters.config.problems import variable_refused
from adapters.config.yaml_document import read_document
from trading.account import Account

Source = Path | EnvironmentShape


def find_source(named: Path | None, environ: Mapping[str, str]) -> Source | None:
    """The source that applies; None when nothing describes accounts.

    Raises `ConfigurationError` when variables contradict each other.
    """
    if named is not None:
        return named.expanduser()
    own = Path(ACCOUNTS_FILE)
    if own.is_file():
        return own
    shape = find_shape(environ)
    if shape is None and announces_several(environ):
        text = "is true, but neither ACCOUNT_IDS nor an accounts file is there"
        raise variable_refused(
            "MULTI_ACCOUNT_MODE", text, "set ACCOUNT_IDS=first,second or add a file"
        )
    return shape


def load_source(
    source: Source,
    environ: Mapping[str, str],
    *,
    is_named: bool,
    known_assets: Sequence[str] | None = None,
    stored: Sequence[Account] | None = None,
    prompt_fault: PromptFault | None = None,
) -> Loaded:
    """The accounts of a source; `is_named` when somebody chose it. Raises as `read_accounts`."""
    is_file = not isinstance(source, EnvironmentShape)
    loaded = read_accounts(
        read_document(source) if is_file else environment_document(source, environ),
        environ,
        known_assets=known_assets,
        stored=stored,
        prompt_fault=prompt_fault,
    )
    if is_file and not is_named:
        _require_one_shape(source, loaded, environ)
    return loaded


def label_of(source: Source) -> str:
    """What to call a source in a sentence."""
    return source.label if isinstance(source, EnvironmentShape) else str(source)


def _require_one_shape(path: Path, loaded: Loaded, environ: Mapping[str, str]) -> None:
    shape = find_shape(environ)
    if shape is None or loaded.variables & set(shape.markers):
        return  # a file may use the variables of another shape by ${...}
    raise variable_refused(
        shape.markers[0],
        f"describes accounts, and so does {path}",
        f"name the file with --config {path}, or remove the variables or the file",
    )
