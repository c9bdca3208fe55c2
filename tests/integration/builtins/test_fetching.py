"""Requests to a real server on loopback, which has to be allowed for that."""

import gzip
import json
from datetime import timedelta

import pytest
import trio

from compozy.drivers.tools.builtins.settings import FetchSettings

BROKEN = [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
BROKEN += [b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n"]
BROKEN += [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip"]
BROKEN += [b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nx"]
BROKEN += [b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\nx"]


@pytest.fixture
def fetching(bench_of):
    def make(*, find=None, **settings):
        return bench_of(find=find, fetch=FetchSettings(allow_private=True, **settings))

    return make


async def test_an_answer_is_returned_with_all_that_belongs_to_it(fetching, server):
    server.answers_with("/hello", body="grüß dich".encode(), Content_Type="text/plain; charset=utf-8", X_Id="7")
    output = await fetching().run("fetch", url=server.url("/hello?x=1"))

    assert (output["status_code"], output["status_text"]) == (200, "OK")
    assert (output["body"], output["body_truncated"]) == ("grüß dich", False)
    assert output["headers"]["x-id"] == "7"
    assert output["url"] == server.url("/hello?x=1")
    assert "json" not in output


@pytest.mark.parametrize("media", ["application/json", "application/json; charset=utf-8", "application/problem+json"])
async def test_json_is_parsed_when_the_type_says_so(fetching, server, media):
    server.answers_with("/", body=b'{"a": [1, null]}', Content_Type=media)
    output = await fetching().run("fetch", url=server.url())

    assert output["json"] == {"a": [1, None]}
    assert output["body"] == '{"a": [1, null]}'


@pytest.mark.parametrize("body", [b"{", b"NaN", b"[" * 100_000, b'{"a":' * 300 + b"1" + b"}" * 300])
async def test_what_only_says_to_be_json_stays_text(fetching, server, body):
    server.answers_with("/", body=body, Content_Type="application/json")
    output = await fetching().run("fetch", url=server.url())

    assert output["body"] == body.decode()
    assert "json" not in output


async def test_an_error_status_is_a_result(fetching, server):
    server.answers_with("/", "503 Service Unavailable", b"later")
    output = await fetching().run("fetch", url=server.url())

    assert (output["status_code"], output["body"]) == (503, "later")


async def test_a_value_is_sent_as_json_and_a_text_as_it_is(fetching, server):
    bench = fetching()
    await bench.run("fetch", url=server.url(), method="post", body={"a": 1}, headers={"X-Key": "k"})
    await bench.run("fetch", url=server.url(), method="PUT", body="plain", headers={"content-type": "text/csv"})

    (posted, headers, body), (put, more, text) = server.requests
    assert (posted, json.loads(body)) == ("POST / HTTP/1.1", {"a": 1})
    assert (headers["content-type"], headers["x-key"], headers["user-agent"]) == ("application/json", "k", "compozy")
    assert (put, text, more["content-type"]) == ("PUT / HTTP/1.1", b"plain", "text/csv")


async def test_a_compressed_answer_is_decompressed(fetching, server):
    server.answers_with("/", body=gzip.compress(b"hello" * 1000), Content_Encoding="gzip")

    assert (await fetching().run("fetch", url=server.url()))["body"] == "hello" * 1000
    assert server.requests[0][1]["accept-encoding"] == "gzip"


async def test_an_answer_that_is_too_long_is_cut_off(fetching, server):
    server.answers_with("/", body=b"x" * 101)
    server.answers_with("/fits", body=b"x" * 100)
    bench = fetching(max_bytes=100)

    cut = await bench.run("fetch", url=server.url())
    assert (len(cut["body"]), cut["body_truncated"]) == (100, True)
    assert (await bench.run("fetch", url=server.url("/fits")))["body_truncated"] is False


async def test_a_small_answer_that_decompresses_to_a_large_one_is_cut_off(fetching, server):
    server.answers_with("/", body=gzip.compress(b"\0" * 20_000_000), Content_Encoding="gzip")
    output = await fetching(max_bytes=50_000).run("fetch", url=server.url())

    assert (len(output["body"]), output["body_truncated"]) == (50_000, True)


async def test_an_answer_without_end_is_cut_off(fetching, server):
    async def pour(stream):
        await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            await stream.send_all(b"x" * 10_000)

    server.answers["/"] = pour
    with trio.fail_after(5):
        output = await fetching(max_bytes=50_000).run("fetch", url=server.url())

    assert (len(output["body"]), output["body_truncated"]) == (50_000, True)


async def test_headers_without_end_are_an_error(fetching, server):
    async def pour(stream):
        await stream.send_all(b"HTTP/1.1 200 OK\r\n")
        while True:
            await stream.send_all(b"X-More: " + b"x" * 1000 + b"\r\n")

    server.answers["/"] = pour
    with trio.fail_after(5):
        assert await fetching().refusal("fetch", url=server.url()) == "FETCH_FAILED"


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"])
async def test_a_server_that_keeps_us_waiting_is_left(fetching, server, head):
    async def hold(stream):
        await stream.send_all(head)
        await trio.sleep_forever()

    server.answers["/"] = hold
    bench = fetching(timeout=timedelta(milliseconds=50))

    assert await bench.refusal("fetch", url=server.url(), timeout_ms=60_000) == "TIMED_OUT"


@pytest.mark.parametrize("answer", BROKEN)
async def test_a_broken_answer_is_an_error_of_the_task(fetching, server, answer):
    server.answers["/"] = answer

    assert await fetching().refusal("fetch", url=server.url()) in {"FETCH_FAILED", "URL_REFUSED"}


async def test_nobody_listening_is_an_error_of_the_task(fetching):
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    await listener.aclose()

    assert await fetching().refusal("fetch", url=f"http://127.0.0.1:{port}/") == "FETCH_FAILED"


async def test_an_unknown_character_set_is_read_as_utf_8(fetching, server):
    server.answers_with("/", body="ü".encode(), Content_Type="text/plain; charset=base64")

    assert (await fetching().run("fetch", url=server.url()))["body"] == "ü"


async def test_redirects_are_followed_to_their_end(fetching, server):
    server.answers_with("/a", "302 Found", Location="/b")
    server.answers_with("/b", "307 Temporary Redirect", Location=server.url("/c"))
    server.answers_with("/c", body=b"there")
    output = await fetching().run("fetch", url=server.url("/a"), headers={"X-Key": "k"})

    assert (output["body"], output["url"]) == ("there", server.url("/c"))
    assert [headers["x-key"] for _, headers, _ in server.requests] == ["k", "k", "k"]


async def test_there_is_a_limit_of_redirects(fetching, server):
    server.answers_with("/", "302 Found", Location="/")

    assert await fetching(max_redirects=2).refusal("fetch", url=server.url()) == "TOO_MANY_REDIRECTS"
    assert len(server.requests) == 3


async def test_a_proxy_of_the_environment_is_not_used(fetching, server, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.answers_with("/", body=b"direct")

    assert (await fetching().run("fetch", url=server.url()))["body"] == "direct"
