"""What a driver says of its options, told by the names of the settings that they came from."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import attrs

from compozy.domain.errors import InvalidError


@contextmanager
def naming_settings(section: str, names: Mapping[str, str]) -> Iterator[None]:
    """Make problems with a driver's options problems with settings.

    Args:
        section: The section that the settings are in.
        names: What a setting is called there, by the option, where that has another name.
    """
    try:
        yield
    except InvalidError as error:
        problems = [
            attrs.evolve(problem, key=f"{section}.{names.get(problem.key, problem.key)}" if problem.key else "")
            for problem in error.problems
        ]
        raise InvalidError(problems) from error
