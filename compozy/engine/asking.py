"""Asking models on behalf of tasks: what was said before, the question, the answer, and what is remembered of it."""

import json
from collections.abc import Sequence
from typing import Final, NoReturn

import attrs

from compozy.contracts.models import Models, Question, Remark, Role
from compozy.domain.errors import TaskError
from compozy.domain.json import JsonObject, is_too_deep
from compozy.domain.work import AskWork
from compozy.engine.checking import check_output
from compozy.engine.memories import Memories
from compozy.engine.rules.remembering import Entry
from compozy.engine.rules.results import output_of_result
from compozy.telemetry.logger import get_logger

_SHOWN: Final = 500
"""How many characters of an answer that cannot be used are shown."""

_log = get_logger(__name__)


@attrs.frozen(kw_only=True)
class Asking:
    """Asks models.

    Attributes:
        models: Who answers.
        memories: The conversations that questions go on with.
    """

    models: Models
    memories: Memories

    async def ask(self, work: AskWork, *, by: str, tried: int = 1) -> JsonObject:
        """Ask, remember question and answer, and return the output of the task.

        A run that is repeated after a crash does not ask again if its answer was remembered, and remembers nothing
        twice. Where no conversation is added to, it asks again.

        Args:
            work: The question.
            by: The task run.
            tried: Which attempt it is, from 1; a later one asks anew.

        Raises:
            TaskError: The model does not answer (:meth:`Models.ask`), or ``OUTPUT_INVALID``: the answer is not what the
                schema asks for, and is not remembered. Or a conversation cannot be used (:class:`Memories`).
            UnavailableError: The model or the cache cannot be reached now.
        """
        entries = [entry for each in work.memories for entry in await self.memories.recall(each.memory, each.key)]
        text = _answer_of(entries, by) if tried == 1 else None
        if text is None:
            text = await self._answer(work, [entry for entry in entries if entry.by != by])
        output = output_of_answer(text, work.output_schema)
        said = [Remark(Role.USER, work.prompt), Remark(Role.ASSISTANT, text)]
        messages = [{"role": remark.role.value, "content": remark.content} for remark in said]
        for each in work.memories:
            if not each.read_only:
                await self.memories.remember(each.memory, each.key, messages, by=by)
        return output

    async def _answer(self, work: AskWork, before: Sequence[Entry]) -> str:
        question = Question(
            model=work.model,
            instructions=work.instructions,
            history=tuple(Remark(Role(entry.message["role"]), entry.message["content"]) for entry in before),
            prompt=work.prompt,
            output_schema=work.output_schema,
        )
        answer = await self.models.ask(question)
        _log.debug(
            "a model answered",
            model=f"{work.model.provider}:{work.model.model}",
            agent=work.agent_id,
            input_tokens=answer.usage.input_tokens,
            output_tokens=answer.usage.output_tokens,
        )
        return answer.text


def output_of_answer(text: str, schema: JsonObject | None) -> JsonObject:
    """Return the output of a task that was answered so.

    >>> output_of_answer("sunny", None), output_of_answer('{"n": 1}', {"type": "object"})
    ({'response': 'sunny'}, {'n': 1})

    Args:
        text: The answer.
        schema: What it must satisfy, as JSON; None takes any text.

    Raises:
        TaskError: ``OUTPUT_INVALID``.
    """
    if schema is None:
        return {"response": text}
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _unusable("is not JSON, which the output schema asks for", text) from error
    if is_too_deep(value):
        raise _unusable("is nested too deeply", text)
    check_output(value, schema)
    return output_of_result(value)


def _answer_of(entries: Sequence[Entry], by: str) -> str | None:
    """Return what this task run was answered before; None when nothing of it was remembered."""
    own = [entry.message for entry in entries if entry.by == by]
    return next((str(each["content"]) for each in own if each["role"] == Role.ASSISTANT.value), None)


def _refuse(constant: str) -> NoReturn:
    """Refuse NaN and the infinities, which are not JSON."""
    raise ValueError(constant)


def _unusable(reason: str, text: str) -> TaskError:
    details: JsonObject = {"answer": text[:_SHOWN]}
    return TaskError(f"the model's answer {reason}", error_code="OUTPUT_INVALID", details=details)
