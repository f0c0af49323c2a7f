"""Every call that is used: method, path in both families, weight, and how it is authorised.

Weights are the documented ones (reference: aster 2); those that depend on a parameter are functions.
`is_write` says whether a lost answer leaves something unsettled at the venue.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

Method = Literal["GET", "POST", "PUT", "DELETE"]


class Access(Enum):
    """What proves who asks."""

    OPEN = auto()
    SIGNED = auto()
    STREAM = auto()
    """V1: the key's header alone; V3: signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One call of the venue."""

    method: Method
    v3: str | None
    """Path below `/fapi`; None: not in the V3 family."""
    v1: str | None
    weight: int = 1
    access: Access = Access.SIGNED
    orders: int = 0
    """How much it counts against the account's limit of orders."""
    is_write: bool = False


def _both(method: Method, leaf: str, weight: int = 1, *, orders: int = 0) -> Endpoint:
    """A signed call that is called the same in both families."""
    return Endpoint(
        method=method,
        v3=f"v3/{leaf}",
        v1=f"v1/{leaf}",
        weight=weight,
        orders=orders,
        is_write=method != "GET",
    )


def _open(leaf: str, weight: int = 1) -> Endpoint:
    return Endpoint(
        method="GET", v3=f"v3/{leaf}", v1=f"v1/{leaf}", weight=weight, access=Access.OPEN
    )


def _only_v3(method: Method, leaf: str, weight: int = 1, *, orders: int = 0) -> Endpoint:
    return Endpoint(
        method=method,
        v3=f"v3/{leaf}",
        v1=None,
        weight=weight,
        orders=orders,
        is_write=method != "GET",
    )


TIME = _open("time")
EXCHANGE_INFO = _open("exchangeInfo")
DEPTH = _open("depth", 10)
KLINES = _open("klines", 5)
MARK_KLINES = _open("markPriceKlines", 5)
PREMIUM_INDEX = _open("premiumIndex")
FUNDING_RATE = _open("fundingRate")
FUNDING_INFO = _open("fundingInfo")
BOOK_TICKER = _open("ticker/bookTicker", 2)
OPEN_INTEREST = Endpoint(
    method="GET", v3="v1/openInterest", v1="v1/openInterest", access=Access.OPEN
)
"""Not documented, and seen in the V1 family only."""

BALANCE = Endpoint(method="GET", v3="v3/balance", v1="v2/balance", weight=5)
ACCOUNT = Endpoint(method="GET", v3="v3/accountWithJoinMargin", v1="v4/account", weight=5)
POSITION_RISK = Endpoint(method="GET", v3="v3/positionRisk", v1="v2/positionRisk", weight=5)
SET_LEVERAGE = _both("POST", "leverage")
SET_MARGIN_TYPE = _both("POST", "marginType")
POSITION_MODE = _both("GET", "positionSide/dual", 30)
SET_POSITION_MODE = _both("POST", "positionSide/dual")
MULTI_ASSETS = _both("GET", "multiAssetsMargin", 30)
SET_MULTI_ASSETS = _both("POST", "multiAssetsMargin")
BRACKETS = _both("GET", "leverageBracket")
COMMISSION_RATE = _both("GET", "commissionRate", 20)
INCOME = _both("GET", "income", 30)
USER_TRADES = _both("GET", "userTrades", 5)
FORCE_ORDERS = _both("GET", "forceOrders", 20)
AGENTS = _only_v3("GET", "agent", 5)
"""Not documented; the weight is a cautious guess."""
BUILDERS = _only_v3("GET", "builder")

SUBMIT = _both("POST", "order", orders=1)
TEST_ORDER = Endpoint(method="POST", v3="v3/order/test", v1="v1/order/test")
QUERY = _both("GET", "order")
CANCEL = _both("DELETE", "order")
SUBMIT_BATCH = _both("POST", "batchOrders", 5, orders=5)
CANCEL_BATCH = _both("DELETE", "batchOrders")
CANCEL_ALL = _both("DELETE", "allOpenOrders")
COUNTDOWN = _both("POST", "countdownCancelAll", 10)
OPEN_ORDER = _both("GET", "openOrder")
OPEN_ORDERS = _both("GET", "openOrders", 40)
ALL_ORDERS = _both("GET", "allOrders", 5)
PLACE_STRATEGY = _only_v3("POST", "placeStrategyOrder", 50, orders=3)
OPEN_STRATEGY = _only_v3("GET", "strategyOpenOrder", 5)
PAST_STRATEGY = _only_v3("GET", "strategyHistoryOrder", 5)


def _stream(method: Method) -> Endpoint:
    # A key that was made or kept and not heard of harms nobody: the call is simply repeated.
    return Endpoint(method=method, v3="v3/listenKey", v1="v1/listenKey", access=Access.STREAM)


START_STREAM = _stream("POST")
KEEP_STREAM = _stream("PUT")
CLOSE_STREAM = _stream("DELETE")


def depth_weight(limit: int) -> int:
    """Of an order book with that many levels: 5, 10, 20, 50, 100, 500 or 1000."""
    if limit <= 50:
        return 2
    return 5 if limit <= 100 else 10 if limit <= 500 else 20


def klines_weight(limit: int) -> int:
    """Of candles, at most 1500."""
    if limit < 100:
        return 1
    return 2 if limit < 500 else 5 if limit <= 1000 else 10
