"""Each entry check: an example that passes at its limit and one that must fail."""

from decimal import Decimal

import pytest

from trading.account import OperatorState, TradingState
from trading.decisions import Action
from trading.errors import InvalidRecord
from trading.orders import Side
from trading.risk.checks import check_close, check_entry
from trading.risk.verdict import Approved, DenialCode, Denied, Shrunk

NAN = Decimal("NaN")
SELL = {"action": Action.SELL, "stop_price": Decimal(105), "take_profit_price": Decimal(90)}


def code_of(context) -> str:
    verdict = check_entry(context)
    return verdict.code.value if isinstance(verdict, Denied | Shrunk) else "approved"


def denial_of(context) -> DenialCode:
    verdict = check_entry(context)
    assert isinstance(verdict, Denied), verdict
    return verdict.code


def test_a_healthy_entry_is_approved_as_asked(build):
    assert check_entry(build()) == Approved(
        symbol="BTCUSDT",
        side=Side.BUY,
        asked=Decimal(1000),
        notional=Decimal(1000),
        quantity=Decimal(10),
        price=Decimal(100),
        leverage=3,
        stop_price=Decimal(95),
        take_profit_price=Decimal(110),
    )


def test_a_healthy_short_is_approved_at_the_bid(build):
    quoted = {"bid": Decimal("99.8"), "ask": Decimal("100.2")}
    verdict = check_entry(build(decide=SELL, quoted=quoted))
    assert isinstance(verdict, Approved)
    assert (verdict.side, verdict.price) == (Side.SELL, Decimal("99.8"))


@pytest.mark.parametrize("field", ["equity", "available", "peak_equity", "equity_at_day_start"])
@pytest.mark.parametrize("value", [None, NAN, Decimal("sNaN"), Decimal("Infinity")])
def test_a_figure_that_is_missing_or_no_number_denies_and_never_disables(build, field, value):
    assert denial_of(build(**{field: value})) is DenialCode.EQUITY_UNKNOWN


@pytest.mark.parametrize("equity", [Decimal(0), Decimal(-1)])
def test_equity_that_is_not_positive_denies(build, equity):
    assert denial_of(build(equity=equity)) is DenialCode.EQUITY_UNKNOWN


@pytest.mark.parametrize("state", [TradingState.REDUCING, TradingState.HALTED])
def test_a_stored_state_other_than_active_denies_even_without_a_drawdown(build, state):
    assert denial_of(build(trading_state=state)) is DenialCode.TRADING_STATE


def test_a_drawdown_of_fifteen_percent_from_the_stored_peak_denies_until_it_improves(build):
    def fallen(equity: str):
        amount = Decimal(equity)
        return build(equity=amount, equity_at_day_start=amount, lowest_equity_today=amount)

    assert denial_of(fallen("8500")) is DenialCode.DRAWDOWN
    assert isinstance(check_entry(fallen("8500.01")), Approved)


def test_a_daily_loss_of_five_percent_denies_and_less_does_not(build):
    assert denial_of(build(equity=Decimal(9500))) is DenialCode.DAILY_LOSS
    assert isinstance(
        check_entry(build(equity=Decimal("9500.01"), lowest_equity_today=None)), Approved
    )


def test_a_recovery_within_the_day_does_not_reopen_entries(build):
    assert denial_of(build(lowest_equity_today=Decimal(9400))) is DenialCode.DAILY_LOSS


def test_a_broken_lowest_reading_denies(build):
    assert denial_of(build(lowest_equity_today=NAN)) is DenialCode.DAILY_LOSS


def test_the_twentieth_entry_passes_and_the_next_is_denied(build):
    assert isinstance(check_entry(build(entries_today=19)), Approved)
    assert denial_of(build(entries_today=20)) is DenialCode.DAILY_ENTRIES


def test_a_named_data_problem_denies_with_its_words(build):
    verdict = check_entry(build(data_problem="the last candle is 40 minutes old"))
    assert isinstance(verdict, Denied)
    assert verdict.code is DenialCode.DATA_PROBLEM
    assert "40 minutes old" in verdict.sentence


@pytest.mark.parametrize("name", ["last", "mark", "bid", "ask"])
@pytest.mark.parametrize("value", [NAN, Decimal(0), Decimal(-1), Decimal("Infinity")])
def test_a_broken_price_in_the_quote_denies(build, name, value):
    assert denial_of(build(quoted={name: value})) is DenialCode.DATA_PROBLEM


def test_a_crossed_book_denies(build):
    crossed = {"bid": Decimal("100.1"), "ask": Decimal("99.9")}
    assert denial_of(build(quoted=crossed)) is DenialCode.DATA_PROBLEM


def test_a_broken_mark_of_another_position_denies(build, hold):
    context = build(positions=(hold(symbol="ETHUSDT", mark="NaN"),))
    assert denial_of(context) is DenialCode.DATA_PROBLEM


