"""One position after another on a random path: what exits remember, and the stop that rests.

The machine is market, venue and store in one: candles come, resting stops fill, looks happen or not,
processes die between placing and cancelling, states are written and read back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.builders import BTC
from trading.candles import Candle, CandleWindow
from trading.exit_settings import ExitSettings
from trading.exits.checks import EXIT_CHECKS, ExitView, check_exit
from trading.exits.plan import ExitPlan, key_of, tighter_stop
from trading.exits.protection import PlaceProtection, is_protected, plan_protection
from trading.exits.state import ExitState, Look, look, peak_profit
from trading.exits.tiers import earned_stop, reached_tier
from trading.orders import Leg, Order, OrderRequest, OrderStatus
from trading.positions import Direction, Position, apply_fill
from trading.timeframes import Timeframe

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
STEP = Timeframe.M5.length
TICK = BTC.tick_size
moves = st.decimals(Decimal("-0.03"), Decimal("0.03"), places=3, allow_nan=False)
SETTINGS = ExitSettings()


def on_tick(price: Decimal) -> Decimal:
    return max(TICK, round(price / TICK) * TICK)


class Exits(RuleBasedStateMachine):
    """Prices around 100, leverage 5: a tier is a matter of a few candles."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.price = Decimal(100)
        self.candles: list[Candle] = []
        self.position: Position | None = None
        self.state: ExitState | None = None
        self.states: dict[object, ExitState] = {}
        self.stop: Decimal | None = None
        self.orders: list[Order] = []
        self.increased_at = NOON
        self.best_resting: Decimal | None = None
        self.placed = 0

    @initialize()
    def quiet_market(self) -> None:
        self.candle_comes(Decimal("0.02"), Decimal("-0.02"), Decimal(0))

    @rule(up=moves, down=moves, close=moves)
    def candle_comes(self, up: Decimal, down: Decimal, close: Decimal) -> None:
        """The market goes on; a resting stop that is touched closes the position at its level."""
        opened = self.price
        last = on_tick(opened * (1 + close))
        high = max(opened, last, on_tick(opened * (1 + up)))
        low = min(opened, last, on_tick(opened * (1 + down)))
        self.candles.append(
            Candle(
                open_time=self.now, open=opened, high=high, low=low, close=last, volume=Decimal(1)
            )
        )
        self.now += STEP
        self.price = last
        for order in list(self.orders):
            touched = low <= order.request.stop_price <= high
            if touched and self.position is not None:
                assert order.request.side is self.position.exit_side
                self.closed()

    @precondition(lambda self: self.position is None)
    @rule(direction=st.sampled_from([Direction.LONG, Direction.SHORT]))
    def enter(self, direction: Direction) -> None:
        self.fill(direction, Decimal(2))
        self.stop = on_tick(self.price * (1 - direction.sign * Decimal("0.1")))
        self.protect()

    @precondition(lambda self: self.position is not None)
    @rule()
    def add(self) -> None:
        before = self.stop
        self.fill(self.position.direction, Decimal(1))
        asked = on_tick(self.price * (1 - self.position.direction.sign * Decimal("0.15")))
        self.stop = tighter_stop(self.position.direction.entry_side, before, asked)
        self.protect()

    @precondition(lambda self: self.position is not None and abs(self.position.quantity) > 1)
    @rule()
    def reduce(self) -> None:
        self.fill(self.position.direction, Decimal("-0.5"))

    @precondition(lambda self: self.position is not None)
    @rule(dies=st.sampled_from(["no", "before placing", "before cancelling"]))
    def look(self, dies: str) -> None:
        """What `manage_exits` does, up to where its process dies."""
        position = self.position
        seen = self.seen()
        known = self.states.get(key_of(position))
        state = look(known, seen)
        self.states[state.key] = state
        assert look(state, seen) == state, "a repeated look changes nothing"
        older = replace(seen, at=seen.at - STEP, price=Decimal(10_000))
        assert look(state, older) == state, "a replayed look changes nothing"
        assert state.best_price == self.slow_best(state), state
        earned = earned_stop(state, position.leverage, SETTINGS, tick=TICK)
        self.stop = tighter_stop(position.direction.entry_side, self.stop, earned)
        view = self.view(state)
        decision = check_exit(view)
        met = [found for check in EXIT_CHECKS if (found := check(view)) is not None]
        assert decision == (met[0] if met else None)
        if decision is not None:
            self.closed()
        elif dies != "before placing":
            self.protect(cancels=dies == "no")
            self.right_side()

    @precondition(lambda self: self.position is not None)
    @rule()
    def leave(self) -> None:
        self.closed()

    @invariant()
    def a_position_is_never_without_a_stop(self) -> None:
        assert self.position is None or is_protected(self.position, self.orders)

    @invariant()
    def the_resting_stop_never_loosens(self) -> None:
        if self.position is None or not self.orders:
            return
        side = self.position.direction.entry_side
        tightest = None
        for order in self.orders:
            tightest = tighter_stop(side, tightest, order.request.stop_price)
        assert tighter_stop(side, self.best_resting, tightest) == tightest
        self.best_resting = tightest

    @invariant()
    def the_profit_that_is_kept_is_what_the_tier_promises(self) -> None:
        state = None if self.position is None else self.states.get(key_of(self.position))
        if state is None or state.entry_price != self.position.entry_price or self.stop is None:
            return
        tier = reached_tier(state, self.position.leverage, SETTINGS)
        kept = (self.stop / state.entry_price - 1) * 5 * self.position.direction.sign
        assert tier is None or kept >= tier.stop
        assert peak_profit(state, 5) >= 0

    def fill(self, direction: Direction, quantity: Decimal) -> None:
        side = direction.entry_side if quantity > 0 else direction.entry_side.opposite
        was_flat = self.position is None
        self.position = apply_fill(
            self.position,
            symbol=BTC.symbol,
            side=side,
            quantity=abs(quantity),
            price=self.price,
            leverage=5,
            at=self.now,
        ).position
        if quantity > 0:
            self.increased_at = self.now
        if was_flat:
            self.best_resting = None

    def seen(self) -> Look:
        window = CandleWindow(BTC.symbol, Timeframe.M5, tuple(self.candles[-400:]))
        return Look(
            position=self.position,
            at=self.now,
            price=self.price,
            windows={Timeframe.M5: window},
            increased_at=self.increased_at,
        )

    def view(self, state: ExitState) -> ExitView:
        return ExitView(
            plan=ExitPlan(
                symbol=BTC.symbol,
                opened_at=self.position.opened_at,
                direction=self.position.direction,
                entry_price=self.position.entry_price,
                stop_price=self.stop,
                take_profit_price=None,
                time_to_live=timedelta(hours=3),
            ),
            position=self.position,
            price=self.price,
            at=self.now,
            state=state,
            settings=SETTINGS,
        )

    def slow_best(self, state: ExitState) -> Decimal:
        """From every candle since the last increase, and from the looks, which saw closes only."""
        is_long = self.position.direction is Direction.LONG
        since = [c for c in self.candles if c.open_time >= self.increased_at]
        extremes = [c.high if is_long else c.low for c in since]
        return (max if is_long else min)([self.position.entry_price, self.price, *extremes])

    def protect(self, *, cancels: bool = True) -> None:
        """Carry out what is planned, in its order; a process that dies cancels nothing."""
        actions = plan_protection(
            self.position,
            self.orders,
            stop_price=self.stop,
            take_profit_price=None,
            instrument=BTC,
        )
        for action in actions:
            if isinstance(action, PlaceProtection):
                self.orders.append(self.resting(action))
            elif cancels:
                self.orders.remove(action.order)

    def resting(self, action: PlaceProtection) -> Order:
        assert action.leg is Leg.STOP
        self.placed += 1
        return Order(
            venue_order_id=str(self.placed),
            request=OrderRequest(
                symbol=action.symbol,
                side=action.side,
                order_type=action.order_type,
                client_order_id=f"pf-{self.placed}",
                quantity=action.quantity,
                stop_price=action.stop_price,
                reduce_only=True,
            ),
            status=OrderStatus.NEW,
            filled_quantity=Decimal(0),
            average_price=None,
            created_at=self.now,
            updated_at=self.now,
        )

    def right_side(self) -> None:
        """After a look that left the position open no stop lies beyond the price."""
        for order in self.orders:
            distance = (self.price - order.request.stop_price) * self.position.direction.sign
            assert distance > 0, (self.price, order.request.stop_price)

    def closed(self) -> None:
        self.position, self.stop, self.best_resting = None, None, None
        self.orders.clear()


TestExits = Exits.TestCase
TestExits.settings = settings(stateful_step_count=40)
