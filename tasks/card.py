"""The readable card of a cycle: a Prefect artifact, one history per account."""

from __future__ import annotations

import os
from decimal import Decimal

from prefect import task
from prefect.artifacts import acreate_markdown_artifact

from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.decide import Decided
from tasks.options import READ
from trading.units import plain


@task(name="publish_card", **READ)
async def publish_card(
    cycle: Cycle, before: AccountState, after: AccountState, decisions: tuple[Decided, ...]
) -> None:
    """Write the card; its link leads to the account on the dashboard."""
    await acreate_markdown_artifact(
        key=f"cycle-{cycle.account.id.replace('_', '-')}",
        markdown=card(cycle, before, after, decisions),
        description=f"{cycle.account.name}: slot {cycle.slot:%Y-%m-%d %H:%M} UTC of {cycle.arena.market}",
    )


def card(
    cycle: Cycle, before: AccountState, after: AccountState, decisions: tuple[Decided, ...]
) -> str:
    """Markdown: money before and after, decisions with reasons, positions with protection."""
    change = after.balance.equity - before.balance.equity
    lines = [
        f"# {cycle.account.name}: {cycle.slot:%Y-%m-%d %H:%M} UTC",
        "",
        f"Market **{cycle.arena.market}** ({cycle.account.mode}), strategy"
        f" `{cycle.account.strategy}`, cycle `{cycle.id}`.",
        "",
        f"Equity **{_usd(after.balance.equity)}** ({_signed(change)} in this cycle),"
        f" wallet {_usd(after.balance.wallet)}, exposure {_usd(after.gross_exposure)}.",
        "",
        "## Decisions",
        "",
        "| asset | action | notional | confidence | why |",
        "|---|---|---:|---:|---|",
        *(_decision_row(cycle, item) for item in decisions),
        "",
        "## Positions",
        "",
        "| asset | quantity | entry | mark | unrealised | protection |",
        "|---|---:|---:|---:|---:|---|",
        *(_position_rows(cycle, after)),
    ]
    dashboard = os.environ.get("PERPFLOW_DASHBOARD_URL")
    if dashboard:
        lines += ["", f"[Dashboard]({dashboard})"]
    return "\n".join(lines)


def _decision_row(cycle: Cycle, item: Decided) -> str:
    decision = item.decision
    return (
        f"| {cycle.assets.of(decision.symbol)} | {decision.action} | {_usd(decision.allocation_usd)}"
        f" | {decision.confidence:.2f} | {_cell(decision.rationale)} |"
    )


def _position_rows(cycle: Cycle, state: AccountState) -> list[str]:
    if not state.positions:
        return ["| none | flat | | | | |"]
    rows: list[str] = []
    for held in state.positions:
        position = held.position
        protection = ", ".join(
            f"{order.request.order_type} {plain(order.request.stop_price)}"
            for order in state.open_orders
            if order.symbol == position.symbol and order.request.stop_price is not None
        )
        rows.append(
            f"| {cycle.assets.of(position.symbol)} | {plain(position.quantity)}"
            f" | {plain(round(position.entry_price, 6))} | {plain(held.mark)}"
            f" | {_signed(position.unrealized_pnl(held.mark))} | {protection or 'none'} |"
        )
    return rows


def _usd(amount: Decimal) -> str:
    return f"{amount:,.2f} USDT"


def _signed(amount: Decimal) -> str:
    return f"{amount:+,.2f} USDT"


def _cell(text: str) -> str:
    """Text from a decider inside a table: no cell breaks, no markup lines."""
    return text.replace("|", "/").replace("\n", " ")
