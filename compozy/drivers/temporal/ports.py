"""The ports of the dev server: found, claimed ahead of time, and known to be its own."""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

import psutil

from compozy.domain.errors import CompozyError, ConflictError, InvalidError, Problem

LOOPBACK: Final = "127.0.0.1"
_KEYS: Final = "temporal.standalone"


def free_ports(count: int, ip: str = LOOPBACK) -> list[int]:
    """Return ports that were free a moment ago, all different.

    Another program may take one before it is used; whoever uses them notices and asks again.

    Raises:
        InvalidError: No program on this machine can listen on that address.
    """
    with ExitStack() as stack:
        try:
            return [stack.enter_context(_bound(ip, 0)).getsockname()[1] for _ in range(count)]
        except OSError as error:
            raise InvalidError(_no_such_address(ip, error)) from error


def explain_taken(ip: str, port: int, *, setting: str) -> CompozyError | None:
    """Return why nothing can listen on a port that was asked for, with the way out; None when it can.

    Args:
        ip: The address.
        port: The port.
        setting: Name of the setting that says the port, within ``temporal.standalone``.
    """
    try:
        with _bound(ip, port):
            return None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return ConflictError(
                f"{_KEYS}.{setting}: port {port} of {ip} is in use by another program; end that one,"
                f" or set {_KEYS}.{setting} to a port that is free"
            )
        if error.errno == errno.EACCES:
            hint = "take one above 1023"
            return InvalidError(Problem(key=f"{_KEYS}.{setting}", message=f"port {port} needs more rights", hint=hint))
        return InvalidError(_no_such_address(ip, error))


def is_listening(pid: int, port: int) -> bool:
    """Tell whether this very process listens on the TCP port, so that an answer from there is its answer."""
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except psutil.Error:
        return False
    return any(connection.status == psutil.CONN_LISTEN and connection.laddr.port == port for connection in connections)


@contextmanager
def _bound(ip: str, port: int) -> Iterator[socket.socket]:
    """Hold a port for a moment, as a server would: connections that are still being wound up do not count."""
    with socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET) as probe:
        if sys.platform != "win32":  # there it would allow two programs on one port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((ip, port))
        if port:
            probe.listen(1)  # without it, Linux lets the same port be bound again
        yield probe


def _no_such_address(ip: str, error: OSError) -> Problem:
    reason = os.strerror(error.errno).lower() if error.errno and error.errno > 0 else str(error)
    return Problem(
        key=f"{_KEYS}.bind_ip",
        message=f"nothing on this machine can listen on {ip!r}: {reason}",
        hint=f"use {LOOPBACK}, or an address of this machine",
    )
