"""Which variables a tool may be given."""

import pytest

from compozy.domain.tool_env import find_env_problem


@pytest.mark.parametrize(
    "name",
    [
        "LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "PYTHONHOME",
        "PYTHONSTARTUP",
        "NODE_OPTIONS", "NODE_PATH", "DENO_DIR", "BUN_INSTALL", "PATH", "HOME", "BASH_ENV", "ENV", "IFS", "PERL5OPT",
        "GIT_SSH_COMMAND", "TMPDIR",
    ],
)  # fmt: skip
def test_what_decides_which_code_is_loaded_is_refused(name):
    assert "decides what a process loads" in find_env_problem({"GOOD": "x", name: "x"})


@pytest.mark.parametrize("name", ["lower", "WITH-HYPHEN", "A B", "A=B", "", "NEW\nLINE", "A\n", "Ä", "A\0"])
def test_a_name_that_is_none_is_refused(name):
    assert "is not named with" in find_env_problem({name: "x"})


def test_a_value_that_no_environment_can_hold_is_refused():
    assert "NUL" in find_env_problem({"A": "x\0y"})


def test_what_tools_need_is_allowed():
    assert find_env_problem({"API_KEY": "k", "REGION_2": "", "_X": "y", "DATABASE_URL": "z"}) is None
