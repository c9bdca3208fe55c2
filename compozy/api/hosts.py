"""Hosts: whether a request was meant for this server.

A page of another site can have its own name resolve to 127.0.0.1 and then talk to a server there as its own origin (DNS
rebinding), past the rules that browsers have against it. Such a request carries the site's name in its Host header; one
that was meant for a server on loopback carries an address or ``localhost``.
"""

from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException


class Misdirected(HTTPException):
    """The request is for a host that this server is not (RFC 9110, section 15.5.20)."""

    code = HTTPStatus.MISDIRECTED_REQUEST.value


def check_host(host: str) -> None:
    """Refuse a Host header that names anything but this machine.

    Args:
        host: The header; empty when there was none, as no browser does.

    Raises:
        Misdirected: It is neither a numeric address nor ``localhost`` or a name under it.
    """
    if not is_local(host):
        raise Misdirected(
            f"this server answers for 127.0.0.1 and localhost, not for {host!r}; "
            "a proxy that passes other names on needs server.allow_public: true"
        )


def is_local(host: str) -> bool:
    """Tell whether a Host header names this machine without asking the DNS."""
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if not name or name == "localhost" or name.endswith(".localhost"):
        return not host or bool(name)
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
