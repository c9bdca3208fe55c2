"""The HTTP edge: routes, wire shapes, errors to statuses."""

from compozy.api.application import Application, create_app, create_health_app
from compozy.api.health import Health
from compozy.api.listening import Address
from compozy.api.server import serve
from compozy.api.services import ActorReport, ApiServices

__all__ = ["ActorReport", "Address", "ApiServices", "Application", "Health", "create_app", "create_health_app", "serve"]
