"""The shape of an accounts file: one definition for reading, checking and documenting it.

Ratios are fractions of one (0.2 is 20 per cent); money is quote. Each description says what is
allowed, in the words an error message uses. Secrets appear only as references, which are checked
for their form and never resolved here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from adapters.config.blend_config import BlendConfig
from adapters.config.exits_config import ExitsConfig
from adapters.config.limits_config import LimitsConfig
from adapters.config.llm_config import LlmConfig
from adapters.config.paper_config import PaperConfig
from adapters.config.scan_config import AssetsForm
from adapters.config.value_types import (
    REFERENCE_FORMS,
    AccountId,
    AddressOrReference,
    Amount,
    BaseUrl,
    Number,
    Reference,
    Switch,
    Words,
)
from trading.timeframes import Timeframe

_ADDRESS_FORMS = "an address of 0x and 40 hex digits, or " + REFERENCE_FORMS
_URL_FORMS = "an address that starts with https:// (http:// on this machine) and holds no password"

_Key = Annotated[Reference | None, Field(description=REFERENCE_FORMS)]
_Address = Annotated[AddressOrReference | None, Field(description=_ADDRESS_FORMS)]
_Text = Annotated[Words | None, Field(min_length=1, max_length=200, description="short text")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AsterdexConfig(_Strict):
    """References to the keys of a venue account, and where it is."""

    api_key: _Key = None
    api_secret: _Key = None
    user_address: _Address = None
    signer_address: _Address = None
    private_key: _Key = None
    mnemonic: _Key = None
    network: Literal["mainnet", "testnet"] = Field("mainnet", description="mainnet or testnet")
    base_url: BaseUrl | None = Field(None, description=_URL_FORMS)
    may_withdraw: Switch = Field(default=False, description="true or false")
    transport: Literal["connector"] | None = Field(
        None, description="connector, or left out for the client of this program"
    )


class OpenrouterConfig(_Strict):
    """Reference to the key of the model's provider, and how to name ourselves there."""

    api_key: _Key = None
    base_url: BaseUrl | None = Field(None, description=_URL_FORMS)
    allow_private: Switch = Field(default=False, description="true or false")
    referer: _Text = None
    app_title: _Text = None


class AccountConfig(_Strict):
    """One trading account: who decides, with how much money, within which limits."""

    id: AccountId = Field(
        description="1 to 64 characters of a-z, 0-9, _ and -, starting with a letter or digit",
        examples=["btc-trend"],
    )
    name: Words | None = Field(None, min_length=1, max_length=80, description="1 to 80 characters")
    strategy: str | None = Field(None, description="the name of a strategy", examples=["momentum"])
    llm_model: Words | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="the name of a model such as x-ai/grok-4",
        examples=["x-ai/grok-4", "deepseek/deepseek-chat"],
    )
    prompt: Words | None = Field(
        None, min_length=1, max_length=80, description="the name of a prompt, for llm_model"
    )
    llm: LlmConfig | None = Field(
        None, description="a mapping of how the model is asked, for llm_model"
    )
    parameters: dict[str, Number] = Field(
        default_factory=dict, description="a mapping of parameter names to numbers"
    )
    blend: BlendConfig | None = Field(
        None, description="a mapping with members: the strategies that decide together"
    )
    assets: AssetsForm = Field(
        description="a list of base assets such as [BTC, ETH], or scan(5)",
        examples=[["BTC", "ETH"], "BTC ETH", "scan(5)"],
    )
    interval: Timeframe = Field(
        Timeframe.H1, description="one of " + ", ".join(each.value for each in Timeframe)
    )
    mode: Literal["paper", "live"] = Field("paper", description="paper or live")
    initial_equity: Amount = Field(
        Decimal(10_000),
        gt=0,
        le=1_000_000_000,
        description="an amount of USDT above 0 and up to 1000000000",
    )
    twin_of: AccountId | None = Field(
        None,
        description="the id of a live account whose decisions it carries out on paper, and from"
        " which it takes all keys but id, name, initial_equity and paper",
        examples=["btc-live"],
    )
    foreign: Literal["ignore", "adopt"] = Field("ignore", description="ignore or adopt")
    bracket: Literal["separate", "group"] = Field("separate", description="separate or group")
    limits: LimitsConfig = Field(default_factory=LimitsConfig, description="a mapping of limits")
    exits: ExitsConfig = Field(
        default_factory=ExitsConfig, description="a mapping of tiers and pullback"
    )
    paper: PaperConfig = Field(
        default_factory=PaperConfig, description="a mapping of fees and fills on paper"
    )
    asterdex: AsterdexConfig | None = Field(None, description="a mapping")
    openrouter: OpenrouterConfig | None = Field(None, description="a mapping")


class AccountsFile(_Strict):
    """The accounts of an arena. Money is USDT; ratios are fractions of one (0.2 is 20 per cent)."""

    accounts: list[AccountConfig] = Field(
        min_length=1, description="a list with at least one account"
    )
