"""Requests that try to reach what they may not: refused before a connection is made."""

import pytest
import trio

from compozy.drivers.tools.builtins.settings import FetchSettings

LOOPBACK = ["127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7f000001", "0X7F.0.0.1", "2130706433", "017700000001"]
LOOPBACK += ["0177.0.0.1", "0177.0x0.0.1", "localhost", "LOCALHOST", "127.255.255.254"]
LOOPBACK += ["[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:0:127.0.0.1]"]
LOOPBACK += ["[64:ff9b::127.0.0.1]", "[::127.0.0.1]", "127。0。0。1", "①②⑦.⓪.⓪.①", "%31%32%37.0.0.1"]
SPECIAL = ["0.0.0.0", "0", "[::]", "169.254.169.254", "0xa9fea9fe", "2852039166", "[::ffff:169.254.169.254]"]  # noqa: S104 - refused
SPECIAL += ["[fd00:ec2::254]", "[fe80::1]", "168.63.129.16", "100.100.100.200", "192.0.0.192", "10.0.0.1"]
SPECIAL += ["172.16.0.1", "192.168.1.1", "100.64.0.1", "224.0.0.1", "255.255.255.255", "[ff02::1]", "198.18.0.1"]
SPECIAL += ["[2002:7f00:1::]", "[2001:0:7f00:1::]"]
NO_URLS = [
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "data:text/plain,x",
    "unix:/x",
]
NO_URLS += [
    "http:///etc/passwd",
    "http://",
    "//127.0.0.1/",
    "127.0.0.1",
    "/etc/passwd",
    "jar:http://x!/",
    "HTTP",
    "http:x",
]
NO_URLS += ["http://good.test@127.0.0.1/", "http://127.0.0.1:80@good.test/", "http://user:pass@good.test/"]
NO_URLS += [
    "http://good.test\r\nHost: evil/",
    "http://good.test/\r\nX: y",
    "http://good.test/\tx",
    " http://good.test/",
]
NO_URLS += ["http://good.test\\@127.0.0.1/", "http://good.test\0.evil/", "http://[::1/", "http://good.test:99999/"]
NO_URLS += ["http://good.test:x/", "http://" + "a" * 9000 + "/"]


@pytest.mark.parametrize("host", LOOPBACK)
async def test_this_machine_is_not_reached_however_it_is_written(bench, server, host):
    assert await bench.refusal("fetch", url=server.url("/", host=host)) in {"ADDRESS_REFUSED", "URL_REFUSED"}
    assert server.connections == 0


@pytest.mark.parametrize("host", SPECIAL)
async def test_private_and_special_addresses_are_not_reached(bench, host):
    assert await bench.refusal("fetch", url=f"http://{host}/latest/meta-data/") == "ADDRESS_REFUSED"


@pytest.mark.parametrize("url", NO_URLS)
async def test_what_is_not_plainly_a_url_of_http_is_refused(bench, url):
    assert await bench.refusal("fetch", url=url) == "URL_REFUSED"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "a\r\nX-B: b"),
        ("X-A", "a\nb"),
        ("X-A", "a\rb"),
        ("X-A", "a\0b"),
        ("X-A", "a\x7f"),
        ("X-A", "嘊X-B: b"),
        ("X-A: b\r\nX-B", "c"),
        ("X A", "b"),
        ("X:A", "b"),
        ("", "b"),
        ("Host", "evil.test"),
        ("hOST", "evil.test"),
        ("Content-Length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "keep-alive"),
        ("Upgrade", "websocket"),
        ("TE", "trailers"),
        ("Expect", "100-continue"),
        ("Proxy-Authorization", "x"),
        (":authority", "evil.test"),
    ],
)
async def test_headers_that_could_make_another_request_are_refused(bench_of, server, name, value):
    bench = bench_of(fetch=FetchSettings(allow_private=True))

    assert await bench.refusal("fetch", url=server.url(), headers={name: value}) == "HEADER_REFUSED"
    assert server.connections == 0


