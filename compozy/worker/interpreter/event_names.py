"""The names of events, as the tasks that tell them and wait for them write them."""

import attrs

from compozy.domain.errors import InvalidError
from compozy.domain.events import event_name
from compozy.engine.scopes import placed
from compozy.templates import render
from compozy.templates.values import to_text
from compozy.worker.interpreter.changes import Change, has
from compozy.worker.interpreter.runs import Runner, TaskRun


def event_name_of(runner: Runner, run: TaskRun, template: str, *, key: str) -> str:
    """Return the name that a template comes to; a number is one as it is written.

    Args:
        runner: What runs the task.
        run: Its run.
        template: What is written for the name.
        key: Where it is written, for what is told of it.

    Raises:
        InvalidError: It cannot be rendered, or came to nothing, or to what is no name.
    """
    with placed(key):
        value = render(template, run.scope, sources=runner.sources)
    # Nothing at all is refused in either case.
    is_text = isinstance(value, str) or (value is not None and not has(Change.EVENT_NAMES_ARE_TEXT))
    try:
        return event_name(value if is_text else to_text(value))
    except InvalidError as error:
        raise InvalidError(attrs.evolve(each, key=key) for each in error.problems) from error
