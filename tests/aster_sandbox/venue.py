"""The sandbox itself: users, markets, clock and limits, and everything that changes a user's books.

All changes go through `post`, which books the money, keeps the orders' histories and tells the streams.
Whoever calls a method holds `lock`; the server and the handle of a test do.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from tests.aster_sandbox.authorising import Doorkeeper
from tests.aster_sandbox.faults import FaultPlan
from tests.aster_sandbox.hub import Hub
from tests.aster_sandbox.ledger import rounded_money
from tests.aster_sandbox.margin_calls import margin_call
from tests.aster_sandbox.market import Market, point
from tests.aster_sandbox.market_events import liquidation_document
from tests.aster_sandbox.orphans import with_orphans
from tests.aster_sandbox.past import Mover
from tests.aster_sandbox.received import Received
from tests.aster_sandbox.refusals import VenueRefusal
from tests.aster_sandbox.settings import Settings
from tests.aster_sandbox.symbols import DEFAULT_PRICES, default_instruments
from tests.aster_sandbox.user_events import documents_of
from tests.aster_sandbox.users import Agent, Record, User, Words
from tests.aster_sandbox.venue_time import VenueTime, instant_of, ms_of
from tests.aster_sandbox.weighing import Scales
from trading.candles import Candle
from trading.instruments import Instrument
from trading.market import FundingRate
from trading.matching.amendments import move_funds
from trading.matching.candle_walk import match_candle
from trading.matching.funding import pay_funding
from trading.matching.liquidation import LIQUIDATION_ID_PREFIX
from trading.matching.resting import Outcome
from trading.matching.submission import Counter
from trading.orders import Order
from trading.paper_book import BookState, OrderChanged, OrderFilled
from trading.paper_terms import PaperExecution, PaperFees, SlippagePolicy
from trading.positions import MarginMode
from trading.units import ZERO

FEES = PaperFees(slippage=ZERO)
"""A taker pays the book, nothing on top: figures of tests come out by hand."""
DEFAULT_LEVERAGE = 20
MOST_KEPT = 50_000
"""Requests that are remembered."""
_NUMBERS_PER_USER = 1_000_000


@dataclass(slots=True)
class Venue:
    """One exchange in memory."""

    settings: Settings = field(default_factory=Settings)
    time: VenueTime = field(default_factory=VenueTime)
    users: dict[str, User] = field(default_factory=dict)
    """By address in small letters."""
    markets: dict[str, Market] = field(default_factory=dict)
    faults: FaultPlan = field(default_factory=FaultPlan)
    hub: Hub = field(default_factory=Hub)
    requests: deque[Received] = field(default_factory=lambda: deque(maxlen=MOST_KEPT))
    """As they came; the oldest are forgotten."""
    fill_plans: list[tuple[tuple[Decimal, ...], bool]] = field(default_factory=list)
    """For the next market orders: shares that fill one after the other, and whether the rest waits."""
    mover: Mover | None = None
    """Moves prices by itself; None: only a test does."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    doorkeeper: Doorkeeper = field(init=False)
    scales: Scales = field(init=False)

    def __post_init__(self) -> None:
        self.doorkeeper = Doorkeeper(self.settings, self.users)
        self.scales = Scales(self.settings)
        for instrument in default_instruments().values():
            self.add_market(instrument, DEFAULT_PRICES[instrument.symbol])

    @property
    def instruments(self) -> Mapping[str, Instrument]:
        return {symbol: market.instrument for symbol, market in self.markets.items()}

    @property
    def marks(self) -> Mapping[str, Decimal]:
        return {symbol: market.mark for symbol, market in self.markets.items()}

    def add_market(self, instrument: Instrument, price: Decimal) -> Market:
        """A contract that is traded from now on."""
        length = int(instrument.funding_interval.total_seconds()) * 1000
        market = Market(
            instrument=instrument,
            last=price,
            mark=price,
            next_funding_ms=(self.time.now_ms // length + 1) * length,
        )
        at = self.time.instant()
        market.trade(point(price, at), point(price, at), at)
        self.markets[instrument.symbol] = market
        return market

    def market(self, symbol: str | None) -> Market:
        """Raises -1121 for a symbol that is not traded here."""
        if symbol not in self.markets:
            raise VenueRefusal(-1121, "Invalid symbol.")
        return self.markets[symbol]

    def add_user(self, address: str, funds: Decimal = Decimal(10_000)) -> User:
        """An account with that much money, cross margin and leverage 20, as new ones have."""
        number = len(self.users) + 1
        first = number * _NUMBERS_PER_USER + 1
        user = User(
            address=address,
            alias=f"u{number}",
            book=BookState(
                wallet=ZERO,
                matched_until=self.time.instant(),
                margin_modes=dict.fromkeys(self.markets, MarginMode.CROSS),
                leverage=dict.fromkeys(self.markets, DEFAULT_LEVERAGE),
                next_order_id=first,
                next_trade_id=first,
                next_tran_id=first,
                fees=FEES,
                execution=PaperExecution(slippage=SlippagePolicy.DEPTH),
            ),
        )
        self.users[address.lower()] = user
        if funds:
            self.move_funds(user, funds)
        return user

    def user(self, address: str) -> User:
        return self.users[address.lower()]

    def add_agent(self, address: str, agent: Agent) -> None:
        """Let a wallet sign for a user."""
        self.user(address).agents[agent.address.lower()] = agent

    def move_funds(self, user: User, amount: Decimal) -> None:
        """A deposit, or a withdrawal if negative."""
        self.post(user, move_funds(user.book, amount, self.time.instant()))

    def counter(self, symbol: str) -> Counter:
        """What the engine needs to know to take an order now."""
        market, at = self.market(symbol), self.time.instant()
        return Counter(
            instrument=market.instrument, quote=market.quote(at), at=at, book=market.book(at)
        )

    def post(self, user: User, outcome: Outcome, words: Mapping[str, Words] | None = None) -> None:
        """Take over what the engine made of a user's books; `words` are of new orders, by client id."""
        if self.settings.keeps_orphans:
            outcome = with_orphans(user.book, outcome)
        state, events = outcome
        fresh: list[Order] = []
        for event in events:
            user.ledger.book(event)
            if isinstance(event, OrderFilled):
                fill = event.fill
                user.fills.append(fill)
                known = user.realized.get(fill.symbol, ZERO)
                user.realized[fill.symbol] = known + rounded_money(fill.realized_pnl)
            elif isinstance(event, OrderChanged):
                fresh += self._keep(user, event.order, words or {})
        user.book = replace(state, wallet=user.ledger.wallet)
        now_ms = ms_of(self.time.instant())
        for document in documents_of(user, events, fresh, now_ms, self.marks):
            self.hub.tell_user(user.listen_key, document)
        for order in fresh:
            if order.request.client_order_id.startswith(LIQUIDATION_ID_PREFIX):
                self.hub.tell_liquidation(liquidation_document(order, now_ms))

    def _keep(self, user: User, order: Order, words: Mapping[str, Words]) -> list[Order]:
        number = int(order.venue_order_id)
        known = user.records.get(number)
        if known is not None:
            known.order = order
            return []
        said = words.get(order.request.client_order_id, Words())
        user.records[number] = Record(order=order, words=said)
        return [order]

    def step(self, symbol: str, candle: Candle, mark: Candle | None = None) -> None:
        """Walk all users' books through one candle, which happens now, whole."""
        market, at = self.market(symbol), self.time.instant()
        mark = mark or candle
        now = replace(candle, open_time=at)
        market.trade(now, replace(mark, open_time=at), at)
        for user in self.users.values():
            self.post(
                user,
                match_candle(
                    user.book,
                    market.instrument,
                    now,
                    closes_at=at,
                    mark=replace(mark, open_time=at),
                    instruments=self.instruments,
                ),
            )
            call = margin_call(user, self.instruments, self.marks, ms_of(at))
            if call is not None:
                self.hub.tell_user(user.listen_key, call)
        self.hub.tell_market(market, ms_of(at))

    def set_price(
        self, symbol: str, last: Decimal | None = None, mark: Decimal | None = None
    ) -> None:
        """Move the last price, the mark, or both: to one price, at once. Without `mark` it follows."""
        market, at = self.market(symbol), self.time.instant()
        traded = market.last if last is None else last
        marked = mark if mark is not None else market.mark if last is None else last
        self.step(symbol, point(traded, at), point(marked, at))

    def settle_funding(self) -> None:
        """Pay what has become due; whoever reads the books calls this before."""
        now = self.time.now_ms
        for symbol, market in self.markets.items():
            while market.next_funding_ms <= now:
                at = market.next_funding_ms
                market.next_funding_ms += (
                    int(market.instrument.funding_interval.total_seconds()) * 1000
                )
                self.pay_funding(symbol, market.funding_rate, instant_of(at))

    def pay_funding(self, symbol: str, rate: Decimal, at: datetime | None = None) -> None:
        """One funding instant of a symbol, by default now, at the mark of now."""
        market = self.market(symbol)
        paid = FundingRate(symbol=symbol, at=at or self.time.instant(), rate=rate, mark=market.mark)
        market.fundings.append(paid)
        for user in self.users.values():
            self.post(user, pay_funding(user.book, paid))
