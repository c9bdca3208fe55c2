"""The tree with the server in it, and the loop that restarts it when the project changes."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Final

import click
import trio
from watchfiles import awatch

from compozy.cli.complaints import report
from compozy.cli.developing.changes import (
    FileChange,
    check_modules,
    concerns_project,
    describe_changes,
    existing,
    net_changes,
    project_files,
)
from compozy.cli.developing.server import STOP_GRACE_S, Arguments, server_actor, settings_to_serve
from compozy.cli.exits import Exit
from compozy.domain.errors import InvalidError
from supervisors import Live, Tree, TreeStopped, serve

_DEBOUNCE_MS: Final = 300
"""How long changes are gathered: an editor that saves several files makes one restart."""

_RUST_TIMEOUT_MS: Final = 100
"""How long the watching thread may take to notice that it is cancelled; without it, five seconds."""


def develop(config: Path, arguments: Arguments) -> Exit:
    """Serve the project and restart the server at each change, until Ctrl-C or SIGTERM.

    Args:
        config: ``compozy.yaml`` or its folder.
        arguments: Flags for ``compozy serve``.
    """
    folder = config if config.is_dir() else config.parent
    trio.run(_serve_and_watch, config, folder.resolve(), arguments)
    return Exit.SUCCESS


async def _serve_and_watch(config: Path, root: Path, arguments: Arguments) -> None:
    tree = Tree("compozy dev", shutdown=STOP_GRACE_S + 5)
    tree.add(server_actor(config, arguments), name="server", grace=STOP_GRACE_S)
    watching = _watch(root)
    async with aclosing(watching), trio.open_nursery() as nursery:
        # Before the server reads the project: no change may fall between the two.
        await anext(watching)
        changing = _settled(watching, await trio.to_thread.run_sync(project_files, root))
        live: Live = await nursery.start(serve, tree)
        nursery.start_soon(_restart_on_change, live, changing, config, root, arguments)
        await live.wait_stopped()
        nursery.cancel_scope.cancel()


def _watch(root: Path) -> AsyncGenerator[set[FileChange], None]:
    """Return what yields changes of the project; now and then, and at first, it yields none."""
    return awatch(
        root,
        watch_filter=lambda _, path: concerns_project(root, path),
        debounce=_DEBOUNCE_MS,
        rust_timeout=_RUST_TIMEOUT_MS,
        yield_on_timeout=True,
    )


async def _settled(
    watching: AsyncIterator[set[FileChange]], known: frozenset[str]
) -> AsyncGenerator[frozenset[FileChange], None]:
    """Yield what became of files, beginning with those that are known."""
    async for noticed in watching:
        if not noticed:
            continue
        now = await trio.to_thread.run_sync(existing, noticed)
        if changes := net_changes(noticed, before=known, now=now):
            yield changes
        known = (known - {path for _, path in noticed}) | now


async def _restart_on_change(
    live: Live, changing: AsyncGenerator[frozenset[FileChange], None], config: Path, root: Path, arguments: Arguments
) -> None:
    async with aclosing(changing):
        async for changes in changing:
            click.echo(f"changed: {describe_changes(root, changes)}", err=True)
            if await _is_valid(config, arguments, changes):
                with suppress(TreeStopped):  # the tree goes down, and this task with it
                    await live.restart("server")


async def _is_valid(config: Path, arguments: Arguments, changes: Iterable[FileChange]) -> bool:
    """Tell whether the project can be served; print its problems when it cannot."""
    try:
        await trio.to_thread.run_sync(check_modules, changes)
        await trio.to_thread.run_sync(settings_to_serve, config, arguments)
    except InvalidError as error:
        report(error)
        click.echo("the running server is left as it is", err=True)
        return False
    return True
