"""Models that count what they are asked."""

from collections.abc import Collection
from time import perf_counter
from typing import Final

from typing_extensions import override

from compozy.contracts.models import Answer, Models, Question
from compozy.domain.errors import UnavailableError
from compozy.telemetry.metrics import Metrics, ModelOutcome

_OTHER: Final = "other"
"""What stands for a model that the project does not name now, but a running execution from before."""


class CountedModels(Models):
    """Models, each question to which is counted and timed, and what the answer took.

    Args:
        models: Who answers.
        known: Provider and name of each model that gets series of its own.
        metrics: Where they are counted.
    """

    def __init__(self, models: Models, *, known: Collection[tuple[str, str]], metrics: Metrics) -> None:
        self._models = models
        self._known = frozenset(known)
        self._metrics = metrics

    @override
    async def ask(self, question: Question) -> Answer:
        asked = (question.model.provider, question.model.model)
        provider, model = asked if asked in self._known else (_OTHER, _OTHER)
        began = perf_counter()
        outcome: ModelOutcome = "canceled"  # unless it ends by itself
        try:
            answer = await self._models.ask(question)
            outcome = "answered"
        except UnavailableError:
            outcome = "unavailable"
            raise
        except Exception:
            outcome = "failed"
            raise
        finally:
            self._metrics.count_model(provider, model, outcome, seconds=perf_counter() - began)
        self._metrics.count_tokens(provider, model, answer.usage)
        return answer
