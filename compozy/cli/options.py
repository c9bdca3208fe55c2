"""What several commands share: their common options, the examples in their help, the format of their output."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import click

Decorator: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]

DEFAULT_SERVER: Final = "http://127.0.0.1:5001"


def examples(*lines: str) -> str:
    """Return the end of a command's help: example command lines, one a line as they stand."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


config_option: Final[Decorator] = click.option(
    "-c",
    "--config",
    "config",
    type=click.Path(exists=True, path_type=Path),
    default=Path(),
    metavar="PATH",
    help="compozy.yaml, or the folder that holds it.  [default: this folder]",
)
"""``--config``: which project."""

host_option: Final[Decorator] = click.option(
    "--host", metavar="HOST", help="Address to listen on.  [default: server.host, else 127.0.0.1]"
)
"""``--host``, for the setting ``server.host``."""

port_option: Final[Decorator] = click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="Port to listen on; 0 takes a free one.  [default: server.port, else 5001]",
)
"""``--port``, for the setting ``server.port``."""

mode_option: Final[Decorator] = click.option(
    "--mode",
    type=click.Choice(["standalone", "distributed"]),
    help="What the program stands on.  [default: mode in compozy.yaml]",
)
"""``--mode``, for the setting of that name."""

log_level_option: Final[Decorator] = click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    help="Least important log line to write.",
)
"""``--log-level``, for the setting ``log.level``."""

log_format_option: Final[Decorator] = click.option(
    "--log-format", type=click.Choice(["auto", "console", "json"]), help="How log lines look."
)
"""``--log-format``, for the setting ``log.format``."""


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add every flag that is a setting; :func:`settings_given` has their values by the settings' keys."""
    for option in (log_format_option, log_level_option, mode_option, port_option, host_option):
        command = option(command)
    return command


def settings_given(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of :func:`settings_options` by the dotted keys of the settings, those that were given."""
    keys = {
        "host": "server.host",
        "port": "server.port",
        "mode": "mode",
        "log_level": "log.level",
        "log_format": "log.format",
    }
    return {keys[name]: value for name, value in flags.items() if value is not None}


def format_option(*formats: str, default: str | None = None) -> Decorator:
    """Return ``-o``/``--output`` with these formats.

    Args:
        formats: What may be chosen.
        default: What is taken without it; None: a terminal gets a table and everything else JSON
            (:func:`chosen_format`).
    """
    return click.option(
        "-o",
        "--output",
        "format_",
        type=click.Choice(formats),
        default=default,
        help=f"Format of stdout.  [default: {default or 'table in a terminal, else json'}]",
    )


def chosen_format(given: str | None) -> str:
    """Return the format asked for, or else what suits whoever reads stdout: people a table, programs JSON."""
    return given or ("table" if sys.stdout.isatty() else "json")


def server_url(_ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the base address of a server, without a trailing slash; ``host:port`` alone means http.

    Raises:
        click.BadParameter: It is not an http or https address.
    """
    if value is None:
        return None
    address = value if "://" in value else f"http://{value}"
    scheme, _, rest = address.partition("://")
    if scheme not in {"http", "https"} or not rest.strip("/"):
        raise click.BadParameter(f"{value!r} is not an address such as {DEFAULT_SERVER}", param=param)
    return address.rstrip("/")


server_option: Final[Decorator] = click.option(
    "--server", metavar="URL", default=DEFAULT_SERVER, show_default=True, callback=server_url, help="Its address."
)
"""``--server``, for commands that need a running one."""
