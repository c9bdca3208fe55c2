"""Models: who answers the questions of tasks. ``mock`` answers offline; others join it behind the same contract."""

from compozy.drivers.models.mock import MockModels
from compozy.drivers.models.providers import ProviderModels

__all__ = ["MockModels", "ProviderModels"]
