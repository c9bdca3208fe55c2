"""Requests over TLS: the connection goes to a number, the certificate is compared with the name."""

import ssl
from functools import partial
from pathlib import Path

import pytest
import trio

from compozy.domain.errors import ToolError
from compozy.drivers.tools.builtins.settings import FetchSettings

FILES = Path(__file__).parents[2] / "data" / "tls"  # its README says what they are


async def answer(context, client):
    secured = trio.SSLStream(client, context, server_side=True, https_compatible=True)
    try:
        async with secured:
            await secured.do_handshake()
            await secured.receive_some()
            await secured.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
    except trio.BrokenResourceError:
        return  # the client does not trust us


@pytest.fixture
async def port(nursery):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FILES / "localhost.pem", FILES / "localhost.key")
    listeners = await nursery.start(partial(trio.serve_tcp, partial(answer, context), 0, host="127.0.0.1"))
    return listeners[0].socket.getsockname()[1]


@pytest.fixture
def bench_for(bench_of, monkeypatch):
    async def find(host, port):
        await trio.lowlevel.checkpoint()
        return ["127.0.0.1"]

    def make(*, trusts):
        monkeypatch.setenv("SSL_CERT_FILE", str(FILES / trusts))
        return bench_of(find=find, fetch=FetchSettings(allow_private=True))

    return make


async def test_a_server_with_a_trusted_certificate_is_talked_to(bench_for, port):
    output = await bench_for(trusts="ca.pem").run("fetch", url=f"https://localhost:{port}/")

    assert output["body"] == "secret"


async def test_a_certificate_of_another_name_is_not_accepted(bench_for, port):
    assert await bench_for(trusts="ca.pem").refusal("fetch", url=f"https://other.test:{port}/") == "FETCH_FAILED"


async def test_a_certificate_of_somebody_unknown_is_not_accepted(bench_for, port):
    with pytest.raises(ToolError, match="certificate verify failed") as caught:
        await bench_for(trusts="other_ca.pem").run("fetch", url=f"https://localhost:{port}/")

    assert caught.value.error_code == "FETCH_FAILED"
