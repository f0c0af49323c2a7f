"""What holds for every entry: never more than asked, never over a limit, tighter is never more."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.trading.risk.denial_examples import NOON
from trading.decisions import Action
from trading.limits import LIMIT_NAMES
from trading.matching.liquidation import liquidation_price
from trading.positions import Direction, apply_fill
from trading.risk.checks import ENTRY_CHECKS, check_close, check_entry
from trading.risk.correlation import Correlations, one_bet
from trading.risk.draft import first_draft
from trading.risk.positions import LastClose
from trading.risk.sequence import after_entry, room_of, within
from trading.risk.sizing import size_ratio
from trading.risk.state import RiskContext
from trading.risk.verdict import Approved, DenialCode, Denied, Shrunk

ONCE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def decimals(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    """As `st.decimals`, several times as fast."""
    unit = Decimal(1).scaleb(-places)
    return st.integers(int(Decimal(low) / unit), int(Decimal(high) / unit)).map(lambda n: n * unit)


MONEY = decimals("1", "100000", 2)
PRICES = decimals("90", "110", 2)


@st.composite
def contexts(draw: st.DrawFn, build, hold) -> RiskContext:
    """Accounts in all conditions, about one in three of them able to trade."""
    equity = draw(decimals("2000", "99000", 2))
    is_buy = draw(st.booleans())
    low, high = draw(decimals("70", "96", 3)), draw(decimals("104", "130", 3))
    bid = draw(decimals("98", "100", 1))
    max_leverage = draw(st.integers(1, 10))
    leverage = draw(st.integers(1, max_leverage))
    step = draw(st.sampled_from(["0.001", "0.01", "1", "3"]))
    return build(
        decide={
            "action": Action.BUY if is_buy else Action.SELL,
            "allocation_usd": equity * draw(decimals("0.005", "0.4", 4)),
            "stop_price": draw(st.none() | st.just(low if is_buy else high)),
            "take_profit_price": draw(st.none() | st.just(high if is_buy else low)),
            "confidence": draw(st.sampled_from([1.0, 1.0, 1.0, 0.9, 0.8, 0.7, 0.55])),
        },
        quoted={
            "bid": bid,
            "ask": bid + draw(st.sampled_from([Decimal(n) / 10 for n in (0, 1, 2, 3, 4, 6)])),
            "funding_rate": draw(decimals("-0.0012", "0.0012", 4)),
        },
        limit={"max_leverage": max_leverage, "leverage": leverage},
        listed={
            "step_size": Decimal(step),
            "min_quantity": Decimal(step),
            "max_market_quantity": draw(st.sampled_from([Decimal(0), Decimal(40), Decimal(500)])),
            "min_notional": draw(st.sampled_from([Decimal(1), Decimal(100)])),
        },
        equity=equity,
        equity_at_day_start=equity,
        lowest_equity_today=equity,
        peak_equity=equity,
        available=equity * draw(decimals("0.01", "1", 3)),
        positions=tuple(
            item
            for item in (draw(_own(hold, equity, is_buy, leverage)), draw(_other(hold, equity)))
            if item is not None
        ),
        atr=draw(st.floats(2, 10)),
        last_close=draw(st.none() | st.none() | _closes),
        correlations=draw(_correlations),
    )


_closes = st.builds(
    LastClose,
    at=st.integers(1, 2000).map(lambda minutes: NOON - timedelta(minutes=minutes)),
    direction=st.sampled_from([Direction.LONG, Direction.SHORT]),
)
_correlations = st.floats(-1, 1).map(
    lambda value: Correlations(by_pair={frozenset(("BTCUSDT", "ETHUSDT")): value})
)


def _own(hold, equity: Decimal, is_buy: bool, leverage: int) -> st.SearchStrategy:
    """Nothing or up to a quarter of equity in the decision's symbol, mostly the same way round."""
    sign = 1 if is_buy else -1
    shares = st.sampled_from(["0.01", "0.02", "0.05", "0.1", "0.19", "0.25", "-0.1"])
    return (
        st.none()
        | st.none()
        | st.builds(
            lambda share, mark: hold(
                str(round(sign * equity * Decimal(share) / 100, 3)),
                mark=str(mark),
                leverage=leverage,
            ),
            shares,
            PRICES,
        )
    )


