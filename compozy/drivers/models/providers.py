"""Which provider answers: each question goes to the one that its model names."""

from collections.abc import Mapping

from typing_extensions import override

from compozy.contracts.models import Answer, Models, Provider, Question
from compozy.domain.errors import TaskError
from compozy.drivers.models.mock import MockModels


class ProviderModels(Models):
    """Hands each question to its model's provider.

    Args:
        providers: By name.
    """

    def __init__(self, providers: Mapping[str, Models]) -> None:
        self._providers = dict(providers)

    @classmethod
    def of_all(cls) -> "ProviderModels":
        """Return the models of every provider that there is."""
        return cls({provider: _models_of(provider) for provider in Provider})

    @override
    async def ask(self, question: Question) -> Answer:
        provider = self._providers.get(question.model.provider)
        if provider is None:
            supported = ", ".join(sorted(self._providers))
            raise TaskError(
                f"provider {question.model.provider!r} of model {question.model.model!r} is not supported by this "
                f"version; supported: {supported}",
                error_code="MODEL_UNKNOWN",
            )
        return await provider.ask(question)


def _models_of(provider: Provider) -> Models:
    match provider:
        case Provider.MOCK:
            return MockModels()
