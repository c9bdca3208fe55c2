from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from compozy.config.kinds import kinds_of_settings
from compozy.config.project_file import ProjectFile
from compozy.config.resolution import _PATHS, resolve_settings
from compozy.config.sections import Sections
from compozy.config.settings import CacheDriver, Mode, StoreDriver
from compozy.config.table import SETTINGS, Follows
from compozy.config.validation import check_shape

ROOT = Path("/project")


@pytest.fixture
def resolve(document_of):
    """Return a function from the three sources to settings and problems."""

    def resolve_text(text="", *, environ=None, flags=None, default_mode=Mode.DISTRIBUTED):
        document = document_of("name: test\n" + text)
        file, problems = check_shape(document, ProjectFile)
        assert problems == []
        return resolve_settings(
            document, file, root=ROOT, environ=environ or {}, flags=flags or {}, default_mode=default_mode
        )

    return resolve_text


@pytest.fixture
def origins_of(resolve):
    """Return a function from the three sources to each setting's value and source."""

    def origins(*arguments, **options):
        settings, problems = resolve(*arguments, **options)
        assert problems == []
        return {origin.key: (origin.value, origin.source) for origin in settings.origins}

    return origins


@pytest.fixture
def refusals_of(resolve):
    """Return a function from the three sources to the lines that are shown."""

    def refusals(*arguments, **options):
        settings, problems = resolve(*arguments, **options)
        assert settings is None
        return [str(problem) for problem in problems]

    return refusals


def test_every_setting_has_a_default(resolve):
    settings, problems = resolve()

    assert problems == []
    assert settings.mode is Mode.DISTRIBUTED
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 5001)
    assert settings.database.path == "/project/.compozy/compozy.db"
    assert settings.temporal.standalone.start_timeout == timedelta(seconds=30)
    assert settings.temporal.standalone.cli_path is None
    assert settings.state_dir == ROOT / ".compozy"
    assert {origin.source for origin in settings.origins} == {
        "default",
        "default for mode distributed",
        "default for redis.mode distributed",
    }


def test_the_file_beats_the_default_the_environment_the_file_and_a_flag_all(origins_of):
    text, environ, flags = "server:\n  port: 1\n", {"SERVER_PORT": "2"}, {"server.port": "3"}

    assert origins_of()["server.port"] == (5001, "default")
    assert origins_of(text)["server.port"] == (1, "test.yaml:3")
    assert origins_of(text, environ=environ)["server.port"] == (2, "environment SERVER_PORT")
    assert origins_of(text, environ=environ, flags=flags)["server.port"] == (3, "flag --port")


def test_an_empty_variable_and_an_absent_flag_say_nothing(origins_of):
    origins = origins_of(environ={"SERVER_PORT": ""}, flags={"server.port": None})

    assert origins["server.port"] == (5001, "default")


@pytest.mark.parametrize(
    ("text", "mode", "store", "temporal", "cache"),
    [
        ("", Mode.DISTRIBUTED, StoreDriver.POSTGRES, Mode.DISTRIBUTED, CacheDriver.REDIS),
        ("mode: standalone", Mode.STANDALONE, StoreDriver.SQLITE, Mode.STANDALONE, CacheDriver.SUGARDB),
        ("mode: distributed", Mode.DISTRIBUTED, StoreDriver.POSTGRES, Mode.DISTRIBUTED, CacheDriver.REDIS),
        (
            "mode: standalone\ntemporal: {mode: distributed}\ndatabase: {driver: postgres}",
            Mode.STANDALONE,
            StoreDriver.POSTGRES,
            Mode.DISTRIBUTED,
            CacheDriver.SUGARDB,
        ),
        (
            "mode: standalone\nredis: {mode: distributed}",
            Mode.STANDALONE,
            StoreDriver.SQLITE,
            Mode.STANDALONE,
            CacheDriver.REDIS,
        ),
        (
            "temporal: {mode: standalone, standalone: {expose: true}}",
            Mode.DISTRIBUTED,
            StoreDriver.POSTGRES,
            Mode.STANDALONE,
            CacheDriver.REDIS,
        ),
    ],
)
def test_a_component_has_its_own_mode_or_the_projects(resolve, text, mode, store, temporal, cache):
    settings, _ = resolve(text)

    assert (settings.mode, settings.database.driver, settings.temporal.mode) == (mode, store, temporal)
    assert settings.cache_driver is cache


def test_components_follow_a_mode_from_the_environment(origins_of):
    origins = origins_of("mode: distributed", environ={"COMPOZY_MODE": "standalone"})

    assert origins["mode"] == ("standalone", "environment COMPOZY_MODE")
    assert origins["database.driver"] == ("sqlite", "default for mode standalone")


def test_commands_choose_the_mode_when_nobody_says_otherwise(resolve):
    assert resolve(default_mode=Mode.STANDALONE)[0].mode is Mode.STANDALONE
    assert resolve("mode: distributed", default_mode=Mode.STANDALONE)[0].mode is Mode.DISTRIBUTED


