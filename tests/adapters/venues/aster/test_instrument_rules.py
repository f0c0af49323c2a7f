"""What the venue says of its symbols, as instruments: every filter, and nothing that it did not say."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from adapters.venues.aster.instrument_rules import CAUTIOUS_ROWS, instruments_of
from adapters.venues.aster.payloads.market import FundingRules, read_exchange_info
from tests.aster_sandbox.symbols import default_instruments, symbol_row
from trading.instruments import Instrument, MaintenanceBracket

TOLD = (
    MaintenanceBracket(
        notional_floor=Decimal(0),
        max_leverage=50,
        maintenance_ratio=Decimal("0.01"),
        cumulative=Decimal(0),
    ),
)


def row(symbol: str = "BTCUSDT", status: str = "TRADING", **changes: Any) -> dict[str, Any]:
    """A symbol of `exchangeInfo` as the sandbox writes it."""
    return symbol_row(default_instruments()[symbol], status=status) | changes


def instruments(*rows: dict[str, Any], **tables: Any) -> dict[str, Instrument]:
    info = read_exchange_info({"symbols": rows})
    fundings = [FundingRules(symbol="ASTERUSDT", funding_interval_hours=4)]
    return {each.symbol: each for each in instruments_of(info, fundings, tables)}


def filters(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The row with one filter changed, or taken away with None."""
    kept = [each for each in row["filters"] if each["filterType"] not in changes]
    more = [{"filterType": name} | fields for name, fields in changes.items() if fields]
    return row | {"filters": [*kept, *more]}


def test_every_filter_of_a_symbol_is_in_the_instrument() -> None:
    aster = instruments(row("ASTERUSDT"))["ASTERUSDT"]

    assert (aster.base, aster.quote) == ("ASTER", "USDT")
    assert (aster.tick_size, aster.step_size) == (Decimal("0.0001"), Decimal("0.01"))
    assert (aster.min_price, aster.max_price) == (Decimal("0.0001"), Decimal(1000))
    assert (aster.min_quantity, aster.max_quantity) == (Decimal("0.01"), Decimal(9_000_000))
    assert aster.max_market_quantity == Decimal(900_000)
    assert (aster.min_market_quantity, aster.market_step_size) == (Decimal("0.01"), Decimal("0.01"))
    assert aster.min_notional == Decimal(5)
    assert (aster.max_open_orders, aster.max_conditional_orders) == (200, 10)
    assert (aster.multiplier_up, aster.multiplier_down) == (Decimal("1.05"), Decimal("0.95"))
    assert aster.times_in_force == {"gtc", "ioc", "gtx", "hidden"}
    assert "stop_market" in aster.order_types


def test_the_funding_interval_is_that_of_the_symbol_and_eight_hours_where_none_is_told() -> None:
    found = instruments(row("ASTERUSDT"), row("BTCUSDT"))

    assert found["ASTERUSDT"].funding_interval == timedelta(hours=4)
    assert found["BTCUSDT"].funding_interval == timedelta(hours=8)


def test_a_margin_table_is_the_venues_where_it_is_known_and_a_cautious_one_elsewhere() -> None:
    found = instruments(row("BTCUSDT"), row("ETHUSDT"), BTCUSDT=TOLD)

    assert found["BTCUSDT"].brackets == TOLD
    assert found["BTCUSDT"].has_venue_brackets
    assert not found["ETHUSDT"].has_venue_brackets
    assert [each.max_leverage for each in found["ETHUSDT"].brackets] == [20, 10, 5, 2, 1]


def test_the_cautious_table_asks_for_more_margin_the_larger_the_position() -> None:
    ratios = [Decimal(ratio) for _, _, ratio in CAUTIOUS_ROWS]
    leverages = [leverage for _, leverage, _ in CAUTIOUS_ROWS]

    assert ratios == sorted(ratios)
    assert ratios[0] == Decimal("0.025")
    assert leverages == sorted(leverages, reverse=True)


def test_only_perpetuals_in_usdt_that_are_traded_now_are_instruments() -> None:
    found = instruments(
        row("BTCUSDT", status="SETTLING"),
        row("ETHUSDT", contractType="CURRENT_QUARTER"),
        row("ASTERUSDT", quoteAsset="USD1"),
    )

    assert found == {}


def test_of_several_contracts_on_an_asset_the_one_that_is_named_after_it_is_taken() -> None:
    found = instruments(row() | {"symbol": "ABTCUSDT"}, row())

    assert list(found) == ["BTCUSDT"]


def test_rows_that_lack_their_base_asset_or_a_step_leave_the_others_alone() -> None:
    nameless = row("ETHUSDT")
    del nameless["baseAsset"]
    stepless = filters(row("ASTERUSDT"), LOT_SIZE=None)

    assert list(instruments(nameless, stepless, row("BTCUSDT"))) == ["BTCUSDT"]


def test_filters_that_are_zero_or_missing_are_no_rule() -> None:
    bare = filters(
        row("BTCUSDT"),
        PRICE_FILTER={"minPrice": "0", "maxPrice": "0", "tickSize": "0.1"},
        MARKET_LOT_SIZE=None,
        PERCENT_PRICE=None,
        MIN_NOTIONAL=None,
        MAX_NUM_ORDERS=None,
    )
    found = instruments(bare)["BTCUSDT"]

    assert (found.min_price, found.max_price) == (0, 0)
    assert (found.multiplier_up, found.multiplier_down) == (None, None)
    assert found.max_market_quantity == found.max_quantity
    assert found.min_market_quantity is None
    assert found.min_notional == Decimal(5)
    assert found.max_open_orders == 200


def test_a_published_precision_coarser_than_the_step_is_not_believed() -> None:
    assert instruments(row("BTCUSDT", pricePrecision=0))["BTCUSDT"].price_precision is None
    assert instruments(row("BTCUSDT", pricePrecision=2))["BTCUSDT"].price_precision == 2
