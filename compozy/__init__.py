"""Declarative YAML workflows on Temporal, on a laptop or on a cluster, by one switch."""

from typing import Any


def __getattr__(name: str) -> Any:
    """Return ``__version__``, looked up when it is asked for: the look-up takes longer than the rest of ``--help``."""
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - said above

        return version("compozy")
    raise AttributeError(f"module 'compozy' has no attribute {name!r}")
