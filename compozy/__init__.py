"""Declarative YAML workflows on Temporal, on a laptop or on a cluster, by one switch."""

from importlib.metadata import version

__version__ = version("compozy")
