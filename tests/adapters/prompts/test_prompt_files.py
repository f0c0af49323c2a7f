"""Prompts from files: ours are complete, a user's own stand before them, mistakes are named."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from adapters.prompts.load import STANDARD, load_prompt, parse_prompt, prompt_names
from trading.decision.prompt import ANSWER_FORM, placeholders_of
from trading.errors import InvalidRecord, UnknownName

SHIPPED = ("arbitrage", "grid", "momentum", "neutral", "scalping")
GOOD = "---\nversion: 2\ndescription: 'Mine.'\n---\n\nTrade {{assets}}.\n"


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / f"{name}.md"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_five_prompts_come_with_the_product() -> None:
    assert prompt_names() == SHIPPED
    assert {each.name for each in files("adapters.prompts").iterdir()} >= {
        f"{name}.md" for name in SHIPPED
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_each_of_them_states_version_purpose_and_form_of_the_answer(name: str) -> None:
    prompt = load_prompt(name)
    assert prompt.name == name
    assert prompt.declared == "1"
    assert prompt.description
    assert ANSWER_FORM in placeholders_of(prompt)
    assert "assets" in placeholders_of(prompt)
    assert len(prompt.text) < 4_000


def test_an_account_that_names_none_has_the_standard_one() -> None:
    assert load_prompt(None) == load_prompt(STANDARD)


def test_a_file_of_the_user_stands_before_ours(tmp_path: Path) -> None:
    write(tmp_path, "neutral", GOOD)
    write(tmp_path, "mine", GOOD)
    prompt = load_prompt("neutral", tmp_path)
    assert (prompt.declared, prompt.description, prompt.text) == ("2", "Mine.", "Trade {{assets}}.")
    assert prompt_names(tmp_path) == tuple(sorted((*SHIPPED, "mine")))
    assert load_prompt("momentum", tmp_path) == load_prompt("momentum")


def test_line_ends_and_marks_of_another_system_change_nothing(tmp_path: Path) -> None:
    write(tmp_path, "unix", GOOD)
    write(tmp_path, "windows", b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load_prompt("windows", tmp_path).version == load_prompt("unix", tmp_path).version


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "mine/..", "", "NEUTRAL", "neutral.md"]
)
def test_a_name_that_no_file_has_is_unknown_and_the_known_ones_are_listed(
    name: str, tmp_path: Path
) -> None:
    write(tmp_path.parent, "secret", GOOD)
    with pytest.raises(UnknownName, match="known: arbitrage, grid, momentum, neutral, scalping"):
        load_prompt(name, tmp_path)


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert load_prompt(None, tmp_path / "nowhere").name == STANDARD


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Trade.", "has no front matter; begin the file with a line ---"),
        ("---\nversion: 1\nTrade.", "has no front matter"),
        ("---\nversion: 1\n---\n \n", "has no text behind its front matter"),
        ("---\ndescription: x\n---\nTrade.", "states no version; write version: 1"),
        ("---\nversion: a b\n---\nTrade.", "states no version"),
        ("---\nversion: 1\nmodel: x\n---\nTrade.", "line 3: 'model: x' is no entry"),
        ("---\nversion: 1\nversion: 2\n---\nTrade.", "line 3: 'version: 2' is no entry"),
        ("---\nversion: 1\n---\nTrade\n{{asset}}", "line 2 of its text: 'asset' is no placeholder"),
        (b"---\nversion: 1\n---\n\xff", "is no UTF-8 at byte 19; save the file as UTF-8"),
        (b"---\nversion: 1\n---\n" + b"x" * 70_000, "more than 65,536 bytes; shorten the prompt"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_file_and_what_to_write(
    content: str | bytes, message: str, tmp_path: Path
) -> None:
    path = write(tmp_path, "mine", content)
    with pytest.raises(InvalidRecord) as caught:
        load_prompt("mine", tmp_path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


def test_comments_and_empty_lines_may_stand_in_the_front_matter() -> None:
    prompt = parse_prompt("mine", "---\n# about\n\nversion: 1.2-b\n---\nTrade.", where="here")
    assert (prompt.declared, prompt.text) == ("1.2-b", "Trade.")
