"""What a worker process sees of this program's environment: little."""

import os
from collections.abc import Mapping
from typing import Final

WHITELIST: Final = frozenset({"PATH", "HOME", "LANG", "TZ", "TMPDIR"})
"""What every program may need to know, and no secret is kept in; beside these, ``LC_*``."""


def child_environment(
    parent: Mapping[str, str], *, also: frozenset[str] = frozenset(), fixed: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the environment of a worker process.

    >>> child_environment({"PATH": "/bin", "LC_ALL": "C", "API_KEY": "secret"}, fixed={"NO_COLOR": "1"})
    {'PATH': '/bin', 'LC_ALL': 'C', 'NO_COLOR': '1'}

    Args:
        parent: The environment of this program.
        also: More names that may pass, for the runtime itself.
        fixed: What it is told besides.
    """
    passed = {
        name: value for name, value in parent.items() if name in WHITELIST or name in also or name.startswith("LC_")
    }
    passed.setdefault("PATH", os.defpath)
    return {**passed, **(fixed or {})}
