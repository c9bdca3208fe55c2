"""TLS: who is trusted, and what is said when somebody is not. A proxy speaks it on behalf of the test's server."""

import shutil
import ssl
from pathlib import Path

import pytest

from compozy.domain.errors import InvalidError
from compozy.drivers.postgres import SslMode, open_store
from compozy.drivers.postgres.tls import make_context

FILES = Path(__file__).parents[2] / "data" / "tls"
CA = FILES / "ca.pem"
OTHER_CA = FILES / "other_ca.pem"
CERT = FILES / "localhost.pem"
KEY = FILES / "localhost.key"


@pytest.fixture
def secured(proxy):
    """Return the proxy, which now speaks TLS and wants to see a certificate, but takes none as well."""
    proxy.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    proxy.tls.load_cert_chain(CERT, KEY)
    proxy.tls.load_verify_locations(CA)
    proxy.tls.verify_mode = ssl.CERT_OPTIONAL
    return proxy


@pytest.mark.parametrize(
    "settings",
    [
        {"ssl": SslMode.PREFER},
        {"ssl": SslMode.REQUIRE},
        {"ssl": SslMode.REQUIRE, "ssl_ca": CA},
        {"ssl": SslMode.VERIFY_CA, "ssl_ca": CA},
        {"ssl": SslMode.VERIFY_FULL, "ssl_ca": CA, "host": "localhost"},
        {"ssl": None, "ssl_ca": CA, "host": "localhost"},
        {"ssl": SslMode.REQUIRE, "ssl_cert": CERT, "ssl_key": KEY},
    ],
    ids=lambda settings: " ".join(f"{key}={getattr(value, 'name', value)}" for key, value in settings.items()),
)
async def test_a_server_that_is_trusted_is_used(secured, through, settings):
    async with open_store(through(**settings)) as store:
        await store.ping()


@pytest.mark.parametrize(
    "settings",
    [
        {"ssl": SslMode.REQUIRE, "ssl_ca": OTHER_CA},
        {"ssl": SslMode.VERIFY_CA, "ssl_ca": OTHER_CA},
        {"ssl": SslMode.VERIFY_CA},
        {"ssl": SslMode.VERIFY_FULL, "ssl_ca": CA},  # it is for localhost, not for 127.0.0.1
        {"ssl": None, "ssl_ca": CA},
    ],
    ids=lambda settings: " ".join(f"{key}={getattr(value, 'name', value)}" for key, value in settings.items()),
)
async def test_a_server_that_is_not_trusted_is_refused(secured, through, settings):
    with pytest.raises(InvalidError, match=r"^ssl: the server of .* refuses: .*certificate"):
        async with open_store(through(**settings)):
            pass


async def test_a_server_without_tls_is_used_where_it_is_not_required(proxy, through):
    async with open_store(through(ssl=SslMode.PREFER)) as store:
        await store.ping()


def test_without_a_word_about_tls_the_url_decides():
    assert make_context(None, ca=None, cert=None, key=None) is None


@pytest.mark.parametrize(
    ("files", "key"),
    [
        ({"ca": "absent.pem"}, "ssl_ca"),
        ({"ca": "text.pem"}, "ssl_ca"),
        ({"cert": "absent.pem"}, "ssl_cert"),
        ({"cert": "text.pem"}, "ssl_cert"),
        ({"cert": "cert.pem"}, "ssl_cert"),  # no key in it
        ({"cert": "cert.pem", "key": "absent.key"}, "ssl_key"),
        ({"cert": "cert.pem", "key": "text.pem"}, "ssl_key"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path, files, key):
    shutil.copy(CERT, tmp_path / "cert.pem")
    (tmp_path / "text.pem").write_text("not a certificate")
    given = {"ca": None, "cert": None, "key": None} | {name: tmp_path / file for name, file in files.items()}

    with pytest.raises(InvalidError) as caught:
        make_context(SslMode.REQUIRE, **given)

    [problem] = caught.value.problems
    assert problem.key == key
    assert str(tmp_path) in problem.message
