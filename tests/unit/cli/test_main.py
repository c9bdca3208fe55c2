"""The root command."""

import json
import re
import subprocess
import sys
import sysconfig

import click
import pytest

from compozy.cli.main import cli


def _commands(command=cli, path=()):
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _commands(below, (*path, name))
    else:
        yield path


@pytest.mark.parametrize("path", list(_commands()), ids=" ".join)
def test_help_of_every_command_has_an_example_of_it(invoke, path):
    result = invoke(*path, "--help")

    assert result.exit_code == 0
    assert re.search(rf"^    (\w+=\w+ )?compozy {' '.join(path)}\b", result.stdout, re.MULTILINE)


def test_every_option_says_what_it_is():
    silent = [
        (path, parameter.name)
        for path in _commands()
        for parameter in _find(path).params
        if isinstance(parameter, click.Option) and not parameter.help
    ]

    assert silent == []


def _find(path):
    command = cli
    for name in path:
        command = command.commands[name]
    return command


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope"], "No such command 'nope'"),
        (["serve", "--port", "70000"], "Invalid value for '--port'"),
        (["serve", "--config", "no/such/folder"], "Invalid value for '-c' / '--config'"),
        (["run"], "Missing argument 'WORKFLOW'"),
        (["config", "show", "-o", "xml"], "Invalid value for '-o' / '--output'"),
    ],
)
def test_wrong_usage_names_the_argument_and_exits_2(invoke, arguments, message):
    result = invoke(*arguments)

    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_error_is_one_clean_line_unless_debug_asks_for_the_traceback(invoke, tmp_path):
    plain = invoke("config", "show", "--config", tmp_path)
    debug = invoke("--debug", "config", "show", "--config", tmp_path)

    assert plain.exit_code == 2
    assert plain.stderr.count("\n") == 1
    assert plain.stderr.startswith("error: ")
    assert type(debug.exception).__name__ == "InvalidError"


def test_version_is_given_to_programs_in_parts(invoke):
    found = json.loads(invoke("version", "-o", "json").stdout)

    text = "compozy {compozy} (Python {python}, {system} {machine})\n"
    assert invoke("version").stdout == text.format(**found)


def test_version_names_the_program_and_python(invoke):
    result = invoke("version")

    assert result.exit_code == 0
    assert re.fullmatch(r"compozy \d+\.\d+\.\d+\S* \(Python 3\.\d+\.\d+\S*, .+\)\n", result.stdout)


HEAVY = {"attrs", "httpx", "pydantic", "quart", "rich", "sqlite3", "temporalio", "trio", "watchfiles", "yaml"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments", [["--help"], ["version"], ["run", "--help"], ["config", "show", "--help"], ["data", "copy", "--help"]]
)
def test_help_and_version_load_nothing_heavy(arguments):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "compozy", *arguments], capture_output=True, text=True, check=True
    )

    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "compozy.cli.main" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.slow
def test_installed_command_is_the_module():
    installed = subprocess.run(
        [f"{sysconfig.get_path('scripts')}/compozy", "--help"], capture_output=True, text=True, check=True
    ).stdout
    module = subprocess.run(
        [sys.executable, "-m", "compozy", "--help"], capture_output=True, text=True, check=True
    ).stdout

    assert installed == module
    assert installed.startswith("Usage: compozy ")
