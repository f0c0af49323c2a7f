"""The checks of what is to be traded: contracts, order types, leverage, and orders on trial."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from adapters.venues.aster.errors import AccountRefused, Refused, Unusable
from adapters.venues.aster.payloads.market import SymbolRules
from adapters.venues.aster.tickets import Ticket
from cli.doctor.checks import Result, Verdict
from cli.live.interview import Interview
from trading.instruments import Instrument
from trading.units import ceil_to, floor_to, plain

INSTRUMENTS, LEVERAGE, TRIAL = "instruments", "leverage", "test order"
NEEDED_TYPES = ("MARKET", "LIMIT", "STOP_MARKET", "TAKE_PROFIT_MARKET")
_ROOM = Decimal("1.2")
"""Above the smallest notional, so that a moving price does not make the trial fail."""
_STOP_AWAY = Decimal("0.9")
_NO_SUCH_CALL = (404, 405, -1000)
_MOST_SHOWN = 5


async def check_instruments(asked: Interview) -> Result:
    """Every asset is traded there, with the orders that protection is made of."""
    known = await asked.rules()
    if not asked.account.assets:
        trading = sum(each.status == "TRADING" for each in known.values())
        return Result(name=INSTRUMENTS, verdict=Verdict.OK, text=f"{trading} contracts to scan")
    faults = [
        fault
        for asset in asked.account.assets
        if (fault := _fault_of(asset, known.get(asset))) is not None
    ]
    if faults:
        return Result(
            name=INSTRUMENTS,
            verdict=Verdict.FAIL,
            text="; ".join(faults),
            fix="change the account's assets: perpflow accounts apply",
        )
    named = ", ".join(known[asset].symbol for asset in asked.account.assets)
    return Result(name=INSTRUMENTS, verdict=Verdict.OK, text=f"{named} are traded, stops included")


async def check_leverage(asked: Interview) -> Result:
    """The leverage that the account sets is one that the venue allows."""
    tables = {each.symbol: each.brackets for each in await asked.brackets()}
    known = await asked.rules()
    wanted = asked.account.limits.leverage
    shown: list[str] = []
    too_high: list[str] = []
    for asset in asked.account.assets:
        rows = tables.get(known[asset].symbol, ()) if asset in known else ()
        if not rows:
            continue
        most = max(row.initial_leverage for row in rows)
        caps = [row.notional_cap for row in rows if row.initial_leverage >= wanted]
        shown.append(f"{known[asset].symbol} {most}x")
        if not caps:
            too_high.append(f"{known[asset].symbol} allows {most}x")
    if too_high:
        return Result(
            name=LEVERAGE,
            verdict=Verdict.FAIL,
            text=f"limits.leverage is {wanted}, but {', '.join(too_high)} at most",
            fix="lower limits.leverage: perpflow accounts apply",
        )
    more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    listed = f"; at most {', '.join(shown[:_MOST_SHOWN])}{more}" if shown else ""
    return Result(name=LEVERAGE, verdict=Verdict.OK, text=f"the account sets {wanted}x{listed}")


async def check_trial(asked: Interview) -> Result:
    """The venue would take the smallest order and a stop: it checks them and places nothing."""
    asset = await asked.sample_asset()
    instrument = None if asset is None else await asked.instrument(asset)
    if instrument is None:
        return Result(name=TRIAL, verdict=Verdict.SKIP, text="none of the assets is traded here")
    (premium,) = await asked.client.market.premiums(instrument.symbol)
    tickets = trial_tickets(instrument, premium.mark_price)
    try:
        for ticket in tickets:
            await asked.client.orders.check(ticket)
    except Refused as refusal:
        if refusal.code in _NO_SUCH_CALL and not isinstance(refusal, AccountRefused):
            return _cannot_try(str(refusal))
        return Result(
            name=TRIAL,
            verdict=Verdict.FAIL,
            text=f"the venue would refuse an order of {instrument.symbol}: {refusal.code}"
            f" {refusal.text!r}",
            fix=f"{refusal.meaning}; see docs/aster.md",
        )
    except Unusable as error:
        return _cannot_try(str(error))
    smallest = plain(tickets[0].quantity or Decimal(0))
    return Result(
        name=TRIAL,
        verdict=Verdict.OK,
        text=f"a buy of {smallest} {instrument.symbol} and its stop would be taken",
    )


def trial_tickets(instrument: Instrument, mark: Decimal) -> tuple[Ticket, Ticket]:
    """The smallest market order of a contract, and the stop that would protect it.

    The stop is not reduce-only on trial: without a position the venue would refuse it for that alone.
    """
    least = max(instrument.min_quantity, instrument.min_market_quantity or Decimal(0))
    step = instrument.market_step_size or instrument.step_size
    quantity = ceil_to(max(least, instrument.min_notional * _ROOM / mark), step)
    entry = Ticket(
        symbol=instrument.symbol,
        side="BUY",
        type="MARKET",
        client_order_id="perpflow-trial",
        quantity=quantity,
    )
    stop = replace(
        entry,
        side="SELL",
        type="STOP_MARKET",
        stop_price=floor_to(mark * _STOP_AWAY, instrument.tick_size),
        working_type="MARK_PRICE",
    )
    return entry, stop


def _cannot_try(why: str) -> Result:
    return Result(
        name=TRIAL,
        verdict=Verdict.WARN,
        text=f"orders cannot be tried without placing them: {why}",
        fix="begin with a small max_position_ratio and look at the first order",
    )


def _fault_of(asset: str, rules: SymbolRules | None) -> str | None:
    if rules is None:
        return f"there is no contract of {asset} in USDT"
    if rules.status != "TRADING":
        return f"{rules.symbol} is {rules.status}, not TRADING"
    missing = [each for each in NEEDED_TYPES if rules.order_types and each not in rules.order_types]
    return f"{rules.symbol} takes no {', '.join(missing)}" if missing else None
