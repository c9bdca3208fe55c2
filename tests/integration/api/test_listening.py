"""Which addresses are listened on, and what a refusal says."""

import socket

import pytest
import trio

from compozy.api import Address
from compozy.api.listening import check_exposure, open_listener
from compozy.domain.errors import InvalidError, UnavailableError


class Names(trio.abc.HostnameResolver):
    """Knows two machines, so that no test asks a network."""

    async def getaddrinfo(self, host, port, *_):
        known = {b"laptop": ["::1", "127.0.0.1"], b"public": ["192.0.2.1"]}
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in known[host]
        ]

    async def getnameinfo(self, sockaddr, flags):
        raise NotImplementedError


@pytest.fixture
async def names():
    trio.socket.set_custom_hostname_resolver(Names())


async def test_a_port_in_use_is_named_with_the_way_out():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(UnavailableError, match=rf"port {port} .* in use .* `server.port` or `--port`"):
            await open_listener("127.0.0.1", port)


async def test_a_port_is_free_again_when_its_listener_is_closed():
    with await open_listener("127.0.0.1", 0) as first:
        port = first.getsockname()[1]

    with await open_listener("127.0.0.1", port) as second:
        assert second.getsockname()[1] == port


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::", "10.0.0.1"])  # noqa: S104 - it is refused
def test_an_address_that_others_can_reach_is_refused_unless_allowed(address):
    check_exposure(address, address, allow_public=True)

    with pytest.raises(InvalidError, match=r"server\.host: .* no authentication .*server\.allow_public: true"):
        check_exposure(address, address, allow_public=False)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1"])
def test_loopback_needs_no_permission(address):
    check_exposure(address, address, allow_public=False)


async def test_a_name_is_judged_by_the_address_it_stands_for(names):
    with await open_listener("laptop", 0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"

    with pytest.raises(InvalidError, match="'public' can be reached from other machines"):
        await open_listener("public", 0)


async def test_an_address_of_another_machine_is_a_mistake_in_the_settings(names):
    with pytest.raises(InvalidError, match="'public' is not an address of this machine"):
        await open_listener("public", 0, allow_public=True)


async def test_an_unknown_name_is_a_mistake_in_the_settings(names):
    with pytest.raises(InvalidError, match="'nowhere' is not known"):
        await open_listener("nowhere", 0)


def test_an_address_of_version_six_is_written_in_brackets():
    assert Address("::1", 80).url == "http://[::1]:80"
    assert Address("127.0.0.1", 80).url == "http://127.0.0.1:80"
