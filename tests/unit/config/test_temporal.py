"""The settings of the Temporal cluster: its address, and what it is shown."""

from pathlib import Path

import pytest

from compozy.config.project_file import ProjectFile
from compozy.config.resolution import resolve_settings
from compozy.config.validation import check_shape


@pytest.fixture
def resolve(document_of):
    """Return a function from the ``temporal`` section and the environment to settings, and the problems as lines."""

    def resolve(section="{}", **environ):
        document = document_of(f"name: test\ntemporal: {section}\n")
        file, problems = check_shape(document, ProjectFile)
        settings = None
        if file is not None and not problems:
            settings, problems = resolve_settings(document, file, root=Path("/project"), environ=environ, flags={})
        return settings, [str(problem) for problem in problems]

    return resolve


@pytest.mark.parametrize("address", ["temporal:7233", "127.0.0.1:1", "[::1]:7233", "shop.a1b2.tmprl.cloud:7233"])
def test_an_address_is_a_host_and_a_port(resolve, address):
    settings, _ = resolve(TEMPORAL_HOST_PORT=address)

    assert settings.temporal.host_port == address


@pytest.mark.parametrize(
    "address", ["temporal", "temporal:", ":7233", "temporal:0", "temporal:65536", "https://temporal:7233", "::1:7233"]
)
def test_anything_else_is_refused(resolve, address):
    settings, [problem] = resolve(f"{{host_port: '{address}'}}")

    assert settings is None
    assert problem.startswith("test.yaml:2: temporal.host_port: ")
    assert "write HOST:PORT" in problem


def test_files_are_those_of_the_project(resolve):
    temporal = resolve("{tls_ca: ca.pem, tls_cert: tls/own.pem, tls_key: /keys/own.key}")[0].temporal

    assert (temporal.tls_ca, temporal.tls_cert) == ("/project/ca.pem", "/project/tls/own.pem")
    assert (temporal.tls_key, temporal.tls) == ("/keys/own.key", None)


def test_the_key_does_not_show(resolve):
    settings, _ = resolve(TEMPORAL_API_KEY="hunter2")
    [origin] = [origin for origin in settings.origins if origin.key == "temporal.api_key"]

    assert settings.temporal.api_key.reveal() == "hunter2"
    assert "hunter2" not in f"{settings!r} {origin.shown}"


@pytest.mark.parametrize(
    ("section", "key", "said"),
    [
        ("{tls: false, tls_ca: ca.pem}", "temporal.tls_ca", "of no use with temporal.tls: false (from test.yaml:2)"),
        ("{tls_key: own.key}", "temporal.tls_key", "of no use without temporal.tls_cert"),
    ],
)
def test_what_contradicts_itself_is_refused(resolve, section, key, said):
    settings, [problem] = resolve(section)

    assert settings is None
    assert problem.startswith(f"test.yaml:2: {key}: ")
    assert said in problem
