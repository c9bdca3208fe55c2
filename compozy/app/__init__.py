"""Composition root: from settings to drivers to a tree of actors, and the two ways to run it.

:func:`serve` and :func:`work` are the command line's: signals, log, exit code. :func:`open_runtime` is for embedding
and tests: it touches neither signals nor logging, and leaving it stops everything in order.

What can be imported from here is listed, with its types, in ``__init__.pyi``, and looked up when it is asked for: a
command that needs no more than a database (``compozy data``, ``compozy migrate``) does not import the whole program.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Options": "compozy.app.options",
    "Runtime": "compozy.app.runtime",
    "open_runtime": "compozy.app.runtime",
    "serve": "compozy.app.serving",
    "work": "compozy.app.serving",
}


def __getattr__(name: str) -> Any:
    """Return what is offered under this name."""
    if name not in _HOMES:
        raise AttributeError(f"module 'compozy.app' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
