"""What holds for every entry: never more than asked, never over a limit, NaN never opens a door."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trading.decisions import Action
from trading.matching.liquidation import liquidation_price
from trading.positions import Direction, apply_fill
from trading.risk.checks import ENTRY_CHECKS, check_entry
from trading.risk.draft import first_draft
from trading.risk.state import RiskContext
from trading.risk.verdict import Approved, Denied, Shrunk

ONCE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
MONEY = st.decimals("1", "100000", places=2)
PRICES = st.decimals("90", "110", places=2)


@st.composite
def contexts(draw: st.DrawFn, build, hold) -> RiskContext:
    """Accounts in all conditions, about one in three of them able to trade."""
    equity = draw(st.decimals("2000", "99000", places=2))
    is_buy = draw(st.booleans())
    low, high = draw(st.decimals("70", "96", places=3)), draw(st.decimals("104", "130", places=3))
    bid = draw(st.decimals("98", "100", places=1))
    max_leverage = draw(st.integers(1, 10))
    leverage = draw(st.integers(1, max_leverage))
    step = draw(st.sampled_from(["0.001", "0.01", "1", "3"]))
    return build(
        decide={
            "action": Action.BUY if is_buy else Action.SELL,
            "allocation_usd": equity * draw(st.decimals("0.005", "0.4", places=4)),
            "stop_price": draw(st.none() | st.just(low if is_buy else high)),
            "take_profit_price": draw(st.none() | st.just(high if is_buy else low)),
        },
        quoted={"bid": bid, "ask": bid + draw(st.decimals("0", "1", places=1))},
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
        available=equity * draw(st.decimals("0.01", "1", places=3)),
        positions=tuple(
            item
            for item in (draw(_own(hold, equity, is_buy, leverage)), draw(_other(hold, equity)))
            if item is not None
        ),
        atr=draw(st.floats(2.5, 15)),
    )


def _own(hold, equity: Decimal, is_buy: bool, leverage: int) -> st.SearchStrategy:
    """Nothing or up to a quarter of equity in the decision's symbol, mostly the same way round."""
    sign = 1 if is_buy else -1
    shares = st.sampled_from(["0.01", "0.05", "0.1", "0.19", "0.25", "-0.1"])
    return st.none() | st.builds(
        lambda share, mark: hold(
            str(round(sign * equity * Decimal(share) / 100, 3)), mark=str(mark), leverage=leverage
        ),
        shares,
        PRICES,
    )


def _other(hold, equity: Decimal) -> st.SearchStrategy:
    """Nothing or a position elsewhere that takes a part of the gross exposure."""
    return st.none() | st.builds(
        lambda share, mark: hold(
            str(round(equity * share / 100, 3)), symbol="ETHUSDT", mark=str(mark)
        ),
        st.decimals("-3", "3", places=2).filter(bool),
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


@ONCE
@given(st.data())
def test_a_tighter_limit_never_approves_more(build, hold, data):
    context = data.draw(contexts(build, hold))
    limits = context.limits
    tighter = data.draw(
        st.sampled_from(
            [
                replace(limits, max_position_ratio=Decimal("0.05")),
                replace(limits, min_position_ratio=Decimal("0.05")),
            ]
        )
    )
    assert approved(replace(context, limits=tighter)) <= approved(context)


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
@given(
    st.data(),
    st.sampled_from(
        ["equity", "available", "equity_at_day_start", "lowest_equity_today", "peak_equity"]
    ),
)
def test_no_account_figure_that_is_nan_lets_an_entry_through(build, hold, data, field):
    context = data.draw(contexts(build, hold))
    assert isinstance(check_entry(replace(context, **{field: Decimal("NaN")})), Denied)


def approved(context: RiskContext) -> Decimal:
    verdict = check_entry(context)
    return verdict.notional if isinstance(verdict, Approved) else Decimal(0)
