"""The project's Python entrypoint: loaded, and what it exports.

Imported by the worker processes too, so it imports little.
"""

import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import attrs

from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import JsonObject

ToolFunction = Callable[..., Any]
"""A tool: takes ``(input, config)``, or ``(input)`` alone, and the variables if it has a parameter named ``env``."""

_MODULE_NAME: Final = "compozy_project_tools"
_TRACEBACK_FRAMES: Final = 4
_GROUP_SHOWN: Final = 5
_CARRIERS: Final = ("trio", "outcome", "compozy.drivers.tools")
"""What carries a call to its function: nothing that the author of a tool wants to see in a traceback."""

_ENV: Final = "env"


def load_entrypoint(path: Path) -> ModuleType:
    """Import the project's entrypoint and return the module.

    Its folder is on ``sys.path`` from then on, so that it can import its neighbours.

    Raises:
        InvalidError: It cannot be read, or it raised; names the line.
    """
    spec = importlib.util.spec_from_file_location(_MODULE_NAME, path)
    if spec is None or spec.loader is None:
        raise InvalidError(
            Problem(file=str(path), key="runtime.entrypoint", message="is not a Python file", hint="name a .py file")
        )
    module = importlib.util.module_from_spec(spec)
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    # Before it is executed, as an import would: dataclasses and pickle look a class's module up by name.
    sys.modules[_MODULE_NAME] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise InvalidError(_problem_of(path, error)) from error
    return module


def _problem_of(path: Path, error: BaseException) -> Problem:
    line = error.lineno if isinstance(error, SyntaxError) else None
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename) == path:
            line = frame.lineno
    return Problem(file=str(path), line=line, message=f"importing it raised {type(error).__name__}: {error}")


def exported_tools(module: ModuleType) -> dict[str, ToolFunction]:
    """Return the functions that the module exports, by the id that tasks use.

    ``__all__`` decides when there is one; else every public function that the module itself defines. A dict named
    ``TOOLS`` adds ids that are not Python names (``save-data``).
    """
    names = getattr(module, "__all__", None)
    if names is None:
        names = [
            name
            for name, value in vars(module).items()
            if not name.startswith("_") and inspect.isfunction(value) and value.__module__ == module.__name__
        ]
    tools: dict[str, ToolFunction] = {name: getattr(module, name) for name in names}
    tools.update(getattr(module, "TOOLS", {}))
    return tools


@attrs.frozen
class Convention:
    """How a function wants to be called.

    Attributes:
        arity: How many of ``(input, config)`` it takes.
        wants_env: Whether it has a parameter named ``env``.
        is_async: Whether it runs on Trio.
    """

    arity: int
    wants_env: bool
    is_async: bool

    def arguments(
        self, input_: JsonObject, config: JsonObject, env: Mapping[str, str]
    ) -> tuple[tuple[JsonObject, ...], dict[str, dict[str, str]]]:
        """Return the positional and the named arguments of one call."""
        return (input_, config)[: self.arity], {_ENV: dict(env)} if self.wants_env else {}


def convention_of(function: ToolFunction) -> Convention:
    """Find out how a function wants to be called.

    >>> def price(order, config, *, env): ...
    >>> convention_of(price)
    Convention(arity=2, wants_env=True, is_async=False)
    """
    parameters = inspect.signature(function).parameters.values()
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    wants_env = any(p.name == _ENV and p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) for p in parameters)
    positional = [p for p in parameters if p.kind in by_position and not (wants_env and p.name == _ENV)]
    takes_any = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    return Convention(2 if takes_any else min(2, len(positional)), wants_env, inspect.iscoroutinefunction(function))


def cause_of(error: BaseException) -> BaseException:
    """Return the exception that a group is about, when it is about one alone: nurseries put every one into a group."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def message_of(error: BaseException) -> str:
    """Return what an exception says, and those in it, when it is a group.

    >>> message_of(ExceptionGroup("two fell", [ValueError("no luck"), KeyError("name")]))
    "two fell (2 sub-exceptions): ValueError: no luck; KeyError: 'name'"
    """
    if not isinstance(error, BaseExceptionGroup):
        return str(error)
    causes = [cause_of(each) for each in error.exceptions[:_GROUP_SHOWN]]
    listed = [f"{type(cause).__name__}: {message_of(cause)}" for cause in causes]
    more = ["…"] if len(error.exceptions) > _GROUP_SHOWN else []
    return f"{error}: {'; '.join([*listed, *more])}"


def details_of(error: BaseException) -> JsonObject:
    """Return an exception's type and the end of its traceback, in the tool's own code."""
    loaded = (sys.modules.get(name) for name in _CARRIERS)
    folders = tuple(str(Path(module.__file__ or "").parent) for module in loaded if module is not None)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(folders)]
    return {
        "type": type(error).__name__,
        "traceback": [
            f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames[-_TRACEBACK_FRAMES:]
        ],
    }
