"""Models: language models, which tasks ask."""

from abc import ABC, abstractmethod
from enum import StrEnum

import attrs

from compozy.domain.definitions import ModelDefinition
from compozy.domain.json import JsonObject


class Provider(StrEnum):
    """Who runs the models that this version can ask."""

    MOCK = "mock"


class Role(StrEnum):
    """Who says something in a conversation."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@attrs.frozen
class Remark:
    """One thing that was said.

    Attributes:
        role: By whom.
        content: The text.
    """

    role: Role
    content: str


@attrs.frozen(kw_only=True)
class Question:
    """What a model is asked.

    Attributes:
        model: The model.
        instructions: What it is told first; may be empty.
        history: What was said before, oldest first.
        prompt: The question.
        output_schema: JSON Schema of the answer, which then is JSON; None takes text. It is itself in order.
    """

    model: ModelDefinition
    instructions: str = ""
    history: tuple[Remark, ...] = ()
    prompt: str
    output_schema: JsonObject | None = None


@attrs.frozen(kw_only=True)
class Usage:
    """What an answer took, in tokens as the provider counts them.

    Attributes:
        input_tokens: Of all that the model was given.
        output_tokens: Of the answer.
    """

    input_tokens: int
    output_tokens: int


@attrs.frozen(kw_only=True)
class Answer:
    """What a model said.

    Attributes:
        text: The answer; JSON when the question has a schema, which nobody has checked it against.
        usage: What it took.
    """

    text: str
    usage: Usage


class Models(ABC):
    """Answers questions."""

    @abstractmethod
    async def ask(self, question: Question) -> Answer:
        """Ask a model and return what it says.

        How long that may take is the caller's to say: cancelling gives the answer up.

        Raises:
            TaskError: ``MODEL_UNKNOWN``: there is no such provider or model. ``MODEL_PARAMS_INVALID``: the model's
                ``params`` are not what its provider takes. ``MODEL_FAILED``, or the code that the provider gives: it
                did not answer, and asking the same again now would not help.
            UnavailableError: The provider cannot be reached now; asking again later is safe.
        """
