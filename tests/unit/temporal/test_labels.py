"""The labels of executions in Temporal, and clusters that refuse them; the cluster is played."""

from types import SimpleNamespace

import pytest
from temporalio.service import RPCError, RPCStatusCode

from compozy.bridge import open_asyncio_host
from compozy.drivers.temporal.labels import Labels

REFUSED = RPCError(
    "Namespace default has no mapping defined for search attribute CompozyProject",
    RPCStatusCode.INVALID_ARGUMENT,
    b"",
)


class Cluster:
    """Stands in for a client: it registers attributes, or answers with an error."""

    namespace = "shop"

    def __init__(self, error=None):
        self.error = error
        self.registered = []
        self.operator_service = SimpleNamespace(add_search_attributes=self._add)

    async def _add(self, request):
        self.registered.append((request.namespace, set(request.search_attributes)))
        if self.error is not None:
            raise self.error


def shown(labels):
    return {pair.key.name: pair.value for pair in labels.of("greet", "hello" * 100)}


async def refuse(labels, cluster, error=REFUSED):
    async with open_asyncio_host() as host:
        return await host.call(labels.handle_refusal, cluster, error)


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def labels(now):
    return Labels(clock=lambda: now[0])


def test_executions_are_labelled_with_their_workflow_and_project(labels):
    assert shown(labels) == {"CompozyWorkflowId": "greet", "CompozyProject": "hello" * 51}


async def test_a_refusal_registers_the_labels_which_come_back_later(labels, now):
    cluster = Cluster()

    assert await refuse(labels, cluster)
    assert cluster.registered == [("shop", {"CompozyWorkflowId", "CompozyProject"})]
    assert shown(labels) == {}
    now[0] = 10.0
    assert shown(labels)
    assert await refuse(labels, cluster)
    assert len(cluster.registered) == 1


async def test_who_may_not_register_them_goes_on_without_and_says_so_once(labels, now, caplog):
    cluster = Cluster(RPCError("not for you", RPCStatusCode.PERMISSION_DENIED, b""))
    with caplog.at_level("INFO"):
        assert await refuse(labels, cluster)

    now[0] = 1e9
    assert shown(labels) == {}
    assert [record.facts["reason"] for record in caplog.records if "search attributes" in record.message] == [
        "not for you"
    ]


async def test_any_other_error_is_somebody_elses(labels):
    cluster = Cluster()

    assert not await refuse(labels, cluster, RPCError("workflow id is too long", RPCStatusCode.INVALID_ARGUMENT, b""))
    assert not await refuse(labels, cluster, RPCError("search attribute store", RPCStatusCode.UNAVAILABLE, b""))
    assert cluster.registered == []
    assert shown(labels)
