"""Declarative YAML workflows on Temporal, on a laptop or on a cluster, by one switch.

::

    async with compozy.open_runtime("examples/hello") as app:
        outputs = await app.run("greet", {"name": "Ada"})

What can be imported from here is listed, with its types, in ``__init__.pyi``. It is looked up when it is asked for: the
rooms behind it take most of a second to import, and ``--version`` needs none of them.
"""

from typing import Any

# By name, not by import: this is the front door, outside of the layers, and rooms that ask it for the version must not
# seem to depend on all that is offered here.
_HOMES = {
    "Options": "compozy.app.options",
    "Runtime": "compozy.app.runtime",
    "open_runtime": "compozy.app.runtime",
}


def __getattr__(name: str) -> Any:
    """Return what is offered under this name."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - looking it up takes longer than the rest of --help

        return version("compozy")
    if name in _HOMES:
        from importlib import import_module  # noqa: PLC0415 - only here

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'compozy' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, "__version__"})
