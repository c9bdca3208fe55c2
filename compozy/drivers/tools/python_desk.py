"""Answers requests about a Python entrypoint, one at a time; what runs in a worker process."""

import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter

from compozy.domain.errors import InvalidError, ToolError
from compozy.domain.json import Json, JsonObject
from compozy.drivers.tools.entrypoints import (
    Convention,
    ToolFunction,
    cause_of,
    convention_of,
    details_of,
    exported_tools,
    load_entrypoint,
    message_of,
)
from compozy.drivers.tools.results import dump_result


class Desk:
    """Answers requests about exported functions.

    Args:
        functions: By tool id.
        max_output_bytes: The largest output, as JSON.
    """

    def __init__(self, functions: Mapping[str, ToolFunction], *, max_output_bytes: int) -> None:
        self._functions = dict(functions)
        self._conventions: dict[str, Convention] = {}
        self._max_output_bytes = max_output_bytes

    def answer(self, request: JsonObject) -> JsonObject:
        """Run a tool and return the reply."""
        began = perf_counter()
        reply: JsonObject = {"call": request["call"]}
        try:
            with _environment(request["env"]):
                reply["result"] = self._run(request)
            dump_result(request["tool_id"], reply["result"], max_bytes=self._max_output_bytes)
        except (Exception, BaseExceptionGroup, SystemExit) as error:  # noqa: BLE001 - told to whoever called
            reply.pop("result", None)
            reply["error"] = _told(cause_of(error))
        reply["metadata"] = {"duration_ms": round((perf_counter() - began) * 1000, 3)}
        return reply

    def _run(self, request: JsonObject) -> Json:
        function = self._functions[request["tool_id"]]
        convention = self._conventions.get(request["tool_id"])
        if convention is None:
            convention = self._conventions[request["tool_id"]] = convention_of(function)
        positional, named = convention.arguments(request["input"], request["config"], request["env"])
        if not convention.is_async:
            return function(*positional, **named)
        import trio  # noqa: PLC0415 - takes longer to import than everything else here together

        return trio.run(partial(function, *positional, **named))


def open_desk(first: Mapping[str, Json]) -> tuple[Desk | None, JsonObject]:
    """Load the entrypoint and return its desk, None when it cannot be loaded, and the reply to the first request."""
    reply: JsonObject = {"call": 0, "metadata": {"runtime": "python", "version": platform.python_version()}}
    try:
        functions = exported_tools(load_entrypoint(Path(first["entrypoint"])))
    except InvalidError as error:
        problem = error.problems[0]
        return None, {**reply, "error": {"message": problem.message, "line": problem.line}}
    return Desk(functions, max_output_bytes=first["max_output_bytes"]), {**reply, "tools": sorted(functions)}


def reply_line(reply: JsonObject) -> bytes:
    """Return a reply as it is sent, after its token."""
    return json.dumps(reply).encode() + b"\n"


def _told(error: BaseException) -> JsonObject:
    if isinstance(error, ToolError):
        return {"message": str(error), "error_code": error.error_code, "details": error.details}
    details = details_of(error)
    return {"name": details["type"], "message": message_of(error), "traceback": details["traceback"]}


@contextmanager
def _environment(env: Mapping[str, str]) -> Iterator[None]:
    """Give the process these variables during the block; what the tool itself sets is undone as well."""
    before = dict(os.environ)
    os.environ.update(env)
    try:
        yield
    finally:
        if os.environ != before:
            os.environ.clear()
            os.environ.update(before)