@pytest.fixture
def resolving(bench_of):
    """Makes a bench on which names resolve to what is given, another at each question; keeps the questions."""

    def make(*answers, **settings):
        left = list(answers)
        asked = []

        async def find(host, port):
            await trio.lowlevel.checkpoint()
            asked.append(host)
            return left.pop(0)

        return bench_of(find=find, fetch=FetchSettings(**settings)), asked

    return make


async def test_the_address_that_was_checked_is_the_one_that_is_connected_to(resolving, server):
    server.answers_with("/", body=b"here")
    bench, asked = resolving(["127.0.0.1"], allow_private=True)
    output = await bench.run("fetch", url=server.url(host="rebinding.test"))

    assert output["body"] == "here"
    assert asked == ["rebinding.test"]  # once: a second answer could be another
    assert server.requests[0][1]["host"] == f"rebinding.test:{server.port}"


async def test_the_next_address_is_tried_when_one_does_not_answer(resolving, server):
    server.answers_with("/", body=b"here")
    bench, _ = resolving(["127.0.0.2", "127.0.0.1"], allow_private=True)

    assert (await bench.run("fetch", url=server.url(host="two.test")))["body"] == "here"


async def test_a_name_that_does_not_resolve_is_an_error_of_the_task(bench_of):
    async def find(host, port):
        await trio.lowlevel.checkpoint()
        raise OSError("name or service not known")

    assert await bench_of(find=find).refusal("fetch", url="http://none.test/") == "FETCH_FAILED"


async def test_a_name_with_a_public_and_a_private_address_is_refused(resolving, server):
    bench, _ = resolving(["93.184.215.14", "127.0.0.1"])

    assert await bench.refusal("fetch", url=server.url(host="mixed.test")) == "ADDRESS_REFUSED"
    assert server.connections == 0


async def test_a_name_that_resolves_elsewhere_at_a_redirect_is_checked_again(resolving, server):
    server.answers_with("/", "302 Found", Location="/again")
    bench, asked = resolving(["127.0.0.1"], ["169.254.169.254"], allow_private=True)

    assert await bench.refusal("fetch", url=server.url(host="rebinding.test")) == "ADDRESS_REFUSED"
    assert asked == ["rebinding.test", "rebinding.test"]
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "ADDRESS_REFUSED"),
        ("http://0xa9fea9fe/", "ADDRESS_REFUSED"),
        ("//169.254.169.254/", "ADDRESS_REFUSED"),
        ("http://[::ffff:169.254.169.254]/", "ADDRESS_REFUSED"),
        ("file:///etc/passwd", "URL_REFUSED"),
        ("gopher://127.0.0.1:6379/_X", "URL_REFUSED"),
        ("http://user:pass@127.0.0.1/", "URL_REFUSED"),
    ],
)
async def test_a_redirect_leads_no_further_than_a_request_could(bench_of, server, location, code):
    server.answers_with("/", "302 Found", Location=location)
    bench = bench_of(fetch=FetchSettings(allow_private=True))

    assert await bench.refusal("fetch", url=server.url()) == code
    assert len(server.requests) == 1


async def test_a_redirect_to_another_origin_takes_no_secrets_along(resolving, server):
    server.answers_with("/", "302 Found", Location=server.url("/", host="other.test") + "taken")
    bench, _ = resolving(["127.0.0.1"], ["127.0.0.1"], allow_private=True)
    secrets = {"Authorization": "Bearer t", "X-Api-Key": "k", "Cookie": "c=1", "Accept": "text/html"}
    await bench.run("fetch", url=server.url(host="one.test"), headers=secrets)

    first, second = (headers for _, headers, _ in server.requests)
    assert (first["x-api-key"], first["authorization"]) == ("k", "Bearer t")
    assert {"x-api-key", "authorization", "cookie"} & second.keys() == set()
    assert (second["accept"], second["host"]) == ("text/html", f"other.test:{server.port}")


async def test_a_redirect_to_a_host_that_is_not_allowed_is_refused(resolving, server):
    server.answers_with("/", "302 Found", Location=server.url("/", host="other.test"))
    bench, _ = resolving(["127.0.0.1"], ["127.0.0.1"], allow_private=True, allowed_hosts=("one.test",))

    assert await bench.refusal("fetch", url=server.url(host="one.test")) == "ADDRESS_REFUSED"
    assert len(server.requests) == 1
