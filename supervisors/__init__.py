"""Supervised actors on Trio: dependencies, readiness, restarts and ordered shutdown."""

from supervisors.backoff import Backoff
from supervisors.context import Context
from supervisors.errors import (
    AbandonedError,
    ActorError,
    ChildExitError,
    EarlyReturnError,
    ReadinessError,
    StartTimeoutError,
    SupervisorError,
    TreeError,
    TreeFailed,
    TreeStopped,
    Unavailable,
)
from supervisors.events import Cause, Event, Reason
from supervisors.live import Live
from supervisors.plan import Plan
from supervisors.probes import Child, Probe, log_line, tcp
from supervisors.refs import Handle, Ref
from supervisors.running import Ending, run, serve
from supervisors.specs import ActorSpec
from supervisors.states import State
from supervisors.status import ActorStatus, TreeStatus
from supervisors.tree import Tree, constant
from supervisors.view import View

__all__ = [
    "AbandonedError",
    "ActorError",
    "ActorSpec",
    "ActorStatus",
    "Backoff",
    "Cause",
    "Child",
    "ChildExitError",
    "Context",
    "EarlyReturnError",
    "Ending",
    "Event",
    "Handle",
    "Live",
    "Plan",
    "Probe",
    "ReadinessError",
    "Reason",
    "Ref",
    "StartTimeoutError",
    "State",
    "SupervisorError",
    "Tree",
    "TreeError",
    "TreeFailed",
    "TreeStatus",
    "TreeStopped",
    "Unavailable",
    "View",
    "constant",
    "log_line",
    "run",
    "serve",
    "tcp",
]
