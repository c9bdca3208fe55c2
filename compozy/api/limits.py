"""Rate limits: how many requests a client may make in a time.

A client is an address: whom the connection comes from, which behind a proxy is the proxy. Of IPv6 it is a network of
2^64 addresses, because one machine may have all of them: counted one by one, they would be no limit, and fill the
memory of whoever counts. Only the API is limited: probes and Prometheus must get through while somebody else asks too
much.

A limiter that cannot be reached lets every request through. The limit protects the server from haste, not from
strangers, and a cache that is away must not take the API with it, which answers reads without one.
"""

import ipaddress
import math
from datetime import timedelta
from typing import Final

import attrs
import trio
from attrs.validators import ge, gt
from quart import Response
from werkzeug.exceptions import TooManyRequests

from compozy.contracts.limiter import Decision, Limiter
from compozy.domain.errors import CompozyError
from compozy.telemetry.logger import get_logger
from compozy.telemetry.metrics import Metrics

_LIMITED: Final = "/api/"
_NETWORK_BITS: Final = 64
_PATIENCE_S: Final = 1.0
"""How long a limiter may take to answer; after that it counts as away."""

_log = get_logger(__name__)


@attrs.frozen
class Rate:
    """How many in how much time.

    Attributes:
        limit: How many, at least 1.
        window: In any stretch of this length.
    """

    limit: int = attrs.field(default=1000, validator=ge(1))
    window: timedelta = attrs.field(default=timedelta(seconds=1), validator=gt(timedelta()))


@attrs.define
class RateLimits:
    """The limit of one server.

    Args:
        limiter: Counts the requests; None: nothing is limited.
        rate: How many each client may make.
        scope: What the counts belong to, as servers that share a limiter may serve several projects.
        metrics: Where it is counted what was refused, and what could not be checked.
    """

    _limiter: Limiter | None
    _rate: Rate
    _scope: str
    _metrics: Metrics
    _is_away: bool = attrs.field(default=False, init=False)

    async def check(self, path: str, client: str) -> Decision | None:
        """Count one request; return whether it may be answered, or None when it is not limited.

        Args:
            path: What is asked for.
            client: Who asks.
        """
        if self._limiter is None or not path.startswith(_LIMITED):
            return None
        decision = await self._hit(self._limiter, client)
        if decision is not None and not decision.allowed:
            self._metrics.count_rate_limit("refused")
        return decision

    def refusal(self, client: str, decision: Decision) -> TooManyRequests:
        """Return the error that tells a client that it has made as many requests as it may."""
        wait_s = max(1, whole_seconds(decision.retry_after))
        allowed = f"{self._rate.limit} requests in {self._rate.window.total_seconds():g} s"
        return TooManyRequests(f"{client} may make {allowed}; try again in {wait_s} s", retry_after=wait_s)

    async def _hit(self, limiter: Limiter, client: str) -> Decision | None:
        """Return what the limiter says, or None while it is away."""
        reason = f"no answer within {_PATIENCE_S:g} s"
        with trio.move_on_after(_PATIENCE_S):
            try:
                decision = await limiter.hit(self._key(client), self._rate.limit, self._rate.window)
            except CompozyError as error:  # also that its memory is full, or we may not ask: no fault of the client
                reason = str(error)
            else:
                self._note(is_away=False)
                return decision
        self._metrics.count_rate_limit("unchecked")
        self._note(is_away=True, reason=reason)
        return None

    def _key(self, client: str) -> str:
        return f"http:{self._scope}:{counted_as(client)}"

    def _note(self, *, is_away: bool, reason: str = "") -> None:
        """Log the beginning and the end of an outage, not each request in it."""
        if is_away and not self._is_away:
            _log.warning("requests are not limited: the rate limiter is away", reason=reason)
        elif self._is_away and not is_away:
            _log.info("requests are limited again")
        self._is_away = is_away


def counted_as(address: str) -> str:
    """Return what an address is counted as: the addresses that are counted together have the same.

    >>> counted_as("192.0.2.7"), counted_as("::ffff:192.0.2.7"), counted_as("2001:db8:1:2:a:b:c:d")
    ('192.0.2.7', '192.0.2.7', '2001:db8:1:2::/64')

    Args:
        address: Of IPv4 or IPv6; anything else is counted as it is.
    """
    if ":" not in address:  # as nearly always, and parsing takes longer than counting
        return address
    try:
        ip = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    if ip.is_link_local:  # all machines of a link are in one network
        return address
    return str(ipaddress.IPv6Network((int(ip), _NETWORK_BITS), strict=False))


def add_headers(response: Response, decision: Decision) -> None:
    """Tell how many requests the client may make now, and in how many seconds all of them again."""
    response.headers["X-RateLimit-Limit"] = str(decision.limit)
    response.headers["X-RateLimit-Remaining"] = str(decision.remaining)
    response.headers["X-RateLimit-Reset"] = str(whole_seconds(decision.reset_after))


def whole_seconds(duration: timedelta) -> int:
    """Return a duration in seconds, rounded up: whoever waits that long has waited long enough.

    >>> whole_seconds(timedelta(microseconds=1)), whole_seconds(timedelta(seconds=2)), whole_seconds(timedelta())
    (1, 2, 0)
    """
    return math.ceil(duration / timedelta(seconds=1))
