"""The context: the same text for the same records, nothing invented, nothing from the future."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.trading.decision.situations import HOUR, NOW, brief, fill, past_trade, situation
from trading.decision.context.build import DATA_BEGINS, DATA_ENDS, Context, build_context
from trading.decision.context.figures import render_json
from trading.decision.context.situation import Announcement, MarketBrief, Situation
from trading.decision.context.trimming import estimate_tokens, extents, full_extent
from trading.indicators.market_document import build_market_document
from trading.timeframes import Timeframe


def data_of(context: Context) -> dict[str, Any]:
    """What stands in the block."""
    head, _, rest = context.text.partition("\n")
    body, _, tail = rest.rpartition("\n")
    assert (head, tail) == (DATA_BEGINS, DATA_ENDS)
    return json.loads(body)


@pytest.fixture(scope="module")
def usual() -> Situation:
    return situation()


def test_its_parts_stand_in_one_order(usual: Situation) -> None:
    assert list(data_of(build_context(usual))) == [
        "as_of",
        "decides_every",
        "account",
        "limits",
        "positions",
        "recent_fills",
        "past_trades",
        "markets",
        "no_data",
        "quoted_words",
        "left_out",
    ]


def test_the_same_records_give_the_same_text_whatever_order_they_come_in(usual: Situation) -> None:
    turned = replace(
        usual,
        markets=usual.markets[::-1],
        fills=usual.fills[::-1],
        past=usual.past[::-1],
        rooms=usual.rooms[::-1],
    )
    assert build_context(turned) == build_context(usual) == build_context(situation())


def test_each_market_is_the_document_of_seed_002_with_more_around_it(usual: Situation) -> None:
    for shown, known in zip(data_of(build_context(usual))["markets"], usual.markets, strict=True):
        document = known.document
        assert (shown["asset"], shown["timestamp"]) == (document["asset"], document["timestamp"])
        for part in ("open_interest", "intraday_series", "long_term_context"):
            assert list(shown[part]) == list(document[part])
        assert shown["funding_rate"] == pytest.approx(document["funding_rate"])
        assert shown["intraday_series"]["ema20"] == pytest.approx(
            document["intraday_series"]["ema20"]
        )
        assert list(shown["other_timeframes"]) == ["15m", "1h"]
        assert len(shown["candles"]["rows"]) == 20
        assert shown["regime"]["name"] == "trending"
        assert shown["missing"] == []
        assert shown["data_age_seconds"] == {"quote": 0, "5m": 0, "15m": 0, "1h": 0, "4h": 0}


def test_the_account_its_limits_and_its_position_are_told_in_figures(usual: Situation) -> None:
    data = data_of(build_context(usual))
    assert data["account"]["wallet"] == 10010.12346
    assert data["account"]["equity"] == 10025.12346
    assert data["account"]["sharpe_ratio"] == 1.2345679
    assert data["limits"]["entries_left_today"] == 17
    assert data["limits"]["max_position_usd"] == pytest.approx(2005.0247)
    assert data["limits"]["room_by_asset"] == [
        {
            "asset": "BTC",
            "most_buy_usd": 0,
            "most_sell_usd": 2000,
            "smallest_usd": 100,
            "no_buy_because": "BTCUSDT was closed 3 minutes ago; it waits for 30.",
            "no_sell_because": "",
        }
    ]
    position = data["positions"][0]
    assert (position["direction"], position["quantity"]) == ("long", 0.05)
    assert (position["unrealized_pnl"], position["leveraged_pnl_ratio"]) == (15, 0.02)
    assert (position["sl_price"], position["tp_price"]) == (44000, 46000)
    assert position["invalidation_conditions"] == ["close < ema_50 on 4h"]
    assert position["leave_by"] == "2025-03-04T22:00:00Z"
    assert position["resting_orders"][0]["trigger_price"] == 44000
    assert data["no_data"][0]["asset"] == "SOL"


def test_results_of_the_past_are_summed_up_net_of_fees(usual: Situation) -> None:
    past = data_of(build_context(usual))["past_trades"]
    assert (past["trades"], past["net_pnl"], past["fees"]) == (15, 7 * 11 - 8 * 11, 15)
    assert past["win_rate"] == pytest.approx(7 / 15)
    assert dict(zip(past["newest"]["columns"], past["newest"]["rows"][-1], strict=True)) == {
        "asset": "BTC",
        "direction": "long",
        "opened_at": "2025-03-03T08:00:00Z",
        "closed_at": "2025-03-03T11:00:00Z",
        "entry_price": 45000,
        "exit_price": 45100,
        "net_pnl": -11,
        "close_reason": "target",
        "your_words_at_entry": "Momentum.",
    }


def test_what_is_missing_is_null_and_named_and_never_zero() -> None:
    full = brief("BTCUSDT")
    bare = replace(
        full.view,
        quote=replace(full.view.quote, funding_rate=None, open_interest=None, next_funding_at=None),
        windows={Timeframe.M5: full.view.windows[Timeframe.M5]},
    )
    usual = situation()
    balance = replace(usual.standing.balance, wallet=Decimal("NaN"))
    poor = replace(
        usual,
        markets=(MarketBrief(view=bare, document=build_market_document(bare)),),
        standing=replace(usual.standing, balance=balance, total_return=None, sharpe=float("nan")),
        entries_today=None,
        past=(),
        rooms=(),
    )
    data = data_of(build_context(poor))
    market = data["markets"][0]
    assert market["funding_rate"] is None
    assert market["open_interest"] == {"latest": None, "average": None}
    assert market["long_term_context"]["ema20_4h"] is None
    assert market["long_term_context"]["rsi14_4h"] == [None] * 10
    assert market["regime"] is None
    assert market["missing"][:3] == [
        "funding_rate",
        "open_interest.latest",
        "open_interest.average",
    ]
    assert "long_term_context.rsi14_4h (10 of 10)" in market["missing"]
    assert market["missing"][-1] == "4h candles"
    account = data["account"]
    assert [
        account[name] for name in ("equity", "wallet", "sharpe_ratio", "total_return_ratio")
    ] == [None] * 4
    assert data["limits"]["max_position_usd"] is None
    assert data["limits"]["entries_left_today"] is None
    assert [data["past_trades"][name] for name in ("win_rate", "net_pnl", "mean_net_pnl")] == [
        None
    ] * 3


def test_nothing_that_happened_later_is_in_it(usual: Situation) -> None:
    later = replace(
        usual,
        fills=(*usual.fills, fill(-1)),
        past=(*usual.past, past_trade(-1)),
        announcements=(Announcement(at=NOW + timedelta(seconds=1), source="venue", words="later"),),
    )
    assert build_context(later) == build_context(usual)


def test_an_open_trade_is_no_result() -> None:
    open_trade = past_trade(1)
    open_trade = replace(open_trade, trade=replace(open_trade.trade, closed_at=None))
    assert data_of(build_context(situation(past=(open_trade,))))["past_trades"]["trades"] == 0


def test_how_old_the_data_is_stands_beside_it() -> None:
    usual = situation()
    aged = replace(usual, as_of=NOW + 10 * HOUR)
    ages = data_of(build_context(aged))["markets"][0]["data_age_seconds"]
    assert (ages["quote"], ages["4h"]) == (36_000, 36_000)


# --- trimming -----------------------------------------------------------------------------------


def test_candles_go_first_then_past_trades_then_timeframes_then_the_rest() -> None:
    words = Announcement(at=NOW, source="venue", words="Maintenance at 14:00.")
    full = full_extent(situation(announcements=(words,)))
    shown = [
        (each.candles, each.past, len(each.timeframes), each.announcements, each.fills)
        for each in extents(full)
    ]
    assert shown == [
        (20, 15, 2, 1, 5),
        (10, 15, 2, 1, 5),
        (5, 15, 2, 1, 5),
        (0, 15, 2, 1, 5),
        (0, 10, 2, 1, 5),
        (0, 5, 2, 1, 5),
        (0, 0, 2, 1, 5),
        (0, 0, 1, 1, 5),
        (0, 0, 0, 1, 5),
        (0, 0, 0, 0, 5),
        (0, 0, 0, 0, 0),
    ]


def test_the_fullest_text_within_the_budget_is_taken_and_says_what_is_not_in_it(
    usual: Situation,
) -> None:
    whole = build_context(usual, budget=100_000)
    assert (whole.left_out, whole.fits) == ((), True)
    for budget in range(whole.tokens, 500, -250):
        context = build_context(usual, budget=budget)
        assert context.tokens == estimate_tokens(context.text)
        assert context.fits is (context.tokens <= budget)
        assert data_of(context)["left_out"] == list(context.left_out)
    half = build_context(usual, budget=whole.tokens - 1)
    assert half.left_out == ("candles: the newest 10 of 20 are shown",)
    rows = data_of(half)["markets"][0]["candles"]["rows"]
    assert rows == data_of(whole)["markets"][0]["candles"]["rows"][10:]


def test_even_without_all_that_may_go_the_account_and_the_markets_stay(usual: Situation) -> None:
    least = build_context(usual, budget=1)
    data = data_of(least)
    assert not least.fits
    assert least.left_out == (
        "candles: none of 20",
        "past_trades: none of 15",
        "fills: none of 5",
        "timeframes left out: 15m, 1h",
    )
    assert data["positions"]
    assert data["limits"]
    assert data["markets"][0]["intraday_series"]["ema20"]
    assert data["past_trades"]["trades"] == 15  # the sums stay


# --- figures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.50"), "1.5"),
        (Decimal("0.0000125"), "0.0000125"),
        (Decimal("1E+3"), "1000"),
        (Decimal("12345.678901234"), "12345.6789"),
        (Decimal("-0"), "0"),
        (Decimal("1e999999"), "null"),
        (Decimal("Infinity"), "null"),
        (1.25e-05, "0.0000125"),
        (106804.0413, "106804.04"),
        (float("nan"), "null"),
        (True, "true"),
        (7, "7"),
        (None, "null"),
        (NOW, '"2025-03-03T12:00:00Z"'),
        (['a"b', {"c": []}], '["a\\"b", {"c": []}]'),
    ],
)
def test_a_value_has_one_spelling(value: Any, text: str) -> None:
    assert render_json(value) == text


def test_a_token_is_four_characters_of_english_or_one_of_another_script() -> None:
    assert estimate_tokens("") == 0
    assert estimate_tokens("abcde") == 2
    assert estimate_tokens("日本") == 2
