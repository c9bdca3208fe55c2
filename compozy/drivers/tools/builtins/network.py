"""Connections that go to the very address that was checked.

A name can resolve to a public address when it is checked and to a private one when it is connected to. So there is one
resolution, its answers are checked, and the connection is made to one of them, by number. The name is used for TLS and
for the ``Host`` header alone.
"""

import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

import attrs
import httpcore
import httpx
import trio
from typing_extensions import override

from compozy.drivers.tools.builtins.addresses import HostRules
from compozy.drivers.tools.builtins.failures import Code, failure

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host, in the order in which they are to be tried."""

Trust: TypeAlias = Callable[[], Awaitable[ssl.SSLContext]]
"""Gives whose certificates are trusted. To find that out takes a fifth of a second, so only who needs it asks."""

_CONNECT_S: Final = 10.0


class EnoughError(Exception):
    """No more of a body is wanted."""


@attrs.define
class Gate:
    """Ends a body from where it comes in, so that all that handles it on its way is left in order."""

    closed: bool = False


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a host.

    Raises:
        OSError: It has none.
    """
    found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))


class _GatedStream(httpcore.AsyncNetworkStream):
    def __init__(self, stream: httpcore.AsyncNetworkStream, gate: Gate, trust: Trust) -> None:
        self._stream = stream
        self._gate = gate
        self._trust = trust

    @override
    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._gate.closed:
            raise EnoughError
        return await self._stream.read(max_bytes, timeout)

    @override
    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    @override
    async def aclose(self) -> None:
        await self._stream.aclose()

    @override
    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        trusted = await self._trust()  # not the placeholder that the pool was given
        return _GatedStream(await self._stream.start_tls(trusted, server_hostname, timeout), self._gate, self._trust)

    @override
    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to what the rules allow.

    Args:
        rules: Which hosts and addresses.
        find: What resolves names.
        gate: Ends what is read.
        trust: Gives whose certificates are trusted, when somebody's are to be.
    """

    def __init__(self, rules: HostRules, *, find: Resolve, gate: Gate, trust: Trust) -> None:
        self._rules = rules
        self._resolve = find
        self._gate = gate
        self._trust = trust
        self._backend = httpcore.TrioBackend()

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise failure(Code.FETCH_FAILED, f"host {host!r} cannot be resolved: {error}", host=host) from error
        self._rules.check(host, addresses)
        refused: Exception | None = None
        for address in addresses:
            try:
                stream = await self._backend.connect_tcp(address, port, _CONNECT_S, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                refused = error
            else:
                return _GatedStream(stream, self._gate, self._trust)
        raise failure(Code.FETCH_FAILED, f"host {host!r}, port {port}, cannot be connected to: {refused}", host=host)

    @override
    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise failure(Code.ADDRESS_REFUSED, "sockets of this machine are not connected to")

    @override
    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    @override
    async def __aiter__(self) -> Any:
        async for part in self._response.aiter_stream():
            yield part

    @override
    async def aclose(self) -> None:
        await self._response.aclose()


class GuardedTransport(httpx.AsyncBaseTransport):
    """What httpx sends requests through; every request makes a connection of its own, and so is checked anew."""

    def __init__(self, backend: GuardedBackend) -> None:
        # The pool would make itself a context, at once and on the loop; this one trusts nobody.
        placeholder = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=placeholder, max_keepalive_connections=0, network_backend=backend
        )

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    @override
    async def aclose(self) -> None:
        await self._pool.aclose()
