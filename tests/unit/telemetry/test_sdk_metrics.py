"""What the Temporal SDK counts, added up and shown as Prometheus wants it."""

from collections import deque
from datetime import timedelta

import attrs
import pytest
import trio
from prometheus_client.parser import text_string_to_metric_families
from temporalio.runtime import (
    BUFFERED_METRIC_KIND_COUNTER,
    BUFFERED_METRIC_KIND_GAUGE,
    BUFFERED_METRIC_KIND_HISTOGRAM,
)

from compozy.drivers.temporal.connection import make_metered_runtime
from compozy.telemetry.metrics import Deployment, Metrics
from compozy.telemetry.sdk_metrics import SdkMetrics

DEPLOYMENT = Deployment(version="1", mode="standalone", store_driver="sqlite", cache_driver="sugardb")


@attrs.frozen
class Metric:
    name: str
    kind: int
    unit: str | None = None
    description: str | None = None


@attrs.frozen
class Update:
    metric: Metric
    value: float
    attributes: dict


@attrs.frozen
class Buffer:
    updates: deque = attrs.Factory(deque)

    def put(self, metric, *values, **attributes):
        self.updates.extend(Update(metric, value, attributes) for value in values)

    def retrieve(self):
        taken = list(self.updates)
        self.updates.clear()
        return taken


REQUESTS = Metric("temporal_request", BUFFERED_METRIC_KIND_COUNTER, description="Count of requests")
CACHED = Metric("temporal_sticky_cache_size", BUFFERED_METRIC_KIND_GAUGE)
LATENCY = Metric("temporal_request_latency", BUFFERED_METRIC_KIND_HISTOGRAM, unit="s")


@pytest.fixture
def buffer():
    return Buffer()


@pytest.fixture
def read(buffer):
    """Return a function that renders all metrics and gives those of the SDK: families by name, samples by labels."""
    metrics = Metrics(DEPLOYMENT)
    metrics.temporal.read_from(buffer.retrieve)

    def read():
        families = {}
        for family in text_string_to_metric_families(metrics.render().decode()):
            if family.name.startswith("temporal_"):
                samples = {
                    (sample.name, *(set(sample.labels.items()) - set(DEPLOYMENT.labels.items()))): sample.value
                    for sample in family.samples
                }
                families[family.name] = (family, samples)
        return families

    return read


def test_a_counter_grows_by_what_is_told_between_and_across_renderings(buffer, read):
    buffer.put(REQUESTS, 1, 2, operation="Start")
    buffer.put(REQUESTS, 5, operation="Poll")
    first = read()
    buffer.put(REQUESTS, 1, operation="Start")
    second = read()

    family, samples = first["temporal_request"]
    assert (family.type, family.documentation) == ("counter", "Count of requests")
    assert samples == {
        ("temporal_request_total", ("operation", "Start")): 3,
        ("temporal_request_total", ("operation", "Poll")): 5,
    }
    assert second["temporal_request"][1]["temporal_request_total", ("operation", "Start")] == 4


def test_a_gauge_is_what_was_told_last_and_has_help_though_the_sdk_gives_none(buffer, read):
    buffer.put(CACHED, 7, 3)

    family, samples = read()["temporal_sticky_cache_size"]

    assert samples == {("temporal_sticky_cache_size",): 3}
    assert family.documentation == "The Temporal SDK's temporal_sticky_cache_size."


def test_a_duration_becomes_a_histogram_in_seconds(buffer, read):
    buffer.put(LATENCY, 0.001, 0.02, 0.02, 1000.0)

    family, samples = read()["temporal_request_latency_seconds"]

    assert family.type == "histogram"
    upto = {dict(key[1:])["le"]: value for key, value in samples.items() if key[0].endswith("_bucket")}
    assert (upto["0.001"], upto["0.01"], upto["0.05"], upto["600.0"], upto["+Inf"]) == (1, 1, 3, 3, 4)
    assert samples["temporal_request_latency_seconds_count",] == 4
    assert samples["temporal_request_latency_seconds_sum",] == pytest.approx(1000.041)


def test_series_of_one_metric_may_differ_in_their_labels(buffer, read):
    buffer.put(REQUESTS, 1, operation="Start")
    buffer.put(REQUESTS, 2, operation="Start", status_code="UNAVAILABLE")

    samples = read()["temporal_request"][1]

    assert sorted(samples.values()) == [1, 2]


async def test_the_buffer_is_emptied_every_second_though_nobody_asks(buffer, autojump_clock, nursery):
    metrics = SdkMetrics()
    metrics.read_from(buffer.retrieve)
    nursery.start_soon(metrics.keep_reading)
    buffer.put(REQUESTS, 1)

    await trio.sleep(1.5)

    assert not buffer.updates
    assert [family.samples[0].value for family in metrics.collect()] == [1]


def test_the_sdk_itself_tells_in_these_words():
    runtime, retrieve = make_metered_runtime(100)
    meter = runtime.metric_meter.with_additional_attributes({"task_queue": "q"})
    meter.create_counter("tries", "How often").add(2)
    meter.create_histogram_timedelta("wait", "How long", "s").record(timedelta(seconds=1))
    metrics = SdkMetrics()
    metrics.read_from(retrieve)

    families = {family.name: family for family in metrics.collect()}

    assert families["tries"].samples[0][:3] == ("tries_total", {"task_queue": "q"}, 2)
    assert families["wait_seconds"].documentation == "How long"
