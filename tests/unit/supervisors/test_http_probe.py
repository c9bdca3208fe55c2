"""The HTTP probe: what it sends, and which answers it takes for a yes."""

from functools import partial
from types import SimpleNamespace

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from supervisors.errors import ProbeError
from supervisors.processes.http_probe import final_status, http

OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (OK, 200),
        (b"HTTP/1.0 204 \r\n", 204),
        (b"HTTP/1.1 503\r\n", 503),
        (b"HTTP/1.1 404 Not Found\n", 404),
        (b"HTTP/1.1 200 O", None),
        (b"", None),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 \r\n\r\nHTTP/1.1 500 \r\n", 500),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n", None),
        (b"HTTP/1.1 100 Continue\r\n\r\n", None),
        (b"HTTP/1.1 101 Switching Protocols\r\n", 101),
    ],
)
def test_status_is_that_of_the_final_answer(answer, status):
    assert final_status(answer) == status


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/2 200 \r\n", b"HTTP/1.1 20 OK\r\n", b"HTTP/1.1 2000 OK\r\n", b"\r\n" + OK],
)
def test_what_is_no_answer_of_http_is_refused(answer):
    with pytest.raises(ProbeError, match="not an answer of HTTP/1"):
        final_status(answer)


@given(interim=st.integers(0, 3), status=st.integers(200, 999), cut=st.integers(0, 200))
def test_status_is_none_or_right_however_little_has_come(interim, status, cut):
    answer = b"HTTP/1.1 103 x\r\nLink: </a>\r\n\r\n" * interim + f"HTTP/1.1 {status} reason\r\n".encode()

    assert final_status(answer[:cut]) == (status if cut >= len(answer) else None)


@pytest.mark.parametrize("path", ["", "health", "/a b", "/a\r\nX-Evil: 1", "/caf\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_path_that_no_request_line_may_hold_is_refused(path):
    with pytest.raises(ValueError, match="percent-encode"):
        http(80, path)


@pytest.fixture
def child():
    return SimpleNamespace(why_not_ready="", listens_on=lambda _: True)


@pytest.fixture
async def server(nursery):
    """Return a factory of servers, each of which answers as it is told and keeps the requests it got."""

    async def make(*chunks: bytes, then_wait: bool = False) -> SimpleNamespace:
        requests = []

        async def answer(stream):
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                request += await stream.receive_some()
            requests.append(request.decode())
            for chunk in chunks:
                await stream.send_all(chunk)
                await trio.lowlevel.checkpoint()
            if then_wait:
                await stream.receive_some()

        (listener,) = await nursery.start(partial(trio.serve_tcp, answer, 0, host="127.0.0.1"))
        return SimpleNamespace(port=listener.socket.getsockname()[1], requests=requests)

    yield make
    nursery.cancel_scope.cancel()


async def test_value_is_where_the_child_answers(server, child):
    it = await server(OK, b"content-length: 2\r\n\r\n", b"hi")

    assert await http(it.port, "/health?full=1").attempt(child) == f"http://127.0.0.1:{it.port}"


async def test_request_is_complete_and_asks_to_close_the_connection(server, child):
    it = await server(OK + b"\r\n")

    await http(it.port, "/health?full=1").attempt(child)

    (request,) = it.requests
    head = request.split("\r\n")
    assert head[0] == "GET /health?full=1 HTTP/1.1"
    assert f"Host: 127.0.0.1:{it.port}" in head
    assert "Connection: close" in head


async def test_status_may_come_in_pieces(server, child):
    it = await server(b"HT", b"TP/1.1 2", b"04 No", b" Content\r", b"\n\r\n")

    assert await http(it.port, status={204}).attempt(child)


@pytest.mark.parametrize(("code", "status"), [(503, range(200, 400)), (404, range(200, 400)), (200, {204})])
async def test_any_other_status_is_a_no_that_names_it(server, child, code, status):
    it = await server(f"HTTP/1.1 {code} x\r\n\r\n".encode())

    with pytest.raises(ProbeError, match=rf"GET http://127\.0\.0\.1:{it.port}/h: answered with status {code}"):
        await http(it.port, "/h", status=status).attempt(child)


async def test_redirect_is_an_answer(server, child):
    it = await server(b"HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n")

    assert await http(it.port).attempt(child)
    assert len(it.requests) == 1


async def test_server_that_keeps_the_connection_open_is_not_waited_for(server, child):
    it = await server(OK + b"\r\n", then_wait=True)

    assert await http(it.port, timeout=30).attempt(child)


async def test_server_that_hangs_up_without_an_answer_is_a_no(server, child):
    it = await server(b"HTTP/1.1 ")

    with pytest.raises(ProbeError, match=r"closed before the answer|connection broke"):
        await http(it.port).attempt(child)


async def test_server_that_speaks_something_else_is_a_no(server, child):
    it = await server(b"+PONG\r\n")

    with pytest.raises(ProbeError, match=r"not an answer of HTTP/1: .*PONG"):
        await http(it.port).attempt(child)


async def test_server_that_talks_without_end_is_a_no(server, child):
    it = await server(b"x" * 100_000)

    with pytest.raises(ProbeError, match="no status within"):
        await http(it.port).attempt(child)


async def test_server_that_never_answers_is_a_no_in_time(server, child):
    it = await server(then_wait=True)

    with pytest.raises(ProbeError, match=r"no answer within 0\.05 s"):
        await http(it.port, timeout=0.05).attempt(child)


async def test_stranger_is_sent_no_request(server):
    it = await server(OK + b"\r\n")
    child = SimpleNamespace(listens_on=lambda _: False)

    with pytest.raises(ProbeError, match="another process"):
        await http(it.port).attempt(child)

    assert it.requests == []
