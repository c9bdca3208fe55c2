"""What settings must not say together, wherever each of them came from."""

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import attrs

from compozy.config.documents import Document
from compozy.config.origins import Origin
from compozy.config.urls import says_ssl_mode
from compozy.domain.errors import Problem
from compozy.domain.secrets import revealed

_IN_DATABASE_URL: Final = tuple(f"database.{name}" for name in ("host", "port", "user", "password", "name"))
_IN_REDIS_URL: Final = tuple(f"redis.{name}" for name in ("host", "port", "user", "password", "database", "ssl"))

_STANDALONE: Final = "standalone"
_DISTRIBUTED: Final = "distributed"
_SQLITE: Final = "sqlite"
_MEMORY: Final = ":memory:"


def problems_between(origins: Mapping[str, Origin], document: Document) -> Iterator[Problem]:
    """Yield what is wrong with the settings taken together.

    Args:
        origins: The value and the source of each setting, by its key.
        document: The project file, for the lines of its keys.
    """
    settings = _Settings(origins, document)
    yield from settings.exposures()
    yield from settings.mixes()
    in_database_url = list(_IN_DATABASE_URL)
    if says_ssl_mode(revealed(origins["database.url"].value) or ""):
        in_database_url.append("database.ssl_mode")
    yield from settings.said_twice("database.url", in_database_url)
    yield from settings.said_twice("redis.url", _IN_REDIS_URL)
    for section, prefix in (("database", "ssl"), ("redis", "ssl"), ("temporal", "tls")):
        yield from settings.lone_key(section, prefix)
    yield from settings.tls_without_tls()


@attrs.frozen
class _Settings:
    origins: Mapping[str, Origin]
    document: Document

    def exposures(self) -> Iterator[Problem]:
        """Yield what would open the program to other machines without anybody having asked for it."""
        host, allow_public = self.origins["server.host"], self.origins["server.allow_public"].value
        if not _is_loopback(host.value) and not allow_public:
            hint = "use 127.0.0.1, or set server.allow_public: true"
            yield self._problem(host, f"{host.value!r} is reachable from other machines, without authentication", hint)
        bind_ip = self.origins["temporal.standalone.bind_ip"]
        if not _is_loopback(bind_ip.value) and not self.origins["temporal.standalone.expose"].value:
            hint = "use 127.0.0.1, or set temporal.standalone.expose: true"
            yield self._problem(bind_ip, f"{bind_ip.value!r} is not a loopback address", hint)

    def said_twice(self, url_key: str, parts: Sequence[str]) -> Iterator[Problem]:
        """Yield the parts of an address that are given beside the whole of it."""
        url = self.origins[url_key]
        if url.value is None:
            return
        for part in map(self.origins.__getitem__, parts):
            if part.value is not None:
                message = f"is set beside {url_key} (from {url.source}), which says it already"
                yield self._problem(part, message, "keep one of the two")

    def mixes(self) -> Iterator[Problem]:
        """Yield the components that do not go together with the mode, or with one another."""
        mode = self.origins["mode"]
        driver, path = self.origins["database.driver"], self.origins["database.path"]
        cache, temporal = self.origins["redis.mode"], self.origins["temporal.mode"]
        is_exposed = self.origins["temporal.standalone.expose"].value
        if mode.value == _DISTRIBUTED:
            whose = f"mode distributed (from {mode.source})"
            if driver.value == _SQLITE:
                message = f"sqlite keeps a file for one process, and {whose} is for several"
                yield self._problem(driver, message, "use postgres, or set mode: standalone")
            if cache.value == _STANDALONE:
                message = f"standalone embeds a cache in each process: in {whose}, events of one would not reach others"
                yield self._problem(cache, message, "use distributed, or set mode: standalone")
            if temporal.value == _STANDALONE and not is_exposed:
                message = f"standalone runs a Temporal that no other process finds, and {whose} is for several"
                hint = "use distributed, set temporal.standalone.expose: true, or set mode: standalone"
                yield self._problem(temporal, message, hint)
        if driver.value == _SQLITE and path.value == _MEMORY and temporal.value == _DISTRIBUTED:
            message = "':memory:' is gone with this process, and its executions in the Temporal cluster are not"
            yield self._problem(path, message, "name a file, or use postgres")

    def tls_without_tls(self) -> Iterator[Problem]:
        """Yield what is said about an encrypted connection to Temporal that is not to be encrypted."""
        tls = self.origins["temporal.tls"]
        if tls.value is not False:
            return
        for name in ("tls_ca", "tls_cert", "tls_key", "tls_server_name"):
            if self.origins[f"temporal.{name}"].value is not None:
                message = f"is of no use with temporal.tls: false (from {tls.source})"
                yield self._problem(self.origins[f"temporal.{name}"], message, "keep one of the two")

    def lone_key(self, section: str, prefix: str) -> Iterator[Problem]:
        """Yield the key of a certificate that is not there."""
        key, certificate = self.origins[f"{section}.{prefix}_key"], f"{section}.{prefix}_cert"
        if key.value is not None and self.origins[certificate].value is None:
            yield self._problem(key, f"is of no use without {certificate}", "set both, or neither")

    def _problem(self, origin: Origin, message: str, hint: str) -> Problem:
        """Return a problem with a value, at the place it came from."""
        if origin.source.startswith(f"{self.document.file}:"):
            return self.document.problem(tuple(origin.key.split(".")), message, hint=hint)
        return Problem(key=origin.key, message=message, hint=f"set by {origin.source}; {hint}")


def _is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches the address; of names, only ``localhost`` is known to be so."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
