"""Loggers that take facts as keywords, on the standard library's logging.

The program may run inside another one, whose logging is its own business: nothing is configured here, and without a
handler for it nothing is printed. :func:`compozy.telemetry.logs.configure_logs` shows the facts as fields; to any other
handler they are the attribute ``facts`` of the record.

Facts that hold for many lines are bound once (:mod:`compozy.telemetry.facts`).
"""

import logging
from typing import Any

import attrs


@attrs.frozen
class Logger:
    """A logger by name.

    Example::

        _log = get_logger(__name__)
        _log.info("http listens", url=url)
    """

    _logger: logging.Logger

    def debug(self, event: str, **facts: Any) -> None:
        """Log what only who looks for a fault wants to know."""
        self._logger.debug(event, extra={"facts": facts})

    def info(self, event: str, **facts: Any) -> None:
        """Log what an operator wants to know."""
        self._logger.info(event, extra={"facts": facts})

    def warning(self, event: str, **facts: Any) -> None:
        """Log what may need attention."""
        self._logger.warning(event, extra={"facts": facts})

    def error(self, event: str, *, exc_info: BaseException | None = None, **facts: Any) -> None:
        """Log what went wrong, with the traceback of an exception if there is one."""
        self._logger.error(event, exc_info=exc_info, extra={"facts": facts})


def get_logger(name: str) -> Logger:
    """Return the logger of this name."""
    return Logger(logging.getLogger(name))
