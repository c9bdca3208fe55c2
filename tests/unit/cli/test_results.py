"""The output of an execution on stdout."""

import io
import json
import sys

import pytest
from rich.console import Console

from compozy.cli.running.results import as_json, as_table, print_output


def drawn(table):
    console = Console(file=io.StringIO(), width=60, color_system=None)
    console.print(table)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_json_goes_to_stdout_and_reads_back(capsys):
    output = {"name": "Zoë", "big": 2**70, "list": [1, None, True]}

    print_output(output, "json")

    captured = capsys.readouterr()
    assert json.loads(captured.out) == output
    assert "Zoë" in captured.out
    assert captured.err == ""


@pytest.mark.parametrize(("encoding", "text"), [("ascii", "Zoë"), ("utf-8", "\ud800")])
def test_letters_that_stdout_cannot_carry_are_escaped(monkeypatch, encoding, text):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))

    assert json.loads(as_json({"x": text}).encode(encoding)) == {"x": text}


def test_table_has_a_row_for_each_key_and_takes_no_markup_from_data():
    assert drawn(as_table({"text": "[red]hi", "count": 3})) == ["text   [red]hi", "count  3"]


@pytest.mark.parametrize("output", [3, None, "hi", [1]])
def test_output_that_is_no_object_is_one_row(output):
    assert drawn(as_table(output))[0].startswith("output  ")
