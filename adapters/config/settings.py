"""Settings of the processes: where data lies, which ports, which market, how fast.

One model, read from `.env` in the working folder and the environment, which wins. Accounts are not
settings: see `accounts_file`. Speed is market seconds per real second.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from adapters.config.folders import data_folder, running_as_root
from adapters.config.market_options import in_real_time, require_market_options
from adapters.config.problems import ConfigurationError, Problem

OPTIONS: Mapping[str, str] = {
    "PERPFLOW_HOME": "--data-dir",
    "API_HOST": "--host",
    "API_PORT": "--port",
    "PERPFLOW_PREFECT_PORT": "--prefect-port",
    "PERPFLOW_MARKET": "--market",
    "PERPFLOW_MARKET_DATA": "--data",
    "PERPFLOW_NETWORK": "--network",
    "PERPFLOW_SPEED": "--speed",
    "PERPFLOW_SEED": "--seed",
    "PERPFLOW_CONFIG": "--config",
    "PERPFLOW_LLM": "--llm",
}
"""The option of `perpflow up` that sets the same as a variable."""

_PORT = "a whole number from 1 to 65535"


class Settings(BaseModel):
    """What every process may be told; each field is a variable of the environment."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    home: Path = Field(description="a folder", validation_alias="PERPFLOW_HOME")
    database_url: SecretStr | None = Field(
        None,
        description="an address that starts with postgresql://",
        validation_alias="DATABASE_URL",
    )
    """None: the embedded server in the data folder."""
    api_host: str = Field(
        "0.0.0.0",
        min_length=1,
        description="a host name or address",
        validation_alias="API_HOST",
    )
    api_port: int = Field(
        3000,
        ge=1,
        le=65_535,
        description=_PORT,
        validation_alias=AliasChoices("API_PORT", "APP_PORT"),
    )
    prefect_port: int = Field(
        4200, ge=1, le=65_535, description=_PORT, validation_alias="PERPFLOW_PREFECT_PORT"
    )
    market: Literal["simulated", "recorded", "aster"] = Field(
        "simulated",
        description="simulated, recorded or aster",
        validation_alias="PERPFLOW_MARKET",
    )
    market_data: Path | None = Field(
        None, description="a folder with recorded candles", validation_alias="PERPFLOW_MARKET_DATA"
    )
    network: Literal["mainnet", "testnet"] = Field(
        "mainnet",
        description="mainnet or testnet",
        validation_alias=AliasChoices("PERPFLOW_NETWORK", "ASTERDEX_NETWORK"),
    )
    """Of AsterDEX as a market. The second name is what accounts share as their own."""
    base_url: str | None = Field(
        None, description="https://host[:port]", validation_alias="ASTERDEX_BASE_URL"
    )
    """Another host with AsterDEX's calls; None: the network's own. Shared with the accounts."""
    speed: float = Field(
        60.0,
        gt=0,
        le=10_000,
        allow_inf_nan=False,
        description="a number above 0 and up to 10000",
        validation_alias="PERPFLOW_SPEED",
    )
    seed: int = Field(
        7,
        ge=0,
        le=2**63 - 1,
        description="a whole number of 0 or more",
        validation_alias="PERPFLOW_SEED",
    )
    worker: Literal["process", "warm"] = Field(
        "warm", description="warm or process", validation_alias="PERPFLOW_WORKER"
    )
    """How flow runs are started: in warm processes, or by Prefect's own process worker."""
    config: Path | None = Field(
        None, description="an accounts file", validation_alias="PERPFLOW_CONFIG"
    )
    """None: `accounts.yaml` of the working folder if there is one, else the demo accounts."""
    prompts: Path | None = Field(
        None, description="a folder with prompts", validation_alias="PERPFLOW_PROMPTS"
    )
    """None: `prompts` beside the accounts file."""
    llm: bool = Field(default=False, description="true or false", validation_alias="PERPFLOW_LLM")
    """Whether the demo has language models beside its agents of rules."""


def effective_environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment with `.env` of a folder beneath it: real variables are never overridden."""
    path = folder / ".env"
    from_file = dotenv_values(path, interpolate=False) if path.is_file() else {}
    return {
        **{name: value for name, value in from_file.items() if value is not None},
        **environ,
    }


def load_settings(environ: Mapping[str, str], overrides: Mapping[str, object]) -> Settings:
    """Settings from an effective environment; `overrides` are by variable, from the command line.

    Raises
    ------
    ConfigurationError
        With every variable that is out of range; values of secrets are never shown.
    """
    given = {name: value for name, value in environ.items() if value != ""}
    values = {**given, **{name: value for name, value in overrides.items() if value is not None}}
    chosen = {"PERPFLOW_HOME": str(values.get("PERPFLOW_HOME", ""))}
    values["PERPFLOW_HOME"] = data_folder(chosen, is_root=running_as_root())
    try:
        settings = Settings.model_validate(values)
    except ValidationError as refusal:
        raise ConfigurationError(_problems(refusal, overrides)) from None
    _require_postgres(settings)
    require_market_options(settings, overrides)
    return in_real_time(settings)


def _problems(refusal: ValidationError, overrides: Mapping[str, object]) -> list[Problem]:
    allowed = {
        str(alias): field.description
        for field in Settings.model_fields.values()
        for alias in _names(field.validation_alias)
    }
    return [
        Problem(
            source="command line" if overrides.get(name) is not None else "environment",
            line=None,
            key=OPTIONS[name] if overrides.get(name) is not None else name,
            text=f"is {error['input']}; allowed is {allowed.get(name, '')}",
        )
        for error in refusal.errors(include_url=False, include_context=False)
        for name in [str(error["loc"][0])]
    ]


def _names(alias: object) -> list[object]:
    return list(alias.choices) if isinstance(alias, AliasChoices) else [alias]


def _require_postgres(settings: Settings) -> None:
    url = settings.database_url
    if url is None or url.get_secret_value().startswith(
        ("postgresql://", "postgres://", "postgresql+psycopg://")
    ):
        return
    raise ConfigurationError(
        [
            Problem(
                source="environment",
                line=None,
                key="DATABASE_URL",
                text="is not the address of a PostgreSQL database",
                hint="write postgresql://user:password@host:5432/name, "
                "or remove it to use the embedded server",
            )
        ]
    )
