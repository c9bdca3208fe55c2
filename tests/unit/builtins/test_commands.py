"""Which arguments and variables commands may get."""

from pathlib import Path

import pytest

from compozy.domain.errors import ToolError
from compozy.drivers.tools.builtins.commands import Commands, checked_environment
from compozy.drivers.tools.builtins.harmless import AllowedCommand, harmless_commands
from compozy.drivers.tools.builtins.root import Root

REFUSED = ["LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "PATH", "IFS", "ENV", "BASH_ENV", "PYTHONPATH"]
REFUSED += ["PYTHONSTARTUP", "NODE_OPTIONS", "PERL5OPT", "RUBYOPT", "GIT_SSH_COMMAND", "JAVA_TOOL_OPTIONS", "SHELLOPTS"]
REFUSED += ["GCONV_PATH", "_JAVA_OPTIONS", "lower", "A-B", "A=B", "A\n", "", "BASH_FUNC_ls%%", "Ä"]


def check(command, *arguments, root="/nonexistent"):
    Commands.of([command]).check_arguments(command, list(arguments), Root(Path(root)), ())


def refusal(command, *arguments):
    with pytest.raises(ToolError) as caught:
        check(command, *arguments)
    assert caught.value.error_code == "COMMAND_REFUSED"
    return str(caught.value)


def test_a_pattern_opens_options_only_when_it_begins_like_one():
    command = AllowedCommand(path=Path("/bin/x"), patterns=(".*", "--deep"))

    check(command, "anything", "--deep")
    assert "'--exec=sh'" in refusal(command, "--exec=sh")
    assert "'-'" in refusal(command, "-")


def test_a_pattern_matches_whole_arguments_only():
    command = AllowedCommand(path=Path("/bin/x"), patterns=("[a-z]+", "-v"))

    assert "'a;b'" in refusal(command, "a;b")
    assert "'-vv'" in refusal(command, "-vv")
    assert "'a\\n'" in refusal(command, "a\n")


def test_an_option_with_a_value_takes_exactly_two_arguments():
    command = AllowedCommand(path=Path("/bin/x"), patterns=("-n [0-9]+",))

    check(command, "-n", "5", "-n", "6")
    for arguments in (["-n"], ["-n", "x"], ["-n 5"], ["5"], ["-n", "5", "5"], ["-n", "-n"]):
        refusal(command, *arguments)


def test_there_is_a_limit_of_arguments():
    assert "at most 2" in refusal(AllowedCommand(path=Path("/bin/x"), patterns=("a",), max_arguments=2), "a", "a", "a")


@pytest.mark.parametrize("argument", ["a\0b", "\ud800", "a" * 40_000])
def test_what_no_program_can_be_given_is_refused(argument):
    refusal(AllowedCommand(path=Path("/bin/x"), patterns=("(?s:.*)",)), argument)


def test_a_command_is_named_by_its_absolute_path():
    with pytest.raises(ValueError, match="absolute"):
        AllowedCommand(path=Path("bin/x"))


def test_a_pattern_that_is_no_regular_expression_is_refused_at_once():
    with pytest.raises(ValueError, match="not a regular expression"):
        AllowedCommand(path=Path("/bin/x"), patterns=("-n (",))


@pytest.mark.parametrize("name", REFUSED)
def test_variables_that_change_what_runs_or_have_no_proper_name_are_refused(name):
    with pytest.raises(ToolError) as caught:
        checked_environment({name: "x"})

    assert caught.value.error_code == "COMMAND_REFUSED"


def test_other_variables_are_passed_on():
    assert checked_environment({"LEVEL": "3", "TZ": "UTC"}) == {"LEVEL": "3", "TZ": "UTC"}


def test_a_value_with_a_zero_byte_is_refused():
    with pytest.raises(ToolError, match=r"env\.LEVEL"):
        checked_environment({"LEVEL": "a\0b"})


def test_by_default_a_few_commands_that_change_nothing_are_allowed():
    names = {command.path.name for command in harmless_commands()}

    assert {"cat", "date", "echo", "head", "ls", "pwd", "sort", "tail", "uniq", "wc"} == names
