"""The floor of the templates: what they say, written out in Python."""

from collections.abc import Mapping
from typing import Any, Final

from support.comparison.job import Job

from sides.laps import SCOPE, Cases, measured


def _path(scope: Mapping[str, Any]) -> Any:
    return scope["tasks"]["a"]["output"]["b"]


def _text(scope: Mapping[str, Any]) -> str:
    output = scope["tasks"]["a"]["output"]
    return f"Hello {output['name'].upper()}, you have {len(output['list'])} items."


def _condition(scope: Mapping[str, Any]) -> str:
    return "yes" if scope["tasks"]["a"]["output"]["b"] == "hello" else "no"


def _loop(scope: Mapping[str, Any]) -> str:
    return "".join(f"{number}={item};" for number, item in enumerate(scope["tasks"]["a"]["output"]["list"]))


def _cases() -> Cases:
    return {
        name: lambda render=render: render(SCOPE)
        for name, render in {"path": _path, "text": _text, "condition": _condition, "loop": _loop}.items()
    }


JOBS: Final[Mapping[str, Job]] = {"templates": measured(_cases)}
