"""Secrets: which settings are, and that no way of printing what holds one shows it."""

from pathlib import Path

import pytest

from compozy.config.precedence import trace_origins
from compozy.config.project_file import ProjectFile
from compozy.config.resolution import resolve_settings
from compozy.config.table import SETTINGS
from compozy.config.validation import check_shape
from compozy.domain.secrets import Secret, is_secret, revealed

WORD = "hunter2"
SECRET = {
    setting for setting in SETTINGS if is_secret(setting.key) and not setting.key.endswith(("ssl_key", "tls_key"))
}
URLS = {
    "DB_URL": f"postgresql://ada:{WORD}@db/shop?sslpassword={WORD}",
    "REDIS_URL": f"rediss://ada:{WORD}@db:6380/2",
}
CLUSTER = {"COMPOZY_MODE": "distributed", "DB_HOST": "db", "REDIS_HOST": "db", "TEMPORAL_TLS": "true"}


@pytest.fixture
def resolve(document_of):
    """Return a function from the text of a project and the environment to its document, its shape and its settings."""

    def resolve(text="", **environ):
        document = document_of(f"name: test\n{text}\n")
        file, problems = check_shape(document, ProjectFile)
        assert problems == []
        settings, problems = resolve_settings(document, file, root=Path("/project"), environ=environ, flags={})
        assert problems == []
        return document, file, settings

    return resolve


def test_every_setting_whose_name_says_so_is_a_secret(resolve):
    _, _, settings = resolve(**CLUSTER, **{setting.env: WORD for setting in SECRET})
    hidden = {origin.key for origin in settings.origins if origin.is_hidden}

    assert hidden == {setting.key for setting in SECRET}
    assert {"database.password", "redis.password", "temporal.api_key"} <= hidden


def test_no_repr_shows_a_secret_of_the_environment(resolve):
    with_words = resolve(**CLUSTER, **{setting.env: WORD for setting in SECRET})
    with_urls = resolve(**{**CLUSTER, "DB_HOST": "", "REDIS_HOST": ""}, **URLS)

    assert WORD not in repr((with_words, with_urls))
    assert revealed(with_words[-1].database.password) == WORD
    assert revealed(with_urls[-1].redis.url) == URLS["REDIS_URL"]


def test_no_repr_shows_a_secret_of_the_project_file(resolve):
    read = resolve(
        f"mode: standalone\ndatabase: {{host: db, password: {WORD}}}\nredis: {{url: '{URLS['REDIS_URL']}'}}\n"
    )

    assert WORD not in repr(read)
    assert revealed(read[-1].database.password) == WORD


def test_a_secret_that_is_overruled_does_not_show_either(document_of):
    document = document_of(f"name: test\nredis: {{password: {WORD}}}\n")
    file, _ = check_shape(document, ProjectFile)

    origins, problems = trace_origins(document, file, environ={"REDIS_PASSWORD": "other"}, flags={})

    assert problems == []
    [in_file, default] = origins["redis.password"].overruled
    assert (in_file.shown, in_file.source, default.shown) == ("********", "test.yaml:2", "")


def test_what_is_wrong_beside_a_secret_does_not_show_it(document_of):
    _, in_file = check_shape(document_of(f"name: a\nredis: {{password: [{WORD}], url: {WORD}}}\n"), ProjectFile)
    document = document_of("name: a\n")
    file, _ = check_shape(document, ProjectFile)
    _, outside = trace_origins(document, file, environ={"DB_URL": WORD, "DB_PORT": "x", "DB_PASSWORD": WORD}, flags={})

    assert len(in_file) == 2
    assert len(outside) == 2
    assert WORD not in repr((in_file, outside))


def test_the_path_of_a_key_is_no_secret(resolve):
    _, _, settings = resolve("mode: standalone\nredis: {ssl_cert: tls/cert.pem, ssl_key: tls/key.pem}")
    shown = {origin.key: origin.shown for origin in settings.origins}

    assert shown["redis.ssl_key"] == "tls/key.pem"


def test_two_secrets_are_equal_when_their_texts_are():
    assert Secret(WORD) == Secret(WORD)
    assert Secret(WORD) != Secret("other")
    assert len({Secret(WORD), Secret(WORD)}) == 1
