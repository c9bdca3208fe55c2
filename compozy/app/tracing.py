"""Traces of a project, for as long as it runs inside another program."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import trio

import compozy
from compozy.config.settings import TelemetrySettings
from compozy.telemetry.tracing import OFF, Tracing, start_tracing

_CLOSE_S: Final = 3.0
"""Longer than closing takes; it gives up by itself."""


@asynccontextmanager
async def open_tracing(settings: TelemetrySettings) -> AsyncIterator[Tracing]:
    """Yield what tells of spans as the settings say. Leaving sends the last ones, shielded, for two seconds at most.

    Raises:
        InvalidError: OpenTelemetry is wanted and not installed.
    """
    if settings.traces == "off":
        yield OFF
        return
    # On a thread, because importing OpenTelemetry takes a while.
    tracing = await trio.to_thread.run_sync(partial(start_tracing, settings.traces, version=compozy.__version__))
    try:
        yield tracing
    finally:
        with trio.move_on_after(_CLOSE_S, shield=True):
            await trio.to_thread.run_sync(tracing.close, abandon_on_cancel=True)
