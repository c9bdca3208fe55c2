"""Shape of the options that a project, a workflow and a task give alike: how often and how long tasks are tried."""

from typing import Annotated

from pydantic import Field

from compozy.config.fields import Duration, Name, Shape


class RetryPolicyEntry(Shape):
    """How often a task that did not succeed is tried again; what is left out comes from further out."""

    initial_interval: Duration | None = Field(None, description="the wait before the second attempt; 1s when not set")
    backoff_coefficient: Annotated[float, Field(ge=1, le=1000, strict=False, allow_inf_nan=False)] | None = Field(
        None, description="what each further wait is multiplied by; 2 when not set"
    )
    maximum_interval: Duration | None = Field(None, description="the longest wait; 1m when not set")
    maximum_attempts: Annotated[int, Field(ge=1, le=1001)] | None = Field(
        None, description="all attempts, the first included; 3 when not set"
    )
    non_retryable_error_types: list[Name] | None = Field(
        None, description="error codes and names of exceptions after which it is not tried again"
    )


class OptionsEntry(Shape):
    """Options of tasks: those of a task are over those of its workflow, and those over the project's."""

    retry_policy: RetryPolicyEntry | None = Field(None, description="how often tasks are tried; once when not set")
    start_to_close_timeout: Duration | None = Field(None, description="how long one attempt may take")
    schedule_to_start_timeout: Duration | None = Field(None, description="how long long work may wait for a worker")
    schedule_to_close_timeout: Duration | None = Field(None, description="how long all attempts may take")
    heartbeat_timeout: Duration | None = Field(None, description="the silence after which a worker counts as lost")
