"""A Temporal cluster that others run: dialled, encrypted where that is asked for, and watched."""

import ssl
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

from compozy.app import Options
from compozy.app.backends import outage_check
from compozy.app.cluster import check_cluster, cluster_actor
from compozy.app.options import load
from compozy.app.runtime import deployment_of, simplest
from compozy.app.temporal import asyncio_actor
from compozy.cli.doctoring.backends import examine_cluster
from compozy.cli.doctoring.findings import Level
from compozy.domain.errors import InvalidError, UnavailableError
from compozy.telemetry.metrics import Metrics
from compozy.testing import open_temporal_server
from supervisors import Tree, TreeFailed

FILES = Path(__file__).parents[2] / "data" / "tls"  # its README says what they are
CA = str(FILES / "ca.pem")
OTHER_CA = str(FILES / "other_ca.pem")
CERT = str(FILES / "localhost.pem")
KEY = str(FILES / "localhost.key")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def server():
    with open_temporal_server() as server:
        yield server


@pytest.fixture
def load_project(tmp_path):
    """Return a function that loads a project with these variables."""
    (tmp_path / "compozy.yaml").write_text("name: test\nmode: standalone\ntemporal: {mode: distributed}\n")
    return lambda **environ: load(Options(path=tmp_path, environ={"TEMPORAL_NAMESPACE": "of-a-test"} | environ))


@pytest.fixture
def settings_of(load_project):
    """Return a function from variables to the settings."""
    return lambda **environ: load_project(**environ).settings


@pytest.fixture
def open_cluster(load_project):
    """Return a function from variables to a tree with a connection."""

    @asynccontextmanager
    async def open_(**environ):
        loaded = load_project(**environ)
        tree = Tree("test", shutdown=20)
        tree.add(asyncio_actor, name="asyncio", grace=6)
        actor = cluster_actor(loaded.settings.temporal, Metrics(deployment_of(loaded)))
        tree.add(actor, name="temporal", needs=("asyncio",), check=outage_check(check_cluster), fatal=(InvalidError,))
        try:
            async with tree.open() as live:
                yield live
        except TreeFailed as failed:
            raise simplest(failed) from failed

    return open_


async def copy(source, target):
    try:
        async for part in source:
            await target.send_all(part)
        await target.aclose()
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        await trio.aclose_forcefully(target)


async def forward(context, address, client):
    secured = trio.SSLStream(client, context, server_side=True, https_compatible=True)
    try:
        await secured.do_handshake()
    except trio.BrokenResourceError:  # the client does not trust us, or shows nothing
        await trio.aclose_forcefully(client)
        return
    host, _, port = address.rpartition(":")
    async with await trio.open_tcp_stream(host, int(port)) as server, trio.open_nursery() as nursery:
        nursery.start_soon(copy, server, secured)
        await copy(secured, server)
        nursery.cancel_scope.cancel()


@pytest.fixture
async def tls_address(server, nursery):
    """The address of a proxy to the server that speaks TLS, and wants to see a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERT, KEY)
    context.load_verify_locations(CA)
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])
    handler = partial(forward, context, server.address)
    listeners = await nursery.start(partial(trio.serve_tcp, handler, 0, host="127.0.0.1"))
    return f"127.0.0.1:{listeners[0].socket.getsockname()[1]}"


async def test_a_cluster_is_dialled_and_its_namespace_made(server, open_cluster):
    with trio.fail_after(30):
        async with open_cluster(TEMPORAL_HOST_PORT=server.address) as live:
            connection = live["temporal"].get()
            await connection.verify()

    assert (connection.address, connection.namespace) == (server.address, "of-a-test")


def test_the_doctor_asks_the_cluster_and_makes_nothing(server, settings_of):
    settings = settings_of(TEMPORAL_HOST_PORT=server.address, TEMPORAL_NAMESPACE="of-nobody").temporal

    findings = [examine_cluster(settings), examine_cluster(settings)]
    away = examine_cluster(settings_of(TEMPORAL_HOST_PORT="127.0.0.1:1").temporal)

    assert [(finding.level, "is made at the first start" in finding.detail) for finding in findings] == [
        (Level.OK, True),
        (Level.OK, True),
    ]
    assert away.level is Level.FAIL
    assert "temporal at 127.0.0.1:1 does not answer: Connection refused" in away.detail


async def test_both_sides_show_their_certificates(tls_address, open_cluster):
    files = {"TEMPORAL_TLS_CA": CA, "TEMPORAL_TLS_CERT": CERT, "TEMPORAL_TLS_KEY": KEY}
    with trio.fail_after(30):
        async with open_cluster(TEMPORAL_HOST_PORT=tls_address, TEMPORAL_TLS_SERVER_NAME="localhost", **files) as live:
            await live["temporal"].get().verify()


async def test_a_cluster_that_nobody_trusted_has_signed_is_not_talked_to(tls_address, open_cluster):
    files = {"TEMPORAL_TLS_CA": OTHER_CA, "TEMPORAL_TLS_CERT": CERT, "TEMPORAL_TLS_KEY": KEY}
    with trio.fail_after(30), pytest.raises(UnavailableError, match="did not answer"):
        async with open_cluster(TEMPORAL_HOST_PORT=tls_address, TEMPORAL_TLS_SERVER_NAME="localhost", **files):
            raise AssertionError


@pytest.mark.parametrize(
    ("content", "said"), [(None, "no such file"), ("not a certificate", "it is not in pem")], ids=["absent", "other"]
)
async def test_a_file_that_cannot_be_used_is_named_by_its_setting(open_cluster, tmp_path, content, said):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with trio.fail_after(30), pytest.raises(InvalidError) as caught:
        async with open_cluster(TEMPORAL_TLS_CA=str(file)):
            raise AssertionError

    [problem] = caught.value.problems
    assert problem.key == "temporal.tls_ca"
    assert said in problem.message.lower()


REFUSAL = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "16"), ("grpc-message", "no")]


async def refuse(shown, client):
    """Answer every call that whoever makes it is not known, and note what they have shown."""
    talk = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    talk.initiate_connection()
    await client.send_all(talk.data_to_send())
    async for part in client:
        for event in talk.receive_data(part):
            if isinstance(event, RequestReceived):
                shown.add(dict(event.headers)["authorization"])
                talk.send_headers(event.stream_id, REFUSAL, end_stream=True)
        await client.send_all(talk.data_to_send())


async def test_a_cluster_that_refuses_the_key_is_not_asked_again(open_cluster, nursery):
    shown = set()
    [listener] = await nursery.start(partial(trio.serve_tcp, partial(refuse, shown), 0, host="127.0.0.1"))
    address = f"127.0.0.1:{listener.socket.getsockname()[1]}"
    environ = {"TEMPORAL_HOST_PORT": address, "TEMPORAL_API_KEY": "hunter2", "TEMPORAL_TLS": "false"}
    with trio.fail_after(30), pytest.raises(InvalidError, match="refuses us: unauthenticated") as caught:
        async with open_cluster(**environ):
            raise AssertionError

    assert shown == {"Bearer hunter2"}
    assert "hunter2" not in str(caught.value)
