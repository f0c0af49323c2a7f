"""From a checked configuration to the account of the rules of trading.

What needs more than the shape of the file is checked here: strategies and their parameters, the
assets of the market, limits that depend on each other. References to secrets are left behind.
"""

from __future__ import annotations

from collections.abc import Sequence

from adapters.config.account_config import AccountConfig
from adapters.config.problems import KeyPath, Problem, closest
from adapters.config.yaml_document import Document
from trading.account import Account, AgentKind
from trading.errors import InvalidRecord, UnknownName
from trading.limits import LIMIT_NAMES, RiskLimits
from trading.strategies.catalogue import STRATEGIES, Strategy, build_parameters, find_strategy


class AccountBuilder:
    """Builds the accounts of one document and gathers what is wrong with them."""

    def __init__(self, document: Document, known_assets: Sequence[str] | None) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._known_assets = known_assets

    def build(self, config: AccountConfig, path: KeyPath) -> Account | None:
        """The account, or None after adding to `problems`."""
        before = len(self.problems)
        strategy = self._strategy(config, path)
        self._check_mode(config, path)
        self._check_assets(config, path)
        limits = self._limits(config, strategy, path)
        if strategy is None or limits is None or len(self.problems) > before:
            return None
        return Account(
            id=config.id,
            name=config.name or strategy.title,
            kind=AgentKind(strategy.kind.value),
            strategy=strategy.name,
            parameters=dict(config.parameters),
            assets=tuple(config.assets),
            interval=config.interval,
            initial_equity=config.initial_equity,
            limits=limits,
        )

    def _say(self, path: KeyPath, text: str, hint: str = "") -> None:
        self.problems.append(self._document.problem(path, text, hint))

    def _strategy(self, config: AccountConfig, path: KeyPath) -> Strategy | None:
        known = ", ".join(STRATEGIES)
        if config.llm_model is not None:
            self._say(
                (*path, "llm_model"),
                f"makes account {config.id!r} an agent that asks a language model; "
                "such agents come with a later version",
                f"name a `strategy` instead: {known}",
            )
            return None
        if config.strategy is None:
            self._say(
                (*path, "strategy"), f"is missing from account {config.id!r}", f"one of {known}"
            )
            return None
        try:
            strategy = find_strategy(config.strategy)
            build_parameters(strategy, config.parameters)
        except UnknownName as unknown:
            hint = closest(unknown.name, unknown.known)
            self._say((*path, "strategy"), f"is {unknown.name!r}; allowed is one of {known}", hint)
            return None
        except InvalidRecord as refusal:
            self._say((*path, "parameters"), f"do not fit: {refusal}")
            return None
        return strategy

    def _check_mode(self, config: AccountConfig, path: KeyPath) -> None:
        if config.mode == "live":
            self._say(
                (*path, "mode"),
                f"is live for account {config.id!r}; this version trades on paper only",
                "write mode: paper",
            )

    def _check_assets(self, config: AccountConfig, path: KeyPath) -> None:
        for index, asset in enumerate(config.assets):
            place = (*path, "assets", index)
            if config.assets.index(asset) != index:
                self._say(place, f"is {asset}, which is named twice", "keep one of the two")
            elif self._known_assets is not None and asset not in self._known_assets:
                known = ", ".join(self._known_assets)
                self._say(
                    place,
                    f"is {asset}, which this market does not have; it has {known}",
                    closest(asset, self._known_assets),
                )

    def _limits(
        self, config: AccountConfig, strategy: Strategy | None, path: KeyPath
    ) -> RiskLimits | None:
        values = config.limits.model_dump()
        if values["requires_stop"] is None:
            values["requires_stop"] = strategy.takes_stop if strategy else True
        elif strategy and strategy.takes_stop and not values["requires_stop"]:
            self._say(
                (*path, "limits", "requires_stop"),
                f"is false for strategy {strategy.name}; only a benchmark may hold without a stop",
                "remove the key",
            )
            return None
        try:
            return RiskLimits(**values)
        except InvalidRecord as refusal:
            name, _, rest = str(refusal).partition(" ")
            key = (*path, "limits", name) if name in LIMIT_NAMES else (*path, "limits")
            self._say(key, rest if name in LIMIT_NAMES else str(refusal))
            return None
