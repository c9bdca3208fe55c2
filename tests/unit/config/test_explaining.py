"""Why a setting has its value."""

import pytest

from compozy.config.explaining import explain
from compozy.config.origins import Level
from compozy.config.precedence import trace_origins
from compozy.config.project_file import ProjectFile
from compozy.config.table import SETTINGS
from compozy.config.validation import check_shape
from compozy.domain.errors import InvalidError


@pytest.fixture
def origins_of(document_of):
    """Return a function from the three sources to the origins."""

    def origins(text="", *, environ=None, flags=None):
        document = document_of(f"name: test\n{text}\n")
        file, _ = check_shape(document, ProjectFile)
        found, problems = trace_origins(document, file, environ=environ or {}, flags=flags or {})
        assert problems == []
        return found

    return origins


def sayings_of(explanation):
    """Return what each source says: the level, the name, the value."""
    return [
        (saying.level, saying.name, saying.origin.shown if saying.origin else None) for saying in explanation.sayings
    ]


def test_all_four_sources_are_told_those_too_that_are_overruled(origins_of):
    origins = origins_of("server: {port: 1}", environ={"SERVER_PORT": "2"}, flags={"server.port": 3})

    [explanation] = explain("server.port", origins, file="test.yaml")

    assert sayings_of(explanation) == [
        (Level.DEFAULT, "", "5001"),
        (Level.FILE, "test.yaml", "1"),
        (Level.ENVIRONMENT, "SERVER_PORT", "2"),
        (Level.FLAG, "--port", "3"),
    ]
    assert explanation.origin.source == "flag --port"
    assert [origin.source for origin in explanation.origin.overruled] == [
        "environment SERVER_PORT",
        "test.yaml:2",
        "default",
    ]


def test_sources_that_say_nothing_are_named_all_the_same(origins_of):
    [explanation] = explain("redis.host", origins_of(environ={"REDIS_HOST": ""}), file="test.yaml")

    assert sayings_of(explanation) == [
        (Level.DEFAULT, "", ""),
        (Level.FILE, "test.yaml", None),
        (Level.ENVIRONMENT, "REDIS_HOST", None),
        (Level.FLAG, "", None),
    ]


@pytest.mark.parametrize(
    ("text", "environ", "flags", "source", "rule"),
    [
        ("", {}, {}, "default", "nothing else says anything"),
        ("mode: standalone", {}, {}, "test.yaml:2", "the project file overrules the default"),
        (
            "",
            {"COMPOZY_MODE": "standalone"},
            {},
            "environment COMPOZY_MODE",
            "the environment overrules the project file",
        ),
        ("", {}, {"mode": "standalone"}, "flag --mode", "a flag overrules everything else"),
    ],
)
def test_the_rule_that_decides_is_told(origins_of, text, environ, flags, source, rule):
    [explanation] = explain("mode", origins_of(text, environ=environ, flags=flags), file="test.yaml")

    assert (explanation.origin.source, explanation.rule) == (source, rule)


def test_who_follows_another_setting_says_so(origins_of):
    [explanation] = explain("database.driver", origins_of("mode: standalone"), file="test.yaml")

    assert (explanation.origin.value, explanation.origin.source) == ("sqlite", "default for mode standalone")
    assert explanation.rule == "it follows mode, and nothing else says anything"


def test_a_section_is_explained_whole_and_nothing_beside_it(origins_of):
    origins = origins_of()
    keys = [each.setting.key for each in explain("temporal.standalone", origins, file="test.yaml")]

    assert keys == [setting.key for setting in SETTINGS if setting.key.startswith("temporal.standalone.")]
    assert set(keys) < {each.setting.key for each in explain("temporal", origins, file="test.yaml")}


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("server.port", "whole number, 0 to 65535"),
        ("redis.database", "whole number, at least 0"),
        ("server.allow_public", "true or false"),
        ("server.host", "text"),
        ("log.level", "debug, info, warning or error"),
        ("mode", "standalone or distributed"),
        ("server.shutdown_timeout", "duration"),
        ("database.retention", "duration, or never"),
        ("database.url", "address of a PostgreSQL database"),
        ("database.password", "secret"),
        ("cache.max_memory", "size"),
        ("temporal.host_port", "HOST:PORT"),
        ("temporal.standalone.cli_path", "path"),
    ],
)
def test_the_kind_of_value_is_told_in_words(origins_of, key, kind):
    [explanation] = explain(key, origins_of(), file="test.yaml")

    assert explanation.kind == kind


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("servr", "did you mean 'server'?"),
        ("server.prot", "did you mean 'server.port'?"),
        ("sever.port", "did you mean 'server.port'?"),
        ("", "known: cache"),
        ("server.port.x", "did you mean 'server.port'?"),
    ],
)
def test_what_is_no_setting_is_refused_with_what_was_meant(origins_of, key, hint):
    with pytest.raises(InvalidError) as caught:
        explain(key, origins_of(), file="test.yaml")

    assert str(caught.value).startswith(f"there is no setting {key!r} ({hint}")
