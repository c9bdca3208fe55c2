"""Listening: which addresses may be bound, and binding one."""

import errno
import os
import socket
import sys
from ipaddress import ip_address
from typing import Final

import attrs
import trio

from compozy.domain.errors import InvalidError, Problem, UnavailableError

STALLED_S: Final = 10.0
"""After how many seconds a connection is given up whose other side takes nothing of what is sent.

A suspended client would else hold up the stop of the server: hypercorn does not let a send be cancelled.
"""


@attrs.frozen
class Address:
    """Where a server listens.

    Attributes:
        host: Numeric address.
        port: The port, never 0.
    """

    host: str
    port: int

    @property
    def url(self) -> str:
        """The root of the server's URLs."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"


def check_exposure(host: str, address: str, *, allow_public: bool) -> None:
    """Refuse an address that others than this machine can reach, for the API has no authentication.

    Args:
        host: What the setting says.
        address: The numeric address it stands for.
        allow_public: The operator has said that something before us authenticates.

    Raises:
        InvalidError: It is not a loopback address and that was not allowed.
    """
    if allow_public or ip_address(address.partition("%")[0]).is_loopback:
        return
    raise InvalidError(
        Problem(
            key="server.host",
            message=f"{host!r} can be reached from other machines, and the API has no authentication",
            hint="listen on 127.0.0.1, or set server.allow_public: true when a proxy before it authenticates",
        )
    )


async def open_listener(
    host: str, port: int, *, allow_public: bool = False, stalled_s: float = STALLED_S
) -> socket.socket:
    """Return a bound socket, to be closed by the caller.

    Args:
        host: Name or numeric address; a name stands for its first address, IPv4 first.
        port: 0 takes a free one.
        allow_public: See :func:`check_exposure`.
        stalled_s: See :data:`STALLED_S`; Linux only.

    Raises:
        InvalidError: The host is unknown, not of this machine, or may not be exposed.
        UnavailableError: The port is in use, or may not be used.
    """
    try:
        found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise InvalidError(_bad_host(host, "is not known")) from error
    family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    check_exposure(host, str(address[0]), allow_public=allow_public)
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # on Windows the option would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if sys.platform == "linux":  # accepted connections inherit it
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(stalled_s * 1000))
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise _refusal(error, host, port) from error
    return listener


def _refusal(error: OSError, host: str, port: int) -> InvalidError | UnavailableError:
    """Return what a failed bind means to the operator."""
    if error.errno == errno.EADDRNOTAVAIL:
        return InvalidError(_bad_host(host, "is not an address of this machine"))
    reason = {errno.EADDRINUSE: "is in use by another program", errno.EACCES: "may not be used by this user"}.get(
        error.errno or 0, f"cannot be used ({error.strerror})"
    )
    return UnavailableError(f"port {port} on {host} {reason}; choose another with `server.port` or `--port`")


def _bad_host(host: str, what: str) -> Problem:
    return Problem(key="server.host", message=f"{host!r} {what}", hint="127.0.0.1 listens on this machine only")
