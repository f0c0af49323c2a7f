"""Prompts from files: those that come with the product, and a folder of the user's own.

A prompt is a Markdown file with a front matter that states its version. A file in the user's folder
stands before one of the same name that we ship. Whatever is wrong is named with the file, the line
and what to write instead.
"""

from __future__ import annotations

import string
from importlib.resources import files
from pathlib import Path

from trading.decision.prompt import Prompt, placeholders_of
from trading.errors import InvalidRecord, UnknownName

STANDARD = "neutral"
"""The prompt of an account that names none."""
SUFFIX = ".md"
MOST_BYTES = 64 * 1024
_FENCE = "---"
_KEYS = ("version", "description")
_LETTERS = frozenset(string.ascii_lowercase + string.digits + "_-")
_LONGEST_NAME = 64
_VERSION_LETTERS = frozenset(string.ascii_letters + string.digits + "._-")
_LONGEST_VERSION = 32


def load_prompt(name: str | None, folder: Path | None = None) -> Prompt:
    """The prompt of that name (None: the standard one); `folder` holds the user's own.

    Raises
    ------
    UnknownName
        No file of that name in either place; the message lists the names there are.
    InvalidRecord
        A file that cannot be read as a prompt.
    """
    wanted = STANDARD if name is None else name
    path = _paths(folder).get(wanted)
    if path is None:
        raise UnknownName("prompt", wanted, prompt_names(folder))
    return parse_prompt(wanted, _read(path), where=str(path))


def prompt_names(folder: Path | None = None) -> tuple[str, ...]:
    """All names that can be loaded, sorted."""
    return tuple(sorted(_paths(folder)))


def parse_prompt(name: str, content: str, *, where: str) -> Prompt:
    """A prompt from the content of its file; `where` is for messages."""
    lines = content.replace("\r\n", "\n").split("\n")
    if lines[0].strip() != _FENCE or _FENCE not in (line.strip() for line in lines[1:]):
        raise InvalidRecord(
            f"{where} has no front matter; begin the file with a line {_FENCE}, then version: 1,"
            f" then a line {_FENCE}"
        )
    end = next(at for at, line in enumerate(lines) if at and line.strip() == _FENCE)
    about = _front_matter(lines[1:end], where)
    text = "\n".join(lines[end + 1 :]).strip()
    if not text:
        raise InvalidRecord(f"{where} has no text behind its front matter")
    prompt = Prompt(
        name=name,
        declared=about["version"],
        text=text,
        description=about.get("description", ""),
    )
    try:
        placeholders_of(prompt)
    except InvalidRecord as error:
        raise InvalidRecord(f"{where}: {error}") from error
    return prompt


def _paths(folder: Path | None) -> dict[str, Path]:
    """Every prompt file by name; only names found by listing exist, so no path can be made up."""
    shipped = Path(str(files("adapters.prompts")))
    found = {path.stem: path for path in shipped.glob(f"*{SUFFIX}")}
    if folder is not None and folder.is_dir():
        found |= {
            path.stem: path
            for path in folder.glob(f"*{SUFFIX}")
            if path.is_file() and _is_name(path.stem)
        }
    return found


def _is_name(stem: str) -> bool:
    return 0 < len(stem) <= _LONGEST_NAME and set(stem) <= _LETTERS


def _read(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InvalidRecord(f"{path} has more than {MOST_BYTES:,} bytes; shorten the prompt")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRecord(
            f"{path} is no UTF-8 at byte {error.start}; save the file as UTF-8"
        ) from error


def _front_matter(lines: list[str], where: str) -> dict[str, str]:
    about: dict[str, str] = {}
    for number, line in enumerate(lines, start=2):
        key, colon, value = line.partition(":")
        key, value = key.strip(), value.strip().strip("\"'")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not colon or key not in _KEYS or key in about:
            raise InvalidRecord(
                f"{where}, line {number}: {line.strip()!r} is no entry of the front matter; it has"
                f" {' and '.join(_KEYS)}, each once"
            )
        about[key] = value
    version = about.get("version", "")
    if not 0 < len(version) <= _LONGEST_VERSION or not set(version) <= _VERSION_LETTERS:
        raise InvalidRecord(
            f"{where} states no version; write version: 1 in its front matter (up to"
            f" {_LONGEST_VERSION} letters, digits, dots and dashes)"
        )
    return about
