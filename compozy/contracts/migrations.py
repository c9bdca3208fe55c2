"""Schemas: what a database needs before this program can use it."""

import attrs


@attrs.frozen(kw_only=True)
class SchemaStatus:
    """How the schema of a database stands.

    Attributes:
        driver: ``sqlite`` or ``postgres``.
        place: The database as the user knows it, without a password.
        version: Its version; 0: nothing was applied yet.
        known: The version that this program needs.
        pending: The migrations it needs, by name, in order.
    """

    driver: str
    place: str
    version: int
    known: int
    pending: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Applied:
    """What applying migrations did.

    Attributes:
        before: The schema's version before.
        version: Its version now.
        backup: The copy that was made of the database beforehand, or None.
    """

    before: int
    version: int
    backup: str | None = None

    @property
    def count(self) -> int:
        """How many migrations were applied."""
        return self.version - self.before
