"""Composition root: from settings to drivers to a tree of actors, and the two ways to run it.

:func:`serve` is the command line's: signals, log, exit code. :func:`open_runtime` is for embedding and tests: it
touches neither signals nor logging, and leaving it stops everything in order.
"""

from compozy.app.options import Options
from compozy.app.runtime import Runtime, open_runtime
from compozy.app.serving import serve

__all__ = ["Options", "Runtime", "open_runtime", "serve"]
