"""The errors of Compozy, one tree; a class exists only where some caller handles it differently.

::

    CompozyError
    ├── NotFoundError          the named thing is absent
    ├── ConflictError          the state forbids it; nothing was changed
    │   ├── DuplicateError     it exists already
    │   └── NewerSchemaError   a newer program has changed the database; waiting does not help
    ├── InvalidError           the caller's input is wrong; carries the problems, each with its place and way out
    ├── UnavailableError       a backend cannot be reached now; safe to repeat
    └── TaskError              a task cannot go on; carries the failure that it will show
        └── ToolError          its tool ran and failed

The edges map a class to an HTTP status or an exit code in one table each (``compozy.api.problems``,
``compozy.cli.exits``). Drivers raise these only, ``from`` their client library's exception.
"""

from collections.abc import Iterable
from typing import ClassVar

import attrs
from typing_extensions import override

from compozy.domain.json import JsonObject


@attrs.frozen(kw_only=True)
class Problem:
    """One thing wrong with the input, its place, and the way out.

    Attributes:
        message: What is wrong, lower case, naming the value.
        file: Path of the file as the user would type it, or None when the input is not a file.
        line: 1-based line in ``file``, or None when unknown.
        key: Dotted path of the key (``tasks[0].on_success.next``), empty for the whole input.
        hint: The way out (allowed values, "did you mean"), or None.
    """

    message: str
    file: str | None = None
    line: int | None = None
    key: str = ""
    hint: str | None = None

    @override
    def __str__(self) -> str:
        """Render as ``file:line: key: message (hint)``, leaving out what is unknown."""
        place = self.file or ""
        if self.file and self.line is not None:
            place = f"{self.file}:{self.line}"
        text = ": ".join(part for part in (place, self.key, self.message) if part)
        return f"{text} ({self.hint})" if self.hint else text


class CompozyError(Exception):
    """Anything that Compozy reports on purpose.

    Attributes:
        code: Stable, upper-case name of the error for machines.
    """

    code: ClassVar[str] = "INTERNAL"

    @property
    def message(self) -> str:
        """What went wrong, without the class."""
        return str(self)


class NotFoundError(CompozyError):
    """The named thing is absent."""

    code = "NOT_FOUND"


class ConflictError(CompozyError):
    """The state forbids it; nothing was changed."""

    code = "CONFLICT"


class DuplicateError(ConflictError):
    """It exists already; nothing was changed."""

    code = "DUPLICATE"


class NewerSchemaError(ConflictError):
    """A newer program has changed the database; nothing was changed. Waiting does not help."""

    code = "NEWER_SCHEMA"


class InvalidError(CompozyError):
    """The caller's input is wrong.

    Args:
        problems: All that is wrong, in reading order; a plain string stands for one problem without a place.
    """

    code = "INVALID"

    def __init__(self, problems: Iterable[Problem] | Problem | str) -> None:
        if isinstance(problems, str):
            problems = Problem(message=problems)
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class UnavailableError(CompozyError):
    """A backend cannot be reached now; repeating the call later is safe.

    Args:
        message: Which backend, and why.
        retry_after_s: When to try again, in seconds; a hint for the caller.
    """

    code = "UNAVAILABLE"

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class TaskError(CompozyError):
    """A task cannot go on.

    Args:
        message: Why.
        error_code: Stable name for machines, shown as the task's ``error.code``.
        details: More for the reader, JSON.
    """

    code = "TASK_FAILED"

    def __init__(self, message: str, *, error_code: str, details: JsonObject | None = None) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.details: JsonObject = details or {}


class ToolError(TaskError):
    """A tool ran and failed.

    Args:
        message: What the tool said.
        error_code: Stable name for machines, shown as the task's ``error.code``.
        details: More for the reader (exception type, traceback tail), JSON.
    """

    code = "TOOL_FAILED"

    def __init__(self, message: str, *, error_code: str = "TOOL_FAILED", details: JsonObject | None = None) -> None:
        super().__init__(message, error_code=error_code, details=details)
