"""The embedded Temporal: a real server, looked at from all sides while it runs, and another version after it."""

import logging
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta

import httpx
import psutil
import pytest
import trio
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest

from compozy.domain.definitions import Project, WorkflowDefinition
from compozy.domain.errors import InvalidError
from compozy.domain.executions import WorkflowState
from compozy.domain.statuses import Status
from compozy.drivers.temporal.backups import find_backups
from compozy.drivers.temporal.cli_binary import find_cli
from compozy.drivers.temporal.connection import dial, make_runtime
from compozy.drivers.temporal.orchestrator import TemporalOrchestrator
from compozy.drivers.temporal.ports import free_ports
from compozy.drivers.temporal.versions import Phase, find_stamp, read_version

pytestmark = pytest.mark.slow
NOW = datetime(2026, 11, 23, tzinfo=UTC)
LABELS = {"CompozyWorkflowId": "greet", "CompozyProject": "hello"}


async def start(connection, exec_id):
    definition = WorkflowDefinition(id="greet", tasks=())
    project = Project(name="hello", root=".", workflows={"greet": definition})
    state = WorkflowState(
        exec_id=exec_id, workflow_id="greet", status=Status.PENDING, input={}, created_at=NOW, updated_at=NOW
    )
    await TemporalOrchestrator(connection=connection, task_queue="nobody").start(state, definition, project)


async def labels_of(connection, exec_id):
    described = await connection.host.call(connection.client.get_workflow_handle(exec_id).describe)
    return {pair.key.name: pair.value for pair in described.typed_search_attributes}


async def registered_for(connection):
    request = ListSearchAttributesRequest(namespace=connection.namespace)
    answer = await connection.host.call(connection.client.operator_service.list_search_attributes, request)
    return set(answer.custom_attributes)


def server_process(database):
    [server] = [child for child in psutil.Process().children(recursive=True) if str(database) in child.cmdline()]
    return server


async def test_an_exposed_server_has_all_that_was_asked_for_and_warns_of_it(open_temporal, database, caplog):
    caplog.set_level(logging.INFO)
    port, ui_port = free_ports(2)
    async with open_temporal(
        TEMPORAL_EXPOSE="true",
        TEMPORAL_FRONTEND_PORT=str(port),
        TEMPORAL_UI_PORT=str(ui_port),
        TEMPORAL_STANDALONE_NAMESPACE="shop",
        TEMPORAL_LOG_LEVEL="info",
    ) as connection:
        await start(connection, "one")
        sockets = server_process(database).net_connections("inet")
        listening = [socket.laddr for socket in sockets if socket.status == psutil.CONN_LISTEN]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ui_port}") as browser:
            page, settings = await browser.get("/"), await browser.get("/api/v1/settings")

        assert {address.ip for address in listening} == {"127.0.0.1"}
        assert {address.port for address in listening} >= {port, ui_port}
        assert page.is_success
        assert settings.json()["DisableNewsFetch"] is True
        assert (connection.namespace, connection.address) == ("shop", f"127.0.0.1:{port}")
        assert await labels_of(connection, "one") == LABELS
    stamp = find_stamp(database)
    assert (stamp.phase, stamp.version) == (Phase.READY, read_version(find_cli()))
    assert {stat.S_IMODE(path.stat().st_mode) for path in database.parent.glob("temporal*")} == {0o600}
    lines = [record for record in caplog.records if record.name == "temporal.server"]
    exposed = "temporal is exposed: whoever reaches it controls every execution"
    [warning] = [line for line in lines if line.message.startswith(exposed)]
    assert warning.levelno == logging.WARNING
    assert warning.facts == {"ip": "127.0.0.1", "frontend_port": port, "ui_port": ui_port}
    [page_line] = [line for line in lines if line.message == "temporal serves its web page"]
    assert page_line.facts == {"url": f"http://127.0.0.1:{ui_port}"}
    listeners = [line.facts["address"] for line in lines if line.message == "Created gRPC listener"]
    assert f"127.0.0.1:{port}" in listeners


@pytest.mark.parametrize(
    ("mishap", "reason"),
    [
        (
            'echo "Error: listen tcp 127.0.0.1:17240: bind: address already in use" >&2; exit 1',
            "127.0.0.1:17240: bind: address already in use",
        ),
        ("kill -KILL $$", "temporal was killed by signal 9 while it started"),
    ],
    ids=["ports that others take meanwhile", "a kill before it is ready"],
)
async def test_a_mishap_while_it_starts_costs_another_start(open_temporal, tmp_path, caplog, mishap, reason):
    caplog.set_level(logging.INFO)
    unlucky = tmp_path / "unlucky"
    unlucky.write_text(
        f"""#!/bin/sh
        if [ "$1" = server ] && mkdir {tmp_path}/tried 2>/dev/null; then
            {mishap}
        fi
        exec {find_cli()} "$@"
        """
    )
    unlucky.chmod(0o755)

    async with open_temporal(TEMPORAL_CLI_PATH=str(unlucky)) as connection:
        await start(connection, "one")

    [line] = [record for record in caplog.records if record.message == "temporal starts again on other ports"]
    assert reason in line.facts["reason"]


async def test_another_version_is_tried_on_a_copy_of_all_there_was(open_temporal, database, tmp_path):
    real, ours = find_cli(), read_version(find_cli())
    async with open_temporal() as connection:
        await start(connection, "one")
    other = tmp_path / "temporal"
    says = "temporal version 9.9 (Server 9.10, UI 9)"
    answer = f'#!/bin/sh\n[ "$1" = --version ] && echo "{says}" && exit\n'
    other.write_text(f'{answer}echo "Error: no such column: x"\nexit 1\n')
    other.chmod(0o755)

    with pytest.raises(InvalidError) as caught:
        async with open_temporal(TEMPORAL_CLI_PATH=str(other)):
            pass

    [backup] = find_backups(database)
    for part in (f"temporal 9.9 (Server 9.10) did not start on the database that temporal {ours} used", str(backup)):
        assert part in str(caught.value)
    with closing(sqlite3.connect(database)) as found, closing(sqlite3.connect(backup)) as copy:
        executions = [list(each.execute("SELECT workflow_id FROM executions_visibility")) for each in (found, copy)]
    assert executions[0] == executions[1]
    assert ("one",) in executions[0]
    other.write_text(f'{answer}echo "{says}"\nexec {real} "$@"\n')

    async with open_temporal(TEMPORAL_CLI_PATH=str(other)) as connection:
        assert await labels_of(connection, "one") == LABELS
        assert find_stamp(database).version == "9.9 (Server 9.10)"
        await _labels_are_registered_where_they_are_missing(connection)


async def _labels_are_registered_where_they_are_missing(connection):
    elsewhere = await dial(
        connection.host,
        connection.address,
        namespace="elsewhere",
        runtime=make_runtime(),
        patience=timedelta(seconds=5),
    )
    assert await registered_for(elsewhere) == set()

    with trio.fail_after(20):
        await start(elsewhere, "two")

    assert await registered_for(elsewhere) == set(LABELS)
    assert await labels_of(elsewhere, "two") == {}