def test_a_last_price_more_than_three_percent_off_the_mark_denies(build):
    assert isinstance(check_entry(build(quoted={"last": Decimal(103)})), Approved)
    assert denial_of(build(quoted={"last": Decimal("103.1")})) is DenialCode.PRICE_OFF_MARK


def test_an_entry_against_a_held_position_is_denied(build, hold):
    assert denial_of(build(positions=(hold("-5"),))) is DenialCode.OPPOSITE_POSITION


def test_the_sixth_position_is_denied_but_adding_to_one_of_five_is_not(build, hold):
    others = tuple(hold("0.1", symbol=f"A{n}USDT") for n in range(5))
    assert denial_of(build(positions=others)) is DenialCode.MAX_POSITIONS
    assert isinstance(check_entry(build(positions=(*others[1:], hold("1")))), Approved)


@pytest.mark.parametrize("confidence", [0.49, float("nan"), float("inf"), 1.5])
def test_a_confidence_under_the_threshold_or_out_of_range_denies(build, confidence):
    assert denial_of(build(decide={"confidence": confidence})) is DenialCode.CONFIDENCE


@pytest.mark.parametrize("amount", [NAN, Decimal("Infinity"), Decimal(-1)])
def test_an_allocation_that_is_no_amount_denies(build, amount):
    assert denial_of(build(decide={"allocation_usd": amount})) is DenialCode.ALLOCATION_INVALID


def test_an_allocation_of_zero_is_too_small(build):
    context = build(decide={"allocation_usd": Decimal(0)})
    assert denial_of(context) is DenialCode.SIZE_BELOW_MINIMUM


def test_a_decision_without_a_stop_gets_two_atr_on_its_losing_side(build):
    long = check_entry(build(decide={"stop_price": None}, atr=2.0))
    short = check_entry(build(decide=SELL | {"stop_price": None}, atr=2.04))
    assert isinstance(long, Approved)
    assert isinstance(short, Approved)
    assert (long.stop_price, long.stop_is_default) == (Decimal(96), True)
    assert short.stop_price == Decimal("104.1")


@pytest.mark.parametrize("atr", [None, float("nan"), float("inf"), 0.0, -1.0, 49.99, 0.001])
def test_without_a_stop_and_without_a_usable_atr_the_entry_is_denied(build, atr):
    # 49.99: the stop would lie under the first tick; 0.001: it would round onto the entry price
    assert denial_of(build(decide={"stop_price": None}, atr=atr)) is DenialCode.STOP_MISSING


def test_only_a_benchmark_that_both_settings_name_goes_without_a_stop(build):
    bare = {"stop_price": None, "takes_stop": False}
    verdict = check_entry(build(decide=bare, limit={"requires_stop": False}, atr=None))
    assert isinstance(verdict, Approved)
    assert verdict.stop_price is None
    assert denial_of(build(decide=bare, atr=None)) is DenialCode.STOP_MISSING
    only_account = build(decide={"stop_price": None}, limit={"requires_stop": False}, atr=None)
    assert denial_of(only_account) is DenialCode.STOP_MISSING


@pytest.mark.parametrize(
    "levels",
    [
        {"stop_price": Decimal(100)},
        {"stop_price": Decimal(101)},
        {"take_profit_price": Decimal(100)},
        {"take_profit_price": Decimal(99)},
        SELL | {"stop_price": Decimal(100)},
        SELL | {"stop_price": Decimal(99)},
        SELL | {"take_profit_price": Decimal(100)},
        SELL | {"take_profit_price": Decimal(101)},
    ],
)
def test_a_level_on_the_wrong_side_of_the_price_is_refused(build, levels):
    assert denial_of(build(decide=levels)) is DenialCode.LEVEL_WRONG_SIDE


def test_a_long_with_its_stop_above_the_mark_price_is_refused(build):
    context = build(quoted={"mark": Decimal(98)}, decide={"stop_price": Decimal(99)})
    assert denial_of(context) is DenialCode.LEVEL_WRONG_SIDE


def test_a_stop_that_its_tick_moves_onto_the_price_is_refused(build):
    context = build(decide={"stop_price": Decimal("99.95")})
    assert denial_of(context) is DenialCode.LEVEL_WRONG_SIDE


def test_levels_are_moved_to_a_tick_towards_the_price_never_away(build):
    levels = {"stop_price": Decimal("95.04"), "take_profit_price": Decimal("110.09")}
    verdict = check_entry(build(decide=levels))
    assert isinstance(verdict, Approved)
    assert verdict.stop_price == Decimal("95.1")
    assert verdict.take_profit_price == Decimal("110.0")


