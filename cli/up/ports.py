"""Whether a port can be used, and who has it if not."""

from __future__ import annotations

import errno
import socket

import psutil

from cli.exit_codes import ExitCode
from cli.failures import CommandFailed


def require_free(host: str, port: int, *, what: str, option: str) -> None:
    """Raises `CommandFailed` when `what` could not listen there."""
    try:
        _try_to_bind(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandFailed(
                ExitCode.PORT_TAKEN,
                f"port {port} for {what} is taken{_holder(port)}; "
                f"choose another with {option}, e.g. {option} {port + 1}",
            ) from None
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            f"{what} cannot listen on {host} port {port}: {error.strerror or error}; "
            f"change --host or {option}",
        ) from None


def is_free(host: str, port: int) -> bool:
    """Whether a server could bind to it now."""
    try:
        _try_to_bind(host, port)
    except OSError:
        return False
    return True


def _try_to_bind(host: str, port: int) -> None:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        # As servers do: a port in TIME_WAIT is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def shown_host(host: str) -> str:
    """What to put into an address for a browser on this machine."""
    if host in ("0.0.0.0", "::", "127.0.0.1"):
        return "localhost"
    return f"[{host}]" if ":" in host else host


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                if connection.pid is None:
                    break
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return " by another process"
