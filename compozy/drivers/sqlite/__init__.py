"""The store in an SQLite file: one writer thread with group commit, a few readers, nothing to install."""

from compozy.drivers.sqlite.migrations import schema_folder
from compozy.drivers.sqlite.store import SqliteStore, open_store

__all__ = ["SqliteStore", "open_store", "schema_folder"]
