"""Variables of the environment that look like settings of ours and are none."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from compozy.config.table import SETTINGS
from compozy.domain.errors import Problem

_PREFIX: Final = "COMPOZY_"
"""Of the first words of our variables the only one that nobody else uses: ``REDIS_…`` may be meant for another."""


_HINT: Final = "compozy config explain tells the variable of each setting"


def unknown_variables(names: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for each variable that begins with ``COMPOZY_`` and sets nothing, in the order of their names."""
    known = {setting.env for setting in SETTINGS}
    by_rest = {name.removeprefix(_PREFIX): name for name in known}
    for name in sorted(set(names) - known):
        if name.startswith(_PREFIX):
            meant = get_close_matches(name.removeprefix(_PREFIX), by_rest, n=1)
            hint = f"did you mean {by_rest[meant[0]]!r}?" if meant else _HINT
            yield Problem(key=name, message="the variable sets nothing", hint=hint)
