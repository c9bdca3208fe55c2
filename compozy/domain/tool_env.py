"""Which environment variables a tool may be given: its own, and none that decides what its process loads."""

import re
from collections.abc import Mapping
from typing import Final

_NAME: Final = re.compile(r"[A-Z0-9_]+")
_LOADED_BY: Final = ("LD_", "DYLD_", "PYTHON", "NODE_", "NPM_CONFIG_", "DENO_", "BUN_", "GIT_", "COMPOZY_")
_REFUSED: Final = frozenset(
    {"PATH", "HOME", "SHELL", "IFS", "ENV", "BASH_ENV", "TMPDIR", "OPENSSL_CONF", "PERL5OPT", "RUBYOPT"}
)


def find_env_problem(env: Mapping[str, str]) -> str | None:
    """Return what is wrong with the first variable that a tool may not be given; None when it may have them all.

    Names that a loader or an interpreter reads (``LD_PRELOAD``, ``PYTHONPATH``, ``NODE_OPTIONS``, ``PATH``) are
    refused: whoever sets them decides which code runs, and that is the project's entrypoint alone.

    >>> find_env_problem({"API_KEY": "k", "REGION_2": "eu"})
    >>> find_env_problem({"api-key": "k"})
    "environment variable 'api-key' is not named with A-Z, 0-9 and _ alone; rename it"
    >>> find_env_problem({"LD_PRELOAD": "/tmp/x.so"})
    "environment variable 'LD_PRELOAD' decides what a process loads, so it is not for tools; leave it out"
    """
    for name, value in env.items():
        if _NAME.fullmatch(name) is None:
            return f"environment variable {name!r} is not named with A-Z, 0-9 and _ alone; rename it"
        if name.startswith(_LOADED_BY) or name in _REFUSED:
            return f"environment variable {name!r} decides what a process loads, so it is not for tools; leave it out"
        if "\0" in value:
            return f"environment variable {name!r} holds a NUL character, which no environment can; leave it out"
    return None
