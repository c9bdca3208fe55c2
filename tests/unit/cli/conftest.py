"""A project that init wrote, and the command line called in this process."""

import pytest
from click.testing import CliRunner, Result

from compozy.cli.main import cli
from compozy.cli.scaffolding import write_project


@pytest.fixture
def invoke():
    """Run ``compozy`` with these arguments; ``stdin=`` is its standard input."""

    def invoke(*arguments, stdin=None) -> Result:
        return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=stdin, prog_name="compozy")

    return invoke


@pytest.fixture
def project(tmp_path):
    """Return the folder of a fresh project, named hello."""
    folder = tmp_path / "hello"
    write_project(folder)
    return folder
