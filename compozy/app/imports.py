"""Importing what takes long, while something else starts."""

from importlib import import_module
from typing import Any

import trio


async def import_in_thread(name: str) -> Any:
    """Import a module on a worker thread and return it, so that the event loop and child processes go on meanwhile.

    For modules that take a tenth of a second and more, such as those that need temporalio or quart. Cancelling takes
    effect at once; the import goes on to its end and serves whoever asks next.
    """
    # Whoever is stopped meanwhile does not wait for it: on a busy machine an import takes longer than patience lasts.
    return await trio.to_thread.run_sync(import_module, name, abandon_on_cancel=True)