def _other(hold, equity: Decimal) -> st.SearchStrategy:
    """Nothing or a position elsewhere that takes a part of the gross exposure."""
    return st.none() | st.builds(
        lambda share, mark: hold(
            str(round(equity * share / 100, 3)), symbol="ETHUSDT", mark=str(mark)
        ),
        st.sampled_from([Decimal(n) / 100 for n in (-250, -50, -20, -5, 5, 20, 50, 250)]),
        PRICES,
    )


@ONCE
@given(st.data())
def test_what_is_approved_never_exceeds_the_ask_or_any_limit(build, hold, data):
    context = data.draw(contexts(build, hold))
    verdict = check_entry(context)
    if isinstance(verdict, Denied):
        return
    limits, instrument, equity = context.limits, context.instrument, context.equity
    held = context.held
    held_notional = held.notional if held else Decimal(0)
    gross = sum(item.notional for item in context.positions)
    assert verdict.notional == verdict.quantity * verdict.price
    assert 0 < verdict.notional <= verdict.asked == context.decision.allocation_usd
    assert verdict.notional + held_notional <= limits.max_position_ratio * equity
    assert verdict.notional + gross <= limits.max_leverage * equity
    assert verdict.leverage <= limits.max_leverage
    assert verdict.notional / verdict.leverage <= context.available
    assert verdict.quantity % instrument.step_size == 0
    assert verdict.quantity >= instrument.min_quantity
    for price in (verdict.price, verdict.stop_price, verdict.take_profit_price):
        assert price is None or verdict.quantity * price >= instrument.min_notional
        assert price is verdict.price or price is None or price % instrument.tick_size == 0
    assert isinstance(verdict, Shrunk) or verdict.asked - verdict.notional < (
        instrument.step_size * verdict.price
    )


@ONCE
@given(st.data())
def test_an_approved_position_has_a_stop_that_comes_before_liquidation(build, hold, data):
    context = data.draw(contexts(build, hold))
    verdict = check_entry(context)
    if isinstance(verdict, Denied):
        return
    after = apply_fill(
        context.held.position if context.held else None,
        symbol=verdict.symbol,
        side=verdict.side,
        quantity=verdict.quantity,
        price=verdict.price * (1 + verdict.side.sign * context.slippage),
        leverage=verdict.leverage,
        at=context.quote.at,
    ).position
    assert after is not None
    assert verdict.stop_price is not None
    liquidated_at = liquidation_price(after, context.instrument)
    if liquidated_at is not None and after.direction is Direction.LONG:
        assert verdict.stop_price > liquidated_at
    elif liquidated_at is not None:
        assert verdict.stop_price < liquidated_at


@ONCE
@given(st.data())
def test_no_check_ever_raises_the_notional_of_a_draft(build, hold, data):
    context = data.draw(contexts(build, hold))
    draft = first_draft(context)
    for check in ENTRY_CHECKS:
        after = check(context, draft)
        if isinstance(after, Denied):
            return
        assert after.notional <= draft.notional
        draft = after