@pytest.mark.parametrize(
    "levels",
    [
        {"stop_price": Decimal("49.9")},
        {"stop_price": Decimal(0)},
        {"stop_price": NAN},
        {"take_profit_price": Decimal("150.1")},
        {"take_profit_price": Decimal("1E+999999")},
        {"take_profit_price": Decimal("Infinity")},
    ],
)
def test_a_level_more_than_half_the_price_away_or_no_price_at_all_is_refused(build, levels):
    assert denial_of(build(decide=levels)) is DenialCode.LEVEL_TOO_FAR


def test_an_order_above_a_fifth_of_equity_is_cut_to_it(build):
    verdict = check_entry(build(decide={"allocation_usd": Decimal(2500)}))
    assert isinstance(verdict, Shrunk)
    assert verdict.code is DenialCode.ORDER_SIZE
    assert (verdict.asked, verdict.notional, verdict.limit) == (2500, 2000, "2000")


def test_adding_counts_what_is_held_already(build, hold):
    verdict = check_entry(build(positions=(hold("15"),)))
    assert isinstance(verdict, Shrunk)
    assert (verdict.code, verdict.notional) == (DenialCode.SYMBOL_EXPOSURE, Decimal(500))
    assert denial_of(build(positions=(hold("20"),))) is DenialCode.SYMBOL_EXPOSURE


def test_what_is_added_below_the_mark_counts_at_the_mark(build, hold):
    held = hold("15", mark="101")
    verdict = check_entry(build(positions=(held,)))
    assert isinstance(verdict, Shrunk)
    together = (15 + verdict.quantity) * held.mark
    assert together <= 2000
    assert together + Decimal("0.001") * held.mark > 2000  # and not a lot less


def test_gross_exposure_after_the_order_stays_within_max_leverage_times_equity(build, hold):
    short = hold("-96", symbol="ETHUSDT")  # shorts count by magnitude
    one = {"max_leverage": 1, "leverage": 1}
    verdict = check_entry(build(positions=(short,), limit=one))
    assert isinstance(verdict, Shrunk)
    assert (verdict.code, verdict.notional) == (DenialCode.GROSS_EXPOSURE, Decimal(400))
    full = hold("-100", symbol="ETHUSDT")
    assert denial_of(build(positions=(full,), limit=one)) is DenialCode.GROSS_EXPOSURE


def test_the_venues_bracket_lowers_the_leverage_of_a_new_position(build):
    rich = dict.fromkeys(
        ("equity", "available", "equity_at_day_start", "lowest_equity_today", "peak_equity"),
        Decimal(200_000),
    )
    small = check_entry(build(decide={"allocation_usd": Decimal(19_000)}, **rich))
    large = check_entry(build(decide={"allocation_usd": Decimal(30_000)}, **rich))
    assert isinstance(small, Approved)
    assert isinstance(large, Approved)
    assert (small.leverage, large.leverage) == (3, 2)


def test_adding_to_a_position_above_the_leverage_cap_is_denied(build, hold):
    assert denial_of(build(positions=(hold("1", leverage=6),))) is DenialCode.LEVERAGE
    at_cap = check_entry(build(positions=(hold("1", leverage=5),)))
    assert isinstance(at_cap, Approved)
    assert at_cap.leverage == 5


def test_margin_with_fee_and_slippage_must_be_affordable(build):
    verdict = check_entry(build(available=Decimal(200)))
    assert isinstance(verdict, Shrunk)
    assert verdict.code is DenialCode.MARGIN
    # 200 x 3 / (1.0005 x 1.0018) = 598.62..., then down to the step of 0.001
    assert verdict.notional == Decimal("598.6")
    assert denial_of(build(available=Decimal(0))) is DenialCode.MARGIN


def test_the_whole_position_must_fit_into_one_market_order(build, hold):
    listed = {"max_market_quantity": Decimal(8)}
    verdict = check_entry(build(listed=listed, positions=(hold("5"),)))
    assert isinstance(verdict, Shrunk)
    assert (verdict.code, verdict.quantity) == (DenialCode.VENUE_MAXIMUM, Decimal(3))


def test_less_than_one_percent_of_equity_is_denied_and_one_percent_is_not(build):
    assert code_of(build(decide={"allocation_usd": Decimal(100)})) == "approved"
    context = build(decide={"allocation_usd": Decimal("99.99")})
    assert denial_of(context) is DenialCode.SIZE_BELOW_MINIMUM


def test_a_larger_minimum_denies_more_at_full_confidence(build):
    assert code_of(build(limit={"min_position_ratio": Decimal("0.1")})) == "approved"
    context = build(limit={"min_position_ratio": Decimal("0.1001")})
    assert denial_of(context) is DenialCode.SIZE_BELOW_MINIMUM


def test_a_rest_that_a_cap_left_over_is_too_small_and_the_sentence_names_the_cap(build, hold):
    verdict = check_entry(build(positions=(hold("19.5"),)))
    assert isinstance(verdict, Denied)
    assert verdict.code is DenialCode.SIZE_BELOW_MINIMUM
    assert "symbol_exposure" in verdict.sentence


