"""The one error of the benchmark."""


class BrokenError(Exception):
    """A program did not do the work that is measured; says why, as far as it is known."""
