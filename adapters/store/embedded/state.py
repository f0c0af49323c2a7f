"""`state.json`: the port and passwords of one embedded server, readable by its owner only.

Written before the data folder exists and replaced atomically, so that a crash at any point leaves
either the old or the new state, and never a server whose password nobody knows.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from adapters.store.embedded.errors import StateLost
from adapters.store.embedded.folder import ServerFolder, give_to_owner_of

ADMIN = "postgres"
"""Bootstrap superuser; used by the supervisor only."""
APP = "perpflow"
"""The application's role and its database."""


def _new_password() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """What has to survive a restart. The passwords never appear in `repr`."""

    port: int
    version: str
    """Of the binaries that last started the server."""
    admin_password: str = field(default_factory=_new_password, repr=False)
    app_password: str = field(default_factory=_new_password, repr=False)


def load_state(folder: ServerFolder) -> ServerState | None:
    """The stored state; None on a fresh folder. Raises `StateLost`."""
    try:
        stored = json.loads(folder.state.read_text())
        return ServerState(**stored)
    except FileNotFoundError:
        if folder.is_initialised:
            raise StateLost(
                f"{folder.state} is missing but {folder.data} exists; "
                f"restore the file, it holds the port and passwords of that server"
            ) from None
        return None
    except PermissionError:
        raise StateLost(
            f"{folder.state} belongs to another user; run as the user that started the server first"
        ) from None
    except (ValueError, TypeError) as error:
        raise StateLost(f"{folder.state} is damaged ({type(error).__name__}); restore it") from None


def save_state(folder: ServerFolder, state: ServerState) -> None:
    """Replace the state atomically, mode 0600."""
    draft = folder.state.with_suffix(".tmp")
    draft.unlink(missing_ok=True)
    write_private(draft, json.dumps(asdict(state), indent=1))
    draft.replace(folder.state)


def write_private(path: Path, text: str) -> None:
    """A new file that only its owner can read, from its first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    give_to_owner_of(path.parent, path)
