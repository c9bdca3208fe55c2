"""Text that must not show: passwords, and addresses that hold one."""

import re
from typing import Final

import attrs
from typing_extensions import override

HIDDEN: Final = "********"
"""What is shown for a secret."""

_NAME: Final = re.compile(r"password|token|secret|key", re.IGNORECASE)


@attrs.frozen(repr=False)
class Secret:
    """A text that is not shown by accident: what prints, logs or formats it gets something else.

    >>> password = Secret("hunter2")
    >>> print(password, [password], f"{password}")
    ******** [Secret('********')] ********
    >>> password.reveal()
    'hunter2'

    Args:
        text: The text itself.
        shown: What is shown in its place, such as the address without its password.
    """

    _text: str
    shown: str = HIDDEN

    def reveal(self) -> str:
        """Return the text itself, for whoever hands it to the server that asks for it."""
        return self._text

    @override
    def __str__(self) -> str:
        return self.shown

    @override
    def __repr__(self) -> str:
        return f"Secret({self.shown!r})"


def revealed(secret: Secret | None) -> str | None:
    """Return the text of a secret that may be absent."""
    return None if secret is None else secret.reveal()


def is_secret(name: str) -> bool:
    """Tell whether the name of a setting, variable or field says that its value must not be shown.

    >>> is_secret("OPENAI_API_KEY"), is_secret("server.port")
    (True, False)
    """
    return _NAME.search(name) is not None
