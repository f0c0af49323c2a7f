"""Runs `perpflow` inside the test process, with an environment and folder of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import Pipe
from pathlib import Path
from threading import Lock, Thread

import pytest
from sqlalchemy import Engine

from cli.main import run
from cli.up.place import ArenaPlace
from cli.up.registrar import serve
from cli.up.registrar_child import RegistrarChild
from tests.arena import START, TestArena, hours, start_arena
from tests.llm_stub.server import ModelStub
from tests.tasks.model_accounts import KEY, build_model_account


class RegistrarThread(RegistrarChild):
    """The registrar in this process: a child of its own needs three seconds for its imports."""

    def __init__(self, place: ArenaPlace, *, run_id: str) -> None:
        self._connection, theirs = Pipe()
        self._asking, self._is_closed = Lock(), False
        Thread(target=serve, args=(theirs,), daemon=True).start()
        self._connection.send(place)

    def close(self) -> None:
        self._connection.close()


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
        if name.startswith(("PERPFLOW_", "API_", "APP_", "DATABASE_", "ACCOUNT_IDS", "AGENT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PERPFLOW_HOME", str(home))
    monkeypatch.setattr("cli.up.command.RegistrarChild", RegistrarThread)

    def call(*arguments: str, **environ: str) -> Ended:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["perpflow", *arguments])
        with pytest.raises(SystemExit) as ended:
            run()
        output = capsys.readouterr()
        return Ended(int(ended.value.code or 0), output.out, output.err)

    return call


@pytest.fixture
def model_arena(engine: Engine) -> TestArena:
    """With the candles of thirty hours."""
    arena = start_arena(engine)
    arena.stand_at(START + hours(30))
    return arena


@pytest.fixture
def model_commands(
    perpflow: Callable[..., Ended],
    database_url: str,
    model_arena: TestArena,
    stub: ModelStub,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Ended]:
    """`perpflow` in an arena with the account `llm`, for which the fixture `stub` decides."""
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    model_arena.add(build_model_account(stub))
    return lambda *arguments: perpflow(*arguments, DATABASE_URL=database_url)