@pytest.mark.parametrize(
    ("given", "path"),
    [("data/a.db", "/project/data/a.db"), ("../a.db", "/a.db"), ("/var/a.db", "/var/a.db"), (":memory:", ":memory:")],
)
def test_paths_are_relative_to_the_project_whatever_they_came_from(resolve, given, path):
    assert resolve(environ={"DB_PATH": given})[0].database.path == path
    assert resolve(flags={"database.path": given})[0].database.path == path
    assert resolve(flags={"database.path": Path(given)})[0].database.path == path


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"SERVER_PORT": "abc"}, "server.port: must be a whole number, not 'abc' (set by environment SERVER_PORT)"),
        (
            {"COMPOZY_MODE": "cluster"},
            "mode: 'cluster' is not allowed (set by environment COMPOZY_MODE; allowed: standalone, distributed)",
        ),
        (
            {"SERVER_SHUTDOWN_TIMEOUT": "0s"},
            (
                "server.shutdown_timeout: '0s' is no time at all "
                '(set by environment SERVER_SHUTDOWN_TIMEOUT; write for example "30s", or leave the key out)'
            ),
        ),
    ],
)
def test_a_wrong_variable_is_named(refusals_of, environ, line):
    assert refusals_of(environ=environ) == [line]


def test_all_wrong_variables_and_flags_are_told_at_once(refusals_of):
    lines = refusals_of(environ={"SERVER_PORT": "x", "LOG_LEVEL": "loud"}, flags={"mode": "x"})

    assert [line.split(":")[0] for line in lines] == ["mode", "server.port", "log.level"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])  # noqa: S104 - refused is the point
def test_a_public_address_needs_consent(refusals_of, resolve, host):
    message = f"server.host: {host!r} is reachable from other machines, without authentication"
    hint = "use 127.0.0.1, or set server.allow_public: true"

    assert refusals_of(f"server:\n  host: '{host}'\n") == [f"test.yaml:3: {message} ({hint})"]
    assert refusals_of(environ={"SERVER_HOST": host}) == [f"{message} (set by environment SERVER_HOST; {hint})"]
    assert resolve(environ={"SERVER_HOST": host, "SERVER_ALLOW_PUBLIC": "true"})[1] == []


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_a_loopback_address_needs_none(resolve, host):
    assert resolve(environ={"SERVER_HOST": host, "TEMPORAL_BIND_IP": "::1"})[1] == []


def test_a_flag_for_no_setting_is_a_mistake_of_the_program(resolve):
    with pytest.raises(ValueError, match=r"no such settings: server\.prot"):
        resolve(flags={"server.prot": 1})


def test_the_dev_server_listens_on_loopback_only_unless_it_is_exposed(refusals_of, resolve):
    hint = "use 127.0.0.1, or set temporal.standalone.expose: true"

    assert refusals_of("temporal: {standalone: {bind_ip: 10.0.0.1}}") == [
        f"test.yaml:2: temporal.standalone.bind_ip: '10.0.0.1' is not a loopback address ({hint})"
    ]
    assert resolve(environ={"TEMPORAL_BIND_IP": "10.0.0.1", "TEMPORAL_EXPOSE": "true"})[1] == []


def test_values_are_shown_as_people_write_them(resolve):
    shown = {origin.key: origin.shown for origin in resolve()[0].origins}

    assert shown["server.shutdown_timeout"] == "5s"
    assert shown["server.allow_public"] == "false"
    assert shown["server.port"] == "5001"
    assert shown["temporal.standalone.cli_path"] == ""


def test_the_table_and_the_sections_name_the_same_settings():
    def keys_of(shape, prefix=""):
        for name, field in shape.model_fields.items():
            parts = [part for part in get_args(field.annotation) if isinstance(part, type)]
            section = next((part for part in parts if issubclass(part, BaseModel)), None)
            yield from keys_of(section, f"{prefix}{name}.") if section else [f"{prefix}{name}"]

    assert sorted(keys_of(Sections)) == sorted(setting.key for setting in SETTINGS)


def test_no_two_settings_share_a_name():
    variables = [setting.env for setting in SETTINGS]
    flags = [setting.flag for setting in SETTINGS if setting.flag]

    assert len(set(variables)) == len(variables)
    assert len(set(flags)) == len(flags)


def test_who_follows_another_setting_stands_below_it():
    keys = [setting.key for setting in SETTINGS]
    followers = {setting.key: setting.default.key for setting in SETTINGS if isinstance(setting.default, Follows)}

    assert {"database.driver", "redis.mode", "ratelimit.backend", "temporal.mode"} == set(followers)
    assert all(keys.index(leader) < keys.index(follower) for follower, leader in followers.items())


def test_every_setting_that_is_a_path_becomes_absolute_and_no_other():
    assert sorted(_PATHS) == sorted(key for key, kind in kinds_of_settings().items() if kind == "path")
