"""Calls about the account: money, positions, settings, fees, what its keys may do.

A setting that was so already is success. Nothing here changes a mode on its own: what the venue
answers is returned, and who decides is elsewhere.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Literal

from adapters.venues.aster import endpoints
from adapters.venues.aster.caller import Caller
from adapters.venues.aster.codes import Action
from adapters.venues.aster.errors import Refused
from adapters.venues.aster.payloads.account import (
    AccountPayload,
    AgentPayload,
    BalancePayload,
    BracketsPayload,
    BuilderPayload,
    CommissionPayload,
    LeveragePayload,
    MultiAssetsPayload,
    PositionModePayload,
    PositionPayload,
)
from adapters.venues.aster.payloads.orders import CodePayload, OrderPayload
from adapters.venues.aster.payloads.payload import WrongAnswer, rows_of
from adapters.venues.aster.queries import query
from trading.weights import Priority

_BALANCES = rows_of(BalancePayload)
_POSITIONS = rows_of(PositionPayload)
_BRACKETS = rows_of(BracketsPayload)
_AGENTS = rows_of(AgentPayload)
_BUILDERS = rows_of(BuilderPayload)
_ORDERS = rows_of(OrderPayload)


@dataclass(frozen=True, slots=True)
class AccountCalls:
    """Ask about the account and set what belongs to it."""

    caller: Caller

    async def balances(self, priority: Priority = Priority.RECONCILE) -> tuple[BalancePayload, ...]:
        """Wallet balances by asset."""
        return await self.caller.call(endpoints.BALANCE, (), _BALANCES, priority=priority)

    async def account(self, priority: Priority = Priority.RECONCILE) -> AccountPayload:
        """Totals, assets and positions of one instant."""
        return await self.caller.call(
            endpoints.ACCOUNT, (), AccountPayload.model_validate, priority=priority
        )

    async def positions(
        self, symbol: str | None = None, priority: Priority = Priority.RECONCILE
    ) -> tuple[PositionPayload, ...]:
        """Positions with mark and liquidation price, flat ones included."""
        return await self.caller.call(
            endpoints.POSITION_RISK, query(symbol=symbol), _POSITIONS, priority=priority
        )

    async def set_leverage(
        self, symbol: str, leverage: int, priority: Priority = Priority.ENTRY
    ) -> LeveragePayload:
        """Set the leverage of a symbol, 1 to 125; the answer says what holds now."""

        def read(document: object) -> LeveragePayload:
            answer = LeveragePayload.model_validate(document)
            if (answer.symbol, answer.leverage) != (symbol, leverage):
                raise WrongAnswer(
                    f"leverage {answer.leverage} of {answer.symbol[:20]} was answered"
                )
            return answer

        return await self.caller.call(
            endpoints.SET_LEVERAGE,
            query(symbol=symbol, leverage=leverage),
            read,
            priority=priority,
        )

    async def set_margin_type(
        self,
        symbol: str,
        margin_type: Literal["ISOLATED", "CROSSED"],
        priority: Priority = Priority.ENTRY,
    ) -> None:
        """Set the margin type of a symbol."""
        await _or_already_so(
            self.caller.call(
                endpoints.SET_MARGIN_TYPE,
                query(symbol=symbol, marginType=margin_type),
                CodePayload.model_validate,
                priority=priority,
            )
        )

    async def is_hedge_mode(self, priority: Priority = Priority.RECONCILE) -> bool:
        """Whether long and short positions of a symbol are kept apart. Weight 30."""
        answer = await self.caller.call(
            endpoints.POSITION_MODE, (), PositionModePayload.model_validate, priority=priority
        )
        return answer.dual_side_position

    async def set_hedge_mode(self, *, is_hedge: bool, priority: Priority = Priority.ENTRY) -> None:
        """Change the position mode of the whole account; only an operator asks for that."""
        await _or_already_so(
            self.caller.call(
                endpoints.SET_POSITION_MODE,
                query(dualSidePosition="true" if is_hedge else "false"),
                CodePayload.model_validate,
                priority=priority,
            )
        )

    async def is_multi_assets_mode(self, priority: Priority = Priority.RECONCILE) -> bool:
        """Whether all assets together are margin. Weight 30."""
        answer = await self.caller.call(
            endpoints.MULTI_ASSETS, (), MultiAssetsPayload.model_validate, priority=priority
        )
        return answer.multi_assets_margin

    async def set_multi_assets_mode(
        self, *, is_multi: bool, priority: Priority = Priority.ENTRY
    ) -> None:
        """Change the margin mode of the whole account; only an operator asks for that."""
        await _or_already_so(
            self.caller.call(
                endpoints.SET_MULTI_ASSETS,
                query(multiAssetsMargin="true" if is_multi else "false"),
                CodePayload.model_validate,
                priority=priority,
            )
        )

    async def brackets(
        self, symbol: str | None = None, priority: Priority = Priority.RECONCILE
    ) -> tuple[BracketsPayload, ...]:
        """Leverage brackets of one symbol or of all."""
        return await self.caller.call(
            endpoints.BRACKETS, query(symbol=symbol), _BRACKETS, priority=priority
        )

    async def commission(
        self, symbol: str, priority: Priority = Priority.RECONCILE
    ) -> CommissionPayload:
        """Fees of the account for a symbol. Weight 20."""
        return await self.caller.call(
            endpoints.COMMISSION_RATE,
            query(symbol=symbol),
            CommissionPayload.model_validate,
            priority=priority,
        )

    async def force_orders(
        self,
        symbol: str | None = None,
        *,
        start_ms: int | None = None,
        priority: Priority = Priority.RECONCILE,
    ) -> tuple[OrderPayload, ...]:
        """Liquidations and auto-deleveraging of the account, at most 100."""
        return await self.caller.call(
            endpoints.FORCE_ORDERS,
            query(symbol=symbol, startTime=start_ms, limit=100),
            _ORDERS,
            priority=priority,
            weight=50 if symbol is None else 20,
        )

    async def agents(self, priority: Priority = Priority.RECONCILE) -> tuple[AgentPayload, ...]:
        """API wallets of the account and what they may do. V3 only, not documented."""
        return await self.caller.call(endpoints.AGENTS, (), _AGENTS, priority=priority)

    async def builders(self, priority: Priority = Priority.RECONCILE) -> tuple[BuilderPayload, ...]:
        """Who may take a fee on top of the venue's: nobody should. V3 only."""
        return await self.caller.call(endpoints.BUILDERS, (), _BUILDERS, priority=priority)


async def _or_already_so(call: Awaitable[CodePayload]) -> None:
    try:
        await call
    except Refused as refused:
        if refused.action is not Action.ALREADY_SO:
            raise
