"""From a checked configuration to the account of the rules of trading.

What needs more than the shape of the file is checked here: strategies and their parameters, the
assets of the market, limits that depend on each other, what a language model needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from adapters.config.account_config import AccountConfig
from adapters.config.agents import Agent, agent_of_blend, agent_of_model, agent_of_strategy
from adapters.config.blend_config import BlendConfig, blend_of, check_blend
from adapters.config.exits_config import exit_settings_of
from adapters.config.explain import shown
from adapters.config.interpolation import Interpolated
from adapters.config.live_config import check_live, check_transport
from adapters.config.llm_config import model_agent_of
from adapters.config.model_checks import PromptFault, check_model, check_without_model
from adapters.config.paper_config import paper_terms_of
from adapters.config.problems import KeyPath, Problem, closest
from adapters.config.scan_config import check_scan, listed_assets, scan_of
from adapters.config.venue_access import check_keys, provider_of, venue_keys_of
from adapters.config.yaml_document import Document
from trading.account import Account, AgentKind, BracketPolicy, ForeignPolicy, Mode
from trading.errors import InvalidRecord
from trading.exit_settings import EXIT_SETTING_NAMES, ExitSettings
from trading.limits import LIMIT_NAMES, RiskLimits
from trading.strategies.catalogue import STRATEGIES, build_parameters
from trading.units import ONE

LIVE_VENUE = "aster"
PAPER_VENUE = "paper"
_MOST_SHOWN = 20
"""Assets of a market, in a refusal."""
_FLOOR_OF_RULES = RiskLimits().min_reward_to_risk
_FLOOR_OF_MODELS = ONE
"""A model has no exit of its own but the levels it names, so they must be worth their risk."""


class AccountBuilder:
    """Builds the accounts of one document and gathers what is wrong with them."""

    def __init__(
        self,
        document: Document,
        filled: Interpolated,
        known_assets: Sequence[str] | None,
        prompt_fault: PromptFault | None,
    ) -> None:
        self.problems: list[Problem] = []
        self._document = document
        self._filled = filled
        self._known_assets = known_assets
        self._prompt_fault = prompt_fault

    def build(self, config: AccountConfig, path: KeyPath) -> Account | None:
        """The account, or None after adding to `problems`."""
        before = len(self.problems)
        agent = self._agent(config, path)
        self._check_assets(config, path)
        for check in (check_keys, check_live, check_transport):
            self.problems += check(self._document, config, path)
        limits = self._limits(config, agent, path)
        exits = self._exits(config, path)
        if agent is None or limits is None or exits is None or len(self.problems) > before:
            return None
        mode = Mode(config.mode)
        return Account(
            id=config.id,
            name=config.name or agent.title,
            kind=agent.kind,
            strategy=agent.strategy,
            parameters=dict(config.parameters),
            assets=tuple(listed_assets(config.assets, path)[0]),
            interval=config.interval,
            mode=mode,
            venue=LIVE_VENUE if mode is Mode.LIVE else PAPER_VENUE,
            initial_equity=config.initial_equity,
            limits=limits,
            exits=exits,
            paper=paper_terms_of(config.paper),
            model=config.llm_model,
            prompt=config.prompt,
            provider=provider_of(config.openrouter),
            model_agent=model_agent_of(config.llm),
            venue_keys=venue_keys_of(config.asterdex),
            blend=None if config.blend is None else blend_of(config.blend),
            scan=scan_of(config.assets),
            foreign=ForeignPolicy(config.foreign),
            bracket=BracketPolicy(config.bracket),
        )

    def _say(self, path: KeyPath, text: str, hint: str = "") -> None:
        self.problems.append(self._document.problem(path, text, hint))

    def _agent(self, config: AccountConfig, path: KeyPath) -> Agent | None:
        """Who decides: a strategy, a blend or a language model, never two of them."""
        if config.llm_model is not None:
            return self._model_agent(config, config.llm_model, path)
        self.problems += check_without_model(self._document, config, path)
        if config.blend is not None:
            return self._blend_agent(config, config.blend, path)
        if config.strategy is None:
            known = ", ".join(STRATEGIES)
            text = f"is missing from account {config.id!r}"
            self._say((*path, "strategy"), text, f"one of {known}")
            return None
        return self._strategy_agent(config, config.strategy, path)

    def _model_agent(self, config: AccountConfig, model: str, path: KeyPath) -> Agent | None:
        for other in ("strategy", "parameters", "blend"):
            if getattr(config, other):
                text = f"and {self._document.key_text((*path, 'llm_model'))} exclude each other"
                self._say((*path, other), text, "keep the one that shall decide")
                return None
        self.problems += check_model(self._document, self._filled, config, path, self._prompt_fault)
        return agent_of_model(model)

    def _blend_agent(
        self, config: AccountConfig, blend: BlendConfig, path: KeyPath
    ) -> Agent | None:
        for other in ("strategy", "parameters"):
            if getattr(config, other):
                text = f"and {self._document.key_text((*path, 'blend'))} exclude each other"
                hint = "strategies and parameters of a blend belong to its members"
                self._say((*path, other), text, hint)
                return None
        found = check_blend(self._document, self._filled, blend, (*path, "blend"))
        self.problems += found
        return None if found else agent_of_blend(blend_of(blend))

    def _strategy_agent(self, config: AccountConfig, name: str, path: KeyPath) -> Agent | None:
        place = (*path, "strategy")
        if name not in STRATEGIES:
            known = ", ".join(STRATEGIES)
            value = shown(self._document, place, name, self._filled)
            self._say(place, f"is {value!r}; allowed is one of {known}", closest(name, STRATEGIES))
            return None
        try:
            build_parameters(STRATEGIES[name], config.parameters)
        except InvalidRecord as refusal:
            self._say((*path, "parameters"), f"do not fit: {refusal}")
            return None
        return agent_of_strategy(name)

    def _check_assets(self, config: AccountConfig, path: KeyPath) -> None:
        assets, where = listed_assets(config.assets, path)
        self.problems += check_scan(self._document, config.assets, path)
        for index, asset in enumerate(assets):
            place = (*where, index)
            if assets.index(asset) != index:
                self._say(place, f"is {asset}, which is named twice", "keep one of the two")
            elif self._known_assets is not None and asset not in self._known_assets:
                self._say(
                    place,
                    f"is {asset}, which this market does not have; it has"
                    f" {_in_short(self._known_assets)}",
                    closest(asset, self._known_assets),
                )

    def _limits(
        self, config: AccountConfig, agent: Agent | None, path: KeyPath
    ) -> RiskLimits | None:
        values = config.limits.model_dump()
        if values["requires_stop"] is None:
            values["requires_stop"] = agent.takes_stop if agent else True
        elif agent and agent.takes_stop and not values["requires_stop"]:
            self._say(
                (*path, "limits", "requires_stop"),
                f"is false for strategy {agent.strategy}; only a benchmark may hold without a stop",
                "remove the key",
            )
            return None
        if values["min_reward_to_risk"] is None:
            is_model = agent is not None and agent.kind is AgentKind.LLM
            values["min_reward_to_risk"] = _FLOOR_OF_MODELS if is_model else _FLOOR_OF_RULES
        try:
            return RiskLimits(**values)
        except InvalidRecord as refusal:
            name, _, rest = str(refusal).partition(" ")
            key = (*path, "limits", name) if name in LIMIT_NAMES else (*path, "limits")
            self._say(key, rest if name in LIMIT_NAMES else str(refusal))
            return None

    def _exits(self, config: AccountConfig, path: KeyPath) -> ExitSettings | None:
        try:
            return exit_settings_of(config.exits)
        except InvalidRecord as refusal:
            name, _, rest = str(refusal).partition(" ")
            key = (*path, "exits", name) if name in EXIT_SETTING_NAMES else (*path, "exits")
            self._say(key, rest)
            return None


def _in_short(assets: Sequence[str]) -> str:
    """A venue has hundreds of them."""
    more = len(assets) - _MOST_SHOWN
    return ", ".join(assets[:_MOST_SHOWN]) + (f" and {more} more" if more > 0 else "")
