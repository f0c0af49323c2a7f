"""Reads a YAML (or JSON) file into plain data, with the line of every key.

The file is treated as hostile: at most 1 MB, plain scalars, lists and mappings only, no language
tags, a bounded number of values after aliases are expanded, no key twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import yaml

from adapters.config.problems import ConfigurationError, KeyPath, Problem, key_text

MAX_BYTES = 1_000_000
MAX_VALUES = 50_000
"""Values after expansion; a hundred accounts have some five thousand."""
MAX_DEPTH = 20

_MERGE = "tag:yaml.org,2002:merge"
_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null")}
_MAPPING = "tag:yaml.org,2002:map"
_LIST = "tag:yaml.org,2002:seq"

Data = None | str | int | float | bool | list["Data"] | dict[str, "Data"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file's content and where each part of it stands."""

    source: str
    data: Data
    lines: dict[KeyPath, int]
    names: dict[KeyPath, str] = field(default_factory=dict)
    """What the operator calls a place that is no key of a file: a variable, an option."""
    root: KeyPath = ()
    """Where the file itself stands in `data`, when something was put around it."""

    def problem(self, path: KeyPath, text: str, hint: str = "") -> Problem:
        """A fault at a key path; a missing key is placed where its mapping begins."""
        line = next(
            (
                self.lines[path[:end]]
                for end in range(len(path), -1, -1)
                if path[:end] in self.lines
            ),
            None,
        )
        return Problem(
            source=self.source, line=line, key=self.key_text(path), text=text, hint=hint, path=path
        )

    def key_text(self, path: KeyPath) -> str:
        """A place as the operator knows it: its name, or the key path from the nearest one."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.names:
                return self.names[path[:end]]
        return key_text(path[len(self.root) :] if path[: len(self.root)] == self.root else path)

    def inside(self, root: KeyPath, data: Data) -> Document:
        """The same document as a part of `data`, at `root`."""
        lines = {(*root, *path): line for path, line in self.lines.items()}
        names = {(*root, *path): name for path, name in self.names.items()}
        return Document(source=self.source, data=data, lines=lines, names=names, root=root)

    def move(self, path: KeyPath, to: KeyPath) -> None:
        """Let the lines and names under a key be found at another place."""
        for table in (self.lines, self.names):
            for known, value in list(table.items()):
                if known[: len(path)] == path:
                    table[(*to, *known[len(path) :])] = value  # pyright: ignore[reportArgumentType] - each table gets its own values back


@dataclass(slots=True)
class _Reading:
    """State of one pass over the node tree."""

    source: str
    constructor: yaml.constructor.SafeConstructor
    lines: dict[KeyPath, int] = field(default_factory=dict)
    values: int = 0


class _Refused(Exception):
    def __init__(self, line: int | None, path: KeyPath, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.line, self.path, self.text, self.hint = line, path, text, hint


def read_document(path: Path) -> Document:
    """Read a file. Raises `ConfigurationError` when it is not there or not readable as YAML."""
    return _checked(str(path), lambda: _read_text(path), json=path.suffix == ".json")


def read_stream(stream: BinaryIO) -> Document:
    """Read standard input, YAML or JSON. Raises `ConfigurationError`."""
    return _checked("standard input", lambda: _decoded(stream.read(MAX_BYTES + 1)), json=False)


def _checked(source: str, read: Callable[[], str], *, json: bool) -> Document:
    try:
        return parse_document(read(), source, json=json)
    except _Refused as refused:
        raise ConfigurationError(
            [
                Problem(
                    source=source,
                    line=refused.line,
                    key=key_text(refused.path),
                    text=refused.text,
                    hint=refused.hint,
                )
            ]
        ) from None


def parse_document(text: str, source: str, *, json: bool = False) -> Document:
    """Text to data. Tabs may indent JSON, where strings cannot hold them, but never YAML."""
    try:
        loader = yaml.SafeLoader(text.replace("\t", " ") if json else text)
        reading = _Reading(source=source, constructor=loader)
        root = loader.get_single_node()
        data = None if root is None else _plain(reading, root, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise _Refused(mark.line + 1 if mark else None, (), f"is not YAML: {what}") from None
    except yaml.YAMLError as error:
        raise _Refused(None, (), f"is not YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise _Refused(None, (), "is not YAML: it is nested too deeply") from None
    return Document(source=source, data=data, lines=reading.lines)


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        hint = "name the file with --config" if not path.exists() else ""
        raise _Refused(None, (), f"cannot be read: {error.strerror}", hint) from None
    return _decoded(content)


def _decoded(content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise _Refused(None, (), f"is larger than {MAX_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise _Refused(line, (), "is not UTF-8 text", "save the file as UTF-8") from None


def _plain(reading: _Reading, node: yaml.Node, path: KeyPath) -> Data:
    reading.values += 1
    line = node.start_mark.line + 1
    reading.lines.setdefault(path, line)
    if reading.values > MAX_VALUES or len(path) > MAX_DEPTH:
        raise _Refused(
            line, (), "expands to too much: aliases may not multiply or contain themselves"
        )
    if isinstance(node, yaml.MappingNode) and node.tag == _MAPPING:
        return _mapping(reading, node, path)
    if isinstance(node, yaml.SequenceNode) and node.tag == _LIST:
        return [_plain(reading, item, (*path, index)) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(reading, node, path, line)
    raise _Refused(line, path, f"has the tag {node.tag}; only plain values are allowed")


def _scalar(reading: _Reading, node: yaml.ScalarNode, path: KeyPath, line: int) -> Data:
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value
    if node.tag not in _PLAIN:
        raise _Refused(line, path, f"has the tag {node.tag}; only plain values are allowed")
    try:
        return reading.constructor.construct_object(node)
    except (ValueError, OverflowError):
        raise _Refused(line, path, f"is not a value that can be read: {node.value!r}") from None


def _mapping(reading: _Reading, node: yaml.MappingNode, path: KeyPath) -> dict[str, Data]:
    own: dict[str, Data] = {}
    merged: dict[str, Data] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if key_node.tag == _MERGE:
            merged.update(_merged(reading, value_node, path))
            continue
        key = _key(reading, key_node, path, line)
        if key in own:
            raise _Refused(line, (*path, key), "is there twice", "keep one of the two")
        reading.lines[(*path, key)] = line
        own[key] = _plain(reading, value_node, (*path, key))
    return {**merged, **own}


def _merged(reading: _Reading, node: yaml.Node, path: KeyPath) -> dict[str, Data]:
    parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
    merged: dict[str, Data] = {}
    for part in reversed(parts):
        plain = _plain(reading, part, path)
        if not isinstance(plain, dict):
            raise _Refused(part.start_mark.line + 1, path, "merges (<<) what is not a mapping")
        merged.update(plain)
    return merged


def _key(reading: _Reading, node: yaml.Node, path: KeyPath, line: int) -> str:
    key = _plain(reading, node, (*path, "<key>")) if isinstance(node, yaml.ScalarNode) else None
    if not isinstance(key, str):
        raise _Refused(line, path, "has a key that is not text", "put the key into quotes")
    return key
