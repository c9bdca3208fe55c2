"""One run of the Temporal dev server: its ports, the care for its database, its log, and why it did not start."""

import time
from pathlib import Path
from typing import Final

import trio

from compozy.config.settings import TemporalSettings, TemporalStandaloneSettings
from compozy.domain.errors import CompozyError, ConflictError, InvalidError, UnavailableError
from compozy.drivers.clock import utc_now
from compozy.drivers.temporal.cli_binary import knows_flag
from compozy.drivers.temporal.damage import explain_damage
from compozy.drivers.temporal.dev_server import KEYWORDS, NO_NEWS, SUBCOMMAND, DevServer
from compozy.drivers.temporal.ports import explain_taken, free_ports
from compozy.drivers.temporal.server_log import parse_line
from compozy.drivers.temporal.upgrades import Custody, Trial
from compozy.drivers.temporal.versions import UNKNOWN, parse_version
from compozy.telemetry.logger import get_logger
from supervisors import ChildExitError, Context

EXPOSED_PORT: Final = 7233
EXPOSED_UI_PORT: Final = 8233

_TELL_EVERY_S: Final = 1.0
_EXTENSION_S: Final = 10.0

_log = get_logger("temporal.server")


class MishapError(UnavailableError):
    """What kept the server from starting says nothing about another start, which may be tried at once."""


def plan_server(settings: TemporalSettings, binary: Path, *, is_first: bool) -> DevServer:
    """Return how the server is to be started, its ports chosen. Blocks; from Trio, call it in a thread.

    Args:
        settings: What was asked for.
        binary: The Temporal command line.
        is_first: Whether the program is starting; later on, a port in use is no reason to end it.

    Raises:
        ConflictError: A port that was asked for is in use, at the first start.
        UnavailableError: The same, later on.
        InvalidError: No program on this machine can listen there.
    """
    standalone = settings.standalone
    ip = standalone.bind_ip
    asked = _ports_asked_for(standalone)
    for setting, port in asked.items():
        error = explain_taken(ip, port, setting=setting)
        if isinstance(error, ConflictError) and not is_first:
            raise UnavailableError(str(error))
        if error is not None:
            raise error
    front_end, http, metrics, ui = free_ports(4, ip)
    has_ui = standalone.enable_ui or standalone.expose
    has_news = has_ui and knows_flag(binary, *SUBCOMMAND, flag=NO_NEWS)
    return DevServer(
        binary=binary,
        database_file=Path(standalone.database_file),
        ip=ip,
        port=asked.get("frontend_port", front_end),
        http_port=http,
        metrics_port=metrics,
        ui_port=asked.get("ui_port", ui) if has_ui else None,
        has_news=has_news,
        namespace=standalone.namespace or settings.namespace,
        keywords=KEYWORDS,
        log_level=standalone.log_level,
    )


def _ports_asked_for(standalone: TemporalStandaloneSettings) -> dict[str, int]:
    """Return the ports that are not any free ones, by the setting that says them."""
    wanted = {"frontend_port": standalone.frontend_port or (EXPOSED_PORT if standalone.expose else 0)}
    if standalone.enable_ui or standalone.expose:
        wanted["ui_port"] = standalone.ui_port or (EXPOSED_UI_PORT if standalone.expose else 0)
    return {setting: port for setting, port in wanted.items() if port}


