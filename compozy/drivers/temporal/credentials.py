"""Credentials: how the connection to a Temporal cluster is encrypted, and who we are to it."""

from pathlib import Path
from typing import Final

import attrs

from compozy.domain.errors import InvalidError, Problem
from compozy.domain.secrets import Secret

_PEM: Final = b"-----BEGIN "


@attrs.frozen(kw_only=True)
class Credentials:
    """What a cluster is shown.

    Attributes:
        tls: Whether the connection is encrypted; None: if anything else is given.
        tls_ca: File with the authorities to trust (PEM); None: those of the system.
        tls_cert: File with the certificate to show (PEM).
        tls_key: File with its key (PEM).
        tls_server_name: The name that the cluster's certificate must have; None: that of the address.
        api_key: What the cluster knows us by.
    """

    tls: bool | None = None
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_server_name: str | None = None
    api_key: Secret | None = None

    @property
    def is_encrypted(self) -> bool:
        """Whether the connection is encrypted."""
        if self.tls is not None:
            return self.tls
        return any((self.tls_ca, self.tls_cert, self.tls_key, self.tls_server_name, self.api_key))

    def read(self) -> "Read":
        """Return them with the content of the files. Blocks.

        Raises:
            InvalidError: A file cannot be read, or is not what its setting says; lists all that are.
        """
        names = ("tls_ca", "tls_cert", "tls_key")
        problems: list[Problem] = []
        found = {name: _content(name, getattr(self, name), problems) for name in names if self.is_encrypted}
        if problems:
            raise InvalidError(problems)
        return Read(
            is_encrypted=self.is_encrypted,
            authorities=found.get("tls_ca"),
            certificate=found.get("tls_cert"),
            key=found.get("tls_key"),
            server_name=self.tls_server_name,
            api_key=self.api_key,
        )


@attrs.frozen(kw_only=True)
class Read:
    """Credentials whose files have been read.

    Attributes:
        is_encrypted: Whether the connection is encrypted.
        authorities: The content of that file, or None.
        certificate: The same.
        key: The same.
        server_name: As in :class:`Credentials`.
        api_key: As in :class:`Credentials`.
    """

    is_encrypted: bool = False
    authorities: bytes | None = None
    certificate: bytes | None = None
    key: bytes | None = attrs.field(default=None, repr=False)
    server_name: str | None = None
    api_key: Secret | None = None


NONE: Final = Read()
"""No credentials, and no encryption."""


def _content(name: str, path: Path | None, problems: list[Problem]) -> bytes | None:
    """Return what the file of a setting holds; note what is wrong with it."""
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError as error:
        problems.append(Problem(key=name, message=f"{path} cannot be used: {error.strerror}", hint="a file in PEM"))
        return None
    if _PEM not in content:
        problems.append(Problem(key=name, message=f"{path} cannot be used: it is not in PEM", hint="a file in PEM"))
    return content
