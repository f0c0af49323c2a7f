"""The replies of `replies/`, read from their files, and the mandate that they are read against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from trading.decision.contract import Contract
from trading.decision.reply.mandate import Mandate, Reply, Tradable
from trading.decision.reply.outcomes import Outcome
from trading.decision.reply.read import Reading, read_reply
from trading.decisions import TradeDecision
from trading.positions import Direction
from trading.timeframes import Timeframe

FOLDER = Path(__file__).parent / "replies"
BUY = {
    "asset": '"BTC"',
    "action": '"buy"',
    "allocation_usd": "1000",
    "tp_price": "46000",
    "sl_price": "44000",
    "exit_plan": '"close if 4h close above EMA50"',
    "rationale": '"Bullish momentum with RSI oversold"',
}
HOLD = json.dumps(
    {
        "asset": "ETH",
        "action": "hold",
        "allocation_usd": 0,
        "tp_price": None,
        "sl_price": None,
        "exit_plan": "",
        "rationale": "No edge: the timeframes disagree.",
    }
)
USUAL = '{"trade_decisions": [@BTC, @ETH]}'


@dataclass(frozen=True, kw_only=True)
class Case:
    """One reply and what must become of it."""

    name: str
    about: str
    reply: Reply
    contract: Contract
    held: Mapping[str, Direction] = field(default_factory=dict)
    outcome: Outcome
    told: Mapping[str, str]
    """By asset, as `told` writes it; an asset that is not in it is not looked at."""
    path: list[str] | None

    def read(self) -> Reading:
        return read_reply(self.reply, mandate(self.held), self.contract)


def mandate(held: Mapping[str, Direction] | None = None) -> Mandate:
    """BTC at 45000 and ETH at 2500, with 10000 of capital."""
    held = held or {}
    prices = {"BTC": Decimal(45000), "ETH": Decimal(2500)}
    return Mandate(
        tradables=tuple(
            Tradable(
                asset=asset,
                symbol=f"{asset}USDT",
                price=price,
                held=held.get(asset, Direction.FLAT),
            )
            for asset, price in prices.items()
        ),
        decided_by="test/model",
        capital=Decimal(10000),
        candles_read={Timeframe.M5: 200, Timeframe.H4: 200},
    )


def entry(**change: str | None) -> str:
    """The BTC entry as JSON text, with fields replaced by raw text or (None) taken out."""
    fields = {**BUY, **change}
    return (
        "{" + ", ".join(f'"{key}": {raw}' for key, raw in fields.items() if raw is not None) + "}"
    )


def document(**change: str | None) -> str:
    """A whole reply with the BTC entry, changed, and the ETH entry."""
    return USUAL.replace("@BTC", entry(**change)).replace("@ETH", HOLD)


def told(decision: TradeDecision, outcome: Outcome) -> str:
    """A decision in short: `buy 1000 stop 44000 target 46000`, `close`, `hold schema`."""
    words = [str(decision.action)]
    if decision.action in ("buy", "sell"):
        words.append(str(decision.allocation_usd))
        words += [] if decision.stop_price is None else [f"stop {decision.stop_price}"]
        words += (
            [] if decision.take_profit_price is None else [f"target {decision.take_profit_price}"]
        )
    words += [] if outcome is Outcome.ACCEPTED else [str(outcome)]
    return " ".join(words)


def load_cases() -> list[Case]:
    """All of them, in the order of their files."""
    return [
        _case(f"{path.stem}-{number:02}", raw)
        for path in sorted(FOLDER.glob("*.yaml"))
        for number, raw in enumerate(yaml.safe_load(path.read_text(encoding="utf-8")), start=1)
    ]


def _case(name: str, raw: dict[str, Any]) -> Case:
    content = raw.get("reply", USUAL)
    if content is not None:
        content = content.replace("@BTC", entry(**raw.get("change", {}))).replace("@ETH", HOLD)
        content *= raw.get("repeat", 1)
    outcome = Outcome(raw.get("outcome", "accepted"))
    whole = "hold" if outcome is Outcome.ACCEPTED else f"hold {outcome}"
    default = {} if outcome is Outcome.ACCEPTED else {"BTC": whole, "ETH": whole}
    said = {asset: raw[asset.lower()] for asset in ("BTC", "ETH") if asset.lower() in raw}
    return Case(
        name=name,
        about=raw["about"],
        reply=Reply(
            content=content, finish_reason=raw.get("finish", "stop"), refusal=raw.get("refusal")
        ),
        contract=Contract(raw.get("contract", "portfolio")),
        held={asset: Direction(side) for asset, side in raw.get("held", {}).items()},
        outcome=outcome,
        told=default | said,
        path=raw.get("path"),
    )
