"""The HTTP edge: routes, wire shapes, errors to statuses."""

from compozy.api.application import Application, create_app
from compozy.api.listening import Address
from compozy.api.server import serve
from compozy.api.services import ActorReport, ApiServices

__all__ = ["ActorReport", "Address", "ApiServices", "Application", "create_app", "serve"]
