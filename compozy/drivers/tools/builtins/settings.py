"""What built-in tools are allowed: where, which commands, which hosts, how much."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Final

import attrs

from compozy.drivers.tools.builtins.addresses import is_network
from compozy.drivers.tools.builtins.harmless import AllowedCommand, harmless_commands

_MIB: Final = 1024 * 1024

PRIVATE_NAMES: Final = frozenset({".compozy", ".env", ".git"})
"""What tools may not touch below the root: the program's own state, and where secrets are."""

_HOST: Final = re.compile(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")


def _check_hosts(_: object, attribute: "attrs.Attribute[tuple[str, ...]]", hosts: tuple[str, ...]) -> None:
    """Refuse what could never match, and so would deny nothing."""
    for host in hosts:
        if not _HOST.fullmatch(host) and not is_network(host):
            raise ValueError(
                f"{attribute.name}: {host!r} is no host; write a name (international ones as xn--…), *.name, an address"
                " or a network"
            )


@attrs.frozen(kw_only=True)
class FetchSettings:
    """What ``cp__fetch`` may reach.

    A host is an exact name, ``*.example.com`` for every name below one, an address, or a network such as
    ``203.0.113.0/24``.

    Attributes:
        allowed_hosts: The only hosts it may reach; empty: all that are not refused.
        denied_hosts: Hosts that it may not reach; wins over the others.
        allow_private: Whether it may reach this machine and private networks. Link-local addresses, where clouds keep
            their credentials, stay refused.
        max_bytes: Of a body, decompressed; what is beyond is cut off.
        max_redirects: How many redirects it follows.
        timeout: Of one call, unless the call asks for less.
    """

    allowed_hosts: tuple[str, ...] = attrs.field(default=(), validator=_check_hosts)
    denied_hosts: tuple[str, ...] = attrs.field(default=(), validator=_check_hosts)
    allow_private: bool = False
    max_bytes: int = 2 * _MIB
    max_redirects: int = 5
    timeout: timedelta = timedelta(seconds=30)


@attrs.frozen(kw_only=True)
class ExecSettings:
    """What ``cp__exec`` may run.

    Attributes:
        commands: The only ones. By default a few that read and change nothing; empty: none at all.
        timeout: Of one command that has none of its own, unless the call asks for less.
        max_stdout_bytes: What is beyond is cut off.
        max_stderr_bytes: The same, of standard error.
    """

    commands: tuple[AllowedCommand, ...] = attrs.field(factory=harmless_commands)
    timeout: timedelta = timedelta(seconds=30)
    max_stdout_bytes: int = 2 * _MIB
    max_stderr_bytes: int = 64 * 1024


@attrs.frozen(kw_only=True)
class BuiltinSettings:
    """What built-in tools are allowed.

    Attributes:
        root: The directory that holds all that they read and write.
        read_only: Whether nothing may be written or deleted. It does not bind commands that the operator allows.
        private: Names below the root that they may not touch, in lower case.
        max_file_bytes: The largest file that is read or written.
        max_files: How many directory entries one call looks at.
        threads: How many calls that touch files run at once.
        exec: What may be run.
        fetch: What may be reached.
    """

    root: Path
    read_only: bool = False
    private: frozenset[str] = PRIVATE_NAMES
    max_file_bytes: int = 10 * _MIB
    max_files: int = 10_000
    threads: int = 8
    exec: ExecSettings = attrs.Factory(ExecSettings)
    fetch: FetchSettings = attrs.Factory(FetchSettings)
