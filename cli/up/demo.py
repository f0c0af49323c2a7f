"""The accounts that are shown when nobody describes any, and with `--llm` the models beside them.

One key makes them run: OPENROUTER_API_KEY, or a server of one's own by PERPFLOW_LLM_BASE_URL. A key for
OpenRouter is never sent to another server.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from adapters.config.accounts_file import Loaded, read_accounts
from adapters.config.model_checks import is_private_address
from adapters.config.settings import Settings
from adapters.config.yaml_document import Data, Document, read_document
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed

DEMO = "demo accounts"
DEMO_WITH_MODELS = "demo accounts with language models"
KEY = "OPENROUTER_API_KEY"
OWN_SERVER = "PERPFLOW_LLM_BASE_URL"
OWN_KEY = "PERPFLOW_LLM_API_KEY"
MODEL = "PERPFLOW_LLM_MODEL"
_FREE: dict[str, Data] = {"input_usd_per_million": 0, "output_usd_per_million": 0}


def demo_label(settings: Settings) -> str:
    """What to call these accounts in a sentence."""
    return DEMO_WITH_MODELS if settings.llm else DEMO


def load_demo(settings: Settings, environ: Mapping[str, str]) -> Loaded:
    """The demo accounts. Raises `ConfigurationError`, and `CommandFailed` where no key is given."""
    if not settings.llm:
        return read_accounts(read_document(demo_path()), {})
    document = read_document(demo_path("demo-llm.yaml"))
    if environ.get(OWN_SERVER):
        _ask_own_server(document, environ)
    elif not environ.get(KEY):
        raise CommandFailed(
            ExitCode.BAD_CREDENTIALS,
            f"--llm needs a key for language models, and {KEY} is not set; put {KEY}=... into .env"
            f" (keys: https://openrouter.ai/keys), or name a server of your own with {OWN_SERVER} and"
            f" {MODEL}",
        )
    return read_accounts(document, environ)


def require_demo(settings: Settings, described_by: str) -> None:
    """`--llm` chooses among the demo accounts only. Raises `CommandFailed`."""
    if settings.llm:
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            f"--llm adds language models to the demo accounts, but accounts are described by"
            f" {described_by}; give an account there llm_model, or leave --llm out",
        )


def demo_path(name: str = "demo.yaml") -> Path:
    """A sample that ships with the package."""
    return Path(str(files("deployments"))) / "accounts" / name


def _ask_own_server(document: Document, environ: Mapping[str, str]) -> None:
    """Let the models of the document be asked there, in place."""
    if not environ.get(MODEL):
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            f"{OWN_SERVER} names a server, and {MODEL} is not set; set it to the name of a model that"
            " the server has",
        )
    server: dict[str, Data] = {"base_url": f"${{{OWN_SERVER}}}"}
    if is_private_address(environ[OWN_SERVER]):
        # Whoever names a server by this variable means it, also one in a network of their own.
        server["allow_private"] = True
    if environ.get(OWN_KEY):
        server["api_key"] = f"${{{OWN_KEY}}}"
    data = document.data
    entries = data.get("accounts") if isinstance(data, dict) else None
    for index, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, dict) and "llm_model" in entry:
            place = ("accounts", index)
            document.names[(*place, "openrouter", "base_url")] = OWN_SERVER
            document.names[(*place, "llm_model")] = MODEL
            entry["openrouter"] = dict(server)
            section = entry.get("llm")
            if environ[OWN_SERVER].startswith("http://") and isinstance(section, dict):
                entry["llm"] = {**section, "price": dict(_FREE)}  # on this machine
