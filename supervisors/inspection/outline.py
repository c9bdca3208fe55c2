"""The plan of a tree as a report: what starts when, what stops when, and what to look at; as text and as JSON."""

import math
from collections.abc import Iterable
from typing import Any

from supervisors.core.plan import Chain, Plan
from supervisors.inspection.advice import warnings
from supervisors.inspection.forecast import longest_start, longest_stop, shutdown_shares
from supervisors.inspection.tables import arrows, indent, seconds, table


def outline(plan: Plan) -> str:
    """Return the report for people."""
    start, stop, found = longest_start(plan), longest_stop(plan), warnings(plan)
    limits = f"ready within {seconds(start.seconds)}, down within {seconds(plan.shutdown)}"
    parts = [
        f"{plan.name}: {_counted(len(plan.specs), 'actor')}, {limits}",
        f"  start: {_waves(plan.start_order)}",
        f"  stop:  {_waves(plan.stop_order)}",
        f"  longest start: {arrows(start.actors) or 'nothing'} ({seconds(start.seconds)})",
        f"  longest stop:  {arrows(stop.actors) or 'nothing'} ({seconds(stop.seconds)} of {seconds(plan.shutdown)})",
        "",
        indent(_shares(plan)),
    ]
    return "\n".join([*parts, *(["", "warnings:", *(f"  - {warning}" for warning in found)] if found else [])])


def outline_as_dict(plan: Plan) -> dict[str, Any]:
    """Return the report for programs: plain values that JSON has; null is a time without a limit."""
    shares = {share.name: share for share in shutdown_shares(plan)}
    actors = []
    for name, spec in plan.specs.items():
        share = shares.get(name)
        actors.append(
            {
                "name": name,
                "kind": spec.kind,
                "group": spec.group,
                "main": spec.main,
                "needs": list(plan.needs[name]),
                "wants": list(plan.wants[name]),
                "restart": spec.restart,
                "retries": spec.retries,
                "start_timeout": None if spec.main or spec.is_virtual else spec.start_timeout,
                "grace": share and share.grace,
                "planned_grace": share and share.planned,
                "cancel_by": share and share.cancel_by,
                "gone_by": share and share.gone_by,
            }
        )
    return {
        "name": plan.name,
        "shutdown": plan.shutdown,
        "retry_boot": plan.retry_boot,
        "start_order": [list(wave) for wave in plan.start_order],
        "stop_order": [list(wave) for wave in plan.stop_order],
        "longest_start": _chain_as_dict(longest_start(plan)),
        "longest_stop": _chain_as_dict(longest_stop(plan)),
        "actors": actors,
        "warnings": list(warnings(plan)),
    }


def _waves(order: Iterable[Iterable[str]]) -> str:
    return " -> ".join(", ".join(wave) for wave in order)


def _shares(plan: Plan) -> str:
    header = ("actor", "grace", "planned", "cancelled by", "gone by")
    rows = [
        (share.name, *map(seconds, (share.grace, share.planned, share.cancel_by, share.gone_by)))
        for share in shutdown_shares(plan)
    ]
    return table(header, rows, right=header[1:])


def _chain_as_dict(chain: Chain) -> dict[str, Any]:
    return {"actors": list(chain.actors), "seconds": None if math.isinf(chain.seconds) else chain.seconds}


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