TIGHTER: dict[str, Any] = {
    "max_margin_ratio": Decimal("0.05"),
    "max_position_ratio": Decimal("0.05"),
    "max_order_ratio": Decimal("0.07"),
    "max_correlated_ratio": Decimal("0.1"),
    "correlation_threshold": 0.3,
    "max_positions": 1,
    "min_confidence": 0.7,
    "turn_confidence_margin": 0.3,
    "turn_hours": 48,
    "cooldown_minutes": 600,
    "max_daily_entries": 1,
    "max_daily_loss_ratio": Decimal("0.01"),
    "reduce_at_drawdown": Decimal("0.01"),
    "halt_at_drawdown": Decimal("0.15"),
    "min_reward_to_risk": Decimal(1),
    "max_funding_ratio": Decimal("0.001"),
    "max_spread_ratio": Decimal("0.002"),
    "max_quote_age_seconds": 1,
    "requires_stop": True,
}
"""A stricter value of each limit that says how much or whether."""
NOT_ORDERED = {
    "min_position_ratio": "the smallest order, but also what a confidence at the threshold carries",
    "max_leverage": "with leverage, which may never exceed it",
    "leverage": "less of it moves liquidation away from the stop and may clear that denial",
    "max_atr_of_margin": "lowers leverage, as above",
    "stop_atr_multiple": "a nearer stop is no stricter than a farther one",
    "max_holding_hours": "a shorter time has less funding to pay",
}


def test_every_limit_is_ordered_or_says_why_not():
    assert TIGHTER.keys() | NOT_ORDERED.keys() == set(LIMIT_NAMES)


@ONCE
@given(st.data(), st.sampled_from(list(TIGHTER)))
def test_a_tighter_limit_never_approves_more(build, hold, data, name: str):
    context = data.draw(contexts(build, hold))
    before = check_entry(context)
    if isinstance(before, Denied) and before.code is DenialCode.LIQUIDATION:
        return  # a smaller position may be liquidated later than a larger one
    tighter = replace(context.limits, **{name: TIGHTER[name]})
    assert approved(replace(context, limits=tighter)) <= approved(context)


@ONCE
@given(st.data())
def test_the_brackets_of_a_venue_keep_that_order_of_orders_and_limits(build, hold, data):
    # A whale: its caps lie on both sides of the floor at which leverage falls from 3 to 2.
    rich = dict.fromkeys(
        ("equity", "equity_at_day_start", "lowest_equity_today", "peak_equity"), Decimal(200_000)
    )
    available = data.draw(decimals("1000", "20000", 2))
    asked = data.draw(decimals("5000", "40000", 2))
    more = asked + data.draw(decimals("0", "20000", 2))
    smaller, larger = (
        approved(build(decide={"allocation_usd": each}, available=available, **rich))
        for each in (asked, more)
    )
    assert smaller <= larger
    capped = build(
        decide={"allocation_usd": more},
        limit={"max_order_ratio": Decimal("0.0999")},
        available=available,
        **rich,
    )
    assert approved(capped) <= larger


@ONCE
@given(st.data())
def test_leverage_never_exceeds_bracket_setting_and_volatility(build, hold, data):
    context = data.draw(contexts(build, hold))
    verdict = check_entry(context)
    if isinstance(verdict, Denied):
        return
    held = context.held.notional if context.held else Decimal(0)
    bracket = context.instrument.bracket_for(verdict.notional + held)
    assert verdict.leverage <= min(context.limits.max_leverage, bracket.max_leverage)
    assert context.held is not None or verdict.leverage <= context.limits.leverage
    # One ATR moves at most that share of the margin.
    atr = Decimal(repr(context.atr))
    moved = atr / context.price * verdict.leverage
    assert verdict.leverage == 1 or moved <= context.limits.max_atr_of_margin * Decimal("1.0000001")


@ONCE
@given(st.data())
def test_lowering_the_leverage_never_enlarges_an_order_that_passes_at_the_higher_one(
    build, hold, data
):
    # Lower leverage may clear a denial: it moves liquidation away from the stop.
    context = data.draw(contexts(build, hold))
    before = check_entry(context)
    slower = check_entry(replace(context, limits=replace(context.limits, leverage=1)))
    if isinstance(before, Approved) and isinstance(slower, Approved):
        assert slower.quantity <= before.quantity
        assert slower.notional / slower.leverage <= context.available