class Run:
    """One start of the server, by the actor that holds the lock of its database.

    Attributes:
        server: How it is started.
        is_new: Whether its database is made by this start.
    """

    def __init__(self, ctx: Context, server: DevServer, standalone: TemporalStandaloneSettings) -> None:
        self._ctx = ctx
        self.server = server
        self._standalone = standalone
        self._custody = Custody(
            database_file=server.database_file, binary=server.binary, clock=utc_now, progress=self._tell_progress
        )
        self.is_new = False
        self._trial: Trial | None = None
        self._version: str | None = None
        self._was_ready = False
        self._told_at = time.monotonic()

    async def prepare(self) -> None:
        """Make the database fit to be started on, and warn of what others may reach.

        Cancellation: a backup that is being made is given up; the database stays as it is.

        Raises:
            InvalidError: The database is damaged.
            UnavailableError: It could not be backed up for another version.
        """
        self._trial = await trio.to_thread.run_sync(self._custody.prepare)
        self.is_new = await trio.to_thread.run_sync(self._custody.is_new)
        if self._standalone.expose:
            _log.warning(
                "temporal is exposed: whoever reaches it controls every execution, without authentication",
                ip=self.server.ip,
                frontend_port=self.server.port,
                ui_port=self.server.ui_port,
            )

    async def settle(self) -> None:
        """Note that the server was ready, before anybody uses it."""
        await trio.to_thread.run_sync(self._custody.settle, self._version)
        self._was_ready = True
        if self.server.ui_url is not None:
            _log.info("temporal serves its web page", url=self.server.ui_url)

    def take_line(self, text: str) -> None:
        """Pass a line of the server on to the log."""
        line = parse_line(text, is_stopping=self._ctx.stopping.is_set())
        if line is None:
            return
        self._version = self._version or (parse_version(line.event) if line.level == "debug" else None)
        levels = {"debug": _log.debug, "info": _log.info, "warning": _log.warning, "error": _log.error}
        levels[line.level](line.event, **line.facts)

    async def explain(self, ended: ChildExitError) -> CompozyError | None:
        """Return what can be done about a server that ended, as an error; None if it is not known.

        What another version may have done to the database before it was ready is undone.
        """
        if self._was_ready:
            # It is started again by itself, unless other parts of the program have never been ready yet.
            return UnavailableError(f"temporal {_manner(ended)}; executions go on when it is started again")
        if ended.returncode < 0:
            return MishapError(f"temporal was killed by signal {-ended.returncode} while it started; find out by whom")
        if "address already in use" in ended.tail:
            # They were free a moment ago. The next start takes others, or says which of the settings has to change.
            return MishapError(f"a port was taken while temporal started: {_last_line(ended)}")
        damage = explain_damage(self.server.database_file, ended.tail)
        if self._trial is None:
            return damage
        # Once begun it is carried to its end; if this is cancelled before, the next start undoes the trial.
        await trio.to_thread.run_sync(self._custody.roll_back, self._trial)
        return damage if damage is not None and self._trial.earlier == UNKNOWN else _explain_trial(self._trial, ended)

    def _tell_progress(self, left: int, total: int) -> None:
        """Say how far a backup is, and that it goes on. Runs in the thread that makes it."""
        trio.from_thread.check_cancelled()
        now = time.monotonic()
        if now >= self._told_at + _TELL_EVERY_S:
            self._told_at = now
            trio.from_thread.run_sync(self._ctx.extend, _EXTENSION_S)
            _log.info("backing up the temporal database", done=f"{100 * (total - left) // max(total, 1)} %")


def _manner(ended: ChildExitError) -> str:
    if ended.returncode < 0:
        return f"was killed by signal {-ended.returncode}: find out by whom (where memory runs out, the system does it)"
    return f"ended with exit status {ended.returncode}, after it had said: {_last_line(ended)}"


def _explain_trial(trial: Trial, ended: ChildExitError) -> InvalidError:
    return InvalidError(
        f"temporal {trial.version} did not start on the database that temporal {trial.earlier} used last; the database"
        f" was put back from {trial.backup}. Install temporal {trial.earlier} again (or say where it is with"
        " temporal.standalone.cli_path), or move the database away to begin with an empty one"
        f" (the server said: {_last_line(ended)})"
    )


def _last_line(ended: ChildExitError) -> str:
    lines = ended.tail.strip().splitlines()
    return lines[-1][-300:] if lines else "nothing"
