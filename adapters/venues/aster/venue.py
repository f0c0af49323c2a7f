"""AsterDEX as a `trading.ports.Venue`: one account during one cycle.

It speaks our words only; what is asked of the venue when, and at what weight, is in docs/aster.md.
Nothing here is sent twice, no mode of the account is ever changed that nobody asked for, and
nothing is rounded: an order that the venue would not take as it stands is refused.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.venues.aster.account_reading import AccountReader, ReadingTerms
from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.credentials import WalletCredentials
from adapters.venues.aster.errors import Refused
from adapters.venues.aster.mapping.account import MULTI_ASSETS_MODE, margin_mode_of
from adapters.venues.aster.mapping.brackets import with_brackets
from adapters.venues.aster.mapping.instants import instant_of
from adapters.venues.aster.movements import MovementReader
from adapters.venues.aster.order_sending import OrderDesk
from adapters.venues.aster.signers import RECEIVE_WINDOW_MS
from trading.errors import SettingRefused
from trading.exits.room import why_unprotectable
from trading.instruments import Instrument
from trading.order_groups import OrderGroup
from trading.orders import Order, OrderRequest, PriceKind
from trading.ports import Balance, Booked, Holding, Movements, VenueAccount, VenuePosition
from trading.positions import MarginMode

V1_SETTLES_AFTER = timedelta(milliseconds=RECEIVE_WINDOW_MS) + timedelta(seconds=1)
"""After its receive window a request is refused; a second for the way (reference: aster 3.3)."""
V3_SETTLES_AFTER = timedelta(seconds=65)
"""The venue takes a nonce that is up to 60 s old; five seconds for the way (reference: aster 1.4)."""
_NO_ISOLATED_MARGIN = -4168


def _unknown(_: str) -> datetime | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueParts:
    """What the world gives an account's venue."""

    client: AsterClient
    """With the account's keys; whoever made it closes it."""
    instruments: Callable[[], Awaitable[tuple[Instrument, ...]]]
    """Those of the market that the account trades."""
    symbols: frozenset[str] = frozenset()
    """What concerns the account: its instruments, and where it has unsettled orders."""
    takes_groups: bool = False
    """The account's policy; V1 keys know no groups whatever it says."""
    opened_at: Callable[[str], datetime | None] = _unknown
    """When the open trade of a symbol began, which the venue does not tell."""
    is_at_stake: bool = False
    """Something of the account is open: what is read is read for a way out, and has its priority."""
    sweeps_everything: bool = False
    """The first reading lists the open orders of every symbol (weight 40)."""
    quote: str = "USDT"
    """Asset in which the account is kept."""
    monotonic: Callable[[], float] = time.monotonic


class AsterVenue:
    """See `trading.ports.Venue` for what each method promises."""

    def __init__(self, parts: VenueParts) -> None:
        self._parts = parts
        self._client = parts.client
        self._reader = AccountReader(
            parts.client,
            ReadingTerms(
                symbols=parts.symbols,
                opened_at=parts.opened_at,
                sweeps_everything=parts.sweeps_everything,
                quote=parts.quote,
                is_at_stake=parts.is_at_stake,
                monotonic=parts.monotonic,
            ),
        )
        self._desk = OrderDesk(
            client=parts.client, reader=self._reader, instruments=parts.instruments
        )
        self._movements = MovementReader(parts.client, parts.quote, lambda: self._reader.priority)
        self._instruments: tuple[Instrument, ...] | None = None

    @property
    def name(self) -> str:
        return "aster"

    @property
    def settles_after(self) -> timedelta:
        return V3_SETTLES_AFTER if self._has_wallet else V1_SETTLES_AFTER

    @property
    def takes_groups(self) -> bool:
        return self._parts.takes_groups and self._has_wallet

    @property
    def triggers_by(self) -> PriceKind:
        """The mark: one odd trade does not trigger it, and liquidation goes by it too."""
        return PriceKind.MARK

    async def server_time(self) -> datetime:
        """By the venue's clock as it was measured last."""
        return instant_of(await self._client.now_ms())

    async def instruments(self) -> tuple[Instrument, ...]:
        """Those of the market with the venue's leverage brackets, which are read once. Weight 1."""
        if self._instruments is None:
            known = await self._parts.instruments()
            self._instruments = with_brackets(known, await self._client.account.brackets())
        return self._instruments

    async def account(self) -> VenueAccount:
        """Weight 10 and 1 for each symbol that concerns the account; 50 for a sweep.

        Raises `SettingRefused` for an account in hedge mode.
        """
        return await self._reader.account()

    async def balance(self) -> Balance:
        return await self._reader.balance()

    async def positions(self) -> tuple[VenuePosition, ...]:
        return await self._reader.positions()

    async def open_orders(self) -> tuple[Order, ...]:
        return await self._reader.open_orders()

    async def holding(self, symbol: str) -> Holding:
        return await self._reader.holding(symbol)

    async def order_by_client_id(self, symbol: str, client_order_id: str) -> Order | None:
        return await self._desk.by_client_id(symbol, client_order_id)

    async def movements_since(self, booked: Booked, seen: VenueAccount) -> Movements:
        """Weight 0 where nothing has moved."""
        return await self._movements.movements_since(booked, seen)

    async def can_stop(self, symbol: str) -> str | None:
        """Why an entry of this symbol could not be given its stop and target; None: it can."""
        known = await self._parts.instruments()
        instrument = next((each for each in known if each.symbol == symbol), None)
        if instrument is None:
            return f"the venue trades no {symbol} now"
        return why_unprotectable(instrument, await self._reader.open_orders_of(symbol))

    async def set_leverage(self, symbol: str, leverage: int) -> None:
        """Sends nothing where the last reading shows that leverage.

        Raises `OrderRejected`: -2030 or -4161 under a position, -4028 beyond the brackets.
        """
        setting = self._reader.setting(symbol)
        if setting is not None and setting.leverage == leverage:
            return
        with self._reader.writing(symbol):
            self._reader.forget_setting(symbol)
            await self._client.account.set_leverage(symbol, leverage)

    async def set_margin_mode(self, symbol: str, mode: MarginMode) -> None:
        """Sends nothing where the last reading shows that mode.

        Raises `OrderRejected` (-4047, -4048 with orders or a position), and `SettingRefused` for
        isolated margin of an account in multi-assets mode.
        """
        setting = self._reader.setting(symbol)
        if setting is not None and margin_mode_of(setting) is mode:
            return
        with self._reader.writing(symbol):
            self._reader.forget_setting(symbol)
            try:
                await self._client.account.set_margin_type(
                    symbol, "ISOLATED" if mode is MarginMode.ISOLATED else "CROSSED"
                )
            except Refused as refused:
                if refused.code == _NO_ISOLATED_MARGIN:
                    raise SettingRefused(MULTI_ASSETS_MODE) from refused
                raise

    async def submit(self, request: OrderRequest) -> Order:
        return await self._desk.submit(request)

    async def check(self, request: OrderRequest) -> None:
        """Let the venue judge an order without placing it; raises what `submit` would."""
        await self._desk.check(request)

    async def submit_group(self, group: OrderGroup) -> tuple[Order, ...]:
        return await self._desk.submit_group(group)

    async def cancel(self, symbol: str, client_order_id: str) -> Order:
        return await self._desk.cancel(symbol, client_order_id)

    @property
    def _has_wallet(self) -> bool:
        return isinstance(self._client.credentials, WalletCredentials)
