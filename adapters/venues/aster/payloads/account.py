"""Answers about the account: money, positions, settings, permissions, ledger."""

from __future__ import annotations

from decimal import Decimal

from pydantic import SecretStr

from adapters.venues.aster.payloads.payload import Payload


class BalancePayload(Payload):
    """One asset of `balance`; `balance` is the wallet's."""

    asset: str
    balance: Decimal
    available_balance: Decimal
    cross_wallet_balance: Decimal | None = None
    cross_un_pnl: Decimal | None = None
    max_withdraw_amount: Decimal | None = None
    margin_available: bool = True
    update_time: int | None = None


class AssetPayload(Payload):
    """One asset of the account."""

    asset: str
    wallet_balance: Decimal
    unrealized_profit: Decimal
    margin_balance: Decimal
    initial_margin: Decimal
    maint_margin: Decimal
    available_balance: Decimal | None = None


class AccountPositionPayload(Payload):
    """One position of the account; the amount is signed in one-way mode."""

    symbol: str
    position_side: str = "BOTH"
    position_amt: Decimal
    entry_price: Decimal
    leverage: int
    isolated: bool
    unrealized_profit: Decimal
    initial_margin: Decimal
    maint_margin: Decimal
    update_time: int = 0


class AccountPayload(Payload):
    """`account`: totals in USDT; equity is `total_margin_balance`."""

    can_trade: bool | None = None
    can_withdraw: bool | None = None
    fee_tier: int | None = None
    total_wallet_balance: Decimal
    total_unrealized_profit: Decimal
    total_margin_balance: Decimal
    total_initial_margin: Decimal
    total_maint_margin: Decimal
    available_balance: Decimal
    max_withdraw_amount: Decimal | None = None
    assets: tuple[AssetPayload, ...]
    positions: tuple[AccountPositionPayload, ...]


class PositionPayload(Payload):
    """One row of `positionRisk`; side and size come from `position_amt` alone."""

    symbol: str
    position_side: str = "BOTH"
    position_amt: Decimal
    entry_price: Decimal
    mark_price: Decimal
    un_realized_profit: Decimal
    liquidation_price: Decimal
    leverage: int
    margin_type: str
    isolated_margin: Decimal = Decimal(0)
    isolated_wallet: Decimal | None = None
    """The same without the unrealised profit; in live answers only."""
    max_notional_value: Decimal | None = None
    notional: Decimal | None = None
    update_time: int = 0


class LeveragePayload(Payload):
    """A leverage that was set."""

    symbol: str
    leverage: int
    max_notional_value: Decimal | None = None


class PositionModePayload(Payload):
    """True: hedge mode."""

    dual_side_position: bool


class MultiAssetsPayload(Payload):
    """True: all assets are margin, and isolated margin is impossible."""

    multi_assets_margin: bool


class BracketPayload(Payload):
    """One bracket of a symbol."""

    bracket: int
    initial_leverage: int
    notional_floor: Decimal
    notional_cap: Decimal
    maint_margin_ratio: Decimal
    cum: Decimal = Decimal(0)


class BracketsPayload(Payload):
    """The brackets of a symbol."""

    symbol: str
    brackets: tuple[BracketPayload, ...]


class CommissionPayload(Payload):
    """Fees as fractions of notional."""

    symbol: str
    maker_commission_rate: Decimal
    taker_commission_rate: Decimal


class IncomePayload(Payload):
    """One line of the ledger; `tran_id` is unique within its type."""

    income_type: str
    income: Decimal
    asset: str
    time: int
    tran_id: str
    symbol: str = ""
    trade_id: str = ""
    info: str = ""


class AgentPayload(Payload):
    """An API wallet of the account and what it may do."""

    agent_address: str
    agent_name: str = ""
    can_read: bool | None = None
    can_perp_trade: bool | None = None
    can_spot_trade: bool | None = None
    can_withdraw: bool | None = None
    expired: int | bool | None = None
    """The instant at which it ends, milliseconds; seen as a flag as well."""


class BuilderPayload(Payload):
    """Somebody whom the account allows to take a fee on top of the venue's."""

    builder_address: str
    builder_name: str = ""
    max_fee_rate: Decimal | None = None


class ListenKeyPayload(Payload):
    """Key of the user stream: whoever has it can follow the account."""

    listen_key: SecretStr
