"""Runs `perpflow` inside the test process, with an environment and folder of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.main import run


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def perpflow(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ended]:
    """`perpflow("up", "--speed", "0", PERPFLOW_SEED="1")`, in an empty working folder."""
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in list(os.environ):
        if name.startswith(("PERPFLOW_", "API_", "APP_", "DATABASE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PERPFLOW_HOME", str(home))

    def call(*arguments: str, **environ: str) -> Ended:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["perpflow", *arguments])
        with pytest.raises(SystemExit) as ended:
            run()
        output = capsys.readouterr()
        return Ended(int(ended.value.code or 0), output.out, output.err)

    return call
