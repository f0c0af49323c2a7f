"""What a venue says to an account's keys: every question is asked once, whoever needs the answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Engine

from adapters.store.trades import load_open_trades
from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.clock import ClockReading
from adapters.venues.aster.credentials import Credentials, KeyKind, KeyPermissions
from adapters.venues.aster.errors import Refused, Unusable
from adapters.venues.aster.instrument_rules import instrument_of, is_traded_here
from adapters.venues.aster.payloads.account import (
    AccountPayload,
    BracketsPayload,
    PositionPayload,
)
from adapters.venues.aster.payloads.market import ExchangeInfo, SymbolRules
from adapters.venues.aster.payloads.orders import OrderPayload
from trading.account import Account, VenueKeys
from trading.instruments import Instrument
from trading.units import ZERO

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ANY_FUNDING = timedelta(hours=8)
"""The filters do not depend on it."""


@dataclass(slots=True, kw_only=True)
class Interview:
    """One account, the keys that were found, and what has been asked so far."""

    account: Account
    keys: VenueKeys
    credentials: Credentials
    client: AsterClient
    engine: Engine
    place: str
    """Host and port of the venue."""
    fingerprint: str
    """Of the venue account."""
    unlisted: str = ""
    """Why the venue does not say what the keys may do; empty when it does."""
    _clock: ClockReading | None = None
    _permissions: KeyPermissions | None = None
    _money: AccountPayload | None = None
    _info: ExchangeInfo | None = None
    _positions: tuple[PositionPayload, ...] | None = None
    _orders: tuple[OrderPayload, ...] | None = None
    _brackets: tuple[BracketsPayload, ...] | None = None

    @property
    def is_v1(self) -> bool:
        return self.credentials.kind is KeyKind.V1

    async def clock(self) -> ClockReading:
        """The venue's clock beside this machine's."""
        if self._clock is None:
            self._clock = await self.client.read_clock()
        return self._clock

    async def venue_time(self) -> datetime:
        """The instant of the clock's reading, aware UTC."""
        return _EPOCH + timedelta(microseconds=(await self.clock()).venue_us)

    async def permissions(self) -> KeyPermissions:
        """What the keys may do, as far as the venue says: its list of agents is not documented."""
        if self._permissions is None:
            try:
                self._permissions = await self.client.permissions()
            except (Refused, Unusable) as refusal:
                self.unlisted = str(refusal)
                self._permissions = KeyPermissions(can_trade=None, can_withdraw=None)
        return self._permissions

    async def money(self) -> AccountPayload:
        """Totals, assets and positions."""
        if self._money is None:
            self._money = await self.client.account.account()
        return self._money

    async def rules(self) -> dict[str, SymbolRules]:
        """Rules of the contracts in USDT, by base asset."""
        if self._info is None:
            self._info = await self.client.market.exchange_info()
        found: dict[str, SymbolRules] = {}
        for each in self._info.symbols:
            if is_traded_here(each) and (
                each.base_asset not in found or each.symbol == f"{each.base_asset}USDT"
            ):
                found[each.base_asset] = each
        return found

    async def instrument(self, asset: str) -> Instrument | None:
        """The contract of an asset with its filters; None where there is none that can be traded."""
        rules = (await self.rules()).get(asset)
        if rules is None:
            return None
        return instrument_of(rules, funding_interval=_ANY_FUNDING, brackets=None)

    async def sample_asset(self) -> str | None:
        """An asset that the account may trade, for questions about one."""
        known = await self.rules()
        wanted = self.account.assets or tuple(known)
        return next((asset for asset in wanted if asset in known), None)

    async def positions(self) -> tuple[PositionPayload, ...]:
        """Open positions."""
        if self._positions is None:
            rows = await self.client.account.positions()
            self._positions = tuple(row for row in rows if row.position_amt != ZERO)
        return self._positions

    async def orders(self) -> tuple[OrderPayload, ...]:
        """Open orders of all symbols."""
        if self._orders is None:
            self._orders = await self.client.orders.open_orders()
        return self._orders

    async def brackets(self) -> tuple[BracketsPayload, ...]:
        """Leverage brackets of all symbols."""
        if self._brackets is None:
            self._brackets = await self.client.account.brackets()
        return self._brackets

    @property
    def known_brackets(self) -> tuple[BracketsPayload, ...]:
        """Those that were asked for."""
        return self._brackets or ()

    def own_quantities(self) -> dict[str, Decimal]:
        """Signed quantity of the account's own open trades, by symbol."""
        with self.engine.connect() as conn:
            trades = load_open_trades(conn, self.account.id)
        return {each.trade.symbol: each.trade.open_quantity for each in trades}
