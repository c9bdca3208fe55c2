"""Variables that look like settings."""

from compozy.config.strangers import unknown_variables
from compozy.config.table import SETTINGS


def test_a_variable_with_our_prefix_that_sets_nothing_is_told_with_what_was_meant():
    problems = unknown_variables(["COMPOZY_SERVER_PORT", "COMPOZY_MOD", "COMPOZY_XYZZY", "PATH"])

    assert [str(problem) for problem in problems] == [
        "COMPOZY_MOD: the variable sets nothing (did you mean 'COMPOZY_MODE'?)",
        "COMPOZY_SERVER_PORT: the variable sets nothing (did you mean 'SERVER_PORT'?)",
        "COMPOZY_XYZZY: the variable sets nothing (compozy config explain tells the variable of each setting)",
    ]


def test_our_own_variables_and_those_of_others_are_no_strangers():
    others = ["REDIS_TLS", "DB_SOMETHING", "SERVER_SOFTWARE", "TEMPORAL_CLI_ADDRESS", "LOG_DIR"]

    assert list(unknown_variables([setting.env for setting in SETTINGS] + others)) == []