def test_an_entry_under_the_venues_minimum_is_denied_not_rounded_up(build):
    assert denial_of(build(listed={"min_notional": Decimal(1001)})) is DenialCode.VENUE_MINIMUM
    coarse = {"step_size": Decimal(20), "min_quantity": Decimal(20)}
    assert denial_of(build(listed=coarse)) is DenialCode.VENUE_MINIMUM


def test_an_entry_whose_stop_would_be_under_the_venues_minimum_is_denied(build):
    # entry is worth 1000, the stop at 95 only 950
    verdict = check_entry(build(listed={"min_notional": Decimal(960)}))
    assert isinstance(verdict, Denied)
    assert verdict.code is DenialCode.VENUE_MINIMUM
    assert verdict.actual == "950"


def test_a_short_whose_target_would_be_under_the_venues_minimum_is_denied(build):
    verdict = check_entry(build(decide=SELL, listed={"min_notional": Decimal(960)}))
    assert isinstance(verdict, Denied)
    assert verdict.actual == "900"


def test_a_stop_beyond_the_liquidation_price_is_denied(build):
    fast = {"leverage": 5}
    # at leverage 5 a long from 100.05 is liquidated at about 80.44
    near = build(limit=fast, decide={"stop_price": Decimal("80.5")})
    far = build(limit=fast, decide={"stop_price": Decimal("80.4")})
    assert isinstance(check_entry(near), Approved)
    assert denial_of(far) is DenialCode.LIQUIDATION


def test_a_short_with_its_stop_beyond_the_liquidation_price_is_denied(build):
    # at leverage 5 a short from 99.95 is liquidated at about 119.34
    fast = {"leverage": 5}
    near = build(limit=fast, decide=SELL | {"stop_price": Decimal("119.3")})
    far = build(limit=fast, decide=SELL | {"stop_price": Decimal("119.4")})
    assert isinstance(check_entry(near), Approved)
    assert denial_of(far) is DenialCode.LIQUIDATION


def test_the_last_limit_that_cut_is_the_one_that_is_named(build):
    context = build(decide={"allocation_usd": Decimal(5000)}, available=Decimal(200))
    assert code_of(context) == "margin"


def test_a_close_passes_in_every_state_with_the_whole_position(hold):
    held = hold("-5").position
    for price in (Decimal(90), NAN, None):
        verdict = check_close(held, price)
        assert (verdict.side, verdict.quantity) == (Side.BUY, Decimal(5))
    assert check_close(held, Decimal(90)).notional == Decimal(450)


@pytest.mark.parametrize("action", [Action.HOLD, Action.CLOSE])
def test_only_a_buy_or_a_sell_can_be_checked_as_an_entry(build, action):
    with pytest.raises(InvalidRecord, match="no entry"):
        build(decide={"action": action})


def test_records_of_different_symbols_cannot_be_mixed(build):
    with pytest.raises(InvalidRecord, match="ETHUSDT"):
        build(quoted={"symbol": "ETHUSDT"})


def test_an_account_halted_by_the_operator_opens_nothing_whatever_else_is_wrong(build):
    assert denial_of(build(operator_state=OperatorState.HALTED)) is DenialCode.OPERATOR_HALT
    broken = build(operator_state=OperatorState.HALTED, equity=None)
    assert denial_of(broken) is DenialCode.OPERATOR_HALT


def test_what_is_in_a_position_counts_against_what_its_confidence_carries(build, hold):
    # A confidence of 0.75 carries 1000; 600 were paid in, whatever they are worth now.
    sure = {"confidence": 0.75, "allocation_usd": Decimal(500)}
    for mark in ("90", "100", "110"):
        verdict = check_entry(build(positions=(hold("6", mark=mark),), decide=sure))
        assert isinstance(verdict, Shrunk)
        assert (verdict.code, verdict.notional) == (DenialCode.CONFIDENCE_SIZE, Decimal(400))
    full = build(positions=(hold("10"),), decide=sure)
    assert denial_of(full) is DenialCode.CONFIDENCE_SIZE


def test_the_bracket_of_an_addition_is_that_of_the_whole_position(build, hold):
    # 19,000 are held at 3 times; from 20,000 on the venue allows 2.
    rich = dict.fromkeys(
        ("equity", "available", "equity_at_day_start", "lowest_equity_today", "peak_equity"),
        Decimal(200_000),
    )
    held = {"positions": (hold("190"),), **rich}
    small = {"allocation_usd": Decimal(999)}
    limit = {"min_position_ratio": Decimal("0.001")}
    assert isinstance(check_entry(build(decide=small, limit=limit, **held)), Approved)
    assert denial_of(build(limit=limit, **held)) is DenialCode.LEVERAGE