@ONCE
@given(st.data(), MONEY)
def test_asking_for_more_never_approves_less(build, hold, data, more):
    context = data.draw(contexts(build, hold))
    asked = context.decision.allocation_usd
    greedier = replace(context, decision=replace(context.decision, allocation_usd=asked + more))
    # The bracket of the builder's instrument changes at 20000, which a cut order cannot reach.
    assert approved(context) <= approved(greedier)


@ONCE
@given(st.data())
def test_entries_of_one_cycle_together_pass_no_limit_that_each_alone_passes(build, hold, data):
    first = data.draw(contexts(build, hold))
    symbols = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "A0USDT", "A1USDT", "A2USDT", "A3USDT")
    correlations = Correlations(
        by_pair={
            frozenset((one, other)): data.draw(st.sampled_from([-0.9, 0.0, 0.5, 0.8, 0.95]))
            for one in symbols
            for other in symbols
            if one < other
        }
    )
    limits = replace(
        first.limits,
        max_positions=data.draw(st.integers(1, 5)),
        max_daily_entries=data.draw(st.integers(1, 5)),
        max_correlated_ratio=data.draw(st.sampled_from([Decimal("0.3"), Decimal("0.6")])),
        max_margin_ratio=data.draw(st.sampled_from([Decimal("0.2"), Decimal(1)])),
    )
    before = room_of(first)
    room, spent, approvals = before, Decimal(0), 0
    for symbol in symbols:
        context = within(_moved_to(first, symbol, limits, correlations), room)
        verdict = check_entry(context)
        if isinstance(verdict, Approved):
            room = after_entry(context, verdict)
            approvals += 1
            spent += verdict.notional / verdict.leverage
    if not approvals:
        return
    equity = first.equity
    assert equity is not None
    assert spent <= (first.available or 0)
    assert room.available is not None
    assert room.available >= Decimal("-1e-9")
    assert room.entries_today == approvals <= limits.max_daily_entries
    assert len(room.positions) <= max(limits.max_positions, len(before.positions))
    gross = sum(item.notional for item in room.positions)
    assert gross <= limits.max_leverage * equity
    added = {item.position.symbol for item in room.positions if item not in before.positions}
    for item in room.positions:
        if item.position.symbol not in added:
            continue
        assert item.notional <= limits.max_position_ratio * equity
        bet = one_bet(
            item.position.symbol,
            item.position.direction.sign,
            room.positions,
            correlations,
            limits.correlation_threshold,
        )
        assert sum(each.notional for each in bet) <= limits.correlated_ratio * equity


def _moved_to(context: RiskContext, symbol: str, limits, correlations) -> RiskContext:
    return replace(
        context,
        limits=limits,
        correlations=correlations,
        last_close=None,
        decision=replace(context.decision, symbol=symbol),
        instrument=replace(context.instrument, symbol=symbol),
        quote=replace(context.quote, symbol=symbol),
    )


@ONCE
@given(st.data())
def test_the_size_never_exceeds_what_the_confidence_carries(build, hold, data):
    context = data.draw(contexts(build, hold))
    verdict = check_entry(context)
    if isinstance(verdict, Denied):
        return
    assert context.equity is not None
    ratio = size_ratio(context.decision.confidence, context.limits)
    assert ratio is not None
    cost = context.held.cost if context.held else Decimal(0)
    assert verdict.notional + cost <= ratio * context.equity


@ONCE
@given(st.data(), st.none() | st.decimals(allow_nan=True, allow_infinity=True))
def test_a_close_passes_whatever_the_position_and_the_price(build, hold, data, price):
    quantity = data.draw(decimals("-100", "100", 3).filter(bool))
    held = hold(str(quantity)).position
    verdict = check_close(held, price)
    assert verdict.side is held.exit_side
    assert verdict.quantity == abs(quantity)
    assert verdict.notional.is_finite()


def approved(context: RiskContext) -> Decimal:
    verdict = check_entry(context)
    return verdict.notional if isinstance(verdict, Approved) else Decimal(0)
