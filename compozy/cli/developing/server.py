"""The actor that runs ``compozy serve`` as a child process."""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

import click
import trio

from compozy.cli.complaints import report
from compozy.cli.project import read
from compozy.config.settings import Mode, Settings
from compozy.domain.errors import InvalidError
from supervisors import ChildExitError, Context

STOP_GRACE_S: Final = 35.0
"""The server's own budget for an ordered stop is 30 s."""

Arguments = Mapping[str, object | None]
"""Flags of ``compozy serve`` with their values; None means that it was not given."""


def settings_to_serve(config: Path, arguments: Arguments) -> Settings:
    """Return the settings that the server would run with; standalone unless something says otherwise.

    Raises:
        InvalidError: The project, or its settings, are wrong.
    """
    return read(config, {"mode": arguments.get("--mode")}, default_mode=Mode.STANDALONE).settings


def serve_command(config: Path, arguments: Arguments, settings: Settings, *, in_terminal: bool) -> list[str]:
    """Return the command that serves the project.

    Args:
        config: The project.
        arguments: What was given on the command line.
        settings: Those of the project now.
        in_terminal: Whether a person reads what it writes, although it writes to a pipe.
    """
    # -P: the folder of the project must not come before the installed packages.
    command = [sys.executable, "-P", "-m", "compozy", "serve", "--config", str(config)]
    chosen = {**arguments, "--mode": settings.mode.value}
    if in_terminal and settings.log.format == "auto":
        chosen["--log-format"] = "console"
    for flag, value in chosen.items():
        if value is not None:
            command += [flag, str(value)]
    return command


def server_actor(config: Path, arguments: Arguments) -> Callable[[Context], Awaitable[None]]:
    """Return the actor.

    It is ready as soon as it has done what it can. A project with problems, or a server that ended by itself, is not
    tried again and again: the actor says so and waits for the restart that the next change brings.
    """

    async def server(ctx: Context) -> None:
        try:
            settings = await trio.to_thread.run_sync(settings_to_serve, config, arguments)
        except InvalidError as error:
            report(error)
            await _wait_for_change(ctx, announce=True)
            return
        command = serve_command(config, arguments, settings, in_terminal=sys.stderr.isatty())
        echo = partial(click.echo, err=True)
        try:
            await ctx.process(command, env={**os.environ, "PYTHONUNBUFFERED": "1"}, on_line=echo)
        except ChildExitError as error:
            click.echo(f"the server ended by itself with exit code {error.returncode}", err=True)
            await _wait_for_change(ctx, announce=False)

    return server


async def _wait_for_change(ctx: Context, *, announce: bool) -> None:
    click.echo("waiting for a change …", err=True)
    if announce:
        ctx.started()
    await ctx.stopping.wait()
