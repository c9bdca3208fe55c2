"""One evaluation of one template: where it reads, where it writes, and what it has used up."""

from collections.abc import Callable, Collection
from datetime import datetime

import attrs

from compozy.domain.json import Json, JsonObject
from compozy.templates.errors import TemplateError, template_error
from compozy.templates.limits import MAX_SIZE, MAX_STEPS
from compozy.templates.ordering import naturally


@attrs.frozen(kw_only=True)
class Sources:
    """Where ``now`` and ``uuidv4`` come from; a replayed workflow gives ones that answer the same again.

    Attributes:
        now: Returns an aware datetime.
        uuid4: Returns the text of a fresh UUID.
        counts_digits: Returns whether keys are in natural order, ``k-2`` before ``k-10``; asked where that matters. An
            execution that began with the order of texts keeps to it.
    """

    now: Callable[[], datetime]
    uuid4: Callable[[], str]
    counts_digits: Callable[[], bool] = lambda: True

    def in_order(self, keys: Collection[str]) -> list[str]:
        """Return keys in the order in which templates go over them."""
        natural, once = naturally(keys), sorted(keys)
        return natural if natural == once or self.counts_digits() else once


@attrs.define
class Run:
    """One evaluation of one template: what it reads, and what it has used up."""

    source: str
    scope: JsonObject
    sources: Sources
    dot: Json
    variables: list[tuple[str, Json]] = attrs.Factory(list)
    steps: int = 0
    parts: list[str] = attrs.Factory(list)
    size: int = 0

    def error(self, at: int, message: str, hint: str | None = None) -> TemplateError:
        """Return the error for character ``at`` of the template."""
        return template_error(self.source, at, message, hint)

    def spend(self, steps: int, at: int) -> None:
        """Count steps; refuse the one that is too many."""
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise self.error(at, f"more than {MAX_STEPS} steps, which is the limit", "move the work into a tool")

    def write(self, text: str, at: int) -> None:
        """Append to the output; refuse what makes it too long."""
        self.size += len(text)
        if self.size > MAX_SIZE:
            raise self.error(at, f"more than {MAX_SIZE} characters, which is the limit", "move the work into a tool")
        self.parts.append(text)
