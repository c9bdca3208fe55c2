"""The catalog of built-in tools, and the check of inputs against it."""

import subprocess
import sys

import pytest
from jsonschema_rs import Draft202012Validator

from compozy.domain.builtin_tools import BUILTINS, PREFIX
from compozy.domain.errors import ToolError
from compozy.drivers.tools.builtins.inputs import Inputs

INPUTS = Inputs()


def test_the_catalog_has_the_tools_of_the_language():
    named = "read_file write_file delete_file list_dir list_files grep exec fetch"

    assert sorted(BUILTINS) == sorted(f"{PREFIX}{name}" for name in named.split())


@pytest.mark.parametrize("tool", BUILTINS.values(), ids=lambda tool: tool.id)
def test_every_schema_is_one_and_takes_no_other_keys(tool):
    Draft202012Validator(tool.input)
    Draft202012Validator(tool.output)

    assert tool.input["additionalProperties"] is False
    assert tool.description.endswith(".")


def test_the_catalog_imports_no_client_and_no_trio():
    program = (
        "import sys, compozy.domain.builtin_tools;"
        "print(sorted({'trio', 'httpx', 'httpcore', 're2', 'jsonschema_rs', 'ssl'} & sys.modules.keys()))"
    )

    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


@pytest.mark.parametrize(
    ("tool_id", "given", "told"),
    [
        ("cp__read_file", {}, "path: is required"),
        ("cp__read_file", {"path": 3}, "path: 3 is not of type"),
        ("cp__read_file", {"path": ""}, "path: "),
        ("cp__read_file", {"pth": "x", "path": "x"}, "pth: unknown key; did you mean 'path'?"),
        ("cp__write_file", {"path": "x", "content": "y", "mode": 0o4755}, "mode: "),
        ("cp__exec", {"command": "ls", "args": ["a", 1]}, "args[1]: "),
        ("cp__exec", {"command": "ls", "env": {"A": 1}}, "env.A: "),
        ("cp__fetch", {"url": "http://x", "method": "CONNECT"}, "method: "),
        ("cp__fetch", {"url": "http://x", "timeout_ms": 0}, "timeout_ms: "),
        ("cp__fetch", {"url": "http://x", "timeout_ms": 10**30}, "timeout_ms: "),
        ("cp__list_dir", {"path": ".", "page_size": 2.5}, "page_size: "),
        ("cp__list_dir", {"path": ".", "page_token": "-1"}, "page_token: "),
        ("cp__list_files", {"dir": ".", "exclude": 123}, "exclude: "),
    ],
)
def test_a_wrong_input_is_told_with_its_key(tool_id, given, told):
    with pytest.raises(ToolError) as caught:
        INPUTS.checked(BUILTINS[tool_id], given)

    assert caught.value.error_code == "INVALID_INPUT"
    assert told in str(caught.value)


def test_a_whole_number_that_was_calculated_is_one():
    checked = INPUTS.checked(BUILTINS["cp__list_dir"], {"path": ".", "page_size": 3.0})

    assert (checked["page_size"], type(checked["page_size"])) == (3, int)
