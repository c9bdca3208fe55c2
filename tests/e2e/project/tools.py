"""Tools whose course a test controls: they report over a socket, and wait there for leave to end."""

import os
import socket
from typing import Any

import trio


async def echo(input: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    await trio.lowlevel.checkpoint()
    return input


async def double(input: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    """Return twice the number; every 250th cannot be doubled."""
    await trio.lowlevel.checkpoint()
    if input["number"] % 250 == 0:
        raise ValueError(f"cannot double {input['number']}")
    return {"twice": 2 * input["number"]}


def gate(input: dict[str, Any], config: dict[str, Any]) -> dict[str, Any]:  # noqa: A002
    """Report that the work began, and end when the test answers."""
    with socket.create_connection(("127.0.0.1", input["port"])) as test:
        test.sendall(f"{input['name']} {os.getpid()}\n".encode())
        answer = test.makefile().readline().strip()
    if not answer:
        raise ConnectionError("the test has gone")
    return {"answer": answer}
