"""One program for all tests here, in a thread of its own, so that ordinary tests may use it."""

import textwrap

import pytest
from anyio.from_thread import start_blocking_portal

from compozy.app import Options, open_runtime

TOOLS = """
def give(input):
    return input

def number(input):
    return 4

def nothing(input):
    return None

def refuse(input):
    return {"success": False, "n": 1}

def fail(input):
    raise ValueError("no")
"""


@pytest.fixture(scope="module")
def portal():
    """Return what calls async functions on the thread of the program."""
    with start_blocking_portal("trio") as opened:
        yield opened


@pytest.fixture(scope="module")
def runtime(portal, tmp_path_factory):
    """Return the running program, whose project has the tools and no workflow."""
    folder = tmp_path_factory.mktemp("language")
    (folder / "tools.py").write_text(textwrap.dedent(TOOLS))
    (folder / "compozy.yaml").write_text("name: test\nmode: standalone\nruntime: {entrypoint: tools.py}\n")
    with portal.wrap_async_context_manager(open_runtime(Options(path=folder, environ={}))) as app:
        yield app
