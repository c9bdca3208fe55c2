"""Projects written by a test, and a whole runtime on them."""

import textwrap

import pytest

from compozy.app import Options, open_runtime


@pytest.fixture
def write_project(tmp_path):
    """Write a project of the given workflow files and tools; return its options."""

    def write(tools: str, **workflows: str) -> Options:
        (tmp_path / "workflows").mkdir()
        for name, text in workflows.items():
            (tmp_path / "workflows" / f"{name}.yaml").write_text(textwrap.dedent(text))
        (tmp_path / "tools.py").write_text(textwrap.dedent(tools))
        (tmp_path / "compozy.yaml").write_text(
            "name: test\nmode: standalone\nserver: {port: 0}\nworkflows: [{source: workflows/*.yaml}]\n"
            "runtime: {entrypoint: tools.py}\n"
        )
        return Options(path=tmp_path, environ={})

    return write


@pytest.fixture
def open_project(write_project):
    """Write a project and open its runtime."""

    def open_(tools: str, **workflows: str):
        return open_runtime(write_project(tools, **workflows))

    return open_
