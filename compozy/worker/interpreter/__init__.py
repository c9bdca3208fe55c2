"""The interpreter: carries a compiled definition out, inside a Temporal workflow.

Everything here is replayed by Temporal after a crash, so it must come to the same decisions again: time, identifiers
and random numbers come from the workflow, decisions from pure functions of the engine, and all that touches the world
is an activity. The event loop under it is Temporal's own, which is why this room may name asyncio.

From the outside in: ``execution`` follows the tasks at the top from the first to the last, ``tasks`` is the life that
every task has (condition, input, attempts, time limits, outputs), ``kinds`` what each type does in the middle of it.
``children`` runs the tasks in a container under its strategy, ``items`` says what a collection runs its task for, and
``chunks`` and ``part`` split a large one over several workflows. ``frames`` is where a task is and what its templates
see, ``environment`` the variables that it gives them, ``event_names`` what signals and waits call an event. ``work`` is
how activities are called, ``queueing`` which of them are queued and ``groups`` which travel together, ``records`` what
has been written and what is still to be, ``control`` what is told to an execution from outside, ``sleeping`` the pause
after a task, ``cancelling`` how it is stopped, ``changes`` what executions that began earlier do otherwise.
"""

from compozy.worker.interpreter.execution import Interpreter

__all__ = ["Interpreter"]
