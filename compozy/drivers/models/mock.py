"""The mock model: answers by itself, offline, and to the same question always the same.

Without a script (:mod:`compozy.drivers.models.scripts`) it says who answers and what was asked::

    mock gpt-4o-mini 5f0c6c5e: Say hello to Ada.
    mock gpt-4o-mini 90ab12c3 after 2 messages: And to Bob.

The eight digits stand for all that the model was given, so another model, other instructions or another history make
another answer. To a question with a schema it answers with JSON that satisfies it
(:mod:`compozy.drivers.models.samples`); of a scripted answer to one, fences around the JSON are taken off.
"""

import json
import re
from typing import Final

import trio
from typing_extensions import override

from compozy.contracts.models import Answer, Models, Question, Usage
from compozy.domain.json import fingerprint
from compozy.domain.tokens import estimate_tokens
from compozy.drivers.models.samples import sample_of
from compozy.drivers.models.scripts import find_scripted

_SHOWN: Final = 120
"""How many characters of each end of a long prompt the answer repeats."""


_FENCES: Final = re.compile(r"```(?:json)?[^\S\n]*\n(.*)```", re.DOTALL | re.IGNORECASE)


class MockModels(Models):
    """Answers every question, whichever model it is for."""

    @override
    async def ask(self, question: Question) -> Answer:
        await trio.lowlevel.checkpoint()
        text = find_scripted(question.model.params, question.prompt)
        if text is None:
            text = _made_up(question)
        elif question.output_schema is not None:
            text = _unfenced(text)
        given = [question.instructions, *(remark.content for remark in question.history), question.prompt]
        usage = Usage(input_tokens=sum(map(estimate_tokens, given)), output_tokens=estimate_tokens(text))
        return Answer(text=text, usage=usage)


def _made_up(question: Question) -> str:
    if question.output_schema is not None:
        return json.dumps(sample_of(question.output_schema), ensure_ascii=False)
    history = [[remark.role.value, remark.content] for remark in question.history]
    digest = fingerprint([question.model.model, question.instructions, history, question.prompt])[:8]
    after = f" after {len(history)} message{'s' if len(history) > 1 else ''}" if history else ""
    return f"mock {question.model.model} {digest}{after}: {_gist_of(question.prompt)}"


def _unfenced(text: str) -> str:
    """Return what stands between the fences that models put around JSON, and that stand in scripts copied from them."""
    fenced = _FENCES.fullmatch(text.strip())
    return text if fenced is None else fenced[1]


def _gist_of(prompt: str) -> str:
    """Return the prompt on one line, without the middle when it is long: what is asked stands at its ends."""
    line = " ".join(prompt.split())
    return line if len(line) <= 2 * _SHOWN else f"{line[:_SHOWN]} … {line[-_SHOWN:]}"
