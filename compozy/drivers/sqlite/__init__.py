"""The store in an SQLite file: one writer thread with group commit, a few readers, nothing to install."""

from compozy.drivers.sqlite.store import SqliteStore, migrate, open_store, schema_status

__all__ = ["SqliteStore", "migrate", "open_store", "schema_status"]
