"""Supervised actors on Trio: dependencies, readiness, restarts and ordered shutdown."""

from supervisors.backoff import Backoff
from supervisors.blocked import Blocked
from supervisors.command_probe import command
from supervisors.context import Context
from supervisors.errors import (
    AbandonedError,
    ActorError,
    ChildExitError,
    EarlyReturnError,
    LogError,
    ProbeError,
    ReadinessError,
    StartTimeoutError,
    SupervisorError,
    TreeError,
    TreeFailed,
    TreeStopped,
    Unavailable,
    UnhealthyError,
)
from supervisors.events import Cause, Event, Reason
from supervisors.health import Check
from supervisors.http_probe import http
from supervisors.letters import ActorCrashed, InboxError, Letter
from supervisors.live import Live
from supervisors.plan import Chain, Plan
from supervisors.pools import Pool, Spawned
from supervisors.probes import Child, Polling, Probe, log_line, tcp
from supervisors.refs import Handle, Ref
from supervisors.running import Ending, run, serve
from supervisors.specs import ActorSpec
from supervisors.states import State
from supervisors.status import ActorStatus, TreeStatus
from supervisors.tree import Tree, constant
from supervisors.view import View

__all__ = [
    "AbandonedError",
    "ActorCrashed",
    "ActorError",
    "ActorSpec",
    "ActorStatus",
    "Backoff",
    "Blocked",
    "Cause",
    "Chain",
    "Check",
    "Child",
    "ChildExitError",
    "Context",
    "EarlyReturnError",
    "Ending",
    "Event",
    "Handle",
    "InboxError",
    "Letter",
    "Live",
    "LogError",
    "Plan",
    "Polling",
    "Pool",
    "Probe",
    "ProbeError",
    "ReadinessError",
    "Reason",
    "Ref",
    "Spawned",
    "StartTimeoutError",
    "State",
    "SupervisorError",
    "Tree",
    "TreeError",
    "TreeFailed",
    "TreeStatus",
    "TreeStopped",
    "Unavailable",
    "UnhealthyError",
    "View",
    "command",
    "constant",
    "http",
    "log_line",
    "run",
    "serve",
    "tcp",
]
