"""The tables of `perpflow accounts show --venue`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from cli.console import stdout_console

_NOTHING = "-"


def show_venue(found: Mapping[str, Any]) -> None:
    """Money first, then positions with their protection, then orders."""
    console = stdout_console()
    money = found["balance"]
    console.print(
        f"{found['id']} at {found['venue']}: equity {money['equity']} USDT, wallet {money['wallet']},"
        f" unrealized {money['unrealized']}, margin {money['margin_used']},"
        f" available {money['available']}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    if not found["positions"] and not found["open_orders"]:
        console.print("no positions and no orders")
    if found["positions"]:
        console.print(_positions(found["positions"]))
    for each in found["positions"]:
        line = f"{each['symbol']}: {each['protection']}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    if found["open_orders"]:
        console.print(_orders(found["open_orders"]))


def _positions(positions: list[Mapping[str, Any]]) -> Table:
    heads = (
        "Position",
        "Whose",
        "Quantity",
        "Entry",
        "Mark",
        "Unrealized",
        "Leverage",
        "Liquidation",
    )
    table = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)
    for each in positions:
        table.add_row(
            each["symbol"],
            each["whose"],
            each["quantity"],
            each["entry_price"],
            each["mark"],
            each["unrealized"],
            f"{each['leverage']}x {each['margin_mode']}",
            each["liquidation_price"] or _NOTHING,
        )
    return table


def _orders(orders: list[Mapping[str, Any]]) -> Table:
    heads = ("Order", "Whose", "Side", "Type", "Quantity", "Filled", "Price", "Trigger", "Id")
    table = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)
    for each in orders:
        table.add_row(
            each["symbol"],
            each["whose"],
            each["side"],
            each["type"] + (" (reduces)" if each["reduces_only"] else ""),
            each["quantity"],
            each["filled"],
            each["price"] or _NOTHING,
            each["stop_price"] or _NOTHING,
            escape(each["client_order_id"]),
        )
    return table
