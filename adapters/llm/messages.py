"""Messages of a chat, and the tools that a model may ask for, in the protocol's terms.

Text goes out as it is given. A tool call's arguments are the model's text until they are parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """What the model wants to be run."""

    id: str
    name: str
    arguments: str
    """JSON, or what the model took for it."""

    def payload(self) -> dict[str, object]:
        """As it goes over the wire."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": self.id, "type": "function", "function": function}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message."""

    role: Role
    text: str | None
    tool_calls: tuple[ToolCall, ...] = ()
    """Of an assistant."""
    tool_call_id: str | None = None
    """Of a tool's answer."""
    passed_on: Mapping[str, object] = field(default_factory=dict[str, object])
    """Fields of a provider that it wants back unchanged, e.g. `reasoning_details`."""

    def payload(self) -> dict[str, object]:
        """As it goes over the wire."""
        found: dict[str, object] = {"role": self.role.value, "content": self.text}
        if self.tool_calls:
            found["tool_calls"] = [each.payload() for each in self.tool_calls]
        if self.tool_call_id is not None:
            found["tool_call_id"] = self.tool_call_id
        return found | dict(self.passed_on)


def system(text: str) -> Message:
    """What the model is told to be."""
    return Message(role=Role.SYSTEM, text=text)


def user(text: str) -> Message:
    """What it is asked."""
    return Message(role=Role.USER, text=text)


def assistant(text: str) -> Message:
    """What it said before."""
    return Message(role=Role.ASSISTANT, text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSchema:
    """The shape that the answer should have, for models that can be held to one."""

    name: str
    """a-z, A-Z, 0-9, _ and -; at most 64."""
    schema: Mapping[str, object]
    """JSON schema."""
    is_strict: bool = True
    """Held to the letter; needs every property required and no others allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function that the model may ask for; it only ever reads."""

    name: str
    description: str
    parameters: Mapping[str, object]
    """JSON schema of its arguments, an object."""

    def payload(self) -> dict[str, object]:
        """As it goes over the wire."""
        function = {
            "name": self.name,
            "description": self.description,
            "parameters": dict(self.parameters),
        }
        return {"type": "function", "function": function}
