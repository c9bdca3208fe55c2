"""Which addresses and hosts requests may go to; decided on addresses, since there is no end of spellings of them.

``0x7f.1``, ``2130706433``, ``[::ffff:127.0.0.1]`` and a name whose record says ``127.0.0.1`` are all the same address
once they are resolved, and only that is looked at.

Source: IANA's registries of special-purpose addresses, https://www.iana.org/assignments/iana-ipv4-special-registry and
https://www.iana.org/assignments/iana-ipv6-special-registry.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

import attrs

from compozy.drivers.tools.builtins.failures import Code, failure

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_PRIVATE: Final = tuple(
    map(
        ip_network,
        ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
    )
)
"""What ``allow_private`` opens: this machine, private networks, and those behind a provider's translation."""

_NEVER: Final = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this network; connects to this machine
            "169.254.0.0/16",  # link-local: credentials of cloud machines
            "168.63.129.16/32",  # the same of Azure, though a public address
            "100.100.100.200/32",  # the same of Alibaba Cloud
            "192.0.0.0/24",  # protocol assignments; credentials of Oracle Cloud
            "192.0.2.0/24",  # examples
            "192.88.99.0/24",  # relays from IPv6, withdrawn
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # examples
            "203.0.113.0/24",  # examples
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
            "::/128",  # unspecified; connects to this machine
            "64:ff9b:1::/48",  # translation to IPv4 within one network
            "100::/64",  # discarded
            "2001::/23",  # protocol assignments, among them Teredo, which carries an IPv4 address
            "2001:db8::/32",  # examples
            "2002::/16",  # 6to4, which carries an IPv4 address
            "3fff::/20",  # examples
            "5f00::/16",  # segment routing
            "fd00:ec2::254/128",  # credentials of Amazon's machines
            "fe80::/10",  # link-local
            "fec0::/10",  # site-local, withdrawn
            "ff00::/8",  # multicast
        ),
    )
)

_IPV4_INSIDE: Final = tuple(map(IPv6Network, ("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "::/96")))
"""IPv6 addresses whose last 32 bits are the IPv4 address that is meant; ``::`` and ``::1`` are dealt with before."""


def refusal_of(address: str, *, allows_private: bool) -> str | None:
    """Return why requests may not go to an address; None when they may.

    Args:
        address: As the resolver writes it; may have a zone (``fe80::1%eth0``).
        allows_private: Whether this machine and private networks are allowed.
    """
    parsed = _meant(ip_address(address.partition("%")[0]))
    if _is_in(parsed, _NEVER):
        return "is link-local, reserved or multicast"
    if _is_in(parsed, _PRIVATE):
        return None if allows_private else "is of this machine or of a private network"
    return None if parsed.is_global else "is not on the public internet"


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, or the address itself."""
    if isinstance(address, IPv4Address) or int(address) <= 1:
        return address
    if any(address in network for network in _IPV4_INSIDE):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


@attrs.frozen(kw_only=True)
class HostRules:
    """Which hosts requests may go to.

    Attributes:
        allowed: The only ones; empty: all.
        denied: Not these; wins.
        allows_private: Whether this machine and private networks are allowed.
    """

    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    allows_private: bool = False

    def check(self, host: str, addresses: Iterable[str]) -> None:
        """Refuse a host, by its name or by any address that it resolves to.

        One address that may not be reached refuses the host: what answers with good and bad ones is up to something.

        Args:
            host: As the URL writes it.
            addresses: What the resolver says.

        Raises:
            ToolError: ``ADDRESS_REFUSED``.
        """
        name = host.lower().rstrip(".")
        found = tuple(addresses)
        if any(_matches(pattern, name, address) for pattern in self.denied for address in found):
            raise _refused(host, "is on the list of denied hosts")
        for address in found:
            if self.allowed and not any(_matches(pattern, name, address) for pattern in self.allowed):
                raise _refused(host, "is not on the list of allowed hosts")
            why = refusal_of(address, allows_private=self.allows_private)
            if why is not None:
                raise _refused(host, f"resolves to {address}, which {why}")


def _matches(pattern: str, name: str, address: str) -> bool:
    """Tell whether a name or its address is what a pattern of hosts says."""
    wanted = pattern.lower().rstrip(".")
    try:
        network = ip_network(wanted.strip("[]"), strict=False)
    except ValueError:
        return name.endswith(wanted[1:]) if wanted.startswith("*.") else name == wanted
    return _is_in(_meant(ip_address(address.partition("%")[0])), (network,))


def is_network(pattern: str) -> bool:
    """Tell whether a pattern of hosts is an address or a network."""
    try:
        ip_network(pattern.strip("[]"), strict=False)
    except ValueError:
        return False
    return True


def _refused(host: str, why: str) -> Exception:
    return failure(Code.ADDRESS_REFUSED, f"host {host!r} {why}", host=host)
