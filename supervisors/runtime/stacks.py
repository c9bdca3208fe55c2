"""Where a task is just now: its live stack, and those of the tasks it waits for."""

import traceback

import trio


def describe_stack(task: trio.lowlevel.Task) -> str:
    """Return the await stack of a task and, below it, of the tasks in its nurseries."""
    lines = "".join(traceback.StackSummary.extract(task.iter_await_frames()).format())
    children = [child for nursery in task.child_nurseries for child in nursery.child_tasks]
    return lines + "".join(f"child task {child.name}:\n{describe_stack(child)}" for child in children)
