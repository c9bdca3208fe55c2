"""What Prometheus reads."""

from datetime import timedelta

import attrs
import pytest
from prometheus_client.parser import text_string_to_metric_families

from compozy.contracts.cache import CacheStatistics
from compozy.contracts.store import StoreStatistics
from compozy.domain.definitions import TaskType
from compozy.domain.statuses import Status
from compozy.telemetry.metrics import Deployment, Metrics

DEPLOYMENT = Deployment(version="1.2.3", mode="standalone", store_driver="sqlite", cache_driver="sugardb")


@attrs.frozen
class Actor:
    name: str
    state: str
    ready: bool
    restarts: int
    ready_in: timedelta | None = None


def samples(metrics):
    """Return every sample by name and own labels, as Prometheus' own parser reads it."""
    families = text_string_to_metric_families(metrics.render().decode())
    found = {}
    for family in families:
        for sample in family.samples:
            own = {key: value for key, value in sample.labels.items() if key not in DEPLOYMENT.labels}
            key = (sample.name, *sorted(own.items()))
            assert key not in found, f"{key} is there twice"
            found[key] = sample.value
    return found


@pytest.fixture
def metrics():
    return Metrics(DEPLOYMENT)


def test_every_sample_says_what_it_stands_on(metrics):
    metrics.count_request("GET", "/x", status=200, seconds=0.1)
    metrics.count_execution("greet", Status.SUCCESS, seconds=1)
    metrics.count_task(TaskType.BASIC, Status.SUCCESS, seconds=0.1)

    families = list(text_string_to_metric_families(metrics.render().decode()))

    assert all(sample.labels | DEPLOYMENT.labels == sample.labels for family in families for sample in family.samples)


def test_the_version_and_that_it_is_up_are_told(metrics):
    found = samples(metrics)

    assert found["compozy_build_info", ("version", "1.2.3")] == 1
    assert found["compozy_up",] == 1


def test_two_in_one_process_do_not_share_anything(metrics):
    other = Metrics(DEPLOYMENT)
    other.count_execution("greet", Status.SUCCESS, seconds=1)

    assert not [key for key in samples(metrics) if key[0] == "compozy_workflow_executions_total"]


def test_requests_are_counted_and_timed(metrics):
    metrics.count_request("GET", "/x/<id>", status=200, seconds=0.2)
    metrics.count_request("GET", "/x/<id>", status=404, seconds=0.3)

    found = samples(metrics)
    labels = ("method", "GET"), ("route", "/x/<id>")
    assert found["compozy_http_requests_total", *labels, ("status", "404")] == 1
    assert found["compozy_http_request_duration_seconds_count", *labels] == 2
    assert found["compozy_http_request_duration_seconds_sum", *labels] == pytest.approx(0.5)


def test_what_clients_invent_does_not_make_new_series(metrics):
    for number in range(50):
        metrics.count_request(f"METHOD{number}", None, status=404, seconds=0.1)

    found = [key for key in samples(metrics) if key[0] == "compozy_http_requests_total"]
    assert found == [("compozy_http_requests_total", ("method", "OTHER"), ("route", "unmatched"), ("status", "404"))]


def test_executions_and_tasks_are_counted_by_how_they_ended(metrics):
    metrics.count_execution("greet", Status.FAILED, seconds=3)
    metrics.count_task(TaskType.PARALLEL, Status.SUCCESS, seconds=2)

    found = samples(metrics)
    assert found["compozy_workflow_executions_total", ("status", "FAILED"), ("workflow_id", "greet")] == 1
    assert found["compozy_workflow_duration_seconds_sum", ("workflow_id", "greet")] == 3
    assert found["compozy_tasks_total", ("status", "SUCCESS"), ("type", "parallel")] == 1
    assert found["compozy_task_duration_seconds_sum", ("type", "parallel")] == 2


def test_the_store_is_read_at_each_rendering_while_it_is_open(metrics):
    reads = 0

    def statistics():
        nonlocal reads
        reads += 1
        return StoreStatistics(driver="sqlite", transactions=7, rollbacks=1, reads=reads, waiting=3)

    with metrics.watching_store(statistics):
        assert reads == 0
        first, second = samples(metrics), samples(metrics)
    after = samples(metrics)

    assert first["compozy_store_transactions_total",] == 7
    assert first["compozy_store_rollbacks_total",] == 1
    assert first["compozy_store_waiting",] == 3
    assert second["compozy_store_reads_total",] == 2
    assert not [key for key in after if key[0].startswith("compozy_store")]


@pytest.mark.parametrize("keys", [5, None])
def test_a_cache_has_the_same_metrics_whichever_it_is(metrics, keys):
    def statistics():
        return CacheStatistics(driver="redis", commands=7, failures=1, published=4, lost=2, lock_waits=3, keys=keys)

    with metrics.watching_cache(statistics):
        text = metrics.render().decode()
        found = samples(metrics)
    after = samples(metrics)

    assert found["compozy_cache_commands_total",] == 7
    assert found["compozy_cache_failures_total",] == 1
    assert found["compozy_cache_published_total",] == 4
    assert found["compozy_cache_lost_total",] == 2
    assert found["compozy_lock_waits_total",] == 3
    assert found.get(("compozy_cache_keys",)) == keys
    assert "# TYPE compozy_cache_keys gauge" in text
    assert not [key for key in after if key[0].startswith(("compozy_cache", "compozy_lock"))]


def test_actors_show_their_state_whether_they_are_ready_and_their_restarts(metrics):
    actors = [Actor("store", "ready", True, 0, timedelta(seconds=0.5)), Actor("temporal", "backoff", False, 2)]  # noqa: FBT003 - a row of a table

    with metrics.watching_actors(lambda: actors):
        found = samples(metrics)

    assert found["compozy_actor_ready", ("actor", "store")] == 1
    assert found["compozy_actor_ready", ("actor", "temporal")] == 0
    assert found["compozy_actor_state", ("actor", "temporal"), ("state", "backoff")] == 1
    assert found["compozy_actor_restarts_total", ("actor", "temporal")] == 2
    assert found["compozy_actor_start_seconds", ("actor", "store")] == 0.5
    assert ("compozy_actor_start_seconds", ("actor", "temporal")) not in found


def test_when_a_series_was_made_is_left_out(metrics):
    metrics.count_execution("greet", Status.SUCCESS, seconds=1)

    assert b"_created" not in metrics.render()


def test_unfinished_executions_are_shown_at_every_status_or_not_at_all(metrics):
    metrics.set_unfinished({Status.PENDING: 2})
    known = samples(metrics)
    metrics.set_unfinished(None)
    unknown = samples(metrics)

    assert known["compozy_workflow_unfinished", ("status", "PENDING")] == 2
    assert known["compozy_workflow_unfinished", ("status", "RUNNING")] == 0
    assert ("compozy_workflow_unfinished", ("status", "SUCCESS")) not in known
    assert not [key for key in unknown if key[0] == "compozy_workflow_unfinished"]
