"""The shape of `accounts.yaml`: one definition for reading, checking and documenting it.

Ratios are fractions of one (0.2 is 20 per cent); money is quote. Each description says what is
allowed, in the words an error message uses. Secrets appear only as references, which are checked
for their form and never resolved here.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from trading.account import ACCOUNT_ID
from trading.limits import RiskLimits
from trading.timeframes import Timeframe

REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:/.+|block:[a-z0-9-]+/.+")
_ASSET = re.compile(r"[A-Z0-9]{1,20}")
_DEFAULTS = RiskLimits()


def _not_a_switch(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("is a switch, not a number")  # noqa: TRY004 - pydantic collects ValueError only
    return value


def _is_reference(text: str) -> str:
    if REFERENCE.fullmatch(text) is None:
        raise ValueError("is not a reference")
    return text


def _is_account_id(text: str) -> str:
    if ACCOUNT_ID.fullmatch(text) is None:
        raise ValueError("is not an account id")
    return text


def _split_assets(value: Any) -> Any:
    """The documents write lists as `[BTC, ETH]`, `BTC ETH` and `BTC,ETH`."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _is_asset(text: str) -> str:
    if _ASSET.fullmatch(text) is None:
        raise ValueError("is not an asset")
    return text


Number = Annotated[float, BeforeValidator(_not_a_switch), Field(allow_inf_nan=False)]
Whole = Annotated[int, BeforeValidator(_not_a_switch)]
Ratio = Annotated[
    Decimal,
    BeforeValidator(_not_a_switch),
    Field(gt=0, le=1, allow_inf_nan=False, description="a ratio above 0 and up to 1"),
]
Reference = Annotated[str, AfterValidator(_is_reference)]
_REFERENCE_FORMS = "a reference: ${NAME}, env:NAME, file:/path or block:aster-credentials/NAME"
Asset = Annotated[
    str,
    AfterValidator(_is_asset),
    Field(description="a base asset in capitals such as BTC"),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LimitsConfig(_Strict):
    """`limits:` of an account; the defaults are those of `trading.limits`."""

    max_leverage: Whole = Field(
        _DEFAULTS.max_leverage, ge=1, le=125, description="a whole number from 1 to 125"
    )
    leverage: Whole = Field(
        _DEFAULTS.leverage, ge=1, le=125, description="a whole number from 1 to max_leverage"
    )
    max_position_ratio: Ratio = _DEFAULTS.max_position_ratio
    min_position_ratio: Ratio = _DEFAULTS.min_position_ratio
    min_confidence: Number = Field(
        _DEFAULTS.min_confidence, ge=0, lt=1, description="a ratio from 0 to below 1"
    )
    max_positions: Whole = Field(
        _DEFAULTS.max_positions, ge=1, description="a whole number of 1 or more"
    )
    max_daily_entries: Whole = Field(
        _DEFAULTS.max_daily_entries, ge=1, description="a whole number of 1 or more"
    )
    max_daily_loss_ratio: Ratio = _DEFAULTS.max_daily_loss_ratio
    reduce_at_drawdown: Ratio = _DEFAULTS.reduce_at_drawdown
    halt_at_drawdown: Ratio = _DEFAULTS.halt_at_drawdown
    stop_atr_multiple: Number = Field(
        _DEFAULTS.stop_atr_multiple, gt=0, le=20, description="a number above 0 and up to 20"
    )
    max_holding_hours: Whole = Field(
        _DEFAULTS.max_holding_hours, ge=1, description="a whole number of 1 or more"
    )
    requires_stop: bool | None = Field(None, description="true or false")
    """None: what the strategy says; only a benchmark may hold without a stop."""


class AsterdexConfig(_Strict):
    """References to the keys of a venue account, and where it is."""

    api_key: Reference | None = Field(None, description=_REFERENCE_FORMS)
    api_secret: Reference | None = Field(None, description=_REFERENCE_FORMS)
    private_key: Reference | None = Field(None, description=_REFERENCE_FORMS)
    mnemonic: Reference | None = Field(None, description=_REFERENCE_FORMS)
    network: Literal["mainnet", "testnet"] = Field("mainnet", description="mainnet or testnet")
    base_url: str | None = Field(None, description="an address that starts with https://")


class OpenrouterConfig(_Strict):
    """Reference to the key of the model's provider, and how to name ourselves there."""

    api_key: Reference | None = Field(None, description=_REFERENCE_FORMS)
    base_url: str | None = Field(None, description="an address that starts with https://")
    referer: str | None = Field(None, description="text")
    app_title: str | None = Field(None, description="text")


class AccountConfig(_Strict):
    """One entry of `accounts:`."""

    id: Annotated[str, AfterValidator(_is_account_id)] = Field(
        description="1 to 64 characters of a-z, 0-9, _ and -, starting with a letter or digit"
    )
    name: str | None = Field(None, min_length=1, max_length=80, description="1 to 80 characters")
    strategy: str | None = Field(None, description="the name of a strategy")
    llm_model: str | None = Field(None, description="the name of a model such as x-ai/grok-4")
    parameters: dict[str, Number] = Field(
        default_factory=dict, description="a mapping of parameter names to numbers"
    )
    assets: Annotated[list[Asset], BeforeValidator(_split_assets)] = Field(
        min_length=1, description="a list of base assets such as [BTC, ETH]"
    )
    interval: Timeframe = Field(
        Timeframe.H1, description="one of " + ", ".join(each.value for each in Timeframe)
    )
    mode: Literal["paper", "live"] = Field("paper", description="paper or live")
    initial_equity: Annotated[Decimal, BeforeValidator(_not_a_switch)] = Field(
        Decimal(10_000),
        gt=0,
        le=1_000_000_000,
        allow_inf_nan=False,
        description="an amount of USDT above 0 and up to 1000000000",
    )
    limits: LimitsConfig = Field(default_factory=LimitsConfig, description="a mapping of limits")
    asterdex: AsterdexConfig | None = Field(None, description="a mapping")
    openrouter: OpenrouterConfig | None = Field(None, description="a mapping")


class AccountsFile(_Strict):
    """A whole `accounts.yaml`."""

    accounts: list[AccountConfig] = Field(
        min_length=1, description="a list with at least one account"
    )
