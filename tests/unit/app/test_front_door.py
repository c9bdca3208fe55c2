"""What the package offers at its top level, and that it costs nothing to those who do not ask for it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import compozy
import compozy.app
from compozy.app import Options, Runtime, open_runtime


def test_top_level_offers_the_runtime():
    assert (compozy.open_runtime, compozy.Options, compozy.Runtime) == (open_runtime, Options, Runtime)


def test_what_is_offered_is_what_the_types_say():
    stub = ast.parse(Path(compozy.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imported = {alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    declared = {node.target.id for node in stub.body if isinstance(node, ast.AnnAssign)}

    assert imported | declared == {*compozy._HOMES, "__version__"}
    assert imported | declared <= set(dir(compozy))


def test_what_the_room_of_composition_offers_is_what_its_types_say():
    stub = ast.parse(Path(compozy.app.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    imported = {alias.asname for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}

    assert imported == {*compozy.app._HOMES}
    assert imported <= set(dir(compozy.app))
    with pytest.raises(AttributeError, match="no attribute 'serv'"):
        _ = compozy.app.serv


@pytest.mark.slow
def test_a_command_for_databases_does_not_import_the_whole_program():
    source = "import compozy.cli.moving, sys; print([name for name in sys.modules if name == 'compozy.app.runtime'])"

    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'open_runtine'"):
        _ = compozy.open_runtine


def test_importing_the_package_imports_nothing_else_of_it():
    source = "import compozy, sys; print([name for name in sys.modules if name.startswith(('compozy.', 'trio'))])"

    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
