"""Which programs run tools, and with which rights."""

from pathlib import Path
from urllib.parse import unquote

import pytest

from compozy.domain.definitions import RuntimeType
from compozy.domain.errors import InvalidError
from compozy.drivers.tools.environment import child_environment
from compozy.drivers.tools.runtimes import Runtime, check_permissions, explain, find_program, javascript_arguments


def runtime(kind, *permissions, entrypoint="/p/tools.ts"):
    return Runtime(type=RuntimeType(kind), entrypoint=Path(entrypoint), root=Path("/p"), permissions=permissions)


def test_deno_gets_the_declared_permissions_and_no_others():
    arguments = javascript_arguments(runtime("deno", "--allow-net=example.com", "--allow-read=data"))

    assert arguments[:6] == [
        "run",
        "--quiet",
        "--no-prompt",
        "--cached-only",
        "--allow-net=example.com",
        "--allow-read=data",
    ]
    assert len(arguments) == 7


def test_deno_downloads_only_where_that_is_declared():
    assert "--cached-only" not in javascript_arguments(runtime("deno", "--allow-import=jsr.io"))


def test_a_path_is_data_in_the_program_that_imports_it():
    strange = "/p/a b#c%d\"); evil('.ts"

    arguments = javascript_arguments(runtime("deno", entrypoint=strange))

    program = unquote(arguments[-1].partition(",")[2])
    assert program.endswith('serve(() => import("file:///p/a%20b%23c%25d%22%29%3B%20evil%28%27.ts"));')


@pytest.mark.parametrize(
    "permission",
    [
        "--inspect=0.0.0.0:9229", "--v8-flags=--expose-gc", "--unstable-ffi", "--preload=evil.ts", "eval", "",
        "--config=x", "--allow-read\n", "--allow-everything", "-", "--allow-read=a\0b",
        "--unsafely-ignore-certificate-errors", "-Ar",
    ],
)  # fmt: skip
def test_a_flag_that_is_no_permission_is_refused(permission):
    with pytest.raises(InvalidError, match=r"runtime\.permissions\[1\].*is not a permission"):
        check_permissions(["--allow-read", permission])


def test_a_missing_program_is_named_with_how_to_get_it(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    with pytest.raises(InvalidError, match=r"'bun' was not found.*npm install --global bun"):
        find_program(RuntimeType.BUN)


def test_a_node_that_runs_no_typescript_is_said_to_be_too_old():
    why = explain(runtime("node"), {"version": "20.19.5"}, {"name": "TypeError", "message": "Unknown extension"})

    assert why.startswith("node 20.19.5 does not run TypeScript; 22.18 and 23.6 are the first that do")


def test_other_failures_are_told_in_the_words_of_the_runtime():
    why = explain(runtime("deno"), {"version": "2.9.8"}, {"name": "SyntaxError", "message": "Expected ','"})

    assert why == "importing it raised SyntaxError: Expected ',' (deno 2.9.8)"


def test_nothing_but_the_whitelist_is_inherited():
    parent = {
        "PATH": "/bin", "HOME": "/h", "LANG": "C", "LC_ALL": "C", "TZ": "UTC", "TMPDIR": "/t", "AWS_SECRET": "s",
        "LD_PRELOAD": "x", "PYTHONPATH": "y", "NODE_OPTIONS": "z", "COMPOZY_TOKEN": "t", "LCX": "q", "path": "p",
    }  # fmt: skip

    assert set(child_environment(parent)) == {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"}
