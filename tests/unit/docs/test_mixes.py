"""The table of mixes, and the containers of the example, are as the program takes them."""

import pytest
import yaml

from compozy.app.options import Options, load
from compozy.app.tree import keeps_files
from compozy.config.settings import Mode
from compozy.config.table import SETTINGS
from compozy.domain.errors import InvalidError

COLUMNS = (
    "`mode`",
    "`database.driver`",
    "`redis.mode`",
    "`temporal.mode`",
    "store",
    "cache",
    "Temporal",
    "requests are counted in",
    "locks `.compozy/`",
)
VARIABLES = ("COMPOZY_MODE", "DB_DRIVER", "REDIS_MODE", "TEMPORAL_MODE")
NAMES = {"sqlite": "SQLite", "postgres": "PostgreSQL", "sugardb": "embedded", "redis": "Redis", "memory": "memory"}


@pytest.fixture
def outcome(tmp_path):
    """Return a function from variables to what the last columns say."""
    (tmp_path / "compozy.yaml").write_text("name: test\n")

    def outcome(environ):
        servers = {"DB_URL": "postgres://db/shop", "REDIS_URL": "redis://cache"}
        try:
            settings = load(Options(path=tmp_path, environ=servers | environ)).settings
        except InvalidError:
            return ["refused", "", "", "", ""]
        return [
            NAMES[settings.database.driver],
            NAMES[settings.cache_driver],
            "cluster" if settings.temporal.mode is Mode.DISTRIBUTED else "embedded",
            NAMES[settings.rate_limit.backend],
            "yes" if keeps_files(settings) else "no",
        ]

    return outcome


def test_the_table_of_mixes_is_what_the_program_makes_of_them(guide, rows_of, outcome):
    rows = rows_of(guide("how-to/run-distributed"), *COLUMNS)

    assert len(rows) >= 12
    for row in rows:
        said = dict(zip(VARIABLES, row, strict=False))
        environ = {name: value.partition(",")[0].strip("`") for name, value in said.items() if value != "-"}
        if "exposed" in said["TEMPORAL_MODE"]:
            environ["TEMPORAL_EXPOSE"] = "true"
        assert outcome(environ) == row[len(VARIABLES) :], said


def test_the_containers_of_the_example_are_given_variables_that_there_are(root):
    services = yaml.safe_load((root / "examples" / "distributed" / "compose.yaml").read_text())["services"]
    given = {name for service in ("api", "worker") for name in services[service]["environment"]}

    assert given <= {setting.env for setting in SETTINGS}
    assert {"DB_HOST", "REDIS_HOST", "TEMPORAL_HOST_PORT"} <= given
