"""What does no harm to the program but misleads people: variables that set nothing, schemas of another version."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from compozy.cli.doctoring.findings import Finding, warn
from compozy.cli.schemas import FOLDER, outdated_schemas
from compozy.config.strangers import unknown_variables


def examine_variables(names: Iterable[str]) -> Iterator[Finding]:
    """Yield a warning for each variable that looks like a setting and is none."""
    for problem in unknown_variables(names):
        yield warn("environment", f"{problem.key} sets nothing", problem.hint or "unset it")


def examine_schemas(root: Path) -> Iterator[Finding]:
    """Yield a warning when the schemas that a project keeps for editors are not those of this program."""
    outdated = [file.name for file in outdated_schemas(root / FOLDER)]
    if outdated:
        what = f"{', '.join(outdated)} in {root / FOLDER} of another version: editors may be wrong"
        yield warn("schema", what, f"compozy config schema --write {root / FOLDER}")
