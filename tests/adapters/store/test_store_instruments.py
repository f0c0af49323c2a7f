"""Margin tables in the store: what a venue has told to an account is never lost to a stand-in."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sqlalchemy import Engine

from adapters.store.instruments import load_instruments, save_brackets, save_instruments
from trading.instrument_defaults import KNOWN_INSTRUMENTS, MINOR_ROWS, build_brackets
from trading.instruments import Instrument

MARKET = "aster-testnet"
STAND_IN = replace(KNOWN_INSTRUMENTS["BTCUSDT"], has_venue_brackets=False)
TOLD = build_brackets(MINOR_ROWS)


def stored(engine: Engine) -> Instrument:
    with engine.connect() as conn:
        (found,) = load_instruments(conn, MARKET)
    return found


def test_a_stand_in_is_stored_as_one(engine: Engine) -> None:
    with engine.begin() as conn:
        save_instruments(conn, MARKET, [STAND_IN])

    assert stored(engine) == STAND_IN


def test_a_told_table_replaces_the_stand_in(engine: Engine) -> None:
    with engine.begin() as conn:
        save_instruments(conn, MARKET, [STAND_IN])
        save_brackets(conn, MARKET, {"BTCUSDT": TOLD, "ETHUSDT": TOLD})

    assert stored(engine) == replace(STAND_IN, brackets=TOLD, has_venue_brackets=True)


def test_new_rules_with_a_stand_in_keep_the_told_table(engine: Engine) -> None:
    with engine.begin() as conn:
        save_instruments(conn, MARKET, [STAND_IN])
        save_brackets(conn, MARKET, {"BTCUSDT": TOLD})
        save_instruments(conn, MARKET, [replace(STAND_IN, tick_size=Decimal(1))])

    assert stored(engine).tick_size == Decimal(1)
    assert stored(engine).brackets == TOLD
