"""Settings of the API process, from the environment that `perpflow up` (or an operator) hands down.

It holds a database URL and nothing else that is secret: no venue key ever reaches this process.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from adapters.loopback import is_loopback


class ApiSettings(BaseSettings):
    """Where the API listens, what it reads from, and which other origins may call it."""

    model_config = SettingsConfigDict(populate_by_name=True, extra="ignore")

    database_url: SecretStr = Field(validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    host: str = Field(default="0.0.0.0", validation_alias=AliasChoices("API_HOST", "host"))
    port: int = Field(
        default=3000,
        ge=0,
        le=65_535,
        validation_alias=AliasChoices("API_PORT", "APP_PORT", "port"),
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), validation_alias=AliasChoices("API_CORS_ORIGINS", "cors_origins")
    )
    """Exact origins, separated by commas or blanks."""
    prefect_ui_url: str | None = Field(
        default=None, validation_alias=AliasChoices("PERPFLOW_PREFECT_UI_URL", "prefect_ui_url")
    )
    """Shown as a link only; this process never calls Prefect."""

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("cors_origins")
    @classmethod
    def _refuse_wildcards(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if "*" in origin or not origin.startswith(("http://", "https://")):
                raise ValueError(
                    f"API_CORS_ORIGINS holds {origin!r}: name each origin exactly, as in"
                    " https://desk.example.com; wildcards are refused because cookies are allowed"
                )
        return tuple(origin.rstrip("/") for origin in value)

    @field_validator("prefect_ui_url")
    @classmethod
    def _require_web_address(cls, value: str | None) -> str | None:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("PERPFLOW_PREFECT_UI_URL must start with http:// or https://")
        return value or None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the API."""
        return is_loopback(self.host)
