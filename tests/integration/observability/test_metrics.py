"""What Prometheus reads from a real run."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

pytestmark = pytest.mark.slow

DEPLOYMENT = {"mode": "standalone", "store_driver": "sqlite", "cache_driver": "sugardb"}
DOCS = Path(__file__).parents[3] / "docs"


def families_of(text):
    return {family.name: family for family in text_string_to_metric_families(text)}


def series_of(text):
    return {
        (sample.name, *sorted(sample.labels.items()))
        for family in families_of(text).values()
        for sample in family.samples
    }


def values_of(text, name, *labels):
    """Return the samples of this name by the values of some of their labels."""
    return {
        tuple(sample.labels[label] for label in labels): sample.value
        for family in families_of(text).values()
        for sample in family.samples
        if sample.name == name
    }


def test_every_family_has_help_and_type_and_every_sample_the_drivers(seen):
    families = families_of(seen.metrics)

    assert [name for name, family in families.items() if not family.documentation or family.type == "unknown"] == []
    assert all(sample.labels.items() >= DEPLOYMENT.items() for family in families.values() for sample in family.samples)


def test_every_family_of_ours_is_documented_and_the_other_way_round(seen):
    told = re.findall(r"^# TYPE (compozy_\w+)", seen.metrics, re.MULTILINE)
    rows = re.findall(r"^\| (`compozy_.*?`) \|", (DOCS / "reference" / "http-api.md").read_text(), re.MULTILINE)

    assert sorted(told) == sorted(name for row in rows for name in re.findall(r"\w+", row))


def test_the_sdks_families_that_are_documented_are_told(seen):
    page = (DOCS / "how-to" / "observe.md").read_text()

    told = re.findall(r"^# TYPE (temporal_\w+)", seen.metrics, re.MULTILINE)
    assert set(re.findall(r"^\| `(temporal_\w+)` \|", page, re.MULTILINE)) - set(told) == set()


def test_executions_tasks_and_tools_are_counted_by_how_they_ended(seen):
    assert values_of(seen.metrics, "compozy_workflow_executions_total", "workflow_id", "status") == {
        ("talk", "SUCCESS"): 1,
        ("broken", "FAILED"): 1,
    }
    assert values_of(seen.metrics, "compozy_tool_calls_total", "tool_id", "status") == {
        ("talk", "SUCCESS"): 3,
        ("talk_on_a_thread", "SUCCESS"): 1,
        ("fail", "FAILED"): 1,
    }
    assert values_of(seen.metrics, "compozy_tasks_total", "type", "status") == {
        ("basic", "SUCCESS"): 4,
        ("basic", "FAILED"): 1,
        ("parallel", "SUCCESS"): 1,
    }
    assert values_of(seen.metrics, "compozy_workflow_unfinished", "status") == {
        (status,): 0 for status in ("PENDING", "RUNNING", "WAITING", "PAUSED")
    }


def test_actors_tell_how_long_their_start_took(seen):
    took = values_of(seen.metrics, "compozy_actor_start_seconds", "actor")

    assert took.keys() >= {("store",), ("cache",), ("temporal",), ("worker",), ("http",)}
    assert all(0 <= seconds < 60 for seconds in took.values())


def test_the_sdk_counts_along(seen):
    completed = values_of(seen.metrics, "temporal_workflow_completed_total", "workflow_type", "task_queue")
    latency = families_of(seen.metrics)["temporal_workflow_endtoend_latency_seconds"]

    assert completed == {("compozy.execution", "compozy:watched"): 2}
    assert latency.type == "histogram"


def test_requests_for_what_nobody_has_make_a_handful_of_series_and_no_more(seen):
    own = {"route", "method", "status"}
    new = {
        (name, *(value for label, value in labels if label in own))
        for name, *labels in series_of(seen.after_storm) - series_of(seen.metrics)
        if name.startswith("compozy_") and not name.startswith("compozy_http_request_duration_seconds")
    }

    assert new == {
        ("compozy_http_requests_total", method, route, status)
        for method, route, status in (
            ("GET", "/api/v0/workflows/<workflow_id>", "404"),
            ("GET", "/api/v0/executions/workflows/<exec_id>", "404"),
            ("POST", "/api/v0/workflows/<workflow_id>/executions", "404"),
            ("OTHER", "unmatched", "404"),
            ("GET", "/metrics", "200"),
        )
    }
