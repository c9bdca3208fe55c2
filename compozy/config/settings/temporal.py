"""Settings of the workflow engine: the cluster to dial, or the dev server to run."""

from datetime import timedelta

import attrs

from compozy.config.settings.choices import Mode
from compozy.domain.secrets import Secret


@attrs.frozen(kw_only=True)
class TemporalStandaloneSettings:
    """The Temporal dev server that standalone mode runs.

    Attributes:
        cli_path: Absolute path of the ``temporal`` program; None looks beside Python and on ``PATH``.
        database_file: Absolute path of its SQLite file.
        frontend_port: Port it listens on; 0 takes any free one, or 7233 when it is exposed.
        bind_ip: Address it listens on.
        namespace: Where workflows live in it; None: where those of the other mode do.
        enable_ui: Whether it serves its web page.
        ui_port: Port of that page; 0 takes any free one, or 8233 when it is exposed.
        expose: Whether others are meant to find it: at known ports, with its page, at whatever address it has.
        log_level: What it writes: debug, info, warn, error or never.
        start_timeout: How long it may take to answer.
    """

    cli_path: str | None
    database_file: str
    frontend_port: int
    bind_ip: str
    namespace: str | None
    enable_ui: bool
    ui_port: int
    expose: bool
    log_level: str
    start_timeout: timedelta


@attrs.frozen(kw_only=True)
class TemporalSettings:
    """The workflow engine.

    Attributes:
        mode: Whether a dev server is run or a cluster dialled.
        host_port: The cluster to dial; not used in standalone mode.
        namespace: Where workflows live.
        tls: Whether the connection to the cluster is encrypted; None: when a file or an api key is given.
        tls_ca: Absolute path of the file of the authorities that are trusted; None: those of the system.
        tls_cert: Absolute path of the file of our certificate.
        tls_key: Absolute path of the file of its key.
        tls_server_name: The name that the cluster's certificate must have; None: that of the address.
        api_key: What the cluster knows us by.
        standalone: The dev server; not used in distributed mode.
    """

    mode: Mode
    host_port: str
    namespace: str
    tls: bool | None
    tls_ca: str | None
    tls_cert: str | None
    tls_key: str | None
    tls_server_name: str | None
    api_key: Secret | None
    standalone: TemporalStandaloneSettings
