"""Requests that were meant for another host."""

import pytest

from compozy.api.hosts import is_local


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:5001", "[::1]:5001", "localhost", "LOCALHOST:80", "compozy.localhost", "10.0.0.1", ""],
)
def test_addresses_and_localhost_are_this_machine(host):
    assert is_local(host)


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:5001", "localhost.evil.example", "127.0.0.1.evil.example", "[::1", ":80", "@"],
)
def test_a_name_that_the_dns_decides_is_not(host):
    assert not is_local(host)


@pytest.mark.parametrize("path", ["/api/v0/workflows", "/metrics", "/nothing"])
async def test_a_page_that_rebinds_its_name_is_refused_everywhere(world, path):
    world.app.is_local_only = True

    response = await world.client.get(path, headers={"Host": "evil.example"})

    assert response.status_code == 421
    assert (await response.get_json())["code"] == "MISDIRECTED_REQUEST"
    assert (await world.client.get("/healthz", headers={"Host": "127.0.0.1:5001"})).status_code == 200


async def test_behind_a_proxy_any_name_is_answered(world):
    response = await world.client.get("/healthz", headers={"Host": "compozy.example"})

    assert response.status_code == 200
