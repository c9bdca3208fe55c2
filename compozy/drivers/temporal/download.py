"""The last resort for a Temporal command line: the SDK's own download."""

import os
from pathlib import Path
from typing import Final

import trio
from temporalio.testing import WorkflowEnvironment

from compozy.bridge import AsyncioHost
from compozy.domain.errors import UnavailableError

_PREFIX: Final = "temporal-"


async def download_cli(host: AsyncioHost, folder: Path) -> Path:
    """Return the path of a Temporal command line in ``folder``, downloaded by the SDK unless it is there already.

    The SDK downloads only as a part of starting a server, so one is started in memory for a moment.

    Raises:
        UnavailableError: It could not be downloaded.
    """
    found = await trio.to_thread.run_sync(_find, folder)
    if found is None:
        await trio.Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            await host.call(_start_and_stop, folder)
        except RuntimeError as error:
            raise UnavailableError(f"downloading the Temporal command line failed: {error}") from error
        found = await trio.to_thread.run_sync(_find, folder)
    if found is None:
        raise UnavailableError(f"the SDK left no Temporal command line in {folder}")
    return found


def _find(folder: Path) -> Path | None:
    candidates = sorted(folder.glob(f"{_PREFIX}*"))
    return next((path for path in reversed(candidates) if path.is_file() and os.access(path, os.X_OK)), None)


async def _start_and_stop(folder: Path) -> None:
    environment = await WorkflowEnvironment.start_local(download_dest_dir=str(folder), dev_server_log_level="never")
    await environment.shutdown()
