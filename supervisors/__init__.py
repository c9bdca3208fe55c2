"""Supervised actors on Trio: dependencies, readiness, restarts and ordered shutdown."""

from supervisors.core.backoff import Backoff
from supervisors.core.events import Cause, Event, Reason
from supervisors.core.health import Check
from supervisors.core.plan import Chain, Plan
from supervisors.core.specs import FOREVER, ActorSpec
from supervisors.core.states import State
from supervisors.core.status import ActorStatus, TreeStatus
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
from supervisors.messages.letters import ActorCrashed, InboxError, Letter
from supervisors.processes.command_probe import command
from supervisors.processes.http_probe import http
from supervisors.processes.probes import Child, Polling, Probe, log_line, tcp
from supervisors.program.running import Ending, run, serve
from supervisors.runtime.blocked import Blocked
from supervisors.runtime.context import Context
from supervisors.runtime.live import Live
from supervisors.runtime.pools import Pool, Spawned
from supervisors.runtime.refs import Handle, Ref
from supervisors.runtime.view import View
from supervisors.tree import Tree, constant

__all__ = [
    "FOREVER",
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
