"""The arguments of ``compozy run``, up to where something would start."""

import json
import socket

import pytest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-i", "name"], "'name' has no '='; write name=value"),
        (["-i", "a=1", "-i", "a.b=2"], "'a.b' is inside 'a', which was given a value of its own"),
        (["--server", "ftp://x"], "'ftp://x' is not an address such as http://127.0.0.1:5001"),
        (["--server", "http://"], "'http://' is not an address such as"),
        (["--server", "x:1", "--temporary"], "--temporary is for a runtime of its own"),
        (["--idempotency-key", "k"], "--idempotency-key is for a server that remembers it; name one with --server"),
        (["--server", "x:1", "--idempotency-key", "two words"], "a key is 1 to 255 visible ASCII characters"),
        (["--server", "x:1", "--idempotency-key", '"k"'], "without quotes, got"),
        (["--input-file", "no-such.json"], "no-such.json cannot be read as JSON"),
    ],
)
def test_wrong_argument_is_named_with_the_way_out(invoke, project, arguments, message):
    result = invoke("run", "hello", "-c", project, *arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("content", "message"),
    [("{", "cannot be read as JSON"), ("[1]", "holds a list; an input is an object"), ("\xff", "cannot be read")],
)
def test_input_file_must_hold_an_object(invoke, project, tmp_path, content, message):
    (tmp_path / "input.json").write_bytes(content.encode("latin-1"))

    result = invoke("run", "hello", "-c", project, "--input-file", tmp_path / "input.json")

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


@pytest.mark.parametrize("arguments", [["-i", "name=3"], ["--input-file", "-"]])
def test_input_is_checked_against_the_schema_before_anything_starts(invoke, project, arguments):
    result = invoke("run", "hello", "-c", project, *arguments, stdin=json.dumps({"name": 3}))

    assert result.exit_code == 2
    assert result.stderr == 'error: input.name: 3 is not of type "string"\n'
    assert not (project / ".compozy").exists()


def test_assignments_lie_over_the_file(invoke, project, tmp_path):
    (tmp_path / "input.json").write_text('{"name": "Ada"}')

    result = invoke("run", "hello", "-c", project, "--input-file", tmp_path / "input.json", "-i", "name=true")

    assert result.stderr == 'error: input.name: true is not of type "string"\n'


def test_unknown_workflow_is_told_with_what_was_meant_before_anything_starts(invoke, project):
    result = invoke("run", "helo", "-c", project)

    assert result.exit_code == 2
    assert result.stderr.startswith("error: there is no workflow 'helo'; did you mean 'hello'?")
    assert not (project / ".compozy").exists()


def test_timeout_must_have_a_unit(invoke, project):
    result = invoke("run", "hello", "-c", project, "--timeout", "30")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: --timeout: '30' is not a duration")


@pytest.mark.parametrize("command", [["run", "hello", "--server"], ["status", "--server"]])
def test_server_that_nobody_runs_is_unavailable_with_the_way_out(invoke, command):
    with socket.socket() as reserved:  # bound, not listening: nobody answers, and nobody else takes it
        reserved.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{reserved.getsockname()[1]}"

        result = invoke(*command, address)

    assert result.exit_code == 3
    assert result.stderr == f"error: no server answers at http://{address}; start one with `compozy serve`\n"
    assert result.stdout == ""
