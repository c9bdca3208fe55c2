"""TLS: who is trusted, and what is said when somebody is not. A proxy speaks it on behalf of the test's server."""

import ssl
from functools import partial
from pathlib import Path

import pytest
import trio

from compozy.domain.errors import InvalidError, UnavailableError
from compozy.drivers.redis import Connecting, open_cache

FILES = Path(__file__).parents[2] / "data" / "tls"  # its README says what they are
CA = FILES / "ca.pem"
OTHER_CA = FILES / "other_ca.pem"
CERT = FILES / "localhost.pem"
KEY = FILES / "localhost.key"

pytestmark = pytest.mark.slow


async def copy(source, target):
    try:
        async for part in source:
            await target.send_all(part)
        await target.aclose()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        await trio.aclose_forcefully(target)


async def serve(context, path, client):
    secured = trio.SSLStream(client, context, server_side=True, https_compatible=True)
    try:
        await secured.do_handshake()
    except trio.BrokenResourceError:  # the client does not trust us
        await trio.aclose_forcefully(client)
        return
    async with await trio.open_unix_socket(path) as server, trio.open_nursery() as nursery:
        nursery.start_soon(copy, server, secured)
        await copy(secured, server)
        nursery.cancel_scope.cancel()


@pytest.fixture
async def port(server, nursery):
    """The port of a proxy that speaks TLS and wants to see a certificate, but takes none as well."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERT, KEY)
    context.load_verify_locations(CA)
    context.verify_mode = ssl.CERT_OPTIONAL
    handler = partial(serve, context, server.url.removeprefix("unix://"))
    listeners = await nursery.start(partial(trio.serve_tcp, handler, 0, host="127.0.0.1"))
    return listeners[0].socket.getsockname()[1]


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "rediss://localhost"},
        {"host": "localhost", "ssl": True},
        {"url": "rediss://localhost", "ssl_cert": CERT},
    ],
    ids=" ".join,
)
async def test_server_that_is_trusted_is_used(port, settings):
    if "ssl_cert" in settings:
        settings = settings | {"ssl_key": KEY}
    async with (
        open_cache(Connecting(**settings, port=port, ssl_ca=CA)) as cache,
        cache.pubsub.subscribe("news") as messages,
    ):
        await cache.kv.set("key", "x" * 1_000_000)
        await cache.pubsub.publish("news", "x")

        assert len(await cache.kv.get("key")) == 1_000_000
        with trio.fail_after(5):
            assert (await anext(messages)).payload == "x"


@pytest.mark.parametrize(
    ("host", "authority"), [("localhost", OTHER_CA), ("localhost", None), ("127.0.0.1", CA)], ids=str
)
async def test_server_that_is_not_trusted_is_refused(port, host, authority):
    with pytest.raises(InvalidError, match="certificate"):
        async with open_cache(Connecting(url=f"rediss://{host}", port=port, ssl_ca=authority)):
            pass


async def test_server_without_tls_is_a_wrong_setting_or_unavailable_but_never_used(nursery):
    async def refuse(stream):
        async with stream:
            await stream.receive_some()
            await stream.send_all(b"-ERR unknown command\r\n")

    listeners = await nursery.start(partial(trio.serve_tcp, refuse, 0, host="127.0.0.1"))
    port = listeners[0].socket.getsockname()[1]
    with trio.fail_after(10), pytest.raises((InvalidError, UnavailableError)):
        async with open_cache(Connecting(url=f"rediss://127.0.0.1:{port}")):
            pass
