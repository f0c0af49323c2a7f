"""The checks of the venue account itself: modes, money, fees, builders, who else uses it."""

from __future__ import annotations

from decimal import Decimal

from adapters.store.permits import find_holder, load_first_permit
from adapters.venues.aster.mapping.account import HEDGE_MODE, MULTI_ASSETS_MODE, balance_of
from adapters.venues.aster.payloads.orders import OrderPayload
from cli.doctor.checks import Result, Verdict
from cli.live.interview import Interview
from trading.account import ForeignPolicy
from trading.orders import CLIENT_ID_PREFIX
from trading.units import ZERO, plain

QUOTE = "USDT"
POSITION_MODE, ASSET_MODE, BALANCE = "position mode", "asset mode", "balance"
FEES, BUILDERS, FOREIGN, HOLDER = "fees", "builders", "foreign", "holder"
_MOST_NAMED = 8
_POLICIES = {
    ForeignPolicy.IGNORE: "foreign: ignore leaves them alone and blocks entries of their symbols",
    ForeignPolicy.ADOPT: "foreign: adopt makes positions the account's own and protects them",
}


async def check_position_mode(asked: Interview) -> Result:
    """One-way: long and short of a symbol are one position."""
    if not await asked.client.account.is_hedge_mode():
        return Result(name=POSITION_MODE, verdict=Verdict.OK, text="one-way")
    text, _, remedy = HEDGE_MODE.partition("; nothing was sent. ")
    return Result(name=POSITION_MODE, verdict=Verdict.FAIL, text=text, fix=remedy)


async def check_asset_mode(asked: Interview) -> Result:
    """Single-asset: margins of positions are isolated, in USDT."""
    if not await asked.client.account.is_multi_assets_mode():
        return Result(name=ASSET_MODE, verdict=Verdict.OK, text="single-asset")
    text, _, remedy = MULTI_ASSETS_MODE.partition("; nothing was changed. ")
    return Result(name=ASSET_MODE, verdict=Verdict.FAIL, text=text, fix=remedy)


async def check_balance(asked: Interview) -> Result:
    """There is money in the futures wallet, in the asset that everything is counted in."""
    money = await asked.money()
    balance = balance_of(money, QUOTE)
    others = [
        f"{plain(each.wallet_balance)} {each.asset}"
        for each in money.assets
        if each.asset != QUOTE and each.wallet_balance != ZERO
    ]
    beside = f"; {', '.join(others)} beside it are not counted" if others else ""
    text = f"{plain(balance.wallet)} {QUOTE}, equity {plain(balance.equity)}{beside}"
    if balance.wallet > ZERO and balance.equity > ZERO:
        return Result(name=BALANCE, verdict=Verdict.OK, text=text)
    fix = f"transfer {QUOTE} into the perpetual wallet of this account at the venue"
    return Result(name=BALANCE, verdict=Verdict.FAIL, text=text, fix=fix)


async def check_fees(asked: Interview) -> Result:
    """What a fill costs, and in which asset it was paid lately."""
    asset = await asked.sample_asset()
    rules = (await asked.rules()).get(asset or "")
    if rules is None:
        return Result(name=FEES, verdict=Verdict.SKIP, text="none of the assets is traded here")
    rates = await asked.client.account.commission(rules.symbol)
    text = (
        f"taker {_percent(rates.taker_commission_rate)}, maker"
        f" {_percent(rates.maker_commission_rate)} of the notional ({rules.symbol})"
    )
    others = await _other_fee_assets(asked, rules.symbol)
    if not others:
        return Result(name=FEES, verdict=Verdict.OK, text=text)
    return Result(
        name=FEES,
        verdict=Verdict.WARN,
        text=f"{text}; some fills of the last days were paid in {', '.join(others)}, and this"
        f" program counts {QUOTE} only",
        fix=f"switch off paying fees in another asset than {QUOTE} at the venue",
    )


async def check_builders(asked: Interview) -> Result:
    """Nobody may take a fee on top of the venue's."""
    if asked.is_v1:
        return Result(name=BUILDERS, verdict=Verdict.SKIP, text="a V1 pair cannot ask for them")
    builders = await asked.client.account.builders()
    if not builders:
        return Result(name=BUILDERS, verdict=Verdict.OK, text="nobody may take a builder fee")
    named = [
        " ".join(
            filter(
                None,
                (
                    each.builder_name,
                    each.builder_address,
                    "" if each.max_fee_rate is None else f"(rate {plain(each.max_fee_rate)})",
                ),
            )
        )
        for each in builders
    ]
    return Result(
        name=BUILDERS,
        verdict=Verdict.WARN,
        text=f"may take a fee on top of orders that name them: {', '.join(named)};"
        " orders of this program name nobody",
        fix="withdraw the approvals at the venue if you do not need them",
    )


async def check_foreign(asked: Interview) -> Result:
    """What is open there that this program has not opened."""
    own = asked.own_quantities()
    found = [
        f"{plain(row.position_amt - own.get(row.symbol, ZERO))} {row.symbol}"
        for row in await asked.positions()
        if row.position_amt != own.get(row.symbol, ZERO)
    ]
    found += [_order_words(each) for each in await asked.orders() if not _is_ours(each)]
    if not found:
        return Result(name=FOREIGN, verdict=Verdict.OK, text="no foreign positions or orders")
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return Result(
        name=FOREIGN,
        verdict=Verdict.WARN,
        text=f"not of this program: {', '.join(found[:_MOST_NAMED])}{more}",
        fix=f"close them at the venue, or leave them: {_POLICIES[asked.account.foreign]}",
    )


async def check_holder(asked: Interview) -> Result:
    """No other account of this arena trades it, and this account has traded no other one."""
    with asked.engine.connect() as conn:
        holder = find_holder(conn, asked.fingerprint)
        first = load_first_permit(conn, asked.account.id)
    if holder not in (None, asked.account.id):
        return Result(
            name=HOLDER,
            verdict=Verdict.FAIL,
            text=f"account {holder} is permitted to trade this venue account; two agents must not"
            " share one",
            fix=f"use a venue account of its own, or first: perpflow accounts end-live {holder}",
        )
    if first is not None and first.fingerprint != asked.fingerprint:
        return Result(
            name=HOLDER,
            verdict=Verdict.FAIL,
            text=f"account {asked.account.id} has traded {first.owner} ({first.network}) before,"
            f" and these keys belong to {asked.credentials.owner} ({asked.keys.network})",
            fix="restore the keys, or add another account for the other venue account",
        )
    return Result(name=HOLDER, verdict=Verdict.OK, text="no other account trades it here")


async def _other_fee_assets(asked: Interview, symbol: str) -> list[str]:
    now_ms = int((await asked.venue_time()).timestamp() * 1000)
    fills = await asked.client.ledger.fills_since(symbol, now_ms - 86_400_000, now_ms)
    paid = {each.commission_asset for each in fills if each.commission != ZERO}
    return sorted(paid - {QUOTE})


def _is_ours(order: OrderPayload) -> bool:
    return order.client_order_id.startswith(CLIENT_ID_PREFIX)


def _order_words(order: OrderPayload) -> str:
    at = order.stop_price or order.price
    return f"an order {order.side} {order.type} {order.symbol}" + (f" at {plain(at)}" if at else "")


def _percent(rate: Decimal) -> str:
    return f"{plain(rate * 100)} %"
