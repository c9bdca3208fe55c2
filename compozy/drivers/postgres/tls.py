"""TLS: whether a connection is encrypted, and who must have signed the server's certificate."""

import ssl
from enum import StrEnum
from pathlib import Path

from compozy.domain.errors import InvalidError, Problem


class SslMode(StrEnum):
    """How much a connection relies on TLS; the names are those of libpq."""

    DISABLE = "disable"
    """Never encrypted."""
    PREFER = "prefer"
    """Encrypted when the server can; anybody may be the server."""
    REQUIRE = "require"
    """Encrypted; anybody may be the server, unless the authorities to trust are given: then as ``verify-ca``."""
    VERIFY_CA = "verify-ca"
    """Encrypted, with a server that somebody whom we trust has signed."""
    VERIFY_FULL = "verify-full"
    """Encrypted, with a server that somebody whom we trust has signed, for the host that we asked for."""


def make_context(
    mode: SslMode | None, *, ca: Path | None, cert: Path | None, key: Path | None
) -> ssl.SSLContext | str | None:
    """Return what asyncpg takes as ``ssl``. Reads the files, so it may block.

    Args:
        mode: None means ``verify-full`` with files; without any, that somebody else says.
        ca: File with the authorities to trust; None means those of the system.
        cert: File with the certificate to show, or None.
        key: File with its key; None means that ``cert`` holds it.

    Raises:
        InvalidError: A file cannot be read, or is not what its setting says.
    """
    if mode in (SslMode.DISABLE, SslMode.PREFER) or (mode is None and ca is None and cert is None):
        return None if mode is None else mode.value
    context = _trusting(ca)
    if mode is SslMode.REQUIRE and ca is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif mode in (SslMode.REQUIRE, SslMode.VERIFY_CA):
        context.check_hostname = False
    if cert is not None:
        _show(context, cert, key)
    return context


def _trusting(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:  # ssl.SSLError is one
        raise _unusable("ssl_ca", ca, error, "a file of certificates in PEM") from error


def _show(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    for setting, file in (("ssl_cert", cert), ("ssl_key", key)):
        if file is not None and not file.is_file():
            raise _unusable(setting, file, "there is no such file", "a file in PEM")
    try:
        # An encrypted key would otherwise be asked for on the terminal.
        context.load_cert_chain(cert, key, password=lambda: "")
    except OSError as error:
        hint = "a certificate and its key, not encrypted, both in PEM"
        raise _unusable("ssl_cert" if key is None else "ssl_key", key or cert, error, hint) from error


def _unusable(setting: str, file: Path | None, why: object, hint: str) -> InvalidError:
    return InvalidError(Problem(key=setting, message=f"{file} cannot be used: {why}", hint=hint))
