"""Which addresses and hosts requests may go to."""

import pytest

from compozy.domain.errors import ToolError
from compozy.drivers.tools.builtins.addresses import HostRules, refusal_of
from compozy.drivers.tools.builtins.settings import FetchSettings

PUBLIC = ["8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.255.255", "2606:4700::1111", "::ffff:8.8.8.8"]
PUBLIC += ["64:ff9b::808:808"]
PRIVATE = ["127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1"]
PRIVATE += ["::1", "fc00::1", "fd12:3456::1", "::ffff:127.0.0.1", "::ffff:a00:1", "::127.0.0.1", "64:ff9b::7f00:1"]
PRIVATE += ["::ffff:0:10.0.0.1"]
NEVER = ["0.0.0.0", "0.1.2.3", "169.254.169.254", "168.63.129.16", "100.100.100.200", "192.0.0.192", "192.0.2.1"]  # noqa: S104 - refused
NEVER += ["198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"]
NEVER += ["::", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "fd00:ec2::254", "2001:db8::1", "2002:7f00:1::"]
NEVER += ["2001:0:7f00:1::", "64:ff9b:1::1", "100::1", "3fff::1", "5f00::1", "::ffff:169.254.169.254"]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address):
    assert refusal_of(address, allows_private=False) is None


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused_unless_they_are_allowed(address):
    assert refusal_of(address, allows_private=False) is not None
    assert refusal_of(address, allows_private=True) is None


@pytest.mark.parametrize("address", NEVER)
def test_special_addresses_are_refused_always(address):
    assert refusal_of(address, allows_private=True) is not None


def refusal(rules, host, *addresses):
    with pytest.raises(ToolError) as caught:
        rules.check(host, addresses)
    assert caught.value.error_code == "ADDRESS_REFUSED"
    return str(caught.value)


def test_one_bad_address_refuses_a_host_with_good_ones():
    assert "10.0.0.1" in refusal(HostRules(), "x.test", "8.8.8.8", "10.0.0.1")


def test_only_allowed_hosts_are_reached_when_there_is_a_list():
    rules = HostRules(allowed=("api.example.com", "*.example.org", "8.8.8.0/24"))

    rules.check("API.example.com.", ["1.1.1.1"])
    rules.check("a.b.example.org", ["1.1.1.1"])
    rules.check("dns.test", ["8.8.8.8"])
    for host in ("example.com", "example.org", "api.example.com.evil.test", "evilexample.org", "1.1.1.1"):
        assert "not on the list of allowed hosts" in refusal(rules, host, "1.1.1.1")


def test_a_denied_host_is_refused_however_its_name_or_address_is_written():
    rules = HostRules(denied=("*.bad.test", "worse.test", "8.8.8.0/24"))

    rules.check("bad.test", ["1.1.1.1"])
    for host in ("a.bad.test", "A.BAD.TEST.", "worse.test"):
        assert "list of denied hosts" in refusal(rules, host, "1.1.1.1")
    assert "list of denied hosts" in refusal(rules, "0x08080808", "8.8.8.8")
    assert "list of denied hosts" in refusal(rules, "x.test", "::ffff:8.8.8.8")


def test_a_host_that_is_denied_is_refused_though_it_is_allowed_too():
    assert refusal(HostRules(allowed=("a.test",), denied=("a.test",)), "a.test", "1.1.1.1")


@pytest.mark.parametrize("host", ["http://a.test", "a.test:80", "a.test/x", "", "*", "*.*.test", "bücher.test"])
def test_a_list_of_hosts_with_what_can_never_match_is_refused(host):
    with pytest.raises(ValueError, match="is no host"):
        FetchSettings(denied_hosts=(host,))
