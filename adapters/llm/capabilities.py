"""What a model takes: the shape of its answer, tools, reasoning, sampling parameters.

A table by family says it beforehand (capabilities.toml), an account may say it itself, and a server
that refuses a parameter by name teaches it for as long as the process lives. Each lesson takes
something away, so learning ends.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files

_TABLE = "capabilities.toml"


class OutputMode(StrEnum):
    """How the shape of an answer is asked for, the strictest first."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    TEXT = "text"

    @property
    def weaker(self) -> OutputMode | None:
        """The next one to try when this one is refused."""
        order = list(OutputMode)
        place = order.index(self) + 1
        return order[place] if place < len(order) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What may be sent to a model."""

    output: OutputMode = OutputMode.JSON_SCHEMA
    tools: bool = True
    reasoning: bool = False
    """Whether it takes an effort of reasoning; it may reason without."""
    refused: frozenset[str] = frozenset()
    """Names of parameters that are left out. Without `max_tokens` the limit goes as
    `max_completion_tokens`, its newer name."""

    def without(self, parameter: str) -> Abilities | None:
        """After a refusal of `parameter`; None: there is nothing more to leave out."""
        if parameter == "response_format":
            weaker = self.output.weaker
            return None if weaker is None else replace(self, output=weaker)
        if parameter in ("tools", "tool_choice"):
            return replace(self, tools=False) if self.tools else None
        if parameter in ("reasoning", "reasoning_effort"):
            return replace(self, reasoning=False) if self.reasoning else None
        if parameter in self.refused:
            return None
        return replace(self, refused=self.refused | {parameter})


@dataclass(frozen=True, slots=True)
class AbilityMemory:
    """What servers have refused, by host and model."""

    _modes: dict[tuple[str, str], set[OutputMode]] = field(
        default_factory=dict[tuple[str, str], set[OutputMode]]
    )
    _parameters: dict[tuple[str, str], set[str]] = field(
        default_factory=dict[tuple[str, str], set[str]]
    )

    def applied(self, host: str, model: str, believed: Abilities) -> Abilities:
        """What is left of `believed`."""
        key = (host, model)
        while believed.output in self._modes.get(key, ()):
            believed = believed.without("response_format") or Abilities(output=OutputMode.TEXT)
        for parameter in sorted(self._parameters.get(key, ())):
            believed = believed.without(parameter) or believed
        return believed

    def learn(self, host: str, model: str, sent: Abilities, parameter: str) -> bool:
        """Remember a refusal until the process ends; False: there is nothing more to leave out."""
        if sent.without(parameter) is None:
            return False
        if parameter == "response_format":
            self._modes.setdefault((host, model), set()).add(sent.output)
        else:
            self._parameters.setdefault((host, model), set()).add(parameter)
        return True


PROCESS_MEMORY = AbilityMemory()
"""Shared by all accounts of a process: what a model takes is no secret of one of them."""


def abilities_of(model: str) -> Abilities:
    """What the table says of a model's family."""
    name = model.strip().lower().partition(":")[0]
    for names, abilities in _families():
        if any(fnmatchcase(name, pattern) for pattern in names):
            return abilities
    return Abilities()


@cache
def _families() -> tuple[tuple[tuple[str, ...], Abilities], ...]:
    text = files("adapters.llm").joinpath(_TABLE).read_text(encoding="utf-8")
    return tuple(
        (
            tuple(family["names"]),
            Abilities(
                output=OutputMode(family["output"]),
                tools=family["tools"],
                reasoning=family["reasoning"],
                refused=frozenset(family.get("refused", ())),
            ),
        )
        for family in tomllib.loads(text)["family"]
    )
