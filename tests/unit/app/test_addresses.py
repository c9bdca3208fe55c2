"""How a command line names a database."""

from pathlib import Path

import pytest

from compozy.app.addresses import parse_address
from compozy.domain.errors import InvalidError

URL = "postgresql://ada:hunter2@db:5432/shop"


@pytest.mark.parametrize(
    ("text", "path"),
    [("sqlite:a.db", "a.db"), ("sqlite:/data/a.db", "/data/a.db"), ("sqlite:///data/a.db", "/data/a.db")],
)
def test_a_file_is_named_by_its_path(text, path):
    database = parse_address(text, option="--from")

    assert database.file == Path(path)
    assert database.address == f"sqlite:{path}"


@pytest.mark.parametrize("text", [URL, f"postgres:{URL}", URL.replace("postgresql", "postgres")])
def test_a_server_is_named_by_its_url(text):
    database = parse_address(text, option="--from")

    assert database.file is None
    assert database.options["url"].endswith("://ada:hunter2@db:5432/shop")
    assert database.address.endswith("://ada:********@db:5432/shop")
    assert "hunter2" not in repr(database)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a.db", "--to: 'a.db' names no database (write sqlite:PATH or postgres://USER@HOST:PORT/NAME)"),
        ("", "--to: '' names no database (write sqlite:PATH or postgres://USER@HOST:PORT/NAME)"),
        (
            "postgres:shop",
            "--to: 'postgres:shop' names no database (write sqlite:PATH or postgres://USER@HOST:PORT/NAME)",
        ),
        (
            "mysql://a:b@c",
            "--to: 'mysql://a:********@c' names no database (write sqlite:PATH or postgres://USER@HOST:PORT/NAME)",
        ),
        ("sqlite:", "--to: 'sqlite:' names no file (write sqlite:PATH)"),
        ("sqlite::memory:", "--to: 'sqlite::memory:' names no file (write sqlite:PATH)"),
        ("sqlite://host/a.db", "--to: 'sqlite://host/a.db' names no file (write sqlite:PATH)"),
    ],
)
def test_what_names_none_is_refused_with_the_way_out(text, message):
    with pytest.raises(InvalidError) as caught:
        parse_address(text, option="--to")

    assert str(caught.value) == message
