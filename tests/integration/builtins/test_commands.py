"""Real commands: what is allowed runs, what is not does not, and nothing of it is left behind."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
import trio

from compozy.drivers.tools.builtins.harmless import AllowedCommand
from compozy.drivers.tools.builtins.settings import ExecSettings

SHELL = AllowedCommand(path=Path("/bin/sh"), patterns=("-c", "(?s:.*)"))
ENVIRONMENT = AllowedCommand(path=Path("/usr/bin/env"))
NOT_ALLOWED = [
    "sh",
    "/bin/sh",
    "bash",
    "python3",
    "rm",
    "env",
    "/usr/bin/env",
    "ls;id",
    "ls id",
    "LS",
    " ls",
    "ls\n",
    "ls\0",
]
NOT_ALLOWED += [
    "./ls",
    "../bin/ls",
    "/bin/../bin/sh",
    "/usr/bin/../../bin/sh",
    "/usr/bin/./ls",
    "$(id)",
    "find",
    "notes.txt",
]


@pytest.fixture
def shell(bench_of):
    """A bench on which anything may be run, to see what becomes of it."""

    def make(**settings):
        return bench_of(exec=ExecSettings(commands=(SHELL, ENVIRONMENT), **settings))

    return make


@pytest.mark.parametrize(
    ("command", "args", "stdout"),
    [
        ("cat", ["notes.txt", "docs/guide.md"], "alpha\nbeta\nAlpha beta alpha\n# Guide\n\nalpha\n"),
        ("head", ["-n", "1", "notes.txt"], "alpha\n"),
        ("head", ["-1", "notes.txt"], "alpha\n"),
        ("tail", ["-n1", "notes.txt"], "Alpha beta alpha\n"),
        ("wc", ["-l", "notes.txt"], "3 notes.txt\n"),
        ("sort", ["-r", "notes.txt"], "beta\nalpha\nAlpha beta alpha\n"),
        ("uniq", ["-c", "docs/deep/data.json"], "      1 {}"),
        ("echo", ["a; rm -rf / $(id) `id` && *"], "a; rm -rf / $(id) `id` && *\n"),
        ("ls", [], "docs\nnotes.txt\n"),
        ("ls", ["-1", "docs"], "deep\nguide.md\n"),
        ("date", ["-u", "+%Z"], "UTC\n"),
        ("/usr/bin/cat", ["docs/deep/data.json"], "{}"),
    ],
)
async def test_the_usual_commands_run_as_people_expect(bench, command, args, stdout):
    if command.startswith("/"):
        command = str(next(path for path in (Path("/bin/cat"), Path(command)) if path.is_file()))
    output = await bench.run("exec", command=command, args=args)

    assert output["stdout"].replace("{}\n", "{}") == stdout
    assert (output["exit_code"], output["success"], output["stderr"]) == (0, True, "")


async def test_a_command_runs_in_the_directory_that_is_named(bench, place):
    output = await bench.run("exec", command="pwd", working_dir="docs/deep")

    assert output["stdout"] == f"{place.root.resolve()}/docs/deep\n"


async def test_a_path_is_checked_from_where_the_command_runs(bench):
    assert (await bench.run("exec", command="cat", args=["data.json"], working_dir="docs/deep"))["stdout"] == "{}"
    assert await bench.refusal("exec", command="cat", args=["data.json"]) == "NOT_FOUND"


@pytest.mark.parametrize("command", NOT_ALLOWED)
async def test_only_allowed_commands_run(bench, command):
    assert await bench.refusal("exec", command=command) == "COMMAND_REFUSED"


@pytest.mark.parametrize(
    ("command", "args"),
    [
        ("sort", ["-o", "written", "notes.txt"]),
        ("sort", ["-owritten", "notes.txt"]),
        ("sort", ["--output=written", "notes.txt"]),
        ("sort", ["--compress-program=sh", "notes.txt"]),
        ("sort", ["-T", "docs", "notes.txt"]),
        ("sort", ["--files0-from=notes.txt"]),
        ("uniq", ["notes.txt", "written"]),
        ("wc", ["--files0-from=/etc/passwd"]),
        ("tail", ["-f", "notes.txt"]),
        ("tail", ["--follow", "notes.txt"]),
        ("tail", ["-n", "+1", "--pid=1", "notes.txt"]),
        ("date", ["-s", "2000-01-01"]),
        ("date", ["--set=2000-01-01"]),
        ("date", ["-f", "/etc/passwd"]),
        ("date", ["-r", "/etc/passwd"]),
        ("date", ["010100002000"]),
        ("cat", ["--", "/etc/passwd"]),
        ("cat", ["-"]),
        ("cat", ["-n", "--help"]),
        ("cat", ["notes.txt"] * 13),
        ("ls", ["--hyperlink=always"]),
        ("ls", ["-L", "docs"]),
        ("head", ["-n", "-1"]),
        ("head", ["-n"]),
        ("pwd", ["-P"]),
        ("pwd", ["notes.txt"]),
        ("echo", ["-e", "x"]),
    ],
)
async def test_options_and_arguments_that_are_not_allowed_are_refused(bench, place, command, args):
    assert await bench.refusal("exec", command=command, args=args) == "COMMAND_REFUSED"
    assert not (place.root / "written").exists()


@pytest.mark.parametrize("argument", ["/etc/passwd", "../secret.txt", "docs/../../secret.txt", ".env"])
@pytest.mark.parametrize("command", ["cat", "head", "ls", "sort", "tail", "uniq", "wc"])
async def test_no_command_is_given_a_path_outside_the_root(bench, command, argument):
    assert await bench.refusal("exec", command=command, args=[argument]) == "PATH_REFUSED"


async def test_variables_that_load_code_are_refused(bench):
    assert await bench.refusal("exec", command="ls", env={"LD_PRELOAD": "./x.so"}) == "COMMAND_REFUSED"


async def test_without_allowed_commands_none_runs(bench_of):
    bench = bench_of(exec=ExecSettings(commands=()))

    assert await bench.refusal("exec", command="ls") == "COMMAND_REFUSED"


async def test_a_command_sees_none_of_our_environment(shell, monkeypatch):
    monkeypatch.setenv("API_TOKEN", "hunter2")
    output = await shell().run("exec", command="env", env={"LEVEL": "3"})

    names = {line.partition("=")[0] for line in output["stdout"].splitlines()}
    assert names == {"PATH", "LANG", "HOME", "LEVEL"}


async def test_a_command_inherits_no_open_file_and_no_input(shell, place):
    with place.secret.open() as secret:
        os.set_inheritable(secret.fileno(), True)  # noqa: FBT003 - the only way to say it
        output = await shell().run("exec", command="sh", args=["-c", "ls /dev/fd | wc -w; cat"])

    assert output["stdout"].strip() == "4"  # its input and outputs, and the directory that `ls` reads


async def test_another_status_than_zero_is_a_result(shell):
    output = await shell().run("exec", command="sh", args=["-c", "echo oops >&2; exit 3"])

    assert (output["exit_code"], output["success"], output["stderr"]) == (3, False, "oops\n")


async def test_a_command_that_a_signal_ends_has_its_number(shell):
    assert (await shell().run("exec", command="sh", args=["-c", "kill -USR1 $$"]))["exit_code"] == -10


async def test_output_beyond_the_limit_is_cut_off_and_the_command_ends(shell):
    bench = shell(max_stdout_bytes=1000, max_stderr_bytes=100)
    output = await bench.run("exec", command="sh", args=["-c", "head -c 1000000 /dev/zero; head -c 101 /dev/zero >&2"])

    assert (len(output["stdout"]), output["stdout_truncated"]) == (1000, True)
    assert (len(output["stderr"]), output["stderr_truncated"]) == (100, True)
    assert output["success"] is True


async def test_a_command_that_leaves_something_behind_does_not_hold_the_call(shell):
    with trio.fail_after(5):
        output = await shell().run("exec", command="sh", args=["-c", "sleep 60 & echo done"])

    assert output["stdout"] == "done\n"


LINGERING = "exec 3>alive; echo x >&3; trap '' TERM; (trap '' TERM; sleep 60) & wait; sleep 60"


async def wait_started(fifo):
    """Return the reading end of a pipe that the command and what it starts hold, once they do."""
    stream = trio.lowlevel.FdStream(await trio.to_thread.run_sync(os.open, fifo, os.O_RDONLY))
    assert await stream.receive_some() == b"x\n"
    return stream


async def test_a_command_that_takes_too_long_is_killed_with_all_that_it_started(shell, place):
    os.mkfifo(place.root / "alive")
    codes = []
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:

            async def run():
                codes.append(
                    await shell().refusal("exec", command="sh", args=["-c", LINGERING], timeout_ms=200, seconds=60)
                )

            nursery.start_soon(run)
            stream = await wait_started(place.root / "alive")
        async with stream:
            assert await stream.receive_some() == b""  # nobody holds the other end

    assert codes == ["TIMED_OUT"]


async def test_a_command_whose_call_is_cancelled_is_killed_with_all_that_it_started(shell, place):
    os.mkfifo(place.root / "alive")
    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:

            async def run():
                await shell().run("exec", command="sh", args=["-c", LINGERING], seconds=60)

            nursery.start_soon(run)
            stream = await wait_started(place.root / "alive")
            nursery.cancel_scope.cancel()
        async with stream:
            assert await stream.receive_some() == b""


async def test_a_call_can_shorten_what_is_allowed_but_not_lengthen_it(shell):
    bench = shell(timeout=timedelta(milliseconds=50))

    assert await bench.refusal("exec", command="sh", args=["-c", "sleep 60"], timeout_ms=60_000) == "TIMED_OUT"


async def test_a_command_that_is_gone_is_an_error_of_the_task(bench_of):
    bench = bench_of(exec=ExecSettings(commands=(AllowedCommand(path=Path("/nonexistent/tool")),)))

    assert await bench.refusal("exec", command="tool") == "COMMAND_FAILED"
